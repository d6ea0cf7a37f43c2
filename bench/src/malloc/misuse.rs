//! Misuse that is caught.
//!
//! # Role
//! Commits every case of `bench/programs/misuse.txt`, each in a process of its own, and counts
//! those that are caught: the process ends with a failure, and a message names an address of the
//! case and the class of misuse.
//!
//! # Not here
//! What a case does: `bench/programs/misuse.c`, which also prints the table.
//!
//! # Invariants
//! - I1: the table is the whole cross product of what the program knows, fixed before anything was
//!   mended; a table that is not the program's is refused.

use crate::contender::{self, Contender, HARDENED, OURS};
use crate::failure::Failure;
use crate::program;
use crate::row::{Figure, Measured};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The cases, one a line: KIND/BYTES/THREAD/WHEN.
const TABLE: &str = include_str!("../../programs/misuse.txt");

/// What a case came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Stopped, with a message that names address and class.
    Caught,
    /// Ended with a failure, and no such message: killed by a signal, or another message.
    Stopped,
    /// Nobody noticed.
    Missed,
}

/// Counts of one kind, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counted {
    cases: u32,
    caught: u32,
    stopped: u32,
}

impl Counted {
    fn add(&mut self, outcome: Outcome) {
        self.cases += 1;
        match outcome {
            Outcome::Caught => self.caught += 1,
            Outcome::Stopped => self.stopped += 1,
            Outcome::Missed => {}
        }
    }

    fn percent(self) -> f64 {
        f64::from(self.caught) * 100.0 / f64::from(self.cases.max(1))
    }
}

/// Answers the row about the default library, and that about the hardened one: each has the other's
/// figure beside the peers'.
pub(crate) fn measure(contenders: &[Contender]) -> [Measured; 2] {
    let program = program::compile("misuse.c", "misuse", &["-fPIE", "-pie"])
        .and_then(|path| check_table(&path).map(|()| path));
    let hardened = contender::hardened();
    let figures: BTreeMap<String, Figure> = contenders
        .iter()
        .chain([&hardened])
        .map(|contender| {
            eprintln!("misuse: {}", contender.name);
            let figure = match &program {
                Ok(path) => figure(path, contender),
                Err(failure) => Figure::plain(Err(failure.clone())),
            };
            (contender.name.clone(), figure)
        })
        .collect();
    [OURS, HARDENED].map(|ours| answer(&figures, ours))
}

fn answer(figures: &BTreeMap<String, Figure>, ours: &str) -> Measured {
    let mut peers = figures.clone();
    let own = peers.remove(ours).unwrap_or_else(|| {
        Figure::plain(Err(Failure::Output {
            program: "bedplate-bench".to_owned(),
            what: "our own library is not among the contenders".to_owned(),
        }))
    });
    if let Some(default) = peers.remove(OURS) {
        peers.insert("default".to_owned(), default);
    }
    Measured {
        configuration: format!(
            "default settings, preloaded; all {} cases of bench/programs/misuse.txt; caught: a \
             failure and a message with the address and the class of misuse",
            TABLE.lines().count()
        ),
        ours: own,
        peers,
    }
}

/// The table must be the program's.
fn check_table(path: &Path) -> Result<(), Failure> {
    let output = Command::new(path)
        .arg("list")
        .output()
        .map_err(|error| Failure::Start {
            program: path.display().to_string(),
            error: error.to_string(),
        })?;
    if output.stdout == TABLE.as_bytes() {
        return Ok(());
    }
    Err(Failure::Output {
        program: "misuse list".to_owned(),
        what: "another table than bench/programs/misuse.txt".to_owned(),
    })
}

fn figure(path: &Path, contender: &Contender) -> Figure {
    match run_all(path, contender) {
        Ok(kinds) => {
            let mut all = Counted::default();
            for counted in kinds.values() {
                all.cases += counted.cases;
                all.caught += counted.caught;
                all.stopped += counted.stopped;
            }
            Figure {
                value: Ok(all.percent()),
                note: Some(note(all, &kinds)),
            }
        }
        Err(failure) => Figure::plain(Err(failure)),
    }
}

fn note(all: Counted, kinds: &BTreeMap<&str, Counted>) -> String {
    let by_kind: Vec<String> = kinds
        .iter()
        .map(|(kind, counted)| format!("{kind} {:.0}", counted.percent()))
        .collect();
    format!(
        "{} of {} caught, {} more ended by a signal or another message; percent by kind: {}",
        all.caught,
        all.cases,
        all.stopped,
        by_kind.join(", ")
    )
}

