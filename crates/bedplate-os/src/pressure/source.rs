//! The files and triggers that pressure is read from.
//!
//! # Role
//! [`Source`] is what a monitor watches; [`KernelSource`] is the kernel's files, each opened once.
//!
//! # Invariants
//! - I1: reading allocates nothing: files stay open, texts go through one buffer.
//! - I2: triggers are set on the running machine only; a described one is never written to.

use crate::cgroup::{Cgroups, Group};
use crate::clock;
use crate::fact::Reason;
use crate::pressure::{Level, Mode, Reading, Thresholds, Usage};
use crate::psi::Pressure;
use crate::rawio::{Line, RawFile};
use crate::source::Machine;
use crate::text;
use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::format;
use alloc::vec::Vec;
use core::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;

/// The most triggers that a source can have: one per level.
pub const TRIGGERS_MAX: usize = 3;
/// The window of a trigger; whole multiples of two seconds need no right.
const WINDOW_US: u64 = 2_000_000;
/// Ancestors beyond this many levels are not watched; no system nests limits as deep.
const LEVELS_MAX: usize = 16;
/// Room for the longest file that is read, a group's `memory.stat`.
const BUFFER_BYTES: usize = 16 << 10;

/// Where a monitor reads pressure.
pub trait Source: Send {
    /// Looks at everything. `triggered` is the level of the trigger that fired, if one did. Must
    /// not allocate.
    fn read(&mut self, triggered: Option<Level>) -> Reading;

    /// What to wait for between readings. Must not allocate.
    fn wakes(&self) -> [Option<Wake<'_>>; TRIGGERS_MAX];

    /// The descriptor at a place of [`wakes`](Self::wakes) is broken; it must not be there again.
    fn broken(&mut self, place: usize);

    /// How the source learns of pressure.
    fn mode(&self) -> Mode;
}

/// A descriptor that wakes the monitor.
#[derive(Clone, Copy, Debug)]
pub struct Wake<'a> {
    /// The descriptor.
    pub file: &'a RawFile,
    /// True if it wakes by urgent data, as stall triggers do; else by being readable.
    pub urgent: bool,
    /// The level that a wake stands for, if it stands for one.
    pub level: Option<Level>,
}

/// The kernel's files.
#[derive(Debug)]
pub struct KernelSource {
    stall: Result<RawFile, Reason>,
    triggers: [Option<(RawFile, Level)>; TRIGGERS_MAX],
    levels: Result<Vec<GroupFiles>, Reason>,
    meminfo: Result<RawFile, Reason>,
    mode: Mode,
    buffer: Box<[u8]>,
}

/// The memory files of one level of the process's group.
#[derive(Debug)]
struct GroupFiles {
    is_v2: bool,
    /// The hard limit, and on version 2 the mark above which the kernel slows the group down.
    limits: [Option<RawFile>; 2],
    used: RawFile,
    stat: Result<RawFile, Reason>,
}

impl KernelSource {
    /// Opens the files of a machine and sets triggers at the thresholds' stall steps.
    #[must_use]
    pub fn new(machine: &Machine, thresholds: &Thresholds) -> Self {
        Self::with(machine, |path| {
            if machine.is_running() {
                set_triggers(machine, path, thresholds)
            } else {
                Err(Reason::NotThisMachine)
            }
        })
    }

    /// Opens the files of a machine for someone who looks now and then and waits for nothing: no
    /// trigger is set, so the kernel keeps no account for it.
    #[must_use]
    pub fn without_triggers(machine: &Machine) -> Self {
        Self::with(machine, |_| Err(Reason::Unsupported))
    }

