//! Which location a piece of code means.

use alloc::collections::BTreeSet;

use super::program::{FunctionId, LocationId, Program, Site};
use super::words::is_atomic;
use crate::syntax::{Kind, Taken};

/// What a piece of code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    Location(LocationId),
    /// Whatever the caller hands over.
    Parameter(FunctionId, u32),
}

/// Longest chain of names that is followed.
const DEPTH_MAX: u32 = 8;

/// Functions of one name whose results are told apart by nothing.
const SAME_NAME_MAX: usize = 4;

/// Methods whose result means what their receiver means.
pub(super) const SAME: [&str; 40] = [
    "as_ref",
    "as_mut",
    "deref",
    "deref_mut",
    "get",
    "get_mut",
    "get_unchecked",
    "unwrap",
    "expect",
    "iter",
    "iter_mut",
    "clone",
    "borrow",
    "first",
    "last",
    "into_iter",
    "as_deref",
    "with",
    "add",
    "enumerate",
    "as_slice",
    "unwrap_unchecked",
    "get_or_init",
    "get_or_try_init",
    "get_or_insert_with",
    "force",
    "entry",
    "or_default",
    "or_insert",
    "or_insert_with",
    "value",
    "values",
    "lock",
    "read",
    "write",
    "borrow_mut",
    "upgrade",
    "ok",
    "as_deref_mut",
    "last_mut",
];

impl Program {
    /// The locations that the code at `site` names.
    pub(crate) fn resolve(&self, site: Site) -> Vec<Target> {
        if let Some(found) = self.memory.targets.borrow().get(&site) {
            return found.clone();
        }
        let mut found = self.resolve_within(site, 0);
        found.sort_unstable();
        found.dedup();
        self.memory.targets.borrow_mut().insert(site, found.clone());
        found
    }

    fn resolve_within(&self, site: Site, depth: u32) -> Vec<Target> {
        if depth > DEPTH_MAX {
            return Vec::new();
        }
        let next = |place| {
            self.child(site, place)
                .map_or_else(Vec::new, |child| self.resolve_within(child, depth + 1))
        };
        match self.kind(site) {
            Kind::Name(name) => self.resolve_name(site, name, depth),
            Kind::Member(name) => self.resolve_member(site, name, depth),
            Kind::Index => {
                let found = next(0);
                if found.is_empty() && self.unit(site.unit).is_rust {
                    return self.resolve_call("index", depth);
                }
                found
            }
            Kind::Deref | Kind::Ref | Kind::Cast | Kind::Try | Kind::Return => next(0),
            Kind::Other | Kind::List | Kind::Binary(_) | Kind::Block { .. } => self
                .children(site)
                .flat_map(|child| self.resolve_within(child, depth + 1))
                .collect(),
            Kind::Method { name } if SAME.contains(&name.as_str()) => {
                let found = next(0);
                // `self.as_ref()` with an `AsRef<AtomicU64>` of the tree's own.
                if found.is_empty() {
                    return self.resolve_call(name, depth);
                }
                found
            }
            // Which of the two it is, the pattern says that takes them apart.
            Kind::Method { name } if name == "zip" => {
                let mut found = next(0);
                found.extend(next(1));
                found
            }
            Kind::Call { name, path } if name == "clone" || path == "Arc" || path == "Pin" => {
                next(0)
            }
            Kind::Assign { .. } => next(0),
            // `match kind { A => &self.a, B => &self.b }.fetch_add(...)`: any of them.
            Kind::If | Kind::Match if self.unit(site.unit).is_rust => self
                .children(site)
                .skip(1)
                .flat_map(|child| self.resolve_within(child, depth + 1))
                .collect(),
            Kind::Arm { .. } => {
                let last = self.children(site).last();
                last.map_or_else(Vec::new, |last| self.resolve_within(last, depth + 1))
            }
            Kind::Method { name } | Kind::Call { name, .. } => self.resolve_call(name, depth),
            _ => Vec::new(),
        }
    }

