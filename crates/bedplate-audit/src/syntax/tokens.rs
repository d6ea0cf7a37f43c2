//! Rust text as tokens.
//!
//! # Role
//! What macros by example work on: no grammar, only words, marks and balanced delimiters.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Word,
    Lifetime,
    Literal,
    Mark,
    /// With the place of its partner among the tokens.
    Open(usize),
    Close,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) sort: Sort,
    pub(super) text: String,
    /// Stands right behind the one before it.
    pub(super) is_joined: bool,
    /// The line, from 1.
    pub(super) line: u32,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

/// Marks of more than one character, the longest first.
const MARKS: [&str; 25] = [
    "<<=", ">>=", "...", "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=",
    "*=", "/=", "%=", "^=", "&=", "|=", "<<", ">>", "..", "<-",
];

/// The tokens of a text whose first line is `line`; nothing where its delimiters do not balance.
pub(super) fn tokens(text: &str, line: u32) -> Option<Vec<Token>> {
    let mut lexer = Lexer {
        rest: text,
        line,
        is_joined: false,
        found: Vec::new(),
        open: Vec::new(),
    };
    while !lexer.rest.is_empty() {
        lexer.next()?;
    }
    lexer.open.is_empty().then_some(lexer.found)
}

struct Lexer<'t> {
    rest: &'t str,
    line: u32,
    is_joined: bool,
    found: Vec<Token>,
    /// Delimiters that are open, by their places.
    open: Vec<usize>,
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of what a test holds for, from the start.
fn run(text: &str, test: impl Fn(char) -> bool) -> usize {
    text.find(|c| !test(c)).unwrap_or(text.len())
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        let length = match first {
            c if c.is_whitespace() => return self.skip(run(self.rest, char::is_whitespace)),
            '/' if self.rest.starts_with("//") => return self.line_comment(),
            '/' if self.rest.starts_with("/*") => return self.skip(block_comment(self.rest)),
            '(' | '[' | '{' => {
                self.open.push(self.found.len());
                return self.push(Sort::Open(0), 1);
            }
            ')' | ']' | '}' => {
                let open = self.open.pop()?;
                let here = self.found.len();
                self.found[open].sort = Sort::Open(here);
                return self.push(Sort::Close, 1);
            }
            '"' => string(self.rest, 0)?,
            '\'' => return self.quote(),
            c if c.is_ascii_digit() => return self.push(Sort::Literal, number(self.rest)),
            c if is_word(c) => return self.word(),
            c => {
                let mark = MARKS.iter().find(|mark| self.rest.starts_with(**mark));
                let length = mark.map_or(c.len_utf8(), |mark| mark.len());
                return self.push(Sort::Mark, length);
            }
        };
        self.push(Sort::Literal, length)
    }

    fn push(&mut self, sort: Sort, length: usize) -> Option<()> {
        let text = self.rest.get(..length)?.to_owned();
        self.found.push(Token {
            sort,
            text,
            is_joined: self.is_joined,
            line: self.line,
        });
        self.skip(length)?;
        self.is_joined = true;
        Some(())
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        let (gone, rest) = self.rest.split_at_checked(length)?;
        let lines = gone.matches('\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).ok()?);
        self.rest = rest;
        self.is_joined = false;
        Some(())
    }

    /// A comment; one that documents is an attribute to macros.
    fn line_comment(&mut self) -> Option<()> {
        let length = self.rest.find('\n').unwrap_or(self.rest.len());
        let is_doc = self.rest.starts_with("///") && !self.rest.starts_with("////");
        if is_doc {
            let line = self.line;
            let here = self.found.len();
            let doc = [
                (Sort::Mark, "#"),
                (Sort::Open(here + 3), "["),
                (Sort::Word, "doc"),
                (Sort::Close, "]"),
            ];
            self.found.extend(doc.map(|(sort, text)| Token {
                sort,
                text: text.to_owned(),
                is_joined: false,
                line,
            }));
        }
        self.skip(length)
    }

    /// A lifetime or a character.
    fn quote(&mut self) -> Option<()> {
        let inner = self.rest.get(1..)?;
        let word = run(inner, is_word);
        if word > 0 && !inner[word..].starts_with('\'') {
            return self.push(Sort::Lifetime, 1 + word);
        }
        let mut length = 1;
        let mut characters = inner.chars();
        loop {
            let c = characters.next()?;
            length += c.len_utf8();
            match c {
                '\\' => length += characters.next()?.len_utf8(),
                '\'' => return self.push(Sort::Literal, length),
                _ => {}
            }
        }
    }

    /// A word, or a string with letters before it (`b"..."`, `r#"..."#`).
    fn word(&mut self) -> Option<()> {
        let length = run(self.rest, is_word);
        let (word, after) = self.rest.split_at(length);
        let hashes = run(after, |c| c == '#');
        let is_raw = matches!(word, "r" | "br" | "cr") && after[hashes..].starts_with('"');
        if is_raw {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = length + hashes + 1;
            let inner = self.rest.get(begin..)?.find(&end)?;
            return self.push(Sort::Literal, begin + inner + end.len());
        }
        if matches!(word, "b" | "c") && after.starts_with('"') {
            return self.push(Sort::Literal, string(self.rest, length)?);
        }
        if word == "r" && hashes == 1 {
            let name = run(&after[1..], is_word);
            return self.push(Sort::Word, length + 1 + name);
        }
        self.push(Sort::Word, length)
    }
}

/// The length of a text up to the end of the string that begins at `start`.
fn string(text: &str, start: usize) -> Option<usize> {
    let mut characters = text.get(start + 1..)?.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => _ = characters.next()?,
            '"' => return Some(start + 1 + at + 1),
            _ => {}
        }
    }
    None
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// A number; `1..2` is two of them, and `1.max(2)` begins with one.
fn number(text: &str) -> usize {
    let whole = run(text, is_word);
    let after = &text[whole..];
    let has_fraction = after.starts_with('.')
        && after[1..]
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_digit());
    if has_fraction {
        whole + 1 + run(&after[1..], is_word)
    } else {
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let found = tokens(text, 1).expect("balanced text");
        found.into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn strings_characters_and_comments_hide_delimiters() {
        let text = "f(\"(\\\")\", '{', b'}', r#\"]\"\"#) /* ( */ // {\n";
        let expected = [
            "f",
            "(",
            "\"(\\\")\"",
            ",",
            "'{'",
            ",",
            "b",
            "'}'",
            ",",
            "r#\"]\"\"#",
            ")",
        ];
        assert_eq!(texts(text), expected);
        assert!(tokens("(", 1).is_none() && tokens("}", 1).is_none());
    }

    #[test]
    fn marks_lifetimes_and_numbers_are_whole() {
        let text = "'a ..= 1.5e3 x.0 1..2 => a::b 'static r#type";
        let expected = [
            "'a", "..=", "1.5e3", "x", ".", "0", "1", "..", "2", "=>", "a", "::", "b", "'static",
            "r#type",
        ];
        assert_eq!(texts(text), expected);
    }

    #[test]
    fn documentation_is_an_attribute_and_lines_are_counted() {
        let found = tokens("{\n/// Text.\nx\n}", 7).expect("balanced text");
        let seen: Vec<(&str, u32)> = found.iter().map(|t| (&t.text[..], t.line)).collect();
        let expected = [
            ("{", 7),
            ("#", 8),
            ("[", 8),
            ("doc", 8),
            ("]", 8),
            ("x", 9),
            ("}", 10),
        ];
        assert_eq!(seen, expected);
        assert_eq!(found[0].sort, Sort::Open(6));
    }
}
