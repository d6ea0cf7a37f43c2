//! What kind of program is to be run.
//!
//! # Role
//! Finds the program as `execvp` would, follows `#!` lines, and reads from its ELF file whether a
//! preloaded allocator can take effect and which allocator it brings itself.
//!
//! # Not here
//! Whether the allocator then did take effect: only the process itself shows that (`conduct.rs`).

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use super::elf::{ElfFacts, read_elf};
use crate::error::RunError;
use crate::process::calls;

/// How many `#!` lines are followed, as the kernel does.
const SCRIPTS_MAX: usize = 4;

/// Why a preloaded library cannot take effect in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Obstacle {
    /// Statically linked: there is no loader that would load anything.
    Static,
    /// Runs with other rights than its caller's, so the loader ignores preloaded libraries.
    Privileged,
    /// Linked against musl, where a library for glibc cannot be loaded.
    Musl,
    /// For another processor or word size.
    OtherArchitecture,
}

impl Obstacle {
    /// One line for the report.
    #[must_use]
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Static => {
                "the program is statically linked, so no library can be preloaded into it; link it \
                 dynamically, or build it with bedplate's #[global_allocator]"
            }
            Self::Privileged => {
                "the program is setuid, setgid or carries file capabilities, so the loader ignores \
                 preloaded libraries; run it as the user that owns it"
            }
            Self::Musl => {
                "the program is linked against musl; the library to preload is for glibc, so it was \
                 not preloaded"
            }
            Self::OtherArchitecture => {
                "the program is for another processor or word size than the library, so it was not \
                 preloaded"
            }
        }
    }

    /// Whether preloading would make the loader complain or fail, so that it must not be tried.
    /// Otherwise the variable is set all the same, for the children.
    #[must_use]
    pub const fn forbids_preload(self) -> bool {
        matches!(self, Self::Musl | Self::OtherArchitecture)
    }
}

/// What was found out about a program before its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFacts {
    /// The file that will be executed.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// The interpreters of its `#!` line, outermost first; empty for a binary.
    pub interpreters: Vec<String>,
    /// Why preloading cannot take effect, if it cannot.
    pub obstacle: Option<Obstacle>,
    /// Libraries with an allocator of their own that it is linked to.
    pub linked_allocators: Vec<String>,
    /// Interface functions of other allocators that it calls.
    pub allocator_calls: Vec<String>,
    /// It defines `malloc` itself.
    pub defines_malloc: bool,
    /// Built by Go, whose heap does not come from malloc.
    pub is_go: bool,
    /// A script without a `#!` line, which only a shell can run.
    #[serde(skip)]
    pub needs_shell: bool,
}

/// What runs a script without a `#!` line, as `execvp` has it.
pub const SHELL: &str = "/bin/sh";

/// A path as text, whatever its bytes.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

impl ProgramFacts {
    /// Remarks for the report.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.linked_allocators.is_empty() || !self.allocator_calls.is_empty() {
            let linked = if self.linked_allocators.is_empty() {
                "another allocator".to_owned()
            } else {
                self.linked_allocators.join(", ")
            };
            let mut note =
                format!("the program links {linked}; bedplate serves its malloc instead");
            if !self.allocator_calls.is_empty() {
                note.push_str(&format!(
                    "; it also calls {}: figures it prints from there are those of an idle allocator",
                    self.allocator_calls.join(", ")
                ));
            }
            notes.push(note);
        }
        if self.defines_malloc {
            notes.push(
                "the program defines malloc itself: its own calls go there, not to bedplate"
                    .to_owned(),
            );
        }
        if self.is_go {
            notes.push(
                "built by Go: the Go heap does not come from malloc and counts as the program's own \
                 anonymous mappings"
                    .to_owned(),
            );
        }
        notes
    }
}

