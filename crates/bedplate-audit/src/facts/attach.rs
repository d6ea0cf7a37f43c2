//! Operations on parameters, brought to the locations of the callers.
//!
//! # Role
//! A helper that adds to whatever it is given has no class of its own: each of its callers'
//! locations gets the operation, with the calls that lead to it.

use alloc::collections::{BTreeMap, BTreeSet};

use super::ops::{Op, OpKind, Order, call_kind, method_kind};
use super::plain::declare_plain;
use super::program::{FunctionId, LocationId, Program, Site};
use super::resolve::{SAME, Target};
use crate::syntax::Kind;

/// Longest chain of calls that is followed.
const CALLS_MAX: usize = 4;

/// One operation as one location sees it.
#[derive(Clone, Debug)]
pub(crate) struct Attached {
    pub(crate) op: Op,
    /// The calls that lead to it, the nearest last.
    pub(crate) calls: Vec<Site>,
}

/// All operations, by location.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    by_location: BTreeMap<LocationId, Vec<Attached>>,
    /// Locations that are one thing by two names.
    pub(crate) aliases: BTreeMap<LocationId, BTreeSet<LocationId>>,
    /// Addresses that are handed to code that is not in the tree.
    pub(crate) escapes: BTreeMap<LocationId, Vec<(Site, String)>>,
    /// Locations by the operations on them.
    by_site: BTreeMap<Site, BTreeSet<LocationId>>,
    pub(crate) count: usize,
}

/// Calls that keep what they are given inside.
const HOLDERS: [&str; 12] = [
    "new",
    "Some",
    "Ok",
    "drop",
    "from",
    "clone",
    "size_of_val",
    "forget",
    "default",
    "pin",
    "addr_of",
    "fmt",
];

impl Operations {
    pub(crate) fn find(program: &mut Program) -> Self {
        let mut operations = Self::default();
        let ops = all_ops(program);
        operations.count = ops.len();
        let ops = declare_plain(program, ops);
        // Names that meant nothing before may mean the new locations.
        program.memory.targets.borrow_mut().clear();
        program.memory.ops.borrow_mut().clear();
        for op in &ops {
            operations.attach(program, op);
        }
        operations.mentions(program);
        operations.copies(program);
        operations
    }

    pub(crate) fn of(&self, location: LocationId) -> &[Attached] {
        self.by_location.get(&location).map_or(&[], Vec::as_slice)
    }

    /// Operations that are on a location of the tree.
    pub(crate) fn joined(&self) -> usize {
        let all = self.by_location.values().flatten();
        let sites: BTreeSet<Site> = all.map(|attached| attached.op.site).collect();
        sites.len()
    }

    pub(crate) fn locations_at(&self, site: Site) -> Option<&BTreeSet<LocationId>> {
        self.by_site.get(&site)
    }

    /// Likewise, where a value came to `site` by these calls: what a helper of Rust writes hangs on who
    /// calls it. (In C, where macros call helpers, chains are too often cut short to go by them.)
    pub(crate) fn locations_reached(
        &self,
        program: &Program,
        site: Site,
        calls: &[Site],
    ) -> Option<BTreeSet<LocationId>> {
        let all = self.by_site.get(&site)?;
        if !program.unit(site.unit).is_rust {
            return Some(all.clone());
        }
        let is_here = |attached: &Attached| {
            let rest = attached.calls.strip_prefix(calls);
            rest.is_some_and(|rest| match rest.first() {
                Some(call) => *call == site,
                None => attached.op.site == site,
            })
        };
        let exact = all.iter().filter(|id| self.of(**id).iter().any(is_here));
        let exact: BTreeSet<LocationId> = exact.copied().collect();
        Some(if exact.is_empty() { all.clone() } else { exact })
    }

    fn attach(&mut self, program: &Program, op: &Op) {
        let mut todo: Vec<(Target, Vec<Site>)> = op
            .targets
            .iter()
            .map(|target| (*target, Vec::new()))
            .collect();
        while let Some((target, calls)) = todo.pop() {
            match target {
                Target::Location(id) => {
                    if stands_for(program, id, op, &calls) {
                        self.add(id, op.clone(), calls);
                    }
                }
                Target::Parameter(function, index) if calls.len() < CALLS_MAX => {
                    let handed = handed_over(program, function, index, &calls);
                    let own = own_of_public(program, function, index);
                    for id in own.into_iter().filter(|_| handed.is_empty()) {
                        self.add(id, op.clone(), calls.clone());
                    }
                    todo.extend(handed);
                }
                Target::Parameter(..) => {}
            }
        }
    }

