//! Slabs of which few blocks are in use.
//!
//! # Role
//! Take sparse slabs over from threads that have many of them, give the free OS pages in them back
//! after the decay time, and let threads in need adopt them again.
//!
//! # Not here
//! The pages of one slab (`hollow.rs`); slabs without any block in use (`pool.rs`).
//!
//! # How it works
//! A thread that frees most of what it has and then sleeps calls nobody, and nobody else may touch
//! its lists. So it gives slabs away beforehand: once about three sixteenths of a slab's blocks are
//! out its countdown ends, and the slab is put on its heap's list of sparse ones. Of those a heap
//! keeps [`SPARSE_KEPT_SLICES`]. When as many became sparse in a row, and the heap needed no slab to
//! allocate from meanwhile, it lends the oldest ones to the heap that stands here. A slab that is
//! about to be empty, as are those of a program that frees in the order of addresses, does not get as
//! old. Frees to a lent slab are remote. A heap whose lent slabs were taken back, or became empty,
//! before their pages were purged keeps more from then on, for some seconds.
//!
//! # Invariants
//! - I1: [`WAITING`] and [`HOLLOW`], their slabs and the pages of those are touched under the heaps
//!   lock only.
//! - I2: lent slabs have the owner [`NUMBER`], which is no thread's, and are not watched: whoever
//!   publishes the last of the blocks that were out says so ([`completed`]).
//! - I3: a lent slab is on a list of the one that its `heap` leads to: of [`WAITING`], in the order
//!   of `seen_ms`, which is when it was lent or first got blocks back after its pages were purged; or
//!   of [`HOLLOW`] once they are, until it gets blocks back.
//! - I4: no slab of the hardened build is lent: its free blocks have more than a link.
//!
//! # Cost
//! A look takes up the slabs that are due and some of those that are purged, however many are lent;
//! the lock is given up every few slabs, and for a while where somebody waits for it.

use crate::class::CLASSES;
use crate::counters::COUNTERS;
use crate::heap::{Heap, NO_HEAP, give_back, slices_of};
use crate::owners::{HEAPS, unwatched};
use crate::purge::{self, LOOK_MS};
use crate::slab::{Kind, Slab};
use crate::tuning::{
    PURGE_THREAD_BYTES, SLICE_BYTES, SPARSE_KEPT_MAX, SPARSE_KEPT_MS, SPARSE_KEPT_SLICES,
};
use crate::{harden, hollow, miss, raw, thread};
use bedplate_os::clock;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The number that stands for "lent".
pub(crate) const NUMBER: usize = 3;
/// Slabs purged while the heaps lock is held once: some tens of microseconds each.
const SLABS_A_LOCK: u32 = 8;
/// Slabs looked at whose pages are purged already: a cache miss or two each.
const HOLLOW_A_LOCK: u32 = 128;
/// The same for a class in each look of the purge thread; the others have their turn in the next.
const HOLLOW_A_LOOK: u32 = 1024;

/// The lent slabs whose pages are still to be purged (I3).
static WAITING: Heap = Heap::numbered(NUMBER);
/// The lent slabs whose pages are purged (I3).
static HOLLOW: Heap = Heap::numbered(NUMBER);
/// A slab may have become empty while the heaps were locked, so that nobody took it up.
static MISSED: AtomicBool = AtomicBool::new(false);
/// How many are lent. Written under the lock.
static SLABS: AtomicUsize = AtomicUsize::new(0);
/// Bytes of those whose pages are still to be purged. Written under the lock.
static WAITING_BYTES: AtomicUsize = AtomicUsize::new(0);

/// True if no slab is lent. A hint.
#[must_use]
pub(crate) fn is_empty() -> bool {
    SLABS.load(Ordering::Relaxed) == 0
}

/// Bytes of lent slabs whose pages are still to be purged; not zero while one may be empty. A
/// snapshot.
#[must_use]
pub(crate) fn waiting_bytes() -> usize {
    let missed = usize::from(MISSED.load(Ordering::Relaxed));
    WAITING_BYTES.load(Ordering::Relaxed) + missed
}

