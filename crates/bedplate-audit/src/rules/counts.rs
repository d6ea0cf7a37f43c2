//! Counts of the whole process.
//!
//! # Role
//! Tells the locations that are counted up from the start of the process and never set from outside:
//! what they were in another process means nothing in this one.

use crate::facts::{LocationId, OpKind, Operations, Program, Site};
use crate::syntax::Kind;

/// Whether a location is a static of Rust, or in one, that is only added to and read.
pub(super) fn counts_the_process(
    program: &Program,
    operations: &Operations,
    id: LocationId,
) -> bool {
    let location = program.location(id);
    let is_rust = program.unit(location.unit).is_rust;
    let is_static = if location.owner.is_empty() {
        location.function.is_none()
    } else {
        let mut statics = program.units.iter().flat_map(|unit| &unit.statics);
        statics.any(|entry| {
            entry.function.is_none() && program.words(&entry.ty).contains(&location.owner)
        })
    };
    let only_counts = operations.of(id).iter().all(|attached| {
        let site = attached.op.site;
        match attached.op.kind {
            OpKind::Load | OpKind::Change => true,
            OpKind::Store => puts_own(program, operations, id, site),
            OpKind::Swap | OpKind::Exchange => false,
        }
    });
    is_rust && is_static && only_counts
}

/// Whether a store puts a constant, or what the location was with something added.
fn puts_own(program: &Program, operations: &Operations, id: LocationId, store: Site) -> bool {
    let Some(mut at) = program.child(store, 1) else {
        return false;
    };
    loop {
        match program.kind(at) {
            Kind::Literal(_) => return true,
            Kind::Name(name) if name.starts_with(char::is_uppercase) => return true,
            Kind::Name(name) => {
                let Some(value) = program.binding(at, name) else {
                    return false;
                };
                let read = operations.locations_at(value);
                return read.is_some_and(|ids| ids.contains(&id));
            }
            Kind::Method { .. } | Kind::Binary(_) | Kind::Cast | Kind::Other => {}
            _ => return false,
        }
        match program.child(at, 0) {
            Some(inner) => at = inner,
            None => return false,
        }
    }
}
