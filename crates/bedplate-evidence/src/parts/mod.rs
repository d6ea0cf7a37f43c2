//! Where the resident memory of a process went.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `kinds.rs` | the parts |
//! | `classify.rs` | what each mapping is for |
//! | `modules.rs` | where the zero-initialised data of modules lies |
//! | `measure.rs` | counting every resident page to its part |

pub mod classify;
pub mod kinds;
pub mod measure;
pub mod modules;

pub use kinds::{PartKind, PartSizes};
pub use measure::{Measured, measure};
