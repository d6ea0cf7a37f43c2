//! Recorded traces of real programs.
//!
//! # Role
//! A trace is the order in which a program allocated, resized and freed, without what it did with
//! the memory. It is recorded once from a real program (`bedplate-bench record NAME`), shipped
//! compactly under `bench/traces/`, and unpacked for `replay.c`.
//!
//! # Not here
//! Who is allocated where: a trace names blocks by their number in order of allocation.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `raw.rs` | reads what `record.c` wrote |
//! | `compact.rs` | the compact form: writing and reading |
//! | `unpack.rs` | the form that `replay.c` reads |
//! | `record.rs` | the programs that are recorded, and how |

mod compact;
mod raw;
mod record;
mod unpack;

pub(crate) use record::{Name, record};
pub(crate) use unpack::unpack;

/// One step of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `malloc`: the next block.
    Malloc { bytes: u32 },
    /// `calloc`: the next block.
    Calloc { bytes: u32 },
    /// `memalign` and its kin: the next block.
    Aligned { bytes: u32, alignment: u32 },
    /// `realloc` of a block, which keeps its number.
    Resize { block: u32, bytes: u32 },
    /// `free` of a block.
    Free { block: u32 },
}

/// The steps' numbers in all three files, as the C programs name them.
const MALLOC: u8 = 1;
const CALLOC: u8 = 2;
const RESIZE: u8 = 3;
const ALIGNED: u8 = 4;
const FREE: u8 = 5;
