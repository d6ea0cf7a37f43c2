//! Thread heaps.
//!
//! # Role
//! The slabs of one thread: the current one of each class, queues of those with free blocks,
//! lists of sparse ones, a list of full ones, and the stack by which other threads tell of remote
//! frees.
//!
//! # Not here
//! What happens on a miss (`miss.rs`), who owns a heap when (`owners.rs`).
//!
//! # Invariants
//! - I1: `direct[i]` is `current[class]` for each entry i of the class.
//! - I2: a heap is never freed; when its thread ends it is parked and later adopted whole.
//! - I3: cells are touched by the thread in `thread`, or under the heaps lock where it is 0.
//! - I4: every full, queued or sparse slab is watched, or told and on its way to `ready`
//!   (slab.watched); but for lent ones (`sparse.rs`).

use crate::class::{CLASSES, DIRECT, DIRECT_ENTRIES};
use crate::hollow;
use crate::list::List;
use crate::profile::Distances;
use crate::raw;
use crate::remote::ReadyStack;
use crate::slab::{EMPTY, Slab, State};
use crate::tuning::RETURN_SHARE;
use core::cell::Cell;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};

/// Whose a heap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Standing {
    /// A thread's.
    Attached = 0,
    /// Nobody's: waiting to be adopted.
    Parked = 1,
    /// Its thread was in the middle of a slow path when the process forked: left alone for ever.
    Lost = 2,
}

