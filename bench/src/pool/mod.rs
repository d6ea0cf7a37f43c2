//! Rows of the pool.
//!
//! # Role
//! What a fork costs by instructions and by time, what jobs cost, what a pool costs that has little
//! to do. The trees lie in preorder, and every contender visits the left half first.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `runs.rs` | builds and runs of the programs |

mod runs;

use crate::Options;
use crate::failure::Failure;
use crate::report::Report;
use crate::row::{Better, Figure, Measured, Question, Row};
use runs::{Programs, Rounds, Run};
use std::collections::BTreeMap;

/// How a row's figure comes about.
#[derive(Clone, Copy)]
enum Way {
    /// Instructions a unit: ours above serial.
    Above { units: f64 },
    /// Instructions a unit: our overhead over serial, to chili's.
    OverheadToChili,
    /// Time: what it makes of the contenders' figures, in their order.
    Time(fn(&[f64]) -> f64),
    /// Time: the same of the 99th of a hundred of each process's figures.
    Late(fn(&[f64]) -> f64),
}

/// A row: its question, its run, its contenders, ours first.
struct Asked {
    question: Question,
    run: Run,
    contenders: &'static [&'static str],
    way: Way,
}

const fn asked(
    (id, what, unit, target): (&'static str, &'static str, &'static str, f64),
    (program, size, repeats): (&'static str, u32, u32),
    contenders: &'static [&'static str],
    way: Way,
) -> Asked {
    Asked {
        question: Question {
            id,
            what,
            unit,
            better: Better::Lower,
            target,
        },
        run: Run {
            program,
            size,
            repeats,
        },
        contenders,
        way,
    }
}

const TREE: &[&str] = &["bedplate", "serial", "chili", "rayon"];
const RATIO: &str = "ratio";

fn own(figures: &[f64]) -> f64 {
    figures[0]
}

fn to_second(figures: &[f64]) -> f64 {
    figures[0] / figures[1]
}

/// Ours and the third contender's time above the second's.
fn overheads(figures: &[f64]) -> f64 {
    (figures[0] - figures[1]) / (figures[2] - figures[1])
}

const ROWS: &[Asked] = &[
    asked(
        (
            "P2.fork-instructions",
            "a fork, above serial; tree of 16,383 nodes",
            "instructions",
            16.0,
        ),
        ("tree", 14, 10),
        TREE,
        Way::Above { units: 16_383.0 },
    ),
    asked(
        (
            "P2.free-fork-instructions",
            "the same by `join` without a context",
            "instructions",
            16.0,
        ),
        ("tree", 14, 10),
        &["free", "serial", "chili", "rayon"],
        Way::Above { units: 16_383.0 },
    ),
    asked(
        (
            "P2.fib-instructions",
            "a step of fib(20): overhead over serial, to chili's",
            RATIO,
            0.82,
        ),
        ("fib", 20, 10),
        TREE,
        Way::OverheadToChili,
    ),
    asked(
        (
            "P2.tree-1k",
            "tree of 1,023 nodes: overhead over serial, to chili's",
            RATIO,
            0.75,
        ),
        ("tree", 10, 4001),
        TREE,
        Way::Time(overheads),
    ),
    asked(
        (
            "P2.outside-entry",
            "the same tree entered from outside, to inside",
            RATIO,
            1.05,
        ),
        ("tree", 10, 4001),
        &["outside", "bedplate", "chili"],
        Way::Time(to_second),
    ),
    asked(
        ("P12.fib32", "fib(32), to chili", RATIO, 0.8),
        ("fib", 32, 11),
        &["bedplate", "chili", "serial"],
        Way::Time(to_second),
    ),
    asked(
        ("P12.fib32-vs-rayon", "fib(32), to rayon", RATIO, 0.35),
        ("fib", 32, 11),
        &["bedplate", "rayon", "serial"],
        Way::Time(to_second),
    ),
    asked(
        (
            "P12.tree-1m",
            "tree of 2^20 nodes, to serial in the same order",
            RATIO,
            0.65,
        ),
        ("tree", 20, 11),
        TREE,
        Way::Time(to_second),
    ),
    asked(
        (
            "P12.spawn",
            "a million empty jobs in a scope, each",
            "ns",
            30.0,
        ),
        ("spawn", 1_000_000, 5),
        &["bedplate", "rayon"],
        Way::Time(own),
    ),
    asked(
        ("P12.batch", "a million items of a batch, each", "ns", 2.0),
        ("batch", 1_000_000, 7),
        &["bedplate"],
        Way::Time(own),
    ),
    asked(
        (
            "P12.trickle",
            "a job a millisecond: processor time above the sleeps",
            "us a job",
            40.0,
        ),
        ("trickle", 500, 3),
        &["bedplate", "rayon"],
        Way::Time(own),
    ),
    asked(
        (
            "P12.wake-p50",
            "an empty job begins on a sleeping worker, bound, to a channel",
            RATIO,
            1.1,
        ),
        ("wake", 1000, 2001),
        &["bedplate", "channel", "rayon"],
        Way::Time(to_second),
    ),
    asked(
        (
            "P12.wake-p99",
            "the same, the 99th of a hundred",
            RATIO,
            1.1,
        ),
        ("wake", 1000, 2001),
        &["bedplate", "channel", "rayon"],
        Way::Late(to_second),
    ),
    asked(
        (
            "P3.idle-wakeups",
            "context switches of an idle pool in 5 s",
            "switches",
            0.0,
        ),
        ("idle", 5, 1),
        &["bedplate", "rayon"],
        Way::Time(own),
    ),
    asked(
        (
            "P3.busy-switches",
            "of the others in 1 s while one worker is busy",
            "switches",
            25.0,
        ),
        ("busy", 1, 1),
        &["bedplate", "rayon"],
        Way::Time(own),
    ),
];

/// Runs the area.
///
/// # Errors
/// - Those of cargo, where the programs cannot be built.
/// - [`Failure::File`]: the JSON document could not be written.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let programs = Programs::build()?;
    let wanted = |asked: &&Asked| {
        let only = options.only.as_deref();
        only.is_none_or(|only| asked.question.id.starts_with(only))
    };
    let rounds = if options.quick { 3 } else { 7 };
    let rows = ROWS
        .iter()
        .filter(wanted)
        .map(|asked| {
            eprintln!("{}", asked.question.id);
            answer(&programs, asked, rounds)
        })
        .collect();
    let report = Report::new("pool", rows, Vec::new());
    report.print();
    options
        .json
        .as_deref()
        .map_or(Ok(()), |path| report.write(path))
}

