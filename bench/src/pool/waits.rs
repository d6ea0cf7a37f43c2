//! Rows of programs that hang, starve or nest where a wait runs whatever it finds.
//!
//! # Role
//! The programs of rayon's threads #592, #854, #957 and #1174, each in a process of its own with a limit, on ours and on
//! rayon. A program that does not end has no figure; its note says so.

use super::lab::Lab;
use super::patience;
use crate::failure::Failure;
use crate::row::{Better, Figure, Measured, Question, Row};
use core::time::Duration;
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

/// How long a program may take: most are done in a hundredth.
const LIMIT: Duration = Duration::from_secs(20);

/// A program and its question.
struct Asked {
    program: &'static str,
    question: Question,
}

const fn asked(
    program: &'static str,
    id: &'static str,
    what: &'static str,
    unit: &'static str,
    target: f64,
) -> Asked {
    Asked {
        program,
        question: Question {
            id,
            what,
            unit,
            better: Better::Lower,
            target,
        },
    }
}

const ROWS: &[Asked] = &[
    asked(
        "waits-held",
        "P4.lock-held",
        "20 times: a job holds a lock while it waits for a half of 5 ms, another wants the lock (#592, #1174)",
        "ms",
        5000.0,
    ),
    asked(
        "waits-scope",
        "P4.lock-in-scope",
        "the same with jobs of a scope (#592)",
        "ms",
        5000.0,
    ),
    asked(
        "waits-once",
        "P4.made-once",
        "20 times: a value is made at first use by a join, another job wants it (#592)",
        "ms",
        5000.0,
    ),
    asked(
        "waits-short",
        "P4.short-wait",
        "a wait of 5 ms after a job of 500 ms was spawned (#957)",
        "ms",
        250.0,
    ),
    asked(
        "waits-nested",
        "P4.nesting",
        "most of 20 jobs on one another on a stack, where each spawns the next and waits for a half (#854)",
        "jobs",
        1.0,
    ),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    let wanted = ROWS.iter().filter(|asked| lab.wants(asked.question.id));
    wanted.map(|asked| row(lab, asked)).collect()
}

fn row(lab: &Lab, asked: &Asked) -> Row {
    let rayon = Figure::plain(worst(lab, asked.program, "rayon"));
    let measured = Measured {
        configuration: format!(
            "two workers; the worst of {} processes; ended after {LIMIT:?}",
            lab.rounds()
        ),
        ours: Figure::plain(worst(lab, asked.program, "bedplate")),
        peers: BTreeMap::from([(lab.programs().named("rayon"), rayon)]),
    };
    Row::new(&asked.question, measured).with_interval(None)
}

/// The worst figure of a program's processes, or what became of the first that did not end well.
fn worst(lab: &Lab, program: &str, pool: &str) -> Result<f64, Failure> {
    let path = lab.programs().path(pool)?;
    let mut worst = 0.0_f64;
    for _ in 0..lab.rounds() {
        let child = Command::new(path)
            .args([program, pool, "0", "1", "2", "free"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::start("pools", "cargo", &error))?;
        worst = worst.max(figure(child, &format!("pools {program} {pool}"))?);
    }
    Ok(worst)
}

fn figure(child: Child, shown: &str) -> Result<f64, Failure> {
    let output = patience::ended(child, shown, LIMIT, Duration::from_millis(5))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().map_err(|_| Failure::Ended {
        program: shown.to_owned(),
        how: format!("{}: it said {text:?}", output.status),
    })
}
