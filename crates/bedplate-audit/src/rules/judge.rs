//! From findings to classes.
//!
//! # Role
//! Every location is followed once; what goes into another location shares that one's fate.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::counts;
use super::effects::Known;
use super::finding::{Chains, Finding, Found};
use super::flow::{Tracer, Way};
use super::held;
use super::names;
use super::outside;
use super::parts::Part;
use crate::class::Class;
use crate::facts::{
    Attached, FunctionId, LocationId, Op, OpKind, Operations, Order, Program, Site, Target,
    is_flag, is_pointer,
};
use crate::syntax::Kind;

/// What was found of one location.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub(crate) class: Class,
    /// Why, the deciding lines first.
    pub(crate) evidence: Vec<Reason>,
}

/// Why a location is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) site: Site,
    pub(crate) note: String,
    /// The code that the value came through, from where it was read.
    pub(crate) through: Vec<Site>,
}

/// A location or a plain field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Location(LocationId),
    /// The owner, where it is known, the name, and what of the field it is.
    Field(String, String, Vec<Part>),
}

/// Lines of evidence that are kept.
const EVIDENCE_MAX: usize = 6;

/// Judges every location of a program.
pub(crate) fn judge(program: &Program, operations: &Operations) -> BTreeMap<LocationId, Judgement> {
    let mut bench = Bench {
        program,
        operations,
        known: Known::default(),
        findings: BTreeMap::new(),
        chains: BTreeMap::new(),
    };
    let ids: Vec<LocationId> = program.location_ids().collect();
    for id in &ids {
        bench.examine(Thing::Location(*id));
    }
    ids.into_iter()
        .map(|id| (id, bench.judgement(id)))
        .collect()
}

struct Bench<'a> {
    program: &'a Program,
    operations: &'a Operations,
    known: Known,
    findings: BTreeMap<Thing, BTreeSet<Finding>>,
    chains: BTreeMap<Thing, Chains>,
}

