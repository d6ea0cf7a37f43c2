//! Rows of the arena.

use super::Asked;
use super::programs::Programs;
use crate::failure::Failure;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;

/// Allocations of a token.
const TENSORS: f64 = 320.0;

/// Who is counted beside ours; the original and what its audit proposed among them.
const COUNTED: &[&str] = &[
    "limit",
    "bytes",
    "floats",
    "outlined",
    "bumpalo",
    "bumpalo-16",
    "bump-scope",
    "original",
    "opt-1",
    "opt-2",
    "opt-3",
    "opt-4",
];

/// Who is timed: ours first, and the empty loop last.
const TIMED: [&str; 7] = [
    "bedplate",
    "bumpalo",
    "bumpalo-16",
    "bump-scope",
    "limit",
    "original",
    "loop",
];

/// Nanoseconds of a round in the order of [`TIMED`].
type Round = [f64; TIMED.len()];

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "R1.alloc-instructions",
            "an allocation at a multiple of 64 bytes, net of the loop",
            "instructions",
            10.0,
        )),
        configuration: "320 allocations of 8 to 44 KiB and a reset, the arena's head in memory; inlined, the originals by a call",
        answer: counted,
    },
    Asked {
        question: lower((
            "R9.alloc-reset",
            "an allocation of 64 bytes and a reset, net of the loop",
            "instructions",
            14.0,
        )),
        configuration: "one allocation and a reset, again and again; high water kept",
        answer: paired,
    },
    Asked {
        question: lower((
            "R1.alloc-vs-bumpalo",
            "time of an allocation, the loop included, to bumpalo's",
            "ratio",
            0.75,
        )),
        configuration: "a loop that sees the arena; contenders in turn in one process, median of rounds of 320,000",
        answer: |programs, asked, quick| {
            timed(programs, asked, ("time", quick), |round| {
                round[0] / round[1]
            })
        },
    },
    Asked {
        question: lower((
            "R1.alloc-vs-limit",
            "time of an allocation with the loop, to one that asks nothing",
            "ratio",
            1.05,
        )),
        configuration: "a loop that does not see the arena, so that its head is in memory; else as R1.alloc-vs-bumpalo",
        answer: |programs, asked, quick| {
            timed(programs, asked, ("time-hidden", quick), |round| {
                round[0] / round[4]
            })
        },
    },
];

fn counted(programs: &Programs, asked: &Asked, _quick: bool) -> Result<Row, Failure> {
    let count = |name: &str| {
        let token = programs.instructions("tokens", name, 20)?;
        Ok::<f64, Failure>(token / TENSORS)
    };
    net(programs, asked, COUNTED, count)
}

fn paired(programs: &Programs, asked: &Asked, _quick: bool) -> Result<Row, Failure> {
    let peers = ["limit", "bumpalo", "bumpalo-16", "bump-scope", "original"];
    let count = |name: &str| programs.instructions("pairs", name, 10_000);
    net(programs, asked, &peers, count)
}

/// A row of counts without those of the empty loop.
fn net(
    programs: &Programs,
    asked: &Asked,
    peers: &[&str],
    count: impl Fn(&str) -> Result<f64, Failure>,
) -> Result<Row, Failure> {
    let empty = count("loop")?;
    let ours = count("bedplate")? - empty;
    let peers = peers.iter().map(|name| {
        let figure = Figure::plain(count(name).map(|count| count - empty));
        (programs.named(name), figure)
    });
    let row = asked.row(ours, peers.collect());
    Ok(row.with_note(
        "the loop",
        format!("{empty:.2} instructions, left out of every figure"),
    ))
}

/// A row of times; the peers' figures are nanoseconds with the loop.
fn timed(
    programs: &Programs,
    asked: &Asked,
    (deed, quick): (&str, bool),
    of: fn(&Round) -> f64,
) -> Result<Row, Failure> {
    let rounds = if quick { "61" } else { "301" };
    let words: Vec<&str> = [deed, rounds].into_iter().chain(TIMED).collect();
    let lines = programs.lines(&words)?;
    let rounds: Result<Vec<Round>, Failure> = lines.iter().map(|line| round(line)).collect();
    let rounds = rounds?;
    let ratios: Vec<f64> = rounds.iter().map(of).collect();
    let each = |at: usize| median(rounds.iter().map(|round| round[at]).collect());
    let peers: BTreeMap<String, Figure> = TIMED
        .iter()
        .enumerate()
        .skip(1)
        .map(|(at, name)| (programs.named(name), Figure::plain(Ok(each(at)))))
        .collect();
    let row = asked.row(median(ratios.clone()), peers);
    let row = row.with_interval(Some(interval(ratios)));
    let own = format!("{:.3} ns with the loop, as the peers' figures", each(0));
    Ok(row.with_note("ours", own))
}

fn round(line: &str) -> Result<Round, Failure> {
    let figures: Option<Vec<f64>> = line.split(' ').map(|word| word.parse().ok()).collect();
    figures
        .and_then(|figures| figures.try_into().ok())
        .ok_or_else(|| Failure::Output {
            program: "region time".to_owned(),
            what: line.to_owned(),
        })
}

fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

pub(super) fn median(figures: Vec<f64>) -> f64 {
    let figures = sorted(figures);
    figures[figures.len() / 2]
}

/// The order statistics that hold the median with 95 %: the binomial's quantiles by its normal limit.
pub(super) fn interval(figures: Vec<f64>) -> [f64; 2] {
    let figures = sorted(figures);
    let count = figures.len();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let reach = 0.98 * (count as f64).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few"
    )]
    let reach = reach.ceil() as usize;
    let middle = count / 2;
    let high = (middle + reach).min(count - 1);
    [figures[middle.saturating_sub(reach)], figures[high]]
}

#[cfg(test)]
mod tests {
    use super::{interval, median};

    #[test]
    fn the_interval_holds_the_median_and_little_else() {
        let figures: Vec<f64> = (0..101_u32).rev().map(f64::from).collect();
        assert!((median(figures.clone()) - 50.0).abs() < f64::EPSILON);
        let [low, high] = interval(figures);
        assert!((low - 40.0).abs() < f64::EPSILON && (high - 60.0).abs() < f64::EPSILON);
        let [low, high] = interval(vec![3.0]);
        assert!((low - 3.0).abs() < f64::EPSILON && (high - 3.0).abs() < f64::EPSILON);
    }
}
