//! Parallel sorting of slices.
//!
//! # Role
//! Large slices are divided until there are a few pieces per worker; the standard library sorts the
//! pieces. What is done here is the dividing: merges for the stable sort, partitions for the
//! unstable one.
//!
//! # Invariants
//! - I1: whatever a comparison does - panic, or give no order at all -, the slice holds the same
//!   items afterwards, each once.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `stable.rs` | merge sort |
//! | `merge.rs` | merging runs that lie elsewhere |
//! | `unstable.rs` | quicksort |
//! | `cached.rs` | sorting by keys made once |

mod cached;
#[expect(unsafe_code, reason = "items are moved to room of their own and back")]
mod merge;
mod stable;
mod unstable;

pub(crate) use cached::by_cached_key;
pub(crate) use stable::stable;
pub(crate) use unstable::unstable;

use crate::Context;

/// A slice shorter than this is sorted by the calling thread: about ten times what waking a worker
/// costs.
const SERIAL_LEN_MAX: usize = 4096;

/// Into how many pieces per worker a slice is divided, so that uneven pieces even out.
const PIECES_PER_WORKER: usize = 4;

/// The length of pieces that are sorted by the standard library.
fn piece_len_max(cx: Context<'_>, len: usize) -> usize {
    (len / (cx.width() * PIECES_PER_WORKER)).max(SERIAL_LEN_MAX)
}