/// Runs every case, as many at a time as there are cores.
fn run_all(path: &Path, contender: &Contender) -> Result<BTreeMap<&'static str, Counted>, Failure> {
    let cases: Vec<&str> = TABLE.lines().collect();
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(BTreeMap::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = || -> Result<(), Failure> {
            // Relaxed: only the number matters.
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = run(path, contender, case)?;
                let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                let entry: &mut Counted = counts.entry(kind_of(case)).or_default();
                entry.add(outcome);
            }
            Ok(())
        };
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| Failure::Ended {
                program: "misuse".to_owned(),
                how: "a worker of the bench panicked".to_owned(),
            })?
        })
    })?;
    Ok(counts.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn kind_of(case: &'static str) -> &'static str {
    case.split('/').next().unwrap_or(case)
}

fn run(path: &Path, contender: &Contender, case: &str) -> Result<Outcome, Failure> {
    let mut command = Command::new(path);
    command.arg(case);
    program::preload(&mut command, contender)?;
    let output = command.output().map_err(|error| Failure::Start {
        program: path.display().to_string(),
        error: error.to_string(),
    })?;
    check_active(contender, &output)?;
    match output.status.code() {
        Some(2 | 4) => Err(Failure::Ended {
            program: format!("misuse {case}"),
            how: output.status.to_string(),
        }),
        _ => Ok(judge(case, &output)),
    }
}

fn check_active(contender: &Contender, output: &Output) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(&output.stdout);
    let served_by = text.lines().next().unwrap_or_default();
    match &contender.library {
        Ok(Some(library)) if library.as_path() != Path::new(served_by) => Err(Failure::NotActive {
            expected: library.clone(),
            served_by: served_by.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn judge(case: &str, output: &Output) -> Outcome {
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    let is_named = printed
        .lines()
        .filter_map(|line| line.strip_prefix("address "))
        .any(|address| names(&said, address));
    let is_classed = words(case).iter().any(|word| said.contains(word));
    // 3: there is no such function here.
    let is_failed = !output.status.success() && output.status.code() != Some(3);
    if !is_failed || output.status.signal() == Some(SIGALRM) {
        Outcome::Missed
    } else if is_named && is_classed {
        Outcome::Caught
    } else {
        Outcome::Stopped
    }
}

/// The program's own alarm: it ran for ever.
const SIGALRM: i32 = 14;

/// True if a text has the address, and not merely one that begins so.
fn names(text: &str, address: &str) -> bool {
    text.match_indices(address).any(|(at, _)| {
        let after = text.get(at + address.len()..).unwrap_or_default();
        !after.starts_with(|next: char| next.is_ascii_hexdigit())
    })
}

/// The words that a message about a case must have one of.
fn words(case: &str) -> &'static [&'static str] {
    let kind = case.split('/').next().unwrap_or_default();
    match kind {
        "free-sized" | "delete-sized" | "free-aligned-sized" => &["wrong size"],
        "realloc-freed" | "size-of-freed" => &["use after free", "double free"],
        _ if kind.starts_with("double-free") => &["double free"],
        _ if kind.starts_with("free-") => &["invalid free"],
        // Who wrote over a link, its last owner or its neighbour, is not to be seen.
        _ => &["overflow", "underflow", "use after free"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitStatus;

    fn ended(status: i32, stdout: &str, stderr: &str) -> Output {
        Output {
            status: ExitStatus::from_raw(status),
            stdout: stdout.as_bytes().to_vec(),
            stderr: stderr.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_table_has_the_whole_cross_product() {
        assert_eq!(TABLE.lines().count(), 1221);
        for kind in ["double-free", "overflow-8", "write-freed", "free-sized"] {
            let cases = TABLE.lines().filter(|case| kind_of(case) == kind).count();
            assert_eq!(cases, 7 * 3 * 3, "{kind}");
        }
    }

    #[test]
    fn only_a_failure_with_address_and_class_is_caught() {
        const CASE: &str = "double-free/16/same/now";
        const SAID: &str = "libx.so\naddress 0x7f10\n";
        let judged = |status, stderr| judge(CASE, &ended(status, SAID, stderr));
        assert_eq!(judged(6, "double free of 0x7f10, a block"), Outcome::Caught);
        assert_eq!(judged(0, "double free of 0x7f10, a block"), Outcome::Missed);
        assert_eq!(judged(6, "double free of 0x7f100"), Outcome::Stopped);
        assert_eq!(judged(6, "invalid free of 0x7f10"), Outcome::Stopped);
        assert_eq!(judged(11, ""), Outcome::Stopped);
        assert_eq!(judged(14, ""), Outcome::Missed);
        assert_eq!(judged(3 << 8, ""), Outcome::Missed);
    }
}