impl Bench<'_> {
    /// Finds the uses of a thing and of all that it goes into.
    fn examine(&mut self, thing: Thing) {
        let mut todo = vec![thing];
        while let Some(thing) = todo.pop() {
            if self.findings.contains_key(&thing) {
                continue;
            }
            let (findings, chains) = match &thing {
                Thing::Location(id) => self.uses(*id),
                Thing::Field(owner, name, parts) => self.field_uses(owner, name, parts),
            };
            self.chains.insert(thing.clone(), chains);
            if !findings.iter().any(|f| f.found.is_decisive()) {
                todo.extend(findings.iter().filter_map(|f| next(&f.found)));
            }
            self.findings.insert(thing, findings);
        }
    }

    fn uses(&mut self, id: LocationId) -> (BTreeSet<Finding>, Chains) {
        let operations = self.operations;
        let program = self.program;
        let mut tracer = Tracer::new(program, operations, &mut self.known, Some(id));
        for attached in operations.of(id) {
            use_of(&mut tracer, attached);
        }
        for (site, note) in operations.escapes.get(&id).into_iter().flatten() {
            tracer.note(*site, Found::Unknown(note.clone()));
        }
        for other in operations.aliases.get(&id).into_iter().flatten() {
            let site = operations.of(*other).first().map(|a| a.op.site);
            if let Some(site) = site {
                tracer.note(site, Found::Into(*other));
            }
        }
        (tracer.findings, tracer.chains)
    }

    /// Every read of a plain field or static.
    fn field_uses(
        &mut self,
        owner: &str,
        name: &str,
        parts: &[Part],
    ) -> (BTreeSet<Finding>, Chains) {
        let program = self.program;
        let mut tracer = Tracer::new(program, self.operations, &mut self.known, None);
        let way = Way {
            parts: parts.to_vec(),
            ..Way::new(Vec::new())
        };
        let homes = program.homes_of_private(owner, name);
        let is_field = !program.fields_named(name).is_empty();
        let mut mentions: Vec<Site> = program.members_named(name).to_vec();
        mentions.extend(program.names_named(name).iter().copied().filter(|site| {
            // A name alone is the field where a pattern takes it out of a record, or a static.
            !is_field
                || owner.is_empty() && is_of_static(program, *site, name)
                || program.taken_from(*site, name).is_some()
                || program.is_own_member(*site, owner, name)
        }));
        mentions.extend(program.taken_by_other_names(name));
        for mention in mentions {
            if !homes.is_empty() && !homes.iter().any(|it| program.is_inside(mention.unit, *it)) {
                continue;
            }
            let is_member = matches!(program.kind(mention), Kind::Member(_));
            let of = if is_member {
                tracer.owner_of(mention, name)
            } else {
                String::new()
            };
            let taken = match program.kind(mention) {
                Kind::Name(bound) if is_field => program.taken_from(mention, bound),
                _ => None,
            };
            let of = taken.map_or(of, |taken| taken.owner.clone());
            let last = owner.rsplit("::").next().unwrap_or(owner);
            let is_other =
                !owner.is_empty() && !of.is_empty() && of != owner && of != last && of != "Self";
            // Reads of a field that is an atomic itself are among its operations.
            let is_atomic = is_member
                && (!of.is_empty() && program.is_location_of(&of, name)
                    || is_in_operation(program, mention, name));
            if !is_other && !is_atomic && !tracer.is_written(mention) {
                tracer.follow(mention, &way);
            }
        }
        for text in tracer.texts_naming_field(owner, name) {
            if homes.is_empty() || homes.iter().any(|it| program.is_inside(text.unit, *it)) {
                tracer.follow(text, &way);
            }
        }
        (tracer.findings, tracer.chains)
    }

    /// All findings of a thing with those of what it goes into.
    fn reach(&self, id: LocationId) -> Vec<(Finding, bool)> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![(Thing::Location(id), true)];
        let mut found = Vec::new();
        while let Some((thing, is_own)) = todo.pop() {
            if !seen.insert(thing.clone()) {
                continue;
            }
            for finding in self.findings.get(&thing).into_iter().flatten() {
                if let Some(next) = next(&finding.found) {
                    todo.push((next, false));
                }
                found.push((finding.clone(), is_own));
            }
            if let Thing::Location(other) = thing
                && !is_own
                && let Some(why) = self.by_kind(other)
            {
                found.push((why, false));
            }
        }
        found
    }

    /// The code that a value of a location came through to a finding: the fewest things between them.
    fn chain(&self, id: LocationId, wanted: &Finding) -> Vec<Site> {
        let mut seen = BTreeSet::new();
        let mut todo = VecDeque::from([(Thing::Location(id), Vec::new())]);
        while let Some((thing, before)) = todo.pop_front() {
            if !seen.insert(thing.clone()) {
                continue;
            }
            let Some(chains) = self.chains.get(&thing) else {
                continue;
            };
            let through = |finding: &Finding| {
                let own = chains.get(finding).into_iter().flatten();
                before.iter().chain(own).copied().collect::<Vec<Site>>()
            };
            let findings = self.findings.get(&thing).into_iter().flatten();
            if findings.clone().any(|finding| finding == wanted) {
                return through(wanted);
            }
            todo.extend(findings.filter_map(|it| Some((next(&it.found)?, through(it)))));
        }
        Vec::new()
    }

    /// What the type and the operations say, whatever the uses.
    fn by_kind(&self, id: LocationId) -> Option<Finding> {
        let operations = self.operations.of(id);
        let site = operations.first()?.op.site;
        if is_pointer(&self.program.location(id).ty) {
            return Some(Finding {
                found: Found::Pointer,
                site,
            });
        }
        let barrier = operations.iter().find(|a| a.op.is_barrier)?;
        Some(Finding {
            found: Found::Decides("it adds nothing: only its order is wanted".to_owned()),
            site: barrier.op.site,
        })
    }

    fn judgement(&self, id: LocationId) -> Judgement {
        let mut findings = self.reach(id);
        if let Some(why) = self.by_kind(id) {
            findings.push((why, true));
        }
        self.weigh_what_is_written(id, &mut findings);
        let operations = self.operations.of(id);
        let wrapped = self.wrapped_class(id);
        let (class, why) = decide(self.program, id, operations, &findings);
        let (class, why) = match self.doubt(id, class) {
            Some(doubt) => (Class::Unknown, Some(vec![doubt])),
            None => (class, why),
        };
        let class = wrapped.unwrap_or(class);
        let mut evidence: Vec<Reason> = Vec::new();
        let mut ranked: Vec<&(Finding, bool)> = findings.iter().collect();
        ranked
            .sort_by_key(|(finding, is_own)| (rank(class, &finding.found), !is_own, finding.site));
        if let Some(why) = why {
            evidence.extend(why.into_iter().map(|(site, note)| Reason {
                site,
                note,
                through: Vec::new(),
            }));
        }
        for (finding, is_own) in ranked {
            if evidence.len() >= EVIDENCE_MAX {
                break;
            }
            let mut note = self.describe(&finding.found);
            if !is_own {
                note.push_str(" (what it goes into)");
            }
            let is_told = |known: &Reason| known.site == finding.site && known.note == note;
            if !evidence.iter().any(is_told) {
                evidence.push(Reason {
                    site: finding.site,
                    note,
                    through: self.chain(id, finding),
                });
            }
        }
        Judgement { class, evidence }
    }

    /// What is read, and never written by any name that is seen, is written by one that is not; and
    /// that one may be read as well.
    fn doubt(&self, id: LocationId, class: Class) -> Option<(Site, String)> {
        let location = self.program.location(id);
        // What C calls `T *` is where the atomic is, and not the atomic.
        let is_address = !self.program.unit(location.unit).is_rust && location.ty.contains('*');
        let may_others = is_address
            || self.program.is_public_location(id)
            || is_shared(self.program, &location.ty);
        if class.is_removable() && held::is_named_for_others(self.program, id) {
            let site = self.operations.of(id).first()?.op.site;
            let what = "linked by its name, which others may have";
            return Some((site, what.to_owned()));
        }
        if class.is_removable() && held::stands_in_unclear_macro(self.program, id) {
            let site = self.operations.of(id).first()?.op.site;
            let what = "named in a macro whose arguments are not understood";
            return Some((site, what.to_owned()));
        }
        if !class.is_removable() {
            return None;
        }
        if self.program.is_place_asked(id) {
            let site = self.operations.of(id).first()?.op.site;
            let what = "code asks where it stands in the record: what is read there by an address is not seen";
            return Some((site, what.to_owned()));
        }
        if !may_others {
            return None;
        }
        let aliases = self.operations.aliases.get(&id).into_iter().flatten();
        let mut names = core::iter::once(&id).chain(aliases);
        let is_read = |attached: &Attached| attached.op.kind == OpKind::Load;
        if !names.all(|id| self.operations.of(*id).iter().all(is_read)) {
            return None;
        }
        let site = self.operations.of(id).first()?.op.site;
        let what = "only read here, and changed by others who have it";
        Some((site, what.to_owned()))
    }

    /// A text in a file or at a peer may be read again: what is in it is not known. Only a count of the
    /// whole process since its start, which leaves through a public getter as well, is a figure there
    /// like here.
    fn weigh_what_is_written(&self, id: LocationId, findings: &mut [(Finding, bool)]) {
        let leaves = findings
            .iter()
            .any(|(finding, _)| matches!(finding.found, Found::Leaves(_)));
        let is_figure = leaves && counts::counts_the_process(self.program, self.operations, id);
        for (finding, _) in findings {
            if let Found::WrittenOut(by) = &finding.found {
                finding.found = if is_figure {
                    Found::Shown(by.clone())
                } else {
                    Found::Unknown(format!("`{by}` writes it to what may be a file or a peer"))
                };
            }
        }
    }

    /// A structure that stands for an atomic is what the locations of its type are together.
    fn wrapped_class(&self, id: LocationId) -> Option<Class> {
        let owner = &self.program.location(id).owner;
        if !self.program.atomic_names.contains(owner) {
            return None;
        }
        let mut classes = BTreeSet::new();
        for other in self.program.location_ids() {
            let location = self.program.location(other);
            if other != id
                && self.program.words(&location.ty).contains(owner)
                && location.owner != *owner
            {
                classes.insert(self.judgement(other).class);
            }
        }
        let worst = [
            Class::Correctness,
            Class::Unknown,
            Class::Heuristic,
            Class::DiagControl,
            Class::Exported,
        ];
        worst
            .into_iter()
            .find(|class| classes.contains(class))
            .or_else(|| classes.first().copied())
    }

    fn describe(&self, found: &Found) -> String {
        match found {
            Found::Decides(what) => format!("decides: {what}"),
            Found::Pointer => "followed as a pointer".to_owned(),
            Found::Index => "picks an element".to_owned(),
            Found::Claims(what) => what.clone(),
            Found::Message => "only decides whether a message is given".to_owned(),
            Found::Shown(by) => format!("shown by `{by}`"),
            Found::Printed(by) => format!("leaves through standard output, by `{by}`"),
            Found::Leaves(by) => format!("leaves through `{by}`"),
            Found::Any(by) => format!("callers of `{by}` are told whether it is zero"),
            Found::Chosen(by) => format!("what leaves through `{by}` is chosen by it"),
            Found::Room => "room is made for as many".to_owned(),
            Found::Reduced => "reduced to a choice among a few".to_owned(),
            Found::Into(id) => format!("goes into `{}`", self.program.location(*id).name),
            Found::IntoField { name, .. } => format!("goes into the field `{name}`"),
            Found::WrittenOut(by) => format!("written by `{by}`"),
            Found::Unknown(what) => what.clone(),
        }
    }
}

