//! Lines that fit a terminal.
//!
//! # Role
//! Breaks sentences and lists where a line of 80 columns ends.

/// Columns of a line.
pub const COLUMNS: usize = 80;

/// `text` broken between words; the first line begins with `first`, later ones with `later`.
#[must_use]
pub fn sentence(first: &str, later: &str, text: &str) -> String {
    fold(first, later, " ", text.split_whitespace())
}

/// `items` with ` · ` between them, broken between items.
#[must_use]
pub fn list(first: &str, later: &str, items: &[String]) -> String {
    fold(first, later, " · ", items.iter().map(String::as_str))
}

fn fold<'t>(
    first: &str,
    later: &str,
    between: &str,
    pieces: impl Iterator<Item = &'t str>,
) -> String {
    let width = |text: &str| text.chars().count();
    let mut text = first.to_owned();
    let mut column = width(first);
    let mut is_start = true;
    for piece in pieces {
        if !is_start {
            if column + width(between) + width(piece) > COLUMNS {
                text.truncate(text.trim_end().len());
                text.push('\n');
                text.push_str(later);
                column = width(later);
            } else {
                text.push_str(between);
                column += width(between);
            }
        }
        text.push_str(piece);
        column += width(piece);
        is_start = false;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_pieces_and_lose_nothing() {
        let words = "some words of a sentence ".repeat(12);
        let folded = sentence("  note: ", "        ", &words);
        assert!(folded.lines().count() > 3);
        assert!(folded.lines().all(|line| line.chars().count() <= COLUMNS));
        let joined: Vec<&str> = folded.split_whitespace().skip(1).collect();
        assert_eq!(joined, words.split_whitespace().collect::<Vec<_>>());
        let items: Vec<String> = (0..20).map(|index| format!("item {index}")).collect();
        let folded = list("  ", "  ", &items);
        assert!(folded.lines().all(|line| line.chars().count() <= COLUMNS));
        assert!(folded.contains("item 0 · item 1"));
        let long = "x".repeat(100);
        assert_eq!(sentence("", "", &long), long, "a long word stays whole");
    }
}
