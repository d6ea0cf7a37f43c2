//! Step 0: whether the code in question ran.
//!
//! # Role
//! Runs each side once under callgrind and looks how often the lines in question ran; where some did
//! not, sets the variables that the sources ask for and looks again.
//!
//! # Not here
//! What a comparison is worth when the code ran: that is measured.
//!
//! # Invariants
//! I1. Code that did not run is never compared unless that was asked for.
//! I2. A variable is named only if a run with it set executed what the run without it did not.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Serialize;

use super::asked::asked_for;
use super::build::{Built, CodeLines};
use super::layout::Layouts;
use super::lines::{Lines, Place, count_instructions};
use super::question::in_question;
use crate::ab::Side;
use crate::error::RunError;
use crate::run::once::run_once_within;
use crate::trial::Contestant;
use crate::trial::limit::{Limit, exceeded};
use crate::trial::measure::how;
use crate::trial::surroundings::Surroundings;
use crate::trial::witness::{Counter, callgrind_total};
use crate::versus::Interrupts;

/// Lines that a report names.
const LINES_MAX: usize = 12;

/// Variables that are tried one by one.
const TRIALS_MAX: usize = 12;

/// What step 0 found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Execution {
    /// Whether the code in question ran; none if it is not known.
    pub ran: Option<bool>,
    /// The finding in words.
    pub said: String,
    /// Lines in question of A and B.
    pub lines_in_question: [usize; 2],
    /// Those that ran.
    pub lines_that_ran: [usize; 2],
    /// How often the most executed of them ran.
    pub executions: u64,
    /// Of how many executions, where none happened: of the code before it, or of itself with the
    /// variables set.
    pub of: Option<u64>,
    /// Variables that are unset and decide it.
    pub guarded_by: Vec<String>,
    /// Variables that were set to see whether they do.
    pub tried: Vec<String>,
    /// Some lines in question with how often they ran.
    pub lines: Vec<Ran>,
    /// Some lines in question that did not run, as `FILE:LINE`.
    pub unrun: Vec<String>,
}

/// A line in question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// On which side it has code.
    pub side: Side,
    /// Its file.
    pub file: String,
    /// Its number.
    pub line: u32,
    /// How often it ran.
    pub executions: u64,
}

/// What step 0 needs.
#[derive(Debug)]
pub struct Step0<'step> {
    /// Both sides as built.
    pub built: [&'step Built; 2],
    /// Their commands.
    pub contestants: [&'step Contestant; 2],
    /// Where the programs are.
    pub layouts: &'step Layouts,
    /// Environment and input.
    pub surroundings: &'step Surroundings,
    /// What ends it early.
    pub interrupts: &'step Interrupts,
    /// valgrind.
    pub valgrind: &'step Path,
    /// For the counter's files.
    pub directory: &'step Path,
    /// Lines of A and of B that are in question, files below the sources' root; without any, those
    /// that the sides differ in.
    pub questions: Option<[BTreeSet<(String, u32)>; 2]>,
    /// How long a run may take, before it is slowed down.
    pub limit: Limit,
}

/// What step 0 knows besides the two sides, and learns.
#[derive(Debug, Default)]
pub struct Background {
    /// Where else the code of a gate is, and where not.
    pub elsewhere: Option<Elsewhere>,
    /// A was run for another comparison with the same A.
    base: Option<Run>,
    /// B was run.
    instructions: Option<u64>,
}

/// Other builds of the same sources, by which the code of one gate is told from code that gates
/// share. Such a gate only adds code, and no variable decides whether it runs.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    /// Builds that have the gate too.
    pub with: Vec<CodeLines>,
    /// Builds that have it not, with other gates.
    pub without: Vec<CodeLines>,
}

impl Background {
    /// Of a comparison whose A was run before.
    #[must_use]
    pub fn after(self) -> Self {
        Self {
            base: self.base,
            ..Self::default()
        }
    }

