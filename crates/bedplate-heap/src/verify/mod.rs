//! Verification.
//!
//! # Role
//! Compares what the heap says with what it holds. A whole pass finds nine kinds of faults and knows
//! each count exactly where the host says what it holds; a quick check and parts of a pass are for
//! production. Reports say what is wrong and where; `recover/` mends it.
//!
//! # Not here
//! A hook in what the program does: it asks for a verification, or lets a [`Watch`] say when one is due.
//! So nothing that runs without one has an instruction more.
//!
//! # What exact means
//! A count is the references from objects, roots, finalizers, and those that the host counts itself. The
//! last the heap cannot see. [`crate::Heap::verify_with`] is told them, and each count must be equal;
//! a host that keeps everything in roots tells it nothing. [`crate::Heap::verify`] takes a count that
//! is greater than what is known for the host's: it finds counts that are too low, and all other kinds.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `fault.rs` | the nine kinds, how bad each is, findings |
//! | `report.rs` | what a verification found |
//! | `places.rs` | which places are slots |
//! | `ledger.rs` | what a pass knows of each slot |
//! | `layout.rs` | whether an object fits its slot |
//! | `whole.rs` | the pass over everything |
//! | `lists.rs` | free slots, candidates, finalizers |
//! | `quick.rs` | a check that takes no time |
//! | `part.rs` | a chunk at a time |
//! | `watch.rs` | when to do which |
//! | `inject.rs` | damage for tests (feature `inject`) |

mod fault;
#[cfg(feature = "inject")]
mod inject;
mod layout;
mod ledger;
mod lists;
mod part;
mod places;
mod quick;
mod report;
mod watch;
mod whole;

pub use fault::{Fault, Finding, Misfit, Severity, What};
#[cfg(feature = "inject")]
pub use inject::Damage;
pub use part::Round;
pub use report::{Report, Scope};
pub use watch::{Mode, Watch};
pub(crate) use whole::Pass;
