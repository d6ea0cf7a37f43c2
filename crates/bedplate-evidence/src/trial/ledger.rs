//! Reruns of the same comparison.
//!
//! # Role
//! A file with a line for each start and each end of a comparison. Who repeats a comparison until he
//! likes the answer is wrong more often than each answer says; so each rerun gets a smaller share of
//! one error budget (`crate::ab::spending`).
//!
//! # Not here
//! Adding up the estimates of several comparisons: estimates that were picked because they were
//! good are too good, and their sum is wrong by all of it.
//!
//! # Invariants
//! I1. A rerun is counted before its first pair, so that one that is killed counts too; one that
//!     ended without a pair does not.
//! I2. A comparison is the same if both programs, all words and the environment are, whichever side
//!     is called A and whatever is measured.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::contestant::{Contestant, hexadecimal};
use super::surroundings::Surroundings;
use crate::ab::spending::error_of_rerun;
use crate::ab::verdict::Verdict;
use crate::error::RunError;

/// Version of the lines.
const LEDGER_VERSION: u32 = 1;

/// Why estimates are not added up.
pub const NO_SUMS: &str = "single estimates are not added up: the ones that were kept were kept because \
     they looked good, so their sum is too good, and effects of several changes need not add; compare \
     the program before all changes with the program after all of them in one run of `bedplate ab`";

/// The file.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Version of the layout.
    pub version: u32,
    /// Which comparison.
    pub key: String,
    /// Which of its reruns; 0 is the first run.
    pub rerun: u32,
    /// Seconds since 1970.
    pub unix_s: u64,
    /// Start or end.
    #[serde(flatten)]
    pub event: Event,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// It began.
    Started {
        /// The baseline's words.
        a: String,
        /// The candidate's.
        b: String,
        /// What is judged.
        metric: String,
        /// Chance of being wrong that it may spend.
        error: f64,
    },
    /// It ended.
    Ended {
        /// With this verdict, unless it was stopped.
        verdict: Option<Verdict>,
        /// After so many pairs.
        pairs: usize,
        /// By so many percent B takes more than A.
        change_percent: Option<f64>,
    },
}

/// A comparison as its lines tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Known {
    /// Which.
    pub key: String,
    /// The baseline's words at the first start.
    pub a: String,
    /// The candidate's.
    pub b: String,
    /// Starts that count.
    pub runs: u32,
    /// Chance of being wrong that is spent.
    pub spent: f64,
    /// Verdicts in order; none for a run that was stopped.
    pub verdicts: Vec<Option<Verdict>>,
}

/// Names a comparison.
#[must_use]
pub fn key(a: &Contestant, b: &Contestant, surroundings: &Surroundings) -> String {
    let mut sides = [a.identity(), b.identity()];
    sides.sort();
    let mut hash = Sha256::new();
    sides.iter().for_each(|side| hash.update(side));
    hash.update(surroundings.identity());
    hexadecimal(&hash.finalize())
}