/// Whether a member of C stands in an operation on a location of its name, or in front of a member that
/// only atomics have (`counter.weak`).
fn is_in_operation(program: &Program, mention: Site, name: &str) -> bool {
    if program.unit(mention.unit).is_rust {
        return false;
    }
    let mut at = mention;
    while let Some(parent) = program.parent(at) {
        match program.kind(parent) {
            Kind::Ref | Kind::Cast | Kind::Other => at = parent,
            Kind::Member(member) => {
                let mut named = program.locations_named(name).iter();
                return at == mention && named.any(|id| program.is_inside_atomic(*id, member));
            }
            _ => {
                let targets = program.op(parent).map_or_else(Vec::new, |op| op.targets);
                return targets.iter().any(|target| {
                    matches!(target, Target::Location(id) if program.location(*id).name == name)
                });
            }
        }
    }
    false
}

/// Whether a name is no local's, and so may be a static's that is called like a field.
fn is_of_static(program: &Program, site: Site, name: &str) -> bool {
    let function = program.function_of(site);
    let is_given = function.is_some_and(|id| program.parameter(id, name).is_some());
    !is_given && program.binding(site, name).is_none() && !program.is_own_variable(site, name)
}

fn next(found: &Found) -> Option<Thing> {
    match found {
        Found::Into(id) => Some(Thing::Location(*id)),
        Found::IntoField { owner, name, parts } => {
            Some(Thing::Field(owner.clone(), name.clone(), parts.clone()))
        }
        _ => None,
    }
}

