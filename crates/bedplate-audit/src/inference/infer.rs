//! The types of expressions of Rust.
//!
//! # Invariants
//! I1. A type is said only where each step to it is known; what may be any type is unknown.

use super::known::PRIMITIVE;
use super::read::Scope;
use super::ty::{Meanings, Ty};
use crate::facts::{Program, Site};
use crate::syntax::Kind;

/// Methods that answer what they are called on, where the type has none of that name that is known.
const SAME: [&str; 2] = ["clone", "to_owned"];

/// Methods whose caller says what they answer.
const CHOSEN: [&str; 16] = [
    "into",
    "try_into",
    "parse",
    "collect",
    "sum",
    "product",
    "default",
    "downcast",
    "downcast_ref",
    "downcast_mut",
    "deserialize",
    "extract",
    "get_type",
    "cast",
    "collect_into",
    "unzip",
];

impl Program {
    /// The type of an expression of Rust.
    pub(super) fn ty(&self, site: Site) -> Ty {
        if let Some(found) = self.memory.types.borrow().get(&site) {
            return found.clone();
        }
        // What hangs on itself is not known.
        self.memory.types.borrow_mut().insert(site, Ty::Unknown);
        let found = self.find_ty(site);
        self.memory.types.borrow_mut().insert(site, found.clone());
        found
    }

    fn find_ty(&self, site: Site) -> Ty {
        let unit = self.unit(site.unit);
        let beside = unit.beside.get(&site.node).map_or("", String::as_str);
        let inner = |place| {
            self.child(site, place)
                .map_or(Ty::Unknown, |it| self.ty(it))
        };
        match self.kind(site) {
            Kind::Name(name) => self.ty_of_name(site, name),
            Kind::Member(name) => self.field_of(&inner(0), name),
            Kind::Method { name } => self.ty_of_method(site, name, beside),
            Kind::Call { name, path } => self.ty_of_call(site, name, path, beside),
            Kind::Macro { name } => match name.as_str() {
                "format" => Ty::plain("String"),
                "vec" => Ty::named("Vec", vec![inner(0)]),
                "matches" | "cfg" => Ty::plain("bool"),
                _ => Ty::Unknown,
            },
            Kind::Record(name) => self.ty_of_record(site, name),
            Kind::Index => {
                let is_range = self.child(site, 1).is_some_and(|it| self.is_range(it));
                self.element_of(&inner(0), is_range)
            }
            Kind::Deref => opened(inner(0)),
            Kind::Ref | Kind::Unary(_) => inner(0),
            Kind::Other => match beside {
                "()" => Ty::Tuple(self.children(site).map(|it| self.ty(it)).collect()),
                ".." => Ty::named("Range", vec![inner(0)]),
                _ if self.node(site).children.len() == 1 => inner(0),
                _ => Ty::Unknown,
            },
            Kind::Block { tail: true } | Kind::Arm { .. } => self
                .children(site)
                .last()
                .map_or(Ty::Unknown, |it| self.ty(it)),
            Kind::If | Kind::Match => {
                let branches = self.children(site).skip(1).map(|it| self.ty(it));
                let mut known = branches.filter(|it| *it != Ty::Unknown && *it != Ty::unit());
                known.next().unwrap_or(Ty::Unknown)
            }
            Kind::Try => tried(inner(0)),
            Kind::Cast => self
                .scope_at(site)
                .map_or(Ty::Unknown, |scope| scope.read(beside)),
            Kind::Binary(operator) => computed(operator, inner(0)),
            Kind::Literal(text) => literal(text),
            Kind::List => Ty::list(inner(0)),
            Kind::Lambda(_) => {
                let body = self.children(site).last();
                let answers = body.map_or(Ty::Unknown, |it| self.ty(it));
                Ty::Function(Vec::new(), Box::new(answers))
            }
            _ => Ty::Unknown,
        }
    }

