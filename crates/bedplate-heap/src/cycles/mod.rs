//! Cycles.
//!
//! # Role
//! Finds objects that only hold each other. A decrement that leaves references makes a candidate (only
//! that can make a cycle garbage); a trial tests a set around candidates; what a trial could not decide
//! waits for a second trial by itself, and then for a full pass.
//!
//! # Why any set will do
//! Take any set of objects and subtract from each count the references from inside the set. What cannot
//! be reached inside the set from an object with a positive rest is garbage: every reference to it comes
//! from the set, from objects of which the same is true. So a trial may stop at any budget. Only what it
//! finds is less.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `candidates.rs` | who may be a part of a cycle |
//! | `triggers.rs` | when something is due |
//! | `trial.rs` | the test of a set |
//! | `pass.rs` | the test of the whole heap, in slices |
//! | `sweep.rs` | its second half: what was not met goes |
//! | `colour.rs` | what a pass met, and what decrements tell it |
//! | `manual.rs` | collections that the host asks for |
//! | `found.rs` | cycles, as they are told to the host |

mod candidates;
mod colour;
mod found;
mod manual;
mod pass;
mod sweep;
mod trial;
mod triggers;

pub(crate) use candidates::Cycles;
pub use found::{Cycle, Edge, Member};
pub use manual::Collected;