    fn with(
        machine: &Machine,
        set_triggers: impl FnOnce(&str) -> Result<Triggers, Reason>,
    ) -> Self {
        let groups = Cgroups::read(machine);
        let group_file = groups
            .unified
            .known()
            .map(|g| format!("{}/memory.pressure", g.folder));
        let path = match group_file {
            Some(path) if machine.has(&path) => path,
            _ => "/proc/pressure/memory".into(),
        };
        // A kernel with the service switched off still lists the file, and refuses to open it.
        let stall = open(machine, &path, libc::O_RDONLY);
        let triggers = match &stall {
            Ok(_) => set_triggers(&path),
            Err(reason) => Err(*reason),
        };
        let (triggers, mode) = match triggers {
            Ok(triggers) => (triggers.map(Some), Mode::Triggered),
            Err(because) => ([const { None }; TRIGGERS_MAX], Mode::Polling { because }),
        };
        let levels = groups.memory.ok().map_err(|because| because.reason);
        Self {
            stall,
            triggers,
            levels: levels.map(|group| open_levels(machine, &group)),
            meminfo: open(machine, "/proc/meminfo", libc::O_RDONLY),
            mode,
            buffer: alloc::vec![0; BUFFER_BYTES].into_boxed_slice(),
        }
    }

    fn read_stall(&mut self) -> Result<Pressure, Reason> {
        Pressure::parse(slurp(
            self.stall.as_ref().map_err(|r| *r)?,
            &mut self.buffer,
        )?)
    }

    fn read_machine(&mut self) -> Result<Usage, Reason> {
        let text = slurp(self.meminfo.as_ref().map_err(|r| *r)?, &mut self.buffer)?;
        let limit_bytes = text::field(text, "", "MemTotal")?;
        let available = text::field(text, "", "MemAvailable")?;
        let used = limit_bytes
            .checked_sub(available)
            .filter(|_| limit_bytes > 0);
        let used_bytes = used.ok_or(Reason::Contradicts {
            what: "more is available than there is",
        })?;
        Ok(Usage {
            used_bytes,
            limit_bytes,
        })
    }

    fn read_group(&mut self) -> Result<Usage, Reason> {
        let mut fullest: Option<Usage> = None;
        let mut doubt = None;
        for level in self.levels.as_ref().map_err(|r| *r)? {
            match level.read(&mut self.buffer) {
                Ok(usage) if fullest.is_none_or(|f| f.share() <= usage.share()) => {
                    fullest = Some(usage);
                }
                Ok(_) | Err(Reason::Unlimited) => {}
                Err(reason) => doubt = Some(reason),
            }
        }
        fullest.ok_or(doubt.unwrap_or(Reason::Unlimited))
    }
}

impl Source for KernelSource {
    fn read(&mut self, triggered: Option<Level>) -> Reading {
        Reading {
            taken_ns: clock::monotonic_ns(),
            stall: self.read_stall().into(),
            group: self.read_group().into(),
            machine: self.read_machine().into(),
            triggered,
        }
    }

    fn wakes(&self) -> [Option<Wake<'_>>; TRIGGERS_MAX] {
        self.triggers.each_ref().map(|trigger| {
            trigger.as_ref().map(|(file, level)| Wake {
                file,
                urgent: true,
                level: Some(*level),
            })
        })
    }

    fn broken(&mut self, place: usize) {
        if let Some(trigger) = self.triggers.get_mut(place) {
            *trigger = None;
        }
        if self.triggers.iter().all(Option::is_none) {
            // The kernel breaks a trigger when its group is removed.
            self.mode = Mode::Polling {
                because: Reason::NotThere,
            };
        }
    }

    fn mode(&self) -> Mode {
        self.mode
    }
}

impl GroupFiles {
    fn open(machine: &Machine, group: &Group, folder: &str) -> Result<Self, Reason> {
        let file = |name: &str| open(machine, &format!("{folder}/{name}"), libc::O_RDONLY);
        let (limits, used) = if group.is_v2 {
            (
                [file("memory.max").ok(), file("memory.high").ok()],
                file("memory.current")?,
            )
        } else {
            (
                [file("memory.limit_in_bytes").ok(), None],
                file("memory.usage_in_bytes")?,
            )
        };
        Ok(Self {
            is_v2: group.is_v2,
            limits,
            used,
            stat: file("memory.stat"),
        })
    }

