//! Tuples of iterators as one iterator over tuples.

use super::plumbing::{WithProducer, drive_by_index};
use super::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// The iterator of a tuple of indexed ones: as many tuples as the shortest has items.
///
/// # Examples
///
/// ```
/// use bedplate_pool::prelude::*;
///
/// let (names, ages) = (["Ann", "Bob"], [30, 40]);
/// let mut tall = [false; 2];
/// (&names, &ages, &mut tall).into_par_iter().for_each(|(name, age, tall)| *tall = name.len() + age > 40);
/// assert_eq!(tall, [false, true]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct MultiZip<I> {
    tuple: I,
}

/// Zips all behind the first, one after the other.
macro_rules! zipped {
    ($first:expr $(,)?) => { $first };
    ($first:expr, $second:expr $(, $more:expr)* $(,)?) => { zipped!($first.zip($second) $(, $more)*) };
}

/// The pattern of an item of [`zipped!`].
macro_rules! pairs {
    ($first:pat $(,)?) => { $first };
    ($first:pat, $second:ident $(, $more:ident)* $(,)?) => { pairs!(($first, $second) $(, $more)*) };
}

/// The least of all lengths.
macro_rules! least {
    ($first:expr $(, $more:expr)* $(,)?) => { $first$(.min($more))* };
}

macro_rules! multizip {
    ($($type:ident $name:ident),*) => {
        impl<$($type),*> IntoParallelIterator for ($($type,)*)
        where
            $($type: IntoParallelIterator<Iter: IndexedParallelIterator>,)*
        {
            type Iter = MultiZip<($($type::Iter,)*)>;
            type Item = ($($type::Item,)*);

            fn into_par_iter(self) -> Self::Iter {
                let ($($name,)*) = self;
                MultiZip { tuple: ($($name.into_par_iter(),)*) }
            }
        }

        impl<'a, $($type),*> IntoParallelIterator for &'a ($($type,)*)
        where
            $(&'a $type: IntoParallelIterator<Iter: IndexedParallelIterator>,)*
        {
            type Iter = MultiZip<($(<&'a $type as IntoParallelIterator>::Iter,)*)>;
            type Item = ($(<&'a $type as IntoParallelIterator>::Item,)*);

            fn into_par_iter(self) -> Self::Iter {
                let ($($name,)*) = self;
                ($($name,)*).into_par_iter()
            }
        }

        impl<'a, $($type),*> IntoParallelIterator for &'a mut ($($type,)*)
        where
            $(&'a mut $type: IntoParallelIterator<Iter: IndexedParallelIterator>,)*
        {
            type Iter = MultiZip<($(<&'a mut $type as IntoParallelIterator>::Iter,)*)>;
            type Item = ($(<&'a mut $type as IntoParallelIterator>::Item,)*);

            fn into_par_iter(self) -> Self::Iter {
                let ($($name,)*) = self;
                ($($name,)*).into_par_iter()
            }
        }

        impl<$($type: IndexedParallelIterator),*> ParallelIterator for MultiZip<($($type,)*)> {
            type Item = ($($type::Item,)*);

            drive_by_index!();
        }

        impl<$($type: IndexedParallelIterator),*> IndexedParallelIterator for MultiZip<($($type,)*)> {
            fn len(&self) -> usize {
                let ($($name,)*) = &self.tuple;
                least!($($name.len()),*)
            }

            fn produce<W: WithProducer<Self::Item>>(self, with: W) -> W::Output {
                let ($($name,)*) = self.tuple;
                zipped!($($name),*).map(|pairs!($($name),*)| ($($name,)*)).produce(with)
            }
        }
    };
}

multizip!(T0 a);
multizip!(T0 a, T1 b);
multizip!(T0 a, T1 b, T2 c);
multizip!(T0 a, T1 b, T2 c, T3 d);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e, T5 f);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e, T5 f, T6 g);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e, T5 f, T6 g, T7 h);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e, T5 f, T6 g, T7 h, T8 i);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e, T5 f, T6 g, T7 h, T8 i, T9 j);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e, T5 f, T6 g, T7 h, T8 i, T9 j, T10 k);
multizip!(T0 a, T1 b, T2 c, T3 d, T4 e, T5 f, T6 g, T7 h, T8 i, T9 j, T10 k, T11 l);
