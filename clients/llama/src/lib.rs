//! A transformer of the llama family on bedplate's memory.
//!
//! # Role
//! RMS norms, rotary positions, grouped-query attention, `SwiGLU`, greedy and sampled decoding. Weights are
//! read where they lie in a GGUF or safetensors file, scratch comes from an arena laid out by a plan, keys
//! and values are in either cache of bedplate-region, and rows are divided among the threads of a
//! bedplate-pool. [`engine`] runs several requests at a time that share what their prompts share.
//!
//! # Not here
//! Training; other architectures; tokenizers that are more than a list of texts.
//!
//! # Invariants
//! - I1: a logit depends on the tokens before it and on nothing else: not on how they were divided into
//!   batches, on the cache's kind, on other sequences, or on the number of threads. Every sum has one
//!   order, so that equal means equal in every bit.
//! - I2: no file makes it panic: sizes are checked against each other when a model is made.
//!
//! # Examples
//! ```no_run
//! use bedplate_pool::ThreadPool;
//! use bedplate_region::kv::{Backing, KvCache, PagedKv, Pages, RowFormat, Settings};
//! use llama::{Chooser, Generation, Model, ModelBytes, ModelFile, Runner};
//! use std::path::Path;
//!
//! let path = Path::new("model.gguf");
//! let bytes = ModelBytes::copy(path, None)?;
//! let file = ModelFile::parse(path, &bytes)?;
//! let model = Model::load(&file)?;
//! let shape = model.config().cache_shape(RowFormat::F32)?;
//! let mut cache = PagedKv::new(shape, Pages::new(4096), Backing::new())?;
//! let pool = ThreadPool::new()?;
//! let mut runner = Runner::new(&model, &pool, Default::default())?;
//! let sequence = cache.create(Settings::default())?;
//! let prompt = model.vocabulary().encode("Memory is ")?;
//! let mut generation = Generation::begin(&mut runner, &mut cache, sequence, &prompt, Chooser::greedy())?;
//! for _ in 0..100 {
//!     let token = generation.next_token()?;
//!     print!("{}", String::from_utf8_lossy(model.vocabulary().text(token)));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `file.rs` | a model file's bytes, and which format they are |
//! | `config.rs` | the sizes of a model, checked |
//! | `vocabulary.rs` | tokens as texts |
//! | `model/` | weights, and the sums of the forward pass |
//! | `graph.rs` | the plan of the scratch of a forward pass |
//! | `runner.rs` | the forward pass |
//! | `chooser.rs` | which token comes next |
//! | `generation.rs` | one sequence, token by token |
//! | `engine/` | several requests at a time |
//! | `cli/` | the program `llama` |
//! | `serve/` | the program `llama-serve` (feature `server`) |
//! | `error.rs` | errors |
#![expect(
    clippy::std_instead_of_alloc,
    reason = "a client of the standard library"
)]

mod chooser;
mod config;
pub mod engine;
mod error;
#[expect(unsafe_code, reason = "a mapped file is memory that others can change")]
mod file;
mod generation;
mod graph;
mod model;
mod runner;
mod vocabulary;

pub use chooser::{Bounds, Chooser, Repetition, Sampling};
pub use config::{Config, Rotation, Settings};
pub use error::LlamaError;
pub use file::{ModelBytes, ModelFile};
pub use generation::Generation;
pub use model::Model;
pub use runner::{Item, Limits, Runner, ScratchFigures};
pub use vocabulary::Vocabulary;