    /// Functions that return a reference to an atomic.
    fn resolve_call(&self, name: &str, depth: u32) -> Vec<Target> {
        let mut found = Vec::new();
        for id in self.functions_named(name) {
            if !is_atomic(&self.function(*id).returns, &self.atomic_names) {
                continue;
            }
            let Some(body) = self.body(*id) else { continue };
            for site in self.below(body) {
                if matches!(self.kind(site), Kind::Return) {
                    found.extend(self.resolve_within(site, depth + 1));
                }
            }
        }
        found
    }

    fn resolve_member(&self, site: Site, name: &str, depth: u32) -> Vec<Target> {
        if let Some((function, index)) = self.given_member(site, name) {
            return vec![Target::Parameter(function, index)];
        }
        let candidates = self.locations_named(name);
        let fields: Vec<LocationId> = candidates
            .iter()
            .copied()
            .filter(|id| !self.location(*id).owner.is_empty())
            .collect();
        if fields.is_empty() {
            return self.inside_atomic(site, name);
        }
        let owners: BTreeSet<String> = self
            .child(site, 0)
            .map_or_else(BTreeSet::new, |base| self.type_words(base, 0));
        let fit: Vec<LocationId> = fields
            .iter()
            .copied()
            .filter(|id| self.owner_fits(&self.location(*id).owner, &owners))
            .collect();
        let fit = match self.owner_by_type(site, name) {
            Some(owner) => {
                let is_of = |id: &LocationId| self.location(*id).owner == owner;
                let own: Vec<LocationId> = fields.iter().copied().filter(is_of).collect();
                if own.is_empty() {
                    return Vec::new();
                }
                own
            }
            None => fit,
        };
        // `self.value` of a structure that stands for an atomic is whatever the caller calls it on.
        if let Some(parameter) = self.own_atomic(site, &fit) {
            return vec![parameter];
        }
        // The type is known, is one of this tree's, and has a plain field of that name.
        let is_plain = fit.is_empty()
            && self.fields_named(name).iter().any(|(owner, ty)| {
                self.owner_fits(owner, &owners) && !is_atomic(ty, &self.atomic_names)
            });
        if is_plain {
            return Vec::new();
        }
        let chosen = if fit.is_empty() { fields } else { fit };
        let outer = self.around_atomic(site, &chosen, depth);
        let chosen = chosen.into_iter().map(Target::Location);
        chosen.chain(outer).collect()
    }

    /// The locations of a type of Rust that stands for an atomic, where the atomic inside is named (`self.hits.value`).
    fn around_atomic(&self, site: Site, inside: &[LocationId], depth: u32) -> Vec<Target> {
        let [inside] = inside else { return Vec::new() };
        let owner = &self.location(*inside).owner;
        let base = self.child(site, 0);
        let Some(base) = base.filter(|_| self.atomic_names.contains(owner)) else {
            return Vec::new();
        };
        if !self.unit(site.unit).is_rust {
            return Vec::new();
        }
        let targets = self.resolve_within(base, depth + 1).into_iter();
        let is_one = |target: &Target| match target {
            Target::Location(id) => self.words(&self.location(*id).ty).contains(owner),
            Target::Parameter(..) => false,
        };
        targets.filter(is_one).collect()
    }

    /// A member whose name a macro is given (`#define COUNT(field) add(&stats.field, 1)`, `$of.$field.load(Relaxed)`).
    pub(super) fn given_member(&self, site: Site, name: &str) -> Option<(FunctionId, u32)> {
        let function = self.function_of(site)?;
        let is_macro = self.function(function).is_macro;
        let (index, _) = self.parameter(function, name).filter(|_| is_macro)?;
        Some((function, u32::try_from(index).ok()?))
    }

    /// The words of the type whose member a macro of C is given.
    pub(super) fn type_of_given(
        &self,
        function: FunctionId,
        name: &str,
        call: Site,
    ) -> BTreeSet<String> {
        let body = self.body(function);
        let nodes = body.map_or_else(Vec::new, |body| self.below(body));
        let is_it =
            |site: &Site| matches!(self.kind(*site), Kind::Member(member) if member == name);
        let member = nodes.into_iter().find(is_it);
        let Some(mut base) = member.and_then(|member| self.child(member, 0)) else {
            return BTreeSet::new();
        };
        while matches!(self.kind(base), Kind::Other) && self.node(base).children.len() == 1 {
            let Some(inner) = self.child(base, 0) else {
                break;
            };
            base = inner;
        }
        let given = match self.kind(base) {
            Kind::Name(name) => self.parameter(function, name),
            _ => None,
        };
        let given = given.and_then(|(place, _)| self.child(call, place));
        self.type_words(given.unwrap_or(base), 0)
    }

