//! The hot-path check.
//!
//! # Role
//! Proves on the library as built that its malloc and free hit paths hold no locked instruction, no
//! panic and no telemetry, and that nothing reachable from the entries names telemetry memory.
//!
//! # Not here
//! The sources. What the compiler made is what runs, so only that is judged, by address: a look-up
//! by name reads nothing when equal functions were folded, and misses what was moved out of line.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `image.rs` | the library: functions by address, linker slots, telemetry memory |
//! | `code.rs` | instructions of one function |
//! | `declared.rs` | the declared lists: cold functions, indirect calls that were read |
//! | `walk.rs` | what the entries reach, hit path and cold rest |
//! | `straight.rs` | the straight way through a hit path |
//! | `listing.rs` | that way as text |
//! | `rules.rs` | entries, and the findings that fail the check |
//! | `report.rs` | what is printed and written as JSON |
//! | `build.rs` | builds of the preload libraries |
//! | `gates.rs` | the check of a build per telemetry gate |

mod build;
mod code;
mod declared;
mod gates;
mod image;
mod listing;
mod report;
mod rules;
mod straight;
mod walk;

use crate::failure::{Failure, Verdict};
use clap::Args;
use declared::Declared;
use image::Image;
use report::Report;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of the check.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The library to check, built for preloading and not stripped.
    #[arg(required_unless_present_any = ["shipped", "each_gate"])]
    library: Option<PathBuf>,
    /// Builds the production library as it is shipped, and checks it.
    #[arg(long, conflicts_with = "library")]
    shipped: bool,
    /// Builds and checks the production library, then one library per telemetry gate with only
    /// that gate on: production must be clean, and each gate must be caught.
    #[arg(long, conflicts_with_all = ["library", "shipped"])]
    each_gate: bool,
    /// Writes the findings as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// With --each-gate: writes the table as Markdown.
    #[arg(long, value_name = "FILE", requires = "each_gate")]
    table: Option<PathBuf>,
    /// Writes the instructions of malloc and free straight to their returns.
    #[arg(long, value_name = "FILE", conflicts_with = "each_gate")]
    listing: Option<PathBuf>,
    /// Prints every function reached, cold ones of Rust's own libraries included.
    #[arg(long)]
    all: bool,
}

/// Runs the check.
///
/// # Errors
/// - [`Failure`]: a file could not be read or written, or a library could not be built.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    if options.each_gate {
        return gates::run(options.table.as_deref(), options.json.as_deref());
    }
    let library = match &options.library {
        Some(library) => library.clone(),
        None => build::build(build::Library::Production)?,
    };
    let report = check(&library)?;
    report.print(options.all);
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    if let Some(path) = &options.listing {
        fs::write(path, report.listing()).map_err(|error| Failure::file(path, error))?;
    }
    Ok(Verdict::from_clean(report.findings.is_empty()))
}

fn write_json(path: &Path, content: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(content).map_err(|e| Failure::content(path, e))?;
    fs::write(path, text + "\n").map_err(|error| Failure::file(path, error))
}

/// Checks one library.
fn check(library: &Path) -> Result<Report, Failure> {
    let bytes = fs::read(library).map_err(|error| Failure::file(library, error))?;
    let image = Image::read(&bytes).map_err(|error| Failure::content(library, error))?;
    let declared = Declared::of_repository();
    let found = |names: &[&str]| -> Vec<u64> {
        names.iter().filter_map(|name| image.export(name)).collect()
    };
    let entries = found(rules::ENTRIES);
    let walk = walk::walk(&image, &declared, &entries, &found(rules::COLD_ENTRIES));
    let mut findings = rules::of_symbols(&image);
    findings.extend(rules::of_walk(&image, &walk));
    let mut straight = BTreeMap::new();
    let mut listing = Vec::new();
    for name in ["malloc", "free"] {
        let Some(at) = image.export(name) else {
            continue;
        };
        let way = straight::way(&image, &walk, at);
        let count = way
            .as_ref()
            .map(|way| u32::try_from(way.len()).unwrap_or(u32::MAX));
        findings.extend(rules::of_straight(name, count));
        straight.insert(name.to_owned(), count);
        listing.extend(way.map(|way| listing::text(&image, name, &way)));
    }
    Ok(Report::new(library, &image, &walk, findings, straight).with_listing(listing.join("\n")))
}
