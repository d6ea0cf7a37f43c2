//! Statistics at the end of a process.
//!
//! # Role
//! Write the allocator's figures when a process exits, if `BEDPLATE_STATS` asks for it: as text to
//! standard error or a file, as one line of JSON to a file whose name ends in `.json`.
//!
//! # Not here
//! Figures while it runs (`info.rs`, `inspect/`). Processes that end by `_exit` or a signal.
//!
//! # Invariants
//! - I1: nothing here allocates, and each process makes one `write`, to the end of the file: the
//!   records of processes that share it do not mix.

use crate::class::{BLOCK_BYTES, CLASSES};
use crate::counters::CountersSnapshot;
use crate::info::{self, ClassTotals};
use bedplate_os::rawio::{self, Line, RawFile};
use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::fmt::{self, Write as _};
use core::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering};

/// Longest path, in bytes, with its end.
const PATH_MAX: usize = 256;
/// Bytes of what is written.
const RECORD_BYTES: usize = 12 << 10;

/// Where statistics go.
struct Goal {
    kind: AtomicU8,
    path: UnsafeCell<[u8; PATH_MAX]>,
}

const NOWHERE: u8 = 0;
const STDERR: u8 = 1;
const TEXT_FILE: u8 = 2;
const JSON_FILE: u8 = 3;

// SAFETY: the path is written once, before `kind` says so, while the process has one thread
// (config I2), and only read afterwards.
unsafe impl Sync for Goal {}

static GOAL: Goal = Goal {
    kind: AtomicU8::new(NOWHERE),
    path: UnsafeCell::new([0; PATH_MAX]),
};

/// The copy of standard error, and what it was a copy of.
static COPY: AtomicI32 = AtomicI32::new(-1);
static DEVICE: AtomicU64 = AtomicU64::new(0);
static FILE: AtomicU64 = AtomicU64::new(0);
/// Least number of the copy.
const COPY_FROM: i32 = 100;

/// Sets where statistics go: `exit` for standard error, or a path with a slash in it. False if it is
/// neither.
pub(crate) fn set_goal(value: &[u8]) -> bool {
    if value == b"exit" {
        GOAL.kind.store(STDERR, Ordering::Release);
        return true;
    }
    let is_path = value.contains(&b'/') && value.last() != Some(&b'/');
    if !is_path || value.len() >= PATH_MAX {
        return false;
    }
    // Acquire pairs with the Release below: a path that is set is never written again.
    if GOAL.kind.load(Ordering::Acquire) >= TEXT_FILE {
        return true;
    }
    // SAFETY: not yet set: nobody reads.
    let place = unsafe { &mut *GOAL.path.get() };
    if let Some(to) = place.get_mut(..value.len()) {
        to.copy_from_slice(value);
    }
    let kind = if value.ends_with(b".json") {
        JSON_FILE
    } else {
        TEXT_FILE
    };
    GOAL.kind.store(kind, Ordering::Release);
    true
}

/// True if statistics go anywhere. Keeps a copy of standard error then: programs close it at their
/// exit (those of GNU coreutils do) before handlers that were registered earlier run.
#[must_use]
pub(crate) fn prepare() -> bool {
    let kind = GOAL.kind.load(Ordering::Relaxed);
    if kind == STDERR {
        // SAFETY: duplicates a descriptor, to a number that programs hardly use.
        let copy = unsafe { libc::fcntl(2, libc::F_DUPFD_CLOEXEC, COPY_FROM) };
        COPY.store(copy, Ordering::Relaxed);
        if let Some((device, file)) = identity(2) {
            DEVICE.store(device, Ordering::Relaxed);
            FILE.store(file, Ordering::Relaxed);
        }
    }
    kind != NOWHERE
}

/// The copy of standard error, if it is still what standard error was at the start: a program may
/// have closed it and opened a file of its own under the number.
fn kept_stderr() -> Option<i32> {
    let copy = COPY.load(Ordering::Relaxed);
    let was = (DEVICE.load(Ordering::Relaxed), FILE.load(Ordering::Relaxed));
    (copy >= 0 && identity(copy) == Some(was)).then_some(copy)
}

