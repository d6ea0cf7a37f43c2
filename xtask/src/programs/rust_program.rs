//! A Rust program built with `#[global_allocator]`, against the same program on the system's allocator.

use super::Program;
use super::arm::Arm;
use super::evidence::Evidence;
use super::process::{Process, missing, root};
use super::stage::Stage;
use super::trouble::Trouble;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const PROGRAM: Program = Program {
    name: "rust",
    packages: &[],
    missing: || missing(&["cargo"]),
    compared: "stdout of a threaded program on the system's allocator and with bedplate as its #[global_allocator], alone and under the arm",
    run,
};

const TIME: Duration = Duration::from_secs(300);

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let mut evidence = Evidence::default();
    let rounds = if stage.is_quick() { "1" } else { "6" };
    let program = build(stage, !matches!(stage.arm(), Arm::Without))?;
    let mut command = Command::new(&program);
    command.arg(rounds);
    let process = Process::start(&mut command, "rust-program", &stage.folder().join("alone"))?;
    let (finished, seen) = process.finish(TIME)?;
    if !finished.status.success() {
        return Err(Trouble::new(format!(
            "{}: {}",
            finished.status,
            finished.said()
        )));
    }
    if !matches!(stage.arm(), Arm::Without) {
        stage.note_linked(seen);
    }
    evidence.file("stdout alone", &finished.stdout);
    let launched = stage.run(
        stage.launch(&program.display().to_string())?.arg(rounds),
        TIME,
    )?;
    evidence.file("stdout under the arm", &launched.stdout);
    Ok(evidence)
}

/// Builds the fixture beside this crate, with or without our allocator.
fn build(stage: &Stage, with_bedplate: bool) -> Result<PathBuf, Trouble> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/rust/Cargo.toml");
    let target = stage.shared().join("target");
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--release", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target);
    if with_bedplate {
        command.args(["--features", "bedplate"]);
    }
    let output = command
        .current_dir(root())
        .output()
        .map_err(|error| Trouble::new(format!("cargo: {error}")))?;
    if !output.status.success() {
        return Err(Trouble::new(format!(
            "cargo build: {}",
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    let built = target.join("release/rust-program");
    let own = stage.folder().join("rust-program");
    std::fs::copy(&built, &own)
        .map_err(|error| Trouble::new(format!("{}: {error}", built.display())))?;
    Ok(own)
}
