//! Huge blocks: each with a mapping of its own.
//!
//! # Role
//! Map, unmap, resize blocks above 31 slices or aligned beyond a slice, and keep a few freed
//! mappings for a while.
//!
//! # Invariants
//! - I1: a huge block's header is the first page of the segment-aligned 4 MiB that
//!   `raw::slab_of` leads to; the record for its slice has kind `Huge`, and [`HugeHeader`] stands
//!   behind the 64 records, at 4096.
//! - I2: the list of live blocks and the cache are touched under `lock` only.

use crate::counters::COUNTERS;
use crate::harden::{self, TAIL_BYTES};
use crate::slab::{Kind, Slab};
use crate::tuning::{DECAY_MS, HUGE_CACHE_BYTES, HUGE_CACHE_MAPS, SEGMENT_BYTES, SLICE_BYTES};
use crate::zero::Used;
use crate::{budget, pool};
use bedplate_os::lock::{Guard, Lock};
use bedplate_os::pages::{self, Protection};
use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Offset of the header from the segment-aligned start.
pub(crate) const HUGE_HEADER_OFFSET: usize = 4096 - size_of::<HugeHeader>();
/// What a huge block says in its header: "bedphuge" in bytes.
pub(crate) const HUGE_MAGIC: u64 = u64::from_le_bytes(*b"bedphuge");

/// The header of a huge block: the last bytes of the page of records, of which only those for
/// slices 1 to 32 and number 0 are ever used by huge blocks.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct HugeHeader {
    /// [`HUGE_MAGIC`].
    pub magic: AtomicUsize,
    /// Address of the block.
    pub block: AtomicUsize,
    /// Bytes of the block: whole OS pages.
    pub block_bytes: AtomicUsize,
    /// Bytes from the header's start to the end of the mapping.
    pub mapped_bytes: AtomicUsize,
    /// Bytes from the header's start behind which nothing was touched before the block was taken.
    pub touched_bytes: AtomicUsize,
    /// Address of the next header on the list of live blocks, 0 at the end.
    pub next: AtomicUsize,
    /// Address of the previous header, 0 at the start.
    pub prev: AtomicUsize,
    /// Bytes of the block that may be used, in the hardened build.
    pub usable: AtomicUsize,
}

impl HugeHeader {
    fn at(start: usize) -> &'static Self {
        let header: *const Self = core::ptr::with_exposed_provenance(start + HUGE_HEADER_OFFSET);
        // SAFETY: callers pass the start of a huge block's mapping, under the lock or as the
        // block's owner; zero pages are a valid header.
        unsafe { &*header }
    }
}

/// The header of the huge block that a record belongs to.
#[must_use]
pub(crate) fn header_of(slab: &'static Slab) -> &'static HugeHeader {
    HugeHeader::at(start_of(slab))
}

/// The bytes of a huge block that may be used.
#[must_use]
pub(crate) fn usable_of(slab: &'static Slab) -> usize {
    let header = header_of(slab);
    if harden::ON {
        return header.usable.load(Ordering::Relaxed);
    }
    header.block_bytes.load(Ordering::Relaxed)
}

/// Notes and seals what of a block may be used, in the hardened build.
fn seal(block: NonNull<u8>, usable: usize) {
    if !harden::ON {
        return;
    }
    // SAFETY: the block is a live huge one (I1).
    let slab = unsafe { crate::raw::slab_of(block) };
    header_of(slab).usable.store(usable, Ordering::Relaxed);
    harden::seal(slab, block.as_ptr().expose_provenance(), usable);
}

/// The address of the block whose mapping starts there.
#[must_use]
pub(crate) fn block_at(start: usize) -> usize {
    HugeHeader::at(start).block.load(Ordering::Relaxed)
}

/// The bytes of the huge block that began at an address, if its mapping is kept since it was freed.
#[must_use]
pub(crate) fn freed_bytes(slab: &'static Slab, address: usize) -> Option<usize> {
    let header = header_of(slab);
    let was_block = header.magic.load(Ordering::Relaxed) == 0
        && header.block.load(Ordering::Relaxed) == address;
    was_block.then(|| header.block_bytes.load(Ordering::Relaxed))
}

fn start_of(slab: &'static Slab) -> usize {
    core::ptr::from_ref(slab).expose_provenance() & !(SEGMENT_BYTES - 1)
}

/// A freed mapping that is kept.
#[derive(Clone, Copy, Debug)]
struct Cached {
    start: usize,
    bytes: usize,
    /// From the start, how far pages may be touched.
    touched: usize,
    since_ms: u64,
}

/// A place in the cache, in words that a reader from outside can make sense of.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Place {
    /// Start of the mapping, 0 for an empty place.
    pub(crate) start: Cell<usize>,
    /// Its bytes.
    pub(crate) bytes: Cell<usize>,
    /// From the start, how far pages may be touched.
    touched: Cell<usize>,
    /// When it was freed.
    since_ms: Cell<u64>,
}

