//! A row of one program on several pools, and its answer.

use super::lab::Lab;
use super::runs::{Programs, Run};
use crate::failure::Failure;
use crate::row::{Better, Figure, Measured, Question, Row};
use std::collections::BTreeMap;

/// What a row makes of the contenders' figures, which are in their order, ours first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// Ours.
    Own,
    /// Ours to the second's.
    ToSecond,
    /// Ours above the second's.
    AboveSecond,
    /// Ours above the second's, to the third's above the second's.
    Overhead,
}

impl Reading {
    /// How many contenders it takes; the others are there to be seen.
    const fn takes(self) -> usize {
        match self {
            Self::Own => 1,
            Self::ToSecond | Self::AboveSecond => 2,
            Self::Overhead => 3,
        }
    }

    fn of(self, figures: &[f64]) -> f64 {
        match self {
            Self::Own => figures[0],
            Self::ToSecond => figures[0] / figures[1],
            Self::AboveSecond => figures[0] - figures[1],
            Self::Overhead => (figures[0] - figures[1]) / (figures[2] - figures[1]),
        }
    }
}

/// How a row's figures come about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// Instructions a unit, on one worker.
    Counted { units: f64 },
    /// What the programs print, in rounds; of each process's sorted figures the one at this part.
    Printed { part: f64 },
}

/// The middle of what a process prints.
pub(super) const MEDIAN: Way = Way::Printed { part: 0.5 };

/// A row: its question, its run, its contenders, ours first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) run: Run,
    pub(super) contenders: &'static [&'static str],
    pub(super) reading: Reading,
    pub(super) way: Way,
}

/// A row.
pub(super) const fn asked(
    (id, what, unit, target): (&'static str, &'static str, &'static str, f64),
    (program, size, repeats): (&'static str, u32, u32),
    contenders: &'static [&'static str],
    reading: Reading,
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
        reading,
        way,
    }
}

/// Runs the contenders of a row.
pub(super) fn answer(lab: &Lab, asked: &Asked) -> Row {
    let answered = lab.programs().and_then(|programs| match asked.way {
        Way::Counted { units } => counted(programs, asked, units),
        Way::Printed { part } => printed(programs, asked, lab.rounds(), part),
    });
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

/// A row of instruction counts.
fn counted(programs: &Programs, asked: &Asked, units: f64) -> Result<Row, Failure> {
    let counts: Result<Vec<f64>, Failure> = asked
        .contenders
        .iter()
        .map(|pool| Ok(programs.instructions(asked.run, pool)? / units))
        .collect();
    let counts = counts?;
    let peers = asked.contenders[1..].iter().zip(&counts[1..]);
    let peers = peers.map(|(name, count)| (programs.named(name), Figure::plain(Ok(*count))));
    let measured = Measured {
        configuration: configuration(asked),
        ours: Figure::plain(Ok(asked.reading.of(&counts))),
        peers: peers.collect(),
    };
    Ok(Row::new(&asked.question, measured)
        .with_note("ours", format!("{:.1} in the peers' unit", counts[0]))
        .with_note("peers", "their own counts, serial's among them".to_owned()))
}

/// A row of printed figures; the peers' are their own medians.
fn printed(programs: &Programs, asked: &Asked, rounds: u32, part: f64) -> Result<Row, Failure> {
    let found = programs.rounds(asked.run, asked.contenders, rounds, part);
    let (ours, interval) =
        found.judge(asked.reading.takes(), |figures| asked.reading.of(figures))?;
    let peers = asked.contenders.iter().enumerate().skip(1);
    let peers = peers.map(|(at, name)| (programs.named(name), Figure::plain(found.median(at))));
    let own = found.median(0)?;
    let measured = Measured {
        configuration: configuration(asked),
        ours: Figure::plain(Ok(ours)),
        peers: peers.collect(),
    };
    let row = Row::new(&asked.question, measured).with_interval(Some(interval));
    Ok(row.with_note("ours", format!("{own:.1} in the peers' unit")))
}