    /// A member of what an atomic of C is declared as (`counter.weak` of a union): the atomic itself.
    fn inside_atomic(&self, site: Site, name: &str) -> Vec<Target> {
        let base = self.child(site, 0);
        let Some(base) = base.filter(|_| !self.unit(site.unit).is_rust) else {
            return Vec::new();
        };
        if !matches!(
            self.kind(base),
            Kind::Member(_) | Kind::Name(_) | Kind::Index
        ) {
            return Vec::new();
        }
        let targets = self.resolve(base).into_iter();
        let is_inside = |target: &Target| match target {
            Target::Location(id) => self.is_inside_atomic(*id, name),
            Target::Parameter(..) => false,
        };
        targets.filter(is_inside).collect()
    }

    /// Whether a member is one of the union or structure that an atomic of C is declared as.
    pub(crate) fn is_inside_atomic(&self, id: LocationId, member: &str) -> bool {
        let location = self.location(id);
        if self.unit(location.unit).is_rust || location.is_plain || location.ty.contains('*') {
            return false;
        }
        let words = self.words(&location.ty);
        let mut owners = self.fields_named(member).iter().map(|(owner, _)| owner);
        owners.any(|owner| words.contains(owner))
    }

    fn owner_fits(&self, owner: &str, words: &BTreeSet<String>) -> bool {
        let head = owner.split("::").next().unwrap_or(owner);
        words.contains(head) || words.contains(owner)
    }

    fn own_atomic(&self, site: Site, fit: &[LocationId]) -> Option<Target> {
        let base = self.child(site, 0)?;
        let function = self.function_of(site)?;
        let [location] = fit else { return None };
        if !self.atomic_names.contains(&self.location(*location).owner) {
            return None;
        }
        let Kind::Name(name) = self.kind(base) else {
            return None;
        };
        let (index, _) = self.parameter(function, name)?;
        Some(Target::Parameter(function, u32::try_from(index).ok()?))
    }

    fn resolve_name(&self, site: Site, name: &str, depth: u32) -> Vec<Target> {
        if let Some(function) = self.function_of(site) {
            if let Some(taken) = self.taken_from(site, name)
                && let Some(fields) = self.fields_of(taken)
            {
                return fields;
            }
            let given = self.given_to_closure(site, name);
            if !given.is_empty() {
                let found = given.into_iter();
                return found
                    .flat_map(|it| self.resolve_within(it, depth + 1))
                    .collect();
            }
            if let Some(bound) = self.binding(site, name) {
                let inner = self.resolve_within(self.zipped(site, name, bound), depth + 1);
                if !inner.is_empty() {
                    return inner;
                }
            }
            if let Some((index, parameter)) = self.parameter(function, name) {
                let is_macro = self.function(function).is_macro;
                let is_own = name == "self" && self.is_of_atomic(function);
                if is_macro || is_own || is_atomic(&parameter.ty, &self.atomic_names) {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    return vec![Target::Parameter(function, index)];
                }
                return Vec::new();
            }
        }
        let candidates = self.locations_called(site, name);
        let statics: Vec<LocationId> = candidates
            .iter()
            .copied()
            .filter(|id| self.location(*id).owner.is_empty())
            .collect();
        let near: Vec<LocationId> = statics
            .iter()
            .copied()
            .filter(|id| {
                let location = self.location(*id);
                location.unit == site.unit
                    && location
                        .function
                        .is_none_or(|function| self.is_written_in(site, function))
            })
            .collect();
        let in_unit: Vec<LocationId> = statics
            .iter()
            .copied()
            .filter(|id| self.location(*id).unit == site.unit && !self.unit(site.unit).is_rust)
            .collect();
        let is_upper = name.chars().any(char::is_uppercase);
        let own = self.own_members(site, name);
        let chosen = if !own.is_empty() {
            own
        } else if !near.is_empty() {
            near
        } else if !in_unit.is_empty() {
            in_unit
        } else if statics
            .iter()
            .any(|id| self.location(*id).function.is_none())
        {
            statics
        } else if self.unit(site.unit).is_rust && !is_upper && self.is_pattern_bound(site, name) {
            self.fitting_names(site, name, candidates)
        } else {
            Vec::new()
        };
        chosen.into_iter().map(Target::Location).collect()
    }