    /// Instructions of A and of B, once both ran to the end.
    #[must_use]
    pub fn counted(&self) -> Option<[u64; 2]> {
        Some([self.base.as_ref()?.instructions, self.instructions?])
    }
}

impl Elsewhere {
    /// Of the lines that B has and A has not, those that are the gate's own; all of them where none
    /// is its own, for then it has no code but what gates share.
    fn own(&self, question: BTreeSet<Place>) -> BTreeSet<Place> {
        let is_own = |place: &&Place| {
            self.with.iter().all(|lines| lines.0.contains(*place))
                && !self.without.iter().any(|lines| lines.0.contains(*place))
        };
        let own: BTreeSet<Place> = question.iter().filter(is_own).cloned().collect();
        if own.is_empty() { question } else { own }
    }
}

/// One run under callgrind.
#[derive(Clone, Debug, Default)]
struct Run {
    counts: Counts,
    took: Duration,
    instructions: u64,
}

/// Why step 0 has no finding.
#[derive(Debug)]
pub enum Unwitnessed {
    /// A run ended with an error, or was interrupted.
    Run {
        /// Whose.
        side: Side,
        /// How it ended.
        how: String,
    },
    /// This signal arrived.
    Interrupted(i32),
    /// We failed.
    Error(RunError),
}

impl From<RunError> for Unwitnessed {
    fn from(error: RunError) -> Self {
        Self::Error(error)
    }
}

impl Execution {
    /// What did not run of code that ran otherwise: a line in question may be there only because the
    /// optimiser treated it otherwise, so that it ran says nothing of the others.
    #[must_use]
    pub fn unrun_said(&self) -> Option<String> {
        let all: usize = self.lines_in_question.iter().sum();
        let ran: usize = self.lines_that_ran.iter().sum();
        let unrun = all.saturating_sub(ran);
        if self.ran != Some(true) || unrun == 0 {
            return None;
        }
        let more = match unrun.saturating_sub(self.unrun.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "NOT ALL RAN: {unrun} of {all} lines in question did not run: {}{more}; if what is tried out \
             is among them, it was not measured",
            self.unrun.join(", ")
        ))
    }

    /// Of sides that are the same though one has these lines and the other not.
    #[must_use]
    pub fn without_code(questions: &[BTreeSet<(String, u32)>; 2]) -> Self {
        let lines = questions.iter().flatten();
        let lines: Vec<String> = lines.map(|(file, line)| format!("{file}:{line}")).collect();
        Self {
            ran: Some(false),
            said: format!(
                "NO CODE: nothing in these builds stands for {}: a feature or a cfg leaves it out, or the \
                 optimiser did (--features NAME builds a feature in)",
                lines.join(", ")
            ),
            ..Self::default()
        }
    }

    /// Of a comparison whose step 0 was left out, with the reason.
    #[must_use]
    pub fn unknown(because: &str) -> Self {
        Self {
            said: format!("whether the code in question ran was not measured: {because}"),
            ..Self::default()
        }
    }
}

/// How often each line of a side ran.
type Counts = BTreeMap<Place, u64>;

/// Both sides, looked at.
struct Seen<'step> {
    step: &'step Step0<'step>,
    lines: [Lines; 2],
    questions: [BTreeSet<Place>; 2],
    files: BTreeSet<String>,
}

