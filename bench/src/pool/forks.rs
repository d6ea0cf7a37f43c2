//! Rows of trees and of numbers of Fibonacci.
//!
//! # Role
//! What a fork costs, and what forks gain. The trees lie in preorder, with notes on shuffled ones and
//! on threads that are not bound. Every contender visits the left half first, but forte in the first
//! few levels.

use super::asked::{Asked, MEDIAN, Reading, Variant, Way, asked};
use super::lab::Lab;
use super::runs::Place;
use crate::row::Row;

const RATIO: &str = "ratio";
const TREE: &[&str] = &["bedplate", "serial", "chili", "rayon", "forte", "tbb"];
/// Those whose instructions are counted: oneTBB's threads spin under the counting tool.
const COUNTED: &[&str] = &["bedplate", "serial", "chili", "rayon", "forte"];
const FIB: &[&str] = &["bedplate", "chili", "rayon", "serial", "forte", "tbb"];
const TREES: &[Variant] = &[
    ("shuffled", Place::Bound),
    ("tree", Place::Free),
    ("shuffled", Place::Free),
];
const FREE_FIB: &[Variant] = &[("fib", Place::Free)];

const ROWS: &[Asked] = &[
    asked(
        (
            "P2.fork-instructions",
            "a fork, above serial; tree of 16,383 nodes",
            "instructions",
            16.0,
        ),
        ("tree", 14, 10),
        COUNTED,
        Reading::AboveSecond,
        Way::Counted { units: 16_383.0 },
    ),
    asked(
        (
            "P2.free-fork-instructions",
            "the same by `join` without a context",
            "instructions",
            16.0,
        ),
        ("tree", 14, 10),
        &["free", "serial"],
        Reading::AboveSecond,
        Way::Counted { units: 16_383.0 },
    ),
    asked(
        (
            "P2.fib-instructions",
            "a step of fib(20): overhead over serial, to chili's",
            RATIO,
            0.82,
        ),
        ("fib", 20, 10),
        COUNTED,
        Reading::Overhead,
        Way::Counted { units: 1.0 },
    ),
    asked(
        (
            "P2.tree-1k",
            "tree of 1,023 nodes: overhead over serial, to chili's",
            RATIO,
            0.75,
        ),
        ("tree", 10, 4001),
        TREE,
        Reading::Overhead,
        MEDIAN,
    )
    .also(TREES),
    asked(
        (
            "P2.outside-entry",
            "the same tree entered from outside, to inside",
            RATIO,
            1.05,
        ),
        ("tree", 10, 4001),
        &["outside", "bedplate", "chili"],
        Reading::To(1),
        MEDIAN,
    ),
    asked(
        ("P12.fib32", "fib(32), to chili", RATIO, 0.8),
        ("fib", 32, 11),
        FIB,
        Reading::To(1),
        MEDIAN,
    )
    .also(FREE_FIB),
    asked(
        ("P12.fib32-vs-rayon", "fib(32), to rayon", RATIO, 0.35),
        ("fib", 32, 11),
        FIB,
        Reading::To(2),
        MEDIAN,
    )
    .also(FREE_FIB),
    asked(
        (
            "P12.tree-1m",
            "tree of 2^20 nodes, to serial in the same order",
            RATIO,
            0.65,
        ),
        ("tree", 20, 11),
        TREE,
        Reading::To(1),
        MEDIAN,
    )
    .also(TREES),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    lab.rows(ROWS)
}
