//! Rows of the planner.

use super::Asked;
use super::programs::Programs;
use crate::failure::Failure;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;

const CONFIGURATION: &str = "tensors of Llama 2 7B, 32 layers, f32, context 4096; the worse of passes over 1 and 512 tokens";

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "R3.planned-bytes",
            "scratch of a pass as planned, to an arena without a plan",
            "ratio",
            0.6,
        )),
        configuration: CONFIGURATION,
        answer: |programs, asked, _| compared(programs, asked, "bump"),
    },
    Asked {
        question: lower((
            "R3.planned-vs-alive",
            "the same to the most bytes alive at one step, below which no plan is",
            "ratio",
            1.05,
        )),
        configuration: CONFIGURATION,
        answer: |programs, asked, _| compared(programs, asked, "alive"),
    },
    Asked {
        question: lower((
            "R3.planned-vs-layer",
            "the same to an arena that is rewound after every layer",
            "ratio",
            1.0,
        )),
        configuration: CONFIGURATION,
        answer: |programs, asked, _| compared(programs, asked, "by-layer"),
    },
];

/// Passes that are planned, in tokens.
const PASSES: [&str; 2] = ["1", "512"];

fn compared(programs: &Programs, asked: &Asked, other: &str) -> Result<Row, Failure> {
    let mut worst = (0.0, BTreeMap::new());
    for tokens in PASSES {
        let sizes = sizes(programs, tokens)?;
        let size = |name: &str| {
            sizes.get(name).copied().ok_or_else(|| Failure::Output {
                program: "region plan".to_owned(),
                what: format!("no {name}"),
            })
        };
        let ratio = size("plan")? / size(other)?;
        if ratio > worst.0 {
            worst = (ratio, sizes);
        }
    }
    let (ratio, sizes) = worst;
    let text = |name: &str| format!("{:.0} bytes", sizes.get(name).copied().unwrap_or_default());
    let row = asked.row(ratio, BTreeMap::new());
    // The way of the common graph allocators, for comparison.
    let peer = sizes.get("in-order").copied();
    let bytes = sizes.get(other).copied();
    let peer = peer.zip(bytes).map(|(peer, bytes)| peer / bytes);
    let mut row = row
        .with_note("plan", text("plan"))
        .with_note(other, text(other));
    if let Some(peer) = peer {
        let figure: Figure = Figure::plain(Ok(peer));
        row.peers
            .insert("best fit in order of use".to_owned(), figure.value.ok());
    }
    Ok(row)
}

fn sizes(programs: &Programs, tokens: &str) -> Result<BTreeMap<String, f64>, Failure> {
    let lines = programs.lines(&["plan", tokens])?;
    let pair = |line: &String| {
        let (name, bytes) = line.split_once(' ')?;
        Some((name.to_owned(), bytes.parse().ok()?))
    };
    Ok(lines.iter().filter_map(pair).collect())
}
