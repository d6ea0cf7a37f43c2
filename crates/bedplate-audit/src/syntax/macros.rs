//! Macros by example.
//!
//! # Role
//! The `macro_rules!` definitions of a tree, and what an invocation becomes: enough for tables that
//! declare items, so that what they declare is read like anything else.
//!
//! # Not here
//! Hygiene, procedural macros, and macros of which there are two of one name: those are not expanded.
//!
//! # Invariants
//! I1. What does not fit a rule is not expanded at all.

use alloc::collections::BTreeMap;

use super::tokens::{Sort, Token, is_word, tokens};

/// A text with the line that each of its rows stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expansion {
    pub(super) text: String,
    pub(super) lines: Vec<u32>,
}

/// Longest text that an invocation may become.
const BYTES_MAX: usize = 1 << 20;

/// The definitions of a tree, by name.
#[derive(Debug, Default)]
pub(crate) struct Macros(BTreeMap<String, Vec<Definition>>);

#[derive(Debug)]
struct Definition {
    /// The file it is in.
    path: String,
    rules: Vec<Rule>,
}

/// Tokens that are matched, and those that come in their place.
#[derive(Debug)]
struct Rule {
    matched: Vec<Pattern>,
    body: Vec<Piece>,
}

#[derive(Debug)]
enum Pattern {
    Token(String),
    /// A name and what it stands for.
    Fragment(String, String),
    Group(String, Vec<Self>),
    Repeat {
        inner: Vec<Self>,
        separator: Option<String>,
        how: String,
    },
}

#[derive(Debug)]
enum Piece {
    Token(Token),
    Variable(String),
    Repeat {
        inner: Vec<Self>,
        separator: Option<Token>,
    },
}

/// What a name stands for in one invocation.
#[derive(Clone, Debug)]
enum Bound {
    One(Vec<Token>),
    Many(Vec<Self>),
}

type Bindings = BTreeMap<String, Bound>;

impl Macros {
    /// The definitions in texts of Rust, by path.
    pub(crate) fn of<'s>(texts: impl Iterator<Item = (&'s str, &'s str)>) -> Self {
        let mut found = Self::default();
        for (path, text) in texts.filter(|(_, text)| text.contains("macro_rules!")) {
            // A text that does not balance has no definitions that could be told.
            for (name, rules) in tokens(text, 1).map_or_else(Vec::new, |all| definitions(&all)) {
                let path = path.to_owned();
                let named = found.0.entry(name).or_default();
                named.push(Definition { path, rules });
            }
        }
        found
    }

    /// What an invocation becomes: `arguments` stand between its delimiters, from `line` on.
    pub(super) fn expand(
        &self,
        path: &str,
        name: &str,
        arguments: &str,
        line: u32,
    ) -> Option<Expansion> {
        let named = self.0.get(name)?;
        let own: Vec<&Definition> = named.iter().filter(|it| it.path == path).collect();
        let definition = match (&own[..], &named[..]) {
            ([one], _) => *one,
            ([], [one]) => one,
            _ => return None,
        };
        let given = tokens(arguments, line)?;
        let (rule, bindings) = definition.rules.iter().find_map(|rule| {
            let mut bindings = Bindings::new();
            let end = matches(&rule.matched, &given, 0, given.len(), &mut bindings)?;
            (end == given.len()).then_some((rule, bindings))
        })?;
        let mut writer = Writer {
            out: Expansion::default(),
            // Lines of another file mean nothing in this one.
            line_of_body: (definition.path != path).then_some(line),
        };
        writer.pieces(&rule.body, &bindings)?;
        writer.end_row(line);
        Some(writer.out)
    }
}

/// All definitions among tokens.
fn definitions(all: &[Token]) -> Vec<(String, Vec<Rule>)> {
    let mut found = Vec::new();
    for (at, window) in all.windows(4).enumerate() {
        let [word, mark, name, open] = window else {
            continue;
        };
        let Sort::Open(close) = open.sort else {
            continue;
        };
        if word.is("macro_rules") && mark.is("!") && name.sort == Sort::Word {
            found.push((name.text.clone(), rules(all, at + 4, close)));
        }
    }
    found
}

