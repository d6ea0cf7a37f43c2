//! A place for one test.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A directory of its own for everything a test writes.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program, with a cache of its own and without settings of the caller's.
    pub(crate) fn bedplate(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bedplate"));
        for (name, _value) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BEDPLATE_") {
                command.env_remove(name);
            }
        }
        command
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("TMPDIR", self.directory.path())
            .env_remove("LD_PRELOAD")
            .stdin(Stdio::null());
        command
    }

    /// `bedplate run --json ... -- PROGRAM ARGUMENTS`, and the report.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, options: &[&str], program: &[S]) -> Ran {
        let json = self.path("report.json");
        let mut command = self.bedplate();
        command
            .arg("run")
            .arg("--json")
            .arg(&json)
            .args(options)
            .arg("--")
            .args(program);
        let output = command.output().expect("bedplate starts");
        let report = fs::read_to_string(&json).ok().map_or(Value::Null, |text| {
            serde_json::from_str(&text).expect("the report is JSON")
        });
        Ran { output, report }
    }

    /// Compiles a C program; the tests' machine has a C compiler, as building needs a linker.
    pub(crate) fn compile(&self, name: &str, source: &str, options: &[&str]) -> PathBuf {
        let file = self.path(&format!("{name}.c"));
        fs::write(&file, source).expect("the source is written");
        let program = self.path(name);
        let status = Command::new("cc")
            .args(["-O0", "-fno-builtin", "-o"])
            .arg(&program)
            .args(options.iter().filter(|option| !option.starts_with("-l")))
            .arg(&file)
            .args(options.iter().filter(|option| option.starts_with("-l")))
            .status()
            .expect("cc starts");
        assert!(status.success(), "cc {options:?} failed");
        program
    }

    /// Names left in the place's directory.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).expect("the directory is there");
        entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

/// What a run left.
pub(crate) struct Ran {
    pub(crate) output: Output,
    pub(crate) report: Value,
}

impl Ran {
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

/// A fixture of a described machine.
pub(crate) fn described(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../bedplate-os/fixtures")
        .join(name)
}
