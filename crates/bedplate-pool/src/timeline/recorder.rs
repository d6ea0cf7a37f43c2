//! Switching the timeline on and off, and what a seat writes.
//!
//! # Role
//! One flag a pool, read at edges only; a ring a seat, made at the seat's first event.
//!
//! # Invariants
//! - I1: only the owner of a seat writes to its ring.
//! - I2: on one track slices end in the reverse order of their beginnings: a slice is a guard on the
//!   stack of the thread, or of the fiber.

use super::model::{MarkKind, PlaceKind, SliceKind, Timeline};
use super::replay;
use super::ring::Ring;
use crate::seat::Seat;
use crate::span;
use bedplate_os::clock;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// What an event says of its slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Edge {
    Begin = 0,
    End = 1,
    Mark = 2,
}

/// An event before it is words, and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) at_ns: u64,
    pub(super) edge: Edge,
    /// A [`SliceKind`], or a [`MarkKind`].
    pub(super) kind: u8,
    /// Zero for the thread itself, else one more than the number of the fiber.
    pub(super) fiber: u16,
    /// Zero for none, else one more than its place among the seat's names.
    pub(super) name: u32,
    pub(super) span: u64,
    pub(super) other: u64,
}

impl Event {
    fn words(self) -> [u64; 4] {
        let head = u64::from(self.kind)
            | (self.edge as u64) << 8
            | u64::from(self.fiber) << 16
            | u64::from(self.name) << 32;
        [self.at_ns, head, self.span, self.other]
    }

    pub(super) fn of([at_ns, head, span, other]: [u64; 4]) -> Self {
        let bytes = head.to_le_bytes();
        Self {
            at_ns,
            edge: match bytes[1] {
                0 => Edge::Begin,
                1 => Edge::End,
                _ => Edge::Mark,
            },
            kind: bytes[0],
            fiber: u16::from_le_bytes([bytes[2], bytes[3]]),
            name: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            span,
            other,
        }
    }
}

/// A pool's part.
#[derive(Debug)]
pub(crate) struct Recorder {
    on: AtomicBool,
    /// When the last recording began.
    since_ns: AtomicU64,
    /// Events that a ring has room for.
    events: usize,
    /// Held while it is switched.
    switching: Mutex<()>,
}

impl Recorder {
    pub(crate) fn new(events: usize) -> Self {
        Self {
            on: AtomicBool::new(false),
            since_ns: AtomicU64::new(0),
            events,
            switching: Mutex::new(()),
        }
    }

    #[inline]
    fn is_on(&self) -> bool {
        // Relaxed: whoever sees it late records a little less or more.
        self.on.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.switching
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was recorded and records from now on.
    pub(crate) fn start(&self, seats: &[Seat]) {
        let _switching = self.lock();
        self.forget(seats, clock::monotonic_ns());
        // Relaxed: a hint.
        self.on.store(true, Ordering::Relaxed);
    }

    /// Forgets what came before `now_ns`. Under the lock.
    fn forget(&self, seats: &[Seat], now_ns: u64) {
        for seat in seats {
            seat.trace.forget();
        }
        // Relaxed: read under the lock.
        self.since_ns.store(now_ns, Ordering::Relaxed);
    }

    /// Records no more; the result is what was recorded.
    pub(crate) fn take(
        &self,
        pool: &str,
        seats: &[Seat],
        place_of: impl Fn(usize) -> (PlaceKind, String),
    ) -> Timeline {
        let _switching = self.lock();
        // Relaxed, both: as in `start`.
        self.on.store(false, Ordering::Relaxed);
        let began_ns = self.since_ns.load(Ordering::Relaxed);
        let ended_ns = clock::monotonic_ns();
        let tracks = seats.iter().flat_map(|seat| {
            let (kind, name) = place_of(seat.index);
            let (events, lost) = seat.trace.read();
            let names = seat.trace.names();
            let window = replay::Window { began_ns, ended_ns };
            replay::tracks(&window, (seat.index, kind, &name), &events, &names, lost)
        });
        let timeline = Timeline {
            pool: pool.to_owned(),
            began_ns,
            lasted_ns: ended_ns.saturating_sub(began_ns),
            tracks: tracks.collect(),
        };
        // Taken again, it is empty.
        self.forget(seats, ended_ns);
        timeline
    }
}

/// A seat's part.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    ring: OnceLock<Ring>,
    /// The first event of this recording.
    first: AtomicU64,
    /// Names of spans. The owner adds, whoever takes the timeline reads.
    names: Mutex<Vec<&'static str>>,
}

