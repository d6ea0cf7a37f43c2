//! Which atomics of a source tree only count, and which ones the program rests on.
//!
//! # Role
//! Names the class of every atomic location, with the lines that are the evidence, and measures
//! itself on labels made by hand.
//!
//! # Not here
//! Running anything: how hot an operation is and what its removal saves is measured by
//! `bedplate-evidence`. Arguments, terminals and exit codes are the command line's.
//!
//! # Invariants
//! I1. A location that the program rests on is never called telemetry: where the evidence does not
//!     suffice, the class is unknown.
//!
//! # Rooms
//! | room | what it holds |
//! |---|---|
//! | `class.rs` | the classes |
//! | `golden/` | labels made by hand |

#![forbid(unsafe_code)]

extern crate alloc;

pub mod class;
pub mod golden;

pub use class::Class;
