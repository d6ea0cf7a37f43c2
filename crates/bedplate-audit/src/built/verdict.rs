//! What the compiled code says about a class.

use alloc::collections::{BTreeMap, BTreeSet};

use super::compare::{Compilation, line};
use super::join::Joined;
use super::source::{Place, SourceOperations, function_lines, mentions};
use crate::audit::{Audit, Evidence, Location, Read};
use crate::class::Class;
use crate::facts::{OpKind, is_pointer};
use crate::ir::{Frame, Instruction, InstructionKind, Origin, Static, What};

/// A class that the compiled code asks for.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) class: Class,
    /// The lines that say so.
    pub(super) evidence: Vec<Evidence>,
}

/// Lines of evidence that are given.
const EVIDENCE_MAX: usize = 3;

/// Locations by place, with the class they get.
pub(super) fn verdicts(
    read: &Read,
    audit: &Audit,
    source: &SourceOperations,
    joined: &[Joined<'_>],
    compilation: &Compilation,
) -> BTreeMap<usize, Verdict> {
    let bench = Bench {
        read,
        source,
        joined,
        compilation,
    };
    let mut found = BTreeMap::new();
    for (place, location) in audit.locations.iter().enumerate() {
        let verdict = match location.class {
            class if class.is_removable() => bench
                .contradiction(place, location.plain_name())
                .or_else(|| bench.branched_on(place, location)),
            Class::Unknown => bench.followed(place).or_else(|| bench.never_read(place)),
            _ => None,
        };
        found.extend(verdict.map(|verdict| (place, verdict)));
    }
    found
}

/// Writes that order nothing behind them: any other order may be what the operation is there for.
fn is_silent(instruction: &Instruction) -> bool {
    match instruction.kind {
        InstructionKind::Exchange => false,
        InstructionKind::Store => matches!(instruction.order, "relaxed" | "release"),
        _ => instruction.order == "relaxed",
    }
}

struct Bench<'a> {
    read: &'a Read,
    source: &'a SourceOperations,
    joined: &'a [Joined<'a>],
    compilation: &'a Compilation,
}