    fn add(&mut self, id: LocationId, op: Op, calls: Vec<Site>) {
        self.by_site.entry(op.site).or_default().insert(id);
        for call in &calls {
            self.by_site.entry(*call).or_default().insert(id);
        }
        self.by_location
            .entry(id)
            .or_default()
            .push(Attached { op, calls });
    }

    /// What is done with locations other than by operations.
    fn mentions(&mut self, program: &Program) {
        for (unit_index, unit) in program.units.iter().enumerate() {
            let unit_index = u32::try_from(unit_index).unwrap_or(u32::MAX);
            for node in unit.ids() {
                let (Kind::Member(name) | Kind::Name(name)) = unit.kind(node) else {
                    continue;
                };
                if program.locations_named(name).is_empty() {
                    continue;
                }
                let site = Site {
                    unit: unit_index,
                    node,
                };
                let ids: Vec<LocationId> = program
                    .resolve(site)
                    .into_iter()
                    .filter_map(|target| match target {
                        Target::Location(id) if program.location(id).name == *name => Some(id),
                        _ => None,
                    })
                    .collect();
                for id in ids {
                    self.mention(program, site, id, unit.is_rust);
                }
            }
        }
    }

    /// `memcpy(&copy, &stats, sizeof copy)` of C, into what is another type: what is read there is read of the location.
    fn copies(&mut self, program: &Program) {
        let names = ["memcpy", "memmove", "__builtin_memcpy", "__builtin_memmove"];
        for call in names.iter().flat_map(|name| program.calls_named(name)) {
            let (Some(to), Some(from)) = (program.child(*call, 0), program.child(*call, 1)) else {
                continue;
            };
            if !is_whole_record(program, from) {
                continue;
            }
            let (to, from) = (program.type_words(to, 0), program.type_words(from, 0));
            for id in program.location_ids() {
                let location = program.location(id);
                let is_copied = from.contains(&location.owner) && !to.contains(&location.owner);
                if is_copied && !program.unit(location.unit).is_rust {
                    let note = "it is copied with its record into another type".to_owned();
                    self.escapes.entry(id).or_default().push((*call, note));
                }
            }
        }
    }

    fn mention(&mut self, program: &Program, site: Site, id: LocationId, is_rust: bool) {
        let (top, by_reference, is_pointer) = whole_mention(program, site, id, is_rust);
        let Some(parent) = program.parent(top) else {
            return;
        };
        if program.op(parent).is_some() {
            return;
        }
        let made = is_pointer.then(|| "a pointer is made to it".to_owned());
        if let Some(note) = made.or_else(|| left_by(program, top, parent)) {
            self.escapes.entry(id).or_default().push((parent, note));
        }
        self.asked_elsewhere(program, site, top, parent, id);
        if is_rust {
            self.handed_by_name(program, top, id);
            if self.is_kept(program, top, id) {
                return;
            }
        }
        match program.kind(parent) {
            Kind::Return | Kind::Block { .. } if is_rust && top != site => {
                self.handed_out(program, parent, id);
            }
            Kind::FieldInit(field) => self.alias(program, parent, field, id),
            Kind::Call { name, .. } => {
                if by_reference
                    && !HOLDERS.contains(&name.as_str())
                    && !program.is_known_call(name)
                    && program.local_closure(parent).is_none()
                {
                    let note =
                        format!("its address is handed to `{name}`, which is not in the tree");
                    self.escapes.entry(id).or_default().push((parent, note));
                } else if !by_reference {
                    self.plain(program, top, id, OpKind::Load);
                }
            }
            Kind::Assign { compound } if !is_rust && program.place(top) == 0 => {
                let kind = if *compound {
                    OpKind::Change
                } else {
                    OpKind::Store
                };
                self.plain(program, parent, id, kind);
            }
            Kind::Let { .. } if is_rust || by_reference => {}
            _ if !is_rust && !by_reference => self.plain(program, top, id, OpKind::Load),
            _ => {}
        }
    }

