//! Packages of Rust.
//!
//! # Role
//! Each library and program by a build of its own, of which cargo knows: what is built already, and
//! what is the same in several of them, is not built again. The workspace's own crates keep their code
//! (`keep-code.sh`), and are the only ones that are optimised.

use core::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bedplate_audit::ir::Module;
use serde::Deserialize;

use super::{Failure, Outcome, TAIL_LINES, read};
use crate::talk::CountBar;

/// What to do where cargo is missing.
const ADVICE: &str = "install Rust (https://rustup.rs), or name its cargo in CARGO";

/// Stands before the compiler for crates of the workspace.
const KEEP_CODE: &str = include_str!("keep-code.sh");

/// Its name; another one where it compiles differently, so that nothing of before is taken.
const KEEP_CODE_NAME: &str = "keep-code-1.sh";

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
    /// The name of its code, but for what cargo tells builds of one crate apart by.
    code: String,
}

/// Where it is compiled.
struct Place {
    target: PathBuf,
    /// The folder of the code, one for each choice of features.
    code: PathBuf,
    wrapper: PathBuf,
}

impl Place {
    fn make(project: &Project, features: Option<&str>) -> Result<Self, Failure> {
        let target = project.target_directory.join("bedplate-ir");
        let mut folder = String::new();
        for byte in features.unwrap_or("default").bytes() {
            if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
                folder.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _written = write!(folder, "%{byte:02x}");
            }
        }
        let code = target.join("code").join(folder);
        let wrapper = code.join(KEEP_CODE_NAME);
        let failed = |source| Failure::File {
            path: wrapper.clone(),
            source,
        };
        fs::create_dir_all(&code).map_err(failed)?;
        // Not written again where it is there: another audit may be running it.
        if fs::read(&wrapper).ok().as_deref() != Some(KEEP_CODE.as_bytes()) {
            fs::write(&wrapper, KEEP_CODE).map_err(failed)?;
        }
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        Ok(Self {
            target,
            code,
            wrapper,
        })
    }
}

/// Compiles the libraries and programs of the packages below the root, or of the one it is part of.
pub(super) fn compile(
    root: &Path,
    features: Option<&str>,
    progress: &CountBar,
    outcome: &mut Outcome,
) {
    let found = project(root).and_then(|project| jobs(root, &project, features, outcome));
    let (jobs, place) = match found {
        Ok(found) => found,
        Err(failure) => return outcome.failures.push(failure),
    };
    let count = jobs.len() as u64;
    for (done, job) in (0..).zip(&jobs) {
        progress.begin(done, count, "compiling", &job.name);
        let begun = Instant::now();
        match build(job, &place, features, root, progress) {
            Ok(module) => outcome.modules.push(module),
            Err(failure) => outcome.failures.push(failure),
        }
        outcome.times.push((begun.elapsed(), job.name.clone()));
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
        return Err(refused(super::tail(&output)));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| refused(format!("cargo's metadata could not be understood: {error}")))
}

fn jobs(
    root: &Path,
    project: &Project,
    features: Option<&str>,
    outcome: &mut Outcome,
) -> Result<(Vec<Job>, Place), Failure> {
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
            let kind = if flags[0] == "--bin" { ".bin" } else { "" };
            jobs.push(Job {
                manifest: package.manifest_path.clone(),
                name,
                chosen: flags.into_iter().map(str::to_owned).collect(),
                code: format!("{}.{}{kind}", package.name, one.name.replace('-', "_")),
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
    Ok((jobs, Place::make(project, features)?))
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

/// What cargo says about something that it built, or found built.
#[derive(Deserialize)]
struct Artifact {
    reason: String,
    manifest_path: Option<PathBuf>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Dead code is to be gone; code that others may inline is to be there, which it is where cargo
/// builds incrementally: the compiler then leaves no small function to its callers alone.
fn build(
    job: &Job,
    place: &Place,
    features: Option<&str>,
    root: &Path,
    progress: &CountBar,
) -> Result<Module, Failure> {
    let mut command = cargo();
    command
        .args(["build", "--profile", "release"])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["--config", "profile.release.lto=\"off\""])
        .args(["--config", "profile.release.incremental=true"])
        // Of what is not optimised only what the workspace's crates inline is looked at, and that
        // they optimise.
        .args(["--config", "profile.release.opt-level=0"])
        .args(["--config", "profile.release.debug=false"])
        .env("RUSTC_WORKSPACE_WRAPPER", &place.wrapper)
        .arg("--manifest-path")
        .arg(&job.manifest)
        .arg("--target-dir")
        .arg(&place.target)
        .args(&job.chosen);
    if let Some(features) = features {
        command.args(["--features", features]);
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    let (messages, said) = (child.stdout.take(), child.stderr.take());
    let reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        // What cannot be read is missing below, where it is looked for.
        let _read = messages.map(|mut messages| messages.read_to_end(&mut all));
        all
    });
    let mut tail = Vec::new();
    let lines = said
        .into_iter()
        .flat_map(|said| BufReader::new(said).split(b'\n'));
    for line in lines.map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(what) = line.trim_start().strip_prefix("Compiling ") {
            let what = what.split(" (").next().unwrap_or(what);
            progress.note(&format!("· {}: {what}", job.name));
        }
        tail.push(line);
    }
    let messages = reader.join().unwrap_or_default();
    let is_built = child.wait().is_ok_and(|status| status.success());
    if !is_built {
        return Err(Failure::Refused {
            what: job.name.clone(),
            tail: tail[tail.len().saturating_sub(TAIL_LINES)..].join("\n"),
        });
    }
    let path = place.code.join(code_of(job, &messages));
    if !path.is_file() {
        return Err(Failure::Lost {
            path,
            target: place.target.clone(),
        });
    }
    read(&job.name, &path, root)
}

/// The file of the code: that of the build which cargo names. Builds of programs and of shared
/// libraries it does not tell apart, and there is one of each.
fn code_of(job: &Job, messages: &[u8]) -> String {
    let krate = job.code.split('.').nth(1).unwrap_or_default();
    let begin = format!("lib{krate}-");
    let own = messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Artifact>(line).ok())
        .filter(|it| it.reason == "compiler-artifact")
        .filter(|it| it.manifest_path.as_ref() == Some(&job.manifest));
    let mut names = own.flat_map(|it| it.filenames).filter_map(|path| {
        let name = path.file_stem()?.to_str()?;
        name.strip_prefix(&begin).map(str::to_owned)
    });
    match names.next() {
        Some(hash) => format!("{}-{hash}.ll", job.code),
        None => format!("{}.ll", job.code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_library_is_that_of_the_build_that_cargo_names() {
        let job = |code: &str| Job {
            manifest: PathBuf::from("/p/Cargo.toml"),
            name: String::new(),
            chosen: Vec::new(),
            code: code.to_owned(),
        };
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/q/Cargo.toml",
            "filenames":["/t/deps/libone_two-99.rmeta"]}"#
            .replace('\n', "")
            + "\n"
            + &r#"{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml",
            "filenames":["/t/libone_two.rlib","/t/deps/libone_two-12ab.rmeta"]}"#
                .replace('\n', "")
            + "\nnot JSON\n";
        let found = |code| code_of(&job(code), messages.as_bytes());
        assert_eq!(found("one-two.one_two"), "one-two.one_two-12ab.ll");
        assert_eq!(found("one-two.other.bin"), "one-two.other.bin.ll");
    }
}