impl Step0<'_> {
    /// Runs each side once, or twice and more where code did not run.
    ///
    /// # Errors
    /// A side failed, an interrupt, or a file could not be read.
    pub fn find(&self) -> Result<Execution, Unwitnessed> {
        self.find_with(&mut Background::default())
    }

    /// Likewise, with what is known besides, to which it adds what it learns.
    ///
    /// # Errors
    /// Those of [`Self::find`].
    pub fn find_with(&self, background: &mut Background) -> Result<Execution, Unwitnessed> {
        let [a, b] = self.layouts.paths();
        let lines = [
            lines_of(a, &self.built[0].recipe.root)?,
            lines_of(b, &self.built[1].recipe.root)?,
        ];
        let code = [lines[0].all(), lines[1].all()];
        let recipes = [&self.built[0].recipe, &self.built[1].recipe];
        let mut questions = match &self.questions {
            None => in_question(recipes, [&code[0], &code[1]])?,
            Some([a, b]) => {
                let with_code = |lines: &BTreeSet<Place>, code: &BTreeSet<Place>| {
                    lines.intersection(code).cloned().collect()
                };
                [with_code(a, &code[0]), with_code(b, &code[1])]
            }
        };
        if let Some(elsewhere) = &background.elsewhere {
            let [_moved, added] = questions;
            questions = [BTreeSet::new(), elsewhere.own(added)];
        }
        let files = code.iter().flatten().map(|place| place.0.clone()).collect();
        let seen = Seen {
            step: self,
            lines,
            questions,
            files,
        };
        seen.find(background)
    }
}

fn lines_of(path: &Path, root: &Path) -> Result<Lines, RunError> {
    Lines::open(path, root).map_err(|source| RunError::System {
        what: "read the lines of what was built",
        source,
    })
}