impl Place {
    const fn empty() -> Self {
        Self {
            start: Cell::new(0),
            bytes: Cell::new(0),
            touched: Cell::new(0),
            since_ms: Cell::new(0),
        }
    }

    fn get(&self) -> Option<Cached> {
        let cached = Cached {
            start: self.start.get(),
            bytes: self.bytes.get(),
            touched: self.touched.get(),
            since_ms: self.since_ms.get(),
        };
        (cached.start != 0).then_some(cached)
    }

    fn take(&self) -> Option<Cached> {
        let cached = self.get();
        self.clear();
        cached
    }

    fn clear(&self) {
        self.start.set(0);
    }

    fn fill(&self, cached: Cached) {
        self.start.set(cached.start);
        self.bytes.set(cached.bytes);
        self.touched.set(cached.touched);
        self.since_ms.set(cached.since_ms);
    }
}

#[derive(Debug)]
#[repr(C)]
struct Inner {
    cache: [Place; HUGE_CACHE_MAPS],
    cached_bytes: Cell<usize>,
}

/// All huge blocks.
#[derive(Debug)]
pub(crate) struct HugeBlocks {
    lock: Lock,
    inner: UnsafeCell<Inner>,
    /// The newest live block's header start, 0 for none. Written under the lock.
    pub first: AtomicUsize,
    /// Bytes in the cache, for readers without the lock.
    cached: AtomicUsize,
}

// SAFETY: `inner` is reached through `enter` alone, which holds `lock` (I2).
unsafe impl Sync for HugeBlocks {}

/// The huge blocks of this copy of the allocator.
pub(crate) static HUGE: HugeBlocks = HugeBlocks {
    lock: Lock::new(),
    inner: UnsafeCell::new(Inner {
        cache: [const { Place::empty() }; HUGE_CACHE_MAPS],
        cached_bytes: Cell::new(0),
    }),
    first: AtomicUsize::new(0),
    cached: AtomicUsize::new(0),
};

/// What a block shall hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Anything.
    Anything,
    /// Zeros; what of it is not zero after all is said by [`Taken::used`].
    Zeroed,
}

/// A huge block as taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// The block.
    pub block: NonNull<u8>,
    /// Where it may not read as zero.
    pub used: Used,
}

impl HugeBlocks {
    fn enter(&self) -> (Guard<'_>, &Inner) {
        let guard = self.lock.lock();
        // SAFETY: the lock is held while the guard lives (I2); nothing makes a `&mut Inner`.
        let inner = unsafe { &*self.inner.get() };
        (guard, inner)
    }

    /// The lock, for fork handlers.
    #[must_use]
    pub(crate) const fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Address of the places of the cache, for the root page.
    pub(crate) fn cache_address(&self) -> u64 {
        self.inner.get().expose_provenance() as u64
    }

