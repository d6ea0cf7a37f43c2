//! What a thread owns while it works in a pool.
//!
//! # Role
//! A seat per worker, spare and guest: its offers, the place it sleeps at, its counts, its ring of
//! the timeline.
//!
//! # Invariants
//! - I1: at most one thread has a seat at a time; "owner" below means that thread.
//! - I2: a seat is part of a [`Engine`] and lives exactly as long; `engine` points at it from before
//!   the seat is reachable.
//!
//! # Concurrency
//! `open` is a hint that goes both ways: the owner clears it when it offers enough, and sets it
//! when it takes an offer back; a thief sets it when it took one. A set that is lost to the owner's
//! clearing costs parallelism only until the next hunter's look, which sets it again.

use crate::distance::Distances;
use crate::engine::Engine;
use crate::fiber::Home;
use crate::frame::Header;
use crate::metrics::Counts;
use crate::predict::Tally;
use crate::protocol::offers::{Offer, Offers};
use crate::timeline::{SliceKind, Trace};
use bedplate_os::clock;
use bedplate_os::lock::Parking;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// No CPU.
const UNKNOWN: u32 = u32::MAX;

/// A thread's place in a pool.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Seat {
    /// True where the next join should offer its second half.
    open: AtomicBool,
    /// How many offers the owner keeps open.
    offers_limit: AtomicUsize,
    /// What others may take.
    pub(crate) offers: Offers<Header>,
    /// Where the owner sleeps.
    pub(crate) parking: Parking,
    /// The place among the pool's seats.
    pub(crate) index: usize,
    /// What happened here.
    pub(crate) counts: Counts,
    /// Fibers that are the owner's.
    pub(crate) home: Home,
    /// What the timeline has of it.
    pub(crate) trace: Trace,
    /// What the owner knows of its loops.
    pub(crate) tally: Tally,
    /// When the owner was woken last, in nanoseconds; zero once it has noticed.
    woken_ns: AtomicU64,
    /// The owner naps: it hunts, but not now. Written by the owner.
    napping: AtomicBool,
    /// How many sleeps the owner is in, one inside the other; another thread runs in its place unless
    /// zero. Written by the owner.
    pauses: AtomicUsize,
    /// The CPU the owner was last found on.
    near: AtomicU32,
    engine: NonNull<Engine>,
}

// SAFETY: `engine` is the only field that is not shareable by itself; it is never written after the
// seat was made, and a `Engine` can be shared.
unsafe impl Sync for Seat {}
// SAFETY: as above; the pointer does not depend on the thread.
unsafe impl Send for Seat {}

impl Seat {
    /// A seat of the core that will stand at `engine`.
    pub(crate) fn new(index: usize, offers_limit: usize, engine: NonNull<Engine>) -> Self {
        Self {
            open: AtomicBool::new(offers_limit > 0),
            offers_limit: AtomicUsize::new(offers_limit),
            offers: Offers::new(),
            parking: Parking::new(),
            index,
            counts: Counts::default(),
            home: Home::new(),
            trace: Trace::default(),
            tally: Tally::default(),
            woken_ns: AtomicU64::new(0),
            napping: AtomicBool::new(false),
            pauses: AtomicUsize::new(0),
            near: AtomicU32::new(UNKNOWN),
            engine,
        }
    }

    /// The pool's engine.
    #[inline]
    pub(crate) fn engine(&self) -> &Engine {
        // SAFETY: I2: the engine lives as long as the seat that `self` borrows.
        unsafe { self.engine.as_ref() }
    }

    #[inline]
    fn offers_limit(&self) -> usize {
        // Relaxed, here and below: a setting by itself.
        self.offers_limit.load(Ordering::Relaxed)
    }

    /// Has the owner keep so many offers open.
    pub(crate) fn set_offers_limit(&self, limit: usize) {
        self.offers_limit.store(limit, Ordering::Relaxed);
    }

