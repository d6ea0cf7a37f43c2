//! Rows of the pool.
//!
//! # Role
//! What a fork costs by instructions and by time, what jobs cost, what a pool costs that has little
//! to do. Each room below makes rows of its own; the report has them in the rooms' order.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `lab.rs` | what a room makes its rows with |
//! | `forks.rs` | rows of trees and of numbers of Fibonacci |
//! | `jobs.rs` | rows of jobs and batches |
//! | `loops.rs` | rows of sums and sorts |
//! | `choices.rs` | rows of whom to wake, and who runs what |
//! | `foresight.rs` | rows of forecasts of what loops cost |
//! | `predictors.rs`, `recorded.rs` | predictors, and recorded costs of loops that they are judged by |
//! | `quiet.rs` | rows of a pool that has little to do |
//! | `traced.rs` | rows of what looking costs |
//! | `admission.rs` | rows of jobs that hold much memory |
//! | `waits.rs` | rows of programs that hang where a wait runs whatever it finds |
//! | `fibers.rs` | rows of jobs that wait for jobs |
//! | `asked.rs` | a row of one program on several pools, and its answer |
//! | `runs.rs`, `patience.rs` | runs of the programs; those that hang |
//! | `programs.rs` | the programs, built |

mod admission;
mod asked;
mod choices;
mod fibers;
mod foresight;
mod forks;
mod jobs;
mod lab;
mod loops;
mod patience;
mod predictors;
mod programs;
mod quiet;
mod recorded;
mod runs;
mod traced;
mod waits;

use crate::Options;
use crate::failure::Failure;
use crate::report::Report;
use crate::row::Row;
use lab::Lab;

pub(crate) use foresight::record;

/// The rooms that make rows. A room asks [`Lab::wants`] before it builds or runs anything.
const ROOMS: &[fn(&Lab) -> Vec<Row>] = &[
    forks::rows,
    jobs::rows,
    loops::rows,
    foresight::rows,
    choices::rows,
    quiet::rows,
    waits::rows,
    traced::rows,
    fibers::rows,
    admission::rows,
];

/// Runs the area.
///
/// # Errors
/// - [`Failure::File`]: the JSON document could not be written.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let lab = Lab::new(options.quick, options.only.as_deref());
    let rows = ROOMS.iter().flat_map(|room| room(&lab)).collect();
    let report = Report::new("pool", rows, Vec::new());
    report.print();
    options
        .json
        .as_deref()
        .map_or(Ok(()), |path| report.write(path))
}
