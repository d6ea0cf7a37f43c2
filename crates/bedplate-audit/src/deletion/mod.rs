//! Deleting operations.
//!
//! # Role
//! What of a text goes, and what stands in its place, so that an operation is not built.
//!
//! # Invariants
//! I1. Every other line keeps its number.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `statement.rs` | operations that are statements of their own |
//! | `cut.rs` | all operations, also those whose value is used |

mod cut;
mod statement;

pub use cut::{Cut, cut_out, cuts};
pub use statement::why_left;
