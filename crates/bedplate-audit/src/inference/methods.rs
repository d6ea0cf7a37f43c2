//! Whose method a call is.
//!
//! # Invariants
//! I1. A method is said not to be called only where another one of that name is known to be (the receiver's type, or what
//!     it leads to by `Deref`, has it, in the tree or in the standard library), or where no type on that way can have
//!     more methods than are seen: one of the tree may get some by macros.

use super::known::alike;
use super::read::Scope;
use super::ty::{Meanings, Ty};
use crate::facts::{FunctionId, Program, Site};
use crate::syntax::{Function, Kind};

/// Types that lead to others, one after the other.
const CHAIN_MAX: usize = 8;

/// What a function takes and answers, for one receiver.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub(super) takes: Vec<Ty>,
    pub(super) answers: Ty,
}

impl Program {
    /// Whether a call of a method leads to a function; none where the types do not tell.
    pub(crate) fn calls_by_type(&self, call: Site, id: FunctionId) -> Option<bool> {
        let function = self.function(id);
        let owner = function.owner.as_deref()?;
        let is_type = owner.starts_with(char::is_alphabetic) && !self.is_trait(owner);
        if !is_type || function.generics.iter().any(|it| it == owner) {
            return None;
        }
        if !self.unit(call.unit).is_rust || !self.unit(id.unit).is_rust {
            return None;
        }
        let receiver = self.child(call, 0)?;
        let ty = self.ty(receiver);
        let chain = self.chain(&ty)?;
        let name = function.name.as_str();
        for ty in &chain {
            let Some(head) = ty.head() else { continue };
            if head == owner || head == alike(owner) && !self.types.declared.contains(owner) {
                return Some(true);
            }
            if self.has_method(ty, name) {
                return Some(false);
            }
        }
        let has_more = |ty: &Ty| matches!(ty, Ty::Named(head, _) if self.types.may_have_more(head));
        let is_elsewhere = matches!(ty, Ty::Foreign(..)) || !chain.iter().any(has_more);
        (is_elsewhere && self.types.declared.contains(owner)).then_some(false)
    }

    /// The type that has the field which a member names, where that is known.
    pub(crate) fn owner_by_type(&self, member: Site, name: &str) -> Option<String> {
        if !self.unit(member.unit).is_rust {
            return None;
        }
        let ty = self.ty(self.child(member, 0)?);
        let chain = self.chain(&ty)?;
        chain.into_iter().find_map(|ty| {
            let Ty::Named(head, _) = ty else { return None };
            let records = self.types.records.get(&head)?;
            let has = records
                .iter()
                .any(|it| it.fields.iter().any(|it| it.name == name));
            has.then_some(head)
        })
    }

    /// Whether a call of Rust makes a structure without names for its fields, or a variant of an enumeration (true), of the
    /// tree; none where it calls a function.
    pub(crate) fn makes_record(&self, call: Site, name: &str) -> Option<bool> {
        let Kind::Call { path, .. } = self.kind(call) else {
            return None;
        };
        let is_std = matches!(name, "Some" | "Ok" | "Err");
        if is_std || !self.unit(call.unit).is_rust || !self.functions_named(name).is_empty() {
            return None;
        }
        if self.is_variant(name, path) {
            return Some(true);
        }
        self.types.records.contains_key(name).then_some(false)
    }

    /// Whether a name stands for a variant of an enumeration of the tree; `path` is what stands before it.
    pub(crate) fn is_variant(&self, name: &str, path: &str) -> bool {
        let outers = self.types.variants.get(name);
        outers.is_some_and(|outers| path.is_empty() || path == "Self" || outers.contains(path))
    }

    /// Whether a type itself has a method of a name.
    fn has_method(&self, ty: &Ty, name: &str) -> bool {
        let Ty::Named(head, _) = ty else { return false };
        let key = (head.clone(), name.to_owned());
        let is_own = |id: &FunctionId| {
            let function = self.function(*id);
            let is_method = function
                .parameters
                .first()
                .is_some_and(|it| it.name == "self");
            let is_any = match self.own_ty(*id) {
                Ty::Named(_, inner) => inner.iter().all(|it| matches!(it, Ty::Parameter(_))),
                _ => false,
            };
            is_method && is_any
        };
        let own = self.types.methods.get(&key);
        own.is_some_and(|own| own.iter().all(is_own)) && self.types.is_one(head)
            || !self.types.declared.contains(head) && self.types.of_library(head, name).is_some()
            || self.items_of(ty).is_some() && self.types.of_library("Iterator", name).is_some()
    }

