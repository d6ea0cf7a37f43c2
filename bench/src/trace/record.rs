//! The programs that are recorded, and how.
//!
//! # Role
//! Runs a program with `record.c` preloaded and writes its trace under `bench/traces/`. The shipped
//! traces were made so; a trace made again differs in detail, since other versions of the program
//! allocate otherwise.

use super::{compact, raw, unpack};
use crate::failure::Failure;
use crate::program;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

/// A program that can be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Name {
    /// redis-server under redis-benchmark, thirteen kinds of commands over 100,000 keys.
    Redis,
    /// `CPython` running `bench/traces/python.py`, its own small-block allocator off.
    Python,
    /// GNU C++ compiling `bench/traces/compiler.cpp`.
    Compiler,
}

/// Operations that are kept of every program: its first ones.
const OPERATIONS: usize = 2_500_000;

impl Name {
    const fn file(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Python => "python",
            Self::Compiler => "compiler",
        }
    }
}

/// Records a program and writes its trace.
///
/// # Errors
/// - [`Failure::Missing`], [`Failure::Start`], [`Failure::Ended`]: of the program.
/// - [`Failure::Output`]: nothing usable was recorded.
/// - [`Failure::File`]: the trace could not be written.
pub(crate) fn record(name: Name) -> Result<(), Failure> {
    let recorder = program::compile("record.c", "librecord.so", &["-fPIC", "-shared"])?;
    let written = program::output_directory()?.join(format!("{}.recorded", name.file()));
    remove_old(&written)?;
    let recording = Recording {
        recorder,
        written: written.clone(),
    };
    match name {
        Name::Redis => redis(&recording)?,
        Name::Python => python(&recording)?,
        Name::Compiler => compiler(&recording)?,
    }
    let bytes = fs::read(&written).map_err(|error| Failure::file(&written, &error))?;
    let unusable = |what: String| Failure::Output {
        program: name.file().to_owned(),
        what,
    };
    let steps = raw::read(&bytes, OPERATIONS).map_err(unusable)?;
    let trace = compact::write(&steps).map_err(|error| unusable(error.to_string()))?;
    let path = unpack::path_of(name.file());
    fs::write(&path, &trace).map_err(|error| Failure::file(&path, &error))?;
    fs::remove_file(&written).map_err(|error| Failure::file(&written, &error))?;
    eprintln!(
        "{} operations of {}, {} bytes: {}",
        steps.len(),
        name.file(),
        trace.len(),
        path.display()
    );
    Ok(())
}

/// The recorder takes a file that is there already for that of another process.
fn remove_old(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        fs::remove_file(path).map_err(|error| Failure::file(path, &error))?;
    }
    Ok(())
}

/// Where a recording goes.
struct Recording {
    recorder: PathBuf,
    written: PathBuf,
}

impl Recording {
    /// A command that is recorded. It must be the program itself: the first process is recorded.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("LD_PRELOAD", &self.recorder)
            .env("BENCH_RECORD", &self.written)
            .env("BENCH_RECORD_OPERATIONS", OPERATIONS.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

fn run(command: &mut Command, program: &'static str, package: &'static str) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|error| Failure::start(program, package, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Ended {
        program: program.to_owned(),
        how: status.to_string(),
    })
}

fn python(recording: &Recording) -> Result<(), Failure> {
    // The interpreter's own path: a wrapper would be recorded in its place.
    let mut command = recording.command("/usr/bin/python3");
    command
        .arg(unpack::directory().join("python.py"))
        .env("PYTHONMALLOC", "malloc")
        .env("PYTHONHASHSEED", "0");
    run(&mut command, "python3", "python3")
}

fn compiler(recording: &Recording) -> Result<(), Failure> {
    // The driver `c++` only starts this program.
    let output = Command::new("c++")
        .args(["-print-prog-name=cc1plus"])
        .output()
        .map_err(|error| Failure::start("c++", "g++", &error))?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let output = Command::new("c++")
        .arg("-print-multiarch")
        .output()
        .map_err(|error| Failure::start("c++", "g++", &error))?;
    let architecture = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut command = recording.command(path);
    command
        .args(["-quiet", "-O2", "-D_GNU_SOURCE", "-imultiarch"])
        .arg(architecture)
        .arg(unpack::directory().join("compiler.cpp"))
        .args(["-o", "/dev/null"]);
    run(&mut command, "cc1plus", "g++")
}

fn redis(recording: &Recording) -> Result<(), Failure> {
    let socket = recording.written.with_extension("socket");
    remove_old(&socket)?;
    let mut server = recording
        .command("redis-server")
        .args(["--save", "", "--appendonly", "no", "--port", "0"])
        .arg("--unixsocket")
        .arg(&socket)
        .spawn()
        .map_err(|error| Failure::start("redis-server", "redis-server", &error))?;
    let loaded = load_redis(&mut server, &socket);
    // The trace is whole: it lies in a shared mapping, and the server has nothing to save.
    let ended = server.kill().and_then(|()| server.wait());
    loaded?;
    ended.map_err(|error| Failure::Start {
        program: "redis-server".to_owned(),
        error: error.to_string(),
    })?;
    Ok(())
}

fn load_redis(server: &mut Child, socket: &Path) -> Result<(), Failure> {
    for _attempt in 0..100 {
        if socket.exists() {
            break;
        }
        if let Ok(Some(status)) = server.try_wait() {
            return Err(Failure::Ended {
                program: "redis-server".to_owned(),
                how: status.to_string(),
            });
        }
        thread::sleep(Duration::from_millis(50));
    }
    let mut command = Command::new("redis-benchmark");
    command
        .arg("-s")
        .arg(socket)
        .args([
            "-q", "-P", "16", "-r", "100000", "-n", "20000", "-d", "200", "-t",
        ])
        .arg("set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,lrange_100,mset")
        .stdout(Stdio::null());
    run(&mut command, "redis-benchmark", "redis-tools")
}
