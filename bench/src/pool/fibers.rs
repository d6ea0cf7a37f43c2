//! Rows of jobs that wait for jobs, with fibers and without.

use super::asked::{Asked, MEDIAN, Reading, asked};
use super::lab::Lab;
use crate::row::Row;

const ROWS: &[Asked] = &[
    asked(
        (
            "P10.switch-ns",
            "a job has another one run and waits for it, on one worker",
            "ns",
            1000.0,
        ),
        ("handoff", 2000, 21),
        &["fibers", "bedplate"],
        Reading::Own,
        MEDIAN,
    ),
    asked(
        (
            "P10.threads-for-waits",
            "threads of a pool of one worker for 500 jobs, each of which waits for the next",
            "threads",
            1.0,
        ),
        ("nested", 500, 1),
        &["fibers", "bedplate"],
        Reading::Own,
        MEDIAN,
    ),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    lab.rows(ROWS)
}
