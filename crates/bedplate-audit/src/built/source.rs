//! The operations of the source by the lines they may be compiled to.

use alloc::collections::BTreeMap;

use crate::facts::{Attached, LocationId, OpKind, Operations, Program, Site};
use crate::rules::is_used;
use crate::syntax::Kind;

/// A line of a file of the tree.
pub(super) type Place = (String, u32);

/// An operation of the source on one location.
#[derive(Clone, Debug)]
pub(super) struct SourceOperation {
    /// The place of its location in the audit.
    pub(super) location: usize,
    pub(super) kind: OpKind,
    /// The piece of code that the audit shows for it.
    pub(super) shown: Site,
    /// Where it stands, then the calls that lead to it, the nearest first.
    pub(super) chain: Vec<Place>,
    /// The source does something with its value.
    pub(super) is_used: bool,
    /// An access that needs no atomic instruction.
    pub(super) is_plain: bool,
}

/// Lines over which the name of a call may stand below the start of its expression.
const CHAIN_LINES_MAX: usize = 16;

/// All of them, with an index by line.
#[derive(Debug, Default)]
pub(super) struct SourceOperations {
    pub(super) all: Vec<SourceOperation>,
    by_place: BTreeMap<Place, Vec<usize>>,
    /// Likewise by every line from the start of the expression to its name.
    by_line: BTreeMap<Place, Vec<usize>>,
}

impl SourceOperations {
    /// `ids` are the locations in the order of the audit.
    pub(super) fn of(program: &Program, operations: &Operations, ids: &[LocationId]) -> Self {
        let mut found = Self::default();
        for (location, id) in ids.iter().enumerate() {
            for attached in operations.of(*id) {
                found.add(program, *id, location, attached);
            }
        }
        found
    }

    fn add(&mut self, program: &Program, id: LocationId, location: usize, attached: &Attached) {
        let site = attached.op.site;
        let sites = core::iter::once(&site).chain(attached.calls.iter().rev());
        let mut chain: Vec<Place> = Vec::new();
        let number = self.all.len();
        for site in sites {
            let (file, line) = place(program, *site);
            for inside in program.node(*site).line..=line {
                note(&mut self.by_line, (file.clone(), inside), number);
            }
            note(&mut self.by_place, (file.clone(), line), number);
            chain.push((file, line));
        }
        self.all.push(SourceOperation {
            location,
            kind: attached.op.kind,
            shown: attached.calls.first().copied().unwrap_or(site),
            chain,
            is_used: is_used(program, site),
            is_plain: is_plain(program, id, site),
        });
    }

    pub(super) fn at(&self, place: &Place) -> &[usize] {
        self.by_place.get(place).map_or(&[], Vec::as_slice)
    }

    /// Those whose expression goes over a line.
    pub(super) fn over(&self, place: &Place) -> &[usize] {
        self.by_line.get(place).map_or(&[], Vec::as_slice)
    }
}

fn note(index: &mut BTreeMap<Place, Vec<usize>>, place: Place, number: usize) {
    let here = index.entry(place).or_default();
    if here.last() != Some(&number) {
        here.push(number);
    }
}

/// An access of a plain field, or one by a reference that nobody else has.
fn is_plain(program: &Program, id: LocationId, site: Site) -> bool {
    match program.kind(site) {
        Kind::Method { name } => {
            matches!(
                name.as_str(),
                "get_mut" | "into_inner" | "take_inner" | "unsync_load"
            )
        }
        Kind::Call { .. } => false,
        _ => program.location(id).is_plain,
    }
}

/// The line that the compiler gives a call: that of its name, not of its receiver.
fn place(program: &Program, site: Site) -> Place {
    let unit = program.unit(site.unit);
    let line = program.node(site).line;
    let (Kind::Method { name } | Kind::Call { name, .. } | Kind::Macro { name }) =
        program.kind(site)
    else {
        return (unit.path.clone(), line);
    };
    let first = (line as usize).saturating_sub(1);
    let rest = unit.lines.iter().skip(first).take(CHAIN_LINES_MAX);
    let down = rest
        .enumerate()
        .find(|(_, text)| mentions(text, name))
        .map_or(0, |(down, _)| down);
    let down = u32::try_from(down).unwrap_or(0);
    (unit.path.clone(), line.saturating_add(down))
}

/// Longest function whose lines are looked at.
const FUNCTION_LINES_MAX: usize = 2000;

/// The lines of a function from its first one to where its braces close.
pub(super) fn function_lines(lines: &[String], first: u32) -> Vec<u32> {
    let mut depth = 0_i64;
    let mut has_opened = false;
    let mut found = Vec::new();
    let rest = lines
        .iter()
        .zip(1_u32..)
        .skip((first as usize).saturating_sub(1));
    for (text, number) in rest.take(FUNCTION_LINES_MAX) {
        found.push(number);
        for character in text.chars() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
        has_opened |= text.contains('{');
        if has_opened && depth <= 0 {
            break;
        }
    }
    found
}

/// Whether a line holds a word.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