/// A thread's heap.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Heap {
    /// The slab that serves a small request, by `(bytes + 15) / 16`; and a spare entry that takes
    /// the writes of classes without any.
    pub direct: [Cell<&'static Slab>; DIRECT + 1],
    /// The slab allocated from, by class.
    pub current: [Cell<&'static Slab>; CLASSES],
    /// Slabs with free blocks, by class, oldest first.
    pub queues: [List; CLASSES],
    /// Slabs without.
    pub full: List,
    /// Slabs with few blocks handed out, by class, oldest first.
    pub sparse: [List; CLASSES],
    /// Slices of those.
    pub sparse_slices: Cell<u32>,
    /// Slices that became sparse since the heap last looked for a slab to allocate from.
    pub sparse_run: Cell<u32>,
    /// Slices of them that are kept beyond the usual, and since when, in coarse milliseconds
    /// (`sparse.rs`).
    pub sparse_kept: Cell<u32>,
    pub sparse_kept_ms: Cell<u64>,
    /// Slabs with remote frees. Written by all.
    pub ready: ReadyStack,
    /// Slices of the slabs told of since the owner last took up what others freed. Written by all.
    pub told: AtomicU32,
    /// How often the owner did so. Written by the owner.
    pub drains: AtomicU32,
    /// `drains` when the purge thread last looked. Written by the purge thread.
    pub seen_drains: AtomicU32,
    /// Number of the thread that may touch the cells; 0 for none.
    pub thread: AtomicUsize,
    /// Not 0 while the thread is in a slow path: such a heap does not survive a fork.
    pub busy: AtomicU8,
    /// Whose the heap is. Written under the heaps lock.
    pub standing: AtomicU8,
    /// The heap made before this one, 0 for none. Written once.
    pub older: AtomicUsize,
    /// While parked: bytes of its current slabs, and since when, in coarse milliseconds. Under the
    /// heaps lock.
    pub kept_bytes: Cell<usize>,
    pub parked_ms: Cell<u64>,
    /// Next of the parked heaps. Under the heaps lock.
    pub next_parked: Cell<Option<&'static Self>>,
    /// Where the next samples lie; none unless allocations are sampled.
    pub profile: Cell<Option<&'static Distances>>,
}

// SAFETY: cells are touched by one thread at a time (I3); the heaps lock orders the hand-overs.
unsafe impl Sync for Heap {}
// SAFETY: cells are touched by one thread at a time (slab I2); the heaps lock orders the
// hand-overs, and remote frees go through `Shared`.
unsafe impl Sync for Slab {}

/// The heap of a thread that has none yet: every list is empty. Never written.
pub(crate) static NO_HEAP: Heap = Heap::new();

impl Heap {
    /// A heap without slabs.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self {
            direct: [const { Cell::new(&EMPTY) }; DIRECT + 1],
            current: [const { Cell::new(&EMPTY) }; CLASSES],
            queues: [const { List::new() }; CLASSES],
            full: List::new(),
            sparse: [const { List::new() }; CLASSES],
            sparse_slices: Cell::new(0),
            sparse_run: Cell::new(0),
            sparse_kept: Cell::new(0),
            sparse_kept_ms: Cell::new(0),
            ready: ReadyStack::new(),
            told: AtomicU32::new(0),
            drains: AtomicU32::new(0),
            seen_drains: AtomicU32::new(u32::MAX),
            thread: AtomicUsize::new(0),
            busy: AtomicU8::new(0),
            standing: AtomicU8::new(Standing::Parked as u8),
            older: AtomicUsize::new(0),
            kept_bytes: Cell::new(0),
            parked_ms: Cell::new(0),
            next_parked: Cell::new(None),
            profile: Cell::new(None),
        }
    }

    /// The same for a number that is no thread's.
    #[must_use]
    pub(crate) const fn numbered(number: usize) -> Self {
        let mut heap = Self::new();
        heap.thread = AtomicUsize::new(number);
        heap
    }

    /// True if both are the same heap.
    #[must_use]
    pub(crate) fn is(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }

    /// Marks the heap as being in a slow path while `work` runs.
    #[inline(always)]
    pub(crate) fn while_busy<T>(&self, work: impl FnOnce() -> T) -> T {
        // Relaxed: read by the child of a fork, which sees this thread's stores in order.
        let before = self.busy.load(Ordering::Relaxed);
        self.busy.store(before + 1, Ordering::Relaxed);
        core::sync::atomic::compiler_fence(Ordering::SeqCst);
        let result = work();
        core::sync::atomic::compiler_fence(Ordering::SeqCst);
        self.busy.store(before, Ordering::Relaxed);
        result
    }

    /// The slab allocated from in a class.
    #[must_use]
    pub(crate) fn current_of(&self, class: usize) -> &'static Slab {
        self.current.get(class).map_or(&EMPTY, Cell::get)
    }

    /// The queue of a class.
    #[must_use]
    #[inline(always)]
    pub(crate) fn queue(&self, class: usize) -> &List {
        debug_assert!(class < CLASSES);
        // SAFETY: classes are below CLASSES (slab.class is only ever written with one).
        unsafe { self.queues.get_unchecked(class) }
    }

    /// The sparse slabs of a class.
    #[must_use]
    pub(crate) fn sparse_of(&self, class: usize) -> &List {
        debug_assert!(class < CLASSES);
        // SAFETY: as in `queue`.
        unsafe { self.sparse.get_unchecked(class) }
    }

    /// Makes a slab, or [`EMPTY`], the one allocated from in a class (I1).
    #[inline(always)]
    pub(crate) fn set_current(&self, class: usize, slab: &'static Slab) {
        debug_assert!(class < CLASSES);
        // SAFETY: classes are below CLASSES (slab.class is only ever written with one).
        unsafe { self.current.get_unchecked(class) }.set(slab);
        // SAFETY: as above.
        let entries = unsafe { DIRECT_ENTRIES.get_unchecked(class) };
        for entry in entries {
            // SAFETY: the table holds entries up to DIRECT, and `direct` has one more than DIRECT.
            unsafe { self.direct.get_unchecked(usize::from(*entry)) }.set(slab);
        }
    }

    /// Makes a slab this heap's.
    pub(crate) fn own(&'static self, slab: &'static Slab) {
        let heap = core::ptr::from_ref(self).cast_mut();
        // Relaxed: published by `watch`, or by the block's address being handed out.
        raw::shared(slab).heap.store(heap, Ordering::Relaxed);
        raw::owner(slab).store(self.thread.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Calls `each` for every slab that is full, queued or sparse.
    pub(crate) fn for_each_waiting(&self, mut each: impl FnMut(&'static Slab)) {
        self.full.for_each(&mut each);
        self.queues
            .iter()
            .chain(&self.sparse)
            .for_each(|queue| queue.for_each(&mut each));
    }

    /// Calls `each` for every slab that is allocated from.
    pub(crate) fn for_each_current(&self, mut each: impl FnMut(&'static Slab)) {
        self.current
            .iter()
            .map(Cell::get)
            .filter(|slab| !slab.is(&EMPTY))
            .for_each(&mut each);
    }

    /// Writes the heap's thread into its slabs.
    pub(crate) fn stamp(&self, thread: usize) {
        self.thread.store(thread, Ordering::Relaxed);
        let owned = |slab: &'static Slab| raw::owner(slab).store(thread, Ordering::Relaxed);
        self.for_each_waiting(owned);
        self.for_each_current(owned);
    }

    /// Puts a slab whose list is empty on the full list and watches it. False if remote frees
    /// came meanwhile: the slab is as before.
    pub(crate) fn retire_full(&self, slab: &'static Slab) -> bool {
        if !slab.watched.get() {
            if !raw::shared(slab).remote.watch() {
                return false;
            }
            slab.watched.set(true);
        }
        slab.enter(State::Full, return_threshold(slab.capacity()));
        self.full.push_back(slab);
        true
    }

    /// Puts a slab with `out` blocks not on its list into its queue, or among the sparse ones.
    pub(crate) fn enqueue(&self, slab: &'static Slab, out: u32) {
        let limit = sparse_limit(slab.capacity());
        if out > limit {
            slab.enter(State::Queued, out - limit);
            self.queue(slab.class()).push_back(slab);
        } else {
            slab.enter(State::Sparse, out);
            self.sparse_of(slab.class()).push_back(slab);
            self.sparse_slices
                .set(self.sparse_slices.get() + slices_of(slab));
        }
    }

    /// Takes a slab off the list or queue it is on.
    pub(crate) fn unlist(&self, slab: &'static Slab) {
        match slab.state() {
            State::Full => self.full.remove(slab),
            State::Queued => self.queue(slab.class()).remove(slab),
            State::Sparse => {
                self.sparse_of(slab.class()).remove(slab);
                self.sparse_slices
                    .set(self.sparse_slices.get() - slices_of(slab));
            }
            State::Current => {}
        }
    }

    /// Watches a slab again if it is not. What came meanwhile is left for the next look: the
    /// caller must look again where this is false.
    #[must_use]
    pub(crate) fn rewatch(slab: &'static Slab) -> bool {
        if !slab.watched.get() {
            if !raw::shared(slab).remote.watch() {
                return false;
            }
            slab.watched.set(true);
        }
        true
    }

    /// Gives an empty slab that is on no list back to the pool, unless somebody is about to tell
    /// of it: then it stays, queued, until the ready stack is drained.
    pub(crate) fn release(&self, slab: &'static Slab) {
        if slab.watched.get() {
            if !raw::shared(slab).remote.unwatch() {
                self.enqueue(slab, 0);
                return;
            }
            slab.watched.set(false);
        }
        give_back(slab);
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

/// Slices of a slab.
pub(crate) fn slices_of(slab: &Slab) -> u32 {
    u32::from(slab.slices.load(Ordering::Relaxed))
}

/// Frees after which a full slab is queued.
#[must_use]
pub(crate) fn return_threshold(capacity: u32) -> u32 {
    (capacity / RETURN_SHARE).max(1)
}

/// Frees of a full slab of which a quarter of its blocks are not yet: after them it is sparse.
/// Chosen so that to queue a full slab takes no more instructions than before there were sparse
/// ones.
#[must_use]
#[inline(always)]
pub(crate) fn sparse_countdown(capacity: u32) -> u32 {
    capacity - (capacity >> 2)
}

/// Blocks handed out, at most, of a sparse slab: about three sixteenths, and one at least, as a
/// slab has eight blocks or more.
#[must_use]
pub(crate) fn sparse_limit(capacity: u32) -> u32 {
    capacity
        .saturating_sub(return_threshold(capacity))
        .saturating_sub(sparse_countdown(capacity))
}

/// Gives an empty, unwatched slab to the pool.
pub(crate) fn give_back(slab: &'static Slab) {
    let touched = hollow::reach(slab) as usize * slab.block_bytes();
    hollow::forget(slab);
    slab.free.set(core::ptr::null_mut());
    crate::pool::POOL.give(slab, touched.div_ceil(crate::tuning::SLICE_BYTES));
}
