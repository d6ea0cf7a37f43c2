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

use crate::predict::{Ledger, Way};
use crate::{Context, current, tuning, with_context};

/// A slice no longer than this is sorted by the calling thread, unless it is known to be worth help:
/// about ten times what waking a worker costs, if the items are numbers.
const SERIAL_LEN_MAX: usize = 4096;

/// A slice no longer than this is never worth help, and not worth a forecast.
const FORESEEN_LEN_MIN: usize = 256;

/// Into how many pieces per worker a slice is divided, so that uneven pieces even out.
const PIECES_PER_WORKER: usize = 4;

/// A sort that is shared: who measures it, and how it is divided.
#[derive(Clone, Copy, Debug)]
struct Sharing<'l> {
    ledger: &'l Ledger,
    /// The length of pieces that are sorted by the standard library.
    piece_len_max: usize,
}

/// Sorts by `serial`, or by `parallel` where that is worth it. `S` is the type of the sort, by which
/// it is known what it cost before.
fn by_forecast<S, T: Send>(
    items: &mut [T],
    serial: impl FnOnce(&mut [T]) + Send,
    parallel: impl FnOnce(Context<'_>, Sharing<'_>, &mut [T]) + Send,
) {
    if items.len() <= FORESEEN_LEN_MIN || size_of::<T>() == 0 {
        serial(items);
    } else if items.len() <= SERIAL_LEN_MAX {
        // A few items are no reason to start the pool of the process.
        current::with(|cx| match cx {
            Some(cx) if cx.width() > 1 => in_pool::<S, T>(cx, items, serial, parallel),
            _ => serial(items),
        });
    } else {
        with_context(|cx| {
            if cx.width() > 1 {
                in_pool::<S, T>(cx, items, serial, parallel);
            } else {
                serial(items);
            }
        });
    }
}

fn in_pool<S, T: Send>(
    cx: Context<'_>,
    items: &mut [T],
    serial: impl FnOnce(&mut [T]),
    parallel: impl FnOnce(Context<'_>, Sharing<'_>, &mut [T]),
) {
    let len = items.len();
    let ledger = Ledger::open::<S>(cx, len);
    let is_shared = match ledger.way() {
        Way::Alone => false,
        Way::Shared => true,
        Way::Unknown => len > SERIAL_LEN_MAX,
    };
    ledger.share(cx, |_| {
        if is_shared {
            let sharing = Sharing {
                ledger: &ledger,
                piece_len_max: piece_len_max(cx, &ledger, len),
            };
            parallel(cx, sharing, items);
        } else {
            serial(items);
        }
    });
    ledger.close(cx);
}

/// The length of pieces that are sorted by the standard library.
fn piece_len_max(cx: Context<'_>, ledger: &Ledger, len: usize) -> usize {
    let least = ledger.cost().map_or(SERIAL_LEN_MAX, |cost| {
        cost.items_in(tuning::SORTED_PIECE_NS)
    });
    (len / (cx.width() * PIECES_PER_WORKER)).max(least)
}