/// Finds and inspects `program`; `search_path` is the value of `PATH`.
///
/// # Errors
/// - `NotFound`: no such file.
/// - `NotExecutable`: found, but it may not be executed or is not a program.
pub fn inspect_program(
    program: &OsStr,
    search_path: Option<&OsStr>,
) -> Result<ProgramFacts, RunError> {
    let first = find_program(program, search_path)?;
    let mut interpreters = Vec::new();
    let mut file = first.clone();
    for _level in 0..SCRIPTS_MAX {
        let Some(interpreter) = script_interpreter(&file, search_path)? else {
            break;
        };
        interpreters.push(interpreter.display().to_string());
        file = interpreter;
    }
    let needs_shell = interpreters.is_empty() && is_bare_script(&file);
    if needs_shell {
        interpreters.push(SHELL.to_owned());
        file = PathBuf::from(SHELL);
    }
    let elf = read_elf(&file)?;
    Ok(ProgramFacts {
        path: first,
        interpreters,
        obstacle: obstacle(&file, &elf),
        linked_allocators: elf.linked_allocators,
        allocator_calls: elf.allocator_calls,
        defines_malloc: elf.defines_malloc,
        is_go: elf.is_go,
        needs_shell,
    })
}

/// Whether the system would refuse the file for its format; `execvp`, and so `env`, then hands it
/// to a shell.
fn is_bare_script(file: &Path) -> bool {
    let mut magic = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(4).read_to_end(&mut magic));
    read.is_ok() && magic != *b"\x7fELF"
}

fn obstacle(file: &Path, elf: &ElfFacts) -> Option<Obstacle> {
    if !elf.is_native {
        return Some(Obstacle::OtherArchitecture);
    }
    let Some(loader) = &elf.loader else {
        return Some(Obstacle::Static);
    };
    if loader.contains("ld-musl") {
        return Some(Obstacle::Musl);
    }
    gains_rights(file).then_some(Obstacle::Privileged)
}

/// Whether executing the file changes the rights of the process.
fn gains_rights(file: &Path) -> bool {
    let Ok(metadata) = fs::metadata(file) else {
        return false;
    };
    let (user, group) = calls::real_ids();
    let sets_user = metadata.mode() & 0o4000 != 0 && metadata.uid() != user;
    let sets_group = metadata.mode() & 0o2000 != 0 && metadata.gid() != group;
    sets_user || sets_group || (user != 0 && calls::has_capabilities(file))
}

/// Looks for the program as `execvp` does.
fn find_program(program: &OsStr, search_path: Option<&OsStr>) -> Result<PathBuf, RunError> {
    let not_found = || RunError::NotFound {
        program: program.to_string_lossy().into_owned(),
    };
    if program.is_empty() {
        return Err(not_found());
    }
    if program.as_bytes().contains(&b'/') {
        let path = PathBuf::from(program);
        return match check_executable(&path) {
            Ok(()) => Ok(path),
            Err(Some(error)) => Err(error),
            Err(None) => Err(not_found()),
        };
    }
    let default = OsString::from("/usr/local/bin:/usr/bin:/bin");
    let mut refused = None;
    for directory in std::env::split_paths(search_path.unwrap_or(&default)) {
        // An empty entry means the current directory.
        let path = if directory.as_os_str().is_empty() {
            Path::new(".").join(program)
        } else {
            directory.join(program)
        };
        match check_executable(&path) {
            Ok(()) => return Ok(path),
            Err(error) => refused = refused.or(error),
        }
    }
    Err(refused.unwrap_or_else(not_found))
}

/// `Err(None)`: no such file; `Err(Some)`: a file that may not be executed.
fn check_executable(path: &Path) -> Result<(), Option<RunError>> {
    let refuse = |why: &str| {
        Some(RunError::NotExecutable {
            path: path.to_owned(),
            why: why.to_owned(),
        })
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(refuse("it is a directory")),
        Ok(metadata) if !metadata.is_file() => Err(refuse("it is not a regular file")),
        Ok(_) if calls::may_execute(path) => Ok(()),
        Ok(_) => Err(refuse("no permission to execute it (chmod +x)")),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(refuse("no permission to look into its directory"))
        }
        Err(_absent) => Err(None),
    }
}