impl Trace {
    fn forget(&self) {
        let written = self.ring.get().map_or(0, Ring::written);
        // Relaxed: read under the recorder's lock.
        self.first.store(written, Ordering::Relaxed);
    }

    fn read(&self) -> (Vec<Event>, u64) {
        let Some(ring) = self.ring.get() else {
            return (Vec::new(), 0);
        };
        // Relaxed: as in `forget`.
        let (words, lost) = ring.read(self.first.load(Ordering::Relaxed));
        (words.into_iter().map(Event::of).collect(), lost)
    }

    fn names(&self) -> Vec<&'static str> {
        self.lock_names().clone()
    }

    fn lock_names(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a name, see [`Event::name`].
    fn number_of(&self, name: &'static str) -> u32 {
        let mut names = self.lock_names();
        // Programs have few names, and each of them at one address.
        let known = names.iter().position(|known| core::ptr::eq(*known, name));
        let at = known.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        u32::try_from(at + 1).unwrap_or(0)
    }
}

impl Seat {
    /// Begins a slice of this seat's, which the result ends. Owner only (I1).
    #[inline]
    pub(crate) fn during(&self, kind: SliceKind, other: u64) -> During<'_> {
        if self.engine().recorder.is_on() {
            self.begin(kind, None, other)
        } else {
            During { seat: None, kind }
        }
    }

    /// As [`during`](Self::during), of a named slice.
    pub(crate) fn during_named(
        &self,
        kind: SliceKind,
        name: Option<&'static str>,
        other: u64,
    ) -> During<'_> {
        if self.engine().recorder.is_on() {
            self.begin(kind, name, other)
        } else {
            During { seat: None, kind }
        }
    }

    /// Notes a moment. Owner only (I1).
    pub(crate) fn mark(&self, kind: MarkKind, other: u64) {
        if self.engine().recorder.is_on() {
            self.write(Edge::Mark, kind as u8, None, other);
        }
    }

    #[cold]
    #[inline(never)]
    fn begin(&self, kind: SliceKind, name: Option<&'static str>, other: u64) -> During<'_> {
        self.write(Edge::Begin, kind as u8, name, other);
        During {
            seat: Some(self),
            kind,
        }
    }

    fn write(&self, edge: Edge, kind: u8, name: Option<&'static str>, other: u64) {
        let ring = self
            .trace
            .ring
            .get_or_init(|| Ring::new(self.engine().recorder.events));
        let event = Event {
            at_ns: clock::monotonic_ns(),
            edge,
            kind,
            fiber: self.fiber_track(),
            name: name.map_or(0, |name| self.trace.number_of(name)),
            span: span::current_span().id(),
            other,
        };
        ring.push(event.words());
    }
}

/// A slice that goes on.
#[derive(Debug)]
#[must_use = "the slice ends when this is dropped"]
pub(crate) struct During<'s> {
    /// `None` where nothing is recorded.
    seat: Option<&'s Seat>,
    kind: SliceKind,
}

impl Drop for During<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(seat) = self.seat {
            seat.end(self.kind);
        }
    }
}

impl Seat {
    #[cold]
    #[inline(never)]
    fn end(&self, kind: SliceKind) {
        if self.engine().recorder.is_on() {
            self.write(Edge::End, kind as u8, None, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Edge, Event};

    #[test]
    fn an_event_comes_back() {
        for edge in [Edge::Begin, Edge::End, Edge::Mark] {
            let event = Event {
                at_ns: 1,
                edge,
                kind: 7,
                fiber: 0x1234,
                name: 0x8765_4321,
                span: 5,
                other: u64::MAX,
            };
            assert_eq!(Event::of(event.words()), event);
        }
    }
}