/// Follows the value of one operation.
fn use_of(tracer: &mut Tracer<'_>, attached: &Attached) {
    let op = &attached.op;
    tracer.op = op.kind;
    if op.kind == OpKind::Store {
        // A C function called a setter may answer what was there before.
        let program = tracer.program;
        let answers = matches!(program.kind(op.site), Kind::Call { .. })
            && !program.unit(op.site.unit).is_rust
            && is_used(program, op.site);
        if !answers {
            return;
        }
        tracer.op = OpKind::Swap;
    }
    let is_taken = takes_count(tracer.program, op);
    let before = tracer.findings.clone();
    let way = Way::new(attached.calls.clone());
    tracer.follow_to_end(op.site, &way);
    answers_by_pointer(tracer, op, &way);
    if op.kind == OpKind::Load {
        return;
    }
    // A value that a change answers is nobody else's: leaving with it claims something.
    let new: Vec<Finding> = tracer.findings.difference(&before).cloned().collect();
    for finding in new {
        let claims = match &finding.found {
            Found::Leaves(_) if is_taken => None,
            Found::Leaves(by) | Found::Any(by) | Found::Chosen(by) => {
                Some(format!("each caller of `{by}` gets a value of its own"))
            }
            Found::Unknown(_) | Found::WrittenOut(_) => {
                Some("the value that the change answers is used".to_owned())
            }
            _ => None,
        };
        if let Some(claims) = claims {
            tracer.note(finding.site, Found::Claims(claims));
        }
    }
    let is_used = is_asked(tracer.program, op.site);
    let has_message = tracer.findings.iter().any(|f| f.found == Found::Message);
    if op.kind == OpKind::Exchange
        && is_used
        && !tracer.keeps_extreme(op.site)
        && !has_message
        && !tracer.is_own_update(op.site)
    {
        let what = "an exchange decides who goes on".to_owned();
        tracer.note(op.site, Found::Claims(what));
    }
}

