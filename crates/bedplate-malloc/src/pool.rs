//! The pool of segments.
//!
//! # Role
//! Hand out runs of slices, take them back, and give touched free slices to the kernel after
//! they have waited.
//!
//! # Not here
//! Blocks inside a slab (`miss.rs`), blocks with mappings of their own (`huge.rs`).
//!
//! # Invariants
//! - I1: everything in `Inner` and in segment headers is touched under `lock` only.
//! - I2: a segment is on the list of its longest free run; `lists` has a bit for each list that
//!   is not empty.
//! - I3: mappings are never split: slices go back by `decommit`, segments are never unmapped.
//!
//! # Concurrency
//! One lock, taken once for each 64 KiB or more. Nothing else is locked while it is held.

use crate::counters::COUNTERS;
use crate::huge::HUGE;
use crate::segment::{ALL_FREE, Header, MAGIC, longest_run, runs, span};
use crate::slab::{Kind, Slab};
use crate::tuning::{DECAY_MS, REGION_FIRST, REGION_MAX, SEGMENT_BYTES, SLICE_BYTES, SLICES};
use crate::{budget, config, raw, sync};
use bedplate_os::lock::{Guard, Lock};
use bedplate_os::pages::{self, HugePages, Protection};
use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A run of slices taken from the pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Its first record; class, owner and the like are the caller's to set.
    pub slab: &'static Slab,
    /// Slices that were touched since the kernel gave them, counted from its first: the others
    /// read as zero.
    pub dirty: u64,
}

/// The pool.
#[derive(Debug)]
pub(crate) struct Pool {
    lock: Lock,
    inner: UnsafeCell<Inner>,
    /// Bytes that are free but touched. Written under the lock, read anywhere.
    dirty_bytes: AtomicUsize,
    /// The newest segment. Written under the lock, read anywhere.
    pub newest: AtomicUsize,
}

// SAFETY: `inner` is reached through `Pool::enter` alone, which holds `lock` (I1).
unsafe impl Sync for Pool {}

#[derive(Debug)]
struct Inner {
    /// Segments by their longest free run.
    by_run: [Cell<Option<&'static Header>>; SLICES],
    lists: Cell<u64>,
    /// Address space mapped and not yet made into segments.
    region_next: Cell<usize>,
    region_end: Cell<usize>,
    mapped_bytes: Cell<usize>,
}

/// The one pool of this copy of the allocator.
pub(crate) static POOL: Pool = Pool {
    lock: Lock::new(),
    inner: UnsafeCell::new(Inner {
        by_run: [const { Cell::new(None) }; SLICES],
        lists: Cell::new(0),
        region_next: Cell::new(0),
        region_end: Cell::new(0),
        mapped_bytes: Cell::new(0),
    }),
    dirty_bytes: AtomicUsize::new(0),
    newest: AtomicUsize::new(0),
};

impl Pool {
    fn enter(&self) -> (Guard<'_>, &Inner) {
        let guard = self.lock.lock();
        // SAFETY: the lock is held while the guard lives, and the borrow ends with it (I1);
        // nothing ever makes a `&mut Inner`.
        let inner = unsafe { &*self.inner.get() };
        (guard, inner)
    }

    /// The lock, for fork handlers.
    #[must_use]
    pub(crate) const fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Takes a run of `count` slices, `None` where neither the pool nor the kernel has one or
    /// the budget does not allow it.
    pub(crate) fn take(&self, count: usize, kind: Kind) -> Option<Run> {
        if !budget::charge(count * SLICE_BYTES) {
            return None;
        }
        let taken = {
            let (_guard, inner) = self.enter();
            let before = self.newest.load(Ordering::Relaxed);
            let header = inner.find(count).or_else(|| inner.grow(self));
            header.map(|header| {
                COUNTERS.slabs_taken.add_alone(1);
                let run = self.carve(inner, header, count, kind);
                (run, self.newest.load(Ordering::Relaxed) != before)
            })
        };
        let Some((run, has_grown)) = taken else {
            budget::release(count * SLICE_BYTES);
            return None;
        };
        if has_grown {
            HUGE.make_room(SEGMENT_BYTES);
        }
        Some(run)
    }

