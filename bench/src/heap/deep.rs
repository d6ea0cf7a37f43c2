//! Rows of deep structures.

use super::Asked;
use super::programs::Programs;
use crate::failure::Failure;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;

const SHAPES: [&str; 3] = ["list", "ring", "tree"];
const PEERS: [&str; 7] = [
    "rc",
    "dumpster",
    "rust-cc",
    "bacon_rajan_cc",
    "jrsonnet-gcmodule",
    "boa_gc",
    "gc-arena",
];

pub(super) const ROWS: &[Asked] = &[Asked {
    question: lower((
        "H4.list-million",
        "structures of 10^6 objects that end the process: list, ring, tree as deep as it is long",
        "failures",
        0.0,
    )),
    configuration: "a stack of 64 KiB; made, walked, dropped, collected; ours verified, checkpointed and restored, too",
    answer: failures,
}];

fn failures(programs: &Programs, asked: &Asked, _quick: bool) -> Result<Row, Failure> {
    let mut notes = BTreeMap::new();
    let mut count = |name: &str| {
        let failed: Vec<&str> = SHAPES
            .into_iter()
            .filter(|shape| programs.text(&["deep", name, shape]).is_err())
            .collect();
        if !failed.is_empty() {
            notes.insert(programs.named(name), failed.join(", "));
        }
        f64::from(u8::try_from(failed.len()).unwrap_or(u8::MAX))
    };
    let ours = count("bedplate");
    let peers: BTreeMap<String, Figure> = PEERS
        .iter()
        .map(|name| (programs.named(name), Figure::plain(Ok(count(name)))))
        .collect();
    let row = asked.row(Ok(ours), peers);
    Ok(notes
        .into_iter()
        .fold(row, |row, (name, note)| row.with_note(&name, note)))
}