fn rules(all: &[Token], from: usize, to: usize) -> Vec<Rule> {
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        let Sort::Open(end) = all[at].sort else { break };
        let is_arrow = all.get(end + 1).is_some_and(|token| token.is("=>"));
        let Some(Sort::Open(body_end)) = all.get(end + 2).map(|token| token.sort) else {
            break;
        };
        if !is_arrow {
            break;
        }
        found.push(Rule {
            matched: patterns(all, at + 1, end),
            body: pieces(all, end + 3, body_end),
        });
        at = body_end + 1;
        at += usize::from(all.get(at).is_some_and(|token| token.is(";")));
    }
    found
}

/// The separator and the sign behind a repetition that ends at `close`, and what comes after.
fn repetition(all: &[Token], close: usize) -> Option<(Option<Token>, String, usize)> {
    let is_how = |token: &Token| matches!(token.text.as_str(), "*" | "+" | "?");
    let next = all.get(close + 1)?;
    if is_how(next) {
        return Some((None, next.text.clone(), close + 2));
    }
    let how = all.get(close + 2).filter(|token| is_how(token))?;
    Some((Some(next.clone()), how.text.clone(), close + 3))
}

/// What stands at a place of a rule.
enum Step<'t> {
    /// `$(...)`, its inside from and to, and where it ends.
    Repeat {
        inside: (usize, usize),
        separator: Option<Token>,
        how: String,
        after: usize,
    },
    /// `$` and a name.
    Name(&'t Token),
    Token(&'t Token),
}

fn step(all: &[Token], at: usize, to: usize) -> Step<'_> {
    let token = &all[at];
    let next = all.get(at + 1).filter(|_| at + 1 < to);
    let Some(name) = next.filter(|_| token.is("$")) else {
        return Step::Token(token);
    };
    match name.sort {
        Sort::Open(close) => match repetition(all, close) {
            Some((separator, how, after)) => Step::Repeat {
                inside: (at + 2, close),
                separator,
                how,
                after,
            },
            None => Step::Name(name),
        },
        _ => Step::Name(name),
    }
}

fn patterns(all: &[Token], from: usize, to: usize) -> Vec<Pattern> {
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        at = match step(all, at, to) {
            Step::Repeat {
                inside,
                separator,
                how,
                after,
            } => {
                found.push(Pattern::Repeat {
                    inner: patterns(all, inside.0, inside.1),
                    separator: separator.map(|token| token.text),
                    how,
                });
                after
            }
            Step::Name(name) => {
                let sort = all.get(at + 3).map_or("tt", |sort| sort.text.as_str());
                found.push(Pattern::Fragment(name.text.clone(), sort.to_owned()));
                at + 4
            }
            Step::Token(token) => match token.sort {
                Sort::Open(close) => {
                    let inner = patterns(all, at + 1, close);
                    found.push(Pattern::Group(token.text.clone(), inner));
                    close + 1
                }
                _ => {
                    found.push(Pattern::Token(token.text.clone()));
                    at + 1
                }
            },
        };
    }
    found
}

fn pieces(all: &[Token], from: usize, to: usize) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        let (piece, after) = match step(all, at, to) {
            Step::Repeat {
                inside,
                separator,
                after,
                ..
            } => {
                let inner = pieces(all, inside.0, inside.1);
                (Piece::Repeat { inner, separator }, after)
            }
            Step::Name(name) if name.is("crate") => (Piece::Token(name.clone()), at + 2),
            Step::Name(name) => (Piece::Variable(name.text.clone()), at + 2),
            Step::Token(token) => (Piece::Token(token.clone()), at + 1),
        };
        found.push(piece);
        at = after;
    }
    found
}

