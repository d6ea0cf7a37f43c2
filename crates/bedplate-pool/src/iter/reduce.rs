//! Reductions: everything that makes one value of all items.

use super::accumulate::Accumulator;
use core::iter::{self, Product, Sum};
use core::marker::PhantomData;

/// `for_each`.
pub(super) struct ForEach<'a, F>(pub(super) &'a F);

impl<T, F: Fn(T) + Sync> Accumulator<T> for ForEach<'_, F> {
    type Value = ();

    fn begin(&self) {}

    fn add<I: Iterator<Item = T>>(&self, (): (), items: I) {
        items.for_each(self.0);
    }

    fn merge(&self, (): (), (): ()) {}
}

/// `count`.
pub(super) struct Count;

impl<T> Accumulator<T> for Count {
    type Value = usize;

    fn begin(&self) -> usize {
        0
    }

    fn add<I: Iterator<Item = T>>(&self, value: usize, items: I) -> usize {
        value + items.count()
    }

    fn merge(&self, left: usize, right: usize) -> usize {
        left + right
    }
}

/// `reduce`.
pub(super) struct Reduce<'a, S, F> {
    pub(super) identity: &'a S,
    pub(super) op: &'a F,
}

impl<T, S, F> Accumulator<T> for Reduce<'_, S, F>
where
    T: Send,
    S: Fn() -> T + Sync,
    F: Fn(T, T) -> T + Sync,
{
    type Value = T;

    fn begin(&self) -> T {
        (self.identity)()
    }

    fn add<I: Iterator<Item = T>>(&self, value: T, items: I) -> T {
        items.fold(value, self.op)
    }

    fn merge(&self, left: T, right: T) -> T {
        (self.op)(left, right)
    }
}

/// `reduce_with`.
pub(super) struct ReduceWith<'a, F>(pub(super) &'a F);

impl<T: Send, F: Fn(T, T) -> T + Sync> Accumulator<T> for ReduceWith<'_, F> {
    type Value = Option<T>;

    fn begin(&self) -> Option<T> {
        None
    }

    fn add<I: Iterator<Item = T>>(&self, value: Option<T>, items: I) -> Option<T> {
        match value {
            Some(value) => Some(items.fold(value, self.0)),
            None => items.reduce(self.0),
        }
    }

    fn merge(&self, left: Option<T>, right: Option<T>) -> Option<T> {
        match (left, right) {
            (Some(left), Some(right)) => Some((self.0)(left, right)),
            (left, right) => left.or(right),
        }
    }
}

/// How many floats are added or multiplied one after the other. Each step waits for the one before,
/// several cycles; a processor overlaps the end of one such chain with the beginning of the next if
/// they are short enough. Sums of floats depend on the grouping, which is free in a parallel sum.
const FLOATS_IN_A_CHAIN: usize = 64;

fn is_float<S>() -> bool {
    let id = typeid::of::<S>();
    id == typeid::of::<f64>() || id == typeid::of::<f32>()
}

/// Sums and products: `$Trait::$method` of the items, then of the results.
macro_rules! arithmetic {
    ($(#[$doc:meta])* $name:ident, $trait:ident, $method:ident) => {
        $(#[$doc])*
        pub(super) struct $name<S>(PhantomData<fn() -> S>);

        impl<S> $name<S> {
            pub(super) fn new() -> Self {
                Self(PhantomData)
            }
        }

        impl<T, S: Send + $trait<T> + $trait<S>> Accumulator<T> for $name<S> {
            /// `None` for no items: the neutral value need not be computed with.
            type Value = Option<S>;

            fn begin(&self) -> Option<S> {
                None
            }

            fn add<I: Iterator<Item = T>>(&self, value: Option<S>, mut items: I) -> Option<S> {
                if !is_float::<S>() {
                    return self.both(value, Some(items.$method()));
                }
                let mut value = value;
                while let Some(first) = items.next() {
                    let others = items.by_ref().take(FLOATS_IN_A_CHAIN - 1);
                    let chain = iter::once(first).chain(others).$method();
                    value = self.both(value, Some(chain));
                }
                value
            }

            fn merge(&self, left: Option<S>, right: Option<S>) -> Option<S> {
                self.both(left, right)
            }
        }

        impl<S> $name<S> {
            fn both(&self, left: Option<S>, right: Option<S>) -> Option<S>
            where
                S: $trait<S>,
            {
                match (left, right) {
                    (Some(left), Some(right)) => Some([left, right].into_iter().$method()),
                    (left, right) => left.or(right),
                }
            }
        }
    };
}

arithmetic!(
    /// `sum`.
    Summing, Sum, sum
);
arithmetic!(
    /// `product`.
    Multiplying, Product, product
);