    /// True where the next join should offer its second half.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        // Relaxed: a hint.
        self.open.load(Ordering::Relaxed)
    }

    /// The next join should offer its second half.
    #[inline]
    pub(crate) fn set_open(&self) {
        // Relaxed: a hint.
        self.open.store(self.offers_limit() > 0, Ordering::Relaxed);
    }

    /// Offers are wanted of this seat: set by others only where that changes something, so that
    /// the owner's line is not fetched for nothing.
    pub(crate) fn ask(&self) {
        if !self.is_open() && !self.offers.is_full(self.offers_limit()) {
            self.set_open();
        }
    }

    /// Offers a half, as worth taking at once or not; `None` if enough stands open. Owner only.
    #[inline]
    pub(crate) fn offer(&self, frame: NonNull<Header>, is_ripe: bool) -> Option<Offer> {
        let limit = self.offers_limit();
        let offer = self.offers.offer(frame.as_ptr(), limit, is_ripe);
        if self.offers.is_full(limit) {
            // Relaxed: a hint.
            self.open.store(false, Ordering::Relaxed);
        }
        offer
    }

    /// The owner is about to sleep; true unless it counts as asleep already. Owner only.
    pub(crate) fn pause(&self) -> bool {
        // Relaxed, both: the owner's word.
        let pauses = self.pauses.load(Ordering::Relaxed);
        self.pauses.store(pauses + 1, Ordering::Relaxed);
        if pauses == 0 {
            self.counts.paused_since_ns.set(clock::monotonic_ns());
        }
        pauses == 0
    }

    /// The owner is awake; true if it counts as awake from now on. Owner only.
    pub(crate) fn resume(&self) -> bool {
        // Relaxed, both: the owner's word.
        let pauses = self.pauses.load(Ordering::Relaxed) - 1;
        self.pauses.store(pauses, Ordering::Relaxed);
        if pauses == 0 {
            let since = &self.counts.paused_since_ns;
            let lasted_ns = since.until(clock::monotonic_ns());
            since.set(0);
            self.counts.waited_ns.add(lasted_ns);
        }
        pauses == 0
    }

    /// True while another thread runs in the owner's place. Owner only.
    #[cfg(feature = "fibers")]
    pub(crate) fn is_paused(&self) -> bool {
        // Relaxed: the owner's word.
        self.pauses.load(Ordering::Relaxed) != 0
    }

    /// Sleeps at the seat's place until woken after `ticket`, or for a while. Owner only.
    pub(crate) fn sleep(&self, kind: SliceKind, ticket: u32, timeout_ns: Option<u64>) {
        let _during = self.during(kind, 0);
        let since = &self.counts.asleep_since_ns;
        since.set(clock::monotonic_ns());
        self.parking.park(ticket, timeout_ns);
        let lasted_ns = since.until(clock::monotonic_ns());
        since.set(0);
        self.counts.asleep_ns.add(lasted_ns);
    }

    /// Which track of the timeline the owner is on, see `timeline/`.
    pub(crate) fn fiber_track(&self) -> u16 {
        u16::try_from(self.home.running()).unwrap_or(u16::MAX)
    }

    /// The owner is about to be woken.
    pub(crate) fn note_wake(&self, now_ns: u64) {
        // Relaxed, here and below: a figure.
        self.woken_ns.store(now_ns, Ordering::Relaxed);
    }

    /// Whether the owner naps. Owner only.
    pub(crate) fn set_napping(&self, naps: bool) {
        // Relaxed, both: a hint.
        self.napping.store(naps, Ordering::Relaxed);
    }

    /// True if the owner naps.
    pub(crate) fn is_napping(&self) -> bool {
        self.napping.load(Ordering::Relaxed)
    }

    /// When the owner was woken, if it has not asked before. Owner only.
    pub(crate) fn woken_ns(&self) -> Option<u64> {
        let woken_ns = self.woken_ns.load(Ordering::Relaxed);
        if woken_ns != 0 {
            self.woken_ns.store(0, Ordering::Relaxed);
        }
        (woken_ns != 0).then_some(woken_ns)
    }

    /// Notes the CPU the owner is bound to. Owner only.
    pub(crate) fn note_cpu(&self, cpu: Option<u32>) {
        self.counts
            .bound
            .set(cpu.map_or(0, |cpu| u64::from(cpu) + 1));
        if let Some(cpu) = cpu {
            // Relaxed: a hint.
            self.near.store(cpu, Ordering::Relaxed);
        }
    }

    /// Notes where the owner runs. Owner only.
    pub(crate) fn note_here(&self, distances: &Distances) {
        let now = bedplate_os::affinity::current_cpu();
        let before = self.here();
        if before != now {
            // Relaxed, here and below: a hint.
            self.near.store(now.unwrap_or(UNKNOWN), Ordering::Relaxed);
            if distances.is_migration(before, now) {
                self.counts.migrations.up();
            }
        }
    }

    /// The CPU that the owner was last found on.
    pub(crate) fn here(&self) -> Option<u32> {
        let cpu = self.near.load(Ordering::Relaxed);
        (cpu != UNKNOWN).then_some(cpu)
    }

    /// Notes where the guest that has the seat is, which is no migration of anybody. Owner only.
    pub(crate) fn note_guest(&self, cpu: Option<u32>) {
        // Relaxed: a hint.
        self.near.store(cpu.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// True if a guest that has the seat runs on `cpu`, as far as is known.
    pub(crate) fn has_guest_on(&self, cpu: u32) -> bool {
        // Relaxed: a hint.
        self.here() == Some(cpu) && self.pauses.load(Ordering::Relaxed) == 0
    }

    /// The CPU the owner is bound to.
    pub(crate) fn bound_to(&self) -> Option<u32> {
        self.counts.cpu()
    }

    /// True if the owner is bound to `cpu`.
    pub(crate) fn is_on(&self, cpu: Option<u32>) -> bool {
        cpu.is_some() && self.counts.cpu() == cpu
    }
}

#[cfg(test)]
mod tests {
    use super::Seat;
    use core::ptr::NonNull;

    #[test]
    fn a_guest_is_on_its_cpu_while_it_runs() {
        let seat = Seat::new(0, 2, NonNull::dangling());
        assert!(!seat.has_guest_on(3), "nobody has the seat");
        seat.note_guest(Some(3));
        assert!(seat.has_guest_on(3));
        assert!(!seat.has_guest_on(2));
        seat.pause();
        assert!(!seat.has_guest_on(3), "the guest sleeps");
        seat.resume();
        assert!(seat.has_guest_on(3));
        seat.note_guest(None);
        assert!(!seat.has_guest_on(3), "where it is is not known");
    }
}
