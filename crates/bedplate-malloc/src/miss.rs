//! What happens when the hit paths miss.
//!
//! # Role
//! `refill` finds a slab with a free block for a class; `drained` takes up what other threads
//! freed; `freed_event` moves a slab that got blocks back to where it belongs.
//!
//! # Invariants
//! - I1: the caller is the heap's thread, or holds the heaps lock where the heap has none.

use crate::class::{BLOCK_BYTES, slab_blocks, slab_slices};
use crate::heap::{Heap, Standing, return_threshold, sparse_countdown, sparse_limit};
use crate::pool::POOL;
use crate::raw::{self, Block};
use crate::slab::{EMPTY, Kind, Slab, State};
use crate::tuning::{COUNTDOWN_IDLE, EXTEND_BLOCKS, EXTEND_BYTES};
use crate::{hollow, owners, profile, sparse, thread};
use bedplate_telemetry::{Gate, Gates, Metric, TELEMETRY};
use core::sync::atomic::Ordering;

/// The common miss: a slab that is used up takes the place of the oldest queued one of its class,
/// which has blocks and becomes current. `None` where anything else is to be done first: a class
/// without a slab, room for fresh blocks, remote frees of this slab or of others of the heap.
///
/// Apart from `refill_slow`, and straight, because a program with many objects comes here every
/// twenty allocations: a third of the instructions.
#[inline(always)]
pub(crate) fn exchange(heap: &'static Heap, slab: &'static Slab) -> Option<&'static Slab> {
    // EMPTY is never watched, so it goes no further than this.
    if !slab.watched.get() || slab.extended() != slab.capacity() {
        return None;
    }
    if raw::shared(slab).remote.has_blocks() || !heap.ready.is_empty() {
        return None;
    }
    let class = slab.class();
    let queue = heap.queue(class);
    let Some(next) = queue.first() else {
        return exchange_for_sparse(heap, slab);
    };
    if next.free.get().is_null() {
        return None;
    }
    heap.while_busy(|| {
        queue.drop_front();
        slab.enter(State::Full, return_threshold(slab.capacity()));
        heap.full.push_back(slab);
        next.enter(State::Current, COUNTDOWN_IDLE);
        heap.set_current(class, next);
    });
    Some(next)
}

/// The same where only sparse slabs have blocks.
#[cold]
#[inline(never)]
fn exchange_for_sparse(heap: &'static Heap, slab: &'static Slab) -> Option<&'static Slab> {
    let class = slab.class();
    let next = heap.sparse_of(class).first()?;
    if next.free.get().is_null() {
        return None;
    }
    heap.while_busy(|| {
        heap.sparse_run.set(0);
        heap.unlist(next);
        slab.enter(State::Full, return_threshold(slab.capacity()));
        heap.full.push_back(slab);
        next.enter(State::Current, COUNTDOWN_IDLE);
        heap.set_current(class, next);
    });
    Some(next)
}

