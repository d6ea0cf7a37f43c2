//! What separates the pieces of texts.
//!
//! # Role
//! Characters by a [`Pattern`], lines, words; how texts are cut.

use super::separate::{Body, Pieces, Separator};
use super::slice_pieces::{Between, Until};
use core::fmt::Debug;

impl Body for &str {
    type View = str;

    fn view(&self) -> &str {
        self
    }

    fn extent(&self) -> usize {
        self.len()
    }

    fn floor(&self, at: usize) -> usize {
        self.floor_char_boundary(at)
    }

    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at(at)
    }
}

/// A set of characters: one, some, or those that a closure holds of.
pub trait Pattern: Sized + Sync + Send {
    /// The first place in `text` where one stands.
    fn find_in(&self, text: &str) -> Option<usize>;

    /// The last one.
    fn find_last_in(&self, text: &str) -> Option<usize>;

    /// What [`str::split`] makes of `text`.
    fn split<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str>;

    /// What [`str::split_inclusive`] makes of it.
    fn split_inclusive<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str>;

    /// What [`str::match_indices`] makes of it.
    fn match_indices<'t>(&self, text: &'t str) -> impl Iterator<Item = (usize, &'t str)>;
}

/// A pattern that is one of the standard library's, too.
macro_rules! pattern {
    ([$($generics:tt)*], $type:ty, $self:ident => $pattern:expr) => {
        impl<$($generics)*> Pattern for $type {
            fn find_in(&$self, text: &str) -> Option<usize> {
                text.find($pattern)
            }

            fn find_last_in(&$self, text: &str) -> Option<usize> {
                text.rfind($pattern)
            }

            fn split<'t>(&$self, text: &'t str) -> impl Iterator<Item = &'t str> {
                text.split($pattern)
            }

            fn split_inclusive<'t>(&$self, text: &'t str) -> impl Iterator<Item = &'t str> {
                text.split_inclusive($pattern)
            }

            fn match_indices<'t>(&$self, text: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
                text.match_indices($pattern)
            }
        }
    };
}
pattern!([], char, self => *self);
pattern!([], &[char], self => *self);
pattern!([const N: usize], [char; N], self => *self);
pattern!([const N: usize], &[char; N], self => *self);
pattern!([F: Fn(char) -> bool + Sync + Send], F, self => self);

/// As [`Between`], where a separator at the very end ends the last piece.
#[derive(Clone, Debug)]
pub struct Ends<P>(pub(super) P);

/// Ends of lines.
#[derive(Clone, Debug)]
pub struct LineEnds;

/// White space around words.
#[derive(Clone, Debug)]
pub struct Gaps;

/// White space of ASCII around words.
#[derive(Clone, Debug)]
pub struct AsciiGaps;

/// The iterator of [`par_split`](super::ParallelString::par_split).
pub type TextSplit<'t, P> = Pieces<&'t str, Between<P>>;
/// The iterator of [`par_split_inclusive`](super::ParallelString::par_split_inclusive).
pub type TextSplitInclusive<'t, P> = Pieces<&'t str, Until<P>>;
/// The iterator of [`par_split_terminator`](super::ParallelString::par_split_terminator).
pub type SplitTerminator<'t, P> = Pieces<&'t str, Ends<P>>;
/// The iterator of [`par_lines`](super::ParallelString::par_lines).
pub type Lines<'t> = Pieces<&'t str, LineEnds>;
/// The iterator of [`par_split_whitespace`](super::ParallelString::par_split_whitespace).
pub type SplitWhitespace<'t> = Pieces<&'t str, Gaps>;
/// The iterator of [`par_split_ascii_whitespace`](super::ParallelString::par_split_ascii_whitespace).
pub type SplitAsciiWhitespace<'t> = Pieces<&'t str, AsciiGaps>;

/// How many bytes the character at `at` has.
fn width(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.chars().next().map_or(0, char::len_utf8)
}

/// A separator of one character: the pattern it is found by, whether the first part keeps it, and what iterates.
macro_rules! one_character {
    ([$($generics:tt)*], $name:ty, $self:ident => $pattern:expr, kept: $is_kept:expr,
     ($body:ident, $is_end:ident) $pieces:expr) => {
        impl<'t, $($generics)*> Separator<&'t str> for $name {
            fn find(&$self, view: &str, from: usize, to: usize) -> Option<usize> {
                let ahead = $pattern.find_in(view.get(from..to)?)?;
                Some(from + ahead)
            }

            fn find_last(&$self, view: &str, to: usize) -> Option<usize> {
                $pattern.find_last_in(view.get(..to)?)
            }

            fn edges(&self, view: &str, at: usize) -> (usize, usize) {
                let end = at + width(view, at);
                (if $is_kept { end } else { at }, end)
            }

            fn pieces(&$self, $body: &'t str, $is_end: bool) -> impl Iterator<Item = &'t str> {
                let _ = $is_end;
                $pieces
            }
        }
    };
}
one_character!([P: Pattern], Between<P>, self => self.0, kept: false, (body, is_end) self.0.split(body));
one_character!(
    [P: Pattern], Until<P>, self => self.0, kept: true,
    (body, is_end) self.0.split_inclusive(body)
);
one_character!(
    [P: Pattern], Ends<P>, self => self.0, kept: false,
    (body, is_end) ended(&self.0, body, is_end).into_iter().flat_map(|body| self.0.split(body))
);
one_character!(
    [], LineEnds, self => '\n', kept: true,
    (body, is_end) body.lines()
);
one_character!(
    [], Gaps, self => char::is_whitespace, kept: false,
    (body, is_end) body.split_whitespace()
);
one_character!(
    [], AsciiGaps, self => is_ascii_gap, kept: false,
    (body, is_end) body.split_ascii_whitespace()
);

fn is_ascii_gap(c: char) -> bool {
    c.is_ascii_whitespace()
}

/// `body` without the separator that ends its last piece, nothing of an empty one; only where nothing follows it.
fn ended<'t, P: Pattern>(pattern: &P, body: &'t str, is_end: bool) -> Option<&'t str> {
    if !is_end {
        return Some(body);
    }
    let last = body.char_indices().next_back()?.0;
    let (before, end) = body.split_at(last);
    let is_ended = pattern.find_in(end).is_some();
    Some(if is_ended { before } else { body })
}
