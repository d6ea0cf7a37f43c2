//! The bump pointer.
//!
//! # Role
//! [`Space`]: hands out memory from front to back, and goes back to where it was.
//!
//! # Not here
//! Types (`items.rs`), and the right to go back: who calls [`Space::rewind`] has borrowed the space
//! alone.
//!
//! # Invariants
//! - I1: `start <= head <= end`, all three multiples of [`GRAIN`]; what lies between `start` and
//!   `end` can be read and written.
//! - I2: nothing at or behind `head` is handed out.
//! - I3: what lies at or behind `dirty` and `head` is zero: it was handed out to nobody since the
//!   kernel gave it.
//!
//! # Sources
//! The one compare, and what the audited original had in its place: docs/region.md.

use super::extent::{Extent, Refusal};
use super::place::{ALIGN_MAX, GRAIN, Place, place};
use super::poison;
use crate::ArenaError;
use bedplate_os::OsError;
use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::NonNull;

/// Memory that allocations come from: an arena's, or what a savepoint has of it.
pub struct Space {
    /// Where the next allocation begins.
    head: Cell<NonNull<u8>>,
    /// The address behind what can be used now.
    end: Cell<usize>,
    /// The offset behind what was ever handed out before the last time that `head` went back.
    dirty: Cell<usize>,
    /// The highest offset of `head`, before what `dirty` knows.
    high: Cell<usize>,
    extent: Extent,
}

/// A place to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(NonNull<u8>);

impl Space {
    /// A space over an extent whose steps so far are committed.
    pub(super) fn over(extent: Extent) -> Self {
        let start = extent.start();
        Self {
            head: Cell::new(start),
            end: Cell::new(start.addr().get() + extent.usable_bytes()),
            dirty: Cell::new(0),
            high: Cell::new(0),
            extent,
        }
    }

