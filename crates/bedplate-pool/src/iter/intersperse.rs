//! An item between all others.
//!
//! # Role
//! Where the number of items is known, stretches know whether one is before them, and the item goes in between on the
//! way. Where it is not, the items are gathered first: whether there is one before a stretch is known only when all
//! stretches before it are done.

use super::parallel::cloned_under;
use super::plumbing::{Consumer, Folder, Producer, WithProducer};
use super::produce::{Wrap, Wrapped};
use super::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, pieces};
use crate::Context;
use core::iter::FusedIterator;
use std::sync::Mutex;

/// The iterator of [`intersperse`](ParallelIterator::intersperse).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Intersperse<I: ParallelIterator> {
    base: I,
    between: I::Item,
}

impl<I: ParallelIterator> Intersperse<I> {
    pub(super) fn new(base: I, between: I::Item) -> Self {
        Self { base, between }
    }
}

/// How many items there are with those between.
fn with_those_between(count: usize) -> Option<usize> {
    count.checked_add(count.saturating_sub(1))
}

impl<I: ParallelIterator<Item: Clone>> ParallelIterator for Intersperse<I> {
    type Item = I::Item;

    fn drive_in<C: Consumer<I::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let Self { base, between } = self;
        if base.known_len().is_some() {
            let between = Mutex::new(between);
            let shared = Interspersed {
                consumer,
                between: &between,
            };
            let part = Place {
                part,
                is_first: true,
            };
            return base.drive_in(cx, shared, part);
        }
        let gathered = pieces::gather(base).into_iter().flatten();
        let gathered: Vec<I::Item> = gathered.collect();
        Intersperse::new(gathered.into_par_iter(), between).drive_in(cx, consumer, part)
    }

    fn known_len(&self) -> Option<usize> {
        with_those_between(self.base.known_len()?)
    }
}

/// A part, and whether no item is before it.
struct Place<P> {
    part: P,
    is_first: bool,
}

struct Interspersed<'m, C, T> {
    consumer: C,
    between: &'m Mutex<T>,
}

impl<C: Copy, T> Clone for Interspersed<'_, C, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C: Copy, T> Copy for Interspersed<'_, C, T> {}

impl<T: Clone + Send, C: Consumer<T>> Consumer<T> for Interspersed<'_, C, T> {
    type Part = Place<C::Part>;
    type Output = C::Output;
    type Folder = Interspersing<C::Folder, T>;

    fn split(self, part: Self::Part, left_len: usize) -> (Self::Part, Self::Part) {
        let Place { part, is_first } = part;
        // One before each item, but for the first of all.
        let first_alone = usize::from(is_first && left_len > 0);
        let len = left_len.saturating_mul(2) - first_alone;
        let (left, right) = self.consumer.split(part, len);
        let with = |part, is_first| Place { part, is_first };
        (with(left, is_first), with(right, is_first && left_len == 0))
    }

    fn folder(self, part: Self::Part) -> Self::Folder {
        Interspersing {
            folder: self.consumer.folder(part.part),
            between: cloned_under(self.between),
            is_first: part.is_first,
        }
    }

    fn combine(self, left: C::Output, right: C::Output) -> C::Output {
        self.consumer.combine(left, right)
    }

    fn is_full(self, part: &Self::Part) -> bool {
        self.consumer.is_full(&part.part)
    }
}

struct Interspersing<F, T> {
    folder: F,
    between: T,
    is_first: bool,
}

impl<T: Clone, F: Folder<T>> Folder<T> for Interspersing<F, T> {
    type Part = Place<F::Part>;
    type Output = F::Output;

    fn feed<I: Iterator<Item = T>>(self, cx: Context<'_>, items: I) -> Self {
        let Self {
            folder,
            between,
            mut is_first,
        } = self;
        let both = items.flat_map(|item| {
            let before = (!is_first).then(|| between.clone());
            is_first = false;
            before.into_iter().chain([item])
        });
        let folder = folder.feed(cx, both);
        Self {
            folder,
            between,
            is_first,
        }
    }

