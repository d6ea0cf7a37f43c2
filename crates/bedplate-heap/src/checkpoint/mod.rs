//! Checkpoints.
//!
//! # Role
//! [`Checkpoint`]: a heap as it was, to go back to. Handles mean the same objects then; chunks that did
//! not change are shared with the checkpoint before.
//!
//! # Not here
//! Counting. A host that holds references in variables of its own goes back with them; one that uses
//! [`crate::Root`]s need not.
//!
//! # How changes are known
//! By comparing a chunk with its copy, one pass of reading. A mark for each write would be paid by every
//! store of the program, protected pages by a signal or a fault for each first write; the pass is paid by
//! who wants a checkpoint.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `copy.rs` | what a checkpoint holds; making one, going back |
//! | `series.rs` | the last of many, made every so often |

mod copy;
mod series;

pub use copy::{Checkpoint, CheckpointCost};
pub use series::{Checkpoints, Pace, SeriesFigures};
