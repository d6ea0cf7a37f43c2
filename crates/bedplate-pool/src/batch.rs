//! One job for a range of items.
//!
//! # Role
//! Threads take chunks of the range by one shared number; an item costs a call, not a job. Where it
//! is known what a call costs, chunks last some microseconds, and few calls have few helpers.

use crate::engine::Engine;
use crate::payload;
use crate::predict;
use crate::tuning;
use bedplate_os::clock;
use core::ops::Range;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;

/// A range whose items are handed out in chunks.
#[derive(Debug)]
pub(crate) struct Batch<F> {
    /// The first item that nobody has; beyond `end` when all are handed out.
    next: AtomicUsize,
    end: usize,
    chunk: usize,
    /// How many threads are worth it.
    helpers: usize,
    /// How many items there were; zero if their cost is not to be learned.
    learned_len: usize,
    f: F,
}

impl<F: Fn(usize)> Batch<F> {
    /// A batch for `threads` threads of a pool.
    pub(crate) fn new(engine: &Engine, range: Range<usize>, threads: usize, f: F) -> Self {
        let items = range.end.saturating_sub(range.start);
        let is_learned = engine.plan.predicts && items > 0;
        let cost = is_learned.then(|| predict::of_batch::<F>(items)).flatten();
        let chunk_max = cost.map_or(tuning::BATCH_CHUNK_MAX, |cost| {
            cost.items_in(tuning::BATCH_CHUNK_NS)
        });
        let chunk = (items / (threads * tuning::BATCH_CHUNKS)).clamp(1, chunk_max);
        // As for loops (`iter/plumbing.rs`): items that are as few as threads may wait for one another.
        let is_tiny = items > threads
            && cost.is_some_and(|cost| items < cost.items_in(2 * engine.share_ns()));
        let helpers = if is_tiny { 1 } else { threads };
        Self {
            next: AtomicUsize::new(range.start),
            end: range.end,
            chunk,
            helpers: items.div_ceil(chunk).min(helpers),
            learned_len: if is_learned { items } else { 0 },
            f,
        }
    }

    /// How many threads are worth it.
    pub(crate) fn helpers(&self) -> usize {
        self.helpers
    }

    /// Runs chunks until none is left, or `stop` says so. A panic ends its chunk alone, and goes on when the
    /// others have run: there may be no other thread to run them.
    pub(crate) fn run(&self, stop: impl Fn() -> bool) {
        let began_ns = clock::monotonic_ns();
        let mut first = None;
        // Bounded by the range: a panic has taken a chunk.
        let done = loop {
            match catch_unwind(AssertUnwindSafe(|| self.run_chunks(&stop))) {
                Ok(done) => break done,
                Err(panic) if first.is_none() => first = Some(panic),
                Err(panic) => payload::discard(panic),
            }
        };
        if let Some(panic) = first {
            payload::resume(panic);
        }
        if done > 0 && self.learned_len > 0 {
            let spent_ns = clock::monotonic_ns() - began_ns;
            predict::learn_batch::<F>(self.learned_len, done, spent_ns);
        }
    }

    /// Runs chunks until none is left, `stop` says so, or a call panics; how many items.
    fn run_chunks(&self, stop: &impl Fn() -> bool) -> usize {
        let mut done = 0;
        // Bounded by the range.
        while !stop() {
            let Some(chunk) = self.take() else { break };
            done += chunk.len();
            for item in chunk {
                (self.f)(item);
            }
        }
        done
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
