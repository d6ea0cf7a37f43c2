//! How often lines of a source ran, and what the locked operations on them can have cost.
//!
//! # Role
//! Runs a command under callgrind, which counts every instruction, and adds the counts up by the
//! lines that the instructions come from, inlined calls included.
//!
//! # Not here
//! Which lines hold which operations on which location: that is the audit's, and joined in the
//! command line. What removal saves: only a comparison tells.
//!
//! # Invariants
//! I1. Nothing is ever set on an instruction: a probe on one with a lock prefix counts nothing.
//! I2. A line without code in what ran is not the same as one that did not run.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `counted.rs` | instruction counts of a run, and its CPU time without the counter |
//! | `instruction.rs` | which instructions lock or leave |
//! | `places.rs` | from instructions to lines |
//! | `temperature.rs` | hot, warm, cold, dead, and the bound |
//! | `cost.rs` | the cost of a locked operation on this machine |

pub mod cost;
pub mod counted;
mod instruction;
pub mod places;
pub mod temperature;

pub use counted::Counted;
pub use places::{LineCounts, Places};
pub use temperature::{Bound, Heat};
