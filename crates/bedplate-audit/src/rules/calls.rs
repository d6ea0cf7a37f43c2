//! Where a value goes through calls.

use super::effects;
use super::finding::Found;
use super::flow::{Tracer, Way};
use super::judge::is_used;
use super::metrics;
use super::names;
use super::parts::{self, Part};
use super::streams;
use crate::facts::{FunctionId, OpKind, Site, is_figure};
use crate::syntax::Kind;

/// Longest chain of calls that a value is followed into.
const CALLS_MAX: usize = 5;

impl Tracer<'_> {
    /// The value is given to a function or a method.
    pub(super) fn argument(&mut self, call: Site, place: usize, name: &str, way: &Way) {
        if self.program.op(call).is_some() {
            return self.operand(call, place, way);
        }
        // What a closure answers, the function that calls it answers too.
        let given = self.program.child(call, place);
        if given.is_some_and(|given| matches!(self.program.kind(given), Kind::Lambda(_))) {
            if !self.called_in(call, place, name, way) {
                self.answered_by_closure(call, name, way);
            }
            return;
        }
        if self.joins_list(call, place, name, way) {
            return self.follow(call, way);
        }
        if let Some(is_variant) = self.program.makes_record(call, name) {
            let part = if is_variant {
                Part::Variant(name.to_owned())
            } else {
                Part::Field(place.to_string())
            };
            return self.follow(call, &way.within(part));
        }
        self.asked_for_text(call, place, way);
        let functions: Vec<FunctionId> = self.program.callees(call, name);
        if way.is_text
            && (functions.is_empty() && parts::writes_out(name) || self.asks_to_write(call))
        {
            return self.note(call, Found::WrittenOut(name.to_owned()));
        }
        if let Some(by) = self.exporting_macro(call)
            && functions
                .iter()
                .all(|id| self.program.function(*id).is_macro)
        {
            return self.note(call, Found::Leaves(by));
        }
        if way.is_text && functions.is_empty() && name == "write_fmt" {
            return self.written_text(call, place, name, way);
        }
        if effects::call_shows(self.program, call, name)
            && !effects::tells_more(self.program, &functions, name)
        {
            if names::prints_into(name) {
                return self.printed_into(call, place, name, way);
            }
            if streams::prints_elsewhere(self.program, call, name) {
                let note = format!("`{name}` writes it to what may be a file or a peer");
                return self.note(call, Found::Unknown(note));
            }
            return self.shown_by_name(call, name);
        }
        if self.is_written_helper(call, way) {
            return;
        }
        if functions.is_empty() {
            return self.given_away(call, place, name, way);
        }
        if way.calls.len() >= CALLS_MAX {
            self.note(
                call,
                Found::Unknown(format!("it goes deep into calls, at `{name}`")),
            );
            return;
        }
        let is_implemented = functions.len() > 1;
        for id in functions {
            // What a trait of the tree's own only announces, its implementations do.
            if !is_implemented || !self.program.is_announced(id) {
                self.enter_parameter(call, id, place, way);
            }
        }
    }

    /// The value is given to a function that is not in the tree.
    fn given_away(&mut self, call: Site, place: usize, name: &str, way: &Way) {
        let is_method = matches!(self.program.kind(call), Kind::Method { .. });
        if place > 0 && is_method && (names::finds(name) || names::picks(name)) {
            // The value says which, or how many.
            let found = if way.reduced {
                Found::Reduced
            } else {
                Found::Index
            };
            return self.note(call, found);
        }
        if self.is_collected(call, place, name, way) || self.is_called_back(call, place, way) {
            return;
        }
        self.foreign(call, name, way);
    }

    /// A closure that is given to a function of the tree answers there, where it is called. True where that is all
    /// that is done with it: what the function answers of it is found there.
    fn called_in(&mut self, call: Site, place: usize, name: &str, way: &Way) -> bool {
        if way.calls.len() >= CALLS_MAX {
            return false;
        }
        let functions = self.program.callees(call, name);
        let mut is_all = !functions.is_empty();
        for id in functions {
            let parameters = &self.program.function(id).parameters;
            let Some(parameter) = parameters.get(place) else {
                is_all = false;
                continue;
            };
            let name = parameter.name.trim_start_matches("mut ");
            let mut inner = way.clone();
            inner.calls.push(call);
            let calls = self.program.calls_of_local(id, name);
            is_all &= !calls.is_empty() && self.program.names_in(id, name).is_empty();
            for site in calls {
                self.follow_to_end(site, &inner);
            }
        }
        is_all
    }

    /// A function that shows what it is given, by its name alone: its answer may be anything.
    fn shown_by_name(&mut self, call: Site, name: &str) {
        let is_own = matches!(self.op, OpKind::Change | OpKind::Swap);
        let is_read = names::prints(name) || names::checks(name) || names::method_shows(name);
        if is_own && !is_read {
            // What a log keeps by a number of its own is found by it again.
            let note = format!("a number of its own goes to `{name}`");
            return self.note(call, Found::Unknown(note));
        }
        let is_known = names::prints(name) || names::method_shows(name);
        if !is_known && self.is_asked(call) {
            let note = format!("what `{name}` answers is used, which is not in the tree");
            return self.note(call, Found::Unknown(note));
        }
        self.note(call, Found::Shown(name.to_owned()));
    }

    /// Whether the program goes by what a call answers, or keeps it.
    fn is_asked(&self, call: Site) -> bool {
        let mut site = call;
        while let Some(parent) = self.program.parent(site) {
            match self.program.kind(parent) {
                Kind::Statement => return false,
                Kind::Block { tail } => {
                    let last = self.program.node(parent).children.len();
                    let is_other = self.program.unit(site.unit).tails.contains(&site.node);
                    if !tail || self.program.place(site) + 1 < last && !is_other {
                        return false;
                    }
                    site = parent;
                }
                Kind::Return => {
                    let function = self.program.function_of(parent);
                    return function.is_some_and(|id| !self.answers_nothing(id));
                }
                Kind::Let { names, .. } => return names.iter().any(|n| !n.starts_with('_')),
                Kind::If | Kind::While | Kind::Match => return self.program.place(site) == 0,
                Kind::Other | Kind::List | Kind::Cast | Kind::Unary(_) => site = parent,
                _ => return true,
            }
        }
        false
    }

    /// The value is an operand of an operation on another location.
    fn operand(&mut self, call: Site, place: usize, way: &Way) {
        let is_expected = self
            .program
            .op(call)
            .is_some_and(|op| op.kind == OpKind::Exchange);
        let locations = self
            .operations
            .locations_reached(self.program, call, &way.calls);
        match locations {
            Some(ids) => {
                self.ended();
                for id in ids {
                    if Some(id) != self.location {
                        self.note(call, Found::Into(id));
                    }
                }
            }
            None if place == 0 => self.follow(call, way),
            None => self.note(
                call,
                Found::Unknown("it goes into an atomic elsewhere".to_owned()),
            ),
        }
        // What an exchange answers hangs on what it was to find.
        if is_expected {
            self.follow(call, way);
        }
    }

    /// A helper of this tree that writes a location with what it is given.
    fn is_written_helper(&mut self, call: Site, way: &Way) -> bool {
        let Some(ids) = self
            .operations
            .locations_reached(self.program, call, &way.calls)
        else {
            return false;
        };
        self.ended();
        for id in ids {
            if Some(id) != self.location {
                self.note(call, Found::Into(id));
            }
        }
        true
    }

    pub(super) fn enter_parameter(&mut self, call: Site, id: FunctionId, place: usize, way: &Way) {
        let function = self.program.function(id);
        let name = match function.parameters.get(place) {
            Some(parameter) => parameter.name.clone(),
            // One of the figures behind the text, as of `printf`.
            None if effects::call_shows(self.program, call, &function.name)
                && !self.is_asked(call) =>
            {
                return self.note(call, Found::Shown(function.name.clone()));
            }
            None if function.is_macro && !function.parameters.is_empty() => return,
            None => {
                return self.note(
                    call,
                    Found::Unknown(format!("`{}` takes it", function.name)),
                );
            }
        };
        if self.program.body(id).is_none() {
            let note = format!("`{}` takes it, whose body is not here", function.name);
            return self.note(call, Found::Unknown(note));
        }
        self.ended();
        let mut inner = way.clone();
        inner.calls.push(call);
        inner.by_address |= self.is_given_address(call, id, place);
        let name = name.trim_start_matches("mut ");
        // A pattern binds several names: each may be of it.
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let names = name
            .split(|c| !is_word(c))
            .filter(|it| !matches!(*it, "" | "mut" | "ref"));
        let mentions: Vec<Site> = names
            .flat_map(|it| self.program.names_in(id, it).iter().copied())
            .collect();
        for mention in mentions {
            if !self.is_written(mention) {
                self.follow_to_end(mention, &inner);
            }
        }
        // A closure that was given, and is called by the parameter's name.
        for call in self.program.calls_of_local(id, name) {
            self.follow_to_end(call, &inner);
        }
    }

    /// Whether C gives the address of a figure (`f(&count)` to `f(long* count)`): the pointer itself is not the figure.
    fn is_given_address(&self, call: Site, id: FunctionId, place: usize) -> bool {
        let given = self.program.child(call, place);
        let is_address = given.is_some_and(|it| {
            matches!(self.program.kind(it), Kind::Ref)
                && self
                    .program
                    .child(it, 0)
                    .is_some_and(|it| matches!(self.program.kind(it), Kind::Name(_)))
        });
        let ty = self
            .program
            .function(id)
            .parameters
            .get(place)
            .map_or("", |it| it.ty.as_str());
        !self.program.unit(call.unit).is_rust && is_address && points_to_figure(ty)
    }

    /// The macro around `site`, if it is one that hands figures out.
    pub(super) fn exporting_macro(&self, site: Site) -> Option<String> {
        let function = self.program.function(self.program.function_of(site)?);
        (function.is_macro && exports(&function.name)).then(|| function.name.clone())
    }

    /// A function that is not in the tree.
    fn foreign(&mut self, call: Site, name: &str, way: &Way) {
        if let Some(by) = self.exporting_macro(call)
            && name.starts_with("mem")
        {
            return self.note(call, Found::Leaves(by));
        }
        if metrics::is_given_figure(self.program, call) || name == "record" && self.is_span(call) {
            return self.note(call, Found::Shown(name.to_owned()));
        }
        if name.starts_with("serialize_") && self.is_serialized_only(call) {
            return self.note(call, Found::Leaves(name.to_owned()));
        }
        if matches!(name, "Some" | "Ok") {
            return self.follow(call, &way.wrapped());
        }
        if name == "Err" {
            return self.follow(call, way);
        }
        if matches!(self.program.kind(call), Kind::Call { path, .. } if path == "serde_json")
            && name.starts_with("to_")
        {
            let text = Way {
                is_text: true,
                ..way.whole().within(Part::Field(String::new()))
            };
            return self.follow(call, &text.wrapped());
        }
        // `itoa::Buffer::new().format(value)`
        if matches!(name, "format" | "format_finite") && self.program.unit(call.unit).is_rust {
            let text = Way {
                is_text: true,
                ..way.whole()
            };
            return self.follow(call, &text);
        }
        if names::makes_room(name) {
            return self.note(call, Found::Room);
        }
        if names::is_pure(name)
            || effects::only_wraps(self.program, call, name)
            || self.is_for_text(call)
        {
            return self.follow(call, &way.whole());
        }
        self.note(
            call,
            Found::Unknown(format!("`{name}` takes it, which is not in the tree")),
        );
    }

    /// Whether a call of a function of another crate stands among what a text is made of: it makes a text of a figure
    /// (`format!("{}", human_readable(size))`).
    fn is_for_text(&self, call: Site) -> bool {
        let is_plain = matches!(self.program.kind(call), Kind::Call { name, .. } if name != "?");
        let mut at = self.program.parent(call);
        while let Some(here) = at {
            match self.program.kind(here) {
                Kind::Macro { name } => {
                    return is_plain
                        && self.program.unit(call.unit).is_rust
                        && (names::macro_shows(name)
                            || matches!(name.as_str(), "write" | "writeln"));
                }
                Kind::Ref | Kind::Cast | Kind::Other | Kind::Try => at = self.program.parent(here),
                _ => return false,
            }
        }
        false
    }

    /// Whether a call stands in an implementation of serde's `Serialize`, in a file that has nothing to do with
    /// reading such again.
    fn is_serialized_only(&self, call: Site) -> bool {
        let function = self.program.function_of(call);
        let of = function.and_then(|id| self.program.function(id).of_trait.as_deref());
        let mut lines = self.program.unit(call.unit).lines.iter();
        of == Some("Serialize") && !lines.any(|line| line.contains("Deserialize"))
    }

    /// An operation is no use of the value; what is found by a hash is found by it.
    fn is_end(&mut self, call: Site, name: &str) -> bool {
        let is_operation = name == "fetch_update" || self.program.op(call).is_some();
        if is_operation {
            self.ended();
        } else if name == "hash" {
            self.note(call, Found::Index);
        }
        is_operation || name == "hash"
    }

    /// Follows a value into a method of the record that holds it. False where the method answers the record.
    fn is_of_record(
        &mut self,
        call: Site,
        name: &str,
        functions: &[FunctionId],
        way: &Way,
    ) -> bool {
        if !functions.is_empty() && way.calls.len() < CALLS_MAX {
            self.record_method(call, functions, way);
            return true;
        }
        // How long a message with it is, is a matter of the message.
        if functions.is_empty() && names::measures_message(name) {
            self.ended();
            return true;
        }
        let is_record = matches!(
            name,
            "clone" | "as_ref" | "to_owned" | "borrow" | "unwrap" | "expect" | "map_err" | "ok"
        );
        if !is_record {
            self.receiver(call, name, &way.whole());
        }
        !is_record
    }

    /// A method is called on the value.
    pub(super) fn receiver(&mut self, call: Site, name: &str, way: &Way) {
        if self.is_end(call, name) {
            return;
        }
        // What a closure gets is the value, or what was found in it.
        for place in 1..self.program.node(call).children.len() {
            if let Some(lambda) = self.program.child(call, place)
                && let Kind::Lambda(bound) = self.program.kind(lambda).clone()
            {
                let is_part = match way.parts.last() {
                    Some(Part::Wrapped) if parts::calls_without_wrapped(name) => continue,
                    Some(Part::Item) => true,
                    Some(Part::Wrapped) => parts::calls_with_wrapped(name),
                    _ => false,
                };
                if is_part {
                    self.bound(lambda, &bound, &way.taken_out());
                } else {
                    self.bound(lambda, &bound, way);
                    self.guarded(call, place, way);
                }
            }
        }
        let functions: Vec<FunctionId> = self.program.callees(call, name);
        let is_in_record = matches!(way.parts.last(), Some(Part::Field(_) | Part::Variant(_)));
        if is_in_record && self.is_of_record(call, name, &functions, way) {
            return;
        }
        let Some(answer) = self.list_method(name, way) else {
            return self.ended();
        };
        if way.parts.last() == Some(&Part::Item)
            && functions.is_empty()
            && !parts::keeps_length(name)
            && !names::is_pure(name)
        {
            let note = format!("`{name}` may make the list longer or shorter by it");
            self.note(call, Found::Unknown(note));
        }
        let way = &answer;
        if way.is_text && (name == "is_empty" || parts::adds_text(name)) {
            // A text that was put together is never empty, and what is added to it is another text.
            return self.ended();
        }
        if self.stops_by(call, name) {
            let note = format!("`{name}` stops the program where it does not fit");
            self.note(call, Found::Claims(note));
        }
        let is_rust = self.program.unit(call.unit).is_rust;
        let is_act_by_text = way.is_text && !parts::is_of_texts(name)
            || way.is_truth && self.is_done_to_chosen(call, name);
        if functions.is_empty()
            && (is_rust && is_act_by_text || self.is_done_for_itself(call, name))
        {
            let note = format!("`{name}` is called on it, which is not in the tree");
            self.note(call, Found::Unknown(note));
        }
        if !names::is_pure(name) {
            for id in functions {
                let effects = self.effects_of(id);
                if let Some(what) = effects.act() {
                    self.note(call, Found::Decides(format!("`{name}` acts on it: {what}")));
                }
            }
        }
        self.follow(call, way);
    }

    /// `old.checked_add(1).expect("too many")`: a limit. (Of what is only loaded, a figure that fits.)
    fn stops_by(&self, call: Site, name: &str) -> bool {
        let receiver = self.program.child(call, 0);
        let checked = receiver.map(|receiver| self.program.kind(receiver));
        let is_checked =
            matches!(checked, Some(Kind::Method { name }) if name.starts_with("checked_"));
        is_checked && matches!(name, "unwrap" | "expect") && self.op == OpKind::Change
    }

    /// Whether a method from elsewhere that does more than compute is called, and nothing takes its answer. (A figure
    /// has no members: what has is only near to it.)
    fn is_done_for_itself(&self, call: Site, name: &str) -> bool {
        let is_rust = self.program.unit(call.unit).is_rust;
        let receiver = self.program.child(call, 0);
        let is_member = receiver.is_some_and(|it| matches!(self.program.kind(it), Kind::Member(_)));
        is_rust
            && !is_member
            && !names::is_pure(name)
            && !names::makes_room(name)
            && !parts::keeps_length(name)
            && !parts::changes_list(name)
            && !effects::call_shows(self.program, call, name)
            && !is_used(self.program, call)
    }

    /// Whether something is done to what the value chose, and be it only a list that grows.
    fn is_done_to_chosen(&self, call: Site, name: &str) -> bool {
        !names::is_pure(name)
            && !name.starts_with("sort")
            && !matches!(name, "reverse" | "shrink_to_fit")
            && !effects::call_shows(self.program, call, name)
            && !is_used(self.program, call)
    }

    /// The value is returned.
    pub(super) fn returned(&mut self, site: Site, way: &Way) {
        let Some(id) = self.program.function_of(site) else {
            return;
        };
        // A closure's `return` is the closure's.
        let mut at = self.program.parent(site);
        while let Some(here) = at {
            if matches!(self.program.kind(here), Kind::Lambda(_)) {
                return self.follow(here, way);
            }
            at = self.program.parent(here);
        }
        self.leaves_function(site, id, way);
    }

    /// Mentions of a function that are no calls of it. Of a method of Rust only those by the type.
    fn handed_on(&self, id: FunctionId, name: &str) -> Vec<Site> {
        let function = self.program.function(id);
        if function.is_macro {
            return Vec::new();
        }
        let by_type = function
            .owner
            .as_ref()
            .map(|owner| format!("{owner}::{name}"));
        let is_rust = self.program.unit(id.unit).is_rust;
        let is_it = |site: &Site| {
            self.program.binding(*site, name).is_none()
                && !self.program.is_own_variable(*site, name)
                && (!is_rust || self.is_named_by(*site, id, name, by_type.as_deref()))
        };
        let mentions = self.program.names_named(name).iter().copied();
        mentions.filter(is_it).collect()
    }

    /// Whether a name of Rust that is no local's is that of a function.
    fn is_named_by(&self, site: Site, id: FunctionId, name: &str, by_type: Option<&str>) -> bool {
        let unit = self.program.unit(site.unit);
        let line = (self.program.node(site).line as usize).saturating_sub(1);
        let is_by_type = |path: &str| unit.lines.get(line).is_some_and(|text| text.contains(path));
        unit.is_rust
            && self.program.locations_named(name).is_empty()
            && !self.program.is_hidden_from(id, site)
            && self.program.taken_from(site, name).is_none()
            && by_type.is_none_or(is_by_type)
    }

    /// A function is handed on by its name, and answers the value to who calls it then.
    fn answered_by_name(&mut self, mention: Site, name: &str, way: &Way) {
        if !self.program.unit(mention.unit).is_rust {
            let note = format!("`{name}` returns it to whoever calls it by its address");
            return self.note(mention, Found::Unknown(note));
        }
        let way = &Way {
            calls: Vec::new(),
            ..way.clone()
        };
        let parent = self.program.parent(mention);
        let call = parent.map(|parent| (parent, self.program.kind(parent).clone()));
        if let Some((call, Kind::Call { name, .. } | Kind::Method { name })) = call {
            let place = self.program.place(mention);
            if self.called_in(call, place, &name, way) {
                return;
            }
            return self.answered_by_closure(call, &name, way);
        }
        let note = "it is answered to whoever calls the function that is named here".to_owned();
        self.note(mention, Found::Unknown(note));
    }

    /// The value of a whole body.
    pub(super) fn returned_from_root(&mut self, site: Site, way: &Way) {
        if let Some(id) = self.program.function_of(site)
            && self.program.function(id).is_macro
        {
            self.leaves_function(site, id, way);
        }
    }

    /// What a function answers is chosen by the value: a figure alone may be which one to take; in a record it is one of
    /// several, and a quantile is chosen by nothing else than counts.
    fn chosen(&self, id: FunctionId, name: String) -> Found {
        let is_rust = self.program.unit(id.unit).is_rust;
        if !is_rust || self.program.answers_record(id) || names::is_quantile(&name) {
            Found::Leaves(name)
        } else {
            Found::Chosen(name)
        }
    }

    /// A private function of Rust that nothing in the tree calls: macros do, by words that are not read, or who uses one.
    fn left_by_unknown(&mut self, site: Site, id: FunctionId, name: &str, way: &Way) {
        let function = self.program.function(id);
        if function.of_trait.is_none() {
            let found = if function.is_macro && !way.is_truth {
                Found::Leaves(name.to_owned())
            } else {
                Found::Unknown(format!("nobody is seen to call `{name}`"))
            };
            return self.note(site, found);
        }
        if self.program.is_pulled_outside(id) || self.program.is_made_outside(id) {
            return self.note(site, Found::Leaves(name.to_owned()));
        }
        let note = format!("`{name}` of a trait returns it");
        self.note(site, Found::Unknown(note));
    }

    /// The value is that of a static, whose mentions are its uses.
    fn becomes_static(&mut self, site: Site, id: FunctionId, way: &Way) {
        let function = self.program.function(id);
        let name = function.name.clone();
        if function.is_public && !(way.is_truth && self.tells_truth(id)) {
            self.note(site, Found::Leaves(name.clone()));
        } else if function.is_public {
            let note = format!("who reads `{name}` is told by it what to do");
            self.note(site, Found::Unknown(note));
        }
        let (owner, parts) = (String::new(), way.parts.clone());
        self.note(site, Found::IntoField { owner, name, parts });
    }

    pub(super) fn leaves_function(&mut self, site: Site, id: FunctionId, way: &Way) {
        let function = self.program.function(id);
        let name = function.name.clone();
        if function.is_value {
            return self.becomes_static(site, id, way);
        }
        let shows = function.of_trait.as_deref().is_some_and(names::makes_text);
        if shows {
            return self.note(site, Found::Shown(name));
        }
        if self.program.unit(site.unit).is_rust && !function.is_macro && function.returns.is_empty()
        {
            // `()`: what stands last in it is no answer.
            return self.ended();
        }
        if names::function_shows(&name) {
            self.note(site, Found::Shown(name.clone()));
        }
        if let Some(call) = way.calls.last() {
            let outer = Way {
                calls: way.calls[..way.calls.len() - 1].to_vec(),
                ..way.clone()
            };
            return self.follow(*call, &outer);
        }
        // Where nobody calls it, nothing comes of it.
        self.ended();
        let is_rust = self.program.unit(site.unit).is_rust;
        let mut callers = self.program.callers(id);
        if function.is_macro && function.parameters.is_empty() && !is_rust {
            // `#define TOTAL atomic_load(&total)` is used by its name alone.
            callers.extend(self.program.names_named(&name));
        }
        let is_public =
            function.is_public && !function.is_macro || self.program.is_of_public_trait(id);
        let mentions = self.handed_on(id, &name);
        if is_rust && !is_public && callers.is_empty() && mentions.is_empty() {
            return self.left_by_unknown(site, id, &name, way);
        }
        for mention in mentions {
            self.answered_by_name(mention, &name, way);
        }
        if !is_rust && callers.is_empty() && names::is_asked_by_operator(&name) {
            let note = format!("`{name}` answers it to code that does not name it");
            return self.note(site, Found::Unknown(note));
        }
        if is_public && (is_rust || callers.is_empty()) {
            let found = if !way.is_truth {
                Found::Leaves(name.clone())
            } else if !self.tells_truth(id) {
                self.chosen(id, name.clone())
            } else if way.is_any {
                Found::Any(name.clone())
            } else {
                Found::Unknown(format!("callers of `{name}` are told by it what to do"))
            };
            self.note(site, found);
        }
        if function.is_macro && callers.is_empty() && !is_rust && exports(&name) {
            self.note(site, Found::Leaves(name.clone()));
        } else if function.of_trait.is_some() && callers.is_empty() && !is_public {
            return self.left_by_unknown(site, id, &name, way);
        }
        for call in callers {
            let outer = Way {
                calls: Vec::new(),
                ..way.clone()
            };
            self.follow(call, &outer);
        }
    }
}

/// Macros that make public readers, by the habits of their names.
fn exports(name: &str) -> bool {
    ["CTL", "STAT", "METRIC", "EXPORT", "READ", "GET"]
        .iter()
        .any(|part| name.to_ascii_uppercase().contains(part))
}

/// Whether a type of C is a pointer to a number.
fn points_to_figure(ty: &str) -> bool {
    let Some((pointee, rest)) = ty.split_once('*') else {
        return false;
    };
    let mut words = pointee
        .split_whitespace()
        .filter(|word| !matches!(*word, "const" | "unsigned" | "signed"));
    !rest.contains('*')
        && words.all(|word| is_figure(word) || matches!(word, "bool" | "char" | "short"))
}
