//! Rows of the region.
//!
//! # Role
//! What the scratch arena, plans, model files and caches of keys and values cost beside the peers'.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `programs.rs` | builds and runs of the programs |
//! | `candle.rs` | the same of those that stand beside candle's |
//! | `scratch.rs` | rows of the arena |
//! | `plans.rs` | rows of the planner |
//! | `files.rs` | rows of model files |
//! | `kv.rs` | rows of keys and values |

mod candle;
mod files;
mod kv;
mod plans;
mod programs;
mod scratch;

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
    fn row(&self, ours: f64, peers: BTreeMap<String, Figure>) -> Row {
        let measured = Measured {
            configuration: self.configuration.to_owned(),
            ours: Figure::plain(Ok(ours)),
            peers,
        };
        Row::new(&self.question, measured)
    }

    /// A row without a figure.
    fn failed(&self, failure: Failure) -> Row {
        let measured = Measured {
            configuration: self.configuration.to_owned(),
            ours: Figure::plain(Err(failure)),
            peers: BTreeMap::new(),
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
    let rows = scratch::ROWS
        .iter()
        .chain(plans::ROWS)
        .chain(files::ROWS)
        .chain(kv::ROWS)
        .filter(|asked| only.is_none_or(|only| asked.question.id.starts_with(only)))
        .map(|asked| {
            eprintln!("{}", asked.question.id);
            (asked.answer)(&programs, asked, options.quick)
                .unwrap_or_else(|failure| asked.failed(failure))
        })
        .collect();
    let report = Report::new("region", rows, Vec::new());
    report.print();
    options
        .json
        .as_deref()
        .map_or(Ok(()), |path| report.write(path))
}