    fn carve(&self, inner: &Inner, header: &'static Header, count: usize, kind: Kind) -> Run {
        let free = header.free.load(Ordering::Relaxed);
        let dirty = header.dirty.load(Ordering::Relaxed);
        // Touched slices first: they cost no page fault.
        let starts = match runs(dirty, count) {
            0 => runs(free, count),
            starts => starts,
        };
        let first = starts.trailing_zeros() as usize;
        let map = span(first, count);
        debug_assert!(free & map == map && map & 1 == 0);
        self.set_maps(header, free & !map, dirty & !map);
        header.soiled.set(header.soiled.get() | dirty & map);
        inner.file(header);
        let slab = header.slab(first);
        // Relaxed: the address is handed out after this.
        slab.kind.store(kind as u8, Ordering::Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "at most 31 slices")]
        slab.slices.store(count as u8, Ordering::Relaxed);
        if kind == Kind::Slab {
            for i in first + 1..first + count {
                let interior = header.slab(i);
                interior
                    .free
                    .set(core::ptr::from_ref(slab).cast_mut().cast());
                raw::owner(interior).store(0, Ordering::Relaxed);
                interior.kind.store(Kind::Interior as u8, Ordering::Relaxed);
            }
        }
        Run {
            slab,
            dirty: (dirty & map) >> first,
        }
    }

    fn set_maps(&self, header: &Header, free: u64, dirty: u64) {
        let before = header.dirty.load(Ordering::Relaxed).count_ones() as usize;
        let after = dirty.count_ones() as usize;
        header.free.store(free, Ordering::Relaxed);
        header.dirty.store(dirty, Ordering::Relaxed);
        // Relaxed: written under the lock; readers take any recent value.
        let bytes = self.dirty_bytes.load(Ordering::Relaxed);
        self.dirty_bytes.store(
            bytes + after * SLICE_BYTES - before * SLICE_BYTES,
            Ordering::Relaxed,
        );
    }

    /// Gives a run back. Its first `touched` slices may hold touched pages.
    pub(crate) fn give(&self, slab: &'static Slab, touched: usize) {
        let count = slab.slices();
        let header = raw::header(slab);
        let first = raw::slice_index(slab);
        {
            let (_guard, inner) = self.enter();
            for i in first..first + count {
                let record = header.slab(i);
                raw::owner(record).store(0, Ordering::Relaxed);
                record.kind.store(Kind::Free as u8, Ordering::Relaxed);
            }
            self.put(inner, header, first, count, touched);
            COUNTERS.slabs_returned.add_alone(1);
        }
        budget::release(count * SLICE_BYTES);
        crate::purge::after_release();
    }

    fn put(
        &self,
        inner: &Inner,
        header: &'static Header,
        first: usize,
        count: usize,
        touched: usize,
    ) {
        let free = header.free.load(Ordering::Relaxed);
        let dirty = header.dirty.load(Ordering::Relaxed);
        let map = span(first, count);
        let soiled = header.soiled.get() & map;
        header.soiled.set(header.soiled.get() & !map);
        let dirtied = soiled | span(first, touched.min(count));
        header.stamp(dirtied);
        self.set_maps(header, free | map, dirty | dirtied);
        inner.file(header);
    }

