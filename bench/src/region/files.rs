//! Rows of model files.
//!
//! # Role
//! What mapping and reading a model file costs beside the kernel's own calls and candle's reader.

use super::Asked;
use super::candle::{self, PACKAGE, numbers};
use super::programs::Programs;
use super::scratch::{interval, median};
use crate::failure::Failure;
use crate::program;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The size of the file that is loaded.
const LOADED_MIB: usize = 256;

const VOCABULARY: &str =
    "150,000 tokens and as many merges, scores and types, 300 tensors; from the page cache";

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "R4.warm-load",
            "open, map, touch each OS page and unmap a file in the page cache, to raw mmap",
            "ratio",
            1.05,
        )),
        configuration: "256 MiB; contenders in turn in one process, in another order each round; the copy alone",
        answer: loaded,
    },
    Asked {
        question: lower((
            "R5.parse-rss",
            "memory that became resident by reading a file's metadata, to the metadata's bytes",
            "ratio",
            1.5,
        )),
        configuration: VOCABULARY,
        answer: resident,
    },
    Asked {
        question: lower((
            "R5.parse-time-vs-candle",
            "open, map and read a file's metadata, to candle's reader",
            "ratio",
            0.1,
        )),
        configuration: VOCABULARY,
        answer: parsed,
    },
];

fn loaded(_programs: &Programs, asked: &Asked, quick: bool) -> Result<Row, Failure> {
    let path = program::output_directory()?.join("region-load.bin");
    let bytes = vec![1; LOADED_MIB << 20];
    // On the disk, too, before it is read: nobody writes pages back while times are taken.
    fs::write(&path, bytes)
        .and_then(|()| fs::File::open(&path)?.sync_all())
        .map_err(|error| Failure::file(&path, &error))?;
    let (rounds, copies) = if quick { ("61", "5") } else { ("401", "31") };
    let measured = numbers(&["load", &shown(&path), rounds]).and_then(|times| {
        let copies = numbers(&["copy", &shown(&path), copies])?;
        Ok((times, copies.concat()))
    });
    // What was written is of no use to anyone else.
    fs::remove_file(&path).map_err(|error| Failure::file(&path, &error))?;
    let (times, copies) = measured?;
    let mut row = compared(asked, &times, 1, &["raw mmap", "memmap2"])?;
    let copied: Vec<f64> = copies.iter().map(|each| each / 1e6).collect();
    let copied = (median(copied) * 1000.0).round() / 1000.0;
    row.peers
        .insert("our copy in huge pages".to_owned(), Some(copied));
    Ok(row)
}

fn parsed(_programs: &Programs, asked: &Asked, quick: bool) -> Result<Row, Failure> {
    let path = vocabulary()?;
    let rounds = if quick { "15" } else { "61" };
    let times = numbers(&["parse", &shown(&path), rounds])?;
    let candle = candle::named("candle-core")?;
    compared(asked, &times, 2, &["ours, every token looked at", &candle])
}

/// A row of the ratio of the first times to those at `to`, round by round.
fn compared(asked: &Asked, times: &[Vec<f64>], to: usize, names: &[&str]) -> Result<Row, Failure> {
    if times.is_empty() || times.iter().any(|round| round.len() != names.len() + 1) {
        return Err(Failure::Output {
            program: PACKAGE.to_owned(),
            what: format!("{} rounds", times.len()),
        });
    }
    let each = |at: usize| median(times.iter().map(|round| round[at] / 1e6).collect());
    let peers = names.iter().enumerate().map(|(at, name)| {
        let figure = Figure::plain(Ok(each(at + 1)));
        ((*name).to_owned(), figure)
    });
    let ratios: Vec<f64> = times.iter().map(|round| round[0] / round[to]).collect();
    let row = asked.row(median(ratios.clone()), peers.collect());
    let note = format!("{:.3} ms; the others' figures are ms, too", each(0));
    Ok(row
        .with_interval(Some(interval(ratios)))
        .with_note("ours", note))
}

fn resident(_programs: &Programs, asked: &Asked, _quick: bool) -> Result<Row, Failure> {
    let path = vocabulary()?;
    let ratio = |reader: &str| {
        let lines = numbers(&["memory", &shown(&path), reader])?;
        match lines.as_slice() {
            [pair] if pair.len() == 2 => Ok((pair[0] / pair[1], pair[1])),
            _ => Err(Failure::Output {
                program: PACKAGE.to_owned(),
                what: "no two numbers".to_owned(),
            }),
        }
    };
    let (ours, metadata) = ratio("ours")?;
    let theirs = Figure::plain(ratio("candle").map(|(ratio, _)| ratio));
    let row = asked.row(
        ours,
        BTreeMap::from([(candle::named("candle-core")?, theirs)]),
    );
    let note = format!("{metadata:.0} bytes of metadata; pages of the file count as resident");
    Ok(row.with_note("ours", note))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The large file, made once.
fn vocabulary() -> Result<PathBuf, Failure> {
    let path = program::output_directory()?.join("region-vocabulary.gguf");
    if !path.exists() {
        candle::run(&["make", &shown(&path)])?;
    }
    Ok(path)
}
