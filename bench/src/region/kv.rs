//! Rows of keys and values.

use super::Asked;
use super::candle;
use super::programs::Programs;
use super::scratch::{interval, median};
use crate::failure::Failure;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;

/// candle's caches, and what a reader must know of each.
const CACHES: [(&str, &str); 2] = [
    ("KvCache", "from nothing to 4096 tokens"),
    (
        "ConcatKvCache",
        "behind 4096 tokens, all of which each append copies",
    ),
];

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "R7.lazy-init",
            "making a contiguous sequence of 1 GiB",
            "ms",
            0.1,
        )),
        configuration: "32 layers, 128 KiB a token, huge pages wanted; paged as a peer",
        answer: |programs, asked, quick| {
            let names = ["paged, ms", "contiguous, ms"];
            timed(programs, asked, ("lazy", quick), &names, |round| round[1])
        },
    },
    Asked {
        question: lower((
            "R9.commit-1gib",
            "an append of 1 GiB, to the kernel's populating of it",
            "ratio",
            1.1,
        )),
        configuration: "paged, 32 layers, 128 KiB a token, steps of 2 MiB, huge pages; in turn",
        answer: |programs, asked, quick| {
            let names = ["ours, ms", "the kernel, ms"];
            timed(programs, asked, ("commit", quick), &names, |round| {
                round[0] / round[1]
            })
        },
    },
    Asked {
        question: lower((
            "R9.append-p50",
            "an append of 128 KiB, half of all, to a copy",
            "ratio",
            1.1,
        )),
        configuration: "paged, blocks of 64, committed while it grows; the copy into memory that was touched; 4096 tokens in turn; candle's caches in a process of their own, to a copy there",
        answer: |programs, asked, quick| appended(programs, asked, quick, 0),
    },
    Asked {
        question: lower((
            "R9.append-p99",
            "an append of 128 KiB, 99 of 100, to a copy",
            "ratio",
            3.0,
        )),
        configuration: "as R9.append-p50; the 99 of 100 of both",
        answer: |programs, asked, quick| appended(programs, asked, quick, 1),
    },
    Asked {
        question: lower((
            "R9.paged-read",
            "products of a query with 8192 keys, paged to contiguous",
            "ratio",
            1.12,
        )),
        configuration: "rows of 4 KiB, blocks of 64, no two of them side by side; the best of six in turn",
        answer: |programs, asked, quick| {
            let names = ["paged, us", "contiguous, us"];
            timed(programs, asked, ("read", quick), &names, |round| {
                round[0] / round[1]
            })
        },
    },
    Asked {
        question: lower(("R9.fork-4096", "a fork of 4096 tokens", "us", 0.5)),
        configuration: "paged, blocks of 64; no key is copied",
        answer: |programs, asked, quick| {
            timed(programs, asked, ("fork", quick), &["ours, us"], |round| {
                round[0]
            })
        },
    },
    Asked {
        question: lower((
            "R9.block-pair",
            "taking a block and giving it back",
            "instructions",
            60.0,
        )),
        configuration: "one block again and again, same tenant, inlined; net of the loop",
        answer: |programs, asked, _| {
            let count = |name| programs.instructions("kv-pairs", name, 10_000);
            let (pair, empty) = (count("ours")?, count("loop")?);
            let row = asked.row(pair - empty, BTreeMap::new());
            Ok(row.with_note("the loop", format!("{empty:.2} instructions, left out")))
        },
    },
    Asked {
        question: lower((
            "R6.truncate-growth",
            "truncating 64 tokens at 131072 tokens, to 4096",
            "ratio",
            1.1,
        )),
        configuration: "instructions, with the append of the 64; rows of one number; candle's KvCache takes in anew what stays",
        answer: |programs, asked, _| truncated(programs, asked),
    },
];

/// A row of times: the median of the rounds' figures. What bounds ours stands among the peers.
fn timed(
    programs: &Programs,
    asked: &Asked,
    (what, quick): (&str, bool),
    names: &[&str],
    of: fn(&[f64]) -> f64,
) -> Result<Row, Failure> {
    let rounds = rounds(programs, (what, quick), names.len())?;
    let each = names.iter().enumerate().map(|(at, name)| {
        let figure = Figure::plain(Ok(middle(&rounds, at)));
        ((*name).to_owned(), figure)
    });
    let ratios: Vec<f64> = rounds.iter().map(|round| of(round)).collect();
    let row = asked.row(median(ratios.clone()), each.collect());
    Ok(row.with_interval(Some(interval(ratios))))
}

