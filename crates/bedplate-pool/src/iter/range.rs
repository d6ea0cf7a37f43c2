//! Ranges of numbers and of characters.
//!
//! # Invariants
//! - I1: a range has at most `usize::MAX` numbers; a longer one is refused when it is iterated.

use super::chain::Chain;
use super::exact::Exact;
use super::plumbing::{Producer, WithProducer, drive_by_index};
use super::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, option};
use core::ops::{Range, RangeInclusive};

/// What ranges are of that can be iterated: the whole numbers of the language, and its characters.
pub trait Number: Copy + Send + Ord {
    /// How many numbers `range` has.
    fn count(range: &Range<Self>) -> usize;

    /// The number `index` steps behind this, which exists.
    #[must_use]
    fn forward(self, index: usize) -> Self;

    /// The numbers of `range`.
    fn serial(range: Range<Self>) -> impl DoubleEndedIterator<Item = Self>;
}

macro_rules! numbers {
    ($($type:ty as $unsigned:ty),*) => {$(
        impl Number for $type {
            fn count(range: &Range<Self>) -> usize {
                if range.start >= range.end {
                    return 0;
                }
                // The distance of two numbers always fits the unsigned type.
                let distance: $unsigned = range.end.abs_diff(range.start);
                usize::try_from(distance)
                    .expect("a range of more than `usize::MAX` numbers cannot be iterated")
            }

            fn forward(self, index: usize) -> Self {
                // Half of a signed range may not fit the type; the sum does, modulo its size.
                let steps = <$unsigned>::try_from(index);
                let steps = steps.expect("a cut is inside the range");
                self.wrapping_add(Self::from_ne_bytes(steps.to_ne_bytes()))
            }

            fn serial(range: Range<Self>) -> impl DoubleEndedIterator<Item = Self> {
                range
            }
        }
    )*};
}

numbers!(
    u8 as u8,
    u16 as u16,
    u32 as u32,
    u64 as u64,
    u128 as u128,
    usize as usize,
    i8 as u8,
    i16 as u16,
    i32 as u32,
    i64 as u64,
    i128 as u128,
    isize as usize
);

/// The numbers between the two ranges of characters, which stand for none.
const GAP: u32 = 0xe000 - 0xd800;

/// The place of a character among all.
fn place(c: char) -> u32 {
    let number = u32::from(c);
    if number < 0xd800 {
        number
    } else {
        number - GAP
    }
}

impl Number for char {
    fn count(range: &Range<Self>) -> usize {
        let count = place(range.end).saturating_sub(place(range.start));
        usize::try_from(count).expect("there are fewer characters than addresses")
    }

    fn forward(self, index: usize) -> Self {
        let moved = u32::try_from(index)
            .ok()
            .and_then(|steps| place(self).checked_add(steps));
        let number = moved.map(|place| if place < 0xd800 { place } else { place + GAP });
        let character = number.and_then(Self::from_u32);
        character.expect("a cut is inside the range")
    }

    fn serial(range: Range<Self>) -> impl DoubleEndedIterator<Item = Self> {
        range
    }
}

/// The parallel iterator of a range of numbers.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct RangeIter<T> {
    range: Range<T>,
}

impl<T: Number> IntoParallelIterator for Range<T> {
    type Iter = RangeIter<T>;
    type Item = T;

    fn into_par_iter(self) -> RangeIter<T> {
        RangeIter { range: self }
    }
}

/// The parallel iterator of a range of numbers with its end: the end is an item of its own, because
/// the number behind it may not exist.
pub type RangeInclusiveIter<T> = Chain<RangeIter<T>, option::IntoIter<T>>;

impl<T: Number> IntoParallelIterator for RangeInclusive<T> {
    type Iter = RangeInclusiveIter<T>;
    type Item = T;

    fn into_par_iter(self) -> Self::Iter {
        let is_empty = self.is_empty();
        let (start, end) = self.into_inner();
        let (before, last) = if is_empty {
            (start..start, None)
        } else {
            (start..end, Some(end))
        };
        before.into_par_iter().chain(last)
    }
}

impl<T: Number> ParallelIterator for RangeIter<T> {
    type Item = T;

    drive_by_index!();
}

impl<T: Number> IndexedParallelIterator for RangeIter<T> {
    fn len(&self) -> usize {
        T::count(&self.range)
    }

    fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
        with.run(RangeProducer {
            len: self.len(),
            range: self.range,
        })
    }
}

/// The producer of [`RangeIter`].
#[derive(Debug)]
pub struct RangeProducer<T> {
    range: Range<T>,
    len: usize,
}

impl<T: Number> Producer for RangeProducer<T> {
    type Item = T;

    fn serial(self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator {
        Exact::new(T::serial(self.range), self.len)
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Range { start, end } = self.range;
        let middle = start.forward(index);
        (
            Self {
                range: start..middle,
                len: index,
            },
            Self {
                range: middle..end,
                len: self.len - index,
            },
        )
    }
}
