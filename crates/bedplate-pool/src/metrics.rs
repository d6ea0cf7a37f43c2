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

    /// Another value. Owner of the seat only.
    pub(crate) fn set(&self, value: u64) {
        // Relaxed: as in `add`.
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        // Relaxed: a figure.
        self.0.load(Ordering::Relaxed)
    }

    /// From the moment in it to this one, zero where there is none in it.
    pub(crate) fn until(&self, now_ns: u64) -> u64 {
        match self.get() {
            0 => 0,
            since_ns => now_ns.saturating_sub(since_ns),
        }
    }
}

impl Counts {
    /// What the owner does.
    fn state(&self, is_owned: bool) -> PlaceState {
        if !is_owned {
            PlaceState::Empty
        } else if self.paused_since_ns.get() != 0 {
            PlaceState::Waits
        } else if self.asleep_since_ns.get() != 0 {
            PlaceState::Sleeps
        } else {
            PlaceState::Runs
        }
    }

    /// The CPU the owner is bound to.
    pub(crate) fn cpu(&self) -> Option<u32> {
        let bound = self.bound.get().checked_sub(1)?;
        u32::try_from(bound).ok()
    }
}

/// What the owner of a place does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaceState {
    /// It works, or looks for work.
    Runs,
    /// It waits for work of the pool, or is inside something that blocks; another may run instead.
    Waits,
    /// It sleeps with nothing to do.
    Sleeps,
    /// There is no owner now.
    Empty,
}

impl PlaceState {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Waits => "waits",
            Self::Sleeps => "sleeps",
            Self::Empty => "empty",
        }
    }
}

macro_rules! metrics {
    ($($name:ident: $text:literal,)*) => {
        /// What happened at a seat, and what its owner does: words that a reader outside the
        /// process knows the order of (`root.rs`). Written by the owner.
        #[derive(Debug, Default)]
        #[repr(C)]
        pub(crate) struct Counts {
            $(#[doc = $text] pub(crate) $name: Count,)*
            /// Since when the owner sleeps, zero while it does not.
            pub(crate) asleep_since_ns: Count,
            /// Since when it waits, zero while it does not.
            pub(crate) paused_since_ns: Count,
            /// One more than the CPU it is bound to.
            pub(crate) bound: Count,
        }

        impl Counts {
            /// How many words it has.
            pub(crate) const WORDS: usize = size_of::<Self>() / 8;

            /// The counts that a reader found.
            pub(crate) fn of_words(words: &[u64; Self::WORDS]) -> Self {
                let mut words = words.iter();
                let mut next = || Count(AtomicU64::new(words.next().copied().unwrap_or(0)));
                Self {
                    $($name: next(),)*
                    asleep_since_ns: next(),
                    paused_since_ns: next(),
                    bound: next(),
                }
            }
        }

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
            /// Jobs and halves for which there was no stack, in a pool with fibers: where these wait,
            /// they block their thread.
            pub fibers_failed: u64,
            /// 1 where the kernel refused the page by which `bedplate top` finds the pool.
            pub hidden: u64,
            /// Workers that run at a time now.
            pub workers: u64,
            /// Changes of the configuration, by [`ThreadPool::update_config`](crate::ThreadPool::update_config)
            /// or by the control group's quota.
            pub reconfigured: u64,
            /// Things of the machine that the pool does without, see
            /// [`ThreadPool::degraded`](crate::ThreadPool::degraded).
            pub degraded: u64,
            /// Jobs with a footprint that were admitted.
            pub admitted: u64,
            /// Jobs with a footprint that wait now.
            pub admission_waiting: u64,
            /// Of those that came, how many were kept waiting for pressure.
            pub admission_narrowed: u64,
            /// Jobs admitted beyond the budget, because nothing under way would have made room.
            pub admitted_beyond: u64,
            /// Jobs with a footprint that were spawned by one that was under way.
            pub admission_nested: u64,
            /// Times that jobs waited and nothing was admitted or ended for ten seconds.
            pub admission_stalls: u64,
            /// Bytes that admitted jobs have charged now.
            pub footprint_bytes: u64,
            /// Jobs for a node where no worker of it could be chosen, and any was.
            pub unplaced: u64,
            /// Sites of loops that are known in this process, for all of its pools.
            pub sites: u64,
            /// Sites whose place was given to another, in this process.
            pub sites_evicted: u64,
        }

        impl Metrics {
            pub(crate) fn add(&mut self, counts: &Counts, now_ns: u64) {
                $(self.$name = self.$name.wrapping_add(counts.$name.get());)*
                self.asleep_ns = self.asleep_ns.wrapping_add(counts.asleep_since_ns.until(now_ns));
                self.waited_ns = self.waited_ns.wrapping_add(counts.paused_since_ns.until(now_ns));
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
            /// What the thread does now.
            pub state: PlaceState,
            /// The CPU the thread is bound to.
            pub cpu: Option<u32>,
            $(#[doc = $text] pub $name: u64,)*
        }

        impl WorkerMetrics {
            /// The metrics of the place that has these counts, whether it has an owner or not.
            pub(crate) fn of(
                (place, kind, name): (usize, PlaceKind, String),
                is_owned: bool,
                counts: &Counts,
                now_ns: u64,
            ) -> Self {
                let mut metrics = Self {
                    place,
                    kind,
                    name,
                    state: counts.state(is_owned),
                    cpu: counts.cpu(),
                    $($name: counts.$name.get(),)*
                };
                metrics.asleep_ns += counts.asleep_since_ns.until(now_ns);
                metrics.waited_ns += counts.paused_since_ns.until(now_ns);
                metrics
            }

            /// True if nothing was counted.
            pub(crate) fn is_untouched(&self) -> bool {
                self.state == PlaceState::Empty $(&& self.$name == 0)*
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
    loops_alone: "Loops run by one thread because they are known not to be worth help.",
    loops_shared: "Loops cut for others because they are known to be worth it.",
    loops_unknown: "Loops of which not enough was known.",
    strays: "Jobs for a node that a worker of another node ran, having nothing else to do.",
    panics: "Panics of detached jobs.",
    asleep_ns: "Nanoseconds of sleeps with nothing to do.",
    waited_ns: "Nanoseconds of waits that slept, and of what blocks.",
    steals_far: "Of the steals, those from another node.",
    migrations: "Times that a thread which is not bound was found on another node than before.",
}
