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
//! - I1: `start <= head <= end` and `start <= top <= end`, multiples of [`GRAIN`] in the extent; what
//!   lies before `end` can be read and written.
//! - I2: nothing between `head` and `end` is handed out.
//! - I3: what lies behind both `top` and `head` is zero: it was handed out to nobody since the kernel
//!   gave it.
//! - I4: addresses and the size of a `Layout` are at most `isize::MAX`, so that neither a size rounded
//!   up nor its sum with an address overflows.
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
///
/// What an allocation reads lies in front: addresses of memory that need no offset take shorter
/// instructions (docs/numbers.md, "Region").
#[repr(C)]
pub struct Space {
    /// Where the next allocation begins.
    head: Cell<NonNull<u8>>,
    /// Behind what can be used now.
    end: Cell<NonNull<u8>>,
    /// Where the first allocation begins.
    start: NonNull<u8>,
    /// The furthest head before the last time that the space went back.
    top: Cell<NonNull<u8>>,
    /// The most bytes that were in use, before what `top` knows.
    high: Cell<usize>,
    extent: Extent,
}

/// A place to go back to: a head of before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(NonNull<u8>);

impl Space {
    /// A space over an extent whose steps so far are committed.
    pub(super) fn over(extent: Extent) -> Self {
        let start = extent.start();
        // Cheap, and what the sums of every allocation rest on (I4).
        assert!(
            isize::try_from(start.addr().get() + extent.bytes()).is_ok(),
            "the kernel gives a process the lower half of the addresses"
        );
        let space = Self {
            head: Cell::new(start),
            end: Cell::new(start),
            start,
            top: Cell::new(start),
            high: Cell::new(0),
            extent,
        };
        space.see_extent();
        space
    }

