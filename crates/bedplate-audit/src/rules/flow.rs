//! Where a value goes.
//!
//! # Role
//! From an operation whose value is used, upwards through the code around it.

use alloc::collections::BTreeSet;

use super::effects::{self, Known};
use super::finding::{Chains, Finding, Found};
use super::metrics;
use super::names;
use super::parts::Part;
use super::streams::{self, Chain};
use crate::facts::{FunctionId, LocationId, OpKind, Operations, Program, Site};
use crate::syntax::Kind;

/// Uses of one location that are followed; more than any honest counter has.
const STEPS_MAX: u32 = 30_000;

/// Macros in macros that a value is followed into.
const MACROS_MAX: usize = 4;

/// A value on its way.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The calls it came in by, the nearest last: where it goes when it is returned.
    pub(super) calls: Vec<Site>,
    /// It stands behind the pointer that is followed.
    pub(super) by_address: bool,
    /// Only a remainder or a mask of it is left.
    pub(super) reduced: bool,
    /// It stands in a text.
    pub(super) is_text: bool,
    /// Only which way the program went by it is left: a comparison, or what a branch chose.
    pub(super) is_truth: bool,
    /// It was compared with zero, before anything else.
    pub(super) is_any: bool,
    /// Functions that put the text into what their callers gave.
    pub(super) texts: u32,
    /// What it is a part of, the innermost first.
    pub(super) parts: Vec<Part>,
}

impl Way {
    /// A value that came in by these calls.
    pub(super) fn new(calls: Vec<Site>) -> Self {
        Self {
            calls,
            by_address: false,
            reduced: false,
            is_text: false,
            is_truth: false,
            is_any: false,
            texts: 0,
            parts: Vec::new(),
        }
    }
}

/// What tells one way through a piece of code from another.
type Passage = (Site, Option<Site>, [bool; 3], Vec<Part>);

