//! The root page of a pool: where readers from outside begin.
//!
//! # Role
//! One private page a pool, which `/proc/PID/maps` shows as `/memfd:bedplate-pool`, with the
//! addresses of the words that `bedplate top` reads. The pool itself never reads it.
//!
//! # Invariants
//! - I1: the page is written once, its magic last; its layout and that of the counts it leads to are
//!   told by [`ROOT_VERSION`].
//! - I2: what the page leads to lives as long as the page: a reader that finds it mapped and marked
//!   after it has read the rest has read words of this pool.

use crate::metrics::Counts;
use crate::seat::Seat;
use bedplate_os::{clock, pages};
use core::mem::offset_of;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

/// What the page begins with: "bedppool" in bytes.
pub(crate) const ROOT_MAGIC: u64 = u64::from_le_bytes(*b"bedppool");
/// The layout's version; the upper half is the size of a word in the process.
pub(crate) const ROOT_VERSION: u64 = 2 | (size_of::<usize>() as u64) << 32;
/// The name of the mapping.
const ROOT_NAME: &core::ffi::CStr = c"bedplate-pool";
/// Bytes of a pool's name that are kept.
pub(crate) const NAME_BYTES: usize = 64;

/// The page.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Root {
    /// [`ROOT_MAGIC`], written last.
    pub(crate) magic: AtomicU64,
    /// [`ROOT_VERSION`].
    pub(crate) version: AtomicU64,
    /// When the pool was made, by the monotonic clock.
    pub(crate) began_ns: AtomicU64,
    /// How many places of each kind there are.
    pub(crate) workers: AtomicU64,
    pub(crate) spares: AtomicU64,
    pub(crate) guests: AtomicU64,
    /// Address of the first place, and bytes to the next.
    pub(crate) seats: AtomicU64,
    pub(crate) seat_bytes: AtomicU64,
    /// Where a place has its counts, and how many words.
    pub(crate) counts_at: AtomicU64,
    pub(crate) count_words: AtomicU64,
    /// Addresses of words: workers that run at a time, workers started, threads that live, spares
    /// started, guests' places taken as bits, jobs that wait, sleepers woken.
    pub(crate) width: AtomicU64,
    pub(crate) working: AtomicU64,
    pub(crate) living: AtomicU64,
    pub(crate) started: AtomicU64,
    pub(crate) taken: AtomicU64,
    pub(crate) queued: AtomicU64,
    pub(crate) wakes: AtomicU64,
    /// Address of the count of forks, and the count when the pool was made: another one in a child.
    pub(crate) forks: AtomicU64,
    pub(crate) forks_then: AtomicU64,
    /// The pool's name, cut, filled with zeros.
    pub(crate) name: [AtomicU64; NAME_BYTES / 8],
}

/// What the page is to say.
#[derive(Debug)]
pub(crate) struct Directions<'n> {
    pub(crate) name: &'n str,
    pub(crate) workers: usize,
    pub(crate) spares: usize,
    pub(crate) guests: usize,
    pub(crate) seats: u64,
    pub(crate) width: u64,
    pub(crate) working: u64,
    pub(crate) living: u64,
    pub(crate) started: u64,
    pub(crate) taken: u64,
    pub(crate) queued: u64,
    pub(crate) wakes: u64,
    /// Address and count.
    pub(crate) forks: (u64, u64),
}

/// A page that is mapped.
#[derive(Debug)]
pub(crate) struct RootPage {
    at: NonNull<Root>,
}

// SAFETY: the page is a mapping of its own, which no thread owns.
unsafe impl Send for RootPage {}
// SAFETY: the page consists of atomics.
unsafe impl Sync for RootPage {}

impl RootPage {
    /// Maps the page. `None` where the kernel refuses: the pool works all the same and cannot be seen
    /// from outside, which its metrics say.
    pub(crate) fn make(directions: &Directions<'_>) -> Option<Self> {
        let at = pages::map_named(ROOT_NAME, pages::page_size()).ok()?;
        let page = Self { at: at.cast() };
        page.root().write(directions);
        Some(page)
    }

    fn root(&self) -> &Root {
        // SAFETY: mapped by `make` at a multiple of the page size, zeroed and until the drop; a page
        // has room for a `Root`.
        unsafe { self.at.as_ref() }
    }
}

impl Drop for RootPage {
    fn drop(&mut self) {
        // Relaxed: a reader that misses it finds the page gone.
        self.root().magic.store(0, Ordering::Relaxed);
        // A page that stays mapped has no magic any more.
        // SAFETY: mapped by `make` with this size; nothing else has its address.
        let _gone = unsafe { pages::release(self.at.cast(), pages::page_size()) };
    }
}

impl Root {
    fn write(&self, directions: &Directions<'_>) {
        let words = [
            (&self.version, ROOT_VERSION),
            (&self.began_ns, clock::monotonic_ns()),
            (&self.workers, directions.workers as u64),
            (&self.spares, directions.spares as u64),
            (&self.guests, directions.guests as u64),
            (&self.seats, directions.seats),
            (&self.seat_bytes, size_of::<Seat>() as u64),
            (&self.counts_at, offset_of!(Seat, counts) as u64),
            (&self.count_words, Counts::WORDS as u64),
            (&self.width, directions.width),
            (&self.working, directions.working),
            (&self.living, directions.living),
            (&self.started, directions.started),
            (&self.taken, directions.taken),
            (&self.queued, directions.queued),
            (&self.wakes, directions.wakes),
            (&self.forks, directions.forks.0),
            (&self.forks_then, directions.forks.1),
        ];
        for (word, value) in words {
            // Relaxed: before the magic.
            word.store(value, Ordering::Relaxed);
        }
        let cut = directions.name.floor_char_boundary(NAME_BYTES);
        let (name, _) = directions.name.split_at(cut);
        for (word, bytes) in self.name.iter().zip(name.as_bytes().chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            // Relaxed: before the magic.
            word.store(u64::from_ne_bytes(padded), Ordering::Relaxed);
        }
        // Release: a reader that sees it sees the rest.
        self.magic.store(ROOT_MAGIC, Ordering::Release);
    }
}
