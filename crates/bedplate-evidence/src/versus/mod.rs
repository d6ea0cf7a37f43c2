//! Comparing allocators on one program.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arms.rs` | the allocators and their libraries |
//! | `library.rs` | whether a file is an allocator's library |
//! | `input.rs` | giving every run the same input |
//! | `rounds.rs` | running in turn |
//! | `shuffle.rs` | random order from a seed |
//! | `paired.rs` | ratios with intervals |

pub mod arms;
pub mod input;
mod library;
pub mod paired;
pub mod rounds;
mod shuffle;

pub use arms::{Arm, find_arms};
pub use input::Input;
pub use rounds::{Compared, VersusPlan, compare};
