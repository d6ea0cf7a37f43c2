//! Rows of times beside a large live heap, and of memory.
//!
//! # Role
//! The thread's own time: other programs on the machine matter little. Contenders run in turn, each in a
//! process of its own; the figure is the median over rounds of the ratio within a round.

use super::Asked;
use super::programs::Programs;
use crate::failure::Failure;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;

/// Rings of a round.
const RINGS: u32 = 100_000;
/// Walks of nineteen steps of a round.
const WALKS: u32 = 50_000;
/// Objects whose memory is measured.
const OBJECTS: u32 = 1 << 20;

/// A program and who runs it.
type Runner = (&'static str, &'static str, u32);

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "H3.ring-beside-live",
            "time of a ring beside 2^20 live nodes, to the same without them",
            "ratio",
            1.1,
        )),
        configuration: "rings of 2 to 8 nodes, automatic trials; the thread's time, median of rounds",
        answer: |programs, asked, quick| {
            let sides = [
                ("rings-beside", "bedplate", RINGS),
                ("rings", "bedplate", RINGS),
            ];
            ratio(programs, asked, quick, sides, "rings-beside", RINGS / 20)
        },
    },
    Asked {
        question: lower((
            "H3.ring-into-live",
            "time of a ring that refers to a live tree, to one that does not",
            "ratio",
            1.5,
        )),
        configuration: "2^20 live nodes; a ring's first node refers to one on the ten upper levels; else as H3.ring-beside-live",
        answer: |programs, asked, quick| {
            let sides = [
                ("rings-into", "bedplate", RINGS),
                ("rings-beside", "bedplate", RINGS),
            ];
            ratio(programs, asked, quick, sides, "rings-into", RINGS / 100)
        },
    },
    Asked {
        question: lower((
            "H3.walk-live",
            "time of a step down a live tree, to Rc",
            "ratio",
            1.2,
        )),
        configuration: "2^20 live nodes; a step takes a reference to the child and gives the parent's back; automatic trials; else as H3.ring-beside-live",
        answer: |programs, asked, quick| {
            let sides = [("walks", "bedplate", WALKS), ("walks", "rc", WALKS)];
            ratio(programs, asked, quick, sides, "walks", WALKS / 100)
        },
    },
    Asked {
        question: lower((
            "H1.bytes-per-object",
            "memory of a node with two references and a word, to the nearest byte",
            "bytes",
            24.0,
        )),
        configuration: "a chain of 2^20 nodes; growth of resident memory, huge pages off; ours has handles of four bytes",
        answer: |programs, asked, _| bytes(programs, asked),
    },
];

/// Who is run once for perspective.
const PEERS: [&str; 7] = [
    "rc",
    "dumpster",
    "rust-cc",
    "bacon_rajan_cc",
    "jrsonnet-gcmodule",
    "boa_gc",
    "gc-arena",
];

/// A row of the first runner's time to the second's. The peers' figures are nanoseconds of one run of
/// `program`, as are ours in the note.
fn ratio(
    programs: &Programs,
    asked: &Asked,
    quick: bool,
    sides: [Runner; 2],
    program: &str,
    peers_size: u32,
) -> Result<Row, Failure> {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..if quick { 5 } else { 11 } {
        for turn in 0..2 {
            let side = (round + turn) % 2;
            let (program, name, size) = sides[side];
            times[side].push(programs.figure(program, name, size)?);
        }
    }
    let ratios: Vec<f64> = times[0].iter().zip(&times[1]).map(|(a, b)| a / b).collect();
    let peers: BTreeMap<String, Figure> = PEERS
        .iter()
        .map(|name| {
            let figure = programs.figure(program, name, peers_size);
            (programs.named(name), Figure::plain(figure))
        })
        .collect();
    let ends = [extreme(&ratios, f64::min), extreme(&ratios, f64::max)];
    let note = format!(
        "{:.1} to {:.1} ns; peers' figures are ns of one run",
        median(&times[0]),
        median(&times[1])
    );
    let row = asked.row(Ok(median(&ratios)), peers);
    Ok(row.with_interval(Some(ends)).with_note("ours", note))
}

fn bytes(programs: &Programs, asked: &Asked) -> Result<Row, Failure> {
    let own = programs.figure("bytes", "bedplate", OBJECTS)?;
    let peers = PEERS.iter().map(|name| {
        let figure = programs.figure("bytes", name, OBJECTS);
        (programs.named(name), Figure::plain(figure))
    });
    let row = asked.row(Ok(own.round()), peers.collect());
    Ok(row.with_note(
        "ours",
        format!("{own:.3}: 24 of the object, the rest is the ends of chunks and their table"),
    ))
}

pub(super) fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

pub(super) fn extreme(figures: &[f64], of: fn(f64, f64) -> f64) -> f64 {
    figures.iter().copied().reduce(of).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{extreme, median};

    #[test]
    fn the_middle_and_the_ends_are_found() {
        let figures = [3.0, 1.0, 2.0];
        assert!((median(&figures) - 2.0).abs() < f64::EPSILON);
        assert!((extreme(&figures, f64::min) - 1.0).abs() < f64::EPSILON);
        assert!((extreme(&figures, f64::max) - 3.0).abs() < f64::EPSILON);
    }
}
