//! Model files as memory.
//!
//! # Role
//! Three ways to have a file's bytes, from cheapest to safest: [`MappedFile`], [`HugeCopy`],
//! [`SealedCopy`]. All are `[u8]` to a reader.
//!
//! # Not here
//! Writing to files; reading a part of one.
//!
//! # Which one
//! | | a mapped file | a copy in huge pages | a sealed copy |
//! |---|---|---|---|
//! | to make | `unsafe`: nobody may write or cut it | safe | safe |
//! | takes | page tables | a copy's time, memory of its own | a copy's time, memory of its own |
//! | shared with other processes | the page cache | no | by its descriptor |
//! | the file is written to | the bytes change: undefined | nothing | nothing |
//! | the file is cut | the next touch of a lost page is `SIGBUS` | nothing | nothing |
//!
//! Neither populating nor locking a mapped file helps when it is cut: the kernel takes the pages
//! away from all. Replacing a file by renaming another over it is always fine, and is how files are
//! best updated: the mapping keeps the old one.
//!
//! Huge pages: the kernel backs files with pages of its page cache, mostly small ones. A copy begins
//! at a multiple of 2 MiB and asks for huge pages, which repays for a model that is read many times.
//!
//! On several nodes: do not prefetch; let the workers that will use a tensor touch it first.
//!
//! # Invariants
//! - I1: what is checked is what is mapped: facts are asked of the descriptor, never of a path.
//! - I2: only regular files with at least a byte are taken.
//! - I3: memory of our own is charged to the budget before it is mapped, and released after it is
//!   given back.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `source.rs` | opening, and what a file must be |
//! | `map.rs` | a file where the kernel has it |
//! | `prefetch.rs` | reading ahead on a thread of its own |
//! | `lease.rs` | being asked before others change a file |
//! | `locked.rs` | keeping a file in memory |
//! | `copy.rs` | a copy in huge pages |
//! | `sealed.rs` | a copy that nobody can change |
//! | `fill.rs` | reading a file into memory, by several threads |
//! | `space.rs` | a mapping that is given back |
//! | `error.rs` | errors |

mod copy;
mod error;
mod fill;
mod lease;
mod locked;
#[expect(unsafe_code, reason = "a mapped file is memory that others can change")]
mod map;
mod prefetch;
mod sealed;
mod source;
#[expect(unsafe_code, reason = "a mapping is seen as bytes")]
mod space;

pub use bedplate_os::files::{Advice, FileKind};
pub use copy::HugeCopy;
pub use error::FileError;
pub use lease::Lease;
pub use locked::Locked;
pub use map::MappedFile;
pub use prefetch::{Prefetch, Prefetched};
pub use sealed::SealedCopy;
pub use source::open;
