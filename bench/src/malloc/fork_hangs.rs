//! Forks from a threaded process.
//!
//! # Role
//! Counts children that hang or die when a process forks while its other threads allocate.

use crate::contender::{Contender, OURS};
use crate::failure::Failure;
use crate::program;
use crate::row::{Figure, Measured};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// How much is forked, and how long is waited.
#[derive(Debug, Clone, Copy)]
struct Plan {
    forks: u32,
    /// A child that has not ended by then hangs.
    hang_seconds: u32,
    /// The run ends once this many children hung: each costs its full time.
    hangs_max: u32,
}

impl Plan {
    /// Ours is run to the end; peers are not once children hang.
    const fn new(is_ours: bool, is_quick: bool) -> Self {
        let (forks, hang_seconds, hangs_max) = match (is_ours, is_quick) {
            (true, false) => (10_000, 20, 10_000),
            (true, true) => (1_000, 20, 1_000),
            (false, false) => (10_000, 20, 3),
            (false, true) => (200, 8, 1),
        };
        Self {
            forks,
            hang_seconds,
            hangs_max,
        }
    }
}

/// Answers the row.
pub(crate) fn measure(contenders: &[Contender], is_quick: bool) -> Measured {
    let Plan {
        forks,
        hang_seconds,
        ..
    } = Plan::new(true, is_quick);
    let shortened = if is_quick {
        " (--quick: not the 10,000 that the row asks for, and peers fewer)"
    } else {
        ""
    };
    let configuration = format!(
        "default settings, preloaded; {forks} forks{shortened}; 3 threads churn 16 B to 4 MB by \
         short-lived workers; hung after {hang_seconds} s"
    );
    let mut peers = BTreeMap::new();
    let mut ours = Figure::plain(Err(Failure::Output {
        program: "bedplate-bench".to_owned(),
        what: "our own library is not among the contenders".to_owned(),
    }));
    let path = program::compile("fork_hangs.c", "fork_hangs", &["-fPIE", "-pie"]);
    for contender in contenders {
        let is_ours = contender.name == OURS;
        let plan = Plan::new(is_ours, is_quick);
        eprintln!("fork-hangs: {} with {} forks", contender.name, plan.forks);
        let figure = match &path {
            Ok(path) => run(path, contender, plan),
            Err(failure) => Figure::plain(Err(failure.clone())),
        };
        if is_ours {
            ours = figure;
        } else {
            peers.insert(contender.name.clone(), figure);
        }
    }
    Measured {
        configuration,
        ours,
        peers,
    }
}

fn run(path: &Path, contender: &Contender, plan: Plan) -> Figure {
    let counted = count(path, contender, plan);
    let note = counted
        .as_ref()
        .ok()
        .and_then(|counted| counted.note(plan.forks));
    Figure {
        value: counted.map(|counted| f64::from(counted.hung + counted.died)),
        note,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Counted {
    forks: u32,
    hung: u32,
    died: u32,
}

impl Counted {
    /// Reads `forks N hung N died N`.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut figure = |name: &str| -> Option<u32> {
            (words.next()? == name)
                .then(|| words.next()?.parse().ok())
                .flatten()
        };
        Some(Self {
            forks: figure("forks")?,
            hung: figure("hung")?,
            died: figure("died")?,
        })
    }

    fn note(&self, forks: u32) -> Option<String> {
        let Self {
            forks: done,
            hung,
            died,
        } = self;
        if *done < forks {
            Some(format!(
                "stopped after {done} forks: {hung} hung, {died} died"
            ))
        } else if *died > 0 {
            Some(format!("{hung} hung, {died} died"))
        } else {
            None
        }
    }
}

fn count(path: &Path, contender: &Contender, plan: Plan) -> Result<Counted, Failure> {
    let mut command = Command::new(path);
    command.args([plan.forks, plan.hang_seconds, plan.hangs_max].map(|word| word.to_string()));
    program::preload(&mut command, contender)?;
    let output = command.output().map_err(|error| Failure::Start {
        program: path.display().to_string(),
        error: error.to_string(),
    })?;
    let text = program::checked_output("fork_hangs", contender, &output)?;
    let line = text.lines().last().unwrap_or_default();
    Counted::parse(line).ok_or_else(|| Failure::Output {
        program: "fork_hangs".to_owned(),
        what: line.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::Counted;

    #[test]
    fn the_last_line_of_the_program_is_read() {
        let counted = Counted {
            forks: 100,
            hung: 2,
            died: 1,
        };
        assert_eq!(Counted::parse("forks 100 hung 2 died 1"), Some(counted));
        assert_eq!(Counted::parse("forks 100 hung"), None);
        assert_eq!(Counted::parse("hung 1 forks 2 died 3"), None);
    }

    #[test]
    fn an_early_stop_is_told() {
        let counted = Counted {
            forks: 40,
            hung: 3,
            died: 0,
        };
        assert!(
            counted
                .note(100)
                .is_some_and(|note| note.contains("after 40 forks"))
        );
        assert_eq!(
            Counted {
                forks: 100,
                hung: 0,
                died: 0
            }
            .note(100),
            None
        );
    }
}
