//! The text of kernel files.
//!
//! # Role
//! Numbers, lists of numbers, named fields and bracketed choices, read strictly: a text that a
//! kernel would not write is an error with its kind, never a guess.
//!
//! # Invariants
//! - I1: no function allocates, so that a monitor can use them in a notification.
//! - I2: kernel files end with a line break; a text without one is [`Reason::Truncated`].

use crate::fact::Reason;

/// The one line of a one-line file.
pub(crate) fn line(text: &str) -> Result<&str, Reason> {
    let line = text.strip_suffix('\n').ok_or(Reason::Truncated)?;
    if line.contains('\n') {
        Err(Reason::Garbage)
    } else {
        Ok(line)
    }
}

/// The lines of a file that must be whole; an empty file is truncated.
pub(crate) fn lines(text: &str) -> Result<impl Iterator<Item = &str>, Reason> {
    Ok(text
        .strip_suffix('\n')
        .ok_or(Reason::Truncated)?
        .split('\n'))
}

/// Digits only: no sign, no spaces, no empty text.
pub(crate) fn number(text: &str) -> Result<u64, Reason> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Reason::Garbage);
    }
    text.parse().map_err(|_| Reason::Garbage)
}

/// A number above zero.
pub(crate) fn positive(text: &str) -> Result<u64, Reason> {
    match number(text)? {
        0 => Err(Reason::Garbage),
        n => Ok(n),
    }
}

/// A number that may carry a minus.
pub(crate) fn signed(text: &str) -> Result<i64, Reason> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    number(digits)?;
    text.parse().map_err(|_| Reason::Garbage)
}

/// A decimal number with exactly two places ("12.34"), in hundredths.
pub(crate) fn hundredths(text: &str) -> Result<u32, Reason> {
    let (whole, places) = text.split_once('.').ok_or(Reason::Garbage)?;
    if places.len() != 2 {
        return Err(Reason::Garbage);
    }
    let whole = u32::try_from(number(whole)?).map_err(|_| Reason::Garbage)?;
    let places = u32::try_from(number(places)?).map_err(|_| Reason::Garbage)?;
    whole
        .checked_mul(100)
        .and_then(|w| w.checked_add(places))
        .ok_or(Reason::Garbage)
}

/// The bytes of a field like `MemTotal:   123 kB`, or the plain count of one without a unit.
///
/// `prefix` stands before the key (`Node 0 ` in a node's file, else empty).
pub(crate) fn field(text: &str, prefix: &str, key: &str) -> Result<u64, Reason> {
    let mut found = None;
    for line in lines(text)? {
        let named = line.strip_prefix(prefix).and_then(|l| l.strip_prefix(key));
        let Some(rest) = named.and_then(|l| l.strip_prefix(':')) else {
            continue;
        };
        let mut words = rest.split_ascii_whitespace();
        let value = number(words.next().ok_or(Reason::Garbage)?)?;
        let value = match (words.next(), words.next()) {
            (None, None) => value,
            (Some("kB"), None) => value.checked_mul(1024).ok_or(Reason::Garbage)?,
            _ => return Err(Reason::Garbage),
        };
        if found.replace(value).is_some_and(|earlier| earlier != value) {
            return Err(Reason::Contradicts {
                what: "a field is there twice with two values",
            });
        }
    }
    found.ok_or(Reason::NotListed)
}

/// The value of `key` in a file of `key value` lines, such as `memory.stat`.
pub(crate) fn flat(text: &str, key: &str) -> Result<u64, Reason> {
    for line in lines(text)? {
        if let Some(value) = line.strip_prefix(key).and_then(|l| l.strip_prefix(' ')) {
            return number(value);
        }
    }
    Err(Reason::NotListed)
}

/// The choice in brackets of a line like `always [madvise] never`.
pub(crate) fn choice(text: &str) -> Result<&str, Reason> {
    let mut chosen = None;
    for word in line(text)?.split(' ') {
        let Some(rest) = word.strip_prefix('[') else {
            continue;
        };
        let word = rest
            .strip_suffix(']')
            .filter(|w| !w.is_empty())
            .ok_or(Reason::Garbage)?;
        if chosen.replace(word).is_some() {
            return Err(Reason::Contradicts {
                what: "two choices are marked",
            });
        }
    }
    chosen.ok_or(Reason::Garbage)
}

#[cfg(test)]
mod tests {
    use super::{choice, field, flat, hundredths, line, number, signed};
    use crate::fact::Reason;

    #[test]
    fn numbers_are_digits_and_nothing_else() {
        assert_eq!(number("42"), Ok(42));
        assert_eq!(number(""), Err(Reason::Garbage));
        assert_eq!(number("+1"), Err(Reason::Garbage));
        assert_eq!(number("18446744073709551616"), Err(Reason::Garbage));
        assert_eq!(signed("-1"), Ok(-1));
        assert_eq!(signed("--1"), Err(Reason::Garbage));
        assert_eq!(hundredths("12.30"), Ok(1230));
        assert_eq!(hundredths("12.3"), Err(Reason::Garbage));
    }

    #[test]
    fn a_line_without_its_end_is_truncated() {
        assert_eq!(line("max\n"), Ok("max"));
        assert_eq!(line("ma"), Err(Reason::Truncated));
        assert_eq!(line(""), Err(Reason::Truncated));
        assert_eq!(line("a\nb\n"), Err(Reason::Garbage));
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "MemTotalX:   1 kB\nMemTotal:   2 kB\nHugePages_Total:   3\n";
        assert_eq!(field(text, "", "MemTotal"), Ok(2048));
        assert_eq!(field(text, "", "HugePages_Total"), Ok(3));
        assert_eq!(field(text, "", "MemFree"), Err(Reason::NotListed));
        assert_eq!(
            field("Node 1 MemFree: 5 kB\n", "Node 1 ", "MemFree"),
            Ok(5120)
        );
        assert!(matches!(
            field("A: 1 kB\nA: 2 kB\n", "", "A"),
            Err(Reason::Contradicts { .. })
        ));
        assert_eq!(field("A: 1 MB\n", "", "A"), Err(Reason::Garbage));
    }

    #[test]
    fn a_flat_key_and_a_choice_are_found() {
        assert_eq!(flat("anon 1\ninactive_file 7\n", "inactive_file"), Ok(7));
        assert_eq!(flat("anon 1\n", "inactive_file"), Err(Reason::NotListed));
        assert_eq!(choice("always [madvise] never\n"), Ok("madvise"));
        assert!(matches!(
            choice("[always] [never]\n"),
            Err(Reason::Contradicts { .. })
        ));
        assert_eq!(choice("always madvise never\n"), Err(Reason::Garbage));
    }
}