/// `CRYPTO_atomic_add(&count, 1, &data.count, lock)` of C: what it answers is put where a pointer shows. (An exchange is shown what
/// it is to find.)
fn answers_by_pointer(tracer: &mut Tracer<'_>, op: &Op, way: &Way) {
    let program = tracer.program;
    let Kind::Call { name, .. } = program.kind(op.site).clone() else {
        return;
    };
    if program.unit(op.site.unit).is_rust || op.kind == OpKind::Exchange {
        return;
    }
    // What is only read there is what is added.
    let is_const = |place: usize| {
        let mut functions = program.callees(op.site, &name).into_iter();
        functions.any(|id| {
            let parameter = program.function(id).parameters.get(place);
            parameter.is_some_and(|parameter| parameter.ty.contains("const"))
        })
    };
    let is_pointer = |argument: &Site| {
        matches!(program.kind(*argument), Kind::Ref) && !is_const(program.place(*argument))
    };
    let given: Vec<Site> = program
        .children(op.site)
        .filter(is_pointer)
        .skip(1)
        .collect();
    for argument in given {
        match program
            .child(argument, 0)
            .map(|inner| program.kind(inner).clone())
        {
            Some(Kind::Name(name)) => tracer.bound(op.site, &[name], way),
            _ => tracer.note(
                argument,
                Found::Unknown("its value is put where a pointer shows".to_owned()),
            ),
        }
    }
}

/// `hits.swap(0, Relaxed)`: what was counted since the last time. (With an order that hands over it takes things that
/// others left.)
fn takes_count(program: &Program, op: &Op) -> bool {
    let new = program.child(op.site, 1).map(|new| program.kind(new));
    op.kind == OpKind::Swap
        && op.order == Order::Relaxed
        && matches!(new, Some(Kind::Literal(text)) if text == "0")
}

/// Whether anybody asks how an exchange went: `x.fetch_update(...).ok();` does not.
fn is_asked(program: &Program, site: Site) -> bool {
    let outer = program.parent(site).filter(|parent| {
        matches!(program.kind(*parent), Kind::Method { name }
            if matches!(name.as_str(), "ok" | "is_ok" | "is_err"))
    });
    is_used(program, outer.unwrap_or(site))
}

/// Whether the value of an operation is used at all.
pub(crate) fn is_used(program: &Program, site: Site) -> bool {
    let Some(parent) = program.parent(site) else {
        return false;
    };
    match program.kind(parent) {
        Kind::Statement => false,
        Kind::Let { names, .. } => names.iter().any(|name| !name.starts_with('_')),
        _ => true,
    }
}

type Reasons = Vec<(Site, String)>;

/// The class, with evidence of its own where the findings do not show it.
fn decide(
    program: &Program,
    id: LocationId,
    operations: &[Attached],
    findings: &[(Finding, bool)],
) -> (Class, Option<Reasons>) {
    let ty = program.location(id).ty.as_str();
    let has = |test: fn(&Found) -> bool| findings.iter().any(|(f, _)| test(&f.found));
    if has(Found::is_decisive) {
        return (Class::Correctness, None);
    }
    let Some(first) = operations.first() else {
        return (Class::Unknown, None);
    };
    let say = |site: Site, what: &str| Some(vec![(site, what.to_owned())]);
    if !names::keeps_extreme(&program.location(id).name)
        && let Some((store, load)) = publishes(operations)
    {
        let is_shown_only = !has(|f| {
            matches!(
                f,
                Found::Leaves(_) | Found::Unknown(_) | Found::IntoField { .. }
            )
        });
        if !is_shown_only && !leaves_as_fraction(program, findings) {
            let what = format!(
                "a {} store that a {} load answers",
                store.1.name(),
                load.1.name()
            );
            return (Class::Correctness, Some(vec![(store.0, what)]));
        }
    }
    // What is chosen by a figure that leaves there, too, is a figure of it.
    if is_chosen_alone(findings) {
        return (Class::Unknown, None);
    }
    // Where the figure leaves, too, whether it is zero is nothing more.
    let is_told = has(|f| matches!(f, Found::Any(_))) && !has(|f| matches!(f, Found::Leaves(_)));
    if is_told || has(|f| matches!(f, Found::Unknown(_))) {
        return (Class::Unknown, None);
    }
    let leaves = has(|f| matches!(f, Found::Leaves(_)));
    if leaves && is_flag(ty) {
        return (
            Class::Correctness,
            say(first.op.site, "a flag that is handed to callers"),
        );
    }
    if leaves && let Some(answer) = left_by(program, id, operations, findings) {
        return answer;
    }
    if let Some(answer) = answered_for(program, findings) {
        return answer;
    }
    if has(|f| *f == Found::Reduced) {
        return (Class::Heuristic, None);
    }
    if leaves || has(|f| matches!(f, Found::Printed(_))) {
        return (Class::Exported, None);
    }
    if has(|f| *f == Found::Room) {
        return (Class::Heuristic, None);
    }
    // A figure that is shown, and left out where it is zero, is a figure.
    if has(|f| matches!(f, Found::Shown(by) if !by.to_ascii_lowercase().contains("assert"))) {
        return (Class::Telemetry, None);
    }
    if has(|f| *f == Found::Message) {
        return (Class::DiagControl, None);
    }
    if has(|f| matches!(f, Found::Shown(_))) {
        return (Class::Telemetry, None);
    }
    decide_unread(program, id, operations, findings)
}