    /// A type and those that it leads to by `Deref`; none where one of them is not known.
    pub(super) fn chain(&self, ty: &Ty) -> Option<Vec<Ty>> {
        let mut found = Vec::new();
        let mut at = ty.clone();
        while found.len() < CHAIN_MAX {
            match &at {
                Ty::Unknown | Ty::Parameter(_) => return None,
                Ty::Foreign(_, inner) => {
                    // It may lead to any of what it holds, at any depth.
                    let mut inside = vec![at.clone()];
                    for ty in inner {
                        inside.extend(self.nested(ty, 0)?);
                    }
                    found.extend(inside);
                    return Some(found);
                }
                _ => found.push(at.clone()),
            }
            match self.own_signature(&at, "deref") {
                Some(signature) => at = signature.answers,
                None => return Some(found),
            }
        }
        None
    }

    /// A type with those that it leads to and those in its brackets; none where one of them is not known.
    fn nested(&self, ty: &Ty, depth: usize) -> Option<Vec<Ty>> {
        if depth > CHAIN_MAX {
            return None;
        }
        let mut found = self.chain(ty)?;
        for ty in found.clone() {
            let (Ty::Named(_, inner) | Ty::Tuple(inner)) = ty else {
                continue;
            };
            for ty in &inner {
                found.extend(self.nested(ty, depth + 1)?);
            }
        }
        Some(found)
    }

    /// What a type's own method of a name takes and answers.
    fn own_signature(&self, ty: &Ty, name: &str) -> Option<Signature> {
        let Ty::Named(head, _) = ty else { return None };
        let key = (head.clone(), name.to_owned());
        if let Some(methods) = self.types.methods.get(&key) {
            let mut found = methods.iter().map(|id| self.signature_of(*id, ty));
            let first = found.next()?;
            let is_one = found.all(|it| it.answers == first.answers);
            return Some(Signature {
                answers: if is_one { first.answers } else { Ty::Unknown },
                takes: first.takes,
            });
        }
        if self.types.declared.contains(head) {
            return None;
        }
        let function = self.types.of_library(head, name)?;
        Some(self.signature(function, None, ty))
    }

    /// What a function of the tree takes and answers, where `Self` is a type.
    pub(super) fn signature_of(&self, id: FunctionId, own: &Ty) -> Signature {
        self.signature(self.function(id), Some(id.unit), own)
    }

    fn signature(&self, function: &Function, unit: Option<u32>, own: &Ty) -> Signature {
        let scope = Scope {
            program: self,
            unit,
            generics: &function.generics,
            own: own.clone(),
            depth: 0,
        };
        let mut meanings = Meanings::new();
        scope.read(&function.of_type).learn(own, &mut meanings);
        let parameters = function.parameters.iter();
        Signature {
            takes: parameters
                .map(|it| scope.read(&it.ty).meant(&meanings))
                .collect(),
            answers: scope.read(&function.returns).meant(&meanings),
        }
    }

    /// What the method that is called on a type takes and answers.
    pub(super) fn method_signature(&self, ty: &Ty, name: &str) -> Option<Signature> {
        let chain = self.chain(ty)?;
        chain.iter().find_map(|ty| {
            let as_iterator = || self.own_signature(&self.items_of(ty)?, name);
            self.own_signature(ty, name).or_else(as_iterator)
        })
    }

    /// A type that can be gone through, as the iterator that it is or makes.
    pub(super) fn items_of(&self, ty: &Ty) -> Option<Ty> {
        let Ty::Named(head, _) = ty else { return None };
        if !self.types.declared.contains(head) {
            return matches!(head.as_str(), "Range")
                .then(|| Ty::named("Iterator", vec![ty.inner(0)]));
        }
        let key = (head.clone(), "next".to_owned());
        let methods = self.types.methods.get(&key)?.iter();
        let mut next =
            methods.filter(|id| self.function(**id).of_trait.as_deref() == Some("Iterator"));
        let item = self.signature_of(*next.next()?, ty).answers.inner(0);
        Some(Ty::named("Iterator", vec![item]))
    }