    /// A method that is called on an atomic and is no operation (`std::atomic::wait`, a trait for atomics).
    fn asked_elsewhere(
        &mut self,
        program: &Program,
        site: Site,
        top: Site,
        parent: Site,
        id: LocationId,
    ) {
        let Kind::Method { name } = program.kind(parent) else {
            return;
        };
        let is_known =
            SAME.contains(&name.as_str()) || matches!(name.as_str(), "as_ptr" | "fmt" | "hash");
        let is_bare = program.place(top) == 0 && is_bare_atomic(&program.location(id).ty);
        if !is_known && is_bare && is_surely(program, site, id) {
            let note = format!("`{name}` is called on it, which is no operation that is known");
            self.escapes.entry(id).or_default().push((parent, note));
        }
    }

    /// `pub fn counter() -> &'static AtomicUsize { &COUNTER }`: callers do with it what they will.
    fn handed_out(&mut self, program: &Program, site: Site, id: LocationId) {
        let Some(function) = program.function_of(site) else {
            return;
        };
        let of = program.function(function);
        let answers = of.is_public
            && of.of_trait.is_none()
            && of.returns.contains("&")
            && of.returns.contains("Atomic");
        if answers && program.callers(function).is_empty() {
            let note = format!("`{}` hands it to callers", of.name);
            self.escapes.entry(id).or_default().push((site, note));
        }
    }

    /// `counters.get(i).map_or(0, Counter::get)`: what the function of that name does with it is not
    /// followed.
    fn handed_by_name(&mut self, program: &Program, mention: Site, id: LocationId) {
        let mut at = mention;
        while let Some(parent) = program.parent(at) {
            if !matches!(program.kind(parent), Kind::Method { .. }) || program.place(at) > 0 {
                return;
            }
            let named = program.children(parent).skip(1).find(|argument| {
                let is_parameter = |name: &str| {
                    let function = program.function_of(*argument);
                    function.is_some_and(|id| program.parameter(id, name).is_some())
                };
                matches!(program.kind(*argument), Kind::Name(name)
                    if program.binding(*argument, name).is_none()
                        && !is_parameter(name)
                        && (method_kind(name).is_some() || program.is_method_name(name)))
            });
            if let Some(named) = named {
                let note = "it is handed to a function that is only named".to_owned();
                self.escapes.entry(id).or_default().push((named, note));
                return;
            }
            at = parent;
        }
    }

    /// An access without a call: C's atomics and C++'s, and plain fields.
    fn plain(&mut self, program: &Program, site: Site, id: LocationId, kind: OpKind) {
        let is_plain = program.location(id).is_plain;
        let op = Op {
            site,
            kind,
            order: if is_plain {
                Order::Relaxed
            } else {
                Order::SeqCst
            },
            targets: vec![Target::Location(id)],
            is_barrier: false,
        };
        self.add(id, op, Vec::new());
    }

    /// The location, or a copy of the pointer to it, becomes a field of something that is made
    /// (`Guard(&self.active)`, `Worker { done: done.clone() }`): one thing by two names.
    fn is_kept(&mut self, program: &Program, mention: Site, id: LocationId) -> bool {
        let mut top = mention;
        while let Some(parent) = program.parent(top) {
            let copies = match program.kind(parent) {
                Kind::Method { name } => name == "clone" && program.place(top) == 0,
                Kind::Call { name, .. } => name == "clone",
                Kind::Ref => true,
                Kind::Other => program.node(parent).children.len() == 1,
                _ => false,
            };
            if !copies {
                break;
            }
            top = parent;
        }
        let Some(parent) = program.parent(top) else {
            return false;
        };
        match program.kind(parent) {
            Kind::FieldInit(field) if top != mention => {
                self.alias(program, parent, field, id);
                true
            }
            Kind::Call { name, path } => {
                self.kept_by_constructor(program, parent, name, program.place(top));
                self.passed_on(program, parent, program.place(top), id, 0);
                let own = program.function_of(parent).map(|it| program.function(it));
                let own = own.and_then(|it| it.owner.clone()).unwrap_or_default();
                let owners = [name.clone(), format!("{path}::{name}"), own];
                let known = if name == "Self" {
                    &owners[2..]
                } else {
                    &owners[..2]
                };
                let place = program.place(top).to_string();
                let named = program.locations_named(&place).iter().copied();
                let fields: Vec<LocationId> = named
                    .filter(|other| *other != id && known.contains(&program.location(*other).owner))
                    .collect();
                for other in &fields {
                    self.aliases.entry(id).or_default().insert(*other);
                    self.aliases.entry(*other).or_default().insert(id);
                }
                !fields.is_empty()
            }
            _ => false,
        }
    }

