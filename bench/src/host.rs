//! Facts of the machine that belong to a figure.

use core::fmt;
use serde::Serialize;
use std::fs;
use std::process::Command;

/// The machine a run was made on; `None` where a fact could not be read.
#[derive(Debug, Serialize)]
pub(crate) struct Host {
    cpu: Option<String>,
    cores: Option<usize>,
    memory_kib: Option<u64>,
    kernel: Option<String>,
    libc: Option<String>,
    rustc: Option<String>,
    load_average: Option<String>,
}

impl Host {
    /// Reads the facts.
    pub(crate) fn read() -> Self {
        let cpu = field("/proc/cpuinfo", "model name");
        let memory = field("/proc/meminfo", "MemTotal");
        Self {
            cpu,
            cores: std::thread::available_parallelism().ok().map(usize::from),
            memory_kib: memory.and_then(|text| text.split(' ').next()?.parse().ok()),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .ok()
                .map(trimmed),
            libc: c_library(),
            rustc: said_by("rustc", &["--version"]),
            load_average: fs::read_to_string("/proc/loadavg").ok().map(trimmed),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |fact: &Option<String>| fact.clone().unwrap_or_else(|| "unknown".to_owned());
        write!(
            f,
            "{}, {} cores, Linux {}, {}, {}, load {}",
            text(&self.cpu),
            self.cores
                .map_or_else(|| "unknown".to_owned(), |cores| cores.to_string()),
            text(&self.kernel),
            text(&self.libc),
            text(&self.rustc),
            text(&self.load_average),
        )
    }
}

/// Name and version of the C library.
pub(crate) fn c_library() -> Option<String> {
    said_by("getconf", &["GNU_LIBC_VERSION"])
}

/// The value behind a name in a `name : value` file.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said_by(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    output
        .status
        .success()
        .then(|| trimmed(String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "the last step of a chain")]
fn trimmed(text: String) -> String {
    text.trim().to_owned()
}
