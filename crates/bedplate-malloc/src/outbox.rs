//! The outbox of a thread: blocks of others' slabs that it freed and has not yet published.
//!
//! # Role
//! Chain frees to the same slab and publish each chain with one exchange.
//!
//! # Invariants
//! - I1: a slot's blocks count as handed out until published, so their slab stays.
//! - I2: a slot holds back at most [`OUTBOX_SLOT_BYTES`] bytes.
//! - I3: only its thread touches an outbox.

use crate::heap::{Heap, Standing};
use crate::raw::{self, Block};
use crate::slab::Slab;
use crate::sparse;
use crate::tuning::{OUTBOX_SLOT_BYTES, OUTBOX_SLOTS};
use bedplate_telemetry::{Gate, Gates, Metric, TELEMETRY};
use core::cell::Cell;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;

/// A chain for one slab.
#[derive(Debug)]
#[repr(C)]
struct Slot {
    slab: Cell<Option<&'static Slab>>,
    head: Cell<*mut Block>,
    /// The last block's offset in its segment.
    tail: Cell<u32>,
    count: Cell<u32>,
}

/// A mark in the number of used slots: the thread's allocations are sampled. It stands there so that
/// the common miss, which asks for an empty outbox, need not ask for the profiler too.
const PROFILED: u32 = 1 << 31;

