//! Ordinary iterators, taken from by several threads.
//!
//! # Role
//! `par_bridge`: the iterator stands behind a lock; whoever has time takes the next item.
//!
//! # Invariants
//! - I1: the lock is held while the next item is made and at no other time. An iterator that itself
//!   waits for work of the pool would hold it meanwhile; that is said in the method's documentation.
//! - I2: after a panic of the iterator it is not asked again.

use super::ParallelIterator;
use super::plumbing::{Consumer, Folder, nothing};
use crate::Context;
use core::{iter, mem};
use std::sync::Mutex;

/// Ordinary iterators as parallel ones.
pub trait ParallelBridge: Sized {
    /// The parallel iterator.
    ///
    /// Items come in any order. The iterator runs on one thread at a time, so this helps where the
    /// work is in what is done with the items. The iterator must not itself wait for the pool.
    fn par_bridge(self) -> IterBridge<Self>;
}

impl<I: Iterator<Item: Send> + Send> ParallelBridge for I {
    fn par_bridge(self) -> IterBridge<Self> {
        IterBridge { items: self }
    }
}

/// The parallel iterator of [`par_bridge`](ParallelBridge::par_bridge).
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct IterBridge<I> {
    items: I,
}

impl<I: Iterator<Item: Send> + Send> ParallelIterator for IterBridge<I> {
    type Item = I::Item;

    fn drive_in<C: Consumer<I::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let items = Mutex::new(self.items.fuse());
        share(cx, &items, consumer, part)
    }
}

/// Takes items until there are no more; where others want work, they do the same.
fn share<I, C>(
    cx: Context<'_>,
    items: &Mutex<iter::Fuse<I>>,
    consumer: C,
    part: C::Part,
) -> C::Output
where
    I: Iterator<Item: Send> + Send,
    C: Consumer<I::Item>,
{
    if consumer.is_full(&part) {
        return nothing(cx, consumer, part);
    }
    let mut is_ended = false;
    let mut is_shared = false;
    let mut is_first = true;
    let mine = iter::from_fn(|| {
        // One item before the first look: every cut is paid for by an item, whatever is wanted.
        is_shared = !mem::take(&mut is_first) && cx.offers_wanted();
        if is_shared {
            return None;
        }
        // I2: the panic comes out of the join.
        let item = items.lock().ok().and_then(|mut items| items.next());
        is_ended = item.is_none();
        item
    });
    let folder = consumer.folder(part).feed(cx, mine);
    let is_over = is_ended || !is_shared || folder.is_full();
    let (output, part) = folder.stop(cx);
    if is_over {
        return output;
    }
    let (first, second) = consumer.split(part, 0);
    let (left, right) = cx.join(
        move |cx| share(cx, items, consumer, first),
        move |cx| share(cx, items, consumer, second),
    );
    consumer.combine(consumer.combine(output, left), right)
}
