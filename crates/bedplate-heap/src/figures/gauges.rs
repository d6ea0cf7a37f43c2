//! How full, how healthy, how much floats.

use crate::Heap;
use bedplate_os::clock;
use core::time::Duration;

/// What a heap is like at a moment, told without a walk over its objects.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Gauges {
    /// Objects that are there, those that wait to be freed included.
    pub live_objects: u64,
    /// About what they hold: chunks of size classes by the objects that are alive of as many as there ever
    /// were at a time, and all spans.
    pub bytes: u64,
    /// Bytes that are committed.
    pub committed_bytes: u64,
    /// Objects that wait for a trial or a full pass.
    pub waiting: u64,
    /// Objects that wait to be freed; what only they hold is not counted.
    pub dying: u64,
    /// About so many objects are garbage and not freed yet: what waits to be freed, and for each object
    /// that waits for the collector as many as it found for each lately. [`Heap::floating`] is exact.
    pub floating_objects: u64,
    /// About the bytes of these.
    pub floating_bytes: u64,
    /// Objects made in a second, averaged over about the last one.
    pub made_per_second: f64,
    /// The health that the quick check gave, from 0 to 1.
    pub health: f64,
    /// The longest piece of the collector's work so far but for whole collections.
    pub longest_pause: Duration,
}

impl Gauges {
    pub(crate) fn each_word(&mut self, call: &mut dyn FnMut(&mut u64)) {
        call(&mut self.live_objects);
        call(&mut self.bytes);
        call(&mut self.committed_bytes);
        call(&mut self.waiting);
        call(&mut self.dying);
        call(&mut self.floating_objects);
        call(&mut self.floating_bytes);
        for float in [&mut self.made_per_second, &mut self.health] {
            let mut bits = float.to_bits();
            call(&mut bits);
            *float = f64::from_bits(bits);
        }
        let mut ns = u64::try_from(self.longest_pause.as_nanos()).unwrap_or(u64::MAX);
        call(&mut ns);
        self.longest_pause = Duration::from_nanos(ns);
    }
}

/// How much garbage was found for each of what was looked at: sums of which the older count less.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Yield {
    tried: f64,
    found: f64,
}

impl Yield {
    pub(crate) fn note(&mut self, tried: u64, found: u64) {
        if tried > 0 {
            self.tried = self.tried * 0.875 + as_float(tried);
            self.found = self.found * 0.875 + as_float(found);
        }
    }

    /// For each; one where nothing was tried yet.
    fn each(self) -> f64 {
        if self.tried > 0.0 {
            self.found / self.tried
        } else {
            1.0
        }
    }
}

impl Heap {
    /// The gauges now.
    ///
    /// # Cost
    /// The quick check.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let mut rate = self.observed.rate;
        rate.note(clock::monotonic_ns(), self.stats.allocated_objects());
        self.gauges_at(rate.per_second())
    }

    pub(super) fn gauges_at(&self, made_per_second: f64) -> Gauges {
        let (candidates, deferred) = self.cycles.waiting();
        let live_objects = self.stats.live_objects();
        let bytes = self.held_bytes() as u64;
        let dying = self.dying.list.len() as u64 + self.cycles.pass.condemned();
        let observed = &self.observed;
        let expected = as_float(candidates) * observed.trials.each()
            + as_float(deferred) * observed.passes.each();
        let floating = (as_float(dying) + expected).min(as_float(live_objects));
        let each = as_float(bytes) / as_float(live_objects.max(1));
        Gauges {
            live_objects,
            bytes,
            committed_bytes: self.committed_bytes(),
            waiting: candidates + deferred,
            dying,
            floating_objects: as_whole(floating),
            floating_bytes: as_whole(floating * each),
            made_per_second,
            health: self.quick_check().health(),
            longest_pause: observed.longest_piece(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
const fn as_float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate that is no less than zero; what is too great becomes the greatest"
)]
const fn as_whole(number: f64) -> u64 {
    number as u64
}
