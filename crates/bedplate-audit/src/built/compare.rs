//! An audit with the compiled code beside it.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::join::{Counts, Joined, join};
use super::left_out;
use super::source::{Place, SourceOperations};
use super::verdict::{Verdict, verdicts};
use crate::audit::{Audit, Line, Read, kind_name, line_at, line_of};
use crate::class::Class;
use crate::facts::{Program, Source};
use crate::ir::Module;

/// What a tree was compiled to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Compilation {
    /// The modules.
    pub modules: Vec<Module>,
    /// All that was asked for was compiled.
    pub is_complete: bool,
}

impl Compilation {
    /// Modules, and whether they are all that was asked for.
    #[must_use]
    pub const fn new(modules: Vec<Module>, is_complete: bool) -> Self {
        Self {
            modules,
            is_complete,
        }
    }
}

/// What the compiled code holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Built {
    /// What was compiled.
    pub modules: Vec<String>,
    /// All that was asked for was compiled.
    pub is_complete: bool,
    /// Atomic instructions.
    pub instructions: usize,
    /// Of these, those that are operations of the source.
    pub joined: usize,
    /// Those of the standard library.
    pub standard: usize,
    /// Those of packages that the tree depends on.
    pub packages: BTreeMap<String, usize>,
    /// Those of other files outside of the tree.
    pub elsewhere: usize,
    /// Those of the tree that the source does not show: made by macros, or not understood.
    pub unseen: Vec<Unseen>,
    /// The locations, in the order of the audit.
    pub locations: Vec<BuiltLocation>,
}

/// A location in the compiled code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BuiltLocation {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub declared: Line,
    /// The class by the source alone, where the compiled code changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_by_source: Option<Class>,
    /// Operations that were compiled.
    pub operations: Vec<BuiltOperation>,
    /// Operations that were not.
    pub not_built: Vec<NotBuilt>,
}

/// An operation of the source as it was compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BuiltOperation {
    /// Where it stands in the source.
    pub at: Line,
    /// Its kind in the source.
    pub kind: &'static str,
    /// How many instructions it became: one for each place it was inlined into.
    pub instructions: usize,
    /// Their memory orders.
    pub orders: BTreeSet<&'static str>,
    /// Their widths in bits.
    pub bits: BTreeSet<u32>,
    /// The functions that hold them.
    pub functions: BTreeSet<String>,
    /// What is done with the value, over all of them; nothing where it is unused.
    pub value: BTreeSet<String>,
}

/// An operation of the source that was not compiled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct NotBuilt {
    /// Where it stands in the source.
    pub at: Line,
    /// Its kind.
    pub kind: &'static str,
    /// Why, as far as the source shows it.
    pub why: String,
}

/// An instruction of the tree that the source does not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Unseen {
    /// The line it comes from.
    pub at: Line,
    /// Its kind.
    pub kind: &'static str,
    /// Its memory order.
    pub order: &'static str,
    /// Its width in bits.
    pub bits: u32,
    /// The function it comes from.
    pub function: String,
    /// What is done with its value; nothing where it is unused.
    pub value: BTreeSet<String>,
}

/// Audits sources as one tree, with what they were compiled to. The classes are those of the source,
/// but for locations where the compiled code shows that they are wrong.
#[must_use]
pub fn audit_compiled(sources: &[Source], compilation: &Compilation) -> Audit {
    let (read, mut audit) = Read::of(sources);
    let source = SourceOperations::of(&read.program, &read.operations, &read.ids);
    let statics = statics(&audit);
    let mut counts = Counts::default();
    let mut joined = Vec::new();
    for module in compilation.modules.iter().enumerate() {
        joined.extend(join(module, &source, &statics, &mut counts));
    }
    let changes = verdicts(&read, &audit, &source, &joined, compilation);
    let mut built = Built {
        modules: compilation.modules.iter().map(|m| m.name.clone()).collect(),
        is_complete: compilation.is_complete,
        instructions: counts.all,
        joined: joined.iter().filter(|one| !one.source.is_empty()).count(),
        standard: counts.standard,
        packages: counts.packages,
        elsewhere: counts.elsewhere,
        unseen: unseen(&read.program, &joined),
        locations: locations(&read.program, &audit, &source, &joined, compilation),
    };
    for (place, verdict) in changes {
        correct(&mut audit, &mut built, place, verdict);
    }
    audit.built = Some(built);
    audit
}

fn correct(audit: &mut Audit, built: &mut Built, place: usize, verdict: Verdict) {
    let location = &mut audit.locations[place];
    let before = core::mem::replace(&mut location.class, verdict.class);
    location.evidence.splice(0..0, verdict.evidence);
    built.locations[place].class_by_source = Some(before);
}

