//! One item again and again.

use super::divide::parts;
use super::plumbing::{Consumer, Folder, Producer, WithProducer, drive_by_index, nothing};
use super::zip::Zip;
use super::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use crate::Context;
use core::iter::{self, FusedIterator};

/// How many items are made between two looks whether more are wanted.
const STRETCH_LEN: usize = 1024;

/// A parallel iterator over clones of `item` without end: something behind it must break off, or
/// [`take`](Repeat::take) and [`zip`](Repeat::zip) give it a length.
///
/// # Examples
///
/// ```
/// use bedplate_pool::iter::repeat;
/// use bedplate_pool::prelude::*;
///
/// let pairs: Vec<(&str, u8)> = repeat("n").zip(vec![1, 2]).collect();
/// assert_eq!(pairs, [("n", 1), ("n", 2)]);
/// assert_eq!(repeat(7).find_any(|n| n % 7 == 0), Some(7));
/// ```
pub fn repeat<T: Clone + Send>(item: T) -> Repeat<T> {
    Repeat { item }
}

/// A parallel iterator over `item` and clones of it, `count` in all.
///
/// # Examples
///
/// ```
/// use bedplate_pool::iter::repeat_n;
/// use bedplate_pool::prelude::*;
///
/// assert_eq!(repeat_n("ab", 3).collect::<String>(), "ababab");
/// ```
pub fn repeat_n<T: Clone + Send>(item: T, count: usize) -> RepeatN<T> {
    RepeatN::new(item, count)
}

/// The iterator of [`repeat`].
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Repeat<T> {
    item: T,
}

impl<T: Clone + Send> Repeat<T> {
    /// The first `count` of them.
    pub fn take(self, count: usize) -> RepeatN<T> {
        RepeatN::new(self.item, count)
    }

    /// Pairs of clones and the items of `other`, as many as these.
    pub fn zip<B>(self, other: B) -> Zip<RepeatN<T>, B::Iter>
    where
        B: IntoParallelIterator<Iter: IndexedParallelIterator>,
    {
        let other = other.into_par_iter();
        let count = other.len();
        self.take(count).zip(other)
    }
}

impl<T: Clone + Send> ParallelIterator for Repeat<T> {
    type Item = T;

    fn drive_in<C: Consumer<T>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        endless(cx, parts(cx), self.item, consumer, part)
    }
}

/// Feeds clones of `item` from `wanted` threads, if there are so many, until the consumer is full.
fn endless<T, C>(cx: Context<'_>, wanted: usize, item: T, consumer: C, part: C::Part) -> C::Output
where
    T: Clone + Send,
    C: Consumer<T>,
{
    if consumer.is_full(&part) {
        return nothing(cx, consumer, part);
    }
    if wanted < 2 {
        let mut folder = consumer.folder(part);
        while !folder.is_full() {
            folder = folder.feed(cx, iter::repeat_n(item.clone(), STRETCH_LEN));
        }
        return folder.stop(cx).0;
    }
    let (first_part, second_part) = consumer.split(part, 0);
    let more = item.clone();
    let (left, right) = cx.join(
        move |cx| endless(cx, wanted / 2, item, consumer, first_part),
        move |cx| endless(cx, wanted / 2, more, consumer, second_part),
    );
    consumer.combine(left, right)
}

/// The iterator of [`repeat_n`].
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct RepeatN<T> {
    /// The item there is, with the number of items, which is not zero.
    items: Option<(T, usize)>,
}

impl<T> RepeatN<T> {
    fn new(item: T, count: usize) -> Self {
        let items = (count > 0).then_some((item, count));
        Self { items }
    }
}

impl<T: Clone + Send> ParallelIterator for RepeatN<T> {
    type Item = T;

    drive_by_index!();
}

impl<T: Clone + Send> IndexedParallelIterator for RepeatN<T> {
    fn len(&self) -> usize {
        self.items.as_ref().map_or(0, |(_, count)| *count)
    }

    fn produce<W: WithProducer<T>>(self, with: W) -> W::Output {
        with.run(RepeatNProducer(self.items))
    }
}

/// The producer of [`RepeatN`].
#[derive(Debug)]
pub struct RepeatNProducer<T>(Option<(T, usize)>);

impl<T: Clone + Send> Producer for RepeatNProducer<T> {
    type Item = T;

    fn serial(self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator {
        let items = self.0.map(|(item, count)| iter::repeat_n(item, count));
        Repeated(items)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        match self.0 {
            Some((item, count)) if index > 0 && index < count => {
                let first = (item.clone(), index);
                (Self(Some(first)), Self(Some((item, count - index))))
            }
            items if index == 0 => (Self(None), Self(items)),
            items => (Self(items), Self(None)),
        }
    }
}

/// What [`RepeatNProducer`] becomes. Skipped items are not cloned.
struct Repeated<T>(Option<iter::RepeatN<T>>);

impl<T: Clone> Iterator for Repeated<T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.0.as_mut()?.next()
    }

    fn nth(&mut self, n: usize) -> Option<T> {
        self.0.as_mut()?.nth(n)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.0.as_ref().map_or(0, ExactSizeIterator::len);
        (count, Some(count))
    }

    fn fold<B, F: FnMut(B, T) -> B>(self, init: B, f: F) -> B {
        match self.0 {
            Some(items) => items.fold(init, f),
            None => init,
        }
    }
}

impl<T: Clone> DoubleEndedIterator for Repeated<T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        self.next()
    }

    fn nth_back(&mut self, n: usize) -> Option<T> {
        self.nth(n)
    }
}

impl<T: Clone> ExactSizeIterator for Repeated<T> {}
impl<T: Clone> FusedIterator for Repeated<T> {}
