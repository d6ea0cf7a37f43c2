//! Comparing allocators on one program.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arms.rs` | the allocators and their libraries |
//! | `library.rs` | whether a file is an allocator's library |
//! | `input.rs` | giving every run the same input |
//! | `interrupts.rs` | signals that end it early |
//! | `rounds.rs` | running in turn |
//! | `shuffle.rs` | random order from a seed |

pub mod arms;
pub mod input;
pub mod interrupts;
mod library;
pub mod rounds;
pub mod shuffle;

pub use arms::{Arm, find_arms};
pub use input::Input;
pub use interrupts::Interrupts;
pub use rounds::{Compared, VersusPlan, compare};