/// Matches patterns with the tokens from `at` to `end`; where they end.
fn matches(
    patterns: &[Pattern],
    given: &[Token],
    mut at: usize,
    end: usize,
    bindings: &mut Bindings,
) -> Option<usize> {
    for (place, pattern) in patterns.iter().enumerate() {
        at = match pattern {
            Pattern::Token(text) => {
                given[..end].get(at).filter(|token| token.is(text))?;
                at + 1
            }
            Pattern::Group(open, inner) => {
                let token = given[..end].get(at).filter(|token| token.is(open))?;
                let Sort::Open(close) = token.sort else {
                    return None;
                };
                let stopped = matches(inner, given, at + 1, close, bindings)?;
                (stopped == close).then_some(close + 1)?
            }
            Pattern::Fragment(name, sort) => {
                let next = patterns.get(place + 1);
                let stop = fragment(sort, given, at, end, next)?;
                let tokens = given[at..stop].to_vec();
                bindings.insert(name.clone(), Bound::One(tokens));
                stop
            }
            Pattern::Repeat {
                inner,
                separator,
                how,
            } => repeated(inner, separator.as_deref(), how, given, (at, end), bindings)?,
        };
    }
    Some(at)
}

fn repeated(
    inner: &[Pattern],
    separator: Option<&str>,
    how: &str,
    given: &[Token],
    (mut at, end): (usize, usize),
    bindings: &mut Bindings,
) -> Option<usize> {
    let mut turns: Vec<Bindings> = Vec::new();
    while at < end {
        let mut start = at;
        if let (Some(separator), false) = (separator, turns.is_empty()) {
            if !given[at].is(separator) {
                break;
            }
            start += 1;
        }
        let mut turn = Bindings::new();
        match matches(inner, given, start, end, &mut turn) {
            Some(stop) if stop > start => at = stop,
            _ => break,
        }
        turns.push(turn);
        if how == "?" {
            break;
        }
    }
    if how == "+" && turns.is_empty() {
        return None;
    }
    let mut names = Vec::new();
    names_in(inner, &mut names);
    for name in names {
        let all: Option<Vec<Bound>> = turns.iter().map(|turn| turn.get(name).cloned()).collect();
        bindings.insert(name.to_owned(), Bound::Many(all?));
    }
    Some(at)
}

fn names_in<'p>(patterns: &'p [Pattern], names: &mut Vec<&'p str>) {
    for pattern in patterns {
        match pattern {
            Pattern::Token(_) => {}
            Pattern::Fragment(name, _) => names.push(name),
            Pattern::Group(_, inner) | Pattern::Repeat { inner, .. } => names_in(inner, names),
        }
    }
}

/// Where a fragment that begins at `at` ends.
fn fragment(
    sort: &str,
    given: &[Token],
    at: usize,
    end: usize,
    next: Option<&Pattern>,
) -> Option<usize> {
    let first = given[..end].get(at);
    let after = |token: &Token, at: usize| match token.sort {
        Sort::Open(close) => close + 1,
        _ => at + 1,
    };
    match sort {
        "ident" => first.filter(|it| it.sort == Sort::Word).map(|_| at + 1),
        "lifetime" => first.filter(|it| it.sort == Sort::Lifetime).map(|_| at + 1),
        "tt" => {
            let first = first.filter(|it| it.sort != Sort::Close)?;
            Some(after(first, at))
        }
        "literal" => {
            let sign = usize::from(first?.is("-"));
            let literal = given[..end].get(at + sign)?;
            let is_one = literal.sort == Sort::Literal || literal.is("true") || literal.is("false");
            is_one.then_some(at + sign + 1)
        }
        "block" => first.filter(|it| it.is("{")).map(|first| after(first, at)),
        "vis" => {
            if first.is_none_or(|it| !it.is("pub")) {
                return Some(at);
            }
            let inner = given[..end].get(at + 1).filter(|it| it.is("("));
            Some(inner.map_or(at + 1, |inner| after(inner, at + 1)))
        }
        "item" => item(given, at, end),
        _ => longest(sort, given, at, end, next),
    }
}

