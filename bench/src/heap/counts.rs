//! Rows of instructions, and of misses of the cache.

use super::Asked;
use super::programs::{Programs, Sized};
use crate::failure::Failure;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;

/// Who shares references that are counted, or looks so.
const SHARING: &[&str] = &[
    "rc",
    "dumpster",
    "rust-cc",
    "bacon_rajan_cc",
    "jrsonnet-gcmodule",
    "boa_gc",
];
/// Everybody.
const ALL: &[&str] = &[
    "rc",
    "dumpster",
    "rust-cc",
    "bacon_rajan_cc",
    "jrsonnet-gcmodule",
    "boa_gc",
    "gc-arena",
];

pub(super) const HOT: Sized = Sized {
    program: "hot",
    from: 1000,
    to: 101_000,
    each: 1,
};
const SPREAD: Sized = Sized {
    program: "spread",
    from: 4,
    to: 24,
    each: 10_000,
};
pub(super) const LEAF: Sized = Sized {
    program: "leaf",
    from: 1000,
    to: 101_000,
    each: 1,
};
pub(super) const RINGS: Sized = Sized {
    program: "rings",
    from: 2000,
    to: 22_000,
    each: 1,
};
const TREES: Sized = Sized {
    program: "trees",
    from: 2,
    to: 5,
    each: (1 << 15) - 1,
};

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "H2.hot-pair",
            "a reference to one object taken and given back, net of the loop",
            "instructions",
            24.0,
        )),
        configuration: "a node with a child: it may be a part of a cycle; automatic trials",
        answer: |programs, asked, _| net(programs, asked, HOT, SHARING),
    },
    Asked {
        question: lower((
            "H2.spread-pair",
            "the same over 10,000 objects in turn",
            "instructions",
            40.0,
        )),
        configuration: "nodes with a child each; after four turns; automatic trials",
        answer: |programs, asked, _| net(programs, asked, SPREAD, SHARING),
    },
    Asked {
        question: lower((
            "H2.leaf",
            "a node without children made and freed, net of the loop",
            "instructions",
            60.0,
        )),
        configuration: "two empty references and a word, one at a time",
        answer: |programs, asked, _| net(programs, asked, LEAF, ALL),
    },
    Asked {
        question: lower((
            "H3.ring",
            "a ring of 2 to 8 nodes made, dropped and collected, net of the loop",
            "instructions",
            1500.0,
        )),
        configuration: "automatic trials, and a collection at the end that is counted; Rc frees none; peers without a trigger are asked each thousand rings or candidates",
        answer: |programs, asked, _| net(programs, asked, RINGS, ALL),
    },
    Asked {
        question: lower((
            "H2.binary-trees",
            "a tree's node made, visited and freed, to Rc",
            "ratio",
            0.6,
        )),
        configuration: "full trees of 32,767 nodes; instructions, as the peers' figures",
        answer: |programs, asked, _| {
            to_rc(programs, asked, ALL, &|name| {
                programs.instructions(TREES, name)
            })
        },
    },
    Asked {
        question: lower((
            "H2.d1-misses",
            "misses of the first cache of data for a tree's node, to Rc",
            "ratio",
            1.0,
        )),
        configuration: "as H2.binary-trees; cachegrind, 32 KiB in 8 ways",
        answer: |programs, asked, _| {
            to_rc(programs, asked, ALL, &|name| programs.misses(TREES, name))
        },
    },
];

/// A row of counts without those of the empty loop.
fn net(programs: &Programs, asked: &Asked, sized: Sized, peers: &[&str]) -> Result<Row, Failure> {
    let count = |name: &str| programs.instructions(sized, name);
    let empty = count("loop")?;
    let ours = count("bedplate").map(|count| count - empty);
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

/// A row of ours to Rc's; the peers' figures are what was counted.
fn to_rc(
    programs: &Programs,
    asked: &Asked,
    peers: &[&str],
    count: &dyn Fn(&str) -> Result<f64, Failure>,
) -> Result<Row, Failure> {
    let own = count("bedplate")?;
    let peers: BTreeMap<String, Figure> = peers
        .iter()
        .map(|name| (programs.named(name), Figure::plain(count(name))))
        .collect();
    let rc = peers.get("rc").map(|figure| figure.value.clone());
    let ratio = rc
        .unwrap_or_else(|| {
            Err(Failure::Output {
                program: "heap".to_owned(),
                what: "no figure of Rc".to_owned(),
            })
        })
        .map(|rc| own / rc);
    let row = asked.row(ratio, peers);
    Ok(row.with_note("ours", format!("{own:.3}, as the peers' figures")))
}
