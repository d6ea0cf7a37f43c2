//! Texts: characters of all widths, pieces by all kinds of pattern, ranges of characters.

use crate::indexed::same;
use crate::{Dice, LENGTHS, everywhere};
use bedplate_pool::prelude::*;
use core::fmt::Debug;

/// Characters of one to four bytes, white space of both kinds, ends of lines.
const LETTERS: [char; 12] = [
    'a', 'b', ' ', '\n', '\r', '\t', 'ä', '\u{2009}', '\u{3000}', '€', '🦀', ',',
];

/// Runs `test` everywhere with texts of all lengths.
fn with_texts(test: impl Fn(&str) + Sync) {
    everywhere(|| {
        for (seed, len) in LENGTHS.into_iter().enumerate() {
            let mut dice = Dice::new(seed);
            let mut letter = || {
                let at = usize::try_from(dice.below(12)).expect("not negative");
                LETTERS[at]
            };
            let text: String = (0..len).map(|_| letter()).collect();
            test(&text);
        }
        for text in [
            "", ",", ",,", "a,", ",a", "a,,", "\n", "a\r", "a\r\n", "\r\n\r\n", "🦀",
        ] {
            test(text);
        }
        // No separator but at one end.
        let long = "ä".repeat(500);
        for text in [format!("{long},"), format!(",{long}"), long] {
            test(&text);
        }
    });
}

fn equal<T: Send + PartialEq + Debug>(
    par: impl ParallelIterator<Item = T>,
    serial: impl Iterator<Item = T>,
) {
    assert_eq!(par.collect::<Vec<T>>(), serial.collect::<Vec<T>>());
}

#[test]
fn characters() {
    with_texts(|text| {
        equal(text.par_chars(), text.chars());
        equal(text.par_char_indices(), text.char_indices());
        equal(text.par_bytes(), text.bytes());
        equal(text.par_encode_utf16(), text.encode_utf16());
        assert_eq!(text.par_chars().collect::<String>(), text);
    });
}

#[test]
fn pieces() {
    with_texts(|text| {
        equal(text.par_lines(), text.lines());
        equal(text.par_split_whitespace(), text.split_whitespace());
        equal(
            text.par_split_ascii_whitespace(),
            text.split_ascii_whitespace(),
        );
    });
}

#[test]
fn patterns() {
    /// All methods that take a pattern.
    macro_rules! by {
        ($text:expr, $($pattern:expr),*) => {$(
            equal($text.par_split($pattern), $text.split($pattern));
            equal($text.par_split_inclusive($pattern), $text.split_inclusive($pattern));
            equal($text.par_split_terminator($pattern), $text.split_terminator($pattern));
            equal($text.par_matches($pattern), $text.matches($pattern));
            equal($text.par_match_indices($pattern), $text.match_indices($pattern));
        )*};
    }
    with_texts(|text| {
        by!(
            text,
            ',',
            '🦀',
            'x',
            [',', 'ä'],
            &['€', '\n'],
            &[' ', '\u{3000}', 'b'][..],
            |c: char| c.is_alphabetic(),
            char::is_whitespace,
            |_: char| true
        );
    });
}

#[test]
fn ranges_of_characters() {
    everywhere(|| {
        let ranges = [
            ('a', 'a'),
            ('a', 'z'),
            ('z', 'a'),
            ('\u{d700}', '\u{d7ff}'),
            ('\u{d7ff}', '\u{e000}'),
            ('\u{d000}', '\u{e100}'),
            ('\u{e000}', '\u{e003}'),
            ('\0', '\u{ffff}'),
            ('\u{10fff0}', char::MAX),
        ];
        for (from, to) in ranges {
            same((from..to).into_par_iter(), from..to);
            same((from..=to).into_par_iter(), from..=to);
        }
        let all = ('\0'..=char::MAX).into_par_iter();
        assert_eq!(all.len(), 0x11_0000 - 0x800);
    });
}

#[test]
fn collected_texts() {
    use alloc::borrow::Cow;
    let text = "to be or not to be";
    let whole: Cow<'_, str> = text.par_chars().collect();
    assert_eq!(whole, text);
    let words: Cow<'_, str> = text.par_split(' ').collect();
    assert_eq!(words, "tobeornottobe");
    let words: Box<str> = text.par_split(' ').map(str::to_owned).collect();
    assert_eq!(&*words, "tobeornottobe");
    let words: String = text.par_split(' ').map(Cow::Borrowed).collect();
    assert_eq!(words, "tobeornottobe");
    let words: String = text.par_split(' ').map(Box::<str>::from).collect();
    assert_eq!(words, "tobeornottobe");
}
