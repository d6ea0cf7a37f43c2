//! Cycles.
//!
//! # Role
//! Finds objects that only hold each other. A decrement that leaves references makes a candidate (only
//! that can make a cycle garbage); a trial tests a set around candidates; what a trial could not decide
//! waits for a full pass.
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
//! | `candidates.rs` | who may be a part of a cycle, and when a trial is due |
//! | `trial.rs` | the test of a set |
//! | `full.rs` | the test of the whole heap |

mod candidates;
mod full;
mod trial;

pub(crate) use candidates::Cycles;
pub use full::Collected;
