//! Stages that end the whole iteration, or count over all threads.
//!
//! # Concurrency
//! Each keeps one atomic, shared by all stretches. It decides *that* something ends or how many
//! items pass, never publishes data, so all orderings are relaxed; what the threads made is handed
//! over by the join.

use super::stage::{Each, Stage, Staged};
use core::iter::FusedIterator;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The iterator of [`while_some`](super::ParallelIterator::while_some).
pub type WhileSome<I> = Staged<I, SomeOnly>;
/// The iterator of [`take_any`](super::ParallelIterator::take_any).
pub type TakeAny<I> = Staged<I, Taking>;
/// The iterator of [`skip_any`](super::ParallelIterator::skip_any).
pub type SkipAny<I> = Staged<I, Skipping>;
/// The iterator of [`take_any_while`](super::ParallelIterator::take_any_while).
pub type TakeAnyWhile<I, F> = Staged<I, TakingWhile<F>>;
/// The iterator of [`skip_any_while`](super::ParallelIterator::skip_any_while).
pub type SkipAnyWhile<I, F> = Staged<I, SkippingWhile<F>>;
/// The iterator of [`panic_fuse`](super::ParallelIterator::panic_fuse).
pub type PanicFuse<I> = Staged<I, Fuse>;

/// A stage of its own for a clone: what has happened so far counts there, too.
macro_rules! clone_state {
    ($($stage:ident $(<$f:ident>)?: $state:ident, $atomic:ident $(, $predicate:ident)?;)*) => {$(
        impl$(<$f: Clone>)? Clone for $stage $(<$f>)? {
            fn clone(&self) -> Self {
                Self {
                    $($predicate: self.$predicate.clone(),)?
                    $state: $atomic::new(self.$state.load(Ordering::Relaxed)),
                }
            }
        }
    )*};
}

clone_state! {
    SomeOnly: ended, AtomicBool;
    Taking: left, AtomicUsize;
    Skipping: left, AtomicUsize;
    TakingWhile<F>: ended, AtomicBool, predicate;
    SkippingWhile<F>: ended, AtomicBool, predicate;
    Fuse: blown, AtomicBool;
}

/// The stage of `while_some`.
#[derive(Debug, Default)]
pub struct SomeOnly {
    ended: AtomicBool,
}

impl<T: Send> Stage<Option<T>> for SomeOnly {
    type Out = T;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = Option<T>>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T> {
        items.map_while(move |item| {
            if item.is_none() {
                self.ended.store(true, Ordering::Relaxed);
            }
            item.filter(|_| !self.ended.load(Ordering::Relaxed))
        })
    }

    fn is_full(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// Takes one from `left` unless it is zero.
fn take_one(left: &AtomicUsize) -> bool {
    let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(1)
    });
    taken.is_ok()
}

/// The stage of `take_any`.
#[derive(Debug)]
pub struct Taking {
    left: AtomicUsize,
}

impl Taking {
    pub(super) fn new(count: usize) -> Self {
        Self {
            left: AtomicUsize::new(count),
        }
    }
}

impl<T: Send> Stage<T> for Taking {
    type Out = T;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T> {
        items.take_while(move |_| take_one(&self.left))
    }

    fn is_full(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

/// The stage of `skip_any`.
#[derive(Debug)]
pub struct Skipping {
    left: AtomicUsize,
}

impl Skipping {
    pub(super) fn new(count: usize) -> Self {
        Self {
            left: AtomicUsize::new(count),
        }
    }
}

impl<T: Send> Stage<T> for Skipping {
    type Out = T;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T> {
        items.skip_while(move |_| take_one(&self.left))
    }
}

/// The stage of `take_any_while`.
#[derive(Debug)]
pub struct TakingWhile<F> {
    pub(super) predicate: F,
    pub(super) ended: AtomicBool,
}

impl<T: Send, F: Fn(&T) -> bool + Send + Sync> Stage<T> for TakingWhile<F> {
    type Out = T;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T> {
        items.take_while(move |item| {
            let passes = !self.ended.load(Ordering::Relaxed) && (self.predicate)(item);
            if !passes {
                self.ended.store(true, Ordering::Relaxed);
            }
            passes
        })
    }

    fn is_full(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// The stage of `skip_any_while`.
#[derive(Debug)]
pub struct SkippingWhile<F> {
    pub(super) predicate: F,
    pub(super) ended: AtomicBool,
}

impl<T: Send, F: Fn(&T) -> bool + Send + Sync> Stage<T> for SkippingWhile<F> {
    type Out = T;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T> {
        items.skip_while(move |item| {
            let is_skipped = !self.ended.load(Ordering::Relaxed) && (self.predicate)(item);
            if !is_skipped {
                self.ended.store(true, Ordering::Relaxed);
            }
            is_skipped
        })
    }
}

/// The stage of `panic_fuse`.
#[derive(Debug, Default)]
pub struct Fuse {
    blown: AtomicBool,
}

/// Blows the fuse if it is dropped by a panic.
struct Watch<'a>(&'a AtomicBool);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl<T: Send> Stage<T> for Fuse {
    type Out = T;
    type State = ();

    fn begin(&self) {}

    fn run<I: Iterator<Item = T>>(&self, (): &mut (), items: I) -> impl Iterator<Item = T> {
        let watch = Watch(&self.blown);
        // Not a closure: that would hold the flag alone, and the watch would end here.
        Fused { watch, items }
    }

    fn is_full(&self) -> bool {
        self.blown.load(Ordering::Relaxed)
    }
}

impl<T: Send> Each<T> for Fuse {
    fn run_each<I>(&self, items: I) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator
    where
        I: DoubleEndedIterator<Item = T> + ExactSizeIterator,
    {
        let watch = Watch(&self.blown);
        Fused { watch, items }
    }
}

/// Items until the fuse is blown; it then has fewer than it said, like any loop that a panic ends.
struct Fused<'a, I> {
    watch: Watch<'a>,
    items: I,
}

impl<I> Fused<'_, I> {
    fn is_whole(&self) -> bool {
        !self.watch.0.load(Ordering::Relaxed)
    }
}

impl<I: Iterator> Iterator for Fused<'_, I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        if self.is_whole() {
            self.items.next()
        } else {
            None
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for Fused<'_, I> {
    fn next_back(&mut self) -> Option<I::Item> {
        if self.is_whole() {
            self.items.next_back()
        } else {
            None
        }
    }
}

impl<I: ExactSizeIterator> ExactSizeIterator for Fused<'_, I> {}
impl<I: FusedIterator> FusedIterator for Fused<'_, I> {}