/// The program a script's first line names; `/usr/bin/env NAME` counts as NAME.
fn script_interpreter(
    file: &Path,
    search_path: Option<&OsStr>,
) -> Result<Option<PathBuf>, RunError> {
    let mut start = [0_u8; 256];
    let length = match File::open(file).and_then(|mut opened| opened.read(&mut start)) {
        Ok(length) => length,
        // May be executed without being readable, and the kernel then refuses scripts.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Ok(None),
        Err(error) => {
            return Err(RunError::NotExecutable {
                path: file.to_owned(),
                why: format!("it cannot be read to see what it is: {error}"),
            });
        }
    };
    let Some(line) = start[..length].strip_prefix(b"#!") else {
        return Ok(None);
    };
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or(line);
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    let Some(interpreter) = words.next() else {
        return Ok(None);
    };
    let through_env = Path::new(interpreter).file_name() == Some(OsStr::new("env"));
    let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
    let target = match named {
        Some(name) if through_env => name,
        _ => interpreter,
    };
    find_program(OsStr::new(target), search_path)
        .map(Some)
        .map_err(|error| match error {
            RunError::NotFound { program } => RunError::NotFound {
                program: format!("{program}, the interpreter of {}", file.display()),
            },
            other => other,
        })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn write(directory: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_missing_program_and_a_plain_file_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let plain = write(directory.path(), "plain", "text", 0o644);
        let missing = inspect_program(OsStr::new("no-such-program-here"), None).unwrap_err();
        assert_eq!(missing.exit_code(), 127);
        let refused = inspect_program(plain.as_os_str(), None).unwrap_err();
        assert_eq!(refused.exit_code(), 126);
        let found = inspect_program(OsStr::new("plain"), Some(directory.path().as_os_str()));
        assert_eq!(found.unwrap_err().exit_code(), 126);
        let is_directory = inspect_program(directory.path().as_os_str(), None).unwrap_err();
        assert_eq!(is_directory.exit_code(), 126);
    }

    #[test]
    fn a_script_is_judged_by_its_interpreter() {
        let directory = tempfile::tempdir().unwrap();
        let direct = write(directory.path(), "direct", "#!/bin/sh\nexit 0\n", 0o755);
        let facts = inspect_program(direct.as_os_str(), None).unwrap();
        assert_eq!(facts.interpreters, ["/bin/sh"]);
        assert_eq!(facts.obstacle, None);
        let by_env = write(
            directory.path(),
            "env",
            "#!/usr/bin/env -S FOO=1 sh -e\n",
            0o755,
        );
        let facts = inspect_program(by_env.as_os_str(), None).unwrap();
        assert!(
            facts.interpreters[0].ends_with("/sh"),
            "{:?}",
            facts.interpreters
        );
        let lost = write(directory.path(), "lost", "#!/no/such/interpreter\n", 0o755);
        assert_eq!(
            inspect_program(lost.as_os_str(), None)
                .unwrap_err()
                .exit_code(),
            127
        );
    }

    #[test]
    fn a_script_without_a_first_line_goes_to_the_shell() {
        let directory = tempfile::tempdir().unwrap();
        for text in ["exit 3\n", ""] {
            let bare = write(directory.path(), "bare", text, 0o755);
            let facts = inspect_program(bare.as_os_str(), None).unwrap();
            assert!(facts.needs_shell && facts.path == bare);
            assert_eq!(facts.interpreters, [SHELL]);
        }
        let shell = inspect_program(OsStr::new(SHELL), None).unwrap();
        assert!(!shell.needs_shell);
    }

    #[test]
    fn notes_name_a_foreign_allocator_and_the_calls_to_it() {
        let facts = ProgramFacts {
            path: "/usr/bin/redis-server".into(),
            interpreters: Vec::new(),
            obstacle: None,
            linked_allocators: vec!["libjemalloc.so.2".to_owned()],
            allocator_calls: vec!["mallctl".to_owned()],
            defines_malloc: false,
            is_go: false,
            needs_shell: false,
        };
        let notes = facts.notes();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("libjemalloc.so.2") && notes[0].contains("idle"));
    }
}