    /// Of `for (a, b) in one.zip(other)`, and of a closure that is given such pairs: the one of the two that a name is
    /// taken out of.
    fn zipped(&self, site: Site, name: &str, bound: Site) -> Site {
        let mut at = Some(site);
        let mut binder = None;
        while let Some(here) = at {
            if let Kind::Lambda(names) | Kind::For { names } = self.kind(here)
                && names.iter().any(|it| it == name)
            {
                binder = Some(here);
                break;
            }
            at = self.parent(here);
        }
        let beside = binder.and_then(|it| self.unit(it.unit).beside.get(&it.node));
        let place = beside.and_then(|pattern| place_in_pair(pattern, name));
        let mut whole = bound;
        while let Kind::Method { name } = self.kind(whole)
            && name != "zip"
            && matches!(
                name.as_str(),
                "rev" | "skip" | "take" | "by_ref" | "take_while" | "skip_while"
            )
        {
            let Some(inner) = self.child(whole, 0) else {
                break;
            };
            whole = inner;
        }
        let is_zip = matches!(self.kind(whole), Kind::Method { name } if name == "zip");
        let part = place
            .filter(|_| is_zip)
            .and_then(|place| self.child(whole, place));
        part.unwrap_or(bound)
    }

    /// The list that a loop of Rust goes through to change it, where a name stands for what it has in each turn.
    pub(crate) fn list_of_turn(&self, site: Site, name: &str) -> Option<Site> {
        if !self.unit(site.unit).is_rust {
            return None;
        }
        let mut at = self.parent(site);
        let through = loop {
            let here = at?;
            match self.kind(here) {
                Kind::For { names } if names.iter().any(|it| it == name) => {
                    break self.child(here, 0)?;
                }
                Kind::Lambda(names) if names.iter().any(|it| it == name) => return None,
                _ => at = self.parent(here),
            }
        };
        let binder = self.binder(site, name)?;
        if self.child(binder, 0) != Some(through) {
            return None;
        }
        let mut list = self.zipped(site, name, through);
        while let Kind::Method { name } = self.kind(list)
            && matches!(
                name.as_str(),
                "iter_mut" | "enumerate" | "values_mut" | "as_mut_slice" | "rev" | "skip" | "take"
            )
        {
            list = self.child(list, 0)?;
        }
        while matches!(self.kind(list), Kind::Ref) {
            list = self.child(list, 0)?;
        }
        matches!(self.kind(list), Kind::Name(_) | Kind::Member(_)).then_some(list)
    }

    /// The locations of a name, or of the one that it stands for here (`use stats::HITS as COUNT`).
    fn locations_called(&self, site: Site, name: &str) -> &[LocationId] {
        let renamed = self.unit(site.unit).renamed.get(name);
        self.locations_named(renamed.map_or(name, String::as_str))
    }

    /// Whether a function is a method of a type that stands for an atomic: another one of it may call it.
    fn is_of_atomic(&self, id: FunctionId) -> bool {
        let owner = self.function(id).owner.as_ref();
        owner.is_some_and(|owner| self.atomic_names.contains(owner))
    }

    /// What the calls of a local closure give for the parameter of a name (`let read = |it: &AtomicU64| it.load(Relaxed)`).
    fn given_to_closure(&self, site: Site, name: &str) -> Vec<Site> {
        let mut at = self.parent(site);
        while let Some(here) = at {
            if let Kind::Lambda(names) = self.kind(here)
                && let Some(place) = names.iter().position(|known| known == name)
            {
                return self.given_at(here, place, names.len());
            }
            at = self.parent(here);
        }
        Vec::new()
    }