/// A slab of the class with at least one block on its list, made current; `None` where memory
/// is out.
#[cold]
#[inline(never)]
pub(crate) fn refill_slow<G: Gates>(heap: &'static Heap, class: usize) -> Option<&'static Slab> {
    heap.while_busy(|| {
        heap.sparse_run.set(0);
        let slab = heap.current_of(class);
        if !slab.is(&EMPTY) {
            let stocked = stock_or_retire::<G>(heap, slab);
            if stocked > 0 {
                profile::stocked::<G>(heap, slab, stocked);
                return Some(slab);
            }
            heap.set_current(class, &EMPTY);
        }
        drain::<G>(heap);
        thread::flush_outbox::<G>();
        next_slab::<G>(heap, class)
    })
}

/// Puts blocks on the empty list of a current slab, and says how many; or the slab on the full
/// list: then none.
fn stock_or_retire<G: Gates>(heap: &Heap, slab: &'static Slab) -> u32 {
    loop {
        let stocked = restock::<G>(slab);
        // Bounded: a watch that fails means blocks to take.
        if stocked > 0 || heap.retire_full(slab) {
            return stocked;
        }
    }
}

fn next_slab<G: Gates>(heap: &'static Heap, class: usize) -> Option<&'static Slab> {
    // Sparse ones last: they may soon be empty.
    while let Some(slab) = heap
        .queue(class)
        .first()
        .or_else(|| heap.sparse_of(class).first())
    {
        heap.unlist(slab);
        if make_current::<G>(heap, class, slab) {
            return Some(slab);
        }
    }
    if let Some(slab) = owners::adopt_slab::<G>(heap, class)
        && make_current::<G>(heap, class, slab)
    {
        return Some(slab);
    }
    fresh::<G>(heap, class)
}

fn make_current<G: Gates>(heap: &'static Heap, class: usize, slab: &'static Slab) -> bool {
    let mut length = slab.extended().saturating_sub(slab.out());
    slab.enter(State::Current, COUNTDOWN_IDLE);
    if slab.free.get().is_null() {
        length = stock_or_retire::<G>(heap, slab);
        if length == 0 {
            return false;
        }
    }
    heap.set_current(class, slab);
    profile::stocked::<G>(heap, slab, length);
    true
}

/// Takes a slab from the pool, or gives memory back until there is one.
fn fresh<G: Gates>(heap: &'static Heap, class: usize) -> Option<&'static Slab> {
    let take = || POOL.take(slab_slices(class), Kind::Slab);
    let run = take().or_else(|| {
        owners::reclaim::<G>();
        take()
    })?;
    let slab = run.slab;
    let block_bytes = BLOCK_BYTES.get(class).copied().unwrap_or(0);
    slab.free.set(core::ptr::null_mut());
    slab.block_bytes.store(block_bytes, Ordering::Relaxed);
    slab.capacity.store(slab_blocks(class), Ordering::Relaxed);
    slab.extended.store(0, Ordering::Relaxed);
    #[expect(clippy::cast_possible_truncation, reason = "72 classes")]
    slab.class.store(class as u8, Ordering::Relaxed);
    raw::shared(slab).usable_bytes.store(0, Ordering::Relaxed);
    hollow::forget(slab);
    slab.watched.set(false);
    slab.next.set(None);
    slab.prev.set(None);
    slab.enter(State::Current, COUNTDOWN_IDLE);
    let chain = raw::shared(slab).remote.take();
    debug_assert!(chain.head == 0, "a slab in the pool has no remote frees");
    heap.own(slab);
    if G::SET.has(Gate::PoolStats) {
        TELEMETRY.add(Metric::PoolSlicesTaken, slab.slices() as u64);
    }
    heap_event::<G>(slab);
    let length = extend::<G>(slab);
    heap.set_current(class, slab);
    profile::stocked::<G>(heap, slab, length);
    Some(slab)
}

fn heap_event<G: Gates>(slab: &'static Slab) {
    if G::SET.has(Gate::EventRing) {
        TELEMETRY
            .events
            .record(Gate::EventRing as u64, slab.address(), slab.class() as u64);
    }
}

/// Puts blocks on the empty list of a current slab: those freed by others, else those of a page that
/// was purged, else fresh ones. Returns how many.
fn restock<G: Gates>(slab: &'static Slab) -> u32 {
    let taken = collect(slab);
    if !slab.free.get().is_null() {
        return taken;
    }
    match hollow::relink(slab) {
        0 => extend::<G>(slab),
        again => again,
    }
}

/// Takes what other threads freed onto the slab's list. Returns the blocks that came back. Those
/// of a slab that was purged are not on the list: it is as one fresh from the pool.
pub(crate) fn collect(slab: &'static Slab) -> u32 {
    let shared = raw::shared(slab);
    if !shared.remote.has_blocks() {
        return 0;
    }
    let chain = shared.remote.take();
    if chain.was_watched {
        slab.watched.set(false);
    }
    if chain.was_purged {
        slab.free.set(core::ptr::null_mut());
        slab.extended.store(0, Ordering::Relaxed);
        return chain.count;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "addresses have 64 bits here"
    )]
    let head: *mut Block = core::ptr::with_exposed_provenance_mut(chain.head as usize);
    if head.is_null() {
        return 0;
    }
    let mine = slab.free.get();
    if !mine.is_null() {
        // SAFETY: the chain was taken whole and is ours.
        let tail = unsafe { raw::last(head, chain.count) };
        // SAFETY: the tail is a free block of ours.
        unsafe { raw::set_link(tail, mine) };
    }
    slab.free.set(head);
    chain.count
}

/// Puts fresh blocks on the empty list of a slab: a batch that doubles, so that a class that is
/// hardly used touches one page. Returns how many.
fn extend<G: Gates>(slab: &'static Slab) -> u32 {
    let have = slab.extended();
    let room = slab.capacity() - have;
    if room == 0 {
        return 0;
    }
    let bytes = slab.block_bytes();
    #[expect(clippy::cast_possible_truncation, reason = "at most 256")]
    let page = (EXTEND_BYTES / bytes) as u32;
    let count = page.max(have.min(EXTEND_BLOCKS)).max(1).min(room);
    let first = raw::start_of(slab) + have as usize * bytes;
    // SAFETY: these blocks were never handed out; the slab is ours.
    let head = unsafe { raw::chain(first, bytes, count, core::ptr::null_mut()) };
    slab.free.set(head);
    #[expect(clippy::cast_possible_truncation, reason = "at most 4096 blocks")]
    slab.extended
        .store((have + count) as u16, Ordering::Relaxed);
    if G::SET.has(Gate::WarmPrefillLog) {
        TELEMETRY.add(Metric::PrefillBatches, 1);
        TELEMETRY.add(Metric::PrefillBlocks, u64::from(count));
        TELEMETRY.events.record(
            Gate::WarmPrefillLog as u64,
            slab.address(),
            u64::from(count),
        );
    }
    count
}

/// Takes up every slab that others told of.
pub(crate) fn drain<G: Gates>(heap: &'static Heap) {
    let mut at = heap.ready.take_all();
    if at != 0 {
        // Relaxed: hints for the purge thread.
        heap.told.store(0, Ordering::Relaxed);
        let drains = heap.drains.load(Ordering::Relaxed);
        heap.drains.store(drains.wrapping_add(1), Ordering::Relaxed);
    }
    while at != 0 {
        // SAFETY: the stack holds addresses of records (`Slab::address`).
        let slab = unsafe { raw::slab_at(at) };
        at = raw::shared(slab).ready_next.load(Ordering::Relaxed);
        drained::<G>(heap, slab);
    }
}

/// A slab that was told of: takes its remote frees, watches it again, puts it where it belongs.
fn drained<G: Gates>(heap: &'static Heap, slab: &'static Slab) {
    slab.watched.set(false);
    heap_event::<G>(slab);
    settle::<G>(heap, slab);
}

/// Takes a slab's remote frees, watches it, and puts it where it belongs.
fn settle<G: Gates>(heap: &'static Heap, slab: &'static Slab) {
    // Bounded: each turn but the last takes blocks, of which a slab has at most 4096.
    loop {
        let taken = collect(slab);
        match slab.state() {
            // The next refill takes up what comes; nobody need tell.
            State::Current => return profile::collected::<G>(heap, slab, taken),
            State::Full => {
                if taken > 0 {
                    let countdown = slab.countdown.load(Ordering::Relaxed);
                    let frees = return_threshold(slab.capacity()).saturating_sub(countdown);
                    let out = slab.capacity().saturating_sub(frees + taken);
                    heap.full.remove(slab);
                    heap.enqueue(slab, out);
                }
            }
            State::Queued => {
                let out = slab.out().saturating_sub(taken);
                let limit = sparse_limit(slab.capacity());
                if out > limit {
                    slab.countdown.store(out - limit, Ordering::Relaxed);
                } else {
                    heap.unlist(slab);
                    heap.enqueue(slab, out);
                }
            }
            State::Sparse => {
                let out = slab.out().saturating_sub(taken);
                slab.countdown.store(out, Ordering::Relaxed);
            }
        }
        if slab.state() == State::Sparse && slab.countdown.load(Ordering::Relaxed) == 0 {
            heap.unlist(slab);
            heap.release(slab);
            return;
        }
        if Heap::rewatch(slab) {
            return;
        }
    }
}

/// Puts every current slab of a heap into its queue, with its blocks counted, and gives empty
/// ones back. To count is to walk the list, a cache miss a block: so a thread's end leaves it to
/// whoever finds the heap still parked after the decay time.
pub(crate) fn retire_currents<G: Gates>(heap: &'static Heap) {
    (0..crate::class::CLASSES).for_each(|class| retire_current::<G>(heap, class));
}

/// The same for one class.
pub(crate) fn retire_current<G: Gates>(heap: &'static Heap, class: usize) {
    let slab = heap.current_of(class);
    if slab.is(&EMPTY) {
        return;
    }
    heap.set_current(class, &EMPTY);
    let free = crate::audit::length(slab);
    profile::left(heap, slab, free);
    let out = slab.extended() - free;
    if out == 0 {
        heap.release(slab);
    } else {
        heap.enqueue(slab, out);
        settle::<G>(heap, slab);
    }
}

/// In a forked child: ends what threads that do not exist here had begun. A thread may have ended
/// a slab's watch and not yet told of it, or counted down to zero and not yet moved the slab.
pub(crate) fn finish_what_others_began<G: Gates>(heap: &'static Heap) {
    let begun = |slab: &'static Slab| {
        let told = slab.watched.get() && !raw::shared(slab).remote.is_watched();
        let counted = slab.countdown.load(Ordering::Relaxed) == 0;
        told || counted
    };
    // Bounded by the slabs: each turn settles one, after which it is begun no more.
    loop {
        let mut found = None;
        heap.for_each_waiting(|slab| {
            if found.is_none() && begun(slab) {
                found = Some(slab);
            }
        });
        let Some(slab) = found else { return };
        if !raw::shared(slab).remote.is_watched() {
            slab.watched.set(false);
        }
        let counted = slab.state() == State::Full && slab.countdown.load(Ordering::Relaxed) == 0;
        if counted {
            queue_again(heap, slab);
        }
        settle::<G>(heap, slab);
    }
}

/// A full slab got enough blocks back: into its queue.
#[inline(always)]
fn queue_again(heap: &Heap, slab: &'static Slab) {
    heap.full.remove(slab);
    // A slab has eight blocks or more, so it is not sparse yet.
    slab.enter(State::Queued, sparse_countdown(slab.capacity()));
    heap.queue(slab.class()).push_back(slab);
}

/// The countdown of a slab reached zero in a free by its owner.
#[cold]
#[inline(never)]
pub(crate) fn freed_event_slow<G: Gates>(slab: &'static Slab) {
    let heap = raw::shared(slab).heap.load(Ordering::Relaxed);
    // SAFETY: a slab that hands out blocks has a heap, and heaps are never freed (heap I2).
    let heap: &'static Heap = unsafe { &*heap };
    if !slab.is_full() || heap.standing.load(Ordering::Relaxed) == Standing::Lost as u8 {
        return rare_event_slow::<G>(heap, slab);
    }
    heap.while_busy(|| queue_again(heap, slab));
}

/// Any other event than that of a full slab. Apart, so that the frequent one needs no stack.
#[inline(never)]
fn rare_event_slow<G: Gates>(heap: &'static Heap, slab: &'static Slab) {
    if heap.standing.load(Ordering::Relaxed) == Standing::Lost as u8 {
        // A new thread of a forked child has the number of a lost one: count on, move nothing.
        slab.countdown.store(COUNTDOWN_IDLE, Ordering::Relaxed);
        return;
    }
    heap.while_busy(|| match slab.state() {
        State::Full => queue_again(heap, slab),
        State::Current => profile::counted::<G>(heap, slab),
        State::Queued => {
            heap.unlist(slab);
            heap.enqueue(slab, sparse_limit(slab.capacity()));
            sparse::became_sparse(heap, slab);
        }
        State::Sparse => {
            heap.unlist(slab);
            heap.release(slab);
            if G::SET.has(Gate::PoolStats) {
                TELEMETRY.add(Metric::PoolSlicesReturned, slab.slices() as u64);
            }
        }
    });
}
