//! One job for a range of items.
//!
//! # Role
//! Threads take chunks of the range by one shared number; an item costs a call, not a job.

use crate::tuning;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A range whose items are handed out in chunks.
#[derive(Debug)]
pub(crate) struct Batch<F> {
    /// The first item that nobody has; beyond `end` when all are handed out.
    next: AtomicUsize,
    end: usize,
    chunk: usize,
    f: F,
}

impl<F: Fn(usize)> Batch<F> {
    /// A batch for about `workers` threads.
    pub(crate) fn new(range: Range<usize>, workers: usize, f: F) -> Self {
        let items = range.end.saturating_sub(range.start);
        let chunk = items / (workers * tuning::BATCH_CHUNKS);
        Self {
            next: AtomicUsize::new(range.start),
            end: range.end,
            chunk: chunk.clamp(1, tuning::BATCH_CHUNK_MAX),
            f,
        }
    }

    /// How many threads of `threads` can have a chunk.
    pub(crate) fn helpers(&self, threads: usize) -> usize {
        // Relaxed: nobody has begun.
        let items = self.end.saturating_sub(self.next.load(Ordering::Relaxed));
        items.div_ceil(self.chunk).min(threads)
    }

    /// Runs chunks until none is left, or `stop` says so.
    pub(crate) fn run(&self, stop: impl Fn() -> bool) {
        // Bounded by the range.
        while !stop() {
            let Some(chunk) = self.take() else { return };
            for item in chunk {
                (self.f)(item);
            }
        }
    }

    fn take(&self) -> Option<Range<usize>> {
        let (end, chunk) = (self.end, self.chunk);
        let cut = |next: usize| (next < end).then(|| next.saturating_add(chunk).min(end));
        // Relaxed: items are independent; whoever waits for them is told through the job.
        let taken = self
            .next
            .try_update(Ordering::Relaxed, Ordering::Relaxed, cut);
        let start = taken.ok()?;
        Some(start..cut(start)?)
    }
}
