//! Files of C and C++.
//!
//! # Role
//! As `compile_commands.json` says, where the root or its `build` has one; otherwise each file by
//! itself, with the root and its `include` and `src` searched for headers.

use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bedplate_audit::Source;
use bedplate_audit::ir::Module;
use serde::Deserialize;

use super::{Failure, Outcome, read, tail};
use crate::talk::CountBar;

const ADVICE: &str = "install it (Debian: apt-get install clang), or name it in CLANG";

/// One entry of `compile_commands.json`.
#[derive(Deserialize)]
struct Entry {
    directory: PathBuf,
    file: PathBuf,
    #[serde(default)]
    command: String,
    #[serde(default)]
    arguments: Vec<String>,
}

/// One file to compile.
struct Job {
    directory: PathBuf,
    /// In words.
    name: String,
    arguments: Vec<String>,
}

/// Whether a file is compiled by itself, and no header.
pub(super) fn is_unit(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(OsStr::to_str);
    matches!(extension, Some("c" | "cc" | "cpp" | "cxx"))
}

pub(super) fn compile(root: &Path, sources: &[Source], progress: &CountBar, outcome: &mut Outcome) {
    let jobs = match recorded(root) {
        Some(Ok(jobs)) => jobs,
        Some(Err(failure)) => return outcome.failures.push(failure),
        None => plain(root, sources),
    };
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(source) => {
            let path = std::env::temp_dir();
            return outcome.failures.push(Failure::File { path, source });
        }
    };
    let out = |number: usize| folder.path().join(format!("{number}.ll"));
    for built in build_all(&jobs, &out, root, progress) {
        match built {
            Ok(module) => outcome.modules.push(module),
            Err(failure) => {
                let is_over = matches!(failure, Failure::Missing { .. });
                outcome.failures.push(failure);
                if is_over {
                    return;
                }
            }
        }
    }
}

/// Builds as many at a time as there are processors; the answers are in the order of the jobs.
fn build_all(
    jobs: &[Job],
    out: &(impl Fn(usize) -> PathBuf + Sync),
    root: &Path,
    progress: &CountBar,
) -> Vec<Result<Module, Failure>> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let work = || {
        let mut built = Vec::new();
        loop {
            // Relaxed: nothing but the number is handed over.
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(number) else {
                return built;
            };
            progress.show(number as u64, jobs.len() as u64, &format!("· {}", job.name));
            let result = build(job, &out(number), root);
            if matches!(result, Err(Failure::Missing { .. })) {
                next.store(jobs.len(), Ordering::Relaxed);
            }
            built.push((number, result));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        ended.flatten().collect::<Vec<_>>()
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, result)| result).collect()
}

/// The commands that a build recorded.
fn recorded(root: &Path) -> Option<Result<Vec<Job>, Failure>> {
    let folders = [root.to_owned(), root.join("build")];
    let path = folders
        .iter()
        .map(|folder| folder.join("compile_commands.json"))
        .find(|path| path.is_file())?;
    Some(read_recorded(&path, root))
}

fn read_recorded(path: &Path, root: &Path) -> Result<Vec<Job>, Failure> {
    let text = std::fs::read(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&text).map_err(|error| Failure::NoProject {
            what: format!("{} could not be understood: {error}", path.display()),
            advice: "let the build write it again",
        })?;
    let jobs = entries.into_iter().map(|entry| {
        let words = if entry.arguments.is_empty() {
            words(&entry.command)
        } else {
            entry.arguments
        };
        let file = entry.directory.join(&entry.file);
        let name = file.strip_prefix(root).unwrap_or(&file);
        Job {
            name: name.display().to_string(),
            directory: entry.directory,
            arguments: kept(words),
        }
    });
    Ok(jobs.collect())
}

/// Each file by itself.
fn plain(root: &Path, sources: &[Source]) -> Vec<Job> {
    let files = sources.iter().filter(|source| is_unit(&source.path));
    let jobs = files.map(|source| {
        let folders = [root.to_owned(), root.join("include"), root.join("src")];
        let searched = folders
            .iter()
            .map(|folder| format!("-I{}", folder.display()));
        let file = root.join(&source.path).display().to_string();
        Job {
            directory: root.to_owned(),
            name: source.path.clone(),
            arguments: searched.chain([file]).collect(),
        }
    });
    jobs.collect()
}

/// Flags whose next word belongs to them, and is left out with them.
const WITH_A_WORD: [&str; 4] = ["-o", "-MF", "-MT", "-MQ"];

/// The arguments without the compiler, what it writes, and how far it optimises.
fn kept(words: Vec<String>) -> Vec<String> {
    let mut out = Vec::new();
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        if WITH_A_WORD.contains(&word.as_str()) {
            words.next();
            continue;
        }
        let is_left_out = word == "-c"
            || word == "-Werror"
            || ["-O", "-M", "-flto", "-g"]
                .iter()
                .any(|start| word.starts_with(start));
        if !is_left_out {
            out.push(word);
        }
    }
    out
}

/// The words of a command as a shell takes them apart.
fn words(command: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                word.get_or_insert_default().extend(characters.next());
            }
            (None, _) if character.is_whitespace() => out.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    out.extend(word);
    out
}

fn build(job: &Job, out: &Path, root: &Path) -> Result<Module, Failure> {
    let program = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let output = Command::new(&program)
        .current_dir(&job.directory)
        .stdin(Stdio::null())
        .args(&job.arguments)
        .args(["-S", "-emit-llvm", "-g", "-O2", "-w"])
        .args(["-Qunused-arguments", "-fno-vectorize", "-fno-slp-vectorize"])
        .arg("-o")
        .arg(out)
        .output()
        .map_err(|source| Failure::Missing {
            program: program.to_string_lossy().into_owned(),
            source,
            advice: ADVICE,
        })?;
    if !output.status.success() {
        return Err(Failure::Refused {
            what: job.name.clone(),
            tail: tail(&output),
        });
    }
    read(&job.name, out, root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_apart_as_a_shell_does() {
        let found = words(r#"cc -DNAME=\"x\" '-DT=a b' "-I/a b" -c f.c -o "f o.o""#);
        let all = [
            "cc",
            "-DNAME=\"x\"",
            "-DT=a b",
            "-I/a b",
            "-c",
            "f.c",
            "-o",
            "f o.o",
        ];
        assert_eq!(found, all);
        assert_eq!(
            kept(found),
            ["-DNAME=\"x\"", "-DT=a b", "-I/a b", "f.c"].map(str::to_owned)
        );
    }
}
