//! jaq, a published Rust program on mimalloc, with bedplate patched in mimalloc's place.
//!
//! # Role
//! Build the package as its users do, with the versions it was published with, once as it is and once with
//! `compat/mimalloc` in the place of `mimalloc`; compare what both make of a large file, and what it costs them.
//!
//! # Invariants
//! - I1: nothing of the program is changed: cargo takes its source from the registry, and its lock file.

use super::Program;
use super::arm::Arm;
use super::cost::{Launcher, Pairs};
use super::evidence::Evidence;
use super::process::{Process, missing, root};
use super::stage::Stage;
use super::trouble::Trouble;
use core::time::Duration;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const PROGRAM: Program = Program {
    name: "jaq",
    packages: &["gcc", "libc6-dev"],
    missing: || missing(&["cargo", "cc"]),
    compared: "stdout of the published jaq with its own mimalloc and with ours patched in, alone and under the arm",
    run,
};

const PACKAGE: &str = "jaq@3.1.2";
const TIME: Duration = Duration::from_secs(300);
/// Alternating runs of both builds; with eight, the smallest and the greatest ratio enclose the median with 99 %.
const ROUNDS: usize = 8;
const FILTERS: &[(&str, &str)] = &[
    ("identity", "."),
    ("strings", "[.. | strings] | length"),
    (
        "groups",
        "group_by(.kind) | map({kind: .[0].kind, count: length, sum: (map(.n) | add)})",
    ),
    (
        "rebuilt",
        "map({key: .id, value: {n, name, tags: (.tags | sort)}}) | sort_by(.value.name) | from_entries",
    ),
    (
        "selected",
        ".[] | select(.n % 7 == 0) | .name + \"-\" + (.tags | join(\",\"))",
    ),
];

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let is_patched = !matches!(stage.arm(), Arm::Without);
    let input = stage.shared().join("input.json");
    if !input.exists() {
        let records = if stage.is_quick() { 8_000 } else { 220_000 };
        generate(&input, records)
            .map_err(|error| Trouble::new(format!("{}: {error}", input.display())))?;
    }
    let program = build(stage, is_patched)?;
    let mut evidence = Evidence::default();
    for (name, filter) in FILTERS {
        let mut command = Command::new(&program);
        command.args(["-c", filter]).arg(&input);
        let outputs = stage.folder().join(name);
        let process = Process::start(&mut command, "jaq", &outputs)?;
        let (finished, seen) = process.finish(TIME)?;
        if !finished.status.success() {
            let said = finished.said();
            return Err(Trouble::new(format!("{name}: {}: {said}", finished.status)));
        }
        if is_patched {
            stage.note_linked(seen);
        }
        evidence.file(name, &finished.stdout);
    }
    let launch = stage.launch(&program.display().to_string())?;
    let launched = stage.run(launch.args(["-c", FILTERS[0].1]).arg(&input), TIME)?;
    evidence.file("identity under the arm", &launched.stdout);
    if is_patched {
        stage.remark(measure(stage, &program, &input)?);
    }
    Ok(evidence)
}

/// Builds the published package; its dependencies are compiled once for both builds.
fn build(stage: &Stage, is_patched: bool) -> Result<PathBuf, Trouble> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["install", "--locked", "--force", PACKAGE, "--root"])
        .arg(stage.folder())
        .arg("--target-dir")
        .arg(stage.shared().join("target"));
    if is_patched {
        let ours = root().join("compat/mimalloc");
        command.arg("--config").arg(format!(
            "patch.crates-io.mimalloc.path=\"{}\"",
            ours.display()
        ));
    }
    let output = command
        .current_dir(stage.shared())
        .output()
        .map_err(|error| Trouble::new(format!("cargo: {error}")))?;
    if output.status.success() {
        return Ok(stage.folder().join("bin/jaq"));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::new(format!("cargo install {PACKAGE}: {said}")))
}

/// Both builds in turn, all filters in a round.
fn measure(stage: &Stage, ours: &Path, input: &Path) -> Result<String, Trouble> {
    let own = stage.shared().join(Arm::Without.name()).join("bin/jaq");
    let launcher = Launcher::build(stage.shared())?;
    let mut pairs = Pairs::default();
    for round in 0..if stage.is_quick() { 2 } else { ROUNDS } {
        // Who goes first changes, so that neither always finds the machine as the other left it.
        let order = if round % 2 == 0 {
            [ours, &own]
        } else {
            [&own, ours]
        };
        let mut costs = Vec::new();
        for program in order {
            for (_, filter) in FILTERS {
                costs.push(launcher.run(program, &["-c", filter], input)?);
            }
        }
        let (first, second) = costs.split_at(FILTERS.len());
        if round % 2 == 0 {
            pairs.add(first, second);
        } else {
            pairs.add(second, first);
        }
    }
    Ok(format!("ours / its own mimalloc: {pairs}"))
}

/// Records with texts, numbers and lists, the same each time: 50 MB for 220,000.
fn generate(path: &Path, records: u64) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for id in 0..records {
        let bits = mix(id);
        let separator = if id == 0 { '[' } else { ',' };
        write!(
            file,
            "{separator}\n{{\"id\":\"r{id}\",\"n\":{},\"kind\":\"{}\",\"name\":\"{:x}\",\"ratio\":{}.{:03},\"note\":{}",
            bits % 1_000_003,
            ["open", "closed", "held", "void"][(bits >> 20) as usize % 4],
            mix(bits),
            bits % 97,
            bits % 1000,
            if bits.is_multiple_of(5) {
                "null"
            } else {
                "true"
            },
        )?;
        write!(file, ",\"text\":\"")?;
        for word in 0..(bits >> 30) % 16 {
            write!(file, "{:x} ", mix(bits + word) >> 40)?;
        }
        write!(file, "\",\"tags\":[\"first\"")?;
        for tag in 0..(bits >> 40) % 8 {
            write!(file, ",\"t{}\"", mix(bits ^ tag) % 5000)?;
        }
        write!(
            file,
            "],\"place\":{{\"x\":{},\"y\":{}}}}}",
            bits % 360,
            bits % 180
        )?;
    }
    writeln!(file, "\n]")?;
    file.flush()
}

fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