    /// Bytes kept in freed mappings. A snapshot.
    #[must_use]
    pub(crate) fn cached_bytes(&self) -> usize {
        self.cached.load(Ordering::Relaxed)
    }

    /// Takes a block of `bytes` at a multiple of `align`, `None` where the kernel or the cap
    /// does not allow it.
    pub(crate) fn take(&self, bytes: usize, align: usize, wish: Wish) -> Option<Taken> {
        let usable = harden::usable_of(bytes)?;
        let block_bytes = pages::round_up(usable.checked_add(TAIL_BYTES)?)?;
        if !budget::charge(block_bytes) {
            return None;
        }
        let taken = self
            .reuse(block_bytes, align, wish)
            .or_else(|| self.map(block_bytes, align));
        match taken {
            Some(taken) => seal(taken.block, usable),
            None => budget::release(block_bytes),
        }
        taken
    }

    fn map(&self, block_bytes: usize, align: usize) -> Option<Taken> {
        let mapped = if align >= SEGMENT_BYTES {
            map_far(block_bytes, align)
        } else {
            let offset = align.max(SLICE_BYTES);
            map_whole_segments(block_bytes.checked_add(offset)?)
                .map(|(at, bytes)| (at, offset, bytes))
        };
        let Ok((start, offset, mapped_bytes)) = mapped else {
            COUNTERS.failed_maps.add(1);
            return None;
        };
        COUNTERS.huge_maps.add(1);
        let at: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
        if let Some(at) = NonNull::new(at) {
            pool::advise(at, mapped_bytes);
        }
        self.enlist((start, mapped_bytes, offset), offset, block_bytes)
            .map(|block| Taken {
                block,
                used: Used::NOTHING,
            })
    }

