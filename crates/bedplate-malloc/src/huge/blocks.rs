//! All huge blocks: taken, given back, resized.
//!
//! # Role
//! The list of live blocks, and what of freed ones is kept and for how long.
//!
//! # Invariants
//! - I1: the list of live blocks and the extents are touched under `lock` only.

use super::extents::{Extent, Extents};
use super::header::{self, HugeHeader, Sizes, seal, start_of, usable_of};
use super::mapping::{self, Resized, decommit, unmap};
use crate::budget;
use crate::counters::COUNTERS;
use crate::harden::{self, TAIL_BYTES};
use crate::slab::{Kind, Slab};
use crate::tuning::{
    DECAY_MS, HUGE_KEPT_BYTES, HUGE_KEPT_SHARE, HUGE_WASTE_SHARE, SEGMENT_BYTES, SLICE_BYTES,
};
use crate::zero::Used;
use bedplate_os::clock;
use bedplate_os::lock::{Guard, Lock};
use bedplate_os::pages::{self, Protection};
use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
#[repr(C)]
struct Inner {
    extents: Extents,
    /// Bytes of live blocks, with what stands before them.
    live_bytes: Cell<usize>,
    /// Bytes behind the ends of live blocks that were touched.
    waste_bytes: Cell<usize>,
    /// The most that it was within the decay time.
    peak_bytes: Cell<usize>,
    /// When it was.
    peak_ms: Cell<u64>,
}

impl Inner {
    /// A block of these sizes is live from now on.
    fn count(&self, sizes: Sizes) {
        self.live_bytes.set(self.live_bytes.get() + sizes.end());
        self.waste_bytes.set(self.waste_bytes.get() + sizes.waste());
    }

    /// And is so no more.
    fn discount(&self, sizes: Sizes) {
        self.live_bytes.set(self.live_bytes.get() - sizes.end());
        self.waste_bytes.set(self.waste_bytes.get() - sizes.waste());
    }

    /// How many touched bytes a block that takes `wanted` may have behind its end: of all live
    /// blocks together at most one part in so many, and of each an eighth in any case.
    fn may_waste(&self, wanted: usize) -> usize {
        let all = self.live_bytes.get() / HUGE_WASTE_SHARE;
        let left = all.saturating_sub(self.waste_bytes.get());
        left.min(SEGMENT_BYTES).max(wanted / HUGE_WASTE_SHARE)
    }

    /// Bytes that may be kept: so many that with live mappings they are hardly more than those
    /// were lately.
    fn allowed(&self, now_ms: u64) -> usize {
        let live = self.live_bytes.get();
        let is_old = now_ms.saturating_sub(self.peak_ms.get()) >= DECAY_MS;
        if live >= self.peak_bytes.get() || is_old {
            self.peak_bytes.set(live);
            self.peak_ms.set(now_ms);
        }
        let peak = self.peak_bytes.get();
        (peak - live + peak / HUGE_KEPT_SHARE).max(HUGE_KEPT_BYTES)
    }
}

/// All huge blocks.
#[derive(Debug)]
pub(crate) struct HugeBlocks {
    lock: Lock,
    inner: UnsafeCell<Inner>,
    /// The newest live block's header start, 0 for none. Written under the lock.
    pub first: AtomicUsize,
    /// Bytes kept, for readers without the lock.
    cached: AtomicUsize,
}

// SAFETY: `inner` is reached through `enter` alone, which holds `lock` (I1).
unsafe impl Sync for HugeBlocks {}

