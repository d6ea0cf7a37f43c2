//! Rows of the audit, on the labels made by hand.
//!
//! # Role
//! Scores the labels that were kept out of rule-making; fetches the sources they are about where
//! cargo has not got them yet.

use crate::failure::Failure;
use crate::program;
use crate::row::{Better, Figure, Measured, Question, Row};
use bedplate_audit::golden::{Figures, Missing, bench_figures, manifest};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const RECALL: Question = Question {
    id: "E1.telemetry-recall",
    what: "telemetry and exported locations that the audit finds",
    unit: "percent",
    better: Better::Higher,
    target: 85.0,
};

const LOST: Question = Question {
    id: "E1.correctness-lost",
    what: "correctness locations called telemetry, exported or diagnostic",
    unit: "locations",
    better: Better::Lower,
    target: 0.0,
};

const UNKNOWN: Question = Question {
    id: "E1.correctness-unknown",
    what: "correctness locations called unknown",
    unit: "percent",
    better: Better::Lower,
    target: 10.0,
};

/// The rows.
pub(crate) fn rows() -> Vec<Row> {
    let figures = figures();
    let configuration = match &figures {
        Ok(found) => format!(
            "{} labels of all trees that were kept out of rule-making, {} of them correctness, {} telemetry or exported",
            found.labels, found.correctness, found.telemetry
        ),
        Err(_) => "the labels that were kept out of rule-making".to_owned(),
    };
    let row = |question: &Question, figure: fn(&Figures) -> Option<f64>| {
        let value = figures
            .clone()
            .and_then(|found| figure(&found).ok_or_else(|| failed("no such labels".to_owned())));
        let measured = Measured {
            configuration: configuration.clone(),
            ours: Figure::plain(value),
            peers: BTreeMap::new(),
        };
        Row::new(question, measured)
    };
    vec![
        row(&RECALL, Figures::telemetry_recall),
        row(&LOST, |found| {
            u32::try_from(found.correctness_lost).ok().map(f64::from)
        }),
        row(&UNKNOWN, Figures::unknown_share),
    ]
}

fn figures() -> Result<Figures, Failure> {
    let home = cargo_home()?;
    match bench_figures(&home) {
        Err(Missing::Package { package, .. }) => {
            eprintln!("fetching the sources that the labels are about ({package} is not here)");
            fetch()?;
            bench_figures(&home)
        }
        other => other,
    }
    .map_err(|error| failed(error.to_string()))
}

/// Lets cargo fetch every package of the labels, for a package made for it.
fn fetch() -> Result<(), Failure> {
    let directory = program::output_directory()?.join("golden");
    let written = |path: PathBuf, text: String| {
        fs::write(&path, text).map_err(|error| Failure::file(&path, &error))
    };
    fs::create_dir_all(&directory).map_err(|error| Failure::file(&directory, &error))?;
    let text = manifest().map_err(|error| failed(error.to_string()))?;
    let path = directory.join("Cargo.toml");
    written(path.clone(), text)?;
    written(directory.join("lib.rs"), String::new())?;
    let output = Command::new("cargo")
        .args(["fetch", "--quiet", "--manifest-path"])
        .arg(&path)
        .output()
        .map_err(|error| Failure::start("cargo", "cargo", &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::Ended {
        program: format!("cargo fetch of {}", path.display()),
        how: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Where cargo keeps the sources of packages.
fn cargo_home() -> Result<PathBuf, Failure> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    named("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(named("HOME")?).join(".cargo")))
        .ok_or_else(|| failed("neither CARGO_HOME nor HOME is set; set one of them".to_owned()))
}

fn failed(how: String) -> Failure {
    Failure::Ended {
        program: "bedplate audit --golden".to_owned(),
        how,
    }
}