    /// Writes the header and the record and puts the block on the list. `place` is where the
    /// mapping starts, its bytes, and how many of them were touched.
    fn enlist(
        &self,
        place: (usize, usize, usize),
        offset: usize,
        block_bytes: usize,
    ) -> Option<NonNull<u8>> {
        let (start, mapped_bytes, touched_bytes) = place;
        let header = HugeHeader::at(start);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "addresses have 64 bits here"
        )]
        header.magic.store(HUGE_MAGIC as usize, Ordering::Relaxed);
        header.block.store(start + offset, Ordering::Relaxed);
        header.block_bytes.store(block_bytes, Ordering::Relaxed);
        header.mapped_bytes.store(mapped_bytes, Ordering::Relaxed);
        header.touched_bytes.store(touched_bytes, Ordering::Relaxed);
        let block: *mut u8 = core::ptr::with_exposed_provenance_mut(start + offset);
        let block = NonNull::new(block)?;
        // SAFETY: the header page is mapped and `slab_of` leads into it (I1).
        let slab = unsafe { crate::raw::slab_of(block) };
        slab.owner.store(0, Ordering::Relaxed);
        slab.kind.store(Kind::Huge as u8, Ordering::Relaxed);
        crate::territory::add(start);
        let (_guard, _inner) = self.enter();
        let first = self.first.load(Ordering::Relaxed);
        header.prev.store(0, Ordering::Relaxed);
        header.next.store(first, Ordering::Relaxed);
        if first != 0 {
            HugeHeader::at(first).prev.store(start, Ordering::Relaxed);
        }
        self.first.store(start, Ordering::Relaxed);
        Some(block)
    }

    fn unlist(&self, start: usize) {
        let header = HugeHeader::at(start);
        let (next, prev) = (
            header.next.load(Ordering::Relaxed),
            header.prev.load(Ordering::Relaxed),
        );
        if prev == 0 {
            self.first.store(next, Ordering::Relaxed);
        } else {
            HugeHeader::at(prev).next.store(next, Ordering::Relaxed);
        }
        if next != 0 {
            HugeHeader::at(next).prev.store(prev, Ordering::Relaxed);
        }
    }

    fn reuse(&self, block_bytes: usize, align: usize, wish: Wish) -> Option<Taken> {
        if align > SLICE_BYTES || self.cached_bytes() == 0 {
            return None;
        }
        let wanted = block_bytes + SLICE_BYTES;
        let found = {
            let (_guard, inner) = self.enter();
            // Address space to spare is free; pages to spare are given back below.
            let spare = (wanted / 8).max(SEGMENT_BYTES);
            let fits = |c: &Cached| c.bytes >= wanted && c.bytes - wanted <= spare;
            // The one whose touched pages fit best: little to give back, little to fault in.
            let (place, _) = inner
                .cache
                .iter()
                .filter_map(|place| Some((place, place.get().filter(fits)?)))
                .min_by_key(|(_, cached)| cached.touched.abs_diff(wanted))?;
            let found = place.take()?;
            self.count_cache(inner, inner.cached_bytes.get() - found.touched);
            found
        };
        let mut touched = found.touched;
        // At most an eighth of waste, here too. And of a block that shall be zero, nothing: to write
        // zeros would give it all its pages, of which the program may want few.
        let keep = match wish {
            Wish::Zeroed => SLICE_BYTES,
            Wish::Anything => wanted + wanted / 8,
        };
        let end = keep.min(wanted);
        if touched > keep && decommit(found.start + end, touched - end) {
            touched = end;
        }
        COUNTERS.huge_reused.add(1);
        self.enlist(
            (found.start, found.bytes, touched),
            SLICE_BYTES,
            block_bytes,
        )
        .map(|block| Taken {
            block,
            used: Used::Front(touched - SLICE_BYTES),
        })
    }

    fn count_cache(&self, inner: &Inner, bytes: usize) {
        inner.cached_bytes.set(bytes);
        self.cached.store(bytes, Ordering::Relaxed);
    }

    /// Gives a block back: to the cache if it fits there, else to the kernel.
    pub(crate) fn give(&self, slab: &'static Slab) {
        let start = start_of(slab);
        let header = HugeHeader::at(start);
        let mapped = header.mapped_bytes.load(Ordering::Relaxed);
        let plain = header.block.load(Ordering::Relaxed) == start + SLICE_BYTES;
        let block_bytes = header.block_bytes.load(Ordering::Relaxed);
        let touched = header.touched_bytes.load(Ordering::Relaxed);
        let touched = touched.max(SLICE_BYTES + block_bytes);
        budget::release(block_bytes);
        let mut evicted = [None; HUGE_CACHE_MAPS];
        let kept = {
            // Under the lock: a child forked meanwhile must not find a listed block without magic.
            let (_guard, inner) = self.enter();
            self.unlist(start);
            header.magic.store(0, Ordering::Relaxed);
            slab.kind.store(Kind::Free as u8, Ordering::Relaxed);
            plain && self.keep(inner, (start, mapped, touched), &mut evicted)
        };
        for cached in evicted.into_iter().flatten() {
            unmap(cached.start, cached.bytes);
        }
        if kept {
            crate::purge::after_release();
        } else {
            unmap(start, mapped);
        }
    }

    /// Keeps a freed mapping, in the place of the oldest ones where there is no room. Those are
    /// for the caller to unmap.
    fn keep(
        &self,
        inner: &Inner,
        place: (usize, usize, usize),
        evicted: &mut [Option<Cached>; HUGE_CACHE_MAPS],
    ) -> bool {
        let (start, bytes, touched) = place;
        if touched > HUGE_CACHE_BYTES {
            return false;
        }
        for gone in evicted {
            let is_room = inner.cached_bytes.get() + touched <= HUGE_CACHE_BYTES;
            if is_room && inner.cache.iter().any(|place| place.get().is_none()) {
                break;
            }
            let oldest = inner
                .cache
                .iter()
                .filter(|place| place.get().is_some())
                .min_by_key(|place| place.since_ms.get());
            *gone = oldest.and_then(Place::take);
            if let Some(gone) = gone {
                self.count_cache(inner, inner.cached_bytes.get() - gone.touched);
            }
        }
        let Some(place) = inner.cache.iter().find(|c| c.get().is_none()) else {
            return false;
        };
        place.fill(Cached {
            start,
            bytes,
            touched,
            since_ms: bedplate_os::clock::coarse_ms(),
        });
        self.count_cache(inner, inner.cached_bytes.get() + touched);
        true
    }

    /// Unmaps freed mappings that waited for the decay time, or all. Returns their bytes.
    pub(crate) fn purge(&self, all: bool) -> usize {
        if self.cached_bytes() == 0 {
            return 0;
        }
        let now = bedplate_os::clock::coarse_ms();
        let mut freed = 0;
        for i in 0..HUGE_CACHE_MAPS {
            let due = {
                let (_guard, inner) = self.enter();
                let due = inner.cache.get(i).and_then(|place| {
                    let due = place
                        .get()
                        .filter(|c| all || now.saturating_sub(c.since_ms) >= DECAY_MS);
                    due.inspect(|_| place.clear())
                });
                if let Some(c) = due {
                    self.count_cache(inner, inner.cached_bytes.get() - c.touched);
                }
                due
            };
            if let Some(c) = due {
                unmap(c.start, c.bytes);
                freed += c.touched;
            }
        }
        freed
    }

    /// Resizes a block, moving it if the space behind is taken. `None` if it stays as it was.
    pub(crate) fn resize(&self, slab: &'static Slab, bytes: usize) -> Option<NonNull<u8>> {
        let start = start_of(slab);
        let header = HugeHeader::at(start);
        let block = header.block.load(Ordering::Relaxed);
        let had = header.block_bytes.load(Ordering::Relaxed);
        let mapped = header.mapped_bytes.load(Ordering::Relaxed);
        let usable = harden::usable_of(bytes)?;
        let block_bytes = pages::round_up(usable.checked_add(TAIL_BYTES)?)?;
        harden::check_seals(slab, block, usable_of(slab));
        let offset = block - start;
        let wanted = block_bytes.checked_add(offset)?;
        let at = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(start))?;
        let whole = wanted.checked_next_multiple_of(SEGMENT_BYTES)?;
        // From here on a failure must end the charge.
        if block_bytes > had && !budget::charge(block_bytes - had) {
            return None;
        }
        let fits = wanted <= mapped && mapped <= whole;
        // SAFETY: the mapping is the block's, whose owner resizes it; what is cut off is unused.
        let in_place = fits || unsafe { pages::resize_in_place(at, mapped, whole) }.is_ok();
        let touched = header.touched_bytes.load(Ordering::Relaxed);
        let mut touched = touched.max(offset + had);
        if in_place {
            touched = touched.min(whole);
            if wanted < touched && decommit(start + wanted, touched - wanted) {
                touched = wanted;
            }
        }
        let mapped_now = if fits { mapped } else { whole };
        let moved = if in_place {
            Some(start)
        } else if offset == SLICE_BYTES {
            self.move_to_larger(start, mapped, whole)
        } else {
            None
        };
        let Some(start) = moved else {
            if block_bytes > had {
                budget::release(block_bytes - had);
            }
            return None;
        };
        if block_bytes < had {
            budget::release(had - block_bytes);
        }
        {
            let (_guard, _inner) = self.enter();
            let header = HugeHeader::at(start);
            header.block.store(start + offset, Ordering::Relaxed);
            header.block_bytes.store(block_bytes, Ordering::Relaxed);
            header.mapped_bytes.store(mapped_now, Ordering::Relaxed);
            header.touched_bytes.store(touched, Ordering::Relaxed);
        }
        let block = NonNull::new(core::ptr::with_exposed_provenance_mut(start + offset))?;
        seal(block, usable);
        Some(block)
    }

    /// Moves a mapping to where it has room. The pages move, their contents are not copied.
    fn move_to_larger(&self, start: usize, mapped: usize, wanted: usize) -> Option<usize> {
        let target = pages::map_aligned(0, wanted, SEGMENT_BYTES, Protection::ReadWrite).ok()?;
        let at = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(start))?;
        let to = target.as_ptr().expose_provenance();
        crate::territory::remove(start);
        let (_guard, _inner) = self.enter();
        self.unlist(start);
        // SAFETY: `target` is fresh and large enough; the block's owner gives the old place up,
        // and the list does not lead there any more.
        let moved = unsafe { pages::move_onto(at, mapped, target, wanted) };
        let now = if moved.is_ok() { to } else { start };
        // Where the kernel failed half-way the target may be gone already, and somebody else may
        // have its addresses by now: they are lost, not unmapped.
        crate::territory::add(now);
        let header = HugeHeader::at(now);
        header.block.store(now + SLICE_BYTES, Ordering::Relaxed);
        let first = self.first.load(Ordering::Relaxed);
        header.prev.store(0, Ordering::Relaxed);
        header.next.store(first, Ordering::Relaxed);
        if first != 0 {
            HugeHeader::at(first).prev.store(now, Ordering::Relaxed);
        }
        self.first.store(now, Ordering::Relaxed);
        moved.is_ok().then_some(now)
    }
}