    /// Where the code at a place writes types.
    pub(super) fn scope_at(&self, site: Site) -> Option<Scope<'_>> {
        let id = self.function_of(site)?;
        let function = self.function(id);
        (!function.is_macro).then(|| Scope {
            program: self,
            unit: Some(site.unit),
            generics: &function.generics,
            own: self.own_ty(id),
            depth: 0,
        })
    }

    /// Whether a piece of code is a range.
    fn is_range(&self, site: Site) -> bool {
        let beside = self.unit(site.unit).beside.get(&site.node);
        beside.is_some_and(|it| it == "..")
            || matches!(self.ty(site), Ty::Named(head, _) if head == "Range")
    }

    /// What stands at an index of a value, or in a range of it.
    fn element_of(&self, ty: &Ty, is_range: bool) -> Ty {
        let Some(chain) = self.chain(ty) else {
            return Ty::Unknown;
        };
        for ty in &chain {
            match ty {
                Ty::Named(head, inner) if matches!(head.as_str(), "List" | "Vec") => {
                    return if is_range {
                        Ty::list(ty.inner(0))
                    } else {
                        inner.first().cloned().unwrap_or(Ty::Unknown)
                    };
                }
                Ty::Named(head, _) if head == "HashMap" => return ty.inner(1),
                Ty::Named(head, _) if matches!(head.as_str(), "str" | "String") => {
                    return Ty::plain("str");
                }
                Ty::Named(head, _) if self.types.declared.contains(head) => {
                    let index = self.method_signature(ty, "index");
                    if let Some(index) = index {
                        return index.answers;
                    }
                }
                _ => {}
            }
        }
        Ty::Unknown
    }

    /// The type of a field of a value.
    pub(super) fn field_of(&self, ty: &Ty, name: &str) -> Ty {
        let Some(chain) = self.chain(ty) else {
            return Ty::Unknown;
        };
        for ty in &chain {
            let found = match ty {
                Ty::Tuple(inner) => name
                    .parse()
                    .ok()
                    .and_then(|it: usize| inner.get(it).cloned()),
                Ty::Named(head, _) => self.field_of_record(head, ty, name),
                Ty::Foreign(_, inner) => Some(Ty::made_of(inner.clone())),
                _ => None,
            };
            if let Some(found) = found {
                return found;
            }
        }
        Ty::Unknown
    }

    /// The type of a field of a record by its name (`Type`, `Type::Variant`), where the whole is of type `of`.
    pub(super) fn field_of_record(&self, record: &str, of: &Ty, name: &str) -> Option<Ty> {
        let records = self.types.records.get(record)?;
        let mut found = None;
        for record in records {
            let Some(field) = record.fields.iter().find(|it| it.name == name) else {
                continue;
            };
            let mut meanings = Meanings::new();
            if let Ty::Named(_, inner) = of {
                let pairs = record.generics.iter().cloned().zip(inner.iter().cloned());
                meanings.extend(pairs);
            }
            let scope = Scope {
                program: self,
                unit: Some(record.unit),
                generics: &record.generics,
                own: of.clone(),
                depth: 0,
            };
            let ty = scope.read(&field.ty).meant(&meanings);
            match &found {
                // Two types of one name.
                Some(known) if *known != ty => return Some(Ty::Unknown),
                _ => found = Some(ty),
            }
        }
        found
    }

    fn ty_of_record(&self, site: Site, name: &str) -> Ty {
        let known = &self.types;
        if name == "Self" {
            return self
                .function_of(site)
                .map_or(Ty::Unknown, |id| self.own_ty(id));
        }
        if known.records.contains_key(name) {
            return self.type_by_path(site, name);
        }
        match known.variants.get(name) {
            Some(outers) if outers.len() == 1 => outers
                .first()
                .map_or(Ty::Unknown, |outer| self.type_by_path(site, outer)),
            _ => Ty::Unknown,
        }
    }

    /// What a call answers, where nothing is learned of its closures.
    fn answer_of(&self, call: Site) -> Option<Ty> {
        let signature = self.signature_at(call)?;
        if signature.answers.is_known() {
            return Some(signature.answers);
        }
        let mut meanings = Meanings::new();
        for (place, takes) in signature.takes.iter().enumerate() {
            let argument = self.child(call, place);
            let is_closure = |it: &Site| matches!(self.kind(*it), Kind::Lambda(_));
            if let (Ty::Function(..), Some(closure)) = (takes, argument.filter(is_closure)) {
                takes.learn(&self.ty(closure), &mut meanings);
            }
        }
        Some(signature.answers.meant(&meanings))
    }

    fn ty_of_method(&self, site: Site, name: &str, given: &str) -> Ty {
        let receiver = self.child(site, 0).map_or(Ty::Unknown, |it| self.ty(it));
        // Whether the lock's answer or what it guards is opened is not known.
        let is_guard = matches!(&receiver, Ty::Named(head, inner) if head == "Guard"
            && inner.iter().any(|it| matches!(it.head(), Some("Option" | "Result") | None)));
        if is_guard && matches!(name, "unwrap" | "expect" | "unwrap_or_else") {
            return Ty::Unknown;
        }
        if name == "collect" {
            return self.collected(site, &receiver, given);
        }
        if let Some(answer) = self.answer_of(site) {
            return answer;
        }
        let Some(chain) = self.chain(&receiver) else {
            return Ty::Unknown;
        };
        if SAME.contains(&name) {
            return receiver;
        }
        let is_foreign = matches!(receiver, Ty::Foreign(..));
        if !is_foreign || CHOSEN.contains(&name) || !given.is_empty() {
            return Ty::Unknown;
        }
        let mut parts: Vec<Ty> = chain
            .into_iter()
            .filter(|it| !matches!(it, Ty::Foreign(..)))
            .collect();
        for argument in self.children(site).skip(1) {
            parts.push(match self.ty(argument) {
                Ty::Function(_, answers) => *answers,
                other => other,
            });
        }
        Ty::made_of(parts)
    }

    /// `collect::<Vec<_>>()`.
    fn collected(&self, site: Site, receiver: &Ty, given: &str) -> Ty {
        let given = given.trim_start_matches("::");
        let inner = given.strip_prefix('<').and_then(|it| it.strip_suffix('>'));
        let scope = self.scope_at(site);
        let (Some(inner), Some(scope)) = (inner, scope) else {
            return Ty::Unknown;
        };
        let item = self.item_of(receiver);
        match scope.read(inner) {
            Ty::Named(head, of) if of.contains(&Ty::Unknown) => match head.as_str() {
                "Vec" | "HashSet" | "Box" => Ty::named(&head, vec![item]),
                "HashMap" => Ty::named(&head, vec![item.inner(0), item.inner(1)]),
                _ => Ty::Unknown,
            },
            other => other,
        }
    }

    fn ty_of_call(&self, site: Site, name: &str, path: &str, given: &str) -> Ty {
        let inner = |place| {
            self.child(site, place)
                .map_or(Ty::Unknown, |it| self.ty(it))
        };
        match (path, name) {
            ("", "Some") => return Ty::named("Option", vec![inner(0)]),
            ("", "Ok") => return Ty::named("Result", vec![inner(0), Ty::Unknown]),
            ("", "Err") => return Ty::named("Result", vec![Ty::Unknown, inner(0)]),
            _ => {}
        }
        let library = self.wrapped(site, name, path, &inner(0));
        if let Some(found) = library {
            return found;
        }
        if let Some(answer) = self.answer_of(site) {
            return answer;
        }
        // `derive(Default)` and `derive(Clone)` leave no function to be seen.
        if name == "default" && path.starts_with(char::is_uppercase) {
            return self.type_by_path(site, path);
        }
        if name == "clone" && path.starts_with(char::is_uppercase) {
            return inner(0);
        }
        if name.starts_with(char::is_uppercase) {
            // A structure or a variant that is made like a call.
            if path.starts_with(char::is_uppercase) {
                let own = self.type_by_path(site, path);
                let is_known =
                    matches!(&own, Ty::Named(head, _) if self.types.declared.contains(head));
                return if is_known { own } else { Ty::Unknown };
            }
            return self.ty_of_record(site, name);
        }
        // `Histogram::new(3)` of another crate.
        let own = self.type_by_path(site, path);
        let is_type = path.starts_with(char::is_uppercase);
        match own {
            Ty::Foreign(head, of) if is_type && given.is_empty() && of.is_empty() => {
                let parts: Vec<Ty> = self.children(site).map(|it| self.ty(it)).collect();
                match Ty::made_of(parts) {
                    Ty::Foreign(_, parts) => Ty::Foreign(head, parts),
                    _ => Ty::Unknown,
                }
            }
            _ => Ty::Unknown,
        }
    }

    /// What is put into a box, a lock or the like, by a function of that type; and what is copied of it.
    fn wrapped(&self, site: Site, name: &str, path: &str, given: &Ty) -> Option<Ty> {
        let own = self.type_by_path(site, path);
        let Ty::Named(head, inner) = &own else {
            return None;
        };
        if self.types.declared.contains(head) || !path.starts_with(char::is_uppercase) {
            return None;
        }
        let holds = [
            "Arc",
            "Box",
            "Pin",
            "Mutex",
            "RwLock",
            "RefCell",
            "Cell",
            "UnsafeCell",
            "CachePadded",
            "ManuallyDrop",
            "Reverse",
            "MaybeUninit",
        ];
        match name {
            "new" | "pin" | "from" if holds.contains(&head.as_str()) => {
                Some(Ty::named(head, vec![given.clone()]))
            }
            "clone" | "pin_mut" => Some(given.clone()),
            "downgrade" => Some(Ty::named("Weak", vec![given.inner(0)])),
            "now" => Some(own.clone()),
            "new" | "with_capacity" | "default" if !inner.is_empty() || head == "String" => {
                Some(own.clone())
            }
            "new" | "with_capacity" if head == "Vec" || head == "HashSet" => {
                Some(Ty::named(head, vec![Ty::Unknown]))
            }
            _ => None,
        }
    }
}

