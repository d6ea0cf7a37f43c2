//! An audit of a tree.
//!
//! # Role
//! From sources to locations with classes and evidence, as plain data.

use std::panic::resume_unwind;
use std::path::Path;

use serde::Serialize;

use crate::built::Built;
use crate::class::Class;
use crate::facts::{LocationId, OpKind, Operations, Program, Site, Source, TreeError, read_tree};
use crate::rules::{Judgement, judge};
use crate::syntax::Unit;

/// Stack for reading: code may be nested deep, and the caller's thread may be a small one.
const STACK_BYTES: usize = 64 << 20;

/// A line of the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// The file, below the root of the tree.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What stands there.
    pub text: String,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Operation {
    /// Where.
    pub at: Line,
    /// `load`, `store`, `change`, `swap` or `exchange`.
    pub kind: &'static str,
    /// The memory order.
    pub order: &'static str,
}

/// A line that is evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// Where.
    pub at: Line,
    /// What it says about the location.
    pub note: String,
    /// The lines that the value came through to it, from where it was read; none where it was read here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<Line>,
}

impl Evidence {
    /// A line that says it by itself.
    pub(crate) fn bare(at: Line, note: String) -> Self {
        let through = Vec::new();
        Self { at, note, through }
    }
}

/// An atomic location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Location {
    /// `Type.field`, or the name of a static.
    pub name: String,
    /// What it is to the program.
    pub class: Class,
    /// Where it is declared.
    pub declared: Line,
    /// The operations on it.
    pub operations: Vec<Operation>,
    /// Why, the deciding lines first.
    pub evidence: Vec<Evidence>,
}

impl Location {
    /// The name without that of its type.
    pub(crate) fn plain_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// Operations that lock the bus: those that removal would save.
    #[must_use]
    pub fn locked_operations(&self) -> usize {
        let is_locked = |o: &&Operation| !matches!(o.kind, "load" | "store");
        self.operations.iter().filter(is_locked).count()
    }
}

/// A file or a directory that was not read, or not whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct NotRead {
    /// The file or directory, below the root of the tree.
    pub file: String,
    /// Where what was not read begins; none where it is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Why.
    pub why: String,
}

/// What was found in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// Files that were read.
    pub files: usize,
    /// What was not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<NotRead>,
    /// Files and directories that are not the program's by their names: tests, benches, examples, and
    /// what is of somebody else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Operations that were found.
    pub operations: usize,
    /// Of those, on no location of the tree: on an atomic of another crate, or behind a pointer to what is not
    /// known.
    pub unjoined: usize,
    /// The locations, by file and line.
    pub locations: Vec<Location>,
    /// What the tree was compiled to, where that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built: Option<Built>,
}

impl Audit {
    /// Locations of a class.
    pub fn of_class(&self, class: Class) -> impl Iterator<Item = &Location> {
        self.locations.iter().filter(move |l| l.class == class)
    }

    /// Locations whose operations could be built out, those with most locked operations first.
    #[must_use]
    pub fn candidates(&self) -> Vec<&Location> {
        let places = self.candidate_places().into_iter();
        places.map(|place| &self.locations[place]).collect()
    }

    /// Their places among the locations, in the same order.
    #[must_use]
    pub fn candidate_places(&self) -> Vec<usize> {
        let mut found: Vec<usize> = (0..self.locations.len())
            .filter(|&place| self.locations[place].class.is_removable())
            .collect();
        found.sort_by_key(|&place| {
            let location = &self.locations[place];
            (
                core::cmp::Reverse(location.locked_operations()),
                location.declared.clone(),
            )
        });
        found
    }
}

/// Audits the sources below a directory, or one file.
///
/// # Errors
/// [`TreeError`] where the tree cannot be read or holds no sources.
pub fn audit_path(path: &Path) -> Result<Audit, TreeError> {
    let base = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    Ok(audit(&read_tree(base, path)?))
}

/// Audits sources as one tree.
#[must_use]
pub fn audit(sources: &[Source]) -> Audit {
    Read::of(sources).1
}

/// A tree as it was read, for those who look further.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) program: Program,
    pub(crate) operations: Operations,
    /// The locations in the order of the audit.
    pub(crate) ids: Vec<LocationId>,
}