/// A slab of the calling thread's heap became sparse: lends the oldest of its class where the heap
/// has too many.
pub(crate) fn became_sparse(heap: &'static Heap, newest: &'static Slab) {
    let run = heap.sparse_run.get().saturating_add(slices_of(newest));
    heap.sparse_run.set(run);
    if harden::ON || run <= SPARSE_KEPT_SLICES || heap.sparse_slices.get() <= kept_slices(heap) {
        return;
    }
    // Where the heaps are being changed they are lent at the next occasion. Two, to make up for
    // those of the run that were not lent.
    let _lent = HEAPS.try_locked(|| {
        for _ in 0..2 {
            let oldest = heap.sparse_of(newest.class()).first();
            if let Some(oldest) = oldest.filter(|oldest| !oldest.is(newest)) {
                lend(heap, oldest);
            }
        }
    });
    if waiting_bytes() > PURGE_THREAD_BYTES {
        purge::start_helper();
    }
}

fn kept_slices(heap: &Heap) -> u32 {
    let kept = heap.sparse_kept.get();
    if kept == 0 {
        return SPARSE_KEPT_SLICES;
    }
    if clock::coarse_ms().saturating_sub(heap.sparse_kept_ms.get()) > SPARSE_KEPT_MS {
        heap.sparse_kept.set(0);
    }
    SPARSE_KEPT_SLICES + kept
}

/// Lends the oldest sparse slabs of a heap, all but `keep` slices. The caller is the heap's thread,
/// and the lock is held; or the heap has no thread.
pub(crate) fn lend_from(heap: &'static Heap, keep: u32) {
    if harden::ON {
        return;
    }
    for class in 0..CLASSES {
        // Bounded by the slabs of the list: each turn but the last takes one off.
        while heap.sparse_slices.get() > keep
            && let Some(slab) = heap.sparse_of(class).first()
            && lend(heap, slab)
        {}
    }
    if waiting_bytes() > PURGE_THREAD_BYTES {
        purge::start_helper();
    }
}

/// The same for the calling thread's heap, all of them.
pub(crate) fn lend_all(heap: &'static Heap) {
    if heap.sparse_slices.get() > 0 {
        HEAPS.locked(|| lend_from(heap, 0));
    }
}

/// Takes a slab over. False while somebody is about to tell its heap of it: then it is the newest
/// of its list.
fn lend(heap: &'static Heap, slab: &'static Slab) -> bool {
    let out = slab.out();
    heap.unlist(slab);
    if slab.kind() != Kind::Slab || out == 0 || !unwatched(slab) {
        heap.enqueue(slab, out);
        return false;
    }
    raw::shared(slab).seen.store(0, Ordering::Relaxed);
    wait_from_now(slab, out);
    SLABS.fetch_add(1, Ordering::Relaxed);
    COUNTERS.slabs_lent.add(1);
    true
}

fn bytes_of(slab: &'static Slab) -> usize {
    slab.slices() * SLICE_BYTES
}

fn since(slab: &'static Slab) -> u64 {
    raw::shared(slab).seen_ms.load(Ordering::Relaxed)
}

/// Puts a slab that is on no list among those whose pages are to be purged.
fn wait_from_now(slab: &'static Slab, out: u32) {
    WAITING.own(slab);
    let since = &raw::shared(slab).seen_ms;
    since.store(clock::coarse_ms(), Ordering::Relaxed);
    WAITING.enqueue(slab, out);
    WAITING_BYTES.fetch_add(bytes_of(slab), Ordering::Relaxed);
}

/// Takes a slab off them.
fn wait_no_more(slab: &'static Slab) {
    WAITING.unlist(slab);
    WAITING_BYTES.fetch_sub(bytes_of(slab), Ordering::Relaxed);
}

/// True if a lent slab's pages are purged, and nothing came back since.
fn is_hollow(slab: &'static Slab) -> bool {
    let heap = raw::shared(slab).heap.load(Ordering::Relaxed);
    core::ptr::eq(heap, &raw const HOLLOW)
}

/// Takes a slab off the lists here. True if its pages were still to be purged.
fn take_off(slab: &'static Slab) -> bool {
    let waited = !is_hollow(slab);
    if waited {
        wait_no_more(slab);
    } else {
        HOLLOW.unlist(slab);
    }
    SLABS.fetch_sub(1, Ordering::Relaxed);
    waited
}

