//! Rows of jobs and batches.

use super::asked::{Asked, MEDIAN, Reading, asked};
use super::lab::Lab;
use crate::row::Row;

const ROWS: &[Asked] = &[
    asked(
        (
            "P12.spawn",
            "a million empty jobs in a scope, each",
            "ns",
            30.0,
        ),
        ("spawn", 1_000_000, 5),
        &["bedplate", "rayon", "forte", "tbb"],
        Reading::Own,
        MEDIAN,
    ),
    asked(
        ("P12.batch", "a million items of a batch, each", "ns", 2.0),
        ("batch", 1_000_000, 7),
        &["bedplate"],
        Reading::Own,
        MEDIAN,
    ),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    lab.rows(ROWS)
}
