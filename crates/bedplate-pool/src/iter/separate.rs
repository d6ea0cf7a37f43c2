//! What lies between separators: of slices and of texts, one mechanism for both.
//!
//! # Role
//! A [`Body`] is what can be cut; a [`Separator`] finds places to cut it at and iterates the pieces between. The
//! iterator over the pieces is cut at the separator next to its middle.
//!
//! # Not here
//! The methods that make them: `slice_methods.rs`, `text.rs`. What separates slices and texts: `slice_pieces.rs`,
//! `text_pieces.rs`.
//!
//! # Invariants
//! - I1: at or behind `tail` there is no place to cut, but for a separator that ends the body. So what was searched in
//!   vain is not searched again.

use super::ParallelIterator;
use super::divide::{Divide, drive_divided};
use super::plumbing::Consumer;
use crate::Context;
use core::fmt;

/// A slice or a text.
pub trait Body: Send + Sized {
    /// What is searched.
    type View: ?Sized;

    /// The whole.
    fn view(&self) -> &Self::View;

    /// Its length.
    fn extent(&self) -> usize;

    /// The last place up to `at` where it can be cut.
    fn floor(&self, at: usize) -> usize;

    /// What is before `at`, and the rest.
    fn cut(self, at: usize) -> (Self, Self);
}

/// What separates the pieces of a body.
pub trait Separator<B: Body>: Sync {
    /// The first place from `from` on and before `to` where the body can be cut.
    fn find(&self, view: &B::View, from: usize, to: usize) -> Option<usize>;

    /// The last place before `to` where the body can be cut.
    fn find_last(&self, view: &B::View, to: usize) -> Option<usize>;

    /// Where the first part of a body ends that is cut at `at`, and where the second begins.
    fn edges(&self, view: &B::View, at: usize) -> (usize, usize);

    /// The pieces of `body` in order; `is_end` unless another part follows it.
    fn pieces(&self, body: B, is_end: bool) -> impl Iterator<Item = B>;
}

/// The parallel iterator over the pieces between separators.
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Pieces<B, S> {
    body: B,
    separator: S,
}

impl<B, S> Pieces<B, S> {
    pub(super) fn new(body: B, separator: S) -> Self {
        Self { body, separator }
    }
}

impl<B: fmt::Debug, S> fmt::Debug for Pieces<B, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl<B: Body, S: Separator<B> + Send> ParallelIterator for Pieces<B, S> {
    type Item = B;

    fn drive_in<C: Consumer<B>>(self, cx: Context<'_>, consumer: C, part: C::Part) -> C::Output {
        let Self { body, separator } = self;
        let whole = Run {
            tail: body.extent(),
            body,
            is_end: true,
            separator: &separator,
        };
        drive_divided(cx, whole, consumer, part)
    }
}

/// A part of the body.
struct Run<'s, B, S> {
    body: B,
    /// Where the search for separators may end (I1).
    tail: usize,
    /// False if another part follows.
    is_end: bool,
    separator: &'s S,
}

impl<B: Body, S: Separator<B>> Run<'_, B, S> {
    /// Cuts at `at`; in the first part there is no other place from `tail` on.
    fn cut_at(self, at: usize, tail: usize, is_rest_whole: bool) -> (Self, Self) {
        let separator = self.separator;
        let (end, start) = separator.edges(self.body.view(), at);
        let (before, second) = self.body.cut(start);
        let first = if end < start {
            before.cut(end).0
        } else {
            before
        };
        // Behind the last separator before the middle there is none up to the tail.
        let second_tail = if is_rest_whole {
            0
        } else {
            self.tail.saturating_sub(start)
        };
        (
            Self {
                body: first,
                tail,
                is_end: false,
                separator,
            },
            Self {
                body: second,
                tail: second_tail,
                is_end: self.is_end,
                separator,
            },
        )
    }
}

impl<B: Body, S: Separator<B>> Divide for Run<'_, B, S> {
    type Item = B;

    fn divide(mut self) -> (Self, Option<Self>) {
        let middle = self.body.floor(self.tail / 2);
        let view = self.body.view();
        if let Some(at) = self.separator.find(view, middle, self.tail) {
            let (first, second) = self.cut_at(at, middle, false);
            return (first, Some(second));
        }
        if let Some(at) = self.separator.find_last(view, middle) {
            let (first, second) = self.cut_at(at, at, true);
            return (first, Some(second));
        }
        self.tail = 0;
        (self, None)
    }

    fn items(self) -> impl Iterator<Item = B> {
        self.separator.pieces(self.body, self.is_end)
    }
}
