//! Programs in C and C++, each run on glibc first and then on the preloaded library.
//!
//! # Invariants
//! - I1: no program outlives its time: its whole process group is killed, and the test fails.
//! - I2: the same binary runs on both, and must prove that it runs on the allocator it is meant to.

use bedplate_preload_blob::{Which, install};
use core::time::Duration;
use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

/// Where compiled programs and their output go.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

/// The shipped library, as a file.
pub(crate) fn library() -> PathBuf {
    static WRITTEN: OnceLock<PathBuf> = OnceLock::new();
    let write = || install(&folder(), Which::Production).expect("the library is written");
    WRITTEN.get_or_init(write).clone()
}

/// Compiles `source` of `testkit/c` to `name` and says where it is. Another test may be compiling it too, so
/// each writes a file of its own and renames it.
fn compile(compiler: &str, source: &str, name: &str, flags: &[&str]) -> PathBuf {
    let path = folder().join(name);
    let fresh = folder().join(format!("{name}.{:?}", thread::current().id()));
    let output = Command::new(compiler)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("c"))
        .args([
            "-D_GNU_SOURCE",
            "-O1",
            "-g",
            "-fno-builtin",
            "-Wall",
            "-Wextra",
            "-Werror",
        ])
        .args(["-Wno-deprecated-declarations", "-pthread"])
        .args(flags)
        .arg(source)
        .arg("-o")
        .arg(&fresh)
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error}: install a C compiler"));
    assert!(
        output.status.success(),
        "{source}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::rename(&fresh, &path).expect("the compiled program is moved into place");
    path
}

/// A compiled program and how it is started.
pub(crate) struct Compiled {
    name: String,
    path: PathBuf,
    arguments: Vec<String>,
    kilobytes_max: Option<u64>,
    environment: Vec<(&'static str, String)>,
}

impl Compiled {
    /// `testkit/c/NAME.c`.
    pub(crate) fn c(name: &str) -> Self {
        Self::new(name, compile("cc", &format!("{name}.c"), name, &[]))
    }

    /// `testkit/c/NAME.cc`.
    pub(crate) fn cpp(name: &str) -> Self {
        Self::new(
            name,
            compile("c++", &format!("{name}.cc"), name, &["-std=c++17"]),
        )
    }

    fn new(name: &str, path: PathBuf) -> Self {
        let name = name.to_owned();
        Self {
            name,
            path,
            arguments: Vec::new(),
            kilobytes_max: None,
            environment: Vec::new(),
        }
    }

    /// Adds an argument.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Runs it after `ulimit -v KILOBYTES`.
    pub(crate) fn address_space(mut self, kilobytes: u64) -> Self {
        self.kilobytes_max = Some(kilobytes);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn environment(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Runs on glibc, then on the library: both must end with 0 and the same output.
    pub(crate) fn proves(&self) {
        let glibc = self.run("glibc", None);
        assert!(glibc.contains(&format!("ok {}\n", self.name)), "{glibc}");
        assert_eq!(self.run("bedplate", Some(&library())), glibc);
    }

    /// Runs on glibc only.
    pub(crate) fn proves_on_glibc(&self) {
        let printed = self.run("glibc", None);
        assert!(
            printed.contains(&format!("ok {}\n", self.name)),
            "{printed}"
        );
    }

    /// Runs on the library only.
    pub(crate) fn proves_preloaded(&self) {
        let printed = self.run("bedplate", Some(&library()));
        assert!(
            printed.contains(&format!("ok {}\n", self.name)),
            "{printed}"
        );
    }

    fn run(&self, arm: &str, library: Option<&Path>) -> String {
        let name = format!("{}-{arm}-{:?}", self.name, thread::current().id());
        let outputs = [
            folder().join(format!("{name}.out")),
            folder().join(format!("{name}.err")),
        ];
        let [stdout, stderr] = outputs
            .each_ref()
            .map(|path| File::create(path).expect("an output file"));
        // The library is set by env(1), behind the shell: the limit is for the program alone.
        let limit = self.kilobytes_max.map_or(String::new(), |kilobytes| {
            format!("ulimit -v {kilobytes}; ")
        });
        let preload = library.map(|library| format!("LD_PRELOAD={}", library.display()));
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{limit}exec env \"$@\""), "sh"])
            .args(preload)
            .arg(&self.path)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0);
        if library.is_some() {
            command.env("PROVE_PRELOADED", "1");
        }
        let status = within(Duration::from_secs(240), &mut command);
        let [printed, said] = outputs.each_ref().map(|path| {
            let bytes = fs::read(path).expect("the output file is there");
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let Some(status) = status else {
            panic!("{name} hung and was killed; it had said: {said}");
        };
        let signal = status.signal();
        assert!(
            status.success(),
            "{name}: {status}, signal {signal:?}; it said: {said}"
        );
        printed
    }
}

/// Runs to the end, or kills the whole group when the time is over.
fn within(time: Duration, command: &mut Command) -> Option<ExitStatus> {
    let mut child = command.spawn().expect("sh is there");
    let started = Instant::now();
    while started.elapsed() < time {
        if let Some(status) = child.try_wait().expect("our own child can be waited for") {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
    let group = format!("-{}", child.id());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(
        killed.is_ok_and(|status| status.success()),
        "a hung process group could not be killed"
    );
    child.wait().expect("our own child can be waited for");
    None
}

/// A library that allocates, for `dlopen`.
pub(crate) fn plugin() -> PathBuf {
    compile("cc", "plugin.c", "plugin.so", &["-shared", "-fPIC"])
}