    /// Takes memory for a layout; `None` where it does not fit into what can be used now.
    #[inline]
    pub(super) fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.align() > GRAIN {
            return self.take_aligned(layout);
        }
        let head = self.head.get();
        // The size is rounded before the head is known, so that an allocation waits for one sum of the
        // one before it. Neither overflows (I4).
        let taken = layout.size().wrapping_add(GRAIN - 1) & !(GRAIN - 1);
        let next = head.addr().get().wrapping_add(taken);
        if next > self.end.get().addr().get() {
            return None;
        }
        Some(self.bump(head, taken, layout.size()))
    }

    /// Takes memory for items; `None` also for those that have no size or want more alignment than
    /// [`GRAIN`]. One compare here, too: so many items as fit cannot overflow.
    #[inline]
    pub(super) fn take_items<T>(&self, len: usize) -> Option<NonNull<u8>> {
        let head = self.head.get();
        let left = self.end.get().addr().get() - head.addr().get();
        if size_of::<T>() == 0 || align_of::<T>() > GRAIN || len > left / size_of::<T>() {
            return None;
        }
        let bytes = len * size_of::<T>();
        // What is left is whole grains (I1): what fits also fits when it is rounded up.
        let taken = bytes.wrapping_add(GRAIN - 1) & !(GRAIN - 1);
        Some(self.bump(head, taken, bytes))
    }

    /// Hands out `bytes` of the `taken` bytes behind the head, which are whole grains before the end.
    #[inline]
    fn bump(&self, head: NonNull<u8>, taken: usize, bytes: usize) -> NonNull<u8> {
        debug_assert!(head == self.head.get() && taken.is_multiple_of(GRAIN) && bytes <= taken);
        // SAFETY: so many bytes behind the head are the extent's own, by the caller's compare (I1).
        let next = unsafe { head.add(taken) };
        self.head.set(next);
        poison::given(head, bytes);
        head
    }

    /// The same for an alignment above [`GRAIN`], which few ask for.
    fn take_aligned(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.align() > ALIGN_MAX {
            return None;
        }
        let used = self.used_bytes();
        let Place { start, next } = place(used, layout)?;
        if next > self.usable_bytes() {
            return None;
        }
        self.head.set(self.at(next));
        let at = self.at(start);
        poison::given(at, layout.size());
        Some(at)
    }

    /// The address at an offset, at most the capacity.
    fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset <= self.extent.bytes());
        // SAFETY: the offset is inside the extent, as its callers count (I1).
        unsafe { self.start.add(offset) }
    }

    /// The offset of an address in the extent.
    const fn offset(&self, at: NonNull<u8>) -> usize {
        // SAFETY: both lie in the extent or at its end (I1), and no head lies before the start.
        unsafe { at.offset_from_unsigned(self.start) }
    }

    /// The bytes that can be used now.
    const fn usable_bytes(&self) -> usize {
        self.offset(self.end.get())
    }

    /// The second try: commits what is wanted, or says what is missing.
    #[cold]
    #[inline(never)]
    pub(super) fn take_slow(&self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        if layout.align() > ALIGN_MAX {
            let asked_bytes = layout.align();
            return Err(ArenaError::Alignment { asked_bytes });
        }
        // Ends: a turn that is not the last one saw less in use than the next does.
        loop {
            let used = self.used_bytes();
            let next = place(used, layout).map_or(usize::MAX, |place| place.next);
            if next <= self.extent.bytes() {
                self.extent.commit_to(next)?;
                self.see_extent();
                if let Some(at) = self.take(layout) {
                    return Ok(at);
                }
                // The budget's subscriber took what was there meanwhile.
                if self.used_bytes() > used {
                    continue;
                }
            }
            return Err(ArenaError::OutOfMemory {
                need_bytes: next - used,
                have_bytes: self.extent.bytes() - used,
                high_water_bytes: self.high_water_bytes(),
                capacity_bytes: self.extent.bytes(),
            });
        }
    }

    /// Commits the whole capacity.
    pub(super) fn commit_all(&self) -> Result<(), Refusal> {
        self.extent.commit_to(self.extent.bytes())?;
        self.see_extent();
        Ok(())
    }

    /// Takes notice of what can be used now; what is in use stays so.
    fn see_extent(&self) {
        let usable = self.extent.usable_bytes();
        debug_assert!(self.used_bytes() <= usable && self.dirty_bytes() <= usable);
        self.end.set(self.at(usable));
    }

    /// Where the space is now.
    #[inline]
    pub(super) const fn mark(&self) -> Mark {
        Mark(self.head.get())
    }

    /// Goes back to the front.
    #[inline]
    pub(super) fn reset(&self) {
        self.rewind(Mark(self.start));
    }

    /// Goes back to a mark of this space: nothing that was handed out since is in use any more.
    #[inline]
    pub(super) fn rewind(&self, Mark(to): Mark) {
        let head = self.head.get();
        debug_assert!(self.start <= to && to <= head);
        if head > self.top.get() {
            self.top.set(head);
        }
        if poison::IS_TOLD {
            poison::freed(to, self.offset(head) - self.offset(to));
        }
        self.head.set(to);
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
        // The budget's subscriber may have put something behind it meanwhile.
        if !self.is_last(at, old_bytes) {
            return false;
        }
        self.head.set(self.at(next));
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
            self.rewind(Mark(self.at(next)));
        }
    }

    #[cfg(feature = "allocator-api2")]
    fn is_last(&self, at: NonNull<u8>, bytes: usize) -> bool {
        self.next_behind(at, bytes) == Some(self.used_bytes())
    }

    /// The offset of the next allocation behind one; `None` where the capacity ends before.
    #[cfg(feature = "allocator-api2")]
    fn next_behind(&self, at: NonNull<u8>, bytes: usize) -> Option<usize> {
        let offset = at.addr().get() - self.start.addr().get();
        let next = offset.checked_add(super::place::grains(bytes)?)?;
        (next <= self.extent.bytes()).then_some(next)
    }

    /// How many bytes at `at` must be written before all of them are zero.
    pub(super) fn unclean_bytes(&self, at: NonNull<u8>, bytes: usize) -> usize {
        let offset = at.addr().get() - self.start.addr().get();
        self.dirty_bytes().saturating_sub(offset).min(bytes)
    }

    /// The offset behind what was in use before the last time that the space went back.
    const fn dirty_bytes(&self) -> usize {
        self.offset(self.top.get())
    }

    /// Gives memory that is not in use back to the kernel; how many bytes.
    pub(super) fn trim(&self) -> Result<usize, OsError> {
        let (from, bytes) = self.extent.give_back_behind(self.used_bytes())?;
        self.high.set(self.high_water_bytes());
        let dirty = self.dirty_bytes().min(from);
        self.top.set(self.at(dirty));
        self.see_extent();
        // Last: a subscriber that panics leaves a space that knows what it has.
        self.extent.uncharge_steps(bytes);
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
    #[inline]
    pub const fn used_bytes(&self) -> usize {
        self.offset(self.head.get())
    }

    /// The bytes that are free.
    #[must_use]
    pub const fn free_bytes(&self) -> usize {
        self.capacity_bytes() - self.used_bytes()
    }

    /// The most bytes that were taken at a time: the capacity that would have been enough.
    #[must_use]
    pub fn high_water_bytes(&self) -> usize {
        self.high
            .get()
            .max(self.dirty_bytes())
            .max(self.used_bytes())
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