/// A row of appends to copies: halves (0) or the 99 of a hundred (1).
fn appended(programs: &Programs, asked: &Asked, quick: bool, at: usize) -> Result<Row, Failure> {
    let ours = rounds(programs, ("append", quick), 4)?;
    let ratios = |rounds: &[Vec<f64>]| -> Vec<f64> {
        rounds
            .iter()
            .map(|round| round[at] / round[at + 2])
            .collect()
    };
    let note = |rounds: &[Vec<f64>]| {
        let (append, copy) = (middle(rounds, at), middle(rounds, at + 2));
        format!("{append:.1} us, a copy {copy:.1}")
    };
    let library = candle::named("candle-nn")?;
    let peers = CACHES.iter().map(|(cache, what)| {
        let words = ["kv-append", cache, if quick { "1" } else { "3" }];
        let theirs = candle::numbers(&words).and_then(|rounds| of_width(rounds, 4, &words));
        let figure = match theirs {
            Ok(rounds) => Figure {
                value: Ok(median(ratios(&rounds))),
                note: Some(format!("{what}: {}", note(&rounds))),
            },
            Err(failure) => Figure::plain(Err(failure)),
        };
        (format!("{library} {cache}"), figure)
    });
    let row = asked.row(median(ratios(&ours)), peers.collect());
    Ok(row
        .with_interval(Some(interval(ratios(&ours))))
        .with_note("ours", note(&ours)))
}

/// A row of instructions at a long context to those at a short one.
fn truncated(programs: &Programs, asked: &Asked) -> Result<Row, Failure> {
    let pair = |at: &dyn Fn(&str) -> Result<f64, Failure>| {
        let (short, long) = (at("4096")?, at("131072")?);
        Ok((long / short, format!("{short:.0} and {long:.0}")))
    };
    let (ratio, counts) = pair(&|context| programs.instructions("kv-truncations", context, 1000))?;
    let library = candle::named("candle-nn")?;
    let peers = CACHES.iter().map(|(cache, _)| {
        let theirs =
            pair(&|context| candle::instructions(&["kv-truncations", cache, context], 100));
        let figure = match theirs {
            Ok((ratio, counts)) => Figure {
                value: Ok(ratio),
                note: Some(counts),
            },
            Err(failure) => Figure::plain(Err(failure)),
        };
        (format!("{library} {cache}"), figure)
    });
    let row = asked.row(ratio, peers.collect());
    Ok(row.with_note("ours", counts))
}

/// The median of one figure of all rounds.
fn middle(rounds: &[Vec<f64>], at: usize) -> f64 {
    median(rounds.iter().map(|round| round[at]).collect())
}

/// The rounds of our own program, each of so many figures.
fn rounds(
    programs: &Programs,
    (what, quick): (&str, bool),
    width: usize,
) -> Result<Vec<Vec<f64>>, Failure> {
    let words = ["kv-times", what, if quick { "5" } else { "21" }];
    let lines = programs.lines(&words)?;
    let rounds: Result<Vec<Vec<f64>>, Failure> = lines.iter().map(|line| figures(line)).collect();
    of_width(rounds?, width, &words)
}

/// The rounds, if there are any and each has so many figures.
fn of_width(rounds: Vec<Vec<f64>>, width: usize, words: &[&str]) -> Result<Vec<Vec<f64>>, Failure> {
    if rounds.is_empty() || rounds.iter().any(|round| round.len() != width) {
        return Err(Failure::Output {
            program: words.join(" "),
            what: format!("{} rounds, not all of {width} figures", rounds.len()),
        });
    }
    Ok(rounds)
}

/// The figures of a line.
fn figures(line: &str) -> Result<Vec<f64>, Failure> {
    let figures: Option<Vec<f64>> = line.split(' ').map(|word| word.parse().ok()).collect();
    figures.ok_or_else(|| Failure::Output {
        program: "region kv-times".to_owned(),
        what: line.to_owned(),
    })
}