impl Ledger {
    /// The ledger in this file, which need not exist yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a run of the comparison `key`; which rerun it is.
    ///
    /// # Errors
    /// `File`: the ledger cannot be read or written.
    pub fn start(
        &self,
        key: &str,
        unix_s: u64,
        words: [String; 2],
        metric: &str,
    ) -> Result<u32, RunError> {
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory).map_err(|source| self.failed(source))?;
        }
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path);
        let mut file = opened.map_err(|source| self.failed(source))?;
        // Until the file is closed: two that start together are two runs.
        file.lock().map_err(|source| self.failed(source))?;
        let known = self.read(&mut file)?;
        let rerun = known
            .iter()
            .find(|known| known.key == key)
            .map_or(0, |known| known.runs);
        let [a, b] = words;
        let line = Line {
            version: LEDGER_VERSION,
            key: key.to_owned(),
            rerun,
            unix_s,
            event: Event::Started {
                a,
                b,
                metric: metric.to_owned(),
                error: error_of_rerun(rerun),
            },
        };
        self.append(&mut file, &line)?;
        Ok(rerun)
    }

    /// Ends a run.
    ///
    /// # Errors
    /// `File`: the ledger cannot be written.
    pub fn end(&self, key: &str, rerun: u32, unix_s: u64, event: Event) -> Result<(), RunError> {
        let opened = OpenOptions::new().append(true).open(&self.path);
        let mut file = opened.map_err(|source| self.failed(source))?;
        file.lock().map_err(|source| self.failed(source))?;
        let line = Line {
            version: LEDGER_VERSION,
            key: key.to_owned(),
            rerun,
            unix_s,
            event,
        };
        self.append(&mut file, &line)
    }

    /// All comparisons, in the order of their first start; none where there is no file.
    ///
    /// # Errors
    /// `File`: it cannot be read, or a line of it is not ours.
    pub fn known(&self) -> Result<Vec<Known>, RunError> {
        match File::open(&self.path) {
            Ok(mut file) => self.read(&mut file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn append(&self, file: &mut File, line: &Line) -> Result<(), RunError> {
        let text = serde_json::to_string(line).map_err(|error| self.failed(error.into()))?;
        file.write_all((text + "\n").as_bytes())
            .map_err(|source| self.failed(source))
    }

    fn read(&self, file: &mut File) -> Result<Vec<Known>, RunError> {
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|source| self.failed(source))?;
        let mut known: Vec<Known> = Vec::new();
        for line in text.lines() {
            let line: Line =
                serde_json::from_str(line).map_err(|error| self.failed(error.into()))?;
            take(&mut known, line);
        }
        Ok(known)
    }

    fn failed(&self, source: std::io::Error) -> RunError {
        RunError::File {
            what: "the ledger of reruns",
            path: self.path.clone(),
            source,
            advice: "name another file with --ledger, or mend or remove this one",
        }
    }
}

/// Adds what a line tells.
fn take(known: &mut Vec<Known>, line: Line) {
    let found = known.iter().position(|known| known.key == line.key);
    match (line.event, found) {
        (Event::Started { a, b, error, .. }, found) => {
            let index = found.unwrap_or_else(|| {
                known.push(Known {
                    key: line.key,
                    a,
                    b,
                    runs: 0,
                    spent: 0.0,
                    verdicts: Vec::new(),
                });
                known.len() - 1
            });
            let comparison = &mut known[index];
            comparison.runs += 1;
            comparison.spent += error;
        }
        (Event::Ended { pairs: 0, .. }, Some(index)) => {
            let comparison = &mut known[index];
            comparison.runs = comparison.runs.saturating_sub(1);
            comparison.spent -= error_of_rerun(line.rerun);
        }
        (Event::Ended { verdict, .. }, Some(index)) => known[index].verdicts.push(verdict),
        // An end whose start somebody removed tells nothing.
        (Event::Ended { .. }, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(ledger: &Ledger, key: &str) -> u32 {
        let words = ["a".to_owned(), "b".to_owned()];
        ledger.start(key, 1, words, "wall").unwrap()
    }

    fn end(ledger: &Ledger, rerun: u32, pairs: usize) {
        let event = Event::Ended {
            verdict: Some(Verdict::Go),
            pairs,
            change_percent: Some(-3.0),
        };
        ledger.end("one", rerun, 2, event).unwrap();
    }

    #[test]
    fn reruns_are_counted_even_if_killed() {
        let place = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(&place.path().join("state/ledger"));
        assert!(ledger.known().unwrap().is_empty());
        assert_eq!(start(&ledger, "one"), 0);
        end(&ledger, 0, 40);
        assert_eq!(start(&ledger, "two"), 0);
        assert_eq!(start(&ledger, "one"), 1, "a rerun");
        assert_eq!(start(&ledger, "one"), 2, "the one before was killed");
        end(&ledger, 2, 0);
        assert_eq!(start(&ledger, "one"), 2, "without a pair it does not count");
        let known = ledger.known().unwrap();
        assert_eq!((known[0].runs, known[1].runs), (3, 1));
        assert_eq!(known[0].verdicts, [Some(Verdict::Go)]);
        assert!(known[0].spent > error_of_rerun(0) && known[0].spent < 0.05);
    }

    #[test]
    fn a_file_that_is_no_ledger_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("ledger");
        fs::write(&path, "something else\n").unwrap();
        let error = Ledger::at(&path).known().unwrap_err().to_string();
        assert!(error.contains("--ledger"), "{error}");
    }
}