/// A lent slab of the class for a heap. The heaps lock is held.
pub(crate) fn adopt(heap: &'static Heap, class: usize) -> Option<&'static Slab> {
    // Those that are whole first.
    let waiting = WAITING.sparse_of(class).first();
    let slab = waiting.or_else(|| HOLLOW.sparse_of(class).first())?;
    if take_off(slab) {
        keep_more(heap, slices_of(slab));
    }
    heap.own(slab);
    COUNTERS.slabs_adopted.add(1);
    Some(slab)
}

/// A chain was published to a slab that was lent, as it seems the last of its blocks: gives it back
/// to the pool.
#[cold]
pub(crate) fn completed(slab: &'static Slab) {
    let lent_in_vain = HEAPS.try_locked(|| {
        // It may be somebody's again.
        let is_lent =
            slab.kind() == Kind::Slab && raw::owner(slab).load(Ordering::Relaxed) == NUMBER;
        let slices = slices_of(slab);
        let waited = !is_hollow(slab);
        (is_lent && settle(slab) && waited).then_some(slices)
    });
    if lent_in_vain.is_none() {
        // The heaps are being changed: the purge thread finds it.
        MISSED.store(true, Ordering::Relaxed);
        purge::start_helper();
    }
    let heap = thread::heap();
    if let Some(Some(slices)) = lent_in_vain
        && !heap.is(&NO_HEAP)
    {
        keep_more(heap, slices);
    }
}

/// What a heap lent was no use to anybody.
fn keep_more(heap: &Heap, slices: u32) {
    let kept = heap.sparse_kept.get() + slices;
    heap.sparse_kept.set(kept.min(SPARSE_KEPT_MAX));
    heap.sparse_kept_ms.set(clock::coarse_ms());
}

/// Takes up what was freed. True if the slab was empty and is the pool's.
fn settle(slab: &'static Slab) -> bool {
    let remote = &raw::shared(slab).remote;
    let out = slab.out();
    if remote.count() >= out {
        // Nothing of it is in use, so that nobody needs the chain.
        let _chain = remote.take();
        take_off(slab);
        give_back(slab);
        return true;
    }
    let taken = miss::collect(slab);
    if taken > 0 {
        let out = out.saturating_sub(taken);
        if is_hollow(slab) {
            HOLLOW.unlist(slab);
            wait_from_now(slab, out);
        } else {
            slab.countdown.store(out, Ordering::Relaxed);
        }
    }
    false
}

/// Purges the pages of slabs that were lent for `ms` milliseconds. Returns the bytes.
pub(crate) fn purge(ms: u64) -> usize {
    let has_missed = MISSED.swap(false, Ordering::Relaxed);
    if is_empty() {
        return 0;
    }
    let now = clock::coarse_ms();
    let most = if has_missed || ms == 0 {
        u32::MAX
    } else {
        HOLLOW_A_LOOK
    };
    let mut bytes = 0;
    for class in 0..CLASSES {
        let mut round = Round {
            last: None,
            left: most,
        };
        HEAPS.locked_by_turns(|| settle_some(class, &mut round));
        HEAPS.locked_by_turns(|| purge_some(class, now, ms, &mut bytes));
    }
    bytes
}

/// A round through the purged slabs of a class, which ends with the one that was the last of them.
struct Round {
    last: Option<&'static Slab>,
    left: u32,
}

/// Takes up what was freed of a few purged slabs of a class; true if there are more.
fn settle_some(class: usize, round: &mut Round) -> bool {
    let list = HOLLOW.sparse_of(class);
    if round.last.is_none() {
        round.last = list.last();
        // Whatever becomes of the last one meanwhile.
        round.left = round.left.min(HOLLOW.sparse_slices.get());
    }
    for _ in 0..HOLLOW_A_LOCK {
        let Some(slab) = list.first().filter(|_| round.left > 0) else {
            return false;
        };
        round.left -= 1;
        if !settle(slab) && is_hollow(slab) {
            let out = slab.out();
            HOLLOW.unlist(slab);
            HOLLOW.enqueue(slab, out);
        }
        if round.last.is_some_and(|last| last.is(slab)) {
            return false;
        }
    }
    true
}

/// Purges a few slabs of a class; true if there may be more.
fn purge_some(class: usize, now: u64, ms: u64, bytes: &mut usize) -> bool {
    for _ in 0..SLABS_A_LOCK {
        let Some(slab) = WAITING.sparse_of(class).first() else {
            return false;
        };
        if settle(slab) {
            continue;
        }
        // One look of the time passes before the last one, on average half. What is behind came
        // later (I3).
        if now.saturating_sub(since(slab)) + LOOK_MS < ms {
            return false;
        }
        *bytes += hollow::purge(slab);
        wait_no_more(slab);
        HOLLOW.own(slab);
        HOLLOW.enqueue(slab, slab.out());
    }
    true
}