/// The outbox.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Outbox {
    /// Slots in use: most flushes find none. And [`PROFILED`].
    used: Cell<u32>,
    slots: [Slot; OUTBOX_SLOTS],
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self {
            used: Cell::new(0),
            slots: [const {
                Slot {
                    slab: Cell::new(None),
                    head: Cell::new(null_mut()),
                    tail: Cell::new(0),
                    count: Cell::new(0),
                }
            }; OUTBOX_SLOTS],
        }
    }

    /// Adds a block that the caller gives up to a chain that is begun. False, and nothing done,
    /// where it would end the chain, or is no block.
    #[inline(always)]
    pub(crate) fn chain(&self, slab: &'static Slab, block: *mut Block) -> bool {
        let record = core::ptr::from_ref(slab).expose_provenance();
        // SAFETY: the index is below the number of slots.
        let slot = unsafe {
            self.slots
                .get_unchecked(record / size_of::<Slab>() % OUTBOX_SLOTS)
        };
        let head = slot.head.get();
        if !slot.slab.get().is_some_and(|other| other.is(slab)) || head == block {
            return false;
        }
        let bytes = slab.block_bytes();
        let count = slot.count.get() + 1;
        if count as usize * bytes >= OUTBOX_SLOT_BYTES || !raw::is_block(slab, block, bytes) {
            return false;
        }
        // SAFETY: the block is given up to us and becomes the chain's head.
        unsafe { raw::set_link(block, head) };
        slot.head.set(block);
        slot.count.set(count);
        true
    }

    /// Adds a block that the caller gives up.
    pub(crate) fn add<G: Gates>(&self, slab: &'static Slab, block: *mut Block) {
        // Records are 64 bytes apart, and slabs of a class tend to neighbour each other.
        let index =
            (core::ptr::from_ref(slab).expose_provenance() / size_of::<Slab>()) % OUTBOX_SLOTS;
        let Some(slot) = self.slots.get(index) else {
            return;
        };
        match slot.slab.get() {
            Some(other) if other.is(slab) => {
                if slot.head.get() == block {
                    return crate::misuse::double_free_slow(block.cast(), slab);
                }
                // SAFETY: the block is given up to us and becomes the chain's head.
                unsafe { raw::set_link(block, slot.head.get()) };
                slot.head.set(block);
                slot.count.set(slot.count.get() + 1);
            }
            other => {
                if other.is_some() {
                    slot.publish::<G>();
                } else {
                    self.used.set(self.used.get() + 1);
                }
                slot.slab.set(Some(slab));
                slot.head.set(block);
                slot.tail.set(raw::offset_of(slab, block));
                slot.count.set(1);
            }
        }
        if slot.count.get() as usize * slab.block_bytes() >= OUTBOX_SLOT_BYTES {
            self.used.set(self.used.get() - 1);
            slot.publish::<G>();
        }
    }

    /// The thread's allocations are sampled from now on.
    pub(crate) fn be_profiled(&self) {
        self.used.set(self.used.get() | PROFILED);
    }

    /// True if nothing is held back.
    #[inline(always)]
    #[cfg(not(bedplate_unprofiled))]
    pub(crate) fn holds_nothing(&self) -> bool {
        self.used.get() & !PROFILED == 0
    }

    /// True if nothing is held back, and nothing sampled.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.used.get() == 0
    }

    /// Publishes everything.
    pub(crate) fn flush<G: Gates>(&self) {
        if self.used.get() & !PROFILED == 0 {
            return;
        }
        self.used.set(self.used.get() & PROFILED);
        self.slots
            .iter()
            .filter(|slot| slot.slab.get().is_some())
            .for_each(Slot::publish::<G>);
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Slot {
    fn publish<G: Gates>(&self) {
        let Some(slab) = self.slab.take() else { return };
        let tail = raw::at_offset(slab, self.tail.get());
        publish::<G>(slab, self.head.get(), tail, self.count.get());
    }
}

/// Puts a chain on a slab's remote list, and tells the owner if it wants to be told.
pub(crate) fn publish<G: Gates>(
    slab: &'static Slab,
    head: *mut Block,
    tail: *mut Block,
    count: u32,
) {
    #[expect(clippy::cast_possible_truncation, reason = "addresses fit")]
    publish_linked::<G>(slab, head, count, |next| {
        // SAFETY: the chain is ours until the push succeeds.
        unsafe { raw::set_link(tail, core::ptr::with_exposed_provenance_mut(next as usize)) };
    });
}

/// [`publish`] of a chain that ends in null: its tail is looked for only where something stands
/// behind it.
#[cfg(not(bedplate_unprofiled))]
pub(crate) fn publish_rest<G: Gates>(slab: &'static Slab, head: *mut Block, count: u32) {
    let mut is_linked = false;
    #[expect(clippy::cast_possible_truncation, reason = "addresses fit")]
    publish_linked::<G>(slab, head, count, |next| {
        if next != 0 || is_linked {
            is_linked = true;
            // SAFETY: the chain is ours until the push succeeds.
            let tail = unsafe { raw::last(head, count) };
            // SAFETY: as above.
            unsafe { raw::set_link(tail, core::ptr::with_exposed_provenance_mut(next as usize)) };
        }
    });
}

#[inline(always)]
fn publish_linked<G: Gates>(
    slab: &'static Slab,
    head: *mut Block,
    count: u32,
    link: impl FnMut(u64),
) {
    let shared = raw::shared(slab);
    let pushed = shared
        .remote
        .push(head.expose_provenance() as u64, count, link);
    if G::SET.has(Gate::RemoteQueue) {
        TELEMETRY.add(Metric::RemoteChains, 1);
        TELEMETRY.add(Metric::RemoteBlocks, u64::from(count));
        TELEMETRY.add(Metric::RemoteRetries, u64::from(pushed.retries));
    }
    // Relaxed: what they say is looked at again under the lock.
    if slab.owner.load(Ordering::Relaxed) == sparse::NUMBER
        && pushed.count >= slab.countdown.load(Ordering::Relaxed)
    {
        return sparse::completed(slab);
    }
    if pushed.must_tell {
        let heap = shared.heap.load(Ordering::Relaxed);
        // SAFETY: a watched slab has a heap, and heaps are never freed (heap I2).
        let heap: &'static Heap = unsafe { &*heap };
        heap.ready.push(slab.address(), |next| {
            // Relaxed: published by the push's Release.
            shared.ready_next.store(next, Ordering::Relaxed);
        });
        crate::quiet::told(heap, slab);
        // Relaxed: a hint; a heap parked or adopted meanwhile is looked through all the same.
        if heap.standing.load(Ordering::Relaxed) == Standing::Parked as u8
            || crate::fallback::is(heap)
        {
            crate::purge::told_parked();
        }
    }
}
