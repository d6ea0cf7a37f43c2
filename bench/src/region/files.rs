//! Rows of model files.
//!
//! # Role
//! What mapping and reading a model file costs beside the kernel's own calls and candle's reader. The
//! programs are a package of their own (`bench/peers/region-candle`): candle takes minutes to build,
//! which only these rows wait for.

use super::Asked;
use super::programs::Programs;
use super::scratch::{interval, median};
use crate::failure::Failure;
use crate::peer::{cargo_built, carrier};
use crate::program;
use crate::row::lower;
use crate::row::{Figure, Row};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The package of the programs.
const PACKAGE: &str = "region-candle";
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
        configuration: "256 MiB; contenders in turn in one process",
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
    fs::write(&path, bytes).map_err(|error| Failure::file(&path, &error))?;
    let rounds = if quick { "31" } else { "101" };
    let times = times(&["load", &shown(&path), rounds])?;
    // What was written is of no use to anyone else.
    fs::remove_file(&path).map_err(|error| Failure::file(&path, &error))?;
    compared(
        asked,
        &times,
        1,
        &["raw mmap", "memmap2", "our copy in huge pages"],
    )
}

fn parsed(_programs: &Programs, asked: &Asked, quick: bool) -> Result<Row, Failure> {
    let path = vocabulary()?;
    let rounds = if quick { "15" } else { "61" };
    let times = times(&["parse", &shown(&path), rounds])?;
    let candle = candle()?;
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
        let lines = times(&["memory", &shown(&path), reader])?;
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
    let row = asked.row(ours, BTreeMap::from([(candle()?, theirs)]));
    let note = format!("{metadata:.0} bytes of metadata; pages of the file count as resident");
    Ok(row.with_note("ours", note))
}

fn candle() -> Result<String, Failure> {
    let found = carrier::find(PACKAGE, "candle-core")?;
    Ok(format!("candle {}", found.version))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The large file, made once.
fn vocabulary() -> Result<PathBuf, Failure> {
    let path = program::output_directory()?.join("region-vocabulary.gguf");
    if !path.exists() {
        run(&["make", &shown(&path)])?;
    }
    Ok(path)
}

/// The numbers that the program prints, line by line.
fn times(words: &[&str]) -> Result<Vec<Vec<f64>>, Failure> {
    let text = run(words)?;
    let lines: Result<Vec<Vec<f64>>, _> = text
        .lines()
        .map(|line| line.split(' ').map(str::parse).collect())
        .collect();
    lines.map_err(|_| Failure::Output {
        program: format!("{PACKAGE} {}", words.join(" ")),
        what: text,
    })
}

fn run(words: &[&str]) -> Result<String, Failure> {
    static BUILT: OnceLock<Result<PathBuf, Failure>> = OnceLock::new();
    let program = BUILT.get_or_init(build).clone()?;
    let output = Command::new(program)
        .args(words)
        .output()
        .map_err(|error| Failure::start(PACKAGE, "cargo", &error))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            program: format!("{PACKAGE} {}", words.join(" ")),
            how: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn build() -> Result<PathBuf, Failure> {
    eprintln!("building {PACKAGE}, which takes minutes at first");
    let messages = cargo_built::build(PACKAGE, &program::output_directory()?)?;
    messages
        .iter()
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .ok_or_else(|| Failure::Output {
            program: format!("cargo build of {PACKAGE}"),
            what: "no program".to_owned(),
        })
}
