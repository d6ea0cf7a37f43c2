//! Rows of what goes over the whole heap.

use super::Asked;
use super::counts::{HOT, LEAF, RINGS};
use super::programs::Programs;
use super::times::{extreme, median};
use crate::failure::Failure;
use crate::row::Row;
use crate::row::lower;
use std::collections::BTreeMap;

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "H6.verify",
            "time of a verification of 2^20 nodes, to one walk over all references",
            "ratio",
            3.0,
        )),
        configuration: "each count exactly; the walk has a bit for each object; the thread's time, in turn, the median of rounds",
        answer: |programs, asked, quick| to_least(programs, asked, "verify", quick),
    },
    Asked {
        question: lower((
            "H6.off-instructions",
            "instructions more where verification is off, at most",
            "instructions",
            0.0,
        )),
        configuration: "a hot pair, a leaf, a ring; on a heap that was verified and has a watch that is off, less those on one that was not",
        answer: off,
    },
    Asked {
        question: lower((
            "H8.checkpoint",
            "time of a checkpoint of 2^20 nodes, to a copy of as many bytes",
            "ratio",
            2.0,
        )),
        configuration: "nothing is shared with another checkpoint; both into fresh memory; the thread's time, in turn, the median of rounds",
        answer: |programs, asked, quick| to_least(programs, asked, "checkpoint", quick),
    },
];

/// A row of ours to the least that could be asked.
fn to_least(programs: &Programs, asked: &Asked, what: &str, quick: bool) -> Result<Row, Failure> {
    let text = programs.text(&["whole", what, if quick { "11" } else { "31" }])?;
    let pair = |line: &str| -> Option<(f64, f64)> {
        let (own, least) = line.split_once(' ')?;
        Some((own.parse().ok()?, least.parse().ok()?))
    };
    let pairs: Option<Vec<(f64, f64)>> = text.lines().map(pair).collect();
    let pairs = pairs
        .filter(|pairs| !pairs.is_empty())
        .ok_or_else(|| Failure::Output {
            program: format!("heap whole {what}"),
            what: text.clone(),
        })?;
    let ratios: Vec<f64> = pairs.iter().map(|(own, least)| own / least).collect();
    let millis = |of: fn(&(f64, f64)) -> f64| {
        let figures: Vec<f64> = pairs.iter().map(of).collect();
        median(&figures) / 1e6
    };
    let note = format!(
        "{:.2} ms to {:.2} ms",
        millis(|pair| pair.0),
        millis(|pair| pair.1)
    );
    let ends = [extreme(&ratios, f64::min), extreme(&ratios, f64::max)];
    let row = asked.row(Ok(median(&ratios)), BTreeMap::new());
    Ok(row.with_interval(Some(ends)).with_note("ours", note))
}

fn off(programs: &Programs, asked: &Asked, _quick: bool) -> Result<Row, Failure> {
    let mut most = 0.0_f64;
    for sized in [HOT, LEAF, RINGS] {
        let without = programs.instructions(sized, "bedplate")?;
        let with = programs.instructions(sized, "verified")?;
        most = most.max(with - without);
    }
    Ok(asked.row(Ok(most), BTreeMap::new()))
}