/// An item ends with its braces, or with a semicolon.
fn item(given: &[Token], from: usize, end: usize) -> Option<usize> {
    let mut at = from;
    // Attributes, and what stands before the word that says what it is.
    let mut is_value = false;
    while let Some(token) = given[..end].get(at) {
        is_value |= matches!(token.text.as_str(), "static" | "use" | "type");
        is_value |= token.is("const")
            && given
                .get(at + 1)
                .is_some_and(|next| !matches!(next.text.as_str(), "fn" | "unsafe" | "extern"));
        match token.sort {
            Sort::Open(close) => {
                at = close + 1;
                if token.is("{") && !is_value {
                    return Some(at);
                }
            }
            _ if token.is(";") => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// Types, expressions and the like: up to what cannot be part of them.
fn longest(
    sort: &str,
    given: &[Token],
    from: usize,
    end: usize,
    next: Option<&Pattern>,
) -> Option<usize> {
    let stops: &[&str] = match sort {
        "ty" | "path" => &[",", ";", "=", "=>", "{", "|", ":", "as", "where"],
        "pat" | "pat_param" => &["=>", ",", "=", "if", "in"],
        _ => &[",", ";", "=>"],
    };
    let is_generic = matches!(sort, "ty" | "path");
    let mut depth = 0_i32;
    let mut at = from;
    while let Some(token) = given[..end].get(at) {
        let is_next = matches!(next, Some(Pattern::Token(text)) if token.is(text));
        let is_stop = stops.contains(&token.text.as_str()) || is_next;
        let closes = is_generic && depth == 0 && token.text.starts_with('>');
        if depth <= 0 && (is_stop || closes) {
            break;
        }
        if is_generic && token.sort == Sort::Mark {
            let many = |c: char| i32::try_from(token.text.matches(c).count()).unwrap_or(0);
            if matches!(token.text.as_str(), "<" | "<<" | ">" | ">>") {
                depth += many('<') - many('>');
            }
        }
        at = match token.sort {
            Sort::Open(close) => close + 1,
            _ => at + 1,
        };
    }
    (at > from).then_some(at)
}

/// Writes what an invocation becomes.
struct Writer {
    out: Expansion,
    line_of_body: Option<u32>,
}

impl Writer {
    fn pieces(&mut self, pieces: &[Piece], bindings: &Bindings) -> Option<()> {
        for piece in pieces {
            match piece {
                Piece::Token(token) => {
                    let line = self.line_of_body.unwrap_or(token.line);
                    self.token(token, line);
                }
                Piece::Variable(name) => {
                    let Bound::One(tokens) = bindings.get(name)? else {
                        return None;
                    };
                    for (place, token) in tokens.iter().enumerate() {
                        // What the first one stood behind is not there.
                        let is_joined = token.is_joined && place > 0;
                        let token = Token {
                            is_joined,
                            ..token.clone()
                        };
                        self.token(&token, token.line);
                    }
                }
                Piece::Repeat { inner, separator } => {
                    self.repeat(inner, separator.as_ref(), bindings)?;
                }
            }
            if self.out.text.len() > BYTES_MAX {
                return None;
            }
        }
        Some(())
    }

    fn repeat(
        &mut self,
        inner: &[Piece],
        separator: Option<&Token>,
        bindings: &Bindings,
    ) -> Option<()> {
        let mut names = Vec::new();
        variables_in(inner, &mut names);
        let many = |name: &&str| match bindings.get(*name) {
            Some(Bound::Many(all)) => Some(all.len()),
            _ => None,
        };
        let turns = names.iter().find_map(many)?;
        for turn in 0..turns {
            let mut own = bindings.clone();
            for name in &names {
                if let Some(Bound::Many(all)) = bindings.get(*name) {
                    own.insert((*name).to_owned(), all.get(turn)?.clone());
                }
            }
            if let (Some(separator), true) = (separator, turn > 0) {
                let line = self.line_of_body.unwrap_or(separator.line);
                self.token(separator, line);
            }
            self.pieces(inner, &own)?;
        }
        Some(())
    }

    /// Each token has a row of its own, unless it stands right behind the one before it.
    fn token(&mut self, token: &Token, line: u32) {
        let ends_word = self.out.text.ends_with(is_word);
        let is_split = ends_word && token.text.starts_with(is_word);
        let is_joined = token.is_joined && !is_split && self.out.lines.last() == Some(&line);
        if !is_joined {
            if !self.out.text.is_empty() {
                self.out.text.push('\n');
            }
            self.out.lines.push(line);
        }
        self.out.text.push_str(&token.text);
        let more = (1_u32..).take(token.text.matches('\n').count());
        self.out
            .lines
            .extend(more.map(|down| line.saturating_add(down)));
    }

    fn end_row(&mut self, line: u32) {
        self.out.text.push('\n');
        self.out.lines.push(line);
    }
}

fn variables_in<'p>(pieces: &'p [Piece], names: &mut Vec<&'p str>) {
    for piece in pieces {
        match piece {
            Piece::Token(_) => {}
            Piece::Variable(name) => names.push(name),
            Piece::Repeat { inner, .. } => variables_in(inner, names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an invocation, without its spaces.
    fn expanded(definition: &str, name: &str, arguments: &str) -> Option<String> {
        let macros = Macros::of([("a.rs", definition)].into_iter());
        let found = macros.expand("a.rs", name, arguments, 100)?;
        Some(found.text.split_whitespace().collect())
    }

    const TABLE: &str = "macro_rules! table {\n\
        ($($(#[$doc:meta])* $name:ident: $ty:ty = $text:literal),* $(,)?) => {\n\
        pub struct Table { $($(#[$doc])* pub $name: $ty),* }\n\
        };\n}";
    const ROWS: &str = "\n/// Text.\nhits: Vec<u8, Global> = \"h\",\nmisses: AtomicU64 = \"m\",\n";

    #[test]
    fn a_table_declares_its_rows() {
        let expected = "pubstructTable{#[doc]pubhits:Vec<u8,Global>,pubmisses:AtomicU64}";
        assert_eq!(expanded(TABLE, "table", ROWS).as_deref(), Some(expected));
    }

    #[test]
    fn each_row_has_the_line_it_stands_for() {
        let macros = Macros::of([("a.rs", TABLE)].into_iter());
        let line_of = |path: &str, word: &str| {
            let found = macros.expand(path, "table", ROWS, 100)?;
            let row = found.text.lines().position(|row| row.contains(word))?;
            found.lines.get(row).copied()
        };
        assert_eq!(line_of("a.rs", "struct"), Some(3), "the line of the body");
        assert_eq!(line_of("a.rs", "hits"), Some(102));
        assert_eq!(line_of("a.rs", "AtomicU64"), Some(103));
        let elsewhere = line_of("b.rs", "struct");
        assert_eq!(elsewhere, Some(100), "the body is in another file");
    }

    #[test]
    fn the_first_rule_that_fits_is_taken() {
        let definition =
            "macro_rules! one { (a) => { struct A; }; ($x:ident, $($y:tt)+) => { $($y)+ } }";
        let text = |given| expanded(definition, "one", given);
        assert_eq!(text("a").as_deref(), Some("structA;"));
        assert_eq!(text("b, x => (y)").as_deref(), Some("x=>(y)"));
        assert_eq!(text("b,"), None);
    }

    #[test]
    fn repetitions_within_repetitions() {
        let definition = "macro_rules! each { ($($name:ident { $($field:ident)* })*) => { \
                          $(struct $name { $($field: $crate::A),* })* } }";
        let found = expanded(definition, "each", "A { x y } B { z }");
        let expected = "structA{x:crate::A,y:crate::A}structB{z:crate::A}";
        assert_eq!(found.as_deref(), Some(expected));
    }

    #[test]
    fn two_definitions_of_one_name_are_none() {
        let one = "macro_rules! one { () => {} }";
        let macros = Macros::of([("a.rs", one), ("b.rs", one)].into_iter());
        assert!(macros.expand("a.rs", "one", "", 1).is_some());
        assert!(macros.expand("c.rs", "one", "", 1).is_none());
    }

    #[test]
    fn items_and_visibilities_are_taken_whole() {
        let definition =
            "macro_rules! all { ($v:vis $n:ident; $($i:item)*) => { $v fn $n() {} $($i)* } }";
        let given = "pub(crate) f; static A: B = B { c: 1 }; const fn g() -> u8 { 1 } struct D;";
        let found = expanded(definition, "all", given);
        let expected = "pub(crate)fnf(){}staticA:B=B{c:1};constfng()->u8{1}structD;";
        assert_eq!(found.as_deref(), Some(expected));
    }
}