/// Follows the values of one location.
#[derive(Debug)]
pub(super) struct Tracer<'a> {
    pub(super) program: &'a Program,
    pub(super) operations: &'a Operations,
    pub(super) known: &'a mut Known,
    /// The location, where it is an atomic one.
    pub(super) location: Option<LocationId>,
    /// The operation the value came from.
    pub(super) op: OpKind,
    pub(super) findings: BTreeSet<Finding>,
    /// The code that the value came through to each finding.
    pub(super) chains: Chains,
    /// The code that it came through so far.
    path: Vec<Site>,
    /// Types whose texts are followed, and which texts.
    pub(super) displayed: BTreeSet<(String, &'static str)>,
    seen: BTreeSet<Passage>,
    steps: u32,
    /// Ends that were reached; a value without any went where nothing is seen.
    ends: u32,
    is_decided: bool,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(
        program: &'a Program,
        operations: &'a Operations,
        known: &'a mut Known,
        location: Option<LocationId>,
    ) -> Self {
        Self {
            program,
            operations,
            known,
            location,
            op: OpKind::Load,
            findings: BTreeSet::new(),
            chains: Chains::new(),
            path: Vec::new(),
            displayed: BTreeSet::new(),
            seen: BTreeSet::new(),
            steps: 0,
            ends: 0,
            is_decided: false,
        }
    }

    pub(super) fn note(&mut self, site: Site, found: Found) {
        let found = streams::told_apart(self.program, site, found);
        self.is_decided |= found.is_decisive();
        self.ended();
        let finding = Finding { found, site };
        if self.findings.insert(finding.clone()) {
            self.chains.insert(finding.clone(), self.path.clone());
            self.displayed(&finding);
        }
    }

    /// A value came to an end that is understood.
    pub(super) fn ended(&mut self) {
        self.ends = self.ends.saturating_add(1);
    }

    /// Follows a value, and says so where it goes to no end that is seen: silence is no evidence.
    pub(super) fn follow_to_end(&mut self, site: Site, way: &Way) {
        let before = self.ends;
        self.follow(site, way);
        if self.ends == before {
            self.note(
                site,
                Found::Unknown("it goes where nothing is seen".to_owned()),
            );
        }
    }

    /// Follows the value of the code at `site`.
    pub(super) fn follow(&mut self, site: Site, way: &Way) {
        if self.is_decided {
            return self.ended();
        }
        self.steps += 1;
        if self.steps > STEPS_MAX {
            self.note(
                site,
                Found::Unknown("its uses are too many to follow".to_owned()),
            );
            return;
        }
        let call = way.calls.last().copied();
        let left = [way.reduced, way.is_text, way.is_truth];
        let passage = (site, call, left, way.parts.clone());
        if !self.seen.insert(passage) {
            return self.ended();
        }
        self.path.push(site);
        self.follow_here(site, way);
        self.path.pop();
    }

    fn follow_here(&mut self, site: Site, way: &Way) {
        let Some(parent) = self.program.parent(site) else {
            return self.returned_from_root(site, way);
        };
        let place = self.program.place(site);
        if way.by_address {
            return self.behind_pointer(parent, place, way);
        }
        let kind = self.program.kind(parent).clone();
        if self.as_part(parent, &kind, place, way) {
            return;
        }
        if !way.parts.is_empty() && !self.keeps_parts(parent, &kind, place) {
            return self.follow_into(site, parent, kind, place, &way.whole());
        }
        self.follow_into(site, parent, kind, place, way);
    }

    /// The value is what stands at a place of its parent.
    fn follow_into(&mut self, site: Site, parent: Site, kind: Kind, place: usize, way: &Way) {
        match kind {
            Kind::Statement | Kind::Literal(_) => self.ended(),
            Kind::Block { tail } => {
                let is_last = place + 1 == self.program.node(parent).children.len();
                let is_other = self.program.unit(site.unit).tails.contains(&site.node);
                if tail && (is_last || is_other) {
                    self.follow(parent, way);
                } else {
                    self.ended();
                }
            }
            // What `else` does is never the value: it leaves.
            Kind::Let { .. } if place > 0 => self.ended(),
            Kind::Let { names, .. } => {
                self.bound(parent, &names, way);
                if self.program.node(parent).children.len() > 1 {
                    self.condition(parent, way);
                }
            }
            Kind::Assign { .. } => self.assigned(site, parent, place, way),
            Kind::Return => self.returned(parent, way),
            Kind::If if place == 0 => self.condition(parent, way),
            Kind::While if place == 0 => self.waits_or_decides(parent, way),
            Kind::Match if place == 0 => {
                self.matched(parent, way);
            }
            Kind::Test { names } => {
                self.bound(parent, &names, way);
                self.follow(parent, way);
                self.guards_arm(parent, way);
            }
            Kind::For { names } if place == 0 => {
                self.bound(parent, &names, way);
                self.condition(parent, way);
            }
            kind => self.follow_value(site, parent, kind, place, way),
        }
    }

    /// The value is part of an expression.
    fn follow_value(&mut self, site: Site, parent: Site, kind: Kind, place: usize, way: &Way) {
        match kind {
            Kind::Binary(operator) => self.binary(parent, place, &operator, way),
            Kind::Deref => self.dereferenced(site, parent, way),
            Kind::Index if place == 1 => {
                let found = if way.reduced {
                    Found::Reduced
                } else {
                    Found::Index
                };
                self.note(parent, found);
            }
            Kind::Member(name) => self.member(site, parent, &name, way),
            Kind::FieldInit(name) => self.fills_record(parent, name, way),
            Kind::Call { name, .. } => self.argument(parent, place, &name, way),
            Kind::Method { name } if place == 0 => self.receiver(parent, &name, way),
            Kind::Method { name } => self.argument(parent, place, &name, way),
            Kind::Macro { name } => self.macro_argument(parent, place, &name, way),
            Kind::Try => {
                self.ended_early(parent, way);
                self.follow(parent, way);
            }
            Kind::Jump => self.broken_out(parent, way),
            Kind::Record(_) | Kind::Name(_) => {}
            _ => self.follow(parent, way),
        }
    }

    /// The names that a value is bound to.
    pub(super) fn bound(&mut self, binder: Site, names: &[String], way: &Way) {
        self.ended();
        for name in names.iter().filter(|name| *name != "_") {
            self.local(binder, name, way);
        }
    }

    /// Every mention of a local name after it got the value.
    fn local(&mut self, from: Site, name: &str, way: &Way) {
        let Some(function) = self.program.function_of(from) else {
            let note = "it is bound where no function is seen".to_owned();
            return self.note(from, Found::Unknown(note));
        };
        let mentions: Vec<Site> = self.program.names_in(function, name).to_vec();
        self.ended();
        for mention in mentions {
            if !self.is_written(mention) {
                self.follow_to_end(mention, way);
            }
        }
        // A closure that is called by the local's name, also one that a function made.
        for call in self.program.calls_of_local(function, name) {
            let bound = self.program.binding(call, name);
            let is_closure = |it: Site| matches!(self.program.kind(it), Kind::Lambda(_));
            if bound.is_some_and(|it| is_closure(it) || self.program.parent(it) == Some(from)) {
                self.follow_to_end(call, way);
            }
        }
        for text in self.texts_naming(function, name) {
            self.follow(text, way);
        }
    }

    /// Whether a mention is the target of a plain assignment.
    pub(super) fn is_written(&self, mention: Site) -> bool {
        let Some(parent) = self.program.parent(mention) else {
            return false;
        };
        matches!(self.program.kind(parent), Kind::Assign { .. }) && self.program.place(mention) == 0
    }

    fn assigned(&mut self, site: Site, assign: Site, place: usize, way: &Way) {
        // `info!(hits = value)` names a field of what is shown.
        if place == 1
            && let Some(around) = self.program.parent(assign)
            && let Kind::Macro { name } = self.program.kind(around).clone()
            && self.program.callees(around, &name).is_empty()
        {
            let place = self.program.place(assign);
            return self.macro_argument(around, place, &name, way);
        }
        if place == 0 {
            // `*x.get_mut() += 1` writes; the value of an assignment is seldom used.
            return self.ended();
        }
        let Some(target) = self.program.child(assign, 0) else {
            return;
        };
        let locations: Vec<LocationId> = self
            .operations
            .locations_reached(self.program, assign, &way.calls)
            .map_or_else(Vec::new, |ids| ids.into_iter().collect());
        for id in &locations {
            self.note(assign, Found::Into(*id));
        }
        if locations.is_empty() {
            self.put_into(site, assign, target, way);
        }
    }

    /// The value is assigned to what stands at `target`.
    fn put_into(&mut self, site: Site, assign: Site, target: Site, way: &Way) {
        let is_rust = self.program.unit(site.unit).is_rust;
        if !is_rust && matches!(self.program.kind(site), Kind::Lambda(_)) {
            let note = "a closure that is kept answers it".to_owned();
            self.note(assign, Found::Unknown(note));
        }
        match self.program.kind(target).clone() {
            Kind::Name(name) if is_rust && name == "_" => self.ended(),
            Kind::Name(name) => {
                self.local(site, &name, way);
                if self.names_reference(target, &name) {
                    let note = "it is written through a reference".to_owned();
                    self.note(assign, Found::Unknown(note));
                }
                let is_local = self.program.binding(target, &name).is_some()
                    || self.program.is_own_variable(target, &name);
                if !is_local {
                    let owner = String::new();
                    self.note_field(assign, owner, name);
                }
            }
            Kind::Member(name) => {
                let owner = self.owner_of(target, &name);
                let parts = way.parts.clone();
                self.returned_within(target, &name, way);
                self.note_foreign_field(assign, &owner, &name);
                self.note(assign, Found::IntoField { owner, name, parts });
                if let Some(by) = self.given_out(target) {
                    self.note(assign, Found::Leaves(by));
                }
            }
            Kind::Index if self.goes_into_element(assign, target, way) => {}
            Kind::Deref => self.written_out(target, assign, way),
            // `(self.a, self.b) = pair`: each may have it.
            Kind::Other if is_rust && self.program.child(target, 0).is_some() => {
                let targets: Vec<Site> = self.program.children(target).collect();
                for target in targets {
                    self.put_into(site, assign, target, &way.whole());
                }
            }
            _ => self.note(assign, Found::Unknown("it is written to memory".to_owned())),
        }
    }

    /// Whether a local is a reference of C++ to something else.
    fn names_reference(&self, mention: Site, name: &str) -> bool {
        let bound = self.program.binding(mention, name);
        let binder = bound.and_then(|value| self.program.parent(value));
        matches!(binder.map(|binder| self.program.kind(binder)), Some(Kind::Let { ty, .. }) if ty.ends_with(" &"))
    }

    /// `*out = value`: the caller has it then.
    fn written_out(&mut self, target: Site, assign: Site, way: &Way) {
        let name = self.pointer_name(target);
        let function = self.program.function_of(assign);
        let parameter = function.and_then(|id| {
            let (index, _) = self.program.parameter(id, &name)?;
            Some((id, index))
        });
        let Some((id, index)) = parameter else {
            if self.goes_into_turn(assign, &name, way) {
                return;
            }
            if let Some(name) = self.exporting_macro(assign) {
                return self.note(assign, Found::Leaves(name));
            }
            return self.note(
                assign,
                Found::Unknown("it is written through a pointer".to_owned()),
            );
        };
        let callers = match way.calls.last() {
            Some(call) => vec![*call],
            None => self.program.callers(id),
        };
        if callers.is_empty() && self.program.function(id).is_public {
            let name = self.program.function(id).name.clone();
            return self.note(assign, Found::Leaves(name));
        }
        let outer = Way {
            calls: way.calls[..way.calls.len().saturating_sub(1)].to_vec(),
            ..way.clone()
        };
        for call in callers {
            let Some(argument) = self.program.child(call, index) else {
                continue;
            };
            let mut part = argument;
            while matches!(
                self.program.kind(part),
                Kind::Ref | Kind::Cast | Kind::Other
            ) && let Some(inner) = self.program.child(part, 0)
            {
                part = inner;
            }
            match self.program.kind(part).clone() {
                Kind::Name(name) if self.is_handed_on(part, argument, &name) => {
                    let found = match self.given_out(part) {
                        Some(by) => Found::Leaves(by),
                        None => Found::Unknown("it is written through a pointer".to_owned()),
                    };
                    self.note(part, found);
                }
                Kind::Name(name) => {
                    let is_address = matches!(self.program.kind(argument), Kind::Ref);
                    let inner = Way {
                        by_address: !is_address,
                        ..outer.clone()
                    };
                    self.local(part, &name, &inner);
                }
                Kind::Member(name) => {
                    let owner = self.owner_of(part, &name);
                    self.note_field(part, owner, name);
                }
                _ => {}
            }
        }
    }

    /// The name of the pointer that is written through, also behind a cast (`*(int *) out = value` of C).
    fn pointer_name(&self, target: Site) -> String {
        let mut pointer = self.program.child(target, 0);
        while let Some(at) = pointer
            && matches!(self.program.kind(at), Kind::Cast | Kind::Other)
        {
            pointer = self.program.child(at, 0);
        }
        match pointer.map(|s| self.program.kind(s)) {
            Some(Kind::Name(name)) => name.clone(),
            _ => String::new(),
        }
    }

    /// Whether an argument of C is a pointer that the caller was itself given.
    fn is_handed_on(&self, part: Site, argument: Site, name: &str) -> bool {
        let function = self.program.function_of(part);
        let is_given = function.is_some_and(|id| self.program.parameter(id, name).is_some());
        let is_address = matches!(self.program.kind(argument), Kind::Ref);
        is_given && !is_address && !self.program.unit(part.unit).is_rust
    }

    /// The owner of a field, where its type is known.
    pub(super) fn owner_of(&self, member: Site, name: &str) -> String {
        if let Some(owner) = self.program.owner_by_type(member, name) {
            return owner;
        }
        let words = self
            .program
            .child(member, 0)
            .map_or_else(BTreeSet::new, |base| self.program.type_words(base, 0));
        let mut owners = self
            .program
            .fields_named(name)
            .iter()
            .map(|(owner, _)| owner);
        let found = owners.find(|owner| words.contains(*owner));
        found.cloned().unwrap_or_default()
    }

    /// The value goes into a plain field or static.
    pub(super) fn note_field(&mut self, site: Site, owner: String, name: String) {
        let parts = Vec::new();
        self.note_foreign_field(site, &owner, &name);
        self.note(site, Found::IntoField { owner, name, parts });
    }

    /// Whose field no type of the tree has, nobody here reads, and others may.
    fn note_foreign_field(&mut self, site: Site, owner: &str, name: &str) {
        let is_foreign = self.program.unit(site.unit).is_rust
            && owner.is_empty()
            && self.program.fields_named(name).is_empty()
            && self.program.locations_named(name).is_empty()
            && !self.program.is_static(name);
        if is_foreign {
            let note = format!("the field `{name}` that it goes into is of no type of the tree");
            self.note(site, Found::Unknown(note));
        }
    }

    fn fills_record(&mut self, init: Site, name: String, way: &Way) {
        let parent = self.program.parent(init);
        let record = parent.map(|parent| self.program.kind(parent));
        let owner = match record {
            Some(Kind::Record(owner)) if owner == "Self" => self.own_type(init),
            Some(Kind::Record(owner)) => owner.clone(),
            _ => String::new(),
        };
        if let Some(id) = self.atomic_field(init, &owner, &name) {
            // A copy of the location, whose reads are followed like those of any other.
            return if Some(id) == self.location {
                self.ended();
            } else {
                self.note(init, Found::Into(id));
            };
        }
        let field = Part::Field(name.clone());
        let found = Found::IntoField {
            owner,
            name,
            parts: way.parts.clone(),
        };
        self.note(init, found);
        if let Some(record) = parent.filter(|_| self.program.unit(init.unit).is_rust) {
            let inner = way.within(field);
            let variant = match self.program.kind(record) {
                Kind::Record(name) if self.program.is_variant(name, "") => Some(name.clone()),
                _ => None,
            };
            let whole = variant.map(|name| inner.within(Part::Variant(name)));
            self.follow(record, &whole.unwrap_or(inner));
        }
    }

    /// The atomic that a field of a record of Rust is.
    fn atomic_field(&self, init: Site, owner: &str, name: &str) -> Option<LocationId> {
        if !self.program.unit(init.unit).is_rust || owner.is_empty() {
            return None;
        }
        let named = self.program.locations_named(name).iter().copied();
        let mut owned = named.filter(|id| self.program.location(*id).owner == owner);
        // Two types of one name are not told apart.
        owned.next().filter(|_| owned.next().is_none())
    }

    /// The type whose method a piece of code stands in.
    fn own_type(&self, site: Site) -> String {
        let function = self.program.function_of(site);
        let owner = function.and_then(|id| self.program.function(id).owner.clone());
        owner.unwrap_or_default()
    }

    /// The value is reached by what is done with the pointer.
    fn behind_pointer(&mut self, parent: Site, place: usize, way: &Way) {
        let value = Way {
            by_address: false,
            ..way.clone()
        };
        match self.program.kind(parent).clone() {
            Kind::Deref | Kind::Index if place == 0 && !self.is_written(parent) => {
                self.follow(parent, &value);
            }
            Kind::Call { name, .. } | Kind::Method { name } => {
                self.argument(parent, place, &name, way);
            }
            Kind::Other | Kind::Cast => self.follow(parent, way),
            Kind::Let { names, .. } => self.bound(parent, &names, way),
            // Only the address is used.
            _ => self.ended(),
        }
    }

    fn binary(&mut self, parent: Site, place: usize, operator: &str, way: &Way) {
        if let Some(chain) = streams::chain(self.program, parent) {
            return self.put_out(parent, place, &chain, way);
        }
        match operator {
            "%" if place == 0 => {
                let reduced = Way {
                    reduced: true,
                    ..way.clone()
                };
                self.follow(parent, &reduced);
            }
            "&&" | "||" if place == 0 => {
                self.guarded(parent, 1, way);
                self.follow(parent, way);
            }
            "==" | "!=" | "<" | ">" | "<=" | ">=" => {
                let told = way.told();
                // Whether there is any is no more than the figure says.
                let is_zero = self.program.child(parent, 1 - place.min(1)).is_some_and(
                    |other| matches!(self.program.kind(other), Kind::Literal(text) if text == "0"),
                );
                let is_any = is_zero && !way.is_truth;
                self.follow(parent, &Way { is_any, ..told });
            }
            _ => self.follow(parent, way),
        }
    }

    /// A shift of C++, which may put the value out.
    fn put_out(&mut self, parent: Site, place: usize, chain: &Chain, way: &Way) {
        if streams::is_standard(self.program, chain.root) {
            return self.note(parent, Found::Shown("<<".to_owned()));
        }
        if !chain.is_dropped || place == 0 {
            return self.follow(parent, way);
        }
        let is_text = matches!(self.program.kind(chain.root), Kind::Name(name)
            if self.program.local_type(chain.root, name).is_some_and(|ty| ty.contains("stringstream")));
        if !is_text || !self.goes_into_local(parent, chain.root, way) {
            let note = "it is put into what may be a file or a peer".to_owned();
            self.note(parent, Found::Unknown(note));
        }
    }

    fn dereferenced(&mut self, site: Site, parent: Site, way: &Way) {
        let by_reference = matches!(
            self.program.kind(site),
            Kind::Method { name } if name == "get_mut"
        ) || matches!(self.program.kind(site), Kind::Name(_))
            && self.program.unit(site.unit).is_rust;
        if by_reference {
            self.follow(parent, way);
        } else {
            self.note(parent, Found::Pointer);
        }
    }

    /// A member of the value: of a structure that was unpacked, or behind a pointer.
    fn member(&mut self, site: Site, parent: Site, name: &str, way: &Way) {
        let is_rust = self.program.unit(site.unit).is_rust;
        if is_rust {
            return self.follow(parent, way);
        }
        let _ = name;
        self.note(parent, Found::Pointer);
    }

    fn broken_out(&mut self, jump: Site, way: &Way) {
        let mut at = self.program.parent(jump);
        while let Some(here) = at {
            if matches!(self.program.kind(here), Kind::Loop) {
                return self.follow(here, way);
            }
            at = self.program.parent(here);
        }
        // A block with a label.
        self.note(
            jump,
            Found::Unknown("it leaves a block by a label".to_owned()),
        );
    }

    fn macro_argument(&mut self, parent: Site, place: usize, name: &str, way: &Way) {
        let functions = self.program.callees(parent, name);
        if effects::tells_more(self.program, &functions, name) {
            self.given_by_example(parent, place, &functions, way);
            return self.given_to_own_macro(parent, name, functions, way);
        }
        let makes_text = matches!(name, "format" | "format_args");
        if makes_text && matches!(self.op, OpKind::Change | OpKind::Swap) {
            // A number of one's own, in a text that may be a file's name or a key.
            let note = "a number of its own goes into a text".to_owned();
            return self.note(parent, Found::Unknown(note));
        }
        if metrics::is_macro_given(self.program, parent, place, name) {
            return self.note(parent, Found::Shown(format!("{name}!")));
        }
        if matches!(name, "write" | "writeln") {
            return self.written_text(parent, place, name, way);
        }
        if place < names::claims_of(name) {
            let what = format!("`{name}!` stops the program by it");
            return self.note(parent, Found::Decides(what));
        }
        if names::macro_shows(name) && !makes_text {
            return self.note(parent, Found::Shown(format!("{name}!")));
        }
        if makes_text {
            let text = Way {
                is_text: true,
                ..way.clone()
            };
            return self.follow(parent, &text);
        }
        self.given_to_foreign_macro(parent, name, way);
    }

    /// A macro of Rust that is not in the tree may check it, and leave by it (`ensure!(open < limit)`).
    fn given_to_foreign_macro(&mut self, parent: Site, name: &str, way: &Way) {
        let is_rust = self.program.unit(parent.unit).is_rust;
        if !is_rust || names::macro_holds(name) || names::macro_talks(name) {
            return self.follow(parent, way);
        }
        let note = format!("`{name}!` takes it, which is not in the tree");
        self.note(parent, Found::Unknown(note));
    }

    /// A macro by example that says what it takes: its body is followed like that of a function.
    fn given_by_example(&mut self, call: Site, place: usize, functions: &[FunctionId], way: &Way) {
        for id in functions {
            let takes = self.program.function(*id).parameters.len();
            let is_given = self.program.node(call).children.len() == takes;
            if self.program.unit(id.unit).is_rust
                && is_given
                && place < takes
                && way.calls.len() < MACROS_MAX
            {
                self.enter_parameter(call, *id, place, way);
            }
        }
    }

    /// A macro of the tree: its body says what it does, not its name.
    fn given_to_own_macro(
        &mut self,
        parent: Site,
        name: &str,
        functions: Vec<FunctionId>,
        way: &Way,
    ) {
        let mut shows = false;
        for id in functions {
            let effects = self.effects_of(id);
            shows |= effects.shows;
            if let Some(what) = effects.act()
                && names::macro_shows(name)
            {
                let note = format!("the macro `{name}` of this tree takes it: {what}");
                self.note(parent, Found::Unknown(note));
            }
        }
        if shows {
            self.note(parent, Found::Shown(format!("{name}!")));
        }
        self.follow(parent, way);
    }
}
