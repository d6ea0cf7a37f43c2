//! Who owns which heap.
//!
//! # Role
//! Make heaps, park those of threads that end, let new threads adopt them whole and threads in
//! need adopt single slabs.
//!
//! # Invariants
//! - I1: `Inner` and the cells of parked heaps are touched under `lock` only.
//! - I2: heaps are on the list of all heaps for ever.
//! - I3: the heaps lock comes before the pool's and the huge blocks'.
//!
//! # Concurrency
//! A slab changes hands singly only after its watch was ended (`RemoteList::unwatch`): nobody
//! can be about to tell its old heap of it.

use crate::counters::COUNTERS;
use crate::heap::{Heap, Standing};
use crate::slab::Slab;
use crate::tuning::{PARKED_LOOKS, SLICE_BYTES, SPARSE_KEPT_SLICES};
use crate::{harden, miss, raw, sparse, sync};
use bedplate_os::clock;
use bedplate_os::lock::{Guard, Lock};
use bedplate_os::pages::{self, Protection};
use bedplate_telemetry::{Gate, Gates, Metric, TELEMETRY};
use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Bytes mapped at once for heaps.
const HEAPS_BYTES: usize = 64 << 10;

/// All heaps.
#[derive(Debug)]
pub(crate) struct Heaps {
    lock: Lock,
    inner: UnsafeCell<Inner>,
    /// The newest heap, 0 for none. Written under the lock.
    pub newest: AtomicUsize,
    /// How many are parked. Written under the lock.
    pub parked: AtomicUsize,
    /// Bytes of the current slabs of parked heaps. Written under the lock.
    kept_bytes: AtomicUsize,
}

// SAFETY: `inner` is reached through `enter` alone, which holds `lock` (I1).
unsafe impl Sync for Heaps {}

#[derive(Debug)]
struct Inner {
    parked: Cell<Option<&'static Heap>>,
    next: Cell<usize>,
    end: Cell<usize>,
}

/// The heaps of this copy of the allocator.
pub(crate) static HEAPS: Heaps = Heaps {
    lock: Lock::new(),
    inner: UnsafeCell::new(Inner {
        parked: Cell::new(None),
        next: Cell::new(0),
        end: Cell::new(0),
    }),
    newest: AtomicUsize::new(0),
    parked: AtomicUsize::new(0),
    kept_bytes: AtomicUsize::new(0),
};

impl Heaps {
    fn enter(&self) -> (Guard<'_>, &Inner) {
        let guard = self.lock.lock();
        // SAFETY: the lock is held while the guard lives (I1); nothing makes a `&mut Inner`.
        (guard, unsafe { &*self.inner.get() })
    }

    fn try_enter(&self) -> Option<(Guard<'_>, &Inner)> {
        let guard = self.lock.try_lock()?;
        // SAFETY: the lock is held while the guard lives (I1); nothing makes a `&mut Inner`.
        Some((guard, unsafe { &*self.inner.get() }))
    }

    /// Does something while the heaps are locked.
    pub(crate) fn locked<T>(&self, work: impl FnOnce() -> T) -> T {
        let (_guard, _inner) = self.enter();
        work()
    }

    /// The same, unless they are locked.
    pub(crate) fn try_locked<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let (_guard, _inner) = self.try_enter()?;
        Some(work())
    }

    /// Does something in turns while the heaps are locked, until it is false that there is more to do.
    /// Whoever waits for the lock gets it between two of them: to give it up for a moment is not
    /// enough, as this thread has it again before another wakes.
    pub(crate) fn locked_by_turns(&self, mut turn: impl FnMut() -> bool) {
        loop {
            let (has_more, is_wanted) = self.locked(|| (turn(), self.lock.has_sleepers()));
            if !has_more {
                return;
            }
            if is_wanted {
                sync::nap();
            }
        }
    }

    /// Bytes of the current slabs of parked heaps. A snapshot.
    #[must_use]
    pub(crate) fn kept_bytes(&self) -> usize {
        self.kept_bytes.load(Ordering::Relaxed)
    }

    /// The current slabs of a parked heap are somebody's, or about to be retired.
    fn forget_kept(&self, heap: &Heap) {
        self.kept_bytes
            .fetch_sub(heap.kept_bytes.take(), Ordering::Relaxed);
    }

    /// The lock, for fork handlers.
    #[must_use]
    pub(crate) const fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Calls `each` for every heap there is.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&'static Heap)) {
        // Acquire pairs with the Release in `make`.
        let mut at = self.newest.load(Ordering::Acquire);
        while at != 0 {
            let heap: *const Heap = core::ptr::with_exposed_provenance(at);
            // SAFETY: the list holds heaps, which are never freed (I2).
            let heap = unsafe { &*heap };
            at = heap.older.load(Ordering::Relaxed);
            each(heap);
        }
    }
}

