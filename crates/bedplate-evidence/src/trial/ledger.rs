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
        /// The campaign that it is part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        campaign: Option<String>,
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
    /// A campaign ended; the line's key is the campaign's.
    Campaign {
        /// What was compared, and under which key.
        members: Vec<(String, String)>,
        /// The key of all together against none, once it began.
        joint: Option<String>,
        /// Its verdict.
        verdict: Option<Verdict>,
        /// By so many percent all of them together take more.
        change_percent: Option<f64>,
    },
}

/// The part of a budget that a comparison may spend.
#[derive(Clone, Debug)]
pub struct Share {
    /// Of the error of each of its runs.
    pub of_error: f64,
    /// The campaign that it is part of.
    pub campaign: Option<String>,
}

impl Default for Share {
    /// Of a comparison by itself.
    fn default() -> Self {
        Self {
            of_error: 1.0,
            campaign: None,
        }
    }
}

/// A campaign as its line tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KnownCampaign {
    /// Which.
    pub key: String,
    /// What was compared, and under which key.
    pub members: Vec<(String, String)>,
    /// The key of all together against none.
    pub joint: Option<String>,
    /// Its verdict.
    pub verdict: Option<Verdict>,
    /// By so many percent all of them together take more.
    pub change_percent: Option<f64>,
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
    /// Campaigns that it was part of.
    pub campaigns: Vec<String>,
    /// What each start that counts may spend, by the number of its rerun.
    #[serde(skip)]
    errors: Vec<(u32, f64)>,
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

/// Names a campaign: its base, the environment, and what is tried out.
#[must_use]
pub fn campaign_key<'name>(
    base: &Contestant,
    surroundings: &Surroundings,
    names: impl Iterator<Item = &'name str>,
) -> String {
    let mut hash = Sha256::new();
    hash.update(base.identity());
    hash.update(surroundings.identity());
    for name in names {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
    }
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
        self.start_share(key, unix_s, words, metric, &Share::default())
    }

    /// Likewise, of a comparison that may spend a share of the budget only.
    ///
    /// # Errors
    /// Those of [`Self::start`].
    pub fn start_share(
        &self,
        key: &str,
        unix_s: u64,
        words: [String; 2],
        metric: &str,
        share: &Share,
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
        let known = comparisons(self.read(&mut file)?);
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
                error: error_of_rerun(rerun) * share.of_error,
                campaign: share.campaign.clone(),
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
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path);
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
        Ok(comparisons(self.lines()?))
    }

    /// All campaigns that ended, in order.
    ///
    /// # Errors
    /// Those of [`Self::known`].
    pub fn campaigns(&self) -> Result<Vec<KnownCampaign>, RunError> {
        let campaign = |line: Line| match line.event {
            Event::Campaign {
                members,
                joint,
                verdict,
                change_percent,
            } => Some(KnownCampaign {
                key: line.key,
                members,
                joint,
                verdict,
                change_percent,
            }),
            _ => None,
        };
        Ok(self.lines()?.into_iter().filter_map(campaign).collect())
    }

    fn lines(&self) -> Result<Vec<Line>, RunError> {
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

    fn read(&self, file: &mut File) -> Result<Vec<Line>, RunError> {
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|source| self.failed(source))?;
        text.lines()
            .map(|line| serde_json::from_str(line).map_err(|error| self.failed(error.into())))
            .collect()
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

fn comparisons(lines: Vec<Line>) -> Vec<Known> {
    let mut known = Vec::new();
    for line in lines {
        take(&mut known, line);
    }
    known
}

/// Adds what a line tells.
fn take(known: &mut Vec<Known>, line: Line) {
    let found = known.iter().position(|known| known.key == line.key);
    match (line.event, found) {
        (
            Event::Started {
                a,
                b,
                error,
                campaign,
                ..
            },
            found,
        ) => {
            let index = found.unwrap_or_else(|| {
                known.push(Known {
                    key: line.key,
                    a,
                    b,
                    runs: 0,
                    spent: 0.0,
                    verdicts: Vec::new(),
                    campaigns: Vec::new(),
                    errors: Vec::new(),
                });
                known.len() - 1
            });
            let comparison = &mut known[index];
            comparison.runs += 1;
            comparison.spent += error;
            comparison.errors.push((line.rerun, error));
            let is_new = |key: &String| !comparison.campaigns.contains(key);
            comparison.campaigns.extend(campaign.filter(is_new));
        }
        (Event::Ended { pairs: 0, .. }, Some(index)) => {
            let comparison = &mut known[index];
            comparison.runs = comparison.runs.saturating_sub(1);
            let started = comparison.errors.iter().rposition(|it| it.0 == line.rerun);
            if let Some(at) = started {
                comparison.spent -= comparison.errors.remove(at).1;
            }
        }
        (Event::Ended { verdict, .. }, Some(index)) => known[index].verdicts.push(verdict),
        // An end whose start somebody removed tells nothing, and a campaign spends nothing beside
        // its members.
        (Event::Ended { .. }, None) | (Event::Campaign { .. }, _) => {}
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
    fn a_member_of_a_campaign_spends_its_share_and_counts_as_a_run() {
        let place = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(&place.path().join("ledger"));
        let share = Share {
            of_error: 0.1,
            campaign: Some("all".to_owned()),
        };
        let words = || ["a".to_owned(), "b".to_owned()];
        let begin = || {
            ledger
                .start_share("one", 1, words(), "wall", &share)
                .unwrap()
        };
        assert_eq!(begin(), 0);
        end(&ledger, 0, 0);
        assert!(ledger.known().unwrap()[0].spent.abs() < 1e-12, "no pair");
        assert_eq!(begin(), 0);
        end(&ledger, 0, 20);
        assert_eq!(start(&ledger, "one"), 1, "by itself it is a rerun");
        let spent = 0.1 * error_of_rerun(0) + error_of_rerun(1);
        assert!((ledger.known().unwrap()[0].spent - spent).abs() < 1e-12);
        let campaign = Event::Campaign {
            members: vec![("gate x".to_owned(), "one".to_owned())],
            joint: Some("both".to_owned()),
            verdict: Some(Verdict::NoGo),
            change_percent: Some(3.0),
        };
        ledger.end("all", 0, 3, campaign).unwrap();
        assert_eq!(ledger.known().unwrap().len(), 1);
        let campaigns = ledger.campaigns().unwrap();
        assert_eq!(campaigns[0].members[0].1, "one");
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
