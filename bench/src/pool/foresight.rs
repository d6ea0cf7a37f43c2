//! Rows of forecasts: what the pool makes of loops that it has seen before.
//!
//! # Not here
//! The predictors that the shipped model is compared with (`predictors.rs`) and the recorded costs they are
//! compared on (`recorded.rs`).

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the pool's own file, judged itself; its words are the pool's"
    )
)]
#[path = "../../../crates/bedplate-pool/src/predict/model.rs"]
pub(super) mod model;

use super::asked::{Asked, MEDIAN, Reading, Way, asked};
use super::lab::Lab;
use super::predictors::{Average, Last, Median, OneEuro};
use super::recorded;
use super::runs::{Place, Rounds, Run};
use crate::failure::Failure;
use crate::row::{Better, Figure, Measured, Question, Row};
use model::Model;
use std::collections::BTreeMap;
use std::rc::Rc;

const RATIO: &str = "ratio";
const PERCENT: &str = "percent";

const SMALL: &[&str] = &["bedplate", "rayon", "serial", "unforeseen"];

const ROWS: &[Asked] = &[
    asked(
        (
            "P12.small-loops",
            "ten thousand floats summed again and again, to the better of rayon and serial",
            RATIO,
            1.02,
        ),
        ("small", 10_000, 101),
        SMALL,
        Reading::ToLeast,
        MEDIAN,
    ),
    asked(
        (
            "P12.small-loops-outside",
            "the same, entered from outside each time",
            RATIO,
            1.02,
        ),
        ("small", 10_000, 101),
        &["outside", "rayon", "serial"],
        Reading::ToLeast,
        MEDIAN,
    ),
    asked(
        (
            "P7.relearn-calls",
            "calls until a loop that came to cost more is shared, or one that came to cost less is not",
            "calls",
            20.0,
        ),
        ("relearn", 0, 20),
        &["bedplate"],
        Reading::Own,
        Way::Printed { part: 0.9 },
    ),
];

/// The loops whose cut is judged; what each does stands in `bench/peers/pools/src/regret.rs`.
const REGRETS: &[(&str, &str, &str)] = &[
    ("P7.regret-tiny", "regret:tiny", "100 items of 10 ns"),
    ("P7.regret-short", "regret:short", "16 items of 0.4 us"),
    ("P7.regret-small", "regret:small", "10,000 items of 2 ns"),
    ("P7.regret-large", "regret:large", "a million items of 2 ns"),
    ("P7.regret-few", "regret:few", "50 items of 20 us"),
    (
        "P7.regret-rising",
        "regret:rising",
        "2,000 items, rising to 0.5 us",
    ),
    (
        "P7.regret-falling",
        "regret:falling",
        "2,000 items, falling from 0.5 us",
    ),
    (
        "P7.regret-peak",
        "regret:peak",
        "1,000 items of 0.1 us, one of 100 us",
    ),
    (
        "P7.regret-tail",
        "regret:tail",
        "5,000 items with a heavy tail",
    ),
    (
        "P7.regret-late",
        "regret:late",
        "4,096 items, the last eighth a hundred times the others",
    ),
];

/// The pools of the rows above: ours, and ours without forecasts.
const FORESEEN: &[&str] = &["bedplate", "unforeseen"];
/// Tenths of a second that each process compares the cuts for.
const TENTHS: u32 = 6;

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    let mut rows = lab.rows(ROWS);
    rows.extend(regrets(lab));
    rows.extend(PREDICTORS.iter().filter(|p| lab.wants(p.id)).map(judged));
    rows
}

/// A row for each loop, and one for their mean.
fn regrets(lab: &Lab) -> Vec<Row> {
    let whole = Question {
        id: "P7.regret",
        what: "more time than with the best fixed cut, mean of ten loops",
        unit: PERCENT,
        better: Better::Lower,
        target: 5.0,
    };
    let is_wanted = lab.wants(whole.id);
    let mut rows = Vec::new();
    let mut found = Vec::new();
    for (id, program, what) in REGRETS {
        if !(is_wanted || lab.wants(id)) {
            continue;
        }
        let row = asked(
            (id, what, PERCENT, 5.0),
            (program, 0, TENTHS),
            FORESEEN,
            Reading::Own,
            MEDIAN,
        );
        let run = Run {
            program,
            size: 0,
            repeats: TENTHS,
            place: Place::Bound,
        };
        let rounds = lab.runs.rounds(lab.programs(), run, FORESEEN, lab.rounds());
        found.push(rounds);
        rows.push(super::asked::answer(lab, &row));
    }
    if is_wanted {
        rows.push(mean_row(&whole, &found));
    }
    rows
}

