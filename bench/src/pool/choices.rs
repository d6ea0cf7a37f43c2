//! Rows of selection: whom to wake, and who runs what.
//!
//! # Role
//! Each way to choose is kept in the pool only where its row shows a gain, and its row stays where it
//! was left out. The programs are models of the choice alone, but for `P8.moved`, which is the pool.

use super::asked::{Asked, MEDIAN, Reading, asked};
use super::lab::Lab;
use crate::row::Row;

const RATIO: &str = "ratio";

const ROWS: &[Asked] = &[
    // Kept: the pool wakes a worker that is bound elsewhere, if one sleeps.
    asked(
        (
            "P8.wake-elsewhere",
            "until a waker and the woken have both done a piece of work: woken elsewhere, to on the same CPU",
            RATIO,
            0.75,
        ),
        ("chosen", 0, 101),
        &["elsewhere", "here"],
        Reading::To(1),
        MEDIAN,
    ),
    // Kept: sleepers are picked from a bitmap.
    asked(
        (
            "P8.idle-bitmap",
            "to pick one of 64 sleepers: the first of a bitmap, to the best by a score",
            RATIO,
            0.5,
        ),
        ("pick", 64, 21),
        &["bitmap", "score"],
        Reading::To(1),
        MEDIAN,
    ),
    // Left out: a hint that brings a loop's items back to the worker that had them; the most it could
    // gain is this times the part of items that move.
    asked(
        (
            "P8.moved",
            "items that another thread runs than in the pass before, without locality hints",
            "percent",
            10.0,
        ),
        ("moved", 0, 201),
        &["bedplate"],
        Reading::Own,
        MEDIAN,
    ),
    asked(
        (
            "P8.kept",
            "a pass over 256 KiB a thread that keeps its half, to halves that change hands",
            RATIO,
            1.0,
        ),
        ("kept", 256, 401),
        &["own", "swapped"],
        Reading::To(1),
        MEDIAN,
    ),
];

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    lab.rows(ROWS)
}