/// Locations that are statics, by the place of their declaration.
fn statics(audit: &Audit) -> BTreeMap<Place, usize> {
    let places = audit.locations.iter().enumerate();
    places
        .map(|(place, location)| {
            let declared = &location.declared;
            ((declared.file.clone(), declared.line), place)
        })
        .collect()
}

/// The line of a place, where the file was read.
pub(super) fn line(program: &Program, place: &Place) -> Option<Line> {
    let unit = program.units.iter().position(|unit| unit.path == place.0)?;
    let unit = u32::try_from(unit).ok()?;
    (place.1 > 0).then(|| line_of(program, unit, place.1))
}

/// What is done with the value of an instruction, in words.
fn value(joined: &Joined<'_>) -> BTreeSet<String> {
    let uses = joined.compiled.uses.iter();
    uses.map(|(what, _)| what.describe()).collect()
}

fn function(joined: &Joined<'_>) -> String {
    let frames = joined.compiled.frames.iter();
    let frame = frames
        .clone()
        .find(|frame| !frame.is_atomic_method)
        .or_else(|| frames.clone().next());
    frame.map_or_else(String::new, |frame| frame.function.clone())
}

fn unseen(program: &Program, joined: &[Joined<'_>]) -> Vec<Unseen> {
    let mut found: Vec<Unseen> = joined
        .iter()
        .filter(|one| one.source.is_empty())
        .filter_map(|one| {
            let instruction = &one.compiled.instruction;
            Some(Unseen {
                at: one.places.iter().find_map(|place| line(program, place))?,
                kind: instruction.kind.name(),
                order: instruction.order,
                bits: instruction.bits,
                function: function(one),
                value: value(one),
            })
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn locations(
    program: &Program,
    audit: &Audit,
    source: &SourceOperations,
    joined: &[Joined<'_>],
    compilation: &Compilation,
) -> Vec<BuiltLocation> {
    let mut found: Vec<BuiltLocation> = audit
        .locations
        .iter()
        .map(|location| BuiltLocation {
            name: location.name.clone(),
            declared: location.declared.clone(),
            class_by_source: None,
            operations: Vec::new(),
            not_built: Vec::new(),
        })
        .collect();
    let mut instructions: BTreeMap<usize, Vec<&Joined<'_>>> = BTreeMap::new();
    for one in joined {
        for place in &one.source {
            instructions.entry(*place).or_default().push(one);
        }
    }
    for (place, operation) in source.all.iter().enumerate() {
        let entry = &mut found[operation.location];
        let at = line_at(program, operation.shown);
        let kind = kind_name(operation.kind);
        if let Some(ones) = instructions.get(&place) {
            entry.operations.push(operation_of(at, kind, ones));
        } else if !operation.is_plain && program.op(operation.shown).is_some() {
            let declared = &entry.declared;
            let why = why(program, declared, &operation.chain[0], compilation);
            entry.not_built.push(NotBuilt { at, kind, why });
        }
    }
    for entry in &mut found {
        // A method of a structure that stands for an atomic is two operations of one line.
        let is_there = |one: &NotBuilt| {
            let mut operations = entry.operations.iter();
            operations.any(|built| built.at == one.at && built.kind == one.kind)
        };
        entry.not_built.retain(|one| !is_there(one));
        entry.not_built.sort();
        entry.not_built.dedup();
    }
    found
}

fn operation_of(at: Line, kind: &'static str, ones: &[&Joined<'_>]) -> BuiltOperation {
    let instructions = ones.iter().map(|one| &one.compiled.instruction);
    BuiltOperation {
        at,
        kind,
        instructions: ones.len(),
        orders: instructions.clone().map(|one| one.order).collect(),
        bits: instructions.map(|one| one.bits).collect(),
        functions: ones.iter().map(|one| function(one)).collect(),
        value: ones.iter().flat_map(|one| value(one)).collect(),
    }
}

fn why(
    program: &Program,
    declared: &Line,
    (file, line): &Place,
    compilation: &Compilation,
) -> String {
    let declared = (declared.file.clone(), declared.line);
    let mut modules = compilation.modules.iter();
    if modules.any(|module| module.dropped.contains(&declared)) {
        return "the compiler drops the static: nothing reads it, or nothing writes it".to_owned();
    }
    let functions: BTreeSet<u32> = compilation
        .modules
        .iter()
        .flat_map(|module| &module.functions)
        .filter(|(path, _)| path == file)
        .map(|(_, line)| *line)
        .collect();
    let unit = program.units.iter().find(|unit| unit.path == *file);
    let text = unit.map_or_else(String::new, |unit| unit.lines.join("\n"));
    left_out::why(file, &text, *line, &functions)
}
