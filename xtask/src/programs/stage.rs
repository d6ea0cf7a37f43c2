//! One program in one arm.
//!
//! # Role
//! Give the program a folder, start what it names the arm's way, and gather the proof that it was on us.

use super::arm::Arm;
use super::process::{Finished, Process, find, last_lines};
use super::trouble::Trouble;
use super::witness::Seen;
use core::cell::{Cell, RefCell};
use core::fmt::{self, Display, Formatter};
use core::time::Duration;
use serde::Serialize;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How it was proved that a run was on us.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Proof {
    /// Programs started the arm's way.
    launches: usize,
    /// Of these, how many reported to be on us.
    reported_active: usize,
    /// Processes seen from outside with the allocator's page mapped.
    seen: Seen,
}

impl Proof {
    fn add(&mut self, seen: Seen) {
        for (name, count) in seen {
            *self.seen.entry(name).or_default() += count;
        }
    }

    /// Every launch reported, and at least one process was seen.
    pub(super) fn must_hold(&self) -> Result<(), Trouble> {
        if self.launches > 0 && self.reported_active == self.launches && !self.seen.is_empty() {
            return Ok(());
        }
        Err(Trouble::new(format!("not proved to be ACTIVE: {self}")))
    }
}

impl Display for Proof {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let describe = |(name, count): (&String, &usize)| format!("{name} x{count}");
        let seen = self
            .seen
            .iter()
            .map(describe)
            .collect::<Vec<_>>()
            .join(", ");
        write!(
            f,
            "{} of {} launches report it, maps of [{seen}]",
            self.reported_active, self.launches
        )
    }
}

/// A user that servers run as.
#[derive(Clone, Copy, Debug)]
pub(super) struct User {
    uid: u32,
    gid: u32,
}

/// A command, with the place where its launch will report.
pub(super) struct Launch {
    command: Command,
    name: String,
    report: Option<PathBuf>,
    outputs: PathBuf,
}

impl Launch {
    fn start(&mut self) -> Result<Process, Trouble> {
        Process::start(&mut self.command, &self.name, &self.outputs)
    }

