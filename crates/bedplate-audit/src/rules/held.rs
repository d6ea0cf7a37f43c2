//! What is held for callers.
//!
//! # Role
//! Tells figures that leave from settings, states and flags in bits, which callers put there or go by.

use crate::facts::{Attached, FunctionId, LocationId, OpKind, Program, Site};
use crate::syntax::Kind;

/// Calls back, and steps through locals, that a value is followed to where it came from.
const STEPS_MAX: u32 = 4;

/// Methods that answer the same value in another type, or within bounds.
fn keeps_value(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "into"
            | "try_into"
            | "unwrap"
            | "unwrap_or"
            | "unwrap_or_default"
            | "expect"
            | "clamp"
            | "min"
            | "max"
            | "clone"
            | "to_owned"
            | "bits"
            | "to_bits"
            | "next_power_of_two"
            | "from"
    ) || name == "try_from"
        || name.starts_with("as_")
        || name.starts_with("to_u")
        || name.starts_with("to_i")
}

/// A store whose value callers from outside of the tree give (Rust).
pub(super) fn set_by_caller(program: &Program, operations: &[Attached]) -> Option<Site> {
    let sets = |attached: &&Attached| {
        matches!(attached.op.kind, OpKind::Store | OpKind::Swap) && attached.calls.is_empty()
    };
    let mut stores = operations
        .iter()
        .filter(sets)
        .map(|attached| attached.op.site);
    stores.find(|store| {
        let is_rust = program.unit(store.unit).is_rust;
        let value = program.child(*store, 1);
        is_rust && value.is_some_and(|value| is_given(program, value, 0))
    })
}

/// Whether a value is what callers from outside of the tree gave.
fn is_given(program: &Program, value: Site, steps: u32) -> bool {
    if steps > STEPS_MAX {
        return false;
    }
    let inner = |place| {
        let inner = program.child(value, place);
        inner.is_some_and(|inner| is_given(program, inner, steps))
    };
    match program.kind(value) {
        Kind::Cast | Kind::Deref | Kind::Try => inner(0),
        Kind::Other => program.node(value).children.len() == 1 && inner(0),
        Kind::Method { name } | Kind::Call { name, .. } if keeps_value(name) => inner(0),
        Kind::Name(name) => {
            if let Some(bound) = program.binding(value, name) {
                let is_let = program.parent(bound).is_some_and(|parent| {
                    matches!(program.kind(parent), Kind::Let { is_plain: true, .. })
                });
                return is_let && is_given(program, bound, steps + 1);
            }
            let function = program.function_of(value);
            let place = function.and_then(|id| Some((id, program.parameter(id, name)?.0)));
            place.is_some_and(|(id, place)| is_given_by_callers(program, id, place, steps + 1))
        }
        _ => false,
    }
}

fn is_given_by_callers(program: &Program, id: FunctionId, place: usize, steps: u32) -> bool {
    if program.function(id).is_public || program.is_of_public_trait(id) {
        return true;
    }
    program.callers(id).into_iter().any(|call| {
        let given = program.child(call, place);
        given.is_some_and(|given| is_given(program, given, steps))
    })
}

/// A change of single bits: flags, or things that happened, and no count.
pub(super) fn bits_of(program: &Program, operations: &[Attached]) -> Option<Site> {
    let heads = ["fetch_or", "fetch_and", "fetch_xor", "fetch_nand"];
    let is_by_bits = |name: &str| {
        // `__sync_fetch_and_add` adds.
        let name = name
            .replace("fetch_and_add", "")
            .replace("fetch_and_sub", "");
        let name = name.as_str();
        heads.iter().any(|head| name.contains(head)) || matches!(name, "or" | "and" | "xor")
    };
    let sites = operations
        .iter()
        .filter(|it| it.op.kind == OpKind::Change)
        .map(|it| it.op.site);
    sites.into_iter().find(|site| {
        matches!(program.kind(*site), Kind::Method { name } | Kind::Call { name, .. } if is_by_bits(name))
    })
}

/// A store of one of the values that have names, where no other ones are ever put there.
pub(super) fn state_of(program: &Program, operations: &[Attached]) -> Option<Site> {
    let mut named = None;
    for attached in operations {
        match attached.op.kind {
            OpKind::Load => {}
            OpKind::Store => {
                let value = program.child(attached.op.site, 1)?;
                let is_literal = matches!(program.kind(value), Kind::Literal(_));
                if is_constant(program, value) {
                    named.get_or_insert(attached.op.site);
                } else if !is_literal {
                    return None;
                }
            }
            OpKind::Change | OpKind::Swap | OpKind::Exchange => return None,
        }
    }
    named
}

fn is_constant(program: &Program, value: Site) -> bool {
    match program.kind(value) {
        Kind::Name(name) => name.starts_with(char::is_uppercase),
        Kind::Cast | Kind::Other => program
            .child(value, 0)
            .is_some_and(|inner| is_constant(program, inner)),
        _ => false,
    }
}

/// Calls that answer memory which others have too.
const SHARED: [&str; 4] = ["mmap", "mmap64", "shmat", "MapViewOfFile"];

/// Lines of attributes above a type that are looked at.
const ATTRIBUTES_MAX: usize = 8;

