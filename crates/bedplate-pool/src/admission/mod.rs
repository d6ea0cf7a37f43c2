//! Jobs that say how much memory they will hold wait until there is room for it.
//!
//! # Role
//! A job tagged with a footprint waits here, not in the pool's queue, until the shared budget has
//! room for its bytes and memory is not too short for one more to run. Its bytes are charged when it
//! starts and given back when it ends, however it ends.
//!
//! # Not here
//! Joins, scopes and jobs without a footprint: nothing of this touches them. The limit itself
//! (`bedplate_os::limits`) and the level of pressure (`bedplate_os::pressure`).
//!
//! # How it works
//! The gate has one ticket for the pool's queue, as a scope has. A worker that comes by it asks for the
//! next job; a job that may not start yet stays, and the ticket is not put in again before something
//! changes: a job ends, a job falls into a wait for another tagged one, or, where others have to give
//! memory back or pressure has to fall, one sleeping worker looks ten times a second.
//!
//! # Invariants
//! - I1: while jobs wait at the gate, a ticket is in the pool's queue, or an admitted job is under way
//!   that waits for no tagged one. What no admitted job can bring about is never waited for: with
//!   none under way the next one is admitted, beyond the budget if need be, and counted.
//! - I2: what a permit charged is given back exactly once, to the budget it was charged to.
//! - I3: jobs start in the order of their coming, by priority; a large one is not overtaken by small
//!   ones but by those that its own scope's opener runs itself.
//! - I4: a budget or pressure monitor calls nothing of this: they are asked.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `gate.rs` | who comes by and when |
//! | `line.rs` | those who wait, and who may start |
//! | `terms.rs` | what the gate goes by, is asked, and answers |
//! | `task.rs` | a job as the gate sees it, and its permit |
//! | `inside.rs` | whether the calling thread runs an admitted job |
//! | `gauge.rs` | how short memory is |
//! | `budget.rs` | a budget that others charge too |

mod budget;
mod gate;
mod gauge;
mod inside;
mod line;
mod task;
mod terms;

pub use budget::SharedBudget;
pub(crate) use gate::{Gate, Watch};
pub(crate) use gauge::Gauge;
pub use gauge::Narrowing;
#[cfg(feature = "fibers")]
pub(crate) use inside::Inside;
pub(crate) use inside::held;
pub(crate) use task::{Permit, Tagged, during};
pub(crate) use terms::{Ask, Refusal, Terms};
