//! Memory that a process keeps after it freed what it had.
//!
//! # Role
//! Runs `kept.c`, which frees 207 MB in random order and then only sleeps, in each of its modes.

use super::question;
use crate::contender::{Contender, OURS};
use crate::failure::Failure;
use crate::program;
use crate::row::{Figure, Measured, Question, Row};
use core::sync::atomic::{AtomicUsize, Ordering};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

const PERCENT: &str = "percent of peak";

const AFTER_FREE: Question = question(
    "M5.kept-after-free",
    "resident 1.2 s after the last free, process asleep: worst of same, gone, blocked thread",
    PERCENT,
    15.0,
);
const SEVEN_EIGHTHS: Question = question(
    "M5.kept-seven-eighths",
    "resident 1.2 s after seven of eight blocks were freed in random order, process asleep",
    PERCENT,
    50.0,
);

const MEBIBYTES: u32 = 207;
const MILLISECONDS: u32 = 1200;
/// Most of a run is sleep, so that more of them than there are cores go at once.
const AT_ONCE: usize = 4;

/// Modes of the program, by the row that they belong to.
const FULL: &[&str] = &["same", "gone", "blocked"];
const EIGHTHS: &[&str] = &["eighths"];

/// Percent kept, of every repetition.
type Kept = Result<Vec<f64>, Failure>;

/// The rows whose question is wanted.
pub(crate) fn rows(
    contenders: &[Contender],
    is_quick: bool,
    is_wanted: impl Fn(&Question) -> bool,
) -> Vec<Row> {
    let repetitions = if is_quick { 1 } else { 3 };
    let asked = [(AFTER_FREE, FULL), (SEVEN_EIGHTHS, EIGHTHS)];
    asked
        .iter()
        .filter(|(question, _)| is_wanted(question))
        .map(|(question, modes)| row(question, modes, contenders, repetitions))
        .collect()
}

fn row(question: &Question, modes: &[&str], contenders: &[Contender], repetitions: usize) -> Row {
    let all = measure(modes, contenders, repetitions);
    let mut peers = BTreeMap::new();
    let mut ours = Figure::plain(Err(Failure::Output {
        program: "bedplate-bench".to_owned(),
        what: "our own library is not among the contenders".to_owned(),
    }));
    let mut interval = None;
    let mut raw = serde_json::Map::new();
    for (contender, kept) in contenders.iter().zip(&all) {
        let worst = worst(kept);
        raw.insert(contender.name.clone(), shown_raw(modes, kept));
        let figure = Figure {
            value: worst.clone().map(|(_, [median, ..])| median),
            note: Some(note(modes, kept)),
        };
        if contender.name == OURS {
            interval = worst.ok().map(|(_, [_, least, most])| [least, most]);
            ours = figure;
        } else {
            peers.insert(contender.name.clone(), figure);
        }
    }
    let measured = Measured {
        configuration: format!(
            "default settings, preloaded; {MEBIBYTES} MiB of 64..1024 B, freed in random order; \
             {repetitions} repetitions, the median; interval: from least to most; {MILLISECONDS} ms \
             asleep"
        ),
        ours,
        peers,
    };
    Row::new(question, measured)
        .with_interval(interval)
        .with_raw(Value::Object(raw))
}

/// Median, least and most of the mode that keeps most.
fn worst(kept: &[Kept]) -> Result<(usize, [f64; 3]), Failure> {
    let mut worst = (0, [0.0; 3]);
    for (mode, kept) in kept.iter().enumerate() {
        let mut sorted = kept.clone()?;
        sorted.sort_by(f64::total_cmp);
        if let (Some(least), Some(most)) = (sorted.first(), sorted.last()) {
            let median = sorted[sorted.len() / 2];
            if median > worst.1[0] {
                worst = (mode, [median, *least, *most]);
            }
        }
    }
    Ok(worst)
}

fn note(modes: &[&str], kept: &[Kept]) -> String {
    let notes: Vec<String> = modes
        .iter()
        .zip(kept)
        .map(|(mode, kept)| match kept {
            Ok(kept) => {
                let shown: Vec<String> = kept.iter().map(|kept| format!("{kept:.1}")).collect();
                format!("{mode} {}", shown.join("/"))
            }
            Err(failure) => format!("{mode}: {failure}"),
        })
        .collect();
    notes.join(", ")
}

fn shown_raw(modes: &[&str], kept: &[Kept]) -> Value {
    let by_mode = modes.iter().zip(kept).map(|(mode, kept)| {
        let kept = match kept {
            Ok(kept) => json!(kept),
            Err(failure) => json!({ "why": failure.to_string() }),
        };
        ((*mode).to_owned(), kept)
    });
    Value::Object(by_mode.collect())
}

/// By contender and mode.
fn measure(modes: &[&str], contenders: &[Contender], repetitions: usize) -> Vec<Vec<Kept>> {
    let empty = vec![Ok(Vec::new()); modes.len()];
    let all = Mutex::new(vec![empty; contenders.len()]);
    let path = program::compile("kept.c", "kept", &[]);
    let runs: Vec<(usize, usize)> = (0..repetitions)
        .flat_map(|_| 0..contenders.len())
        .flat_map(|contender| (0..modes.len()).map(move |mode| (contender, mode)))
        .collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                // Relaxed: only the number matters; the lock publishes the figures.
                while let Some(&(contender, mode)) = runs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    eprintln!("kept: {}, {}", contenders[contender].name, modes[mode]);
                    let kept = path
                        .as_ref()
                        .map_err(Clone::clone)
                        .and_then(|path| run(path, modes[mode], &contenders[contender]));
                    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                    add(&mut all[contender][mode], kept);
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn add(place: &mut Kept, kept: Result<f64, Failure>) {
    match (place.as_mut(), kept) {
        (Ok(earlier), Ok(kept)) => earlier.push(kept),
        (_, Err(failure)) => *place = Err(failure),
        (Err(_), Ok(_)) => {}
    }
}

fn run(path: &Path, mode: &str, contender: &Contender) -> Result<f64, Failure> {
    let mut command = Command::new(path);
    command.args([mode, &MEBIBYTES.to_string(), &MILLISECONDS.to_string()]);
    program::preload(&mut command, contender)?;
    let output = command.output().map_err(|error| Failure::Start {
        program: path.display().to_string(),
        error: error.to_string(),
    })?;
    let text = program::checked_output("kept", contender, &output)?;
    let line = text.lines().last().unwrap_or_default();
    parse(line).ok_or_else(|| Failure::Output {
        program: "kept".to_owned(),
        what: line.to_owned(),
    })
}

/// Reads `peak_kib N kept_kib N`; percent kept.
fn parse(line: &str) -> Option<f64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["peak_kib", peak, "kept_kib", kept] = words.as_slice() else {
        return None;
    };
    let (peak, kept): (f64, f64) = (peak.parse().ok()?, kept.parse().ok()?);
    (peak > 0.0).then(|| kept * 100.0 / peak)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_read() {
        assert_eq!(parse("peak_kib 200 kept_kib 30"), Some(15.0));
        assert_eq!(parse("peak_kib 0 kept_kib 30"), None);
        assert_eq!(parse("kept_kib 30"), None);
    }

    #[test]
    fn the_worst_mode_counts() {
        let kept = [Ok(vec![3.0, 2.0, 4.0]), Ok(vec![9.0, 50.0, 8.0])];
        assert_eq!(worst(&kept).unwrap(), (1, [9.0, 8.0, 50.0]));
    }
}
