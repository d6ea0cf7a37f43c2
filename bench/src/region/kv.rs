//! Rows of keys and values.

use super::Asked;
use super::programs::Programs;
use super::scratch::{interval, median};
use crate::failure::Failure;
use crate::row::lower;
use crate::row::{Figure, Row};

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "R7.lazy-init",
            "making a contiguous sequence of 1 GiB",
            "ms",
            0.1,
        )),
        configuration: "32 layers, 128 KiB a token, huge pages wanted; paged as a peer",
        answer: |programs, asked, quick| timed(programs, asked, ("lazy", quick), |round| round[1]),
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
            timed(programs, asked, ("commit", quick), |round| {
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
        configuration: "paged, blocks of 64, committed while it grows; the copy into memory that was touched; 4096 tokens in turn",
        answer: |programs, asked, quick| {
            timed(programs, asked, ("append", quick), |round| {
                round[0] / round[2]
            })
        },
    },
    Asked {
        question: lower((
            "R9.append-p99",
            "an append of 128 KiB, 99 of 100, to a copy",
            "ratio",
            3.0,
        )),
        configuration: "as R9.append-p50; the 99 of 100 of both",
        answer: |programs, asked, quick| {
            timed(programs, asked, ("append", quick), |round| {
                round[1] / round[3]
            })
        },
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
            timed(programs, asked, ("read", quick), |round| {
                round[0] / round[1]
            })
        },
    },
    Asked {
        question: lower(("R9.fork-4096", "a fork of 4096 tokens", "us", 0.5)),
        configuration: "paged, blocks of 64; no key is copied",
        answer: |programs, asked, quick| timed(programs, asked, ("fork", quick), |round| round[0]),
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
            let row = asked.row(pair - empty, std::collections::BTreeMap::new());
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
        configuration: "instructions, with the append of the 64",
        answer: |programs, asked, _| {
            let at = |context: &str| programs.instructions("kv-truncations", context, 1000);
            let (short, long) = (at("4096")?, at("131072")?);
            let row = asked.row(long / short, std::collections::BTreeMap::new());
            Ok(row.with_note("instructions", format!("{short:.0} and {long:.0}")))
        },
    },
];

/// A row of times: the median of the rounds' figures. What bounds ours stands among the peers.
fn timed(
    programs: &Programs,
    asked: &Asked,
    (what, quick): (&str, bool),
    of: fn(&[f64]) -> f64,
) -> Result<Row, Failure> {
    let rounds = if quick { "5" } else { "21" };
    let lines = programs.lines(&["kv-times", what, rounds])?;
    let rounds: Result<Vec<Vec<f64>>, Failure> = lines.iter().map(|line| figures(line)).collect();
    let rounds = rounds?;
    let width = rounds.iter().map(Vec::len).min().unwrap_or(0);
    let each = (0..width).map(|at| {
        let figure = median(rounds.iter().map(|round| round[at]).collect());
        (format!("figure {}", at + 1), Figure::plain(Ok(figure)))
    });
    let ratios: Vec<f64> = rounds.iter().map(|round| of(round)).collect();
    let row = asked.row(median(ratios.clone()), each.collect());
    Ok(row.with_interval(Some(interval(ratios))))
}

/// The figures of a line: two or four, or one of a fork.
fn figures(line: &str) -> Result<Vec<f64>, Failure> {
    let figures: Option<Vec<f64>> = line.split(' ').map(|word| word.parse().ok()).collect();
    figures.ok_or_else(|| Failure::Output {
        program: "region kv-times".to_owned(),
        what: line.to_owned(),
    })
}