impl Seen<'_> {
    fn find(&self, background: &mut Background) -> Result<Execution, Unwitnessed> {
        if self.questions.iter().all(BTreeSet::is_empty) {
            if self.step.questions.is_some() {
                return Ok(Execution {
                    ran: Some(false),
                    said: "0 executions: the lines in question have no code in what was built, so they \
                           are not built in, or the compiler dropped them"
                        .to_owned(),
                    ..Execution::default()
                });
            }
            return Ok(Execution {
                said:
                    "no line has code on one side only, so lines do not tell whether the code in \
                       question ran"
                        .to_owned(),
                ..Execution::default()
            });
        }
        let base = match background.base.take() {
            Some(base) => base,
            None => self.run(Side::A, &[], self.step.limit.of_counted(&self.counter()))?,
        };
        let limit = self.limit_after(base.took);
        let with = self.run(Side::B, &[], limit)?;
        background.instructions = Some(with.instructions);
        let counts = [&background.base.insert(base).counts, &with.counts];
        let mut found = self.tallied(counts);
        if found.lines_that_ran == found.lines_in_question {
            return Ok(found);
        }
        if background.elsewhere.is_none() {
            self.search_guards(counts, limit, &mut found)?;
        }
        if found.executions == 0 && found.of.is_none() {
            found.of = Some(self.passed(counts));
        }
        found.said = said(&found);
        Ok(found)
    }

    fn tallied(&self, counts: [&Counts; 2]) -> Execution {
        let mut found = Execution {
            lines_in_question: [self.questions[0].len(), self.questions[1].len()],
            ..Execution::default()
        };
        // Of equally executed lines B's come first: they are what is tried out.
        for side in [Side::B, Side::A] {
            let index = side as usize;
            for place in &self.questions[index] {
                let executions = counts[index].get(place).copied().unwrap_or(0);
                found.lines_that_ran[index] += usize::from(executions > 0);
                found.executions = found.executions.max(executions);
                if executions == 0 && found.unrun.len() < LINES_MAX {
                    found.unrun.push(format!("{}:{}", place.0, place.1));
                }
                found.lines.push(Ran {
                    side,
                    file: place.0.clone(),
                    line: place.1,
                    executions,
                });
            }
        }
        found
            .lines
            .sort_by_key(|ran| core::cmp::Reverse(ran.executions));
        found.lines.truncate(LINES_MAX);
        found.ran = Some(found.executions > 0);
        found.said = said(&found);
        found
    }

    /// Sets variables that the sources ask for, to see whether what did not run then does.
    fn search_guards(
        &self,
        counts: [&Counts; 2],
        limit: Option<Duration>,
        found: &mut Execution,
    ) -> Result<(), Unwitnessed> {
        let root = &self.step.built[1].recipe.root;
        let kept = self.step.surroundings.kept();
        let asked: Vec<String> = asked_for(root, self.files.iter().map(String::as_str))
            .into_iter()
            .filter(|name| !kept.contains_key(name))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        found.tried.clone_from(&asked);
        let (all, mut guards) = (self.opened(counts, limit, &asked)?, Vec::new());
        let mut opened = all.unwrap_or(0);
        if asked.len() == 1 && opened > 0 {
            guards.clone_from(&asked);
        } else if opened > 0 || all.is_none() {
            for name in asked.iter().take(TRIALS_MAX) {
                let alone = self
                    .opened(counts, limit, core::slice::from_ref(name))?
                    .unwrap_or(0);
                if alone > 0 {
                    opened = opened.max(alone);
                    guards.push(name.clone());
                }
            }
            if guards.is_empty() && opened > 0 {
                guards.clone_from(&asked);
            }
        }
        if !guards.is_empty() {
            found.ran = Some(false);
            found.of = Some(opened);
            found.guarded_by = guards;
        }
        Ok(())
    }

    /// How often what did not run does with these variables set; none if that run failed.
    fn opened(
        &self,
        counts: [&Counts; 2],
        limit: Option<Duration>,
        variables: &[String],
    ) -> Result<Option<u64>, Unwitnessed> {
        let mut most = 0;
        for side in [Side::A, Side::B] {
            let index = side as usize;
            let closed = |place: &&Place| !counts[index].contains_key(*place);
            let mut closed = self.questions[index].iter().filter(closed).peekable();
            if closed.peek().is_none() {
                continue;
            }
            let with = match self.run(side, variables, limit) {
                Ok(with) => with.counts,
                Err(Unwitnessed::Run { .. }) => return Ok(None),
                Err(other) => return Err(other),
            };
            let ran = closed.filter_map(|place| with.get(place).copied());
            most = ran.max().unwrap_or(0).max(most);
        }
        Ok(Some(most))
    }

    /// How often the code just before the lines in question ran.
    fn passed(&self, counts: [&Counts; 2]) -> u64 {
        let before = |index: usize, place: &Place| {
            let start = (place.0.clone(), 0);
            let mut above = counts[index].range(start..place.clone());
            above.next_back().map_or(0, |(_place, &count)| count)
        };
        let of_side = |index: usize| {
            let passed = self.questions[index]
                .iter()
                .map(move |it| before(index, it));
            passed.max().unwrap_or(0)
        };
        of_side(0).max(of_side(1))
    }

    fn counter(&self) -> Counter {
        Counter::Callgrind(self.step.valgrind.to_owned())
    }

    /// How long runs may take after A took so long.
    fn limit_after(&self, took: Duration) -> Option<Duration> {
        self.step.limit.after_counted(&self.counter(), took)
    }

    /// Runs a side once under callgrind.
    fn run(
        &self,
        side: Side,
        variables: &[String],
        limit: Option<Duration>,
    ) -> Result<Run, Unwitnessed> {
        let step = self.step;
        let index = side as usize;
        let counter = self.counter();
        let inner = step.contestants[index].command();
        let mut command = counter.command_by_instruction(&inner, step.directory);
        step.surroundings.apply(&mut command, 0)?;
        for name in variables {
            command.env(name, "1");
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let once = run_once_within(&mut command, step.valgrind, step.interrupts, limit)?;
        if once.is_late {
            // Whatever it wrote is of no use, and must not be taken for another run's.
            taken(step.directory)?;
            let how = exceeded(limit);
            return Err(Unwitnessed::Run { side, how });
        }
        if let Some(signal) = step.interrupts.signal().or(once.interrupted_by()) {
            return Err(Unwitnessed::Interrupted(signal));
        }
        let texts = taken(step.directory)?;
        if once.ended.code != Some(0) {
            let said = String::from_utf8_lossy(&once.error_tail).trim().to_owned();
            return Err(Unwitnessed::Run {
                side,
                how: format!("{}: {said}", how(&once.ended)),
            });
        }
        let mut counts = BTreeMap::new();
        for text in &texts {
            count_instructions(text, &step.layouts.paths()[index], &mut counts);
        }
        if counts.is_empty() {
            return Err(Unwitnessed::Run {
                side,
                how: "the command ran without executing anything of what was built".to_owned(),
            });
        }
        Ok(Run {
            took: Duration::try_from_secs_f64(once.wall_s).unwrap_or_default(),
            counts: self.lines[index].executed(&counts),
            instructions: texts.iter().filter_map(|text| callgrind_total(text)).sum(),
        })
    }
}

