//! Rows of the heap.
//!
//! # Role
//! What counts, objects and cycles cost beside pointers that count, with and without a collector: by
//! instructions where a figure must not depend on the machine's load, by the thread's time where the
//! cache matters.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `programs.rs` | builds and runs of the programs |
//! | `counts.rs` | rows of instructions and of misses of the cache |
//! | `times.rs` | rows of times beside a large live heap, and of memory |
//! | `window.rs` | rows of a long program: pauses, floating garbage, what is left |
//! | `deep.rs` | rows of deep structures |
//! | `whole.rs` | rows of what goes over the whole heap: verification, checkpoints |

mod counts;
mod deep;
mod programs;
mod times;
mod whole;
mod window;

use crate::Options;
use crate::failure::Failure;
use crate::report::Report;
use crate::row::{Figure, Measured, Question, Row};
use programs::Programs;
use std::collections::BTreeMap;

/// A row: its question, the configuration it runs with, and how its figure comes about.
struct Asked {
    question: Question,
    configuration: &'static str,
    answer: fn(&Programs, &Self, bool) -> Result<Row, Failure>,
}

impl Asked {
    /// A row of its figures.
    fn row(&self, ours: Result<f64, Failure>, peers: BTreeMap<String, Figure>) -> Row {
        let measured = Measured {
            configuration: self.configuration.to_owned(),
            ours: Figure::plain(ours),
            peers,
        };
        Row::new(&self.question, measured)
    }
}

/// Runs the area.
///
/// # Errors
/// - Those of cargo, where the programs cannot be built.
/// - [`Failure::File`]: the JSON document could not be written.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let programs = Programs::build()?;
    let only = options.only.as_deref();
    let rows = counts::ROWS
        .iter()
        .chain(times::ROWS)
        .chain(window::ROWS)
        .chain(deep::ROWS)
        .chain(whole::ROWS)
        .filter(|asked| only.is_none_or(|only| asked.question.id.starts_with(only)))
        .map(|asked| {
            eprintln!("{}", asked.question.id);
            (asked.answer)(&programs, asked, options.quick)
                .unwrap_or_else(|failure| asked.row(Err(failure), BTreeMap::new()))
        })
        .collect();
    let report = Report::new("heap", rows, Vec::new());
    report.print();
    options
        .json
        .as_deref()
        .map_or(Ok(()), |path| report.write(path))
}
