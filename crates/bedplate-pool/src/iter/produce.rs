//! Producers made of other producers.
//!
//! # Role
//! An adaptor has its base produce into a [`Wrapped`], which makes the adaptor's producer of the base's and hands
//! it on; with two bases into [`produce_both`]. So no adaptor names the type of its base's producer.

use super::IndexedParallelIterator;
use super::plumbing::{Producer, WithProducer};

/// Makes a producer of a producer.
pub(super) trait Wrap<T> {
    /// What the new one produces.
    type Item;

    /// Makes it.
    fn wrap<P: Producer<Item = T>>(self, base: P) -> impl Producer<Item = Self::Item>;
}

/// Wraps what is produced and hands it on.
#[derive(Debug)]
pub(super) struct Wrapped<A, W> {
    wrap: A,
    with: W,
}

impl<A, W> Wrapped<A, W> {
    pub(super) fn new(wrap: A, with: W) -> Self {
        Self { wrap, with }
    }
}

impl<T, A: Wrap<T>, W: WithProducer<A::Item>> WithProducer<T> for Wrapped<A, W> {
    type Output = W::Output;

    fn run<P: Producer<Item = T>>(self, producer: P) -> W::Output {
        self.with.run(self.wrap.wrap(producer))
    }
}

/// Makes a producer of two.
pub(super) trait WrapBoth<T, U> {
    /// What the new one produces.
    type Item;

    /// Makes it.
    fn wrap<P, Q>(self, left: P, right: Q) -> impl Producer<Item = Self::Item>
    where
        P: Producer<Item = T>,
        Q: Producer<Item = U>;
}

/// Hands on what `wrap` makes of the producers of both sides.
pub(super) fn produce_both<A, B, X, W>(left: A, right: B, wrap: X, with: W) -> W::Output
where
    A: IndexedParallelIterator,
    B: IndexedParallelIterator,
    X: WrapBoth<A::Item, B::Item>,
    W: WithProducer<X::Item>,
{
    left.produce(LeftFirst { right, wrap, with })
}

struct LeftFirst<B, X, W> {
    right: B,
    wrap: X,
    with: W,
}

impl<T, B, X, W> WithProducer<T> for LeftFirst<B, X, W>
where
    B: IndexedParallelIterator,
    X: WrapBoth<T, B::Item>,
    W: WithProducer<X::Item>,
{
    type Output = W::Output;

    fn run<P: Producer<Item = T>>(self, producer: P) -> W::Output {
        let Self { right, wrap, with } = self;
        let left = producer;
        right.produce(RightNext { left, wrap, with })
    }
}

struct RightNext<P, X, W> {
    left: P,
    wrap: X,
    with: W,
}

impl<U, P, X, W> WithProducer<U> for RightNext<P, X, W>
where
    P: Producer,
    X: WrapBoth<P::Item, U>,
    W: WithProducer<X::Item>,
{
    type Output = W::Output;

    fn run<Q: Producer<Item = U>>(self, producer: Q) -> W::Output {
        self.with.run(self.wrap.wrap(self.left, producer))
    }
}
