//! What a piece of code does.

use alloc::collections::{BTreeMap, BTreeSet};

use super::metrics;
use super::names;
use super::owned;
use super::owners;
use super::parts;
use super::streams;
use super::targets;
use crate::facts::{FunctionId, LocationId, OpKind, Operations, Program, Site, Target};
use crate::syntax::Kind;

/// What a piece of code does.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects {
    /// The first thing that others notice.
    pub(super) first: Option<(Site, String)>,
    /// What writes a text to what may be a file or a peer, first.
    pub(super) writes: Option<(Site, String)>,
    /// It shows something.
    pub(super) shows: bool,
    /// Locations it writes.
    pub(super) locations: BTreeSet<LocationId>,
    /// Plain fields and statics it writes.
    pub(super) fields: BTreeSet<(String, String)>,
    /// Locals it writes.
    pub(super) locals: BTreeSet<String>,
    /// It leaves before its end.
    pub(super) leaves: bool,
    /// The first thing that ends the process.
    pub(super) ends: Option<(Site, String)>,
}

impl Effects {
    fn note(&mut self, site: Site, what: String) {
        self.first.get_or_insert((site, what));
    }

    /// The first thing that others notice, texts among them.
    pub(super) fn act(&self) -> Option<String> {
        let writes = || {
            let (_, by) = self.writes.as_ref()?;
            Some(format!("`{by}` writes to what may be a file or a peer"))
        };
        let first = self.first.as_ref().map(|(_, what)| what.clone());
        first.or_else(writes)
    }

    pub(super) fn add(&mut self, other: &Self) {
        if let Some((site, what)) = &other.first {
            self.note(*site, what.clone());
        }
        if self.ends.is_none() {
            self.ends.clone_from(&other.ends);
        }
        if self.writes.is_none() {
            self.writes.clone_from(&other.writes);
        }
        self.shows |= other.shows;
        self.locations.extend(&other.locations);
        self.fields.extend(other.fields.iter().cloned());
    }
}

/// Effects of functions, worked out once.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<FunctionId, Effects>);

/// Deepest calls that are looked into.
const DEPTH_MAX: u32 = 4;

/// What the code at `site` does.
pub(super) fn of(
    program: &Program,
    operations: &Operations,
    known: &mut Known,
    site: Site,
) -> Effects {
    Looker {
        program,
        operations,
        known,
    }
    .look(site, 0)
}

/// What a function does.
pub(super) fn of_function(
    program: &Program,
    operations: &Operations,
    known: &mut Known,
    id: FunctionId,
) -> Effects {
    Looker {
        program,
        operations,
        known,
    }
    .function(id, 0)
}

/// Whether a call only shows what it is given.
pub(super) fn call_shows(program: &Program, call: Site, name: &str) -> bool {
    let is_rust = program.unit(call.unit).is_rust;
    // What checks a claim in Rust stops the program in releases, too; what only debug builds have does not.
    let claims = is_rust && names::checks(name) && !name.starts_with("debug_");
    if names::call_shows(name) && !claims {
        return is_seen(program, call, name) || gives_message(program, call, name);
    }
    if names::method_shows(name) {
        return is_seen(program, call, name) || owners::formats(program, call);
    }
    names::talks(name) && !names::sends(name) && has_text(program, call)
}

/// Whether the tree has the body: that tells more than the name.
fn is_seen(program: &Program, call: Site, name: &str) -> bool {
    let functions = program.callees(call, name);
    functions.iter().any(|id| program.body(*id).is_some())
}

fn has_text(program: &Program, call: Site) -> bool {
    program
        .below(call)
        .iter()
        .any(|site| is_text(program, *site))
}

fn is_text(program: &Program, site: Site) -> bool {
    matches!(program.kind(site), Kind::Literal(text) if text.starts_with('"'))
}

/// Whether a function from elsewhere that is named like one that shows gives a message: a text, and what prints to its
/// first argument (`evbuffer_add_printf(buffer, "...")`) only where that is the text.
fn gives_message(program: &Program, call: Site, name: &str) -> bool {
    let is_rust = program.unit(call.unit).is_rust;
    if names::prints_by_standard(name) || names::checks(name) && !is_rust {
        return true;
    }
    if names::only_prints(name) && !is_rust {
        let first = program.child(call, 0);
        return first.is_some_and(|first| is_text(program, first));
    }
    has_text(program, call)
}

/// Whether the body of a function is in the tree, and so tells more than its name. The checks that
/// C has as macros (`assert` and its relatives) are not built into releases.
pub(super) fn tells_more(program: &Program, functions: &[FunctionId], name: &str) -> bool {
    let is_check = |id: &FunctionId| {
        !program.unit(id.unit).is_rust && program.function(*id).is_macro && names::checks(name)
    };
    functions
        .iter()
        .any(|id| program.body(*id).is_some() && !is_check(id))
}

/// Crates whose functions have names like those of types.
const CAMEL_CASE: [&str; 4] = ["windows_sys", "windows", "winapi", "windows_targets"];