    /// Makes a run `count` slices long where it stands: the slices behind must be free to grow,
    /// and go back to shrink. False if it cannot be.
    pub(crate) fn resize(&self, slab: &'static Slab, count: usize) -> bool {
        let had = slab.slices();
        let header = raw::header(slab);
        let first = raw::slice_index(slab);
        if count > had {
            let more = count - had;
            if first + count > SLICES || !budget::charge(more * SLICE_BYTES) {
                return false;
            }
            let (_guard, inner) = self.enter();
            let free = header.free.load(Ordering::Relaxed);
            let map = span(first + had, more);
            if free & map != map {
                budget::release(more * SLICE_BYTES);
                return false;
            }
            self.set_maps(
                header,
                free & !map,
                header.dirty.load(Ordering::Relaxed) & !map,
            );
            inner.file(header);
        } else if count < had {
            let (_guard, inner) = self.enter();
            self.put(inner, header, first + count, had - count, had - count);
            budget::release((had - count) * SLICE_BYTES);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 31 slices")]
        slab.slices.store(count as u8, Ordering::Relaxed);
        true
    }

    /// True if a segment of the pool begins at an address.
    #[must_use]
    pub(crate) fn has(&self, segment: usize) -> bool {
        // Acquire pairs with the Release in `grow`.
        let mut at = self.newest.load(Ordering::Acquire);
        while at != 0 && at != segment {
            at = Header::at(at).older.load(Ordering::Relaxed);
        }
        at != 0
    }

    /// Bytes that are free but touched. A snapshot.
    #[must_use]
    pub(crate) fn dirty_bytes(&self) -> usize {
        self.dirty_bytes.load(Ordering::Relaxed)
    }

    /// Gives free touched slices back to the kernel: those that waited for the decay time, or
    /// all. Returns the bytes given back.
    pub(crate) fn purge(&self, all: bool) -> usize {
        if self.dirty_bytes() == 0 {
            return 0;
        }
        let mut bytes = 0;
        let mut at = self.newest.load(Ordering::Acquire);
        while at != 0 {
            let header = Header::at(at);
            // The lock is taken for each segment anew, so that others wait for one at most.
            let is_wanted = {
                let (_guard, _inner) = self.enter();
                let dirty = header.dirty.load(Ordering::Relaxed);
                let due = if all {
                    dirty
                } else {
                    header.waited(dirty, DECAY_MS)
                };
                bytes += self.purge_segment(header, due);
                self.lock.has_sleepers()
            };
            if is_wanted {
                // Else this thread has the lock again before a sleeper wakes.
                sync::nap();
            }
            at = header.older.load(Ordering::Relaxed);
        }
        if bytes > 0 {
            COUNTERS.purged_bytes.add(bytes as u64);
        }
        bytes
    }

    /// Calls `each` for every record of a slab, large block or free slice, newest segment first.
    pub(crate) fn for_each_record(&self, mut each: impl FnMut(&'static Slab)) {
        // Acquire pairs with the Release in `grow`.
        let mut at = self.newest.load(Ordering::Acquire);
        while at != 0 {
            let header = Header::at(at);
            (1..SLICES).for_each(|index| each(header.slab(index)));
            at = header.older.load(Ordering::Relaxed);
        }
    }

    /// Runs `work` while the pool is locked: no fork falls into it.
    pub(crate) fn while_locked<T>(&self, work: impl FnOnce() -> T) -> T {
        let (_guard, _inner) = self.enter();
        work()
    }

    /// Purges dirty slices of one segment. The lock is held.
    fn purge_segment(&self, header: &Header, due: u64) -> usize {
        if due == 0 {
            return 0;
        }
        let mut dirty = due;
        let mut failed = 0;
        let mut bytes = 0;
        while dirty != 0 {
            let first = dirty.trailing_zeros() as usize;
            let count = (dirty >> first).trailing_ones() as usize;
            let start = header.segment() + first * SLICE_BYTES;
            let at: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
            if let Some(at) = NonNull::new(at) {
                // SAFETY: the slices are free (segment I1), and the lock keeps them so.
                match unsafe { pages::decommit(at, count * SLICE_BYTES) } {
                    Ok(()) => bytes += count * SLICE_BYTES,
                    Err(_) => failed |= span(first, count),
                }
            }
            dirty &= !span(first, count);
        }
        if failed != 0 {
            // Locked pages cannot be given back: not again before the decay time.
            header.stamp(failed);
        }
        let left = header.dirty.load(Ordering::Relaxed) & !due | failed;
        self.set_maps(header, header.free.load(Ordering::Relaxed), left);
        bytes
    }
}

impl Inner {
    /// The segment with the shortest run that is long enough: full segments stay full.
    fn find(&self, count: usize) -> Option<&'static Header> {
        let fitting = self.lists.get() & !(span(0, count));
        if fitting == 0 {
            return None;
        }
        self.by_run.get(fitting.trailing_zeros() as usize)?.get()
    }

    /// Puts a segment on the list of its longest free run.
    fn file(&self, header: &'static Header) {
        let longest = longest_run(header.free.load(Ordering::Relaxed));
        if longest == header.longest.get() {
            return;
        }
        self.unfile(header);
        header.longest.set(longest);
        if let Some(list) = self.by_run.get(longest).filter(|_| longest > 0) {
            header.next.set(list.get());
            header.prev.set(None);
            if let Some(next) = list.get() {
                next.prev.set(Some(header));
            }
            list.set(Some(header));
            self.lists.set(self.lists.get() | 1 << longest);
        }
    }

    fn unfile(&self, header: &'static Header) {
        let longest = header.longest.get();
        let Some(list) = self.by_run.get(longest).filter(|_| longest > 0) else {
            return;
        };
        match header.prev.get() {
            Some(prev) => prev.next.set(header.next.get()),
            None => list.set(header.next.get()),
        }
        if let Some(next) = header.next.get() {
            next.prev.set(header.prev.get());
        }
        if list.get().is_none() {
            self.lists.set(self.lists.get() & !(1 << longest));
        }
    }

    /// Makes a segment of address space that is mapped, or maps more.
    fn grow(&self, pool: &Pool) -> Option<&'static Header> {
        if self.region_next.get() == self.region_end.get() && !self.map_region() {
            return None;
        }
        let segment = self.region_next.get();
        self.region_next.set(segment + SEGMENT_BYTES);
        let header = Header::at(segment);
        crate::territory::add(segment);
        header.magic.store(MAGIC, Ordering::Relaxed);
        header
            .older
            .store(pool.newest.load(Ordering::Relaxed), Ordering::Relaxed);
        header.free.store(ALL_FREE, Ordering::Relaxed);
        self.file(header);
        // Release pairs with the Acquire in `purge`: the header is whole.
        pool.newest.store(segment, Ordering::Release);
        COUNTERS.segments.add_alone(1);
        Some(header)
    }

