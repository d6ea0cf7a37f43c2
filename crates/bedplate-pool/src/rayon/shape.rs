//! The traits of rayon's plumbing.

use crate::iter::ParallelIterator;

use super::theirs;

/// What is done with a producer of any type.
pub trait ProducerCallback<T> {
    /// What comes of it.
    type Output;

    /// Does it.
    fn callback<P: Producer<Item = T>>(self, producer: P) -> Self::Output;
}

/// A sequence of known length that can be cut at any index.
pub trait Producer: Send + Sized {
    /// What is produced.
    type Item;
    /// What it becomes.
    type IntoIter: Iterator<Item = Self::Item> + DoubleEndedIterator + ExactSizeIterator;

    /// All items in order.
    fn into_iter(self) -> Self::IntoIter;

    /// Fewer items are not worth a cut.
    fn min_len(&self) -> usize {
        1
    }

    /// More items are cut whether somebody wants them or not.
    fn max_len(&self) -> usize {
        usize::MAX
    }

    /// The first `index` items, and the rest.
    fn split_at(self, index: usize) -> (Self, Self);

    /// Feeds the items to `folder` until it is full.
    fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F {
        folder.consume_iter(self.into_iter())
    }
}

/// Takes a sequence of items of which it is told the places.
pub trait Consumer<Item>: Send + Sized {
    /// Takes a stretch.
    type Folder: Folder<Item, Result = Self::Result>;
    /// Puts two results together.
    type Reducer: Reducer<Self::Result>;
    /// What comes of the items.
    type Result: Send;

    /// One for the first `index` items, one for the rest, and what joins their results.
    fn split_at(self, index: usize) -> (Self, Self, Self::Reducer);

    /// Begins a stretch.
    fn into_folder(self) -> Self::Folder;

    /// True if more items make no difference.
    fn full(&self) -> bool;
}

/// Takes the items of a stretch.
pub trait Folder<Item>: Sized {
    /// What comes of them.
    type Result;

    /// Takes one.
    #[must_use]
    fn consume(self, item: Item) -> Self;

    /// Takes several, until it is full.
    #[must_use]
    fn consume_iter<I: IntoIterator<Item = Item>>(mut self, items: I) -> Self {
        for item in items {
            self = self.consume(item);
            if self.full() {
                break;
            }
        }
        self
    }

    /// Ends the stretch.
    fn complete(self) -> Self::Result;

    /// True if more items make no difference.
    fn full(&self) -> bool;
}

/// Puts two neighbouring results together.
pub trait Reducer<Result> {
    /// Does it.
    fn reduce(self, left: Result, right: Result) -> Result;
}

/// A consumer that need not be told places.
pub trait UnindexedConsumer<I>: Consumer<I> {
    /// One for the items before those that remain for this.
    #[must_use]
    fn split_off_left(&self) -> Self;

    /// What joins the results of the two.
    fn to_reducer(&self) -> Self::Reducer;

    /// Takes the items of one of our iterators. Ours drive them their own way.
    #[doc(hidden)]
    fn take_from<P: ParallelIterator<Item = I>>(self, items: P) -> Self::Result {
        theirs::take_from(self, items)
    }
}

/// Items that can be cut in two somewhere, or not at all.
pub trait UnindexedProducer: Send + Sized {
    /// What is produced.
    type Item;

    /// The items, and a second part if there is one.
    fn split(self) -> (Self, Option<Self>);

    /// Feeds the items to `folder` until it is full.
    fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F;
}
