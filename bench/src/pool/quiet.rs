//! Rows of a pool that has little to do.

use super::asked::{Asked, MEDIAN, Reading, Way, asked};
use super::lab::Lab;
use crate::row::Row;

const WAKE: &[&str] = &["bedplate", "channel", "rayon", "forte"];

const ROWS: &[Asked] = &[
    asked(
        (
            "P12.trickle",
            "a job a millisecond: processor time above the sleeps",
            "us a job",
            40.0,
        ),
        ("trickle", 500, 2),
        &["bedplate", "channel", "rayon", "forte", "tbb"],
        Reading::Own,
        MEDIAN,
    ),
    asked(
        (
            "P12.wake-p50",
            "an empty job begins on a sleeping worker, bound, to a channel",
            "ratio",
            1.1,
        ),
        ("wake", 1000, 1001),
        WAKE,
        Reading::To(1),
        MEDIAN,
    ),
    asked(
        (
            "P12.wake-p99",
            "the same, the 99th of a hundred of all rounds",
            "ratio",
            1.1,
        ),
        ("wake", 1000, 1001),
        WAKE,
        Reading::To(1),
        Way::Pooled { part: 0.99 },
    ),
    asked(
        (
            "P3.idle-wakeups",
            "context switches of an idle pool in 5 s",
            "switches",
            0.0,
        ),
        ("idle", 5, 1),
        &["bedplate", "rayon", "forte"],
        Reading::Own,
        MEDIAN,
    ),
    asked(
        (
            "P3.busy-switches",
            "of the others in 1 s while one worker is busy",
            "switches",
            25.0,
        ),
        ("busy", 1, 1),
        &["bedplate", "rayon", "forte"],
        Reading::Own,
        MEDIAN,
    ),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    lab.rows(ROWS)
}
