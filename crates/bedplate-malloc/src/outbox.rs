//! The outbox of a thread: blocks of others' slabs that it freed and has not yet published.
//!
//! # Role
//! Chain frees to the same slab and publish each chain with one exchange.
//!
//! # Invariants
//! - I1: a slot's blocks count as handed out until published, so their slab stays.
//! - I2: a slot holds back at most [`OUTBOX_SLOT_BYTES`] bytes.
//! - I3: a slot with a count of 0 has no slab, and one with a slab has a count of 1 at least.
//! - I4: only its thread touches an outbox.

use crate::harden;
use crate::heap::{Heap, Standing};
use crate::raw::{self, Block};
use crate::slab::Slab;
use crate::sparse;
use crate::tuning::{OUTBOX_SLOT_BYTES, OUTBOX_SLOTS};
use bedplate_telemetry::{Gate, Gates, Metric, TELEMETRY};
use core::cell::Cell;
use core::sync::atomic::Ordering;

/// A chain for one slab: 16 bytes, since a thread has few of its own. Places are in sixteenths of
/// bytes from the slab's start, of which a slab has at most 512 KiB.
#[derive(Debug)]
#[repr(C)]
struct Slot {
    slab: Cell<Option<&'static Slab>>,
    /// The first block's place.
    head: Cell<u16>,
    /// The last block's place.
    tail: Cell<u16>,
    count: Cell<u16>,
    /// Sixteenths of the size of its blocks. Here, because the slab's record is its owner's, who
    /// writes it all the time: to read it would take the line from it.
    unit: Cell<u16>,
}

const _: () = assert!(size_of::<Slot>() == 16);

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
                    head: Cell::new(0),
                    tail: Cell::new(0),
                    count: Cell::new(0),
                    unit: Cell::new(0),
                }
            }; OUTBOX_SLOTS],
        }
    }

    /// The two slots that a slab's chain may stand in. Records are 64 bytes apart, and slabs in use
    /// tend to neighbour each other: so they rarely meet.
    #[inline(always)]
    fn slots_of(&self, slab: &'static Slab) -> [&Slot; 2] {
        let index = core::ptr::from_ref(slab).expose_provenance() / size_of::<Slab>();
        [index, index ^ (OUTBOX_SLOTS / 2)].map(|index| {
            // SAFETY: the index is below the number of slots.
            unsafe { self.slots.get_unchecked(index % OUTBOX_SLOTS) }
        })
    }

    /// Adds a block that the caller gives up to a chain that is begun, and makes its tail not live in
    /// the hardened build. False, and nothing done, where it would end the chain, is no block, or is
    /// not live. Nothing of the slab is read; its record is that
    /// of the slice the block lies in.
    #[inline(always)]
    pub(crate) fn chain(&self, slab: &'static Slab, block: *mut Block) -> bool {
        let [first, second] = self.slots_of(slab);
        let slot = if first.is_of(slab) {
            first
        } else if second.is_of(slab) {
            second
        } else {
            return false;
        };
        let bytes = slot.block_bytes();
        let count = slot.count.get() + 1;
        if u32::from(count) * bytes >= OUTBOX_SLOT_BYTES {
            return false;
        }
        // In a slab's first slice, so less work than `raw::place_in` and `raw::is_block`.
        let (start, offset) = raw::in_slice(block);
        debug_assert!(start == raw::start_of(slab));
        let head = slot.head.get();
        if offset / 16 == u32::from(head) || offset.checked_rem(bytes) != Some(0) {
            return false;
        }
        // Last, as it changes the block: what is not live takes the long way, which says so.
        if harden::retire_sized(block.cast(), bytes as usize).is_none() {
            return false;
        }
        let linked = core::ptr::with_exposed_provenance_mut(start + usize::from(head) * 16);
        // SAFETY: the block is given up to us and becomes the chain's head.
        unsafe { raw::set_link(block, linked) };
        #[expect(clippy::cast_possible_truncation, reason = "a slice has 64 KiB")]
        slot.head.set((offset / 16) as u16);
        slot.count.set(count);
        true
    }

    /// Adds a block that the caller gives up.
    pub(crate) fn add<G: Gates>(&self, slab: &'static Slab, block: *mut Block) {
        let ways = self.slots_of(slab);
        let place = raw::place_in(slab, block);
        let slot = if let Some(slot) = ways.into_iter().find(|slot| slot.is_of(slab)) {
            if slot.head.get() == place {
                return crate::misuse::double_free_slow(block.cast(), slab);
            }
            // SAFETY: the block is given up to us and becomes the chain's head.
            unsafe { raw::set_link(block, raw::block_in(slab, slot.head.get())) };
            slot.head.set(place);
            slot.count.set(slot.count.get() + 1);
            slot
        } else {
            let [first, second] = ways;
            // An empty slot (its count is 0); where both have chains, the longer is worth publishing.
            let slot = match (first.count.get(), second.count.get()) {
                (0, _) => first,
                (_, 0) => second,
                (one, other) if one >= other => first,
                _ => second,
            };
            if slot.slab.get().is_some() {
                slot.publish::<G>();
            } else {
                self.used.set(self.used.get() + 1);
            }
            slot.begin(slab, place);
            slot
        };
        if u32::from(slot.count.get()) * slot.block_bytes() >= OUTBOX_SLOT_BYTES {
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
    #[inline(always)]
    fn is_of(&self, slab: &'static Slab) -> bool {
        self.slab.get().is_some_and(|other| other.is(slab))
    }

    fn block_bytes(&self) -> u32 {
        u32::from(self.unit.get()) * 16
    }

    fn begin(&self, slab: &'static Slab, place: u16) {
        self.slab.set(Some(slab));
        self.head.set(place);
        self.tail.set(place);
        self.count.set(1);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a block has 32 KiB at most"
        )]
        self.unit.set((slab.block_bytes() / 16) as u16);
    }

    fn publish<G: Gates>(&self) {
        let Some(slab) = self.slab.take() else { return };
        let [head, tail] = [&self.head, &self.tail].map(|end| raw::block_in(slab, end.get()));
        // Before the push, which calls others: the slot may be begun anew.
        let count = self.count.replace(0);
        publish::<G>(slab, head, tail, u32::from(count));
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
    if raw::owner(slab).load(Ordering::Relaxed) == sparse::NUMBER
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