    /// `Tracker::new(usage.clone())`, where `new` makes a field of what it is given: one thing by two
    /// names. Where a caller gives what is not known, the field is that, too.
    fn kept_by_constructor(&mut self, program: &Program, call: Site, name: &str, place: usize) {
        for function in program.callees(call, name) {
            let Some(parameter) = program.function(function).parameters.get(place) else {
                continue;
            };
            let mentions = program.names_in(function, &parameter.name).iter().copied();
            let inits: Vec<Site> = mentions
                .filter_map(|it| field_made_of(program, it))
                .collect();
            for init in inits {
                self.shared_by(program, function, place, init);
            }
        }
    }

    /// A function passes on what it is given, to a constructor that makes a field of it.
    fn passed_on(
        &mut self,
        program: &Program,
        call: Site,
        place: usize,
        id: LocationId,
        depth: usize,
    ) {
        let (Kind::Call { name, .. } | Kind::Method { name }) = program.kind(call) else {
            return;
        };
        for function in program.callees(call, name) {
            let Some(parameter) = program.function(function).parameters.get(place) else {
                continue;
            };
            for mention in program.names_in(function, &parameter.name).iter().copied() {
                let top = copy_of(program, mention);
                let Some(parent) = program.parent(top) else {
                    continue;
                };
                match program.kind(parent) {
                    Kind::FieldInit(field) if depth > 0 => self.alias(program, parent, field, id),
                    Kind::Call { .. } | Kind::Method { .. } if depth < CALLS_MAX => {
                        self.passed_on(program, parent, program.place(top), id, depth + 1);
                    }
                    _ => {}
                }
            }
        }
    }

    fn shared_by(&mut self, program: &Program, function: FunctionId, place: usize, init: Site) {
        let Kind::FieldInit(field) = program.kind(init) else {
            return;
        };
        for call in program.callers(function) {
            let given = program.child(call, place);
            let targets = given.map_or_else(Vec::new, |given| program.resolve(given));
            let ids = targets.iter().filter_map(|target| match target {
                Target::Location(id) => Some(*id),
                Target::Parameter(..) => None,
            });
            let ids: Vec<LocationId> = ids.collect();
            for id in &ids {
                self.alias(program, init, field, *id);
            }
            if ids.is_empty() {
                self.doubt_fields(program, init, field, call);
            }
        }
    }

    /// A field is made of what is not known.
    fn doubt_fields(&mut self, program: &Program, init: Site, field: &str, call: Site) {
        for other in fields_of_record(program, init, field) {
            let note = "it may be what this caller gives, by another name".to_owned();
            let escapes = self.escapes.entry(other).or_default();
            if !escapes.contains(&(call, note.clone())) {
                escapes.push((call, note));
            }
        }
    }

    fn alias(&mut self, program: &Program, init: Site, field: &str, id: LocationId) {
        for other in fields_of_record(program, init, field) {
            if other != id {
                self.aliases.entry(id).or_default().insert(other);
                self.aliases.entry(other).or_default().insert(id);
            }
        }
    }
}

/// The locations that a field of a record which is made may be.
fn fields_of_record(program: &Program, init: Site, field: &str) -> Vec<LocationId> {
    let record = program.parent(init).map(|parent| program.kind(parent));
    let own = program.function_of(init);
    let own = own.and_then(|id| program.function(id).owner.as_deref());
    let owner = match record {
        Some(Kind::Record(name)) if name == "Self" => own.unwrap_or_default(),
        Some(Kind::Record(name)) => name.as_str(),
        _ => "",
    };
    let named = program.locations_named(field).iter().copied();
    named
        .filter(|id| program.location(*id).owner.ends_with(owner))
        .collect()
}

