//! Packages of Rust.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bedplate_audit::ir::Module;
use serde::Deserialize;

use super::{Failure, Outcome, read, tail};
use crate::talk::CountBar;

/// What to do where cargo is missing.
const ADVICE: &str = "install Rust (https://rustup.rs), or name its cargo in CARGO";

/// What `cargo metadata` says.
#[derive(Deserialize)]
struct Project {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    #[serde(default, rename = "required-features")]
    required: Vec<String>,
}

/// One thing to compile.
struct Job {
    manifest: PathBuf,
    /// In words.
    name: String,
    /// `--lib`, or `--bin` and its name.
    chosen: Vec<String>,
    /// Where the code goes.
    out: PathBuf,
}

/// Compiles the libraries and programs of the packages below the root, or of the one it is part of.
pub(super) fn compile(
    root: &Path,
    features: Option<&str>,
    progress: &CountBar,
    outcome: &mut Outcome,
) {
    let found = project(root).and_then(|project| jobs(root, &project, features, outcome));
    let (jobs, target) = match found {
        Ok(found) => found,
        Err(failure) => return outcome.failures.push(failure),
    };
    let count = jobs.len() as u64;
    for (done, job) in (0..).zip(&jobs) {
        progress.show(done, count, &format!("· {}", job.name));
        match build(job, &target, features, root) {
            Ok(module) => outcome.modules.push(module),
            Err(failure) => outcome.failures.push(failure),
        }
    }
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.stdin(Stdio::null());
    command
}

fn missing(source: std::io::Error) -> Failure {
    Failure::Missing {
        program: "cargo".to_owned(),
        source,
        advice: ADVICE,
    }
}

fn project(root: &Path) -> Result<Project, Failure> {
    let manifest = root
        .ancestors()
        .map(|folder| folder.join("Cargo.toml"))
        .find(|manifest| manifest.is_file());
    let manifest = manifest.ok_or_else(|| Failure::NoProject {
        what: format!("no Cargo.toml in {} or above it", root.display()),
        advice: "name the folder of a package or workspace",
    })?;
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .arg("--manifest-path")
        .arg(&manifest)
        .output()
        .map_err(missing)?;
    let refused = |tail| Failure::Refused {
        what: format!("the project of {}", manifest.display()),
        tail,
    };
    if !output.status.success() {
        return Err(refused(tail(&output)));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| refused(format!("cargo's metadata could not be understood: {error}")))
}

fn jobs(
    root: &Path,
    project: &Project,
    features: Option<&str>,
    outcome: &mut Outcome,
) -> Result<(Vec<Job>, PathBuf), Failure> {
    let target = project.target_directory.join("bedplate-ir");
    let code = target.join("code");
    std::fs::create_dir_all(&code).map_err(|source| Failure::File {
        path: code.clone(),
        source,
    })?;
    let mut jobs = Vec::new();
    for package in chosen(root, &project.packages) {
        for one in &package.targets {
            let is_library = |kind: &String| kind == "lib" || kind.ends_with("lib");
            let (name, flags) = if one.kind.iter().any(is_library) {
                (format!("{} (library)", package.name), vec!["--lib"])
            } else if one.kind.iter().any(|kind| kind == "bin") {
                let name = format!("{} (program {})", package.name, one.name);
                (name, vec!["--bin", one.name.as_str()])
            } else {
                continue;
            };
            let lacks = one.required.iter().find(|name| !has(features, name));
            if let Some(lacks) = lacks {
                let remark = format!("{name} was not asked for: it needs --ir-features {lacks}");
                outcome.remarks.push(remark);
                continue;
            }
            let file = format!("{}-{}{}.ll", package.name, flags[0], one.name);
            jobs.push(Job {
                manifest: package.manifest_path.clone(),
                name,
                chosen: flags.into_iter().map(str::to_owned).collect(),
                out: code.join(file),
            });
        }
    }
    if jobs.is_empty() && outcome.remarks.is_empty() {
        return Err(Failure::NoProject {
            what: format!(
                "no package below {} has a library or program",
                root.display()
            ),
            advice: "name the folder of a package that has one",
        });
    }
    Ok((jobs, target))
}

fn has(features: Option<&str>, name: &str) -> bool {
    let mut given = features.unwrap_or("").split([',', ' ']);
    given.any(|given| given == name)
}

/// Packages below the root; where there are none, the innermost one around it.
fn chosen<'p>(root: &Path, packages: &'p [Package]) -> Vec<&'p Package> {
    let folder = |package: &'p Package| package.manifest_path.parent();
    let below: Vec<&Package> = packages
        .iter()
        .filter(|package| folder(package).is_some_and(|folder| folder.starts_with(root)))
        .collect();
    if !below.is_empty() {
        return below;
    }
    let around = packages
        .iter()
        .filter(|package| folder(package).is_some_and(|folder| root.starts_with(folder)));
    let innermost = around.max_by_key(|package| package.manifest_path.components().count());
    innermost.into_iter().collect()
}

/// Dead code is to be gone; code that others may inline is to be there, which it is where cargo
/// builds incrementally: the compiler then leaves no small function to its callers alone.
fn build(job: &Job, target: &Path, features: Option<&str>, root: &Path) -> Result<Module, Failure> {
    let mut command = cargo();
    command
        .args(["rustc", "--profile", "release"])
        .args(["--config", "profile.release.lto=\"off\""])
        .args(["--config", "profile.release.incremental=true"])
        .arg("--manifest-path")
        .arg(&job.manifest)
        .arg("--target-dir")
        .arg(target)
        .args(&job.chosen);
    if let Some(features) = features {
        command.args(["--features", features]);
    }
    let mut emit = std::ffi::OsString::from("--emit=llvm-ir=");
    emit.push(&job.out);
    let output = command
        .arg("--")
        .arg(emit)
        .args(["-Ccodegen-units=1", "-Copt-level=2", "-Cdebuginfo=2"])
        .args(["-Cno-vectorize-loops", "-Cno-vectorize-slp"])
        // Lints are not what is asked, and the end of what is said is to be the errors.
        .arg("--cap-lints=allow")
        .output()
        .map_err(missing)?;
    if !output.status.success() {
        return Err(Failure::Refused {
            what: job.name.clone(),
            tail: tail(&output),
        });
    }
    read(&job.name, &job.out, root)
}