/// Where a value leaves that is a setting of callers, a number of its own or a version.
fn left_by(
    program: &Program,
    id: LocationId,
    operations: &[Attached],
    findings: &[(Finding, bool)],
) -> Option<(Class, Option<Reasons>)> {
    let say = |site: Site, what: &str| Some(vec![(site, what.to_owned())]);
    if let Some(site) = held::bits_of(program, operations) {
        let what = "bits that are handed to callers";
        return Some((Class::Correctness, say(site, what)));
    }
    if let Some(site) = held::state_of(program, operations) {
        let what = "a state that is handed to callers";
        return Some((Class::Unknown, say(site, what)));
    }
    if let Some(site) = held::set_by_caller(program, operations) {
        let what = "callers set it and read it back";
        return Some((Class::Correctness, say(site, what)));
    }
    if let Some(site) = tells_order(program, id, operations) {
        let what =
            "changed in an order that hands over, and read by callers in one that takes over";
        return Some((Class::Unknown, say(site, what)));
    }
    let site = keeps_own(program, operations, findings)?;
    let what = "a number of its own is kept, and leaves from there";
    Some((Class::Unknown, say(site, what)))
}

/// Whether what leaves through a function was chosen by the value, which does not leave there itself.
fn is_chosen_alone(findings: &[(Finding, bool)]) -> bool {
    let leaves = |by: &String| {
        let mut found = findings.iter().map(|(finding, _)| &finding.found);
        found.any(|found| matches!(found, Found::Leaves(name) if name == by))
    };
    findings.iter().any(|(finding, _)| match &finding.found {
        Found::Chosen(by) => !leaves(by),
        _ => false,
    })
}

/// Where what a change answers is kept in a static or a field, and leaves from there alone: each that has it has a number
/// of its own. (What another atomic keeps of it may be a peak.)
fn keeps_own(
    program: &Program,
    operations: &[Attached],
    findings: &[(Finding, bool)],
) -> Option<Site> {
    let changes = operations.iter().filter(|it| it.op.kind == OpKind::Change);
    let mut used = changes.filter(|it| is_used(program, it.op.site));
    let site = used.next()?.op.site;
    if !program.unit(site.unit).is_rust {
        return None;
    }
    let is_kept =
        |(it, is_own): &(Finding, bool)| *is_own && matches!(it.found, Found::IntoField { .. });
    let leaves_itself =
        |(it, is_own): &(Finding, bool)| *is_own && matches!(it.found, Found::Leaves(_));
    let is_alone = findings.iter().any(is_kept) && !findings.iter().any(leaves_itself);
    is_alone.then_some(site)
}

/// Where a value leaves not as a figure: as a truth, which callers go by, or inside of a type that they can
/// only give back.
fn answered_for(
    program: &Program,
    findings: &[(Finding, bool)],
) -> Option<(Class, Option<Reasons>)> {
    let leaving = findings
        .iter()
        .filter_map(|(finding, _)| match &finding.found {
            Found::Leaves(by) => Some((finding.site, by)),
            _ => None,
        });
    for (site, by) in leaving {
        let Some(function) = program.function_of(site) else {
            continue;
        };
        let function = program.function(function);
        if function.name != *by || !program.unit(site.unit).is_rust {
            continue;
        }
        if function.returns.trim() == "bool" {
            let what = "callers are told yes or no by it";
            return Some((Class::Unknown, Some(vec![(site, what.to_owned())])));
        }
        if let Some(taker) = program.taker_of_sealed(&function.returns) {
            let what = format!("callers can only give it back, to `{taker}`");
            return Some((Class::Unknown, Some(vec![(site, what)])));
        }
        if let Some(ty) = held::compared_only(program, &function.returns) {
            let what = format!("callers can only compare `{ty}`");
            return Some((Class::Unknown, Some(vec![(site, what)])));
        }
    }
    None
}