/// Maps whole segments, so that each mapping ends where the next may begin and no call is spent
/// on alignment; where that is refused (`ulimit -v`, strict overcommit), just what is needed.
fn map_whole_segments(bytes: usize) -> Result<(usize, usize), bedplate_os::OsError> {
    let map = |bytes: usize| {
        pages::map_aligned(0, bytes, SEGMENT_BYTES, Protection::ReadWrite)
            .map(|at| (at.as_ptr().expose_provenance(), bytes))
    };
    match bytes.checked_next_multiple_of(SEGMENT_BYTES) {
        Some(whole) => map(whole).or_else(|_| map(bytes)),
        None => map(bytes),
    }
}

/// Gives pages behind a block's end back; false where the kernel refuses, and they keep their
/// contents.
fn decommit(start: usize, bytes: usize) -> bool {
    let at: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
    let Some(at) = NonNull::new(at) else {
        return false;
    };
    // SAFETY: the range is behind the block's end, inside its mapping.
    let is_given = unsafe { pages::decommit(at, bytes) }.is_ok();
    if !is_given {
        COUNTERS.failed_advice.add(1);
    }
    is_given
}

/// Maps a block at a multiple of 4 MiB or more: its header is the segment before it (raw I1).
fn map_far(
    block_bytes: usize,
    align: usize,
) -> Result<(usize, usize, usize), bedplate_os::OsError> {
    let too_large = bedplate_os::OsError::new(bedplate_os::Operation::Reserve, libc::ENOMEM);
    let bytes = block_bytes.checked_add(align).ok_or(too_large)?;
    let at = pages::map_aligned(0, bytes, align, Protection::ReadWrite)?;
    let front = align - SEGMENT_BYTES;
    let start = at.as_ptr().expose_provenance() + front;
    if front > 0 {
        // SAFETY: the front part is fresh and unused.
        unsafe { pages::release(at, front) }?;
    }
    Ok((start, SEGMENT_BYTES, SEGMENT_BYTES + block_bytes))
}

fn unmap(start: usize, bytes: usize) {
    crate::territory::remove(start);
    let at: *mut u8 = core::ptr::with_exposed_provenance_mut(start);
    if let Some(at) = NonNull::new(at) {
        // SAFETY: the mapping is off the list and out of the cache: nobody knows of it.
        match unsafe { pages::release(at, bytes) } {
            Ok(()) => COUNTERS.huge_unmaps.add(1),
            // The mapping stays; splitting was refused (vm.max_map_count) at worst.
            Err(_) => COUNTERS.failed_maps.add(1),
        }
    }
}