/// The huge blocks of this copy of the allocator.
pub(crate) static HUGE: HugeBlocks = HugeBlocks {
    lock: Lock::new(),
    inner: UnsafeCell::new(Inner {
        extents: Extents::new(),
        live_bytes: Cell::new(0),
        waste_bytes: Cell::new(0),
        peak_bytes: Cell::new(0),
        peak_ms: Cell::new(0),
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
        // SAFETY: the lock is held while the guard lives (I1); nothing makes a `&mut Inner`.
        let inner = unsafe { &*self.inner.get() };
        (guard, inner)
    }

    /// The lock, for fork handlers.
    #[must_use]
    pub(crate) const fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Address of the places of extents, for the root page.
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
        let mapped = mapping::map(block_bytes, align)?;
        let sizes = Sizes {
            offset: mapped.offset,
            block: block_bytes,
            mapped: mapped.bytes,
            touched: mapped.offset,
        };
        let block = self.enlist(mapped.start, sizes)?;
        // What is kept pays for what is new.
        self.trim_kept();
        Some(Taken {
            block,
            used: Used::NOTHING,
        })
    }

    /// Writes the header and the record and puts the block on the list.
    fn enlist(&self, start: usize, sizes: Sizes) -> Option<NonNull<u8>> {
        let (header, block) = HugeHeader::write(start, sizes)?;
        crate::territory::add(start);
        let (_guard, inner) = self.enter();
        self.link(start, header);
        inner.count(sizes);
        Some(block)
    }

    /// Puts a header on the list. The lock is held.
    fn link(&self, start: usize, header: &HugeHeader) {
        let first = self.first.load(Ordering::Relaxed);
        header.prev.store(0, Ordering::Relaxed);
        header.next.store(first, Ordering::Relaxed);
        if first != 0 {
            HugeHeader::at(first).prev.store(start, Ordering::Relaxed);
        }
        self.first.store(start, Ordering::Relaxed);
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
        if align >= SEGMENT_BYTES || self.cached_bytes() == 0 {
            return None;
        }
        let offset = align.max(SLICE_BYTES);
        let wanted = block_bytes.checked_add(offset)?;
        let (found, may_waste) = {
            let (_guard, inner) = self.enter();
            let found = inner.extents.take(wanted)?;
            self.tell_kept(inner);
            (found, inner.may_waste(wanted))
        };
        let mut touched = found.touched;
        // Of a block that shall be zero, nothing: to write zeros would give it all its pages, of which
        // the program may want few.
        let keep = match wish {
            Wish::Zeroed => offset,
            Wish::Anything => wanted + may_waste,
        };
        let end = keep.min(wanted);
        if touched > keep && decommit(found.start + end, touched - end) {
            touched = end;
        }
        // SAFETY: the extent is this call's alone.
        unsafe { header::wipe(found.start) };
        COUNTERS.huge_reused.add(1);
        let sizes = Sizes {
            offset,
            block: block_bytes,
            mapped: found.bytes,
            touched,
        };
        let block = self.enlist(found.start, sizes)?;
        Some(Taken {
            block,
            used: Used::Front(touched.saturating_sub(offset)),
        })
    }

    fn tell_kept(&self, inner: &Inner) {
        self.cached.store(inner.extents.bytes(), Ordering::Relaxed);
    }

    /// Gives a block back: its mapping is kept for a while.
    pub(crate) fn give(&self, slab: &'static Slab) {
        let start = start_of(slab);
        let header = HugeHeader::at(start);
        let sizes = header.sizes();
        budget::release(sizes.block);
        let extent = Extent {
            start,
            bytes: sizes.mapped,
            touched: sizes.touched.max(sizes.end()),
            since_ms: clock::coarse_ms(),
        };
        let is_kept = {
            // Under the lock: a child forked meanwhile must not find a listed block without magic.
            let (_guard, inner) = self.enter();
            self.unlist(start);
            inner.discount(sizes);
            header.magic.store(0, Ordering::Relaxed);
            slab.kind.store(Kind::Free as u8, Ordering::Relaxed);
            let is_kept = inner.extents.put(extent);
            self.tell_kept(inner);
            is_kept
        };
        if !is_kept {
            unmap(start, sizes.mapped);
        }
        self.trim_kept();
        crate::purge::after_release();
    }

    /// Unmaps what is more than may be kept.
    fn trim_kept(&self) {
        let now = clock::coarse_ms();
        // Under `ulimit -v` or `-d` what is kept is what the program itself cannot map.
        let is_limited = self.cached_bytes() > HUGE_KEPT_BYTES
            && matches!(pages::address_space_limit(), Ok(Some(_)));
        let most = if is_limited {
            HUGE_KEPT_BYTES
        } else {
            usize::MAX
        };
        self.unmap_each(|inner| inner.extents.take_surplus(inner.allowed(now).min(most)));
    }

    /// Other memory grew by as many bytes: so much less is kept.
    pub(crate) fn make_room(&self, bytes: usize) {
        if self.cached_bytes() > HUGE_KEPT_BYTES {
            let left = self
                .cached_bytes()
                .saturating_sub(bytes)
                .max(HUGE_KEPT_BYTES);
            self.unmap_each(|inner| inner.extents.take_surplus(left));
        }
    }

    /// Unmaps what `next` takes, until it takes nothing. Returns the bytes.
    fn unmap_each(&self, next: impl Fn(&Inner) -> Option<Extent>) -> usize {
        let mut bytes = 0;
        // Bounded by what is kept: each turn takes some of it.
        while self.cached_bytes() != 0 {
            let taken = {
                let (_guard, inner) = self.enter();
                let taken = next(inner);
                self.tell_kept(inner);
                taken
            };
            let Some(extent) = taken else { break };
            // Not under the lock: to give many pages back takes long.
            unmap(extent.start, extent.bytes);
            bytes += extent.bytes;
        }
        bytes
    }

    /// Unmaps freed mappings that waited for the decay time, or all. Returns their bytes.
    pub(crate) fn purge(&self, all: bool) -> usize {
        let now = clock::coarse_ms();
        let before = if all {
            u64::MAX
        } else {
            now.saturating_sub(DECAY_MS)
        };
        self.unmap_each(|inner| inner.extents.take_older(before))
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
        let whole = wanted.checked_next_multiple_of(SEGMENT_BYTES)?;
        // From here on a failure must end the charge.
        if block_bytes > had && !budget::charge(block_bytes - had) {
            return None;
        }
        let fits = wanted <= mapped && mapped <= whole;
        let resized = if fits {
            Resized::Done
        } else {
            mapping::resize_in_place(start, mapped, whole)
        };
        let touched = header.touched_bytes.load(Ordering::Relaxed);
        let mut touched = touched.max(offset + had);
        if resized == Resized::Done {
            touched = touched.min(whole);
            if wanted < touched && decommit(start + wanted, touched - wanted) {
                touched = wanted;
            }
        }
        let mapped_now = if fits { mapped } else { whole };
        let moved = match resized {
            Resized::Done => Some(start),
            Resized::Stays if offset == SLICE_BYTES => self.move_to_larger(start, mapped, whole),
            Resized::Stays | Resized::Fixed => None,
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
            let (_guard, inner) = self.enter();
            let header = HugeHeader::at(start);
            inner.discount(header.sizes());
            let sizes = Sizes {
                offset,
                block: block_bytes,
                mapped: mapped_now,
                touched,
            };
            header.store(start, sizes);
            inner.count(sizes);
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
        self.link(now, header);
        moved.is_ok().then_some(now)
    }
}
