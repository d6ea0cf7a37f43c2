//! Rows of jobs that hold much memory, in a control group with little.
//!
//! # Role
//! The pool's example `admission` in a group of 1 GiB, which it ends in; and the same jobs without a
//! footprint, which the kernel kills for.
//!
//! # Platform
//! Makes a group beneath its own, in either version of control groups. Where it may not, the rows have
//! no figure and say so.

use super::lab::Lab;
use crate::failure::Failure;
use crate::row::{Better, Figure, Measured, Question, Row};
use bedplate_os::cgroup::Cgroups;
use bedplate_os::fact::Fact;
use bedplate_os::source::Machine;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

const LIMIT_MIB: u32 = 1024;
const SIGKILL: i32 = 9;

const PEAK: Question = Question {
    id: "P9.peak-mib",
    what: "64 jobs of 64 MiB across a wait, 32 workers, 1 GiB: peak of the group when all have ended",
    unit: "MiB",
    better: Better::Lower,
    target: 1024.0,
};

const KILLED: Question = Question {
    id: "P9.plain-killed",
    what: "the same jobs without a footprint: 1 where the kernel kills the process",
    unit: "kills",
    better: Better::Higher,
    target: 1.0,
};

/// Makes them.
pub(super) fn rows(lab: &Lab) -> Vec<Row> {
    let row = |question: &Question, run: fn(&Path) -> Result<f64, Failure>| {
        let measured = Measured {
            configuration: format!("control group of {LIMIT_MIB} MiB, no swap, 32 workers"),
            ours: Figure::plain(example().and_then(|program| run(&program))),
            peers: BTreeMap::new(),
        };
        Row::new(question, measured)
    };
    let mut rows = Vec::new();
    if lab.wants(PEAK.id) {
        rows.push(row(&PEAK, peak));
    }
    if lab.wants(KILLED.id) {
        rows.push(row(&KILLED, killed));
    }
    rows
}

fn peak(program: &Path) -> Result<f64, Failure> {
    let group = Group::new("admitted")?;
    let status = group.run(program, "admitted")?;
    if !status.success() {
        return Err(Failure::Ended {
            program: "admission admitted".to_owned(),
            how: status.to_string(),
        });
    }
    group.peak_mib()
}

fn killed(program: &Path) -> Result<f64, Failure> {
    let status = Group::new("plain")?.run(program, "plain")?;
    Ok(f64::from(u8::from(status.signal() == Some(SIGKILL))))
}

/// The example, built.
fn example() -> Result<PathBuf, Failure> {
    let output = Command::new("cargo")
        .args(["build", "--release", "--quiet", "-p", "bedplate-pool"])
        .args(["--example", "admission"])
        .arg("--message-format=json-render-diagnostics")
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .output()
        .map_err(|error| Failure::start("cargo", "cargo", &error))?;
    let program = || "cargo build of the example admission".to_owned();
    if !output.status.success() {
        return Err(Failure::Ended {
            program: program(),
            how: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .ok_or_else(|| Failure::Output {
            program: program(),
            what: "no program".to_owned(),
        })
}

/// A control group with little memory; gone when dropped.
#[derive(Debug)]
struct Group {
    folder: PathBuf,
    is_v2: bool,
}

impl Group {
    fn new(name: &str) -> Result<Self, Failure> {
        let own = match Cgroups::read(&Machine::running()).memory {
            Fact::Known(own) => own,
            Fact::Absent { because } => {
                return Err(Failure::Output {
                    program: "the memory controller".to_owned(),
                    what: because.to_string(),
                });
            }
        };
        let folder = Path::new(&own.folder).join(format!("bedplate-{name}-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
        let group = Self {
            folder,
            is_v2: own.is_v2,
        };
        let limit = (u64::from(LIMIT_MIB) << 20).to_string();
        group.write(group.named("memory.max", "memory.limit_in_bytes"), &limit)?;
        // A kernel without swap has no such file.
        let swap = if group.is_v2 { "0" } else { &limit };
        let _without = group.write(
            group.named("memory.swap.max", "memory.memsw.limit_in_bytes"),
            swap,
        );
        Ok(group)
    }

    const fn named(&self, v2: &'static str, v1: &'static str) -> &'static str {
        if self.is_v2 { v2 } else { v1 }
    }

    fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(file);
        fs::write(&path, text).map_err(|error| Failure::file(&path, &error))
    }

    /// Runs the example in the group.
    fn run(&self, program: &Path, way: &str) -> Result<ExitStatus, Failure> {
        // The shell goes into the group before it becomes the program.
        Command::new("sh")
            .args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\""])
            .arg(&self.folder)
            .arg(program)
            .arg(way)
            .stdout(io::stderr())
            .status()
            .map_err(|error| Failure::start("sh", "dash", &error))
    }

    fn peak_mib(&self) -> Result<f64, Failure> {
        let path = self
            .folder
            .join(self.named("memory.peak", "memory.max_usage_in_bytes"));
        let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
        let bytes: f64 = text.trim().parse().map_err(|_| Failure::Output {
            program: path.display().to_string(),
            what: text.clone(),
        })?;
        Ok(bytes / f64::from(1 << 20))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A process that was killed leaves in a moment; a group that stays has no process and no cost.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(core::time::Duration::from_millis(20));
        }
    }
}
