//! Rows of what looking costs.

use super::asked::{Asked, MEDIAN, Reading, asked};
use super::lab::Lab;
use crate::row::Row;

/// Percent that a timeline may cost.
const COST_MAX: f64 = 1.0;

const ROWS: &[Asked] = &[
    asked(
        (
            "P11.metrics-cost",
            "fib(27) while a timeline is recorded, above without; counts are always on",
            "percent",
            COST_MAX,
        ),
        ("traced-fib", 27, 101),
        &["bedplate"],
        Reading::Own,
        MEDIAN,
    ),
    asked(
        (
            "P11.metrics-cost-tree",
            "the same of a tree of 2^18 nodes",
            "percent",
            COST_MAX,
        ),
        ("traced-tree", 18, 101),
        &["bedplate"],
        Reading::Own,
        MEDIAN,
    ),
    asked(
        (
            "P11.metrics-cost-jobs",
            "the same of 500 jobs of a scope, of some twenty microseconds each",
            "percent",
            COST_MAX,
        ),
        ("traced-jobs", 500, 101),
        &["bedplate"],
        Reading::Own,
        MEDIAN,
    ),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    lab.rows(ROWS)
}
