//! The types of names.
//!
//! # Role
//! What binds a name, and what its pattern takes out of the value.

use syn::{ExprClosure, Pat};

use super::read::Scope;
use super::ty::Ty;
use crate::facts::{Program, Site};
use crate::syntax::Kind;

impl Program {
    pub(super) fn ty_of_name(&self, site: Site, name: &str) -> Ty {
        let Some(id) = self.function_of(site) else {
            return Ty::Unknown;
        };
        let Some(scope) = self.scope_at(site) else {
            return Ty::Unknown;
        };
        if name == "self" {
            return scope.own;
        }
        if let Some(binder) = self.binder(site, name) {
            return self.bound_ty(binder, name, &scope);
        }
        if let Some(ty) = self.local_type(site, name) {
            return if ty.is_empty() {
                Ty::Unknown
            } else {
                scope.read(ty)
            };
        }
        if let Some((_, parameter)) = self.parameter(id, name) {
            return scope.read(&parameter.ty);
        }
        if self.is_bound_by_parameter(id, name) {
            return Ty::Unknown;
        }
        let statics = &self.unit(site.unit).statics;
        let mut near = statics.iter().filter(|it| it.name == name);
        let unit = Scope {
            own: Ty::Unknown,
            ..scope
        };
        match (near.next(), near.next()) {
            (Some(one), None) => return unit.read(&one.ty),
            (Some(_), Some(_)) => return Ty::Unknown,
            _ => {}
        }
        if let [ty] = self.static_types(name) {
            // Where it is written is not known: its words must do.
            let any = Scope {
                unit: None,
                ..unit.clone()
            };
            let found = any.read(ty);
            return if matches!(&found, Ty::Named(head, _) if self.types.is_of_library(head)) {
                found
            } else {
                unit.read(ty)
            };
        }
        if self.types.declared.contains(name) {
            return self.type_by_path(site, name);
        }
        Ty::Unknown
    }

    /// Whether a pattern among the parameters of a function binds a name.
    fn is_bound_by_parameter(&self, id: crate::facts::FunctionId, name: &str) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut patterns = self.function(id).parameters.iter().map(|it| &it.name);
        patterns.any(|it| it.split(|c| !is_word(c)).any(|word| word == name))
    }

    /// What binds a name where it is mentioned: the nearest piece of code around or before it.
    pub(crate) fn binder(&self, site: Site, name: &str) -> Option<Site> {
        let mut best: Option<Site> = None;
        let (mut at, mut below) = (self.parent(site), site);
        while let Some(here) = at {
            let names = match self.kind(here) {
                Kind::Lambda(names) | Kind::Arm { names } => &names[..],
                // Not in what is gone through.
                Kind::For { names } if self.place(below) > 0 => &names[..],
                _ => &[],
            };
            if names.iter().any(|it| it == name) {
                best = Some(here);
                break;
            }
            (below, at) = (here, self.parent(here));
        }
        let function = self.function_of(site)?;
        let values = self.bound_in(function, name).iter().copied();
        let binders = values
            .filter(|value| value.node <= site.node)
            .filter_map(|value| {
                let binder = self.parent(value)?;
                self.is_in_scope(binder, value, site).then_some(binder)
            });
        binders.chain(best).max_by_key(|it| it.node)
    }

    /// Whether what a piece of code binds can be named at another one.
    fn is_in_scope(&self, binder: Site, value: Site, site: Site) -> bool {
        if self.is_part_of(site, value) {
            return false;
        }
        let is_let = matches!(self.kind(binder), Kind::Let { .. });
        let (mut at, mut below) = (self.parent(binder), binder);
        while let Some(here) = at {
            match self.kind(here) {
                Kind::Block { .. } if is_let => return self.is_part_of(site, here),
                Kind::Block { .. } | Kind::Lambda(_) => return false,
                Kind::If | Kind::While if !is_let => {
                    let other = self
                        .child(here, 2)
                        .filter(|_| matches!(self.kind(here), Kind::If));
                    let is_other = other.is_some_and(|it| self.is_part_of(site, it));
                    return self.place(below) == 0 && self.is_part_of(site, here) && !is_other;
                }
                Kind::Arm { .. } if !is_let => return self.is_part_of(site, here),
                _ => {}
            }
            (below, at) = (here, self.parent(here));
        }
        is_let
    }

    /// The type of a name by what binds it.
    fn bound_ty(&self, binder: Site, name: &str, scope: &Scope<'_>) -> Ty {
        let value = || self.child(binder, 0).map_or(Ty::Unknown, |it| self.ty(it));
        let beside = self.unit(binder.unit).beside.get(&binder.node);
        let text = beside.map_or("", String::as_str);
        match self.kind(binder) {
            Kind::Let { ty, .. } => {
                let ty = if ty.is_empty() {
                    value()
                } else {
                    scope.read(ty)
                };
                taken_out(text, &ty, name, scope)
            }
            Kind::Test { .. } => taken_out(text, &value(), name, scope),
            Kind::For { .. } => taken_out(text, &self.item_of(&value()), name, scope),
            Kind::Arm { .. } => {
                let matched = self.parent(binder).and_then(|it| self.child(it, 0));
                let ty = matched.map_or(Ty::Unknown, |it| self.ty(it));
                // A guard stands behind the pattern.
                let pattern = text.split(" if ").next().unwrap_or(text);
                taken_out(pattern, &ty, name, scope)
            }
            Kind::Lambda(_) => self.given_to_closure_ty(binder, text, name, scope),
            _ => Ty::Unknown,
        }
    }

    /// The type of a parameter of a closure: as written, or by what takes the closure.
    fn given_to_closure_ty(&self, closure: Site, text: &str, name: &str, scope: &Scope<'_>) -> Ty {
        let Some(call) = self.parent(closure) else {
            return Ty::Unknown;
        };
        let signature = self.signature_at(call);
        let place = self.place(closure);
        let takes = signature.as_ref().and_then(|it| it.takes.get(place));
        let given = match takes {
            Some(Ty::Function(given, _)) => given.clone(),
            // What another crate hands to a closure is made of what it has.
            _ => match self.foreign_receiver(call) {
                Some(ty) => return ty,
                None => Vec::new(),
            },
        };
        if text.is_empty() {
            // The closure that stands for a method's name.
            return given.first().cloned().unwrap_or(Ty::Unknown);
        }
        let Ok(written) = syn::parse_str::<ExprClosure>(&format!("{text} 0")) else {
            return Ty::Unknown;
        };
        for (place, pattern) in written.inputs.iter().enumerate() {
            let ty = given.get(place).cloned().unwrap_or(Ty::Unknown);
            if let Some(found) = bind(pattern, &ty, name, scope) {
                return found;
            }
        }
        Ty::Unknown
    }

    /// What a method of a value of another crate can hand to a closure.
    fn foreign_receiver(&self, call: Site) -> Option<Ty> {
        let Kind::Method { .. } = self.kind(call) else {
            return None;
        };
        match self.ty(self.child(call, 0)?) {
            Ty::Foreign(_, inner) => Some(Ty::made_of(inner)),
            _ => None,
        }
    }
}

