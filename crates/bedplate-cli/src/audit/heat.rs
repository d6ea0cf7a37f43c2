//! `bedplate audit --profile`: how often the operations ran, and what they can have cost.
//!
//! # Role
//! Joins executions of lines with the operations of the audit, and ranks the candidates by an upper
//! bound of the gain.
//!
//! # Invariants
//! I1. The count of an operation that locks is never less than how often it ran in the counted run.

use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::Reverse;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use bedplate_audit::report::Remarks;
use bedplate_audit::{Audit, Location, Operation};
use bedplate_evidence::RunError;
use bedplate_evidence::heat::counted::Workload;
use bedplate_evidence::heat::temperature::{HOT_PER_MILLION, WARM_PER_MILLION, per_million};
use bedplate_evidence::heat::{Bound, Heat, Places, cost};
use bedplate_evidence::report::units::{command_line, count, counted, seconds};
use bedplate_evidence::trial::Contestant;
use bedplate_evidence::versus::Interrupts;
use serde::Serialize;

use super::extent::Extent;
use crate::talk::say;

/// What a run of a command says about the operations of an audit.
#[derive(Debug, Serialize)]
pub(super) struct Profile {
    command: Vec<String>,
    counter: &'static str,
    instructions: u64,
    #[serde(flatten)]
    bound: Bound,
    formula: String,
    hot_per_million: f64,
    warm_per_million: f64,
    objects: Vec<String>,
    objects_without_lines: Vec<Blind>,
    /// One for each location of the audit that has operations, the largest bound first.
    pub(super) locations: Vec<Warmth>,
}

/// An object file without line tables.
#[derive(Debug, Serialize)]
struct Blind {
    path: String,
    instructions: u64,
}

/// How hot a location is.
#[derive(Debug, Serialize)]
pub(super) struct Warmth {
    /// Its place in the audit.
    #[serde(skip)]
    place: usize,
    is_candidate: bool,
    name: String,
    file: String,
    line: u32,
    pub(super) heat: Heat,
    pub(super) executions: u64,
    executions_per_million: f64,
    executions_per_s: Option<f64>,
    locked_executions: u64,
    pub(super) bound_percent: Option<f64>,
    operations: Vec<Ran>,
}

/// How often an operation ran.
#[derive(Debug, Serialize)]
struct Ran {
    file: String,
    line: u32,
    kind: &'static str,
    executions: Option<u64>,
    counted_by: CountedBy,
}

/// What the count of an operation is the count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum CountedBy {
    /// Locked instructions of its lines.
    LockedInstructions,
    /// Calls and jumps on its lines, and locked instructions: the operation is, or may be, in a
    /// function that was not inlined.
    Calls,
    /// The instruction of its lines that ran most often.
    Lines,
    /// Nothing: there was no code of its lines.
    NoCode,
}

/// Runs a command and counts the operations of an audit of `path`.
pub(super) fn profile(path: &Path, audit: &Audit, words: &[OsString]) -> Result<Profile, RunError> {
    let search_path = std::env::var_os("PATH");
    let search_path = search_path.as_deref();
    let interrupts = Interrupts::catch()?;
    let contestant = Contestant::find(words, search_path)?;
    let workload = Workload {
        contestant: &contestant,
        interrupts: &interrupts,
    };
    let directory = crate::ab::temporary()?;
    say("bedplate: running the command, then again under callgrind (about 60 times as long)\n");
    let bound = Bound {
        cpu_s: workload.cpu_s()?,
        locked_ns: cost::locked_ns(),
    };
    let counted = workload.count(directory.path(), search_path)?;
    let root = root_of(path)?;
    let places = Places::of(&counted, &root)?;
    let mut joined = Joined {
        places: &places,
        root: &root,
        texts: BTreeMap::new(),
    };
    let mut locations = Vec::new();
    for (place, location) in audit.locations.iter().enumerate() {
        if !location.operations.is_empty() {
            locations.push(joined.warmth(place, location, counted.instructions, &bound));
        }
    }
    locations.sort_by_key(|warmth| Reverse((warmth.locked_executions, warmth.executions)));
    Ok(Profile {
        command: contestant.shown_words(),
        counter: "callgrind",
        instructions: counted.instructions,
        formula: bound.formula(),
        bound,
        hot_per_million: HOT_PER_MILLION,
        warm_per_million: WARM_PER_MILLION,
        objects: places.seen,
        objects_without_lines: places
            .blind
            .into_iter()
            .map(|(path, instructions)| Blind { path, instructions })
            .collect(),
        locations,
    })
}

/// The directory that the files of an audit are named from.
fn root_of(path: &Path) -> Result<PathBuf, RunError> {
    let directory = if path.is_dir() {
        path
    } else {
        match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    };
    directory.canonicalize().map_err(|source| RunError::Unread {
        what: "the tree",
        path: directory.to_owned(),
        source,
        advice: "name a tree that can be read",
    })
}

/// The sources, and how often their lines ran.
struct Joined<'join> {
    places: &'join Places,
    root: &'join Path,
    texts: BTreeMap<String, String>,
}

