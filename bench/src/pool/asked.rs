//! A row of one program on several pools, and its answer.

use super::lab::Lab;
use super::runs::{self, Place, Rounds, Run};
use crate::failure::Failure;
use crate::row::{Better, Figure, Measured, Question, Row};
use std::rc::Rc;

/// What a row makes of the contenders' figures, which are in their order, ours first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// Ours.
    Own,
    /// Ours to the one at this place.
    To(usize),
    /// Ours to the least of the second's and the third's.
    ToLeast,
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
            Self::To(at) => at + 1,
            Self::AboveSecond => 2,
            Self::Overhead | Self::ToLeast => 3,
        }
    }

    fn of(self, figures: &[f64]) -> f64 {
        match self {
            Self::Own => figures[0],
            Self::To(at) => figures[0] / figures[at],
            Self::ToLeast => figures[0] / figures[1].min(figures[2]),
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
    /// The same of all processes' figures together: a part near an end is too few figures of one process.
    Pooled { part: f64 },
}

/// The middle of what a process prints.
pub(super) const MEDIAN: Way = Way::Printed { part: 0.5 };

/// The same question of another program, or with threads placed otherwise; its answer is a note.
pub(super) type Variant = (&'static str, Place);

/// A row: its question, its run, its contenders, ours first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    run: Run,
    contenders: &'static [&'static str],
    reading: Reading,
    way: Way,
    variants: &'static [Variant],
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
            place: Place::Bound,
        },
        contenders,
        reading,
        way,
        variants: &[],
    }
}

impl Asked {
    /// The row with notes on how else it could have been asked.
    pub(super) const fn also(mut self, variants: &'static [Variant]) -> Self {
        self.variants = variants;
        self
    }

    /// The contenders that are run.
    fn run_by(&self, lab: &Lab) -> &'static [&'static str] {
        if lab.is_quick() {
            let takes = self.reading.takes().max(2).min(self.contenders.len());
            &self.contenders[..takes]
        } else {
            self.contenders
        }
    }

    /// The variants that are run.
    fn varied(&self, lab: &Lab) -> &'static [Variant] {
        if lab.is_quick() { &[] } else { self.variants }
    }

    fn configuration(&self) -> String {
        format!(
            "{} {}, a worker a CPU, threads {}",
            self.run.program,
            self.run.size,
            self.run.place.word()
        )
    }
}

/// Runs the contenders of a row.
pub(super) fn answer(lab: &Lab, asked: &Asked) -> Row {
    let figures = match asked.way {
        Way::Counted { units } => counted(lab, asked, units),
        Way::Printed { part } => printed(lab, asked, part, false),
        Way::Pooled { part } => printed(lab, asked, part, true),
    };
    let peers = asked.run_by(lab).iter().zip(figures.each).skip(1);
    let peers = peers.map(|(pool, figure)| (lab.programs().named(pool), Figure::plain(figure)));
    let (value, interval) = match figures.ours {
        Ok((value, interval)) => (Ok(value), interval),
        Err(failure) => (Err(failure), None),
    };
    let measured = Measured {
        configuration: asked.configuration(),
        ours: Figure::plain(value),
        peers: peers.collect(),
    };
    let mut row = Row::new(&asked.question, measured);
    if interval.is_some() {
        row = row.with_interval(interval);
    }
    if let Ok(own) = figures.own {
        row = row.with_note("ours", format!("{own:.1} in the peers' unit"));
    }
    for (program, place) in asked.varied(lab) {
        let (name, note) = variant(lab, asked, program, *place);
        row = row.with_note(&name, note);
    }
    row
}

/// What a row's contenders came to.
struct Figures {
    /// The row's figure and its interval, if it scatters.
    ours: Result<(f64, Option<[f64; 2]>), Failure>,
    /// Ours before the row makes something of it.
    own: Result<f64, Failure>,
    /// All contenders'.
    each: Vec<Result<f64, Failure>>,
}

fn counted(lab: &Lab, asked: &Asked, units: f64) -> Figures {
    let count = |pool: &&str| {
        let counted = runs::instructions(lab.programs(), asked.run, pool);
        counted.map(|count| count / units)
    };
    let each: Vec<Result<f64, Failure>> = asked.run_by(lab).iter().map(count).collect();
    let taken: Result<Vec<f64>, Failure> =
        each.iter().take(asked.reading.takes()).cloned().collect();
    Figures {
        ours: taken.map(|counts| (asked.reading.of(&counts), None)),
        own: each[0].clone(),
        each,
    }
}

fn printed(lab: &Lab, asked: &Asked, part: f64, is_pooled: bool) -> Figures {
    let found = rounds(lab, asked, asked.run);
    let (takes, reading) = (asked.reading.takes(), |f: &[f64]| asked.reading.of(f));
    let judged = if is_pooled {
        found.judge_pooled(takes, part, reading)
    } else {
        found.judge(takes, part, reading)
    };
    let own = |at| {
        if is_pooled {
            found.pooled(at, part)
        } else {
            found.median(at, part)
        }
    };
    Figures {
        ours: judged.map(|(value, ends)| (value, Some(ends))),
        own: own(0),
        each: (0..asked.run_by(lab).len()).map(own).collect(),
    }
}

fn rounds(lab: &Lab, asked: &Asked, run: Run) -> Rc<Rounds> {
    let rounds = lab.rounds();
    lab.runs
        .rounds(lab.programs(), run, asked.run_by(lab), rounds)
}

/// A variant's name and its answer in words.
fn variant(lab: &Lab, asked: &Asked, program: &'static str, place: Place) -> (String, String) {
    let run = Run {
        program,
        place,
        ..asked.run
    };
    let Way::Printed { part } = asked.way else {
        unreachable!("variants are of printed figures");
    };
    let found = rounds(lab, asked, run);
    let judged = found.judge(asked.reading.takes(), part, |f| asked.reading.of(f));
    let judged = match judged {
        Ok((value, [low, high])) => format!("{value:.3} ({low:.3}..{high:.3})"),
        Err(failure) => failure.to_string(),
    };
    let each = asked.run_by(lab).iter().enumerate().map(|(at, pool)| {
        let name = lab.programs().named(pool);
        let figure = found.median(at, part);
        figure.map_or_else(|_| format!("{name} -"), |f| format!("{name} {f:.1}"))
    });
    let each: Vec<String> = each.collect();
    let name = format!("{program}, {}", place.word());
    (name, format!("{judged}: {}", each.join(", ")))
}