    fn read(&self, buffer: &mut [u8]) -> Result<Usage, Reason> {
        let mut limit: Option<u64> = None;
        for file in self.limits.iter().flatten() {
            let line = text::line(slurp(file, buffer)?)?;
            if let Some(bytes) = limit_of(line, self.is_v2)? {
                limit = Some(limit.map_or(bytes, |least| least.min(bytes)));
            }
        }
        let limit_bytes = limit.ok_or(Reason::Unlimited)?;
        let used = text::number(text::line(slurp(&self.used, buffer)?)?)?;
        // The statistics cost the kernel more than all else together, and only matter where the
        // file cache that they tell of could make the difference.
        let cache = if used > limit_bytes / 2 {
            self.droppable(buffer)?
        } else {
            0
        };
        Ok(Usage {
            used_bytes: used.saturating_sub(cache),
            limit_bytes,
        })
    }

    fn droppable(&self, buffer: &mut [u8]) -> Result<u64, Reason> {
        let text = slurp(self.stat.as_ref().map_err(|r| *r)?, buffer)?;
        text::flat(
            text,
            if self.is_v2 {
                "inactive_file"
            } else {
                "total_inactive_file"
            },
        )
    }
}

/// Version 1 has no word for "no limit", only numbers beyond all memory.
fn limit_of(line: &str, is_v2: bool) -> Result<Option<u64>, Reason> {
    const V1_UNLIMITED_FROM: u64 = 1 << 62;
    if is_v2 && line == "max" {
        return Ok(None);
    }
    text::number(line).map(|n| (is_v2 || n < V1_UNLIMITED_FROM).then_some(n))
}

fn open(machine: &Machine, path: &str, flags: i32) -> Result<RawFile, Reason> {
    let path = machine.locate(path);
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Reason::Garbage)?;
    RawFile::open(&path, flags).map_err(|e| Reason::of_code(e.code))
}

fn open_levels(machine: &Machine, group: &Group) -> Vec<GroupFiles> {
    // The root of a tree has no such files: it is left out, and rightly so.
    group
        .levels()
        .take(LEVELS_MAX)
        .filter_map(|folder| GroupFiles::open(machine, group, folder).ok())
        .collect()
}

/// The text of a file, in the buffer.
fn slurp<'a>(file: &RawFile, buffer: &'a mut [u8]) -> Result<&'a str, Reason> {
    let len = file
        .read_from_start(buffer)
        .map_err(|e| Reason::of_code(e.code))?;
    if len == buffer.len() {
        return Err(Reason::TooLong);
    }
    core::str::from_utf8(buffer.get(..len).unwrap_or(&[])).map_err(|_| Reason::Garbage)
}

type Triggers = [(RawFile, Level); TRIGGERS_MAX];

/// One trigger per level, each on a descriptor of its own, as the kernel wants it.
fn set_triggers(
    machine: &Machine,
    path: &str,
    thresholds: &Thresholds,
) -> Result<Triggers, Reason> {
    let set = |level: Level| -> Result<(RawFile, Level), Reason> {
        let file = open(machine, path, libc::O_RDWR | libc::O_NONBLOCK)?;
        let share = u64::from(thresholds.stall_some.of(level).enter.hundredths());
        let stall_us = WINDOW_US * share.max(1) / 10_000;
        let mut line = Line::<64>::new();
        // The kernel replaces the last byte by the end of the text.
        write!(line, "some {stall_us} {WINDOW_US}\0").map_err(|_| Reason::Garbage)?;
        file.write_all(line.as_bytes())
            .map_err(|e| Reason::of_code(e.code))?;
        Ok((file, level))
    };
    Ok([set(Level::Some)?, set(Level::High)?, set(Level::Critical)?])
}
