//! Counts and what they show.
//!
//! # Role
//! Each seat counts what happens off the fast path, in words of its own; a snapshot adds them up.
//!
//! # Not here
//! Joins: a count per join would cost as much as the join.

use crate::timeline::PlaceKind;
use core::sync::atomic::{AtomicU64, Ordering};

/// A count that one thread writes.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// One more. Owner of the seat only.
    #[inline]
    pub(crate) fn up(&self) {
        self.add(1);
    }

    /// Some more. Owner of the seat only.
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        // Relaxed, and no locked instruction: one writer, and readers want a figure.
        let now = self.0.load(Ordering::Relaxed);
        self.0.store(now.wrapping_add(more), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        // Relaxed: a figure.
        self.0.load(Ordering::Relaxed)
    }
}

/// What happened at a seat.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Halves taken from others by a thread with nothing else to do.
    pub(crate) steals: Count,
    /// Takes that another was faster at.
    pub(crate) steals_failed: Count,
    /// Halves taken from the thread that took this one's.
    pub(crate) leaps: Count,
    /// Jobs run from the queues.
    pub(crate) jobs: Count,
    /// Sleeps without an end of their own.
    pub(crate) parks: Count,
    /// Sleeps that end by themselves.
    pub(crate) naps: Count,
    /// Waits that slept.
    pub(crate) waits: Count,
    /// Panics of detached jobs.
    pub(crate) panics: Count,
    /// Nanoseconds of sleeps with nothing to do.
    pub(crate) asleep_ns: Count,
    /// Nanoseconds of waits and of what blocks.
    pub(crate) waited_ns: Count,
}

macro_rules! metrics {
    ($($name:ident: $text:literal,)*) => {
        /// What happened in a pool since it was made, all seats together.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Metrics {
            $(#[doc = $text] pub $name: u64,)*
            /// Sleepers woken.
            pub wakes: u64,
            /// Jobs that wait in the queues now.
            pub queued: u64,
            /// Worker threads there are now, spares included.
            pub threads: u64,
            /// Spares that could not be started.
            pub spares_failed: u64,
            /// Jobs beyond the queues' room that were taken in nevertheless.
            pub grown: u64,
            /// Entries from outside that found no free place and were run by a worker.
            pub guests_refused: u64,
        }

        impl Metrics {
            pub(crate) fn add(&mut self, counts: &Counts) {
                $(self.$name = self.$name.wrapping_add(counts.$name.get());)*
            }
        }

        /// What happened at one place in a pool since it was made.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct WorkerMetrics {
            /// The place; see [`Context::index`](crate::Context::index).
            pub place: usize,
            /// Whose the place is.
            pub kind: PlaceKind,
            /// What the thread is called.
            pub name: String,
            /// The CPU the thread is bound to.
            pub cpu: Option<u32>,
            $(#[doc = $text] pub $name: u64,)*
        }

        impl WorkerMetrics {
            pub(crate) fn of(
                (place, kind, name): (usize, PlaceKind, String),
                cpu: Option<u32>,
                counts: &Counts,
            ) -> Self {
                Self { place, kind, name, cpu, $($name: counts.$name.get(),)* }
            }

            /// True if nothing was counted.
            pub(crate) fn is_untouched(&self) -> bool {
                $(self.$name == 0)&&*
            }
        }
    };
}

metrics! {
    steals: "Halves of joins taken by a thread with nothing else to do.",
    steals_failed: "Takes that another was faster at.",
    leaps: "Halves taken, inside a wait, from the thread that the wait is for.",
    jobs: "Jobs run from the queues.",
    parks: "Sleeps without an end of their own.",
    naps: "Sleeps that end by themselves.",
    waits: "Waits for a taken half that slept.",
    panics: "Panics of detached jobs.",
    asleep_ns: "Nanoseconds of sleeps with nothing to do.",
    waited_ns: "Nanoseconds of waits that slept, and of what blocks.",
}
