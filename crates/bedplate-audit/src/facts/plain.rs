//! Locations by the operations on them: C declares them like anything else.
//!
//! # Role
//! Fields, members and statics of plain types become locations where an atomic operation is done on
//! them.
//!
//! # Not here
//! Plain variables of functions, but for `static` ones: they are nobody else's.

use alloc::collections::{BTreeMap, BTreeSet};

use super::ops::Op;
use super::program::{Declared, LocationId, Program, Site};
use super::resolve::Target;
use crate::syntax::{Kind, Static};

/// Gives operations on plainly declared fields and variables a location.
pub(super) fn declare_plain(program: &mut Program, ops: Vec<Op>) -> Vec<Op> {
    let mut new: BTreeMap<(String, String, Option<u32>), LocationId> = BTreeMap::new();
    let mut out = Vec::new();
    for mut op in ops {
        for declared in given_by_callers(program, &op) {
            let key = (declared.owner.clone(), declared.name.clone(), None);
            new.entry(key)
                .or_insert_with(|| program.add_location(declared));
        }
        if op.targets.is_empty() && !program.unit(op.site.unit).is_rust {
            for declared in plain_declarations(program, op.site) {
                // Statics of one name in two files are two.
                let unit = declared.owner.is_empty().then_some(declared.unit);
                let key = (declared.owner.clone(), declared.name.clone(), unit);
                let id = *new
                    .entry(key)
                    .or_insert_with(|| program.add_location(declared));
                op.targets.push(Target::Location(id));
            }
        }
        out.push(op);
    }
    out
}

/// The plain fields whose names the callers of a macro give, where it does the operation on a member of that name.
fn given_by_callers(program: &Program, op: &Op) -> Vec<Declared> {
    let mut found = Vec::new();
    for target in &op.targets {
        let Target::Parameter(function, index) = *target else {
            continue;
        };
        let of = program.function(function);
        let parameter = of.parameters.get(index as usize);
        let Some(parameter) = parameter.filter(|_| of.is_macro) else {
            continue;
        };
        let is_member = program.below(op.site).into_iter().any(
            |site| matches!(program.kind(site), Kind::Member(name) if *name == parameter.name),
        );
        for call in program.callers(function).into_iter().filter(|_| is_member) {
            let argument = program.child(call, index as usize);
            let Some(Kind::Name(name)) = argument.map(|argument| program.kind(argument)) else {
                continue;
            };
            let words = program.type_of_given(function, &parameter.name, call);
            let is_declared = program
                .locations_named(name)
                .iter()
                .any(|id| words.is_empty() || words.contains(&program.location(*id).owner));
            if !is_declared {
                found.extend(fields_of(program, name, &words));
            }
        }
    }
    found
}

/// The plain fields or the static that an operation may be on.
fn plain_declarations(program: &Program, site: Site) -> Vec<Declared> {
    let is_reference = |argument: &Site| matches!(program.kind(*argument), Kind::Ref);
    let argument = program
        .children(site)
        .find(is_reference)
        .or_else(|| program.child(site, 0));
    let mut base = argument;
    while let Some(at) = base {
        match program.kind(at) {
            Kind::Member(name) => return plain_fields(program, at, name),
            Kind::Name(name) => {
                let found: Vec<Declared> = plain_static(program, at, name).into_iter().collect();
                if !found.is_empty() {
                    return found;
                }
                break;
            }
            _ => base = program.child(at, 0),
        }
    }
    // Macros take what they work on in any place.
    let member = program
        .below(site)
        .into_iter()
        .find_map(|s| match program.kind(s) {
            Kind::Member(name) => Some((s, name.clone())),
            _ => None,
        });
    member.map_or_else(Vec::new, |(member, name)| {
        plain_fields(program, member, &name)
    })
}

/// The static of a name, or the member of the class of a method: the nearest that is not only
/// announced by `extern`.
fn plain_static(program: &Program, site: Site, name: &str) -> Option<Declared> {
    let function = program.function_of(site);
    let is_local = |entry: &Static| {
        let index = function.map(|id| id.index);
        entry.function.is_some() && entry.function == index
    };
    let own = &program.unit(site.unit).statics;
    let is_hidden = function.is_some_and(|id| program.parameter(id, name).is_some())
        || program.binding(site, name).is_some();
    if is_hidden && !own.iter().any(|it| it.name == name && is_local(it)) {
        return None;
    }
    let class = function.and_then(|id| program.function(id).owner.as_ref());
    let mut best: Option<(u8, Declared)> = None;
    for (unit_index, unit) in program.units.iter().enumerate() {
        let unit_index = u32::try_from(unit_index).unwrap_or(u32::MAX);
        let is_own = unit_index == site.unit;
        let fields = unit
            .structures
            .iter()
            .filter(|structure| Some(&structure.name) == class)
            .flat_map(|structure| structure.fields.iter().map(move |it| (structure, it)))
            .filter(|(_, field)| field.name == name)
            .map(|(structure, field)| (1, &structure.name[..], &field.ty, field.line, None));
        let statics = unit
            .statics
            .iter()
            .filter(|it| it.name == name && (it.function.is_none() || is_own && is_local(it)))
            .map(|it| {
                let text = unit.lines.get((it.line as usize).saturating_sub(1));
                let text = text.map_or("", |line| line.trim_start());
                let rank = match (is_own, text) {
                    _ if it.function.is_some() => 0,
                    (_, text) if text.starts_with("extern") => 4,
                    (true, _) => 2,
                    (false, text) if text.starts_with("static") => 5,
                    (false, _) => 3,
                };
                (rank, "", &it.ty, it.line, it.function)
            });
        for (rank, owner, ty, line, function) in fields.chain(statics) {
            if unit.is_rust || best.as_ref().is_some_and(|(known, _)| *known <= rank) {
                continue;
            }
            let declared = Declared {
                name: name.to_owned(),
                owner: owner.to_owned(),
                ty: ty.clone(),
                unit: unit_index,
                line,
                function,
                is_plain: true,
            };
            best = Some((rank, declared));
        }
    }
    best.map(|(_, declared)| declared)
}

/// The fields that a member may be.
fn plain_fields(program: &Program, member: Site, name: &str) -> Vec<Declared> {
    let words = program
        .child(member, 0)
        .map_or_else(BTreeSet::new, |base| program.type_words(base, 0));
    fields_of(program, name, &words)
}

/// The plain fields of a name, of those types where any has one.
fn fields_of(program: &Program, name: &str, words: &BTreeSet<String>) -> Vec<Declared> {
    let mut found = Vec::new();
    for (unit_index, unit) in program.units.iter().enumerate() {
        for structure in &unit.structures {
            let Some(field) = structure.fields.iter().find(|f| f.name == name) else {
                continue;
            };
            found.push(Declared {
                name: name.to_owned(),
                owner: structure.name.clone(),
                ty: field.ty.clone(),
                unit: u32::try_from(unit_index).unwrap_or(u32::MAX),
                line: field.line,
                function: None,
                is_plain: true,
            });
        }
    }
    let fits = |d: &Declared| words.contains(&d.owner);
    if found.iter().any(fits) {
        found.retain(fits);
    }
    found
}
