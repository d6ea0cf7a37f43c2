//! Comparing allocators on one program.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arms.rs` | the allocators and their libraries |
//! | `input.rs` | giving every run the same input |
//! | `rounds.rs` | running in turn |
//! | `shuffle.rs` | random order from a seed |
//! | `paired.rs` | ratios with intervals |

pub mod arms;
pub mod input;
pub mod paired;
pub mod rounds;
mod shuffle;

pub use arms::{Arm, find_arms};
pub use input::Input;
pub use rounds::{VersusPlan, compare};