    /// Maps a region: as much as there is already, halved until the kernel agrees.
    fn map_region(&self) -> bool {
        let mut bytes = self.mapped_bytes.get().clamp(REGION_FIRST, REGION_MAX);
        // Under `ulimit -v` or `-d` every byte reserved is one the program cannot map.
        if matches!(pages::address_space_limit(), Ok(Some(_))) {
            bytes = SEGMENT_BYTES;
        }
        loop {
            match pages::map_aligned(0, bytes, SEGMENT_BYTES, Protection::ReadWrite) {
                Ok(at) => {
                    advise(at, bytes);
                    let start = at.as_ptr().expose_provenance();
                    self.region_next.set(start);
                    self.region_end.set(start + bytes);
                    self.mapped_bytes.set(self.mapped_bytes.get() + bytes);
                    COUNTERS.reserved_bytes.add(bytes as u64);
                    COUNTERS.regions.add_alone(1);
                    return true;
                }
                Err(_) => COUNTERS.failed_maps.add(1),
            }
            if bytes == SEGMENT_BYTES {
                return false;
            }
            bytes = (bytes / 2).next_multiple_of(SEGMENT_BYTES);
        }
    }
}

/// Tells the kernel of the wish about huge pages, if the user has one.
pub(crate) fn advise(at: NonNull<u8>, bytes: usize) {
    let huge = match config::current().huge_pages() {
        config::Huge::System => return,
        config::Huge::Always => HugePages::Wanted,
        config::Huge::Never => HugePages::Refused,
    };
    // SAFETY: the mapping is fresh and ours; the advice leaves contents alone.
    if unsafe { pages::advise_huge(at, bytes, huge) }.is_err() {
        COUNTERS.failed_advice.add(1);
    }
}
