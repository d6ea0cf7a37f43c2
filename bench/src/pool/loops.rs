//! Rows of sums and sorts.

use super::asked::{Asked, MEDIAN, Reading, asked};
use super::lab::Lab;
use crate::row::Row;

const RATIO: &str = "ratio";

const ROWS: &[Asked] = &[
    asked(
        (
            "P12.sum",
            "ten million floats summed by par_iter, to rayon",
            RATIO,
            1.0,
        ),
        ("sum", 10_000_000, 21),
        &["bedplate", "rayon", "serial", "chili", "forte", "tbb"],
        Reading::To(1),
        MEDIAN,
    ),
    asked(
        (
            "P12.sort",
            "ten million numbers of 32 bits by par_sort_unstable, to rayon",
            RATIO,
            1.0,
        ),
        ("sort", 10_000_000, 3),
        &["bedplate", "rayon", "serial", "tbb"],
        Reading::To(1),
        MEDIAN,
    ),
    asked(
        ("P12.stable-sort", "the same by par_sort", RATIO, 1.0),
        ("stable-sort", 10_000_000, 3),
        &["bedplate", "rayon", "serial"],
        Reading::To(1),
        MEDIAN,
    ),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    lab.rows(ROWS)
}
