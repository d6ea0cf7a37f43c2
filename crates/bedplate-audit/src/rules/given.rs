//! Records that callers give to be filled.
//!
//! # Role
//! `int info(const Env *env, Info *out) { out->pages = env->pages; }` of C hands a figure out like a getter.
//!
//! # Not here
//! Whether the tree reads the field itself: every mention of it is followed besides.

use super::flow::Tracer;
use crate::facts::{FunctionId, Program, Site};
use crate::syntax::Kind;

/// Calls that a record is followed through.
const CALLS_MAX: u32 = 4;

impl Tracer<'_> {
    /// The function of C that callers from outside of the tree give the record whose member stands at
    /// `target`.
    pub(super) fn given_out(&self, target: Site) -> Option<String> {
        let program = self.program;
        if program.unit(target.unit).is_rust {
            return None;
        }
        let function = program.function_of(target)?;
        let place = pointer_given(program, target, function)?;
        from_outside(program, function, place, 0)
    }
}

/// The place of the parameter of pointer type that an expression is a member of, or is.
fn pointer_given(program: &Program, site: Site, function: FunctionId) -> Option<usize> {
    let mut at = site;
    loop {
        match program.kind(at) {
            Kind::Name(name) => {
                let (place, parameter) = program.parameter(function, name)?;
                let ty = &parameter.ty;
                let is_to_fill = ty.contains(['*', '&']) && !ty.contains("const ");
                return is_to_fill.then_some(place);
            }
            Kind::Member(_) | Kind::Index | Kind::Ref | Kind::Deref | Kind::Cast | Kind::Other => {
                at = program.child(at, 0)?;
            }
            _ => return None,
        }
    }
}

/// A function that others can call, whose callers give what this one gets.
fn from_outside(
    program: &Program,
    function: FunctionId,
    place: usize,
    depth: u32,
) -> Option<String> {
    let own = program.function(function);
    if own.is_macro || depth > CALLS_MAX {
        return None;
    }
    let callers = program.callers(function);
    if callers.is_empty() {
        return own.is_public.then(|| own.name.clone());
    }
    callers.into_iter().find_map(|call| {
        let outer = program.function_of(call)?;
        let given = program.child(call, place)?;
        let given = pointer_given(program, given, outer)?;
        from_outside(program, outer, given, depth + 1)
    })
}