impl Read {
    /// Reads sources as one tree, and audits them.
    pub(crate) fn of(sources: &[Source]) -> (Self, Audit) {
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
            match builder.spawn_scoped(scope, || Self::of_here(sources)) {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // Without memory for it, the stack that is there holds all but the deepest code.
                Err(_) => Self::of_here(sources),
            }
        })
    }

    fn of_here(sources: &[Source]) -> (Self, Audit) {
        let mut program = Program::read(sources);
        let operations = Operations::find(&mut program);
        let judgements = judge(&program, &operations);
        let mut found: Vec<(LocationId, Location)> = judgements
            .into_iter()
            .map(|(id, judgement)| (id, location(&program, &operations, id, judgement)))
            .collect();
        found.sort_by(|(_, a), (_, b)| {
            a.declared
                .cmp(&b.declared)
                .then_with(|| a.name.cmp(&b.name))
        });
        for (_, location) in &mut found {
            doubt(&program, location);
        }
        let (ids, locations) = found.into_iter().unzip();
        let not_read = not_read(sources, &program);
        let is_whole = |unit: &&Unit| unit.unread.iter().all(|unread| unread.line.is_some());
        let audit = Audit {
            files: program.units.iter().filter(is_whole).count(),
            not_read,
            left_out: left_out(sources),
            operations: operations.count,
            unjoined: operations.count.saturating_sub(operations.joined()),
            locations,
            built: None,
        };
        let read = Self {
            program,
            operations,
            ids,
        };
        (read, audit)
    }
}

/// What of the tree is not the program's.
fn left_out(sources: &[Source]) -> Vec<String> {
    let left_out = sources.iter().filter(|source| source.is_left_out);
    let mut paths: Vec<String> = left_out.map(|source| source.path.clone()).collect();
    paths.sort();
    paths
}

/// What of the sources was not read, by file and line.
fn not_read(sources: &[Source], program: &Program) -> Vec<NotRead> {
    let missing = sources.iter().filter_map(|source| {
        Some(NotRead {
            file: source.path.clone(),
            line: None,
            why: source.missing.clone()?,
        })
    });
    let in_units = program.units.iter().flat_map(|unit| {
        unit.unread.iter().map(|unread| NotRead {
            file: unit.path.clone(),
            line: unread.line,
            why: unread.why.clone(),
        })
    });
    let mut found: Vec<NotRead> = missing.chain(in_units).collect();
    found.sort();
    found
}

/// A location that is named where the tree was not read may be used there for anything.
fn doubt(program: &Program, location: &mut Location) {
    if !location.class.is_removable() {
        return;
    }
    for (index, unit) in program.units.iter().enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let name = location.plain_name();
        let Some(unread) = unit.unread.iter().find(|it| it.words.contains(name)) else {
            continue;
        };
        location.evidence.insert(
            0,
            Evidence::bare(
                line_of(program, index, unread.line.unwrap_or(1)),
                format!("named in what was not read: {}", unread.why),
            ),
        );
        location.class = Class::Unknown;
        return;
    }
}

fn location(
    program: &Program,
    operations: &Operations,
    id: LocationId,
    judgement: Judgement,
) -> Location {
    let declared = program.location(id);
    let name = if declared.owner.is_empty() {
        declared.name.clone()
    } else {
        format!("{}.{}", declared.owner, declared.name)
    };
    let mut found: Vec<Operation> = operations
        .of(id)
        .iter()
        .map(|attached| Operation {
            at: line_at(
                program,
                attached.calls.first().copied().unwrap_or(attached.op.site),
            ),
            kind: kind_name(attached.op.kind),
            order: attached.op.order.name(),
        })
        .collect();
    found.sort();
    found.dedup();
    Location {
        name,
        class: judgement.class,
        declared: line_of(program, declared.unit, declared.line),
        operations: found,
        evidence: judgement
            .evidence
            .into_iter()
            .map(|reason| {
                let at = line_at(program, reason.site);
                Evidence {
                    through: lines_through(program, &reason.through, &at),
                    at,
                    note: reason.note,
                }
            })
            .collect(),
    }
}

/// The lines that pieces of code stand on, one after the other, up to the one that they lead to.
fn lines_through(program: &Program, sites: &[Site], end: &Line) -> Vec<Line> {
    let mut lines: Vec<Line> = sites.iter().map(|site| line_at(program, *site)).collect();
    lines.dedup();
    while lines.last() == Some(end) {
        lines.pop();
    }
    lines
}

pub(crate) fn kind_name(kind: OpKind) -> &'static str {
    match kind {
        OpKind::Load => "load",
        OpKind::Store => "store",
        OpKind::Change => "change",
        OpKind::Swap => "swap",
        OpKind::Exchange => "exchange",
    }
}

pub(crate) fn line_at(program: &Program, site: Site) -> Line {
    line_of(program, site.unit, program.node(site).line)
}

pub(crate) fn line_of(program: &Program, unit: u32, line: u32) -> Line {
    let unit = program.unit(unit);
    let place = (line as usize).saturating_sub(1);
    Line {
        file: unit.path.clone(),
        line,
        text: unit
            .lines
            .get(place)
            .map_or_else(String::new, |text| text.trim().to_owned()),
    }
}