impl Inner {
    /// A new heap, `None` where the kernel has no page for it.
    fn make(&self, heaps: &Heaps) -> Option<&'static Heap> {
        if self.end.get() - self.next.get() < size_of::<Heap>() {
            let at = pages::map(0, HEAPS_BYTES, Protection::ReadWrite).ok()?;
            self.next.set(at.as_ptr().expose_provenance());
            self.end.set(self.next.get() + HEAPS_BYTES);
        }
        let at = self.next.get();
        self.next.set(at + size_of::<Heap>().next_multiple_of(64));
        let place: *mut Heap = core::ptr::with_exposed_provenance_mut(at);
        // SAFETY: fresh memory of ours, large enough and aligned to 64.
        unsafe { place.write(Heap::new()) };
        // SAFETY: just written, and never freed (heap I2).
        let heap: &'static Heap = unsafe { &*place };
        heap.older
            .store(heaps.newest.load(Ordering::Relaxed), Ordering::Relaxed);
        // Release pairs with the Acquire in `for_each`: the heap is whole.
        heaps.newest.store(at, Ordering::Release);
        COUNTERS.heaps_started.add(1);
        Some(heap)
    }

    fn pop(&self, heaps: &Heaps) -> Option<&'static Heap> {
        let heap = self.parked.get()?;
        self.parked.set(heap.next_parked.take());
        heaps.parked.fetch_sub(1, Ordering::Relaxed);
        heaps.forget_kept(heap);
        Some(heap)
    }

    fn push(&self, heaps: &Heaps, heap: &'static Heap) {
        heap.standing
            .store(Standing::Parked as u8, Ordering::Relaxed);
        heap.next_parked.set(self.parked.get());
        self.parked.set(Some(heap));
        heaps.parked.fetch_add(1, Ordering::Relaxed);
    }

    fn drain_parked<G: Gates>(&self, ms: u64) {
        let now = clock::coarse_ms();
        let mut at = self.parked.get();
        while let Some(heap) = at {
            at = heap.next_parked.get();
            miss::drain::<G>(heap);
            let waited = now.saturating_sub(heap.parked_ms.get());
            if heap.kept_bytes.get() > 0 && waited >= ms {
                HEAPS.forget_kept(heap);
                miss::retire_currents::<G>(heap);
            }
            let keep = if waited >= ms { 0 } else { SPARSE_KEPT_SLICES };
            sparse::lend_from(heap, keep);
        }
    }
}

/// A heap for a thread: a parked one with all its slabs, or a new one. `None` where memory is out.
pub(crate) fn attach<G: Gates>(thread: usize) -> Option<&'static Heap> {
    let heap = {
        let (_guard, inner) = HEAPS.enter();
        let heap = if let Some(heap) = inner.pop(&HEAPS) {
            COUNTERS.heaps_adopted.add(1);
            if G::SET.has(Gate::SharedPoolDiag) {
                TELEMETRY.add(Metric::SharedHeapsAdopted, 1);
            }
            heap
        } else {
            inner.make(&HEAPS)?
        };
        heap.stamp(thread);
        heap.standing
            .store(Standing::Attached as u8, Ordering::Relaxed);
        heap
    };
    heap.while_busy(|| miss::drain::<G>(heap));
    Some(heap)
}

/// A new heap that is no thread's, for the threads that have ended or for sampled blocks: never a
/// parked one, whose slabs it would keep.
pub(crate) fn attach_fallback(number: usize) -> Option<&'static Heap> {
    let (_guard, inner) = HEAPS.enter();
    let heap = inner.make(&HEAPS)?;
    heap.stamp(number);
    heap.standing
        .store(Standing::Attached as u8, Ordering::Relaxed);
    Some(heap)
}

/// Parks the heap of a thread that ends. Its outbox is flushed. Its current slabs stay so for the
/// next thread.
pub(crate) fn park<G: Gates>(heap: &'static Heap) {
    heap.while_busy(|| miss::drain::<G>(heap));
    // Not busy any more: once the lock is given up, the heap is its adopter's. A fork in between
    // finds an attached heap that is whole.
    {
        let (_guard, inner) = HEAPS.enter();
        heap.stamp(0);
        inner.push(&HEAPS, heap);
        let mut kept = 0;
        heap.for_each_current(|slab| kept += slab.slices() * SLICE_BYTES);
        heap.kept_bytes.set(kept);
        heap.parked_ms.set(clock::coarse_ms());
        HEAPS.kept_bytes.fetch_add(kept, Ordering::Relaxed);
    }
    COUNTERS.heaps_parked.add(1);
    crate::purge::after_release();
}

