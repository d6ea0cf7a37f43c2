//! Searches: any hit, the first, the last.
//!
//! # Concurrency
//! One atomic per search, relaxed: it ends the others sooner and decides nothing. What was found
//! travels by the outputs, and the order of the outputs decides which one counts.

use super::ParallelIterator;
use super::accumulate::{Accumulator, accumulate};
use super::plumbing::{Consumer, Folder};
use crate::{Context, with_context};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

struct Any<'a, F> {
    op: &'a F,
    is_found: AtomicBool,
}

impl<T, R: Send, F: Fn(T) -> Option<R> + Sync> Accumulator<T> for Any<'_, F> {
    type Value = Option<R>;

    fn begin(&self) -> Option<R> {
        None
    }

    fn add<I: Iterator<Item = T>>(&self, value: Option<R>, mut items: I) -> Option<R> {
        if value.is_some() {
            return value;
        }
        // The outer `Some` ends the search, here or because another found something.
        let ended = items.find_map(|item| {
            if self.is_found.load(Ordering::Relaxed) {
                return Some(None);
            }
            (self.op)(item).map(Some)
        });
        let hit = ended.flatten();
        if hit.is_some() {
            self.is_found.store(true, Ordering::Relaxed);
        }
        hit
    }

    fn merge(&self, left: Option<R>, right: Option<R>) -> Option<R> {
        left.or(right)
    }

    fn is_done(&self) -> bool {
        self.is_found.load(Ordering::Relaxed)
    }
}

/// Some hit of `op`.
pub(super) fn find_any<I, R, F>(iterator: I, op: &F) -> Option<R>
where
    I: ParallelIterator,
    R: Send,
    F: Fn(I::Item) -> Option<R> + Sync,
{
    let search = Any {
        op,
        is_found: AtomicBool::new(false),
    };
    accumulate(iterator, &search)
}

/// Which end of the sequence is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

struct Extreme<'a, F> {
    op: &'a F,
    end: End,
    /// The place of the best stretch that had a hit; nothing is better than none.
    best: AtomicUsize,
}

impl<F> Extreme<'_, F> {
    /// True if a stretch that begins at `place` cannot have the best hit.
    ///
    /// Stretches that begin at the same place follow each other in an order unknown here: nothing
    /// is concluded of them.
    fn is_beaten(&self, place: usize) -> bool {
        let best = self.best.load(Ordering::Relaxed);
        match self.end {
            End::First => best < place,
            // The place is one higher than the stretch's, so that nothing found is zero.
            End::Last => best > place + 1,
        }
    }

    fn note(&self, place: usize) {
        match self.end {
            End::First => self.best.fetch_min(place, Ordering::Relaxed),
            End::Last => self.best.fetch_max(place + 1, Ordering::Relaxed),
        };
    }
}

/// Where a stretch stands among all: not an index, only an order.
struct Stretch {
    from: usize,
    to: usize,
}

struct FindExtreme<'a, F>(&'a Extreme<'a, F>);

impl<F> Clone for FindExtreme<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F> Copy for FindExtreme<'_, F> {}

impl<'a, T, R: Send, F: Fn(T) -> Option<R> + Sync> Consumer<T> for FindExtreme<'a, F> {
    type Part = Stretch;
    type Output = Option<R>;
    type Folder = Finding<'a, F, R>;

    fn split(self, part: Stretch, _left_len: usize) -> (Stretch, Stretch) {
        let Stretch { from, to } = part;
        let middle = from + (to - from) / 2;
        (Stretch { from, to: middle }, Stretch { from: middle, to })
    }

    fn folder(self, part: Stretch) -> Self::Folder {
        Finding {
            search: self.0,
            part,
            hit: None,
        }
    }

    fn combine(self, left: Option<R>, right: Option<R>) -> Option<R> {
        match self.0.end {
            End::First => left.or(right),
            End::Last => right.or(left),
        }
    }

    fn is_full(self, part: &Stretch) -> bool {
        self.0.is_beaten(part.from)
    }
}

struct Finding<'a, F, R> {
    search: &'a Extreme<'a, F>,
    part: Stretch,
    hit: Option<R>,
}

impl<T, R, F: Fn(T) -> Option<R>> Folder<T> for Finding<'_, F, R> {
    type Part = Stretch;
    type Output = Option<R>;

    fn feed<I: Iterator<Item = T>>(mut self, _cx: Context<'_>, mut items: I) -> Self {
        if self.search.end == End::First && self.hit.is_some() {
            return self;
        }
        loop {
            let ended = items.find_map(|item| {
                if self.search.is_beaten(self.part.from) {
                    return Some(None);
                }
                (self.search.op)(item).map(Some)
            });
            let Some(Some(hit)) = ended else {
                return self;
            };
            self.hit = Some(hit);
            self.search.note(self.part.from);
            if self.search.end == End::First {
                return self;
            }
        }
    }

    fn stop(self, _cx: Context<'_>) -> (Option<R>, Stretch) {
        (self.hit, self.part)
    }

    fn is_full(&self) -> bool {
        (self.search.end == End::First && self.hit.is_some())
            || self.search.is_beaten(self.part.from)
    }
}

/// The hit of `op` that is nearest to `end`.
pub(super) fn find_extreme<I, R, F>(iterator: I, op: &F, end: End) -> Option<R>
where
    I: ParallelIterator,
    R: Send,
    F: Fn(I::Item) -> Option<R> + Sync,
{
    let best = match end {
        End::First => usize::MAX,
        End::Last => 0,
    };
    let search = Extreme {
        op,
        end,
        best: AtomicUsize::new(best),
    };
    // One less than all, so that a place plus one is a number.
    let part = Stretch {
        from: 0,
        to: usize::MAX - 1,
    };
    with_context(|cx| iterator.drive_in(cx, FindExtreme(&search), part))
}
