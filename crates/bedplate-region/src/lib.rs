//! The memory of an inference engine.
//!
//! # Role
//! Scratch that dies every token: an [`Arena`] of fixed capacity whose misuse does not compile, and a
//! [`Plan`] that lays the tensors of a graph over each other. Weights that live as long as the program:
//! files [mapped or copied](mapped), and readers of [GGUF](gguf) and safetensors that believe nothing.
//! Keys and values that grow and fork with every token: two [caches](kv) behind one trait.
//!
//! # Not here
//! Growth behind the caller's back: what does not fit is an error that says by how much. Values that
//! want to be dropped: an arena takes `Copy` types, and collections by the feature `allocator-api2`.
//!
//! # Examples
//! ```
//! use bedplate_region::Arena;
//!
//! let mut arena = Arena::new(1 << 20)?;
//! for _token in 0..3 {
//!     let scores = arena.alloc_zeroed::<f32>(1000)?;
//!     scores[7] = 1.0;
//!     arena.reset();
//! }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! What an arena gave does not outlive a reset:
//!
//! ```compile_fail,E0502
//! # use bedplate_region::Arena;
//! let mut arena = Arena::new(1 << 20)?;
//! let logits = arena.alloc_zeroed::<f32>(1000)?;
//! arena.reset();
//! logits[7] = 1.0;
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `scratch/` | the arena, scopes, savepoints, measuring, plans |
//! | `mapped/` | model files as memory: mapped, copied, sealed |
//! | `gguf/` | model files in the format GGUF |
//! | `safetensors/` | model files in the format safetensors (feature `safetensors`) |
//! | `kv/` | keys and values of attention: paged, contiguous, quantised |
//! | `tensor/` | tensors in a file's bytes |
//! | `plain.rs` | types that any bytes are a value of |
//! | `charge.rs` | what a budget is charged while something is made |
//! | `error.rs` | errors |
//!
//! # Platform
//! As bedplate-os.

extern crate alloc;

mod charge;
mod error;
pub mod gguf;
pub mod kv;
pub mod mapped;
#[expect(unsafe_code, reason = "bytes become values of plain types")]
mod plain;
#[cfg(feature = "safetensors")]
pub mod safetensors;
pub mod scratch;
pub mod tensor;

pub use error::{ArenaError, BuildError, PlanError, ViewError};
pub use plain::{Plain, values_mut};
pub use scratch::{Arena, ArenaBuilder, Measure, Plan, Savepoint, Scope, Space, Tensors, Use};