/// A name, with what only copies the pointer that it is.
fn copy_of(program: &Program, mention: Site) -> Site {
    let mut at = mention;
    while let Some(parent) = program.parent(at) {
        match program.kind(parent) {
            Kind::Method { name } | Kind::Call { name, .. } if name == "clone" => at = parent,
            Kind::Ref => at = parent,
            _ => break,
        }
    }
    at
}

/// The field of a record that is made of a name, or of a copy of the pointer that it is.
fn field_made_of(program: &Program, mention: Site) -> Option<Site> {
    let parent = program.parent(copy_of(program, mention))?;
    matches!(program.kind(parent), Kind::FieldInit(_)).then_some(parent)
}

/// The atomics of a type of the tree that stands for one, where nobody in the tree calls the method, and
/// code outside can: on the one inside, and on all that others get a reference to.
fn own_of_public(program: &Program, function: FunctionId, index: u32) -> Vec<LocationId> {
    let of = program.function(function);
    let Some(owner) = of.owner.as_ref() else {
        return Vec::new();
    };
    let is_public = of.is_public || program.is_of_public_trait(function);
    if index != 0
        || !is_public
        || !program.unit(function.unit).is_rust
        || !program.atomic_names.contains(owner)
    {
        return Vec::new();
    }
    let is_one = |id: &LocationId| {
        let location = program.location(*id);
        location.owner == *owner || program.words(&location.ty).contains(owner)
    };
    program.location_ids().filter(is_one).collect()
}

/// What the callers of a function hand over for a parameter, with the calls that lead there.
fn handed_over(
    program: &Program,
    function: FunctionId,
    index: u32,
    calls: &[Site],
) -> Vec<(Target, Vec<Site>)> {
    let mut found = Vec::new();
    for call in program.callers(function) {
        // The receiver stands before the arguments, and in C++ it is no parameter.
        let is_cpp_method =
            matches!(program.kind(call), Kind::Method { .. }) && !program.unit(call.unit).is_rust;
        let place = index as usize + usize::from(is_cpp_method);
        let Some(argument) = program.child(call, place) else {
            continue;
        };
        let mut calls = calls.to_vec();
        calls.insert(0, call);
        let mut targets = program.resolve(argument);
        if targets.is_empty() {
            targets = members_given(program, function, index, call);
        }
        found.extend(targets.into_iter().map(|target| (target, calls.clone())));
    }
    found
}

/// The locations whose name a macro of C is given at a call, as that of a member.
fn members_given(program: &Program, function: FunctionId, index: u32, call: Site) -> Vec<Target> {
    let of = program.function(function);
    let parameter = of.parameters.get(index as usize);
    let argument = program.child(call, index as usize);
    let (Some(parameter), Some(argument)) = (parameter.filter(|_| of.is_macro), argument) else {
        return Vec::new();
    };
    let Kind::Name(name) = program.kind(argument) else {
        return Vec::new();
    };
    let words = program.type_of_given(function, &parameter.name, call);
    let named = program.locations_named(name).iter().copied();
    let fields: Vec<LocationId> = named
        .filter(|id| !program.location(*id).owner.is_empty())
        .collect();
    let fits = |id: &LocationId| words.contains(&program.location(*id).owner);
    let is_known = fields.iter().any(fits);
    let chosen = fields.into_iter().filter(|id| !is_known || fits(id));
    chosen.map(Target::Location).collect()
}

/// How the address of an atomic of Rust leaves at a mention of it, or who waits there for it.
fn left_by(program: &Program, mention: Site, parent: Site) -> Option<String> {
    if !program.unit(mention.unit).is_rust {
        return None;
    }
    match program.kind(parent) {
        Kind::Method { name } if name == "as_ptr" => {
            Some("its address leaves by `as_ptr`".to_owned())
        }
        Kind::Macro { name } if name.starts_with("addr_of") => {
            Some(format!("its address leaves by `{name}!`"))
        }
        Kind::Method { name } if program.is_waiting_method(mention, name) => Some(format!(
            "`{name}` is called on it, which is not in the tree"
        )),
        Kind::Let { ty, .. } if ty.starts_with('*') => Some("a pointer is made to it".to_owned()),
        _ => None,
    }
}