/// The type of a name that a pattern, as written, takes out of a value.
fn taken_out(text: &str, ty: &Ty, name: &str, scope: &Scope<'_>) -> Ty {
    let parsed = syn::parse::Parser::parse_str(Pat::parse_multi_with_leading_vert, text);
    parsed.map_or(Ty::Unknown, |pattern| {
        bind(&pattern, ty, name, scope).unwrap_or(Ty::Unknown)
    })
}

/// The type of a name that a pattern binds; none where it does not.
fn bind(pattern: &Pat, ty: &Ty, name: &str, scope: &Scope<'_>) -> Option<Ty> {
    let within = |pattern: &Pat, ty: &Ty| bind(pattern, ty, name, scope);
    match pattern {
        Pat::Ident(it) => {
            let inner = it.subpat.as_ref().and_then(|(_, inner)| within(inner, ty));
            inner.or_else(|| (it.ident == name).then(|| ty.clone()))
        }
        Pat::Reference(it) => within(&it.pat, ty),
        Pat::Paren(it) => within(&it.pat, ty),
        Pat::Type(it) => {
            let written = scope.read_parsed(&it.ty);
            let ty = if written == Ty::Unknown { ty } else { &written };
            within(&it.pat, ty)
        }
        Pat::Or(it) => it.cases.iter().find_map(|case| within(case, ty)),
        Pat::Slice(it) => it.elems.iter().find_map(|case| within(case, &ty.inner(0))),
        Pat::Tuple(it) => {
            let count = it.elems.len();
            let rest = it.elems.iter().position(|it| matches!(it, Pat::Rest(_)));
            let all = match ty {
                Ty::Tuple(inner) => inner.len(),
                _ => count,
            };
            it.elems.iter().enumerate().find_map(|(place, case)| {
                // Those behind `..` are counted from the end.
                let is_behind = rest.is_some_and(|rest| place > rest);
                let place = if is_behind {
                    (all + place).checked_sub(count)?
                } else {
                    place
                };
                within(case, &ty.inner(place))
            })
        }
        Pat::TupleStruct(it) => {
            let variant = it.path.segments.last()?.ident.to_string();
            it.elems.iter().enumerate().find_map(|(place, case)| {
                within(case, &part_of(ty, &variant, &place.to_string(), scope))
            })
        }
        Pat::Struct(it) => {
            let variant = it.path.segments.last()?.ident.to_string();
            it.fields.iter().find_map(|field| {
                let member = match &field.member {
                    syn::Member::Named(member) => member.to_string(),
                    syn::Member::Unnamed(place) => place.index.to_string(),
                };
                within(&field.pat, &part_of(ty, &variant, &member, scope))
            })
        }
        _ => None,
    }
}

/// The type of a field that a pattern names of a variant or a structure.
fn part_of(ty: &Ty, variant: &str, field: &str, scope: &Scope<'_>) -> Ty {
    match (variant, ty) {
        ("Some" | "Ok" | "Ready", Ty::Named(..)) => return ty.inner(0),
        ("Err", Ty::Named(..)) => return ty.inner(1),
        (_, Ty::Foreign(..)) => return ty.inner(0),
        _ => {}
    }
    let program = scope.program;
    let head = ty.head().unwrap_or("");
    let of_variant = program.field_of_record(&format!("{head}::{variant}"), ty, field);
    let own = || program.field_of_record(variant, ty, field);
    // The pattern says which type it is, where the value does not.
    let by_name = || match program.types.variants.get(variant) {
        Some(outers) if outers.len() == 1 => {
            let outer = outers.first()?;
            program.field_of_record(&format!("{outer}::{variant}"), &Ty::Unknown, field)
        }
        _ => None,
    };
    let found = of_variant.or_else(own).or_else(by_name);
    found.unwrap_or(Ty::Unknown)
}