    /// What a loop over a value of a type is given.
    pub(super) fn item_of(&self, ty: &Ty) -> Ty {
        let Some(chain) = self.chain(ty) else {
            return Ty::Unknown;
        };
        for ty in &chain {
            if let Ty::Foreign(_, inner) = ty {
                return Ty::made_of(inner.clone());
            }
            let of = self.items_of(ty);
            let of = of.or_else(|| Some(self.own_signature(ty, "into_iter")?.answers));
            match of {
                Some(Ty::Named(head, inner)) if head == "Iterator" => {
                    return inner.into_iter().next().unwrap_or(Ty::Unknown);
                }
                Some(_) => return Ty::Unknown,
                None => {}
            }
        }
        Ty::Unknown
    }

    /// What a call takes and answers, for the receiver or the type that it names.
    pub(super) fn signature_at(&self, call: Site) -> Option<Signature> {
        let signature = match self.kind(call) {
            Kind::Method { name } => {
                let ty = self.ty(self.child(call, 0)?);
                self.method_signature(&ty, name)
            }
            Kind::Call { name, path } => self.called(call, name, path),
            _ => None,
        };
        let mut signature = signature?;
        let mut meanings = Meanings::new();
        let places = signature.takes.iter().enumerate();
        for (place, takes) in places.filter(|(place, _)| *place > 0 || !is_method(self.kind(call)))
        {
            let argument = self.child(call, place);
            let is_plain = |it: &Site| !matches!(self.kind(*it), Kind::Lambda(_));
            if !takes.is_known()
                && let Some(argument) = argument.filter(is_plain)
            {
                let given = self.ty(argument);
                let is_gone_through =
                    takes.head() == Some("Iterator") && given.head() != Some("Iterator");
                let given = if is_gone_through {
                    Ty::named("Iterator", vec![self.item_of(&given)])
                } else {
                    given
                };
                takes.learn(&given, &mut meanings);
            }
        }
        signature
            .takes
            .iter_mut()
            .for_each(|it| *it = it.meant(&meanings));
        signature.answers = signature.answers.meant(&meanings);
        Some(signature)
    }

    /// What a function that is called by its path takes and answers.
    fn called(&self, call: Site, name: &str, path: &str) -> Option<Signature> {
        if path.starts_with(char::is_uppercase) {
            let own = self.type_by_path(call, path);
            return self.own_signature(&own, name);
        }
        let ids = self.functions_named(name).iter();
        let mut found =
            ids.filter(|id| self.function(**id).owner.is_none() && self.may_call(call, **id));
        let first = self.signature_of(*found.next()?, &Ty::Unknown);
        let is_one = found.all(|id| self.signature_of(*id, &Ty::Unknown).answers == first.answers);
        is_one.then_some(first)
    }

    /// The type before `::`; with nothing known of what stands in its brackets.
    pub(super) fn type_by_path(&self, site: Site, path: &str) -> Ty {
        let Some(id) = self.function_of(site) else {
            return Ty::Unknown;
        };
        if path == "Self" {
            return self.own_ty(id);
        }
        let scope = Scope {
            program: self,
            unit: Some(site.unit),
            generics: &self.function(id).generics,
            own: Ty::Unknown,
            depth: 0,
        };
        let found = scope.read(path);
        // `Vec::new` of what is not said.
        match &found {
            Ty::Named(head, inner) if inner.is_empty() => {
                let count = self.count_of_brackets(head);
                Ty::named(head, vec![Ty::Unknown; count])
            }
            _ => found,
        }
    }

    fn count_of_brackets(&self, head: &str) -> usize {
        let records = self.types.records.get(head).and_then(|it| it.first());
        match records {
            Some(record) => record.generics.len(),
            None if matches!(head, "HashMap" | "Entry" | "Result") => 2,
            None => 0,
        }
    }

    /// What `Self` is in a function.
    pub(super) fn own_ty(&self, id: FunctionId) -> Ty {
        let function = self.function(id);
        let is_trait = function.owner.as_ref().is_none_or(|it| self.is_trait(it));
        if is_trait || function.of_type.is_empty() {
            return Ty::Unknown;
        }
        let scope = Scope {
            program: self,
            unit: Some(id.unit),
            generics: &function.generics,
            own: Ty::Unknown,
            depth: 0,
        };
        scope.read(&function.of_type)
    }
}

fn is_method(kind: &Kind) -> bool {
    matches!(kind, Kind::Method { .. })
}
