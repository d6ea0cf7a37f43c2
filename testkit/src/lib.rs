//! Seeds, op programs and a naive model of an allocator, for tests.
//!
//! # Role
//! Say once what a correct allocator is, so that every crate that hands out memory, every fuzz target and every
//! injected failure is judged by the same model.
//!
//! # Not here
//! The allocators: each crate implements [`Subject`] for its own. Peers and timing: `bench`.
//!
//! # Rooms
//! | module | what is in it |
//! |---|---|
//! | [`seed`] | the one source of chance: a number in, the same run out |
//! | [`op`] | what a program may do, and how it is printed as Rust |
//! | [`generator`] | programs from a seed |
//! | [`subject`] | the allocator under test, and two ready-made ones |
//! | [`shadow`] | the naive model: live ranges, alignment, contents |
//! | [`gguf`] | model files, made and damaged |
//! | `pattern.rs` | the bytes of blocks under test |
//! | [`player`] | runs a program on a subject, lane by lane, against the model |
//! | [`shrink`] | the smallest program that still fails |
//! | [`check`] | all of it in one call |
//! | [`graph`] | the tensors of a transformer and their uses |
//!
//! # Examples
//! ```
//! use bedplate_testkit::{Shape, SystemMalloc, check};
//! check::seeds(&SystemMalloc, &Shape::default(), 0..4);
//! ```

extern crate alloc;

pub mod check;
pub mod generator;
pub mod gguf;
pub mod graph;
pub mod op;
#[expect(
    unsafe_code,
    reason = "writes and reads the bytes of the blocks under test"
)]
mod pattern;
#[expect(unsafe_code, reason = "gives blocks back to the allocator under test")]
pub mod player;
pub mod seed;
pub mod shadow;
pub mod shrink;
#[expect(unsafe_code, reason = "an allocator's free is a promise of its caller")]
pub mod subject;

pub use generator::Shape;
pub use op::{Op, Program, Step};
pub use player::{Nulls, play};
pub use seed::Chance;
pub use shadow::Violation;
pub use subject::{Block, Global, Subject, SystemMalloc};
