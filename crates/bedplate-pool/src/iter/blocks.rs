//! Loops in blocks: one block is done before the next begins.

use super::plumbing::{Consumer, Producer, WithProducer, drive};
use super::{IndexedParallelIterator, ParallelIterator};
use crate::Context;

/// How long blocks are.
pub trait BlockLens: Clone + Send {
    /// The length of the first one, in a pool of so many workers. At least one.
    fn first(&self, width: usize) -> usize;

    /// The length of the one behind a block of `len` items.
    fn next(&self, len: usize) -> usize;
}

/// All blocks are of one length, which is not zero.
#[derive(Clone, Debug)]
pub struct Uniform(pub(super) usize);

impl BlockLens for Uniform {
    fn first(&self, _width: usize) -> usize {
        self.0
    }

    fn next(&self, len: usize) -> usize {
        len
    }
}

/// The first block has an item for each worker, each block twice as many as the one before it.
#[derive(Clone, Debug)]
pub struct Exponential;

impl BlockLens for Exponential {
    fn first(&self, width: usize) -> usize {
        width.max(1)
    }

    fn next(&self, len: usize) -> usize {
        len.saturating_mul(2)
    }
}

/// The iterator of [`by_uniform_blocks`](IndexedParallelIterator::by_uniform_blocks).
pub type UniformBlocks<I> = Blocks<I, Uniform>;
/// The iterator of [`by_exponential_blocks`](IndexedParallelIterator::by_exponential_blocks).
pub type ExponentialBlocks<I> = Blocks<I, Exponential>;

/// The iterator of a loop in blocks.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Blocks<I, L> {
    pub(super) base: I,
    pub(super) lens: L,
}

impl<I: IndexedParallelIterator, L: BlockLens> ParallelIterator for Blocks<I, L> {
    type Item = I::Item;

    fn drive_in<C: Consumer<I::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let len = self.base.len();
        let by_blocks = ByBlocks {
            cx,
            len,
            lens: self.lens,
            consumer,
            part,
        };
        self.base.produce(by_blocks)
    }

    fn known_len(&self) -> Option<usize> {
        Some(self.base.len())
    }
}

struct ByBlocks<'p, L, C, Part> {
    cx: Context<'p>,
    len: usize,
    lens: L,
    consumer: C,
    part: Part,
}

impl<T, L: BlockLens, C: Consumer<T>> WithProducer<T> for ByBlocks<'_, L, C, C::Part> {
    type Output = C::Output;

    fn run<P: Producer<Item = T>>(self, producer: P) -> C::Output {
        let Self {
            cx,
            len: mut rest_len,
            lens,
            consumer,
            part,
        } = self;
        let mut block_len = lens.first(cx.width());
        let (mut rest, mut rest_part) = (producer, part);
        let mut output = None;
        while rest_len > block_len && !consumer.is_full(&rest_part) {
            let (block, later) = rest.split_at(block_len);
            let (mine, later_part) = consumer.split(rest_part, block_len);
            let done = drive(cx, block_len, block, consumer, mine);
            output = Some(joined(consumer, output, done));
            (rest, rest_part) = (later, later_part);
            rest_len -= block_len;
            block_len = lens.next(block_len);
        }
        let last = drive(cx, rest_len, rest, consumer, rest_part);
        joined(consumer, output, last)
    }
}

/// What came of both.
fn joined<T, C: Consumer<T>>(consumer: C, before: Option<C::Output>, last: C::Output) -> C::Output {
    match before {
        Some(before) => consumer.combine(before, last),
        None => last,
    }
}