    pub(super) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(super) fn args<I: AsRef<std::ffi::OsStr>>(
        mut self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Self {
        self.command.args(arguments);
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(super) fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What it reads.
    pub(super) fn stdin(mut self, path: &Path) -> Result<Self, Trouble> {
        let file = fs::File::open(path)
            .map_err(|error| Trouble::new(format!("{}: {error}", path.display())))?;
        self.command.stdin(file);
        Ok(self)
    }

    /// Runs as this user, who may write the report too.
    pub(super) fn user(mut self, user: Option<User>) -> Result<Self, Trouble> {
        if let Some(User { uid, gid }) = user {
            self.command.uid(uid).gid(gid);
            if let Some(report) = self.report.as_ref().filter(|report| report.exists()) {
                chown(report, Some(uid), Some(gid))
                    .map_err(|error| Trouble::new(format!("{}: {error}", report.display())))?;
            }
        }
        Ok(self)
    }
}

/// Where one program runs in one arm.
pub(super) struct Stage {
    arm: Arm,
    /// For this arm alone.
    folder: PathBuf,
    /// For both arms: what is made once and only read.
    shared: PathBuf,
    quick: bool,
    launches: Cell<usize>,
    proof: RefCell<Proof>,
    /// What is told beside the verdict.
    remark: RefCell<String>,
}

impl Stage {
    /// Makes the folders.
    pub(super) fn new(arm: &Arm, shared: &Path, quick: bool) -> Result<Self, Trouble> {
        let folder = shared.join(arm.name());
        fs::create_dir_all(&folder)
            .map_err(|error| Trouble::new(format!("{}: {error}", folder.display())))?;
        Ok(Self {
            arm: arm.clone(),
            folder,
            shared: shared.to_path_buf(),
            quick,
            launches: Cell::new(0),
            proof: RefCell::default(),
            remark: RefCell::default(),
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn shared(&self) -> &Path {
        &self.shared
    }

    pub(super) fn is_quick(&self) -> bool {
        self.quick
    }

    pub(super) fn arm(&self) -> &Arm {
        &self.arm
    }

    /// Tells something beside the verdict.
    pub(super) fn remark(&self, what: impl Display) {
        self.remark.borrow_mut().push_str(&format!("; {what}"));
    }

    pub(super) fn remarked(&self) -> String {
        self.remark.borrow().clone()
    }

    pub(super) fn proof(&self) -> Proof {
        self.proof.borrow().clone()
    }

    /// `program` in this arm. Its output goes to files, its input is empty.
    pub(super) fn launch(&self, program: &str) -> Result<Launch, Trouble> {
        let path = find(program)
            .or_else(|| Some(PathBuf::from(program)).filter(|path| path.is_absolute()));
        let path = path.ok_or_else(|| Trouble::new(format!("`{program}` is not installed")))?;
        let number = self.launches.get();
        self.launches.set(number + 1);
        let name = path.file_name().map_or_else(
            || program.to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        let outputs = self.folder.join(format!("launch-{number}-{name}"));
        let (mut command, report) = match &self.arm {
            Arm::Without => (Command::new(&path), None),
            Arm::Bedplate(bedplate) => {
                let report = outputs.with_extension("json");
                let mut command = Command::new(bedplate);
                command
                    .args(["run", "--quiet", "--json"])
                    .arg(&report)
                    .arg("--")
                    .arg(&path);
                (command, Some(report))
            }
            Arm::Library(library) => {
                // The number after the dash is the process to wait for at the end: none.
                let reports = self.folder.join(format!("reports-{number}-0"));
                let events = reports.join("events");
                let made = fs::create_dir_all(&reports).and_then(|()| fs::write(&events, ""));
                made.map_err(|error| Trouble::new(format!("{}: {error}", events.display())))?;
                let mut command = Command::new(&path);
                command
                    .env("LD_PRELOAD", library)
                    .env("BEDPLATE_MALLOC_RUN", &reports);
                (command, Some(events))
            }
        };
        command
            .env("HOME", &self.folder)
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        Ok(Launch {
            command,
            name,
            report,
            outputs,
        })
    }

    /// Runs to the end, which must be 0.
    pub(super) fn run(&self, launch: Launch, time: Duration) -> Result<Finished, Trouble> {
        let finished = self.run_any(launch, time)?;
        if finished.status.success() {
            return Ok(finished);
        }
        let stdout = last_lines(&finished.stdout);
        Err(Trouble::new(format!(
            "{}: {} / {stdout}",
            finished.status,
            finished.said()
        )))
    }

    /// Runs to the end, whatever it is.
    pub(super) fn run_any(&self, mut launch: Launch, time: Duration) -> Result<Finished, Trouble> {
        let process = launch.start()?;
        let (finished, seen) = process
            .finish(time)
            .map_err(|trouble| trouble.within(&launch.name))?;
        self.note(launch.report.as_deref(), seen);
        Ok(finished)
    }

    /// Starts a server.
    pub(super) fn serve(&self, mut launch: Launch) -> Result<Server<'_>, Trouble> {
        let process = launch.start()?;
        Ok(Server {
            stage: self,
            process,
            report: launch.report,
        })
    }

    fn note(&self, report: Option<&Path>, seen: Seen) {
        let Some(report) = report else { return };
        let mut proof = self.proof.borrow_mut();
        proof.launches += 1;
        proof.add(seen);
        proof.reported_active += usize::from(reports_active(&self.arm, report));
    }

    /// Notes a launch that needs no arm to be on us: its own allocator is.
    pub(super) fn note_linked(&self, seen: Seen) {
        let mut proof = self.proof.borrow_mut();
        proof.launches += 1;
        proof.reported_active += usize::from(!seen.is_empty());
        proof.add(seen);
    }

    /// A port of loopback that is free now.
    pub(super) fn free_port(&self) -> Result<u16, Trouble> {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        free.map(|address| address.port())
            .map_err(|error| Trouble::new(format!("no free port: {error}")))
    }

    /// The user that a server must run as which refuses root; the stage's folder becomes theirs.
    pub(super) fn user(&self, name: &str) -> Result<Option<User>, Trouble> {
        if id(&["-u"])? != 0 {
            return Ok(None);
        }
        let user = User {
            uid: id(&["-u", name])?,
            gid: id(&["-g", name])?,
        };
        chown(&self.folder, Some(user.uid), Some(user.gid))
            .map_err(|error| Trouble::new(format!("{}: {error}", self.folder.display())))?;
        Ok(Some(user))
    }
}

fn id(arguments: &[&str]) -> Result<u32, Trouble> {
    let output = Command::new("id").args(arguments).output();
    let output = output.map_err(|error| Trouble::new(format!("id: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|_| Trouble::new(format!("id {arguments:?}: there is no such user")))
}

/// The launch's own report: the CLI's JSON, or records of processes on us.
fn reports_active(arm: &Arm, report: &Path) -> bool {
    match arm {
        Arm::Without => false,
        Arm::Library(_) => fs::metadata(report).is_ok_and(|metadata| metadata.len() >= 256),
        Arm::Bedplate(_) => fs::read_to_string(report)
            .ok()
            .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
            .and_then(|report| report.get("active")?.as_bool())
            .unwrap_or(false),
    }
}

/// A server of this stage; ended when it goes out of scope.
pub(super) struct Server<'a> {
    stage: &'a Stage,
    process: Process,
    report: Option<PathBuf>,
}

impl Server<'_> {
    /// Waits until `ready` says so.
    pub(super) fn wait_until(
        &mut self,
        time: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), Trouble> {
        let started = std::time::Instant::now();
        while !ready() {
            if let Some(status) = self.process.ended()? {
                return Err(Trouble::new(format!(
                    "the server ended with {status}: {}",
                    self.process.said()
                )));
            }
            if started.elapsed() > time {
                return Err(Trouble::new(format!(
                    "the server was not ready in {time:?}: {}",
                    self.process.said()
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits for the end of a server that was told to stop; it must be 0.
    pub(super) fn stopped(self, time: Duration) -> Result<(), Trouble> {
        let (finished, seen) = self.process.finish(time)?;
        self.stage.note(self.report.as_deref(), seen);
        if finished.status.success() {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "the server ended with {}: {}",
            finished.status,
            finished.said()
        )))
    }
}
