//! git: clone, gc, fsck, log -p, on this repository and on a large one.

use super::Program;
use super::evidence::Evidence;
use super::process::{find, missing, root};
use super::stage::{Launch, Stage};
use super::trouble::Trouble;
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const PROGRAM: Program = Program {
    name: "git",
    packages: &["git"],
    missing: || missing(&["git"]),
    compared: "log -p, fsck, all objects with sizes, refs, blame, for this repository and a large one, after clone and gc",
    run,
};

const TIME: Duration = Duration::from_secs(600);

fn run(stage: &Stage) -> Result<Evidence, Trouble> {
    let mut evidence = Evidence::default();
    exercise(stage, &this_repository(stage)?, "this", &mut evidence)?;
    exercise(stage, &large_repository(stage)?, "large", &mut evidence)?;
    Ok(evidence)
}

fn exercise(
    stage: &Stage,
    origin: &Path,
    name: &str,
    evidence: &mut Evidence,
) -> Result<(), Trouble> {
    let clone = stage.folder().join(name);
    let from = format!("file://{}", origin.display());
    stage.run(
        git(stage)?.args(["clone", "--quiet", &from]).arg(&clone),
        TIME,
    )?;
    for words in [
        &["gc", "--quiet"][..],
        &["repack", "-adfq", "--depth=20", "--window=20"],
    ] {
        stage.run(git(stage)?.current_dir(&clone).args(words), TIME)?;
    }
    let asked: [(&str, &[&str]); 6] = [
        ("log", &["log", "-p", "--all", "--stat", "--no-color"]),
        ("fsck", &["fsck", "--full", "--no-progress"]),
        (
            "objects",
            &["cat-file", "--batch-all-objects", "--batch-check"],
        ),
        ("refs", &["show-ref"]),
        ("status", &["status", "--porcelain=v2", "--branch"]),
        (
            "renames",
            &[
                "log",
                "--oneline",
                "--find-renames",
                "--find-copies-harder",
                "--name-status",
                "-n",
                "30",
            ],
        ),
    ];
    for (what, words) in asked {
        let finished = stage.run(git(stage)?.current_dir(&clone).args(words), TIME)?;
        evidence.file(&format!("{name} {what}"), &finished.stdout);
    }
    if name == "large" {
        let blame = git(stage)?.current_dir(&clone).args([
            "blame",
            "--porcelain",
            "HEAD",
            "--",
            "folder-3/file-3.txt",
        ]);
        evidence.file("large blame", &stage.run(blame, TIME)?.stdout);
    }
    Ok(())
}

fn git(stage: &Stage) -> Result<Launch, Trouble> {
    let launch = stage.launch("git")?;
    Ok(launch.env("GIT_CONFIG_NOSYSTEM", "1").args([
        "-c",
        "safe.directory=*",
        "-c",
        "protocol.file.allow=always",
    ]))
}

/// Runs git without us, to make what both arms start from.
fn prepare(folder: &Path, words: &[&str], input: Option<&Path>) -> Result<(), Trouble> {
    let mut command = Command::new(find("git").unwrap_or_else(|| "git".into()));
    command
        .current_dir(folder)
        .args(["-c", "safe.directory=*"])
        .args(words);
    if let Some(input) = input {
        command.stdin(
            File::open(input)
                .map_err(|error| Trouble::new(format!("{}: {error}", input.display())))?,
        );
    }
    let output = command
        .output()
        .map_err(|error| Trouble::new(format!("git: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Trouble::new(format!(
        "git {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// A copy of this repository as it is now: it may change between the arms.
fn this_repository(stage: &Stage) -> Result<PathBuf, Trouble> {
    let path = stage.shared().join("this.git");
    if !path.exists() {
        let to = path.display().to_string();
        let from = root().display().to_string();
        prepare(
            stage.shared(),
            &["clone", "--quiet", "--mirror", &from, &to],
            None,
        )?;
    }
    Ok(path)
}

/// A repository of many commits, made by `git fast-import`.
fn large_repository(stage: &Stage) -> Result<PathBuf, Trouble> {
    let path = stage.shared().join("large.git");
    if !path.exists() {
        let stream = stage.shared().join("large.stream");
        let commits = if stage.is_quick() { 1_000 } else { 12_000 };
        write_stream(&stream, commits)
            .map_err(|error| Trouble::new(format!("{}: {error}", stream.display())))?;
        let to = path.display().to_string();
        prepare(
            stage.shared(),
            &["init", "--quiet", "--bare", "--initial-branch=main", &to],
            None,
        )?;
        prepare(&path, &["fast-import", "--quiet"], Some(&stream))?;
        fs::remove_file(&stream)
            .map_err(|error| Trouble::new(format!("{}: {error}", stream.display())))?;
    }
    Ok(path)
}

/// Each commit changes four of 2,000 files; the changed place wanders.
fn write_stream(path: &Path, commits: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for commit in 0..commits {
        let message = format!(
            "Change number {commit}\n\nfor the reason {}\n",
            commit * 7919 % 104_729
        );
        let time = 1_600_000_000 + commit * 60;
        writeln!(out, "commit refs/heads/main")?;
        writeln!(
            out,
            "committer Author {} <author@example.org> {time} +0000",
            commit % 17
        )?;
        writeln!(out, "data {}\n{message}", message.len())?;
        for change in 0..4 {
            let file = (commit * 13 + change * 501) % 2_000;
            let text = contents(file, commit);
            writeln!(out, "M 100644 inline folder-{}/file-{file}.txt", file % 20)?;
            writeln!(out, "data {}\n{text}", text.len())?;
        }
        if commit % 100 == 99 {
            writeln!(out, "reset refs/tags/at-{commit}\nfrom refs/heads/main\n")?;
        }
    }
    out.flush()
}

fn contents(file: u64, commit: u64) -> String {
    let lines = 60 + file % 200;
    (0..lines)
        .map(|line| {
            let version = if line % 23 == commit % 23 {
                commit
            } else {
                file
            };
            format!(
                "line {line} of file {file}: {:x}\n",
                ((line + 1) * 0x9e37_79b9) ^ (version * 0x85eb_ca6b)
            )
        })
        .collect()
}