/// `*value`: what a pointer leads to; of a reference the same.
fn opened(ty: Ty) -> Ty {
    match ty {
        Ty::Named(head, of) if matches!(head.as_str(), "Pointer" | "Arc" | "Box" | "Guard") => {
            of.into_iter().next().unwrap_or(Ty::Unknown)
        }
        other => other,
    }
}

/// `value?`
fn tried(ty: Ty) -> Ty {
    match ty {
        Ty::Named(head, of) if matches!(head.as_str(), "Option" | "Result") => {
            of.into_iter().next().unwrap_or(Ty::Unknown)
        }
        Ty::Foreign(name, of) => Ty::Foreign(name, of),
        _ => Ty::Unknown,
    }
}

/// What an operator makes of a value; of other types than numbers it may make anything.
fn computed(operator: &str, ty: Ty) -> Ty {
    if matches!(
        operator,
        "==" | "!=" | "<" | ">" | "<=" | ">=" | "&&" | "||"
    ) {
        return Ty::plain("bool");
    }
    match ty {
        Ty::Named(head, of) if PRIMITIVE.contains(&head.as_str()) => Ty::Named(head, of),
        _ => Ty::Unknown,
    }
}

fn literal(text: &str) -> Ty {
    match text {
        "true" | "false" => Ty::plain("bool"),
        _ if text.ends_with('"') || text.ends_with('#') => Ty::plain("str"),
        _ if text.starts_with('\'') => Ty::plain("char"),
        _ if text.starts_with(|c: char| c.is_ascii_digit()) => Ty::plain("usize"),
        _ => Ty::Unknown,
    }
}