    /// What the calls of a closure that has a name give at a place.
    fn given_at(&self, closure: Site, place: usize, count: usize) -> Vec<Site> {
        let binder = self.parent(closure).map(|binder| self.kind(binder));
        let function = self.function_of(closure);
        let (Some(Kind::Let { names, .. }), Some(function)) = (binder, function) else {
            return Vec::new();
        };
        let [name] = &names[..] else {
            return Vec::new();
        };
        let calls = self.calls_of_local(function, name).into_iter();
        let fits = |call: &Site| {
            self.node(*call).children.len() == count && self.binding(*call, name) == Some(closure)
        };
        calls
            .filter(fits)
            .filter_map(|call| self.child(call, place))
            .collect()
    }

    /// The closure that a plain call of Rust calls by the name of a local.
    pub(crate) fn local_closure(&self, call: Site) -> Option<Site> {
        let Kind::Call { name, path } = self.kind(call) else {
            return None;
        };
        let bound = self.binding(call, name)?;
        let is_closure = matches!(self.kind(bound), Kind::Lambda(_));
        (path.is_empty() && is_closure && self.unit(call.unit).is_rust).then_some(bound)
    }

    /// The fields that a name which a pattern binds may be: where it is known of what it is taken, those
    /// of that, and those of the same file.
    fn fitting_names(&self, site: Site, name: &str, candidates: &[LocationId]) -> Vec<LocationId> {
        let bound = self.binding(site, name);
        let words = bound.map_or_else(BTreeSet::new, |value| self.type_words(value, 0));
        let fits = |id: &LocationId| {
            let location = self.location(*id);
            words.is_empty()
                || location.unit == site.unit
                || self.owner_fits(&location.owner, &words)
        };
        candidates.iter().copied().filter(fits).collect()
    }

    /// The atomics that a field of a record is; nothing where the record's type is not known.
    fn fields_of(&self, taken: &Taken) -> Option<Vec<Target>> {
        let of = |owner: &str| {
            let last = owner.rsplit("::").next();
            owner == taken.owner || last == Some(&taken.owner)
        };
        let mut known = self.fields_named(&taken.field).iter();
        if !known.any(|(owner, _)| of(owner)) {
            return None;
        }
        let named = self.locations_named(&taken.field).iter().copied();
        let own = named.filter(|id| of(&self.location(*id).owner));
        Some(own.map(Target::Location).collect())
    }

    /// What a pattern took out of a record, where a name is that.
    pub(crate) fn taken_from(&self, site: Site, name: &str) -> Option<&Taken> {
        let value = self.binding(site, name);
        let mut at = Some(site);
        let mut binder = value.and_then(|value| self.parent(value)).unwrap_or(site);
        while let Some(here) = at {
            match self.kind(here) {
                Kind::Lambda(names) | Kind::For { names } | Kind::Arm { names }
                    if names.iter().any(|known| known == name) =>
                {
                    binder = here;
                    break;
                }
                _ => at = self.parent(here),
            }
        }
        let taken = self.unit(binder.unit).taken.get(&binder.node)?;
        taken.iter().find(|taken| taken.name == name)
    }

    /// The patterns that take a field of a name, each with the names they give it.
    pub(crate) fn patterns_taking(&self, field: &str) -> impl Iterator<Item = (Site, &Taken)> {
        self.units
            .iter()
            .enumerate()
            .flat_map(move |(index, unit)| {
                let unit_index = u32::try_from(index).unwrap_or(u32::MAX);
                unit.taken.iter().flat_map(move |(node, taken)| {
                    let binder = Site {
                        unit: unit_index,
                        node: *node,
                    };
                    let taken = taken.iter().filter(move |it| it.field == field);
                    taken.map(move |it| (binder, it))
                })
            })
    }

    /// Mentions of the names that patterns give to fields of a name, where they are other names.
    pub(crate) fn taken_by_other_names(&self, field: &str) -> Vec<Site> {
        let taken = self.patterns_taking(field);
        let others = taken.filter(|(_, taken)| taken.name != field);
        others
            .flat_map(|(binder, other)| self.mentions_of(binder, other))
            .collect()
    }

