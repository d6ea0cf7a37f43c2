//! The memory of attention: keys and values of the tokens so far.
//!
//! # Role
//! Two caches behind one trait, [`KvCache`]: [`PagedKv`] cuts memory into blocks that sequences share,
//! [`ContiguousKv`] gives each sequence a range of its own. Rows are floats or [quantised](RowFormat).
//!
//! # Not here
//! Attention, and the turning of keys by their position: a [`Run`] says by how much a key's position has
//! moved since it was written, and whoever reads it applies that.
//!
//! # Invariants
//! - I1: an operation that fails has changed nothing that a sequence holds. Sequences that are not pinned
//!   may have been evicted to make room.
//! - I2: no byte that one tenant wrote is ever read by another.
//! - I3: a row that can be written belongs to one sequence, and to no entry of the prefix index.
//!
//! # Examples
//! ```
//! use bedplate_region::kv::{Backing, Settings, KvCache, KvShape, PagedKv, Pages, Row, RowFormat};
//!
//! let row = Row { elements: 64, format: RowFormat::F16 };
//! let shape = KvShape::new(2, row, row)?;
//! let backing = Backing::new().huge_pages(false).step_bytes(64 << 10);
//! let mut cache = PagedKv::new(shape, Pages::new(4096), backing)?;
//! let prompt = cache.create(Settings::default())?;
//! let mut slots = cache.append(prompt, 1)?;
//! slots.write(0, 0, &[0.5; 64], &[0.25; 64])?;
//! let answer = cache.fork(prompt)?; // shares the prompt's blocks
//! assert_eq!(cache.state(answer)?.tokens, 1);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Slots borrow the cache: a second append while they are held does not compile.
//!
//! ```compile_fail,E0499
//! # use bedplate_region::kv::{Backing, Settings, KvCache, KvShape, PagedKv, Pages, Row, RowFormat};
//! # let row = Row { elements: 64, format: RowFormat::F16 };
//! # let shape = KvShape::new(2, row, row)?;
//! # let mut cache = PagedKv::new(shape, Pages::new(4096), Backing::new())?;
//! # let sequence = cache.create(Settings::default())?;
//! let mut slots = cache.append(sequence, 1)?;
//! let mut others = cache.append(sequence, 1)?;
//! slots.keys_mut(0, 0)?[0] = 1;
//! others.keys_mut(0, 0)?[0] = 2;
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Nor do runs that are read while tokens are appended:
//!
//! ```compile_fail,E0502
//! # use bedplate_region::kv::{Backing, Settings, KvCache, KvShape, PagedKv, Pages, Row, RowFormat};
//! # let row = Row { elements: 64, format: RowFormat::F16 };
//! # let shape = KvShape::new(2, row, row)?;
//! # let mut cache = PagedKv::new(shape, Pages::new(4096), Backing::new())?;
//! # let sequence = cache.create(Settings::default())?;
//! let mut runs = cache.runs(sequence, 0)?;
//! let slots = cache.append(sequence, 1)?;
//! let read = runs.next();
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `cache.rs` | the trait of both caches, and what a sequence is asked and told |
//! | `shape.rs` | layers and rows |
//! | `rows.rs` | formats of rows: encode, decode, dot |
//! | `quantise.rs` | blocks of `Q8_0` and `Q4_0` whose error is half a step |
//! | `paged.rs` | the paged cache |
//! | `table.rs` | which blocks a sequence holds |
//! | `blocks.rs` | the pool of blocks: references, generations, lists |
//! | `links.rs` | lists whose links lie in the blocks' records |
//! | `prefix.rs` | the index of prefixes |
//! | `keyed.rs` | the keyed hash of the index |
//! | `contiguous.rs` | the contiguous cache |
//! | `sequences.rs` | sequences by their ids |
//! | `span.rs` | which tokens a sequence holds, and at which positions |
//! | `slots.rs` | rows to write |
//! | `runs.rs` | rows to read |
//! | `planes.rs` | the memory: one range a layer and part, committed in steps |
//! | `backing.rs` | how a cache comes to its memory |
//! | `relief.rs` | flags by which budget and pressure ask for eviction |
//! | `error.rs` | errors |

mod backing;
mod blocks;
mod cache;
mod contiguous;
mod error;
mod keyed;
mod links;
mod paged;
#[expect(unsafe_code, reason = "a mapping is seen as rows")]
mod planes;
mod prefix;
mod quantise;
mod relief;
mod rows;
mod runs;
mod sequences;
mod shape;
mod slots;
mod span;
mod table;

pub use backing::Backing;
pub use blocks::{BlockId, BlockPool};
pub use cache::{KvCache, KvStats, Settings, State, Tenant};
pub use contiguous::ContiguousKv;
pub use error::{BlockError, KvError, RowError};
pub use paged::{PagedKv, Pages};
pub use relief::Relief;
pub use rows::RowFormat;
pub use runs::{Run, Runs};
pub use sequences::SequenceId;
pub use shape::{KvShape, Row};
pub use slots::Slots;