/// The mean over loops of the medians over rounds; its interval are the least and the greatest mean of
/// a round.
fn mean_row(question: &Question, found: &[Rc<Rounds>]) -> Row {
    let of = |at: usize| -> Result<f64, Failure> {
        let medians: Result<Vec<f64>, _> = found.iter().map(|r| r.median(at, 0.5)).collect();
        medians.map(|medians| mean(&medians))
    };
    let each: Result<Vec<Vec<f64>>, Failure> = found.iter().map(|r| r.parts(0, 0.5)).collect();
    let interval = each.ok().and_then(|each| {
        let rounds = each.iter().map(Vec::len).min()?;
        let round = |at: usize| mean(&each.iter().map(|loop_| loop_[at]).collect::<Vec<_>>());
        let means: Vec<f64> = (0..rounds).map(round).collect();
        let least = means.iter().copied().min_by(f64::total_cmp)?;
        let most = means.iter().copied().max_by(f64::total_cmp)?;
        Some([least, most])
    });
    let peers = FORESEEN.iter().enumerate().skip(1);
    let measured = Measured {
        configuration: "cut as the pool decides, to the best of the powers of two".to_owned(),
        ours: Figure::plain(of(0)),
        peers: peers
            .map(|(at, _)| ("without forecasts".to_owned(), Figure::plain(of(at))))
            .collect(),
    };
    Row::new(question, measured).with_interval(interval)
}

fn mean(figures: &[f64]) -> f64 {
    let count = u32::try_from(figures.len().max(1)).unwrap_or(u32::MAX);
    figures.iter().sum::<f64>() / f64::from(count)
}

/// A predictor that is compared with the shipped one.
struct Compared {
    id: &'static str,
    what: &'static str,
    error: fn(&recorded::Trace) -> f64,
}

const PREDICTORS: &[Compared] = &[
    Compared {
        id: "P7.predictor-last",
        what: "mean error of the model that ships, to that of the last value; seven traces",
        error: recorded::mean_error::<Last>,
    },
    Compared {
        id: "P7.predictor-ewma",
        what: "the same to an exponential average of logarithms",
        error: recorded::mean_error::<Average>,
    },
    Compared {
        id: "P7.predictor-median",
        what: "the same to the median of three",
        error: recorded::mean_error::<Median>,
    },
    Compared {
        id: "P7.predictor-one-euro",
        what: "the same to a One-Euro filter",
        error: recorded::mean_error::<OneEuro>,
    },
];

fn judged(compared: &Compared) -> Row {
    let question = Question {
        id: compared.id,
        what: compared.what,
        unit: RATIO,
        better: Better::Lower,
        target: 1.0,
    };
    let errors = |error: fn(&recorded::Trace) -> f64| -> Result<Vec<f64>, Failure> {
        let of = |found: &recorded::Recorded| recorded::read(found.name).map(|t| error(&t));
        recorded::LOOPS.iter().map(of).collect()
    };
    let (ours, other) = (
        errors(recorded::mean_error::<Model>),
        errors(compared.error),
    );
    let ratio = match (&ours, &other) {
        (Ok(ours), Ok(other)) => Ok(mean(ours) / mean(other)),
        (Err(failure), _) | (_, Err(failure)) => Err(failure.clone()),
    };
    let measured = Measured {
        configuration: "bench/traces/pool, a predictor for each loop and size".to_owned(),
        ours: Figure::plain(ratio),
        peers: BTreeMap::new(),
    };
    let mut row = Row::new(&question, measured);
    for (name, errors) in [("ours", ours), ("the other", other)] {
        if let Ok(errors) = errors {
            let each = recorded::LOOPS.iter().zip(&errors);
            let each: Vec<String> = each.map(|(l, e)| format!("{} {e:.3}", l.name)).collect();
            let note = format!("mean {:.3}: {}", mean(&errors), each.join(", "));
            row = row.with_note(name, note);
        }
    }
    row
}

/// Records the traces anew.
///
/// # Errors
/// - What kept the programs from being built or run, or a trace from being written.
pub(crate) fn record() -> Result<(), Failure> {
    let programs = super::programs::Programs::build();
    for found in recorded::LOOPS {
        let run = Run {
            program: found.program,
            size: found.size,
            repeats: found.calls,
            place: Place::Bound,
        };
        let text = super::runs::printed(&programs, run, "bedplate")?;
        recorded::write(found.name, &text)?;
        eprintln!("{}: {} calls", found.name, text.lines().count());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Model, PREDICTORS, mean, recorded};

    #[test]
    fn the_model_that_ships_errs_least_on_the_traces() {
        let error = |of: fn(&recorded::Trace) -> f64| {
            let errors = recorded::LOOPS.map(|l| of(&recorded::read(l.name).expect("a trace")));
            mean(&errors)
        };
        let ours = error(recorded::mean_error::<Model>);
        for other in PREDICTORS {
            let error = error(other.error);
            assert!(ours < error, "{}: {ours} to {error}", other.id);
        }
    }
}