    /// Mentions of a name that stands for a field, in the function of the pattern.
    fn mentions_of(&self, binder: Site, other: &Taken) -> Vec<Site> {
        let function = self.function_of(binder);
        let mentions = function.map_or(&[][..], |id| self.names_in(id, &other.name));
        let is_it = |mention: &&Site| {
            let taken = self.taken_from(**mention, &other.name);
            taken.is_some_and(|taken| taken.field == other.field)
        };
        mentions.iter().filter(is_it).copied().collect()
    }

    /// Whether a pattern takes a field out of a record of a type.
    pub(crate) fn is_taken_by_pattern(&self, owner: &str, field: &str) -> bool {
        let mut taken = self
            .units
            .iter()
            .flat_map(|unit| unit.taken.values().flatten());
        taken.any(|taken| taken.owner == owner && taken.field == field)
    }

    /// Whether code asks at which place of a record a field stands (`offset_of!(Page, first)`): what is read or written
    /// there by an address has no name. Such code often stands in tables outside of functions: texts are looked at.
    pub(crate) fn is_place_asked(&self, id: LocationId) -> bool {
        let location = self.location(id);
        let owner = location
            .owner
            .rsplit("::")
            .next()
            .unwrap_or(&location.owner);
        let names_both = |asked: &str| {
            let inner = asked.split(')').next().unwrap_or(asked);
            let names = |wanted: &str| {
                let mut words = inner.split(|c: char| !c.is_alphanumeric() && c != '_');
                words.any(|word| word == wanted)
            };
            names(owner) && names(&location.name)
        };
        let mut lines = self.units.iter().flat_map(|unit| &unit.lines);
        !owner.is_empty()
            && lines.any(|line| {
                let mut asked = ["offset_of!(", "offsetof("].into_iter();
                asked.any(|head| line.split(head).skip(1).any(names_both))
            })
    }

    /// Whether a plain name is a member of a class of C++, named in a method of it without `this`.
    pub(crate) fn is_own_member(&self, site: Site, owner: &str, name: &str) -> bool {
        let class = self
            .function_of(site)
            .and_then(|id| self.function(id).owner.as_deref());
        !self.unit(site.unit).is_rust
            && !owner.is_empty()
            && class == Some(owner)
            && self.binding(site, name).is_none()
            && !self.is_own_variable(site, name)
    }