/// The counter's files, which are removed.
pub(crate) fn taken(directory: &Path) -> Result<Vec<String>, RunError> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path)?;
        fs::remove_file(&path)?;
        Ok::<String, std::io::Error>(text)
    };
    fs::read_dir(directory)
        .and_then(|entries| {
            entries
                .flatten()
                .filter(|entry| Counter::is_file_of_callgrind(&entry.file_name()))
                .map(|entry| read(entry.path()))
                .collect()
        })
        .map_err(|source| RunError::System {
            what: "read the counts of instructions",
            source,
        })
}

fn said(found: &Execution) -> String {
    let ran: usize = found.lines_that_ran.iter().sum();
    let all: usize = found.lines_in_question.iter().sum();
    let names = found.guarded_by.join(", ");
    let of = found.of.unwrap_or(0);
    match (found.ran, found.guarded_by.len()) {
        (Some(true), _) => format!(
            "the code in question ran: {ran} of {all} lines, up to {} executions",
            found.executions
        ),
        (_, 1..) if ran > 0 => format!(
            "the code that {names} guards did not run: 0 of {of} executions, as {names} is unset; \
             {ran} of {all} lines in question ran without it"
        ),
        (_, 1..) => format!("0 of {of} executions: {names} is unset and decides it"),
        _ => {
            let tried = if found.tried.is_empty() {
                String::new()
            } else {
                format!("; setting {} changes nothing", found.tried.join(", "))
            };
            format!("0 of {of} executions: none of {all} lines in question ran{tried}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(numbers: &[u32]) -> BTreeSet<Place> {
        let place = |&line: &u32| ("x.rs".to_owned(), line);
        numbers.iter().map(place).collect()
    }

    #[test]
    fn lines_that_did_not_run_are_named_where_others_did() {
        let mut found = Execution {
            ran: Some(true),
            lines_in_question: [1, 3],
            lines_that_ran: [1, 1],
            unrun: vec!["x.rs:8".to_owned()],
            ..Execution::default()
        };
        let said = found.unrun_said().unwrap();
        assert!(
            said.contains("2 of 4 lines in question did not run: x.rs:8 and 1 more;"),
            "{said}"
        );
        found.lines_that_ran = [1, 3];
        assert_eq!(found.unrun_said(), None);
        // That nothing ran is the verdict itself.
        found.lines_that_ran = [0, 0];
        found.ran = Some(false);
        assert_eq!(found.unrun_said(), None);
    }

    #[test]
    fn a_gates_own_lines_are_those_that_no_other_gate_has() {
        let code = |numbers: &[u32]| CodeLines(lines(numbers));
        let elsewhere = Elsewhere {
            with: vec![code(&[1, 2, 3, 4])],
            without: vec![code(&[1]), code(&[2, 9])],
        };
        assert_eq!(elsewhere.own(lines(&[1, 2, 3, 7])), lines(&[3]));
        assert_eq!(elsewhere.own(lines(&[1, 2])), lines(&[1, 2]));
    }

    #[test]
    fn what_is_known_of_the_base_outlives_a_comparison() {
        let mut background = Background {
            base: Some(Run {
                took: Duration::ZERO,
                instructions: 7,
                ..Run::default()
            }),
            ..Background::default()
        };
        assert_eq!(background.counted(), None);
        background.instructions = Some(9);
        assert_eq!(background.counted(), Some([7, 9]));
        let next = background.after();
        assert_eq!((next.counted(), next.base.is_some()), (None, true));
    }
}