/// What tells open files apart.
fn identity(descriptor: i32) -> Option<(u64, u64)> {
    let mut found = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the place is writable and large enough.
    if unsafe { libc::fstat(descriptor, found.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: zeroed, and filled by the call.
    let found = unsafe { found.assume_init() };
    Some((found.st_dev, found.st_ino))
}

/// Writes the statistics to where they go. What cannot be written is said on standard error.
#[cold]
pub(crate) fn write() {
    let kind = GOAL.kind.load(Ordering::Acquire);
    let mut record = Line::<RECORD_BYTES>::new();
    let figures = Figures::take();
    let _whole = match kind {
        NOWHERE => return,
        JSON_FILE => figures.json(&mut record),
        _ => figures.text(&mut record),
    };
    if kind == STDERR {
        let descriptor = kept_stderr().unwrap_or(2);
        let _sent = rawio::write_all(descriptor, record.as_bytes());
        return;
    }
    // SAFETY: set: nobody writes any more.
    let path = unsafe { &*GOAL.path.get() };
    let written = CStr::from_bytes_until_nul(path)
        .ok()
        .map(|path| RawFile::append(path).and_then(|file| file.write_all(record.as_bytes())));
    if !matches!(written, Some(Ok(()))) {
        let mut line = Line::<512>::new();
        let end = path.iter().position(|b| *b == 0).unwrap_or(0);
        let name = core::str::from_utf8(path.get(..end).unwrap_or(&[])).unwrap_or("(not UTF-8)");
        let _whole = writeln!(
            line,
            "bedplate: cannot write statistics to {name}: name a file in a directory that can be written"
        );
        line.to_stderr();
    }
}

struct Figures {
    pid: u32,
    name: [u8; 64],
    peak_rss_bytes: u64,
    totals: info::Totals,
    counters: CountersSnapshot,
    classes: [ClassTotals; CLASSES],
}

impl Figures {
    fn take() -> Self {
        let mut name = [0_u8; 64];
        let _read = RawFile::read_only(c"/proc/self/comm").and_then(|file| file.read(&mut name));
        Self {
            pid: rawio::process_ids().0,
            name,
            peak_rss_bytes: crate::announce::peak_rss_bytes(),
            totals: info::totals(),
            counters: CountersSnapshot::own(),
            classes: info::classes(),
        }
    }

    fn name(&self) -> &str {
        let end = self.name.iter().position(|b| *b == b'\n' || *b == 0);
        let name = self.name.get(..end.unwrap_or(0)).unwrap_or(&[]);
        core::str::from_utf8(name).unwrap_or("(not UTF-8)")
    }

    /// Names and counts that are not zero.
    fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = CountersSnapshot::NAMES.iter().copied();
        counts.zip(self.counters.words()).filter(|(_, n)| *n > 0)
    }

    /// Sizes and figures of classes that have slabs.
    fn used_classes(&self) -> impl Iterator<Item = (u32, &ClassTotals)> {
        let classes = BLOCK_BYTES.iter().copied().zip(&self.classes);
        classes.filter(|(_, class)| class.slabs > 0)
    }

    fn text(&self, out: &mut Line<RECORD_BYTES>) -> fmt::Result {
        let totals = &self.totals;
        writeln!(
            out,
            "bedplate: statistics of {} ({})",
            self.name(),
            self.pid
        )?;
        writeln!(
            out,
            "  peak RSS {} · live {} · free in slabs {} · waiting {} · segments {} · huge {} in {} (bytes)",
            self.peak_rss_bytes,
            totals.live_bytes,
            totals.free_bytes,
            totals.waiting_bytes,
            totals.segment_bytes,
            totals.huge_bytes,
            totals.huge_blocks,
        )?;
        for (name, count) in self.counts() {
            writeln!(out, "  {name} {count}")?;
        }
        writeln!(
            out,
            "  {:>8} {:>8} {:>10} {:>10}",
            "block", "slabs", "blocks", "live"
        )?;
        for (bytes, class) in self.used_classes() {
            let ClassTotals {
                slabs,
                blocks,
                live,
            } = class;
            writeln!(out, "  {bytes:>8} {slabs:>8} {blocks:>10} {live:>10}")?;
        }
        Ok(())
    }

    fn json(&self, out: &mut Line<RECORD_BYTES>) -> fmt::Result {
        let totals = &self.totals;
        write!(out, "{{\"version\":1,\"pid\":{},\"name\":\"", self.pid)?;
        for letter in self.name().chars() {
            match letter {
                '"' | '\\' => write!(out, "\\{letter}")?,
                ' '.. => out.write_char(letter)?,
                _ => out.write_char('?')?,
            }
        }
        write!(
            out,
            "\",\"peak_rss_bytes\":{},\"live_bytes\":{},\"free_bytes\":{},\"waiting_bytes\":{},\
             \"segment_bytes\":{},\"huge_bytes\":{},\"huge_blocks\":{},\"counters\":{{",
            self.peak_rss_bytes,
            totals.live_bytes,
            totals.free_bytes,
            totals.waiting_bytes,
            totals.segment_bytes,
            totals.huge_bytes,
            totals.huge_blocks,
        )?;
        for (index, (name, count)) in self.counts().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(out, "{comma}\"{name}\":{count}")?;
        }
        out.write_str("},\"classes\":[")?;
        for (index, (bytes, class)) in self.used_classes().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(
                out,
                "{comma}{{\"block_bytes\":{bytes},\"slabs\":{},\"blocks\":{},\"live\":{}}}",
                class.slabs, class.blocks, class.live
            )?;
        }
        out.write_str("]}\n")
    }
}