/// Whether a location lies in a type that others may lay over the same memory: one of Rust with the layout of C, or one of C that
/// memory which is mapped is taken for.
pub(super) fn is_laid_out_for_others(program: &Program, id: LocationId) -> bool {
    let location = program.location(id);
    if location.owner.is_empty() {
        return false;
    }
    if program.unit(location.unit).is_rust {
        return has_layout_of_c(program, id);
    }
    SHARED
        .iter()
        .flat_map(|name| program.calls_named(name))
        .any(|call| {
            let mut at = *call;
            while let Some(parent) = program.parent(at) {
                match program.kind(parent) {
                    Kind::Cast | Kind::Other => at = parent,
                    Kind::Assign { .. } => {
                        let target = program.child(parent, 0);
                        return target
                            .is_some_and(|it| program.type_words(it, 0).contains(&location.owner));
                    }
                    Kind::Let { ty, .. } => return program.words(ty).contains(&location.owner),
                    _ => return false,
                }
            }
            false
        })
}

fn has_layout_of_c(program: &Program, id: LocationId) -> bool {
    let location = program.location(id);
    let lines = attributes_of(program, location.unit, &location.owner);
    lines
        .iter()
        .any(|line| line.contains("repr(C") || line.contains("repr(transparent"))
}

/// The lines of attributes of a type of Rust, as they are written above it.
fn attributes_of<'a>(program: &'a Program, unit: u32, ty: &str) -> Vec<&'a str> {
    let lines = &program.unit(unit).lines;
    let head = format!("struct {ty}");
    let begins = |line: &String| {
        let after = line.split_once(&head).map(|(_, after)| after);
        after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let Some(start) = lines.iter().position(begins) else {
        return Vec::new();
    };
    let above = lines[start.saturating_sub(ATTRIBUTES_MAX)..=start]
        .iter()
        .rev();
    let is_attribute = |line: &&String| {
        let line = line.trim();
        line.contains(&head) || line.starts_with("#[") || line.starts_with("//") || line.is_empty()
    };
    above.take_while(is_attribute).map(String::as_str).collect()
}

/// A type of Rust among those of an answer that shows no field and has no method, but can be compared or be a key: an
/// id, or the mark of a version.
pub(super) fn compared_only<'a>(program: &'a Program, returns: &str) -> Option<&'a str> {
    let words = program.words(returns);
    for (index, unit) in program
        .units
        .iter()
        .enumerate()
        .filter(|(_, unit)| unit.is_rust)
    {
        let sealed = unit.structures.iter().filter(|structure| {
            words.contains(&structure.name)
                && structure.is_public
                && !structure.fields.is_empty()
                && structure.fields.iter().all(|field| !field.is_public)
        });
        for structure in sealed {
            let unit = u32::try_from(index).unwrap_or(u32::MAX);
            let attributes = attributes_of(program, unit, &structure.name);
            let is_compared = attributes.iter().any(|line| {
                line.contains("derive")
                    && ["PartialEq", "Hash", "PartialOrd"]
                        .iter()
                        .any(|it| line.contains(it))
            });
            if is_compared && !tells_of_itself(program, &structure.name) {
                return Some(&structure.name);
            }
        }
    }
    None
}

/// Whether a type has a method or a trait of the tree by which callers see into it.
fn tells_of_itself(program: &Program, ty: &str) -> bool {
    let mut functions = program.units.iter().flat_map(|unit| &unit.functions);
    functions.any(|function| {
        let is_of = function.owner.as_deref() == Some(ty);
        let sees = function
            .parameters
            .iter()
            .any(|parameter| parameter.name == "self");
        let shows = matches!(
            function.of_trait.as_deref(),
            Some("Display" | "Serialize" | "Deref")
        );
        let is_from = function.of_trait.as_deref() == Some("From")
            && function
                .parameters
                .iter()
                .any(|parameter| program.words(&parameter.ty).contains(ty));
        is_of && (sees && function.is_public || shows) || is_from
    })
}

/// Whether a static of Rust is linked by its name.
pub(super) fn is_named_for_others(program: &Program, id: LocationId) -> bool {
    let location = program.location(id);
    let unit = program.unit(location.unit);
    if !unit.is_rust || !location.owner.is_empty() {
        return false;
    }
    let end = (location.line as usize).min(unit.lines.len());
    let above = unit.lines[end.saturating_sub(ATTRIBUTES_MAX)..end]
        .iter()
        .rev();
    let mut attributes = above
        .skip(1)
        .map(|line| line.trim())
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    attributes.any(|line| {
        ["mangle", "export", "link_section", "linkage"]
            .iter()
            .any(|it| line.contains(it))
    })
}

/// Whether something is asked of a location in a macro whose arguments no parser understands (`select!` with a condition).
pub(super) fn stands_in_unclear_macro(program: &Program, id: LocationId) -> bool {
    let location = program.location(id);
    if !program.unit(location.unit).is_rust {
        return false;
    }
    let asked = format!("{}.", location.name);
    let asks = |text: &String| {
        let mut places = text.match_indices(&asked);
        places.any(|(place, _)| {
            let before = text[..place].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    };
    program
        .units
        .iter()
        .flat_map(|unit| &unit.unclear)
        .any(asks)
}