impl Joined<'_> {
    fn warmth(
        &mut self,
        place: usize,
        location: &Location,
        instructions: u64,
        bound: &Bound,
    ) -> Warmth {
        let (mut executions, mut locked) = (0_u64, 0_u64);
        let mut operations = Vec::new();
        let mut seen = BTreeSet::new();
        for operation in &location.operations {
            let ran = self.ran(operation);
            // What stands on one line is counted once: the line's count holds all of it.
            let is_new = seen.insert((ran.file.clone(), ran.line, may_lock(operation)));
            let times = ran.executions.unwrap_or(0) * u64::from(is_new);
            executions += times;
            locked += if may_lock(operation) { times } else { 0 };
            operations.push(ran);
        }
        let has_code = operations.iter().any(|ran| ran.executions.is_some());
        let per_s = executions as f64 / bound.cpu_s;
        Warmth {
            place,
            is_candidate: location.class.is_removable(),
            name: location.name.clone(),
            file: location.declared.file.clone(),
            line: location.declared.line,
            heat: if has_code {
                Heat::of(executions, instructions)
            } else {
                Heat::NoCode
            },
            executions,
            executions_per_million: per_million(executions, instructions),
            executions_per_s: per_s.is_finite().then_some(per_s),
            locked_executions: locked,
            bound_percent: bound.percent(locked),
            operations,
        }
    }

    fn ran(&mut self, operation: &Operation) -> Ran {
        let file = &operation.at.file;
        let text = self.texts.entry(file.clone()).or_insert_with(|| {
            // Without its text the operation has the one line that the audit names.
            fs::read_to_string(self.root.join(file)).unwrap_or_default()
        });
        let lines: Vec<&str> = text.lines().collect();
        let extent = Extent::of(&lines, operation.at.line);
        let counts: Vec<_> = extent
            .lines
            .filter_map(|line| self.places.line(file, line))
            .collect();
        let locked: u64 = counts.iter().map(|line| line.locked).sum();
        let leaving: u64 = counts.iter().map(|line| line.leaving).sum();
        let most = counts.iter().map(|line| line.most).max();
        let (executions, counted_by) = match (most, may_lock(operation)) {
            (None, _) => (None, CountedBy::NoCode),
            (_, true) if locked > 0 && (extent.has_method || leaving == 0) => {
                (Some(locked), CountedBy::LockedInstructions)
            }
            (_, true) if leaving > 0 => (Some(locked + leaving), CountedBy::Calls),
            (most, _) => (most, CountedBy::Lines),
        };
        Ran {
            file: file.clone(),
            line: operation.at.line,
            kind: operation.kind,
            executions,
            counted_by,
        }
    }
}

/// Whether an operation is a locked instruction on x86-64.
fn may_lock(operation: &Operation) -> bool {
    match operation.kind {
        "load" => false,
        "store" => matches!(operation.order, "sequentially consistent" | "unknown order"),
        _ => true,
    }
}

impl Profile {
    /// What a report says of it.
    pub(super) fn remarks(&self, audit: &Audit) -> Remarks {
        let candidates = self.locations.iter().filter(|it| it.is_candidate);
        let mut order: Vec<usize> = candidates.map(|warmth| warmth.place).collect();
        let unused = audit.candidate_places().into_iter();
        let unused: Vec<usize> = unused.filter(|place| !order.contains(place)).collect();
        order.extend(unused);
        Remarks {
            head: self.head(),
            order: Some(order),
            of: self
                .locations
                .iter()
                .map(|warmth| (warmth.place, warmth.said()))
                .collect(),
        }
    }

    fn head(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "Profile of `{}`: {} instructions (callgrind), {} of CPU time without the counter.",
                command_line(&self.command),
                count(self.instructions),
                seconds(self.bound.cpu_s),
            ),
            format!(
                "HOT: at least {HOT_PER_MILLION} executions in a million instructions; WARM: at least \
                 {WARM_PER_MILLION}; COLD: fewer; DEAD: its code did not run; NO-CODE: what ran has no \
                 code of its lines."
            ),
            format!(
                "Candidates by the upper bound of the gain: {}. Only the locked instructions are in \
                 it. Where threads contend for a location each of them can cost several times as \
                 much, and the bound does not hold.",
                self.formula
            ),
        ];
        if let [first, ..] = self.objects_without_lines.as_slice() {
            lines.push(format!(
                "Without line tables, so not seen: {}, most of it {} ({} instructions).",
                counted(self.objects_without_lines.len() as u64, "file", "files"),
                first.path,
                count(first.instructions),
            ));
        }
        lines
    }
}

impl Warmth {
    fn said(&self) -> String {
        let rate = self.executions_per_s.map_or_else(String::new, |rate| {
            format!(", {rate:.3e} per second of CPU time")
        });
        match self.heat {
            Heat::NoCode => format!("{}: what ran has no code of its lines", self.heat),
            Heat::Dead => format!("{}: 0 executions in this run", self.heat),
            _ => format!(
                "{}: at most {}, {:.2} in a million instructions{rate}; {}",
                self.heat,
                counted(self.executions, "execution", "executions"),
                self.executions_per_million,
                self.bound_said()
            ),
        }
    }

    fn bound_said(&self) -> String {
        match self.bound_percent {
            _ if self.locked_executions == 0 => {
                "none of them locks: no bound to speak of".to_owned()
            }
            Some(percent) => format!(
                "gain at most {percent:.2} % of the time ({} locked)",
                count(self.locked_executions)
            ),
            None => "the run took too little CPU time for a bound".to_owned(),
        }
    }
}
