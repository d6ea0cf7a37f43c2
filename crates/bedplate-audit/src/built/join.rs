//! Which compiled operation is which of the source.

use alloc::collections::BTreeMap;

use super::source::{Place, SourceOperations};
use crate::facts::method_kind;
use crate::ir::{Compiled, Frame, Module, Origin};

/// A compiled operation with what it is in the source.
#[derive(Debug)]
pub(super) struct Joined<'m> {
    /// The module it is in, by place.
    pub(super) module: usize,
    pub(super) compiled: &'m Compiled,
    /// Its lines in the tree, innermost first.
    pub(super) places: Vec<Place>,
    /// Operations of the source that it may be, by place; none where the source shows none.
    pub(super) source: Vec<usize>,
    /// The location whose own static it is done to.
    pub(super) of_static: Option<usize>,
}

/// Where compiled operations come from.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) all: usize,
    pub(super) standard: usize,
    pub(super) packages: BTreeMap<String, usize>,
    pub(super) elsewhere: usize,
}

/// Joins the operations of a module; those of the standard library and of packages are counted.
pub(super) fn join<'m>(
    (index, module): (usize, &'m Module),
    source: &SourceOperations,
    statics: &BTreeMap<Place, usize>,
    counts: &mut Counts,
) -> Vec<Joined<'m>> {
    let mut found = Vec::new();
    for compiled in &module.operations {
        counts.all += 1;
        let of_static = location_of(module, compiled, statics);
        let places = places(&compiled.frames);
        let is_rust = places.first().is_some_and(|(file, _)| is_rust(file));
        let origin = compiled.frames.iter().find(|f| !f.is_atomic_method);
        let origin = origin.map(|frame| &frame.origin);
        let is_own = matches!(origin, Some(Origin::Tree(_))) || of_static.is_some();
        let mut chosen: Vec<usize> = levels(source, compiled, is_rust)
            .into_iter()
            .flat_map(|level| choose(source, level, compiled, of_static, &places))
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.is_empty() && !is_own {
            count(counts, origin);
            continue;
        }
        found.push(Joined {
            module: index,
            compiled,
            places,
            source: chosen,
            of_static,
        });
    }
    found
}

fn count(counts: &mut Counts, origin: Option<&Origin>) {
    match origin {
        Some(Origin::Standard) => counts.standard += 1,
        Some(Origin::Package(name)) => *counts.packages.entry(name.clone()).or_default() += 1,
        _ => counts.elsewhere += 1,
    }
}

fn is_rust(file: &str) -> bool {
    std::path::Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "rs")
}

fn places(frames: &[Frame]) -> Vec<Place> {
    let own = frames.iter().filter_map(|frame| match &frame.origin {
        Origin::Tree(file) => Some((file.clone(), frame.line)),
        _ => None,
    });
    own.collect()
}

/// The location whose own static an operation is done to.
fn location_of(
    module: &Module,
    compiled: &Compiled,
    statics: &BTreeMap<Place, usize>,
) -> Option<usize> {
    let symbol = compiled.instruction.symbol.as_ref()?;
    let found = module.statics.iter().find(|one| one.symbol == *symbol)?;
    statics.get(&(found.file.clone(), found.line)).copied()
}

/// Operations by the lines that an instruction may stand for, innermost first: the line itself, and
/// where that is in a function of an operation's name, the line that calls it too. In C, where
/// such names are anything, the first line at which the source has an operation.
fn levels<'s>(
    source: &'s SourceOperations,
    compiled: &Compiled,
    is_rust: bool,
) -> Vec<&'s [usize]> {
    let mut found: Vec<&[usize]> = Vec::new();
    for frame in compiled.frames.iter().filter(|f| !f.is_atomic_method) {
        let here = match &frame.origin {
            Origin::Tree(file) => source.at(&(file.clone(), frame.line)),
            _ => &[],
        };
        let is_found = !here.is_empty();
        if is_found {
            found.push(here);
        }
        let name = frame.function.split('<').next().unwrap_or("");
        let goes_on = if is_rust {
            method_kind(name).is_some()
        } else {
            !is_found
        };
        if !goes_on {
            break;
        }
    }
    found
}

/// Those of the kind, of the location, and of the calls that fit best.
fn choose(
    source: &SourceOperations,
    candidates: &[usize],
    compiled: &Compiled,
    of_static: Option<usize>,
    places: &[Place],
) -> Vec<usize> {
    let kind = compiled.instruction.kind;
    let mut chosen: Vec<usize> = candidates
        .iter()
        .copied()
        .filter(|place| kind.may_be(source.all[*place].kind) && !source.all[*place].is_plain)
        .collect();
    keep_if_any(&mut chosen, |place| kind.is(source.all[place].kind));
    if of_static.is_some() {
        chosen.retain(|place| Some(source.all[*place].location) == of_static);
    }
    let fit = |place: usize| common(&source.all[place].chain, places);
    let best = chosen.iter().map(|place| fit(*place)).max();
    chosen.retain(|place| Some(fit(*place)) == best);
    chosen
}

fn keep_if_any(places: &mut Vec<usize>, test: impl Fn(usize) -> bool) {
    if places.iter().any(|place| test(*place)) {
        places.retain(|place| test(*place));
    }
}

/// Lines of a chain that are found in order.
fn common(chain: &[Place], places: &[Place]) -> usize {
    let mut rest = places;
    let mut found = 0;
    for line in chain {
        if let Some(at) = rest.iter().position(|place| place == line) {
            rest = &rest[at + 1..];
            found += 1;
        }
    }
    found
}
