//! What texts can do in parallel: the trait.
//!
//! # Not here
//! What separates pieces: `text_pieces.rs`. Characters, bytes and matches: `text_items.rs`.

use super::separate::Pieces;
use super::slice_pieces::{Between, Until};
use super::text_items::{Bytes, CharIndices, Chars, EncodeUtf16, MatchIndices, Matches, Texts};
use super::text_pieces::{
    AsciiGaps, Ends, Gaps, LineEnds, Lines, Pattern, SplitAsciiWhitespace, SplitTerminator,
    SplitWhitespace, TextSplit, TextSplitInclusive,
};

/// Parallel iterators over texts. A text is cut between characters, or at the separator next to its middle.
///
/// # Examples
///
/// ```
/// use bedplate_pool::prelude::*;
///
/// let text = "to be or\nnot to be";
/// let words: Vec<usize> = text.par_lines().map(|line| line.split(' ').count()).collect();
/// assert_eq!(words, [3, 3]);
/// assert_eq!(text.par_chars().filter(|c| *c == 'o').count(), 4);
/// assert_eq!(text.par_split_whitespace().map(str::len).max(), Some(3));
/// ```
pub trait ParallelString {
    /// The text.
    fn as_parallel_string(&self) -> &str;

    /// The characters.
    fn par_chars(&self) -> Chars<'_> {
        Texts::new(self.as_parallel_string())
    }

    /// The characters with their places in bytes.
    fn par_char_indices(&self) -> CharIndices<'_> {
        Texts::new(self.as_parallel_string())
    }

    /// The bytes; those of a character are made by one thread. `as_bytes().par_iter()` is indexed.
    fn par_bytes(&self) -> Bytes<'_> {
        Texts::new(self.as_parallel_string())
    }

    /// The text in UTF-16; the parts of a character are made by one thread.
    fn par_encode_utf16(&self) -> EncodeUtf16<'_> {
        Texts::new(self.as_parallel_string())
    }

    /// What lies between characters of `separator`, as [`str::split`].
    fn par_split<P: Pattern>(&self, separator: P) -> TextSplit<'_, P> {
        Pieces::new(self.as_parallel_string(), Between(separator))
    }

    /// The same with the separator at the end of each piece, as [`str::split_inclusive`].
    fn par_split_inclusive<P: Pattern>(&self, separator: P) -> TextSplitInclusive<'_, P> {
        Pieces::new(self.as_parallel_string(), Until(separator))
    }

    /// What characters of `terminator` end, as [`str::split_terminator`]: nothing is behind the last one.
    fn par_split_terminator<P: Pattern>(&self, terminator: P) -> SplitTerminator<'_, P> {
        Pieces::new(self.as_parallel_string(), Ends(terminator))
    }

    /// The lines without their ends, as [`str::lines`].
    fn par_lines(&self) -> Lines<'_> {
        Pieces::new(self.as_parallel_string(), LineEnds)
    }

    /// The words between white space, as [`str::split_whitespace`].
    fn par_split_whitespace(&self) -> SplitWhitespace<'_> {
        Pieces::new(self.as_parallel_string(), Gaps)
    }

    /// The words between white space of ASCII, as [`str::split_ascii_whitespace`].
    fn par_split_ascii_whitespace(&self) -> SplitAsciiWhitespace<'_> {
        Pieces::new(self.as_parallel_string(), AsciiGaps)
    }

    /// The characters of `pattern`, as texts.
    fn par_matches<P: Pattern>(&self, pattern: P) -> Matches<'_, P> {
        Texts::by(self.as_parallel_string(), pattern)
    }

    /// The characters of `pattern`, as texts, with their places in bytes.
    fn par_match_indices<P: Pattern>(&self, pattern: P) -> MatchIndices<'_, P> {
        Texts::by(self.as_parallel_string(), pattern)
    }
}

impl ParallelString for str {
    fn as_parallel_string(&self) -> &str {
        self
    }
}