fn answer(programs: &Programs, asked: &Asked, rounds: u32) -> Row {
    let answered = match asked.way {
        Way::Above { .. } | Way::OverheadToChili => counted(programs, asked),
        Way::Time(of) => timed(programs, asked, rounds, (0.5, of)),
        Way::Late(of) => timed(programs, asked, rounds, (0.99, of)),
    };
    answered.unwrap_or_else(|failure| {
        let measured = Measured {
            configuration: configuration(asked),
            ours: Figure::plain(Err(failure)),
            peers: BTreeMap::new(),
        };
        Row::new(&asked.question, measured)
    })
}

fn configuration(asked: &Asked) -> String {
    format!(
        "{} {} on as many workers as CPUs, bound; {}",
        asked.run.program, asked.run.size, asked.contenders[0]
    )
}

/// A row of instruction counts, on one worker.
fn counted(programs: &Programs, asked: &Asked) -> Result<Row, Failure> {
    let counts: Result<Vec<f64>, Failure> = asked
        .contenders
        .iter()
        .map(|pool| programs.instructions(asked.run, pool))
        .collect();
    let counts = counts?;
    let ours = match asked.way {
        Way::Above { units } => (counts[0] - counts[1]) / units,
        _ => overheads(&counts),
    };
    let units = match asked.way {
        Way::Above { units } => units,
        _ => 1.0,
    };
    let peers = asked.contenders[1..].iter().zip(&counts[1..]);
    let peers = peers.map(|(name, count)| {
        let figure = Figure::plain(Ok(count / units));
        (named(programs, name), figure)
    });
    let measured = Measured {
        configuration: configuration(asked),
        ours: Figure::plain(Ok(ours)),
        peers: peers.collect(),
    };
    Ok(Row::new(&asked.question, measured)
        .with_note("peers", "their own counts, serial's among them".to_owned()))
}

/// A row of times; the peers' figures are their own medians.
fn timed(
    programs: &Programs,
    asked: &Asked,
    rounds: u32,
    (part, of): (f64, fn(&[f64]) -> f64),
) -> Result<Row, Failure> {
    let found: Rounds = programs.rounds(asked.run, asked.contenders, rounds, part)?;
    let (ours, interval) = found.judge(of);
    let peers = asked.contenders.iter().enumerate().skip(1);
    let peers = peers.map(|(at, name)| {
        let figure = Figure::plain(Ok(found.median(at)));
        (named(programs, name), figure)
    });
    let measured = Measured {
        configuration: configuration(asked),
        ours: Figure::plain(Ok(ours)),
        peers: peers.collect(),
    };
    let row = Row::new(&asked.question, measured).with_interval(Some(interval));
    let own = format!("{:.1} in the peers' unit", found.median(0));
    Ok(row.with_note("ours", own))
}

fn named(programs: &Programs, name: &str) -> String {
    match name {
        "chili" => programs.chili.clone(),
        "rayon" => programs.rayon.clone(),
        "bedplate" => "ours, inside".to_owned(),
        other => other.to_owned(),
    }
}
