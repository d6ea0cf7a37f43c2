//! An iterator whose length is known from elsewhere.
//!
//! # Role
//! Some iterators of the standard library know their length but do not say so, because it may not
//! fit a `usize`: ranges of `u64`, chains. [`Exact`] says it for them.

use core::iter::FusedIterator;

/// `inner`, which yields `len` items.
#[derive(Debug)]
pub(super) struct Exact<I> {
    inner: I,
    len: usize,
}

impl<I> Exact<I> {
    pub(super) fn new(inner: I, len: usize) -> Self {
        Self { inner, len }
    }
}

impl<I: Iterator> Iterator for Exact<I> {
    type Item = I::Item;

    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        let item = self.inner.next()?;
        self.len -= 1;
        Some(item)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }

    #[inline]
    fn fold<B, F: FnMut(B, I::Item) -> B>(self, init: B, f: F) -> B {
        self.inner.fold(init, f)
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for Exact<I> {
    #[inline]
    fn next_back(&mut self) -> Option<I::Item> {
        let item = self.inner.next_back()?;
        self.len -= 1;
        Some(item)
    }

    #[inline]
    fn rfold<B, F: FnMut(B, I::Item) -> B>(self, init: B, f: F) -> B {
        self.inner.rfold(init, f)
    }
}

impl<I: Iterator> ExactSizeIterator for Exact<I> {}
impl<I: FusedIterator> FusedIterator for Exact<I> {}