/// Whether a reference of Rust is a raw one (`&raw const x`), by the line it stands in.
fn is_raw(program: &Program, site: Site) -> bool {
    let line = program.node(site).line as usize;
    let text = program.unit(site.unit).lines.get(line.saturating_sub(1));
    text.is_some_and(|text| text.contains("&raw const ") || text.contains("&raw mut "))
}

/// Methods of a structure that stands for an atomic are done to locations of its type alone.
fn stands_for(program: &Program, id: LocationId, op: &Op, calls: &[Site]) -> bool {
    let owner = program
        .function_of(op.site)
        .and_then(|function| program.function(function).owner.as_ref());
    match owner {
        Some(owner) if !calls.is_empty() && program.atomic_names.contains(owner) => {
            program.words(&program.location(id).ty).contains(owner)
        }
        _ => true,
    }
}

fn all_ops(program: &Program) -> Vec<Op> {
    let mut ops = Vec::new();
    for (unit_index, unit) in program.units.iter().enumerate() {
        let unit_index = u32::try_from(unit_index).unwrap_or(u32::MAX);
        for node in unit.ids() {
            let site = Site {
                unit: unit_index,
                node,
            };
            // What a function of an operation's name does inside is that operation.
            let is_inside = !unit.is_rust
                && unit
                    .function_of(node)
                    .is_some_and(|f| call_kind(&f.name).is_some());
            if !is_inside {
                ops.extend(program.op(site));
            }
        }
    }
    ops
}

/// Whether a type is an atomic itself, or a pointer to one that adds no methods of its own.
fn is_bare_atomic(ty: &str) -> bool {
    let mut bare = ty.trim();
    loop {
        let inner = [
            "Arc<",
            "CachePadded<",
            "Box<",
            "&",
            "std::",
            "core::",
            "sync::",
            "atomic::",
            "crossbeam_utils::",
        ]
        .iter()
        .find_map(|head| bare.strip_prefix(head));
        match inner {
            Some(inner) => bare = inner.trim_start(),
            None => break,
        }
    }
    bare.starts_with("Atomic") || bare.starts_with("atomic<") || bare.starts_with("atomic_")
}

/// Whether a mention is a location beyond doubt, and no local of its name: a static, or a field of a known type.
fn is_surely(program: &Program, mention: Site, id: LocationId) -> bool {
    let location = program.location(id);
    match program.kind(mention) {
        Kind::Member(_) => {
            let base = program.child(mention, 0);
            base.is_some_and(|base| program.type_words(base, 0).contains(&location.owner))
        }
        Kind::Name(name) => {
            let is_local = program.binding(mention, name).is_some();
            !is_local && (location.owner.is_empty() || !program.unit(mention.unit).is_rust)
        }
        _ => false,
    }
}

/// What a mention of a location is part of and means no more than it; whether that is a reference, and whether a raw pointer.
fn whole_mention(
    program: &Program,
    site: Site,
    id: LocationId,
    is_rust: bool,
) -> (Site, bool, bool) {
    let mut top = site;
    let mut by_reference = is_rust;
    let mut is_pointer = false;
    while let Some(parent) = program.parent(top) {
        let goes_up = match program.kind(parent) {
            Kind::Ref => {
                by_reference = true;
                is_pointer |= is_rust && is_raw(program, parent);
                true
            }
            Kind::Cast if is_rust => {
                is_pointer |= matches!(program.kind(top), Kind::Ref);
                true
            }
            Kind::Index => program.place(top) == 0,
            // `*(volatile long *)&count` of C is what stands there.
            Kind::Deref if !is_rust && by_reference => {
                by_reference = false;
                true
            }
            Kind::Member(member) => program.is_inside_atomic(id, member),
            Kind::Deref | Kind::Cast => true,
            Kind::Other | Kind::List => program.node(parent).children.len() == 1,
            _ => false,
        };
        if !goes_up {
            break;
        }
        top = parent;
    }
    (top, by_reference, is_pointer)
}

/// Whether a pointer of C is that to a record by the name of one: what a member points to is often not what its name says.
fn is_whole_record(program: &Program, site: Site) -> bool {
    match program.kind(site) {
        Kind::Cast | Kind::Other | Kind::Ref => {
            let inner = program.child(site, 0);
            inner.is_some_and(|inner| is_whole_record(program, inner))
        }
        Kind::Name(_) => true,
        _ => false,
    }
}