/// A slab of the class with free blocks that is lent, or of a parked heap, if one is found at once.
pub(crate) fn adopt_slab<G: Gates>(heap: &'static Heap, class: usize) -> Option<&'static Slab> {
    // Relaxed: a hint.
    if HEAPS.parked.load(Ordering::Relaxed) == 0 && sparse::is_empty() {
        return None;
    }
    // The blocks of an adopted slab are no samples.
    if crate::profile::heap_is(heap) {
        return None;
    }
    let (_guard, inner) = HEAPS.try_enter()?;
    if let Some(slab) = sparse::adopt(heap, class) {
        return Some(slab);
    }
    let mut at = inner.parked.get();
    for _ in 0..PARKED_LOOKS {
        let parked = at?;
        at = parked.next_parked.get();
        miss::drain::<G>(parked);
        let waiting = || {
            let queued = parked.queue(class).first();
            queued.or_else(|| parked.sparse_of(class).first())
        };
        if waiting().is_none() {
            miss::retire_current::<G>(parked, class);
        }
        if let Some(slab) = waiting()
            && unwatched(slab)
        {
            parked.unlist(slab);
            heap.own(slab);
            COUNTERS.slabs_adopted.add(1);
            if G::SET.has(Gate::SharedPoolDiag) {
                TELEMETRY.add(Metric::SharedSlabsAdopted, 1);
            }
            return Some(slab);
        }
    }
    if G::SET.has(Gate::SharedPoolDiag) {
        TELEMETRY.add(Metric::SharedLooksInVain, 1);
    }
    None
}

/// Ends a slab's watch; false while somebody is about to tell of it.
pub(crate) fn unwatched(slab: &'static Slab) -> bool {
    if slab.watched.get() {
        if !raw::shared(slab).remote.unwatch() {
            return false;
        }
        slab.watched.set(false);
    }
    true
}

/// Calls `each` for every parked heap, unless the heaps are being changed.
pub(crate) fn each_parked(mut each: impl FnMut(&'static Heap)) {
    let Some((_guard, inner)) = HEAPS.try_enter() else {
        return;
    };
    let mut at = inner.parked.get();
    while let Some(heap) = at {
        at = heap.next_parked.get();
        each(heap);
    }
}

/// Takes up remote frees in parked heaps, so that their empty slabs go back to the pool, and
/// retires the current slabs of those that were parked for `ms` milliseconds.
pub(crate) fn drain_parked<G: Gates>(ms: u64) {
    drain_others::<G>();
    if HEAPS.parked.load(Ordering::Relaxed) > 0 {
        let (_guard, inner) = HEAPS.enter();
        inner.drain_parked::<G>(ms);
    }
}

/// The same, unless the heaps are being changed: by the caller, it may be.
pub(crate) fn try_drain_parked<G: Gates>(ms: u64) {
    drain_others::<G>();
    if let Some((_guard, inner)) = HEAPS.try_enter() {
        inner.drain_parked::<G>(ms);
    }
}

fn drain_others<G: Gates>() {
    crate::fallback::try_drain::<G>();
    crate::profile::try_drain::<G>();
}

/// Memory is out: gives back what can be, to the pool and to the kernel.
#[cold]
pub(crate) fn reclaim<G: Gates>() {
    drain_parked::<G>(0);
    crate::huge::HUGE.purge(true);
}

/// In a forked child: parks the heaps of threads that do not exist here, except those that were
/// in a slow path. `own` is the heap of the one thread that does.
pub(crate) fn after_fork<G: Gates>(own: &'static Heap, keep: Option<&'static Heap>) {
    let (_guard, inner) = HEAPS.enter();
    HEAPS.for_each(|heap| {
        let attached = heap.standing.load(Ordering::Relaxed) == Standing::Attached as u8;
        if !attached
            || heap.is(own)
            || keep.is_some_and(|k| k.is(heap))
            || crate::profile::heap_is(heap)
        {
            return;
        }
        // The hardened build sees it when the kernel copied a list and its blocks at different
        // moments, and would stop the child for it: heaps of other threads are left alone there.
        if harden::ON || heap.busy.load(Ordering::Relaxed) != 0 {
            heap.standing.store(Standing::Lost as u8, Ordering::Relaxed);
            COUNTERS.heaps_lost_in_fork.add(1);
            return;
        }
        if let Some(own) = heap.profile.get() {
            // The thread may have been taking a sample.
            crate::profile::end_sample(own);
        }
        miss::drain::<G>(heap);
        miss::retire_currents::<G>(heap);
        heap.stamp(0);
        inner.push(&HEAPS, heap);
    });
    HEAPS.for_each(|heap| {
        if heap.standing.load(Ordering::Relaxed) != Standing::Lost as u8 {
            miss::drain::<G>(heap);
            miss::finish_what_others_began::<G>(heap);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::HEAPS;
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::time::Duration;
    use std::time::Instant;

    /// A holder that gives the lock up for a moment only has it again before a sleeper wakes.
    #[test]
    fn who_waits_for_the_heaps_is_let_in_between_turns() {
        let was_in = AtomicBool::new(false);
        let began = AtomicBool::new(false);
        let mut turns = 0;
        std::thread::scope(|s| {
            s.spawn(|| {
                while !began.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                HEAPS.locked(|| was_in.store(true, Ordering::Relaxed));
            });
            HEAPS.locked_by_turns(|| {
                began.store(true, Ordering::Relaxed);
                let turn = Instant::now();
                while turn.elapsed() < Duration::from_micros(300) {}
                turns += 1;
                turns < 10_000 && !was_in.load(Ordering::Relaxed)
            });
        });
        assert!(turns < 1000, "let in after {turns} turns");
    }
}