    fn stop(self, cx: Context<'_>) -> (F::Output, Self::Part) {
        let is_first = self.is_first;
        let (output, part) = self.folder.stop(cx);
        (output, Place { part, is_first })
    }

    fn is_full(&self) -> bool {
        self.folder.is_full()
    }
}

impl<I: IndexedParallelIterator<Item: Clone>> IndexedParallelIterator for Intersperse<I> {
    fn len(&self) -> usize {
        let len = with_those_between(self.base.len());
        len.expect("more than `usize::MAX` items cannot be indexed")
    }

    fn produce<W: WithProducer<I::Item>>(self, with: W) -> W::Output {
        let len = self.len();
        let between = self.between;
        self.base
            .produce(Wrapped::new(PutBetween { between, len }, with))
    }
}

struct PutBetween<T> {
    between: T,
    len: usize,
}

impl<T: Clone + Send> Wrap<T> for PutBetween<T> {
    type Item = T;

    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = T> {
        IntersperseProducer {
            base,
            between: self.between,
            turns: Turns {
                len: self.len,
                is_item_next: true,
            },
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug)]
struct Turns {
    /// How many come, both kinds together.
    len: usize,
    /// True if the first is an item of the base.
    is_item_next: bool,
}

impl Turns {
    /// How many of the first `count` are items of the base.
    fn items_among(self, count: usize) -> usize {
        if self.is_item_next {
            count.div_ceil(2)
        } else {
            count / 2
        }
    }

    /// True if the one at `index` is an item of the base.
    fn is_item(self, index: usize) -> bool {
        self.is_item_next == index.is_multiple_of(2)
    }
}

/// The producer of [`Intersperse`].
#[derive(Debug)]
pub struct IntersperseProducer<P, T> {
    base: P,
    between: T,
    turns: Turns,
}

impl<T: Clone + Send, P: Producer<Item = T>> Producer for IntersperseProducer<P, T> {
    type Item = T;

    fn serial(self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator {
        ByTurns {
            items: self.base.serial(),
            between: self.between,
            turns: self.turns,
        }
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Self {
            base,
            between,
            turns,
        } = self;
        let (left, right) = base.split_at(turns.items_among(index));
        let left_turns = Turns {
            len: index,
            ..turns
        };
        let right_turns = Turns {
            len: turns.len - index,
            is_item_next: turns.is_item(index),
        };
        (
            Self {
                base: left,
                between: between.clone(),
                turns: left_turns,
            },
            Self {
                base: right,
                between,
                turns: right_turns,
            },
        )
    }

    fn min_len(&self) -> usize {
        self.base.min_len()
    }

    fn max_len(&self) -> usize {
        self.base.max_len()
    }
}

/// What [`IntersperseProducer`] becomes.
struct ByTurns<I, T> {
    items: I,
    between: T,
    turns: Turns,
}

impl<T: Clone, I: Iterator<Item = T>> Iterator for ByTurns<I, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.turns.len = self.turns.len.checked_sub(1)?;
        let is_item = self.turns.is_item_next;
        self.turns.is_item_next = !is_item;
        if is_item {
            self.items.next()
        } else {
            Some(self.between.clone())
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.turns.len, Some(self.turns.len))
    }
}

impl<T: Clone, I: DoubleEndedIterator<Item = T>> DoubleEndedIterator for ByTurns<I, T> {
    fn next_back(&mut self) -> Option<T> {
        self.turns.len = self.turns.len.checked_sub(1)?;
        if self.turns.is_item(self.turns.len) {
            self.items.next_back()
        } else {
            Some(self.between.clone())
        }
    }
}

impl<T: Clone, I: Iterator<Item = T>> ExactSizeIterator for ByTurns<I, T> {}
impl<T: Clone, I: FusedIterator<Item = T>> FusedIterator for ByTurns<I, T> {}