impl Bench<'_> {
    /// Uses of the value that the source does not show.
    fn contradiction(&self, place: usize, name: &str) -> Option<Verdict> {
        let mut evidence = Vec::new();
        let mut is_pointer = false;
        for one in self.joined {
            let Some(note) = self.contradicts(one, place, name) else {
                continue;
            };
            for (what, frames) in &one.compiled.uses {
                is_pointer |= *what == What::Pointer;
                let said = format!("{note}: {}", what.describe());
                evidence.extend(self.at(frames, one, said));
            }
        }
        if evidence.is_empty() {
            return None;
        }
        evidence.dedup();
        evidence.truncate(EVIDENCE_MAX);
        let class = if is_pointer {
            Class::Correctness
        } else {
            Class::Unknown
        };
        Some(Verdict { class, evidence })
    }

    /// A branch of the tree on a value that the source only shows.
    fn branched_on(&self, place: usize, location: &Location) -> Option<Verdict> {
        let shown = |evidence: &Evidence| evidence.note.starts_with("shown by");
        let is_only_shown = location.class == Class::Telemetry
            && !location.evidence.is_empty()
            && location.evidence.iter().all(shown);
        if !is_only_shown {
            return None;
        }
        let mut evidence = Vec::new();
        for one in self.joined {
            let mut own = one.source.iter().map(|at| &self.source.all[*at]);
            let is_own = !one.source.is_empty() && own.all(|of| of.location == place);
            for (what, frames) in &one.compiled.uses {
                // What printing does with it inside of the standard library is no branch of the tree.
                let is_here = frames
                    .first()
                    .is_some_and(|frame| matches!(frame.origin, Origin::Tree(_)));
                if is_own && is_here && *what == What::Branches {
                    let said = format!(
                        "compiled, {}, where the source only shows it",
                        what.describe()
                    );
                    let line = self.at(frames, one, said);
                    // Checks that releases leave out branch where they are built in.
                    evidence.extend(line.filter(|line| !line.at.text.contains("assert")));
                }
            }
        }
        evidence.dedup();
        evidence.truncate(EVIDENCE_MAX);
        (!evidence.is_empty()).then_some(Verdict {
            class: Class::Unknown,
            evidence,
        })
    }

    fn contradicts(&self, one: &Joined<'_>, place: usize, name: &str) -> Option<&'static str> {
        if one.compiled.uses.is_empty() {
            return None;
        }
        let of_location = |at: &&usize| self.source.all[**at].location == place;
        let own: Vec<&usize> = one.source.iter().filter(of_location).collect();
        if !own.is_empty() {
            // Inside of an operation there may be others: a load that is looked at first, a loop
            // around an exchange. Only the operation itself can contradict what is seen of it.
            let kind = one.compiled.instruction.kind;
            let is_itself = own.iter().any(|at| kind.is(self.source.all[**at].kind));
            if !is_itself || kind == InstructionKind::Exchange {
                return None;
            }
            // Where another operation of the line may be meant whose value is used, that explains it.
            let is_explained = one
                .source
                .iter()
                .map(|at| &self.source.all[*at])
                .any(|operation| operation.is_used);
            return (!is_explained)
                .then_some("compiled, its value is used, which the source does not show");
        }
        if one.of_static == Some(place) {
            return Some("a compiled operation on it that the source does not show");
        }
        let is_unclear = one.source.is_empty() && one.of_static.is_none();
        (is_unclear && self.may_mean(one, place, name)).then_some(
            "a compiled operation near a line that names it, which the source does not show",
        )
    }

    /// Whether an operation that the source does not show may be one on this location: its lines
    /// name it, or its function does where no operation on it is seen.
    fn may_mean(&self, one: &Joined<'_>, location: usize, name: &str) -> bool {
        let program = &self.read.program;
        let names = |place: &Place| line(program, place).is_some_and(|l| mentions(&l.text, name));
        if one.places.iter().any(names) {
            return true;
        }
        let own = one
            .compiled
            .frames
            .iter()
            .find_map(|frame| match &frame.origin {
                Origin::Tree(file) => Some((file, frame.function_line)),
                _ => None,
            });
        let Some((file, first)) = own else {
            return false;
        };
        let unit = program.units.iter().find(|unit| unit.path == *file);
        let lines = unit.map_or_else(Vec::new, |unit| function_lines(&unit.lines, first));
        lines.into_iter().any(|line| {
            let place = (file.clone(), line);
            let is_seen = |at: &usize| self.source.all[*at].location == location;
            names(&place) && !self.source.over(&place).iter().any(is_seen)
        })
    }

    /// Memory is reached through its value.
    fn followed(&self, place: usize) -> Option<Verdict> {
        for one in self.joined {
            let is_own = !one.source.is_empty()
                && one
                    .source
                    .iter()
                    .all(|at| self.source.all[*at].location == place);
            let mut uses = one.compiled.uses.iter();
            let Some((what, frames)) = uses.find(|(what, _)| *what == What::Pointer) else {
                continue;
            };
            if is_own {
                let said = format!("compiled: {}", what.describe());
                return Some(Verdict {
                    class: Class::Correctness,
                    evidence: self.at(frames, one, said).into_iter().collect(),
                });
            }
        }
        None
    }

    /// Written, and read nowhere: the source shows no read, and the compiled code holds none of a
    /// static that only its own module can name.
    fn never_read(&self, place: usize) -> Option<Verdict> {
        let id = *self.read.ids.get(place)?;
        let location = self.read.program.location(id);
        let operations = &self.read.operations;
        let is_simple = !is_pointer(&location.ty)
            && !location.is_plain
            && operations.escapes.get(&id).is_none_or(Vec::is_empty)
            && operations.aliases.get(&id).is_none_or(BTreeSet::is_empty)
            && operations.of(id).iter().all(|a| !a.op.is_barrier);
        if !self.compilation.is_complete || !is_simple {
            return None;
        }
        let declared = (
            self.read.program.unit(location.unit).path.clone(),
            location.line,
        );
        let modules = &self.compilation.modules;
        let is_dropped = modules.iter().any(|m| m.dropped.contains(&declared));
        let defined: Vec<(usize, &Static)> = modules
            .iter()
            .enumerate()
            .flat_map(|(index, module)| module.statics.iter().map(move |one| (index, one)))
            .filter(|(_, one)| (&one.file, one.line) == (&declared.0, declared.1))
            .collect();
        let is_silent = defined
            .iter()
            .all(|(index, one)| one.is_internal && self.silent(*index, place) == one.mentions);
        let is_there = is_dropped || !defined.is_empty();
        if !is_silent {
            return None;
        }
        if !is_there || !self.only_written(place, is_dropped) {
            return None;
        }
        let note = if is_dropped {
            "compiled, it is gone: nothing reads it"
        } else {
            "compiled, it is only written: no value of it is used anywhere"
        };
        let at = line(&self.read.program, &declared)?;
        let note = note.to_owned();
        Some(Verdict {
            class: Class::Telemetry,
            evidence: vec![Evidence::bare(at, note)],
        })
    }

    /// Operations of a module on a static that give nothing to anybody.
    fn silent(&self, module: usize, place: usize) -> usize {
        let silent = self.joined.iter().filter(|joined| {
            joined.module == module
                && joined.of_static == Some(place)
                && joined.compiled.uses.is_empty()
                && is_silent(&joined.compiled.instruction)
        });
        silent.count()
    }

    /// No operation of the source reads, in whatever configuration, and each was compiled or dropped.
    fn only_written(&self, place: usize, is_dropped: bool) -> bool {
        let own = self.source.all.iter().enumerate();
        own.filter(|(_, operation)| operation.location == place)
            .all(|(at, operation)| {
                let is_silent = operation.kind == OpKind::Store || !operation.is_used;
                let is_there = || self.joined.iter().any(|one| one.source.contains(&at));
                is_silent && !operation.is_plain && (is_dropped || is_there())
            })
    }

    /// A line of the tree as evidence: that of the use, or of the operation.
    fn at(&self, frames: &[Frame], one: &Joined<'_>, note: String) -> Option<Evidence> {
        let of_use = frames.iter().filter_map(|frame| match &frame.origin {
            Origin::Tree(file) => Some((file.clone(), frame.line)),
            _ => None,
        });
        let mut places = of_use.chain(one.places.iter().cloned());
        let at = places.find_map(|place| line(&self.read.program, &place))?;
        Some(Evidence::bare(at, note))
    }
}