    /// Takes memory for a layout; `None` where it does not fit into what can be used now.
    #[inline]
    pub(super) fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.align() > GRAIN {
            return self.take_aligned(layout);
        }
        // The one compare: both sides are multiples of 64 (I1), so that a size which fits also fits
        // when it is rounded up, and the sums in `bump` cannot overflow.
        (layout.size() <= self.left()).then(|| self.bump(layout.size()))
    }

    /// Takes memory for items; `None` also for those that have no size or want more alignment than
    /// [`GRAIN`]. One compare here, too: so many items as fit cannot overflow.
    #[inline]
    pub(super) fn take_items<T>(&self, len: usize) -> Option<NonNull<u8>> {
        if size_of::<T>() == 0 || align_of::<T>() > GRAIN || len > self.left() / size_of::<T>() {
            return None;
        }
        Some(self.bump(len * size_of::<T>()))
    }

    /// Hands out bytes that are known to be left.
    #[inline]
    fn bump(&self, bytes: usize) -> NonNull<u8> {
        debug_assert!(bytes <= self.left());
        let at = self.head.get();
        let taken = (bytes + (GRAIN - 1)) & !(GRAIN - 1);
        // SAFETY: `taken` is at most what is left, since that is a multiple of 64 (I1).
        let next = unsafe { at.add(taken) };
        self.head.set(next);
        poison::given(at, bytes);
        at
    }

    /// The bytes between head and end.
    #[inline]
    fn left(&self) -> usize {
        self.end.get().wrapping_sub(self.head.get().addr().get())
    }

    /// The same for an alignment above [`GRAIN`], which few ask for.
    fn take_aligned(&self, layout: Layout) -> Option<NonNull<u8>> {
        let used = self.used_bytes();
        let Place { start, next } = place(used, layout)?;
        if layout.align() > ALIGN_MAX || next - used > self.left() {
            return None;
        }
        // SAFETY: `start` and `next` are at most the offset of the end (I1).
        let at = unsafe { self.extent.start().add(start) };
        // SAFETY: the same.
        let head = unsafe { self.extent.start().add(next) };
        self.head.set(head);
        poison::given(at, layout.size());
        Some(at)
    }

    /// The second try: commits what is wanted, or says what is missing.
    #[cold]
    #[inline(never)]
    pub(super) fn take_slow(&self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        if layout.align() > ALIGN_MAX {
            let asked_bytes = layout.align();
            return Err(ArenaError::Alignment { asked_bytes });
        }
        let used = self.used_bytes();
        let next = place(used, layout).map_or(usize::MAX, |place| place.next);
        if next <= self.extent.bytes() {
            self.extent.commit_to(next)?;
            self.see_extent();
            if let Some(at) = self.take(layout) {
                return Ok(at);
            }
        }
        Err(ArenaError::OutOfMemory {
            need_bytes: next - used,
            have_bytes: self.extent.bytes() - used,
            high_water_bytes: self.high_water_bytes(),
            capacity_bytes: self.extent.bytes(),
        })
    }

    /// Commits the whole capacity.
    pub(super) fn commit_all(&self) -> Result<(), Refusal> {
        self.extent.commit_to(self.extent.bytes())?;
        self.see_extent();
        Ok(())
    }

    fn see_extent(&self) {
        let start = self.extent.start().addr().get();
        self.end.set(start + self.extent.usable_bytes());
    }

    /// Where the space is now.
    #[inline]
    pub(super) const fn mark(&self) -> Mark {
        Mark(self.head.get())
    }

    /// The front of the space.
    #[inline]
    pub(super) const fn front(&self) -> Mark {
        Mark(self.extent.start())
    }

    /// Goes back to a mark of this space: nothing that was handed out since is in use any more.
    #[inline]
    pub(super) fn rewind(&self, to: Mark) {
        let head = self.head.get();
        let start = self.extent.start().addr().get();
        let used = head.addr().get() - start;
        if used > self.dirty.get() {
            self.dirty.set(used);
        }
        poison::freed(to.0, head.addr().get() - to.0.addr().get());
        self.head.set(to.0);
    }

    /// Makes the last allocation longer where it stands; `false` where it is not the last, or where
    /// there is no room behind it.
    #[cfg(feature = "allocator-api2")]
    pub(super) fn extend_last(&self, at: NonNull<u8>, old_bytes: usize, new_bytes: usize) -> bool {
        let Some(next) = self.next_behind(at, new_bytes) else {
            return false;
        };
        if !self.is_last(at, old_bytes) || self.extent.commit_to(next).is_err() {
            return false;
        }
        self.see_extent();
        // SAFETY: the extent holds `next` bytes (`next_behind`).
        let head = unsafe { self.extent.start().add(next) };
        self.head.set(head);
        // SAFETY: the old bytes end before the new ones do.
        let added = unsafe { at.add(old_bytes) };
        poison::given(added, new_bytes - old_bytes);
        true
    }

    /// Makes the last allocation shorter where it stands, to nothing even; any other stays as it is.
    #[cfg(feature = "allocator-api2")]
    pub(super) fn shorten_last(&self, at: NonNull<u8>, old_bytes: usize, new_bytes: usize) {
        if !self.is_last(at, old_bytes) {
            return;
        }
        if let Some(next) = self.next_behind(at, new_bytes) {
            // SAFETY: the extent holds `next` bytes (`next_behind`).
            let head = unsafe { self.extent.start().add(next) };
            self.rewind(Mark(head));
        }
    }

    #[cfg(feature = "allocator-api2")]
    fn is_last(&self, at: NonNull<u8>, bytes: usize) -> bool {
        self.next_behind(at, bytes) == Some(self.used_bytes())
    }

    /// The offset of the next allocation behind one; `None` where the capacity ends before.
    #[cfg(feature = "allocator-api2")]
    fn next_behind(&self, at: NonNull<u8>, bytes: usize) -> Option<usize> {
        let offset = at.addr().get() - self.extent.start().addr().get();
        let next = offset.checked_add(super::place::grains(bytes)?)?;
        (next <= self.extent.bytes()).then_some(next)
    }

    /// How many bytes at `at` must be written before all of them are zero.
    pub(super) fn unclean_bytes(&self, at: NonNull<u8>, bytes: usize) -> usize {
        let offset = at.addr().get() - self.extent.start().addr().get();
        self.dirty.get().saturating_sub(offset).min(bytes)
    }

    /// Gives memory that is not in use back to the kernel; how many bytes.
    pub(super) fn trim(&self) -> Result<usize, OsError> {
        let (from, bytes) = self.extent.give_back_behind(self.used_bytes())?;
        self.high.set(self.high_water_bytes());
        self.dirty.set(self.dirty.get().min(from));
        self.see_extent();
        Ok(bytes)
    }

    /// Takes back what the budget was charged: the memory is the kernel's again.
    pub(super) fn end(&self) {
        self.extent.end();
    }

    /// All bytes.
    #[must_use]
    pub const fn capacity_bytes(&self) -> usize {
        self.extent.bytes()
    }

    /// The bytes that are taken now, alignment included.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.head.get().addr().get() - self.extent.start().addr().get()
    }

    /// The bytes that are free.
    #[must_use]
    pub fn free_bytes(&self) -> usize {
        self.capacity_bytes() - self.used_bytes()
    }

    /// The most bytes that were taken at a time: the capacity that would have been enough.
    #[must_use]
    pub fn high_water_bytes(&self) -> usize {
        self.high.get().max(self.dirty.get()).max(self.used_bytes())
    }

    /// The bytes that are committed, in whole OS pages: what a budget is charged.
    #[must_use]
    pub const fn committed_bytes(&self) -> usize {
        self.extent.committed_bytes()
    }
}

// SAFETY: the cells are reached by whoever holds the space; it is not `Sync`, so that this is one
// thread at a time. The memory is no thread's own. (A test that it is not `Sync` does not compile.)
unsafe impl Send for Space {}

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Space")
            .field("used_bytes", &self.used_bytes())
            .field("capacity_bytes", &self.capacity_bytes())
            .field("high_water_bytes", &self.high_water_bytes())
            .finish_non_exhaustive()
    }
}
