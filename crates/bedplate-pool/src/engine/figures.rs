//! What a pool says of itself.
//!
//! # Role
//! Its page for readers from outside, its metrics, its timeline.

use super::Engine;
use crate::crew;
use crate::metrics::{Metrics, WorkerMetrics};
use crate::predict;
use crate::root::{Directions, RootPage};
use crate::timeline::{PlaceKind, Timeline};
use crate::tuning;
use bedplate_os::clock;
use core::sync::atomic::Ordering;

impl Engine {
    /// Lets readers from outside find the pool.
    pub(crate) fn show(&self) {
        self.root.get_or_init(|| {
            let word = |word: *const u8| word.expose_provenance() as u64;
            RootPage::make(&Directions {
                name: &self.plan.name,
                workers: self.plan.width,
                spares: self.plan.spares,
                guests: tuning::GUESTS,
                seats: word(self.seats.as_ptr().cast()),
                width: word(core::ptr::from_ref(self.shape.width_word()).cast()),
                working: word(core::ptr::from_ref(self.crew.workers_word()).cast()),
                living: word(core::ptr::from_ref(self.crew.living_word()).cast()),
                started: word(core::ptr::from_ref(self.crew.started_word()).cast()),
                taken: word((&raw const self.guests).cast()),
                queued: word(core::ptr::from_ref(self.queue.count_word()).cast()),
                wakes: word((&raw const self.wakes).cast()),
                forks: crew::forks(),
            })
        });
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let admission = self.admission.figures();
        let (sites, sites_evicted) = predict::sites();
        let mut metrics = Metrics {
            admitted: admission.admitted,
            admission_waiting: admission.waiting,
            admission_narrowed: admission.narrowed,
            admitted_beyond: admission.beyond,
            admission_nested: admission.nested,
            admission_stalls: admission.stalls,
            footprint_bytes: admission.bytes,
            queued: self.queue.count() as u64,
            threads: self.crew.living() as u64,
            spares_failed: self.crew.spares_failed(),
            grown: self.queue.grown(),
            workers: self.width() as u64,
            reconfigured: self.shape.changes(),
            degraded: self.shape.degraded_count() as u64,
            // Relaxed, both: figures.
            wakes: self.wakes.load(Ordering::Relaxed),
            guests_refused: self.guests_refused.load(Ordering::Relaxed),
            fibers_failed: self.fibers_failed.load(Ordering::Relaxed),
            hidden: u64::from(self.root.get().is_none_or(Option::is_none)),
            sites,
            sites_evicted,
            unplaced: self.unplaced.load(Ordering::Relaxed),
            ..Metrics::default()
        };
        let now_ns = clock::monotonic_ns();
        for seat in &self.seats {
            metrics.add(&seat.counts, now_ns);
        }
        metrics
    }

    /// There was no stack for a fiber.
    #[cfg(feature = "fibers")]
    pub(crate) fn count_fiber_failed(&self) {
        // Relaxed: a figure.
        self.fibers_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// What happened at each place that a thread ever had.
    pub(crate) fn worker_metrics(&self) -> Vec<WorkerMetrics> {
        let now_ns = clock::monotonic_ns();
        let seats = self.seats.iter().map(|seat| {
            let (kind, name) = self.place(seat.index);
            let is_owned = self.is_owned(seat.index);
            WorkerMetrics::of((seat.index, kind, name), is_owned, &seat.counts, now_ns)
        });
        seats.filter(|metrics| !metrics.is_untouched()).collect()
    }

    /// True if a thread has the place now.
    fn is_owned(&self, index: usize) -> bool {
        if index < self.thread_seats() {
            return if index < self.plan.width {
                index < self.crew.workers_started()
            } else {
                index < self.plan.width + self.crew.spares_started()
            };
        }
        // Relaxed: a figure.
        self.guests.load(Ordering::Relaxed) >> (index - self.thread_seats()) & 1 == 1
    }

    /// Whose a place is, and what to call it.
    fn place(&self, index: usize) -> (PlaceKind, String) {
        if index < self.plan.width {
            (PlaceKind::Worker, self.plan.thread_name(index))
        } else if index < self.thread_seats() {
            (PlaceKind::Spare, self.plan.thread_name(index))
        } else {
            let guest = index - self.thread_seats();
            (PlaceKind::Guest, format!("guest {guest}"))
        }
    }

    pub(crate) fn start_timeline(&self) {
        self.recorder.start(&self.seats);
    }

    pub(crate) fn take_timeline(&self) -> Timeline {
        self.recorder
            .take(&self.plan.name, &self.seats, |index| self.place(index))
    }
}
