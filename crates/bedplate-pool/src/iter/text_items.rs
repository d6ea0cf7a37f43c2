//! Characters, bytes and matches of texts: what a cut between any two characters leaves whole.

use super::ParallelIterator;
use super::divide::{Divide, drive_divided};
use super::plumbing::Consumer;
use super::text_pieces::Pattern;
use crate::Context;
use core::fmt;
use core::marker::PhantomData;

/// Makes items of a part of a text.
pub trait Reading: Send + Sync {
    /// What is made.
    type Item<'t>: Send;

    /// The items of `text`, which begins at the byte `start` of the whole.
    fn read<'t>(&self, text: &'t str, start: usize) -> impl Iterator<Item = Self::Item<'t>>;
}

/// The parallel iterator over what is read of a text.
#[derive(Clone)]
#[must_use = "iterators do nothing until they are consumed"]
pub struct Texts<'t, R> {
    text: &'t str,
    reading: R,
}

impl<'t, R> Texts<'t, R> {
    pub(super) fn new(text: &'t str) -> Self
    where
        R: Default,
    {
        let reading = R::default();
        Self { text, reading }
    }
}

impl<R> fmt::Debug for Texts<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

impl<'t, R: Reading> ParallelIterator for Texts<'t, R> {
    type Item = R::Item<'t>;

    fn drive_in<C: Consumer<Self::Item>>(
        self,
        cx: Context<'_>,
        consumer: C,
        part: C::Part,
    ) -> C::Output {
        let Self { text, reading } = self;
        let whole = Part {
            text,
            start: 0,
            reading: &reading,
        };
        drive_divided(cx, whole, consumer, part)
    }
}

/// A part of a text, and where it begins.
struct Part<'t, 'r, R> {
    text: &'t str,
    start: usize,
    reading: &'r R,
}

impl<'t, R: Reading> Divide for Part<'t, '_, R> {
    type Item = R::Item<'t>;

    fn divide(self) -> (Self, Option<Self>) {
        let middle = self.text.floor_char_boundary(self.text.len() / 2);
        if middle == 0 {
            return (self, None);
        }
        let (first, second) = self.text.split_at(middle);
        let with = |text, start| Self {
            text,
            start,
            reading: self.reading,
        };
        let start = self.start;
        (with(first, start), Some(with(second, start + middle)))
    }

    fn items(self) -> impl Iterator<Item = R::Item<'t>> {
        self.reading.read(self.text, self.start)
    }
}

/// A reading of all characters.
macro_rules! reading {
    ($(#[$doc:meta])* $name:ident, $iter:ident, $item:ty, ($text:ident, $start:ident) $items:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name;

        $(#[$doc])*
        pub type $iter<'t> = Texts<'t, $name>;

        impl Reading for $name {
            type Item<'t> = $item;

            fn read(&self, $text: &str, $start: usize) -> impl Iterator<Item = $item> {
                let _ = $start;
                $items
            }
        }
    };
}
reading!(
    /// The iterator of [`par_chars`](super::ParallelString::par_chars).
    AsChars, Chars, char, (text, start) text.chars()
);
reading!(
    /// The iterator of [`par_char_indices`](super::ParallelString::par_char_indices).
    AsCharIndices, CharIndices, (usize, char),
    (text, start) text.char_indices().map(move |(at, c)| (start + at, c))
);
reading!(
    /// The iterator of [`par_bytes`](super::ParallelString::par_bytes).
    AsBytes, Bytes, u8, (text, start) text.bytes()
);
reading!(
    /// The iterator of [`par_encode_utf16`](super::ParallelString::par_encode_utf16).
    AsUtf16, EncodeUtf16, u16, (text, start) text.encode_utf16()
);

/// Characters of a pattern; `X` says whether with their places.
#[derive(Clone, Debug)]
pub struct AsMatches<P, X> {
    pattern: P,
    kind: PhantomData<fn() -> X>,
}

/// Without places.
#[derive(Clone, Debug)]
pub enum Plain {}

/// With places.
#[derive(Clone, Debug)]
pub enum Placed {}

/// The iterator of [`par_matches`](super::ParallelString::par_matches).
pub type Matches<'t, P> = Texts<'t, AsMatches<P, Plain>>;
/// The iterator of [`par_match_indices`](super::ParallelString::par_match_indices).
pub type MatchIndices<'t, P> = Texts<'t, AsMatches<P, Placed>>;

impl<'t, P, X> Texts<'t, AsMatches<P, X>> {
    pub(super) fn by(text: &'t str, pattern: P) -> Self {
        let kind = PhantomData;
        let reading = AsMatches { pattern, kind };
        Self { text, reading }
    }
}

impl<P: Pattern> Reading for AsMatches<P, Plain> {
    type Item<'t> = &'t str;

    fn read<'t>(&self, text: &'t str, _start: usize) -> impl Iterator<Item = &'t str> {
        self.pattern.match_indices(text).map(|(_, found)| found)
    }
}

impl<P: Pattern> Reading for AsMatches<P, Placed> {
    type Item<'t> = (usize, &'t str);

    fn read<'t>(&self, text: &'t str, start: usize) -> impl Iterator<Item = (usize, &'t str)> {
        let found = self.pattern.match_indices(text);
        found.map(move |(at, found)| (start + at, found))
    }
}