/// The class of what no use that is seen decides, shows or hands out.
fn decide_unread(
    program: &Program,
    id: LocationId,
    operations: &[Attached],
    findings: &[(Finding, bool)],
) -> (Class, Option<Reasons>) {
    let ty = program.location(id).ty.as_str();
    let site = operations.first().map(|first| first.op.site);
    let say = |what: &str| site.map(|site| vec![(site, what.to_owned())]);
    // Nothing in the tree reads the public field that it stands in.
    let is_handed_out = findings.iter().any(|(finding, _)| {
        matches!(&finding.found, Found::IntoField { owner, name, .. } if program.is_public_field(owner, name))
    });
    if is_handed_out && !is_flag(ty) {
        return (Class::Exported, None);
    }
    let (class, why) = never_read(program, operations);
    if is_public_figure(program, id, operations) {
        let what = "written here, and read through the public name that it has";
        return (Class::Exported, say(what));
    }
    if class == Class::Telemetry && is_flag(ty) && program.is_public_location(id) {
        let what = "a flag that callers can read by its public name";
        return (Class::Unknown, say(what));
    }
    if class == Class::Telemetry && held::is_laid_out_for_others(program, id) {
        let what = "counted here, and laid out for what may read it elsewhere";
        return (Class::Unknown, say(what));
    }
    if class == Class::Telemetry && is_shared(program, ty) {
        let what = "counted here, and shared with what may read it by another name";
        return (Class::Unknown, say(what));
    }
    if class == Class::Telemetry && outside::is_laid_out(program, id) {
        let what = "counted here, in a record that is laid out for others";
        return (Class::Unknown, say(what));
    }
    if class == Class::Telemetry && hands_over(operations) {
        let what = "counted in an order that hands over, and who takes over is not seen";
        return (Class::Unknown, say(what));
    }
    (class, why)
}

/// A change with release order, where all that is loaded is loaded with acquire order, of what is named like a version:
/// who sees the new number sees what was done before it.
fn tells_order(program: &Program, id: LocationId, operations: &[Attached]) -> Option<Site> {
    if !names::is_version(&program.location(id).name) {
        return None;
    }
    let is_change = |it: &&Attached| {
        it.op.kind == OpKind::Change && matches!(it.op.order, Order::Release | Order::AcqRel)
    };
    let change = operations.iter().find(is_change)?.op.site;
    let mut loads = operations
        .iter()
        .filter(|it| it.op.kind == OpKind::Load)
        .peekable();
    loads.peek()?;
    loads
        .all(|it| it.op.order == Order::Acquire)
        .then_some(change)
}

/// Whether a change has an order that somebody wanted. (The strongest is what is written where nobody thought of one.)
fn hands_over(operations: &[Attached]) -> bool {
    let mut orders = operations.iter().map(|attached| attached.op.order);
    orders.any(|order| matches!(order, Order::Release | Order::Acquire | Order::AcqRel))
}

/// Whether a value only leaves, and as a fraction: a rate or a mean, by which nobody takes over memory.
fn leaves_as_fraction(program: &Program, findings: &[(Finding, bool)]) -> bool {
    findings.iter().all(|(finding, _)| match &finding.found {
        Found::Leaves(by) => {
            let mut functions = program.functions_named(by).iter();
            let is_rust = |it: &FunctionId| program.unit(it.unit).is_rust;
            functions.all(|it| {
                is_rust(it) && matches!(program.function(*it).returns.trim(), "f64" | "f32")
            })
        }
        Found::Unknown(_) | Found::IntoField { .. } => false,
        _ => true,
    })
}

/// Whether a location is a public static, or a public field of a public type, which the tree only adds to and sets, and
/// nothing here names for anything else. What is set with an order that hands over is no figure.
fn is_public_figure(program: &Program, id: LocationId, operations: &[Attached]) -> bool {
    let location = program.location(id);
    let is_set_only = operations.iter().all(|attached| match attached.op.kind {
        OpKind::Change => true,
        OpKind::Store => attached.op.order == Order::Relaxed,
        OpKind::Load | OpKind::Swap | OpKind::Exchange => false,
    });
    if !is_set_only
        || is_flag(&location.ty)
        || is_shared(program, &location.ty)
        || !program.is_public_location(id)
    {
        return false;
    }
    let is_for_others = |mention: &Site| {
        let is_operand = program
            .parent(*mention)
            .is_some_and(|parent| program.op(parent).is_some() && program.place(*mention) == 0);
        let targets = program.resolve(*mention);
        is_operand || !targets.contains(&Target::Location(id))
    };
    let mentions = if location.owner.is_empty() {
        program.names_named(&location.name)
    } else {
        program.members_named(&location.name)
    };
    mentions.iter().all(is_for_others)
        && !program.is_taken_by_pattern(&location.owner, &location.name)
}