    /// The atomics behind a type of the tree that can be used like them (`impl Deref`).
    pub(crate) fn behind_deref(&self, receiver: Site) -> Vec<Target> {
        let words = self.type_words(receiver, 0);
        let mut found = Vec::new();
        for id in self.functions_named("deref") {
            let function = self.function(*id);
            let is_of = function
                .owner
                .as_ref()
                .is_some_and(|owner| words.contains(owner));
            if is_of && let Some(body) = self.body(*id) {
                found.extend(self.resolve(body));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Members of C++ that are named without `this`: those of the method's class, or else, where
    /// the class has no field of the name, those that may be a base's.
    fn own_members(&self, site: Site, name: &str) -> Vec<LocationId> {
        let function = self.function_of(site).map(|id| self.function(id));
        let Some(class) = function.and_then(|function| function.owner.as_ref()) else {
            return Vec::new();
        };
        if self.unit(site.unit).is_rust || self.binding(site, name).is_some() {
            return Vec::new();
        }
        let candidates = self.locations_named(name);
        let of = |fits: &dyn Fn(&str) -> bool| -> Vec<LocationId> {
            let fits = |id: &LocationId| fits(&self.location(*id).owner);
            candidates.iter().copied().filter(fits).collect()
        };
        let own = of(&|owner| owner == class);
        let is_plain = self
            .fields_named(name)
            .iter()
            .any(|(owner, _)| owner == class);
        let is_static = candidates
            .iter()
            .any(|id| self.location(*id).owner.is_empty());
        if !own.is_empty() || is_plain || is_static {
            return own;
        }
        of(&|owner| !owner.is_empty())
    }

    /// A name that a pattern binds without a value that could be followed.
    fn is_pattern_bound(&self, site: Site, name: &str) -> bool {
        let mut at = Some(site);
        while let Some(here) = at {
            if let Kind::Arm { names } | Kind::Test { names } | Kind::Lambda(names) =
                self.kind(here)
                && names.iter().any(|bound| bound == name)
            {
                return true;
            }
            at = self.parent(here);
        }
        self.binding(site, name).is_some()
    }

    /// The value that a local name is bound to, nearest before its use.
    pub(crate) fn binding(&self, site: Site, name: &str) -> Option<Site> {
        let function = self.function_of(site)?;
        // What encloses the use binds before what stands before it.
        let mut at = self.parent(site);
        while let Some(here) = at {
            match self.kind(here) {
                Kind::Lambda(names) if names.iter().any(|n| n == name) => {
                    let call = self.parent(here)?;
                    return self.child(call, 0).filter(|receiver| *receiver != here);
                }
                Kind::For { names } if names.iter().any(|n| n == name) => {
                    return self.child(here, 0);
                }
                Kind::Arm { names } if names.iter().any(|n| n == name) => {
                    let matching = self.parent(here)?;
                    return self.child(matching, 0);
                }
                _ => {}
            }
            at = self.parent(here);
        }
        let values = self.bound_in(function, name).iter().copied();
        // In `let r = &mut *r` the second one is what was there before.
        values
            .filter(|value| value.node <= site.node && !self.is_part_of(site, *value))
            .max()
    }

    /// Whether a piece of code is another one, or below it.
    pub(crate) fn is_part_of(&self, site: Site, whole: Site) -> bool {
        let mut at = Some(site);
        while let Some(here) = at.filter(|here| here.node >= whole.node) {
            if here == whole {
                return true;
            }
            at = self.parent(here);
        }
        false
    }

    /// The words of the type of an expression; empty where nothing is known.
    pub(crate) fn type_words(&self, site: Site, depth: u32) -> BTreeSet<String> {
        if depth > DEPTH_MAX {
            return BTreeSet::new();
        }
        if let Some(found) = self.memory.words.borrow().get(&site) {
            return found.clone();
        }
        let found = self.find_type_words(site, depth);
        self.memory.words.borrow_mut().insert(site, found.clone());
        found
    }

    fn find_type_words(&self, site: Site, depth: u32) -> BTreeSet<String> {
        let inner = || {
            self.child(site, 0)
                .map_or_else(BTreeSet::new, |child| self.type_words(child, depth + 1))
        };
        match self.kind(site) {
            Kind::Name(name) => self.name_type(site, name, depth),
            Kind::Member(place) if self.element_type(site, place).is_some() => {
                let ty = self.element_type(site, place).unwrap_or_default();
                self.words(ty)
            }
            Kind::Member(name) => {
                let owners = inner();
                let known = self.fields_named(name);
                let fit: Vec<&(String, String)> = known
                    .iter()
                    .filter(|(owner, _)| self.owner_fits(owner, &owners))
                    .collect();
                let chosen = if fit.is_empty() {
                    known.iter().collect()
                } else {
                    fit
                };
                chosen.iter().flat_map(|(_, ty)| self.words(ty)).collect()
            }
            Kind::Record(name) => self.words(name),
            Kind::Call { name, path } => {
                let path = if path == "Self" {
                    self.own_type(site)
                } else {
                    self.words(path)
                };
                let mut words = self.call_type(name, &path);
                // A structure without names for its fields is made like a call.
                words.extend(self.structures.get_key_value(name).map(|it| it.0.clone()));
                words.extend(path);
                words.extend(inner());
                words
            }
            Kind::Method { name } => {
                let receiver = inner();
                let mut words = if self.is_adapted(site) {
                    BTreeSet::new()
                } else {
                    self.call_type(name, &receiver)
                };
                if words.is_empty() || SAME.contains(&name.as_str()) {
                    words.extend(receiver);
                }
                words
            }
            Kind::Index
            | Kind::Deref
            | Kind::Ref
            | Kind::Try
            | Kind::Other
            | Kind::List
            | Kind::Cast => inner(),
            Kind::Literal(text) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                BTreeSet::from(["usize".to_owned()])
            }
            Kind::Literal(text) if text.ends_with('"') => BTreeSet::from(["str".to_owned()]),
            Kind::Macro { name } if name == "format" => BTreeSet::from(["String".to_owned()]),
            Kind::Binary(operator) if self.unit(site.unit).is_rust => match operator.as_str() {
                "==" | "!=" | "<" | ">" | "<=" | ">=" | "&&" | "||" => {
                    BTreeSet::from(["bool".to_owned()])
                }
                _ => inner(),
            },
            _ => BTreeSet::new(),
        }
    }

    /// The words of what a function of this name returns; of methods, those that the receiver has.
    fn call_type(&self, name: &str, receiver: &BTreeSet<String>) -> BTreeSet<String> {
        let functions = self.functions_named(name);
        let fits = |id: &&FunctionId| {
            let owner = self.function(**id).owner.as_ref();
            owner.is_some_and(|owner| receiver.contains(owner))
        };
        let fit: Vec<&FunctionId> = functions.iter().filter(fits).collect();
        let chosen = if fit.is_empty() && functions.len() <= SAME_NAME_MAX {
            functions.iter().collect()
        } else {
            fit
        };
        let mut found = BTreeSet::new();
        for id in chosen {
            let function = self.function(*id);
            found.extend(self.words(&function.returns));
            if function.returns.contains("Self") {
                found.extend(function.owner.clone());
            }
        }
        found
    }

    /// What stands at a place of the tuple that `self` is (`self.0` in `impl Show for (&Gauge, u64)`).
    fn element_type(&self, site: Site, place: &str) -> Option<&str> {
        let place: usize = place.parse().ok()?;
        let base = self.child(site, 0)?;
        let is_self = matches!(self.kind(base), Kind::Name(name) if name == "self");
        let owner = self.function(self.function_of(site)?).owner.as_deref()?;
        let inner = owner.strip_prefix('(')?.strip_suffix(')')?;
        let is_flat = !inner.contains(['(', '<', '[']);
        inner.split(',').nth(place).filter(|_| is_self && is_flat)
    }

    fn own_type(&self, site: Site) -> BTreeSet<String> {
        let function = self.function_of(site).map(|id| self.function(id));
        function.and_then(|f| f.owner.clone()).into_iter().collect()
    }

    pub(super) fn name_type(&self, site: Site, name: &str, depth: u32) -> BTreeSet<String> {
        let Some(function) = self.function_of(site) else {
            return BTreeSet::new();
        };
        let is_self = name == "self" || name == "this";
        if is_self {
            return self.own_type(site);
        }
        if let Some((_, parameter)) = self.parameter(function, name) {
            let mut words = self.words(&parameter.ty);
            if words.contains("Self") {
                words.extend(self.function(function).owner.clone());
            }
            return words;
        }
        let Some(value) = self.binding(site, name) else {
            let unit = self.unit(site.unit);
            // Declared, and given a value later.
            let ty = self.local_type(site, name).unwrap_or("");
            if !ty.is_empty() && !ty.split_whitespace().any(|word| word == "auto") {
                return self.words(ty);
            }
            // A member of C++, named without `this`.
            let class = self.function(function).owner.as_ref();
            if let Some(class) = class.filter(|_| !unit.is_rust) {
                let mut fields = self.fields_named(name).iter();
                if let Some((_, ty)) = fields.find(|(owner, _)| owner == class) {
                    return self.words(ty);
                }
            }
            let found = unit.statics.iter().find(|entry| entry.name == name);
            if let Some(entry) = found {
                return self.words(&entry.ty);
            }
            // A constant of another file.
            let types = self.static_types(name).iter();
            return types.flat_map(|ty| self.words(ty)).collect();
        };
        let written = self.parent(value).map(|parent| self.kind(parent));
        if let Some(Kind::Let { ty, .. }) = written
            && !ty.is_empty()
            && !ty.split_whitespace().any(|word| word == "auto")
        {
            return self.words(ty);
        }
        self.type_words(value, depth + 1)
    }
}

/// Which of the two in `(a, b)` or `|(a, b)|` a name is taken out of.
fn place_in_pair(pattern: &str, name: &str) -> Option<usize> {
    let inner = pattern.trim().trim_matches('|').trim();
    let inner = inner.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_u32;
    let comma = inner.find(|c: char| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })?;
    let (one, other) = inner.split_at(comma);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let has = |part: &str| part.split(|c| !is_word(c)).any(|word| word == name);
    match (has(one), has(other)) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => None,
    }
}