/// Whether a call only makes a value of a type around what it is given. In C++ functions are named like types, so the
/// type must be one of the tree; in Rust such a value is never dropped at once.
pub(super) fn only_wraps(program: &Program, call: Site, name: &str) -> bool {
    let is_rust = program.unit(call.unit).is_rust;
    let is_dropped = program
        .parent(call)
        .is_some_and(|parent| matches!(program.kind(parent), Kind::Statement));
    names::wraps(name)
        && if is_rust {
            !is_dropped
                && !program.is_only_from(name, &CAMEL_CASE)
                && (program.is_type(name) || !program.is_known_call(name))
        } else {
            // A macro that stands in front of brackets without a semicolon is no function.
            let head = name.split_once('(').map(|(head, _)| head);
            let is_macro =
                |head: &str| !head.contains(char::is_lowercase) && program.is_known_call(head);
            let is_method = matches!(program.kind(call), Kind::Method { .. });
            head.is_some_and(is_macro) || program.is_type(name) && !is_method
        }
}

struct Looker<'a> {
    program: &'a Program,
    operations: &'a Operations,
    known: &'a mut Known,
}

impl Looker<'_> {
    fn look(&mut self, site: Site, depth: u32) -> Effects {
        let mut effects = Effects::default();
        self.collect(site, depth, &mut effects);
        effects
    }

    fn function(&mut self, id: FunctionId, depth: u32) -> Effects {
        if let Some(found) = self.known.0.get(&id) {
            return found.clone();
        }
        // A function that calls itself adds nothing to itself.
        self.known.0.insert(id, Effects::default());
        let effects = self
            .program
            .body(id)
            .map_or_else(Effects::default, |body| self.look(body, depth));
        self.known.0.insert(id, effects.clone());
        effects
    }

    fn collect(&mut self, site: Site, depth: u32, effects: &mut Effects) {
        if let Some(what) = owners::acts(self.program, site) {
            effects.note(site, what);
        }
        for end in owners::ends_of(self.program, site) {
            if depth < DEPTH_MAX {
                let inner = self.function(end, depth + 1);
                effects.add(&inner);
            }
        }
        match self.program.kind(site) {
            Kind::Macro { name } if names::macro_ends(name) => {
                let what = format!("`{name}!` ends it");
                effects.ends.get_or_insert((site, what.clone()));
                effects.note(site, what);
            }
            Kind::Macro { name } if names::claims_of(name) > 0 => {
                effects.note(site, format!("`{name}!` may stop the program"));
            }
            Kind::Macro { name } if matches!(name.as_str(), "write" | "writeln") => {
                self.written(site, "write!", effects);
                self.children(site, depth, effects);
            }
            Kind::Macro { name } if names::macro_shows(name) => {
                effects.shows = true;
                if !name.starts_with("debug_") {
                    self.children(site, depth, effects);
                }
            }
            Kind::Call { name, .. } | Kind::Method { name } | Kind::Macro { name } => {
                let name = name.clone();
                self.call(site, &name, depth, effects);
            }
            Kind::Assign { .. } => {
                self.assign(site, effects);
                self.children(site, depth, effects);
            }
            Kind::Binary(_) => {
                self.shift(site, effects);
                self.children(site, depth, effects);
            }
            Kind::Return | Kind::Jump | Kind::Try => {
                // The body of a function hangs below a return of its own.
                effects.leaves |= self.program.parent(site).is_some();
                self.children(site, depth, effects);
            }
            _ => self.children(site, depth, effects),
        }
    }

    fn children(&mut self, site: Site, depth: u32, effects: &mut Effects) {
        let children: Vec<Site> = self.program.children(site).collect();
        for child in children {
            self.collect(child, depth, effects);
        }
    }

    fn call(&mut self, site: Site, name: &str, depth: u32, effects: &mut Effects) {
        if let Some(op) = self.program.op(site) {
            if op.kind != OpKind::Load {
                match self.operations.locations_at(site) {
                    Some(locations) => effects.locations.extend(locations),
                    None => effects.note(site, "an atomic of another place is written".to_owned()),
                }
            }
            return self.children(site, depth, effects);
        }
        if names::describes(name) && self.stands_in_message(site) {
            return self.children(site, depth, effects);
        }
        let mut functions: Vec<FunctionId> = self.program.callees(site, name);
        if self.program.is_of_foreign_self(site, name) {
            functions.clear();
        }
        let is_write = |id: &FunctionId| {
            let of = self.program.function(*id).of_trait.as_deref();
            of == Some("Write")
        };
        if parts::writes_text(name) && functions.iter().all(is_write) {
            // What `write!` calls.
            self.written(site, name, effects);
            return self.children(site, depth, effects);
        }
        if functions.is_empty() && metrics::is_given_figure(self.program, site) {
            effects.shows = true;
            return self.children(site, depth, effects);
        }
        let shows = call_shows(self.program, site, name);
        if shows && !tells_more(self.program, &functions, name) {
            if streams::prints_elsewhere(self.program, site, name) {
                effects.note(site, format!("`{name}` writes to what may be a file"));
            }
            effects.shows = true;
            return;
        }
        if shows && !self.program.unit(site.unit).is_rust {
            return self.printing(site, name, &functions, depth, effects);
        }
        if !functions.is_empty() && depth < DEPTH_MAX {
            let is_unknown = functions.iter().all(|id| self.program.body(*id).is_none())
                && !names::is_pure(name);
            for id in functions {
                let inner = self.function(id, depth + 1);
                let written = self.operations.locations_at(site);
                let mut inner = inner;
                // Which of the locations a helper writes depends on the call.
                if let Some(written) = written {
                    inner.locations = written.clone();
                }
                if self.program.body(id).is_none() && is_unknown {
                    let what = format!("`{name}` is called, whose body is not here");
                    effects.note(site, what);
                }
                if let Some((_, what)) = &inner.first {
                    let short = what.split(", in ").next().unwrap_or(what).to_owned();
                    inner.first = Some((site, format!("{short}, in `{name}`")));
                }
                effects.add(&inner);
            }
        } else if !names::is_pure(name) && !only_wraps(self.program, site, name) {
            let what = format!("`{name}` is called");
            if names::ends_process(name) {
                effects.ends.get_or_insert((site, what.clone()));
            }
            effects.note(site, what);
        }
        self.children(site, depth, effects);
    }

    /// A function of C that shows, by its name, with its body in the tree. It fills buffers and calls
    /// what prints; that it ends the process is no message.
    fn printing(
        &mut self,
        site: Site,
        name: &str,
        functions: &[FunctionId],
        depth: u32,
        effects: &mut Effects,
    ) {
        effects.shows = true;
        if depth >= DEPTH_MAX {
            return;
        }
        for id in functions {
            if let Some((_, what)) = self.function(*id, depth + 1).ends {
                let short = what.split(", in ").next().unwrap_or(&what).to_owned();
                let what = format!("{short}, in `{name}`");
                effects.ends.get_or_insert((site, what.clone()));
                effects.note(site, what);
            }
        }
    }

    /// Whether a call is one of the values of a message.
    fn stands_in_message(&self, call: Site) -> bool {
        let mut at = self.program.parent(call);
        while let Some(here) = at {
            match self.program.kind(here) {
                Kind::Macro { name } => return names::macro_shows(name),
                Kind::Statement | Kind::Block { .. } => return false,
                _ => at = self.program.parent(here),
            }
        }
        false
    }

    /// Something is written to what stands first: a text grows, a message is given, or a file or a peer gets it.
    fn written(&self, site: Site, by: &str, effects: &mut Effects) {
        effects.shows = true;
        let target = self.program.child(site, 0);
        if !target.is_some_and(|target| targets::is_for_texts(self.program, target)) {
            effects.writes.get_or_insert((site, by.to_owned()));
        }
    }

    /// A shift of C++ whose value nothing takes puts something out, or takes something in.
    fn shift(&self, site: Site, effects: &mut Effects) {
        let Some(chain) = streams::chain(self.program, site).filter(|chain| chain.is_dropped)
        else {
            return;
        };
        if streams::is_standard(self.program, chain.root) {
            effects.shows = true;
        } else {
            effects.note(site, "something is put out or taken in".to_owned());
        }
    }

    fn assign(&self, site: Site, effects: &mut Effects) {
        let Some(target) = self.program.child(site, 0) else {
            return;
        };
        if let Some(what) = owners::ends_by(self.program, site, target) {
            effects.note(site, what);
        }
        let resolved = self.program.resolve(target);
        if !resolved.is_empty() {
            effects
                .locations
                .extend(resolved.iter().filter_map(|t| match t {
                    Target::Location(id) => Some(*id),
                    Target::Parameter(..) => None,
                }));
            return;
        }
        match self.program.kind(target) {
            Kind::Name(name) => {
                effects.locals.insert(name.clone());
                let is_own = self.program.is_own_variable(target, name)
                    || self.is_parameter_of_macro(target, name);
                if self.program.binding(target, name).is_none() && !is_own {
                    effects.fields.insert((String::new(), name.clone()));
                    if owned::holds_more_than_figures(self.program, target) {
                        effects.note(site, format!("what `{name}` held is dropped"));
                    }
                }
            }
            Kind::Member(name) => {
                effects
                    .fields
                    .insert((self.owner_of(target, name), name.clone()));
                if owned::holds_more_than_figures(self.program, target) {
                    effects.note(site, format!("what `{name}` held is dropped"));
                }
            }
            _ => effects.note(site, "memory is written".to_owned()),
        }
    }

    fn owner_of(&self, member: Site, name: &str) -> String {
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
        owners
            .find(|owner| words.contains(*owner))
            .cloned()
            .unwrap_or_default()
    }

    /// What is assigned in a macro is the caller's.
    fn is_parameter_of_macro(&self, site: Site, name: &str) -> bool {
        let function = self.program.function_of(site);
        function.is_some_and(|id| {
            self.program.function(id).is_macro && self.program.parameter(id, name).is_some()
        })
    }
}