/// Whether an atomic lies behind a pointer that others may have too: `Arc`, `Rc` or a reference, also
/// inside of a type of the tree.
fn is_shared(program: &Program, ty: &str) -> bool {
    let is_pointer = |ty: &str| {
        ty.contains("Arc<")
            || ty.contains("Rc<")
            || ty.contains("NonNull<")
            || ty.contains(['&', '*'])
    };
    let words = program.words(ty);
    let mut structures = program.units.iter().flat_map(|unit| &unit.structures);
    is_pointer(ty)
        || structures.any(|structure| {
            let mut fields = structure.fields.iter();
            words.contains(&structure.name) && fields.any(|field| is_pointer(&field.ty))
        })
}

fn never_read(program: &Program, operations: &[Attached]) -> (Class, Option<Reasons>) {
    let counts =
        |a: &Attached| a.op.kind == OpKind::Change || is_of_addition(program, operations, a);
    let only_counts = operations.iter().all(counts);
    let site = operations.first().map(|a| a.op.site);
    let say = |what: &str| site.map(|site| vec![(site, what.to_owned())]);
    if only_counts {
        (Class::Telemetry, say("counted and never read"))
    } else {
        (
            Class::Unknown,
            say("written and never read to an end that is seen"),
        )
    }
}

/// Whether an operation is half of an addition by the only one who writes: `hits.store(hits.load(Relaxed) + 1, Relaxed)`.
fn is_of_addition(program: &Program, operations: &[Attached], attached: &Attached) -> bool {
    let is_below = |site: Site, store: Site| {
        let mut operands = program.children(store).skip(1);
        operands.any(|operand| program.below(operand).contains(&site))
    };
    let is_half = |load: &Attached, store: &Attached| {
        load.op.kind == OpKind::Load
            && store.op.kind == OpKind::Store
            && load.calls == store.calls
            && is_below(load.op.site, store.op.site)
    };
    let mut others = operations.iter();
    others.any(|other| is_half(attached, other) || is_half(other, attached))
}

type Ordered = (Site, Order);

/// A plain store with release order that a load with acquire order may answer. The strongest order on both sides is
/// what is written where nobody thought of one, and what C++ takes where none is written.
fn publishes(operations: &[Attached]) -> Option<(Ordered, Ordered)> {
    let releases = |o: Order| matches!(o, Order::Release | Order::AcqRel | Order::SeqCst);
    let acquires = |o: Order| matches!(o, Order::Acquire | Order::AcqRel | Order::SeqCst);
    let changes = operations.iter().any(|a| a.op.kind == OpKind::Change);
    let is_meant = operations
        .iter()
        .any(|a| matches!(a.op.order, Order::Release | Order::Acquire | Order::AcqRel));
    if changes || !is_meant {
        return None;
    }
    let store = operations.iter().find(|a| {
        matches!(a.op.kind, OpKind::Store | OpKind::Swap | OpKind::Exchange) && releases(a.op.order)
    })?;
    let load = operations
        .iter()
        .find(|a| a.op.kind != OpKind::Store && acquires(a.op.order))?;
    Some((
        (store.op.site, store.op.order),
        (load.op.site, load.op.order),
    ))
}

/// How early a finding is shown for a class.
fn rank(class: Class, found: &Found) -> u32 {
    let decisive = found.is_decisive();
    match class {
        Class::Correctness if decisive => 0,
        Class::Unknown if matches!(found, Found::Unknown(_) | Found::Chosen(_)) => 0,
        Class::Exported if matches!(found, Found::Leaves(_) | Found::Printed(_)) => 0,
        Class::DiagControl if *found == Found::Message => 0,
        Class::Heuristic if matches!(found, Found::Reduced | Found::Room) => 0,
        Class::Telemetry if matches!(found, Found::Shown(_)) => 0,
        _ => 1,
    }
}
