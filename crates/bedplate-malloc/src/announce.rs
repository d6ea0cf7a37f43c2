//! Telling `bedplate run` of this process.
//!
//! # Role
//! Append records to the file `events` of the run's directory at start, after a fork and at exit,
//! and let the runner look at the main program once more before it ends.
//!
//! # Not here
//! Anything when `BEDPLATE_MALLOC_RUN` is not set.

use crate::record::{RECORD_BYTES, RecordKind, encode};
use bedplate_os::rawio::{self, RawFile};
use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};

/// Longest path of a run's directory, in bytes.
const DIRECTORY_MAX: usize = 200;
/// How long a process waits at its end for the runner to look, in milliseconds.
const LOOK_MS: u32 = 500;

struct Directory {
    set: AtomicBool,
    path: UnsafeCell<[u8; DIRECTORY_MAX]>,
    length: UnsafeCell<usize>,
}

// SAFETY: the cells are written once, before `set`, while the process has one thread (config I2),
// and only read afterwards.
unsafe impl Sync for Directory {}

static DIRECTORY: Directory = Directory {
    set: AtomicBool::new(false),
    path: UnsafeCell::new([0; DIRECTORY_MAX]),
    length: UnsafeCell::new(0),
};

/// Sets the run's directory, once. False if it is no absolute path or too long.
pub(crate) fn set_directory(path: &[u8]) -> bool {
    if path.first() != Some(&b'/') || path.len() >= DIRECTORY_MAX {
        return false;
    }
    if DIRECTORY.set.load(Ordering::Acquire) {
        return true;
    }
    // SAFETY: not yet set: nobody reads.
    let place = unsafe { &mut *DIRECTORY.path.get() };
    if let Some(to) = place.get_mut(..path.len()) {
        to.copy_from_slice(path);
    }
    // SAFETY: not yet set: nobody reads.
    unsafe { DIRECTORY.length.get().write(path.len()) };
    DIRECTORY.set.store(true, Ordering::Release);
    true
}

fn directory() -> Option<&'static [u8]> {
    if !DIRECTORY.set.load(Ordering::Acquire) {
        return None;
    }
    // SAFETY: set: nobody writes any more.
    let length = unsafe { DIRECTORY.length.get().read() };
    // SAFETY: set: nobody writes any more.
    let path = unsafe { &*DIRECTORY.path.get() };
    path.get(..length)
}

/// A path below the run's directory, for the length of `work`.
fn with_path<T>(name: &[u8], work: impl FnOnce(&CStr) -> T) -> Option<T> {
    let directory = directory()?;
    let mut path = [0_u8; DIRECTORY_MAX + 16];
    path.get_mut(..directory.len())?.copy_from_slice(directory);
    let end = directory.len() + 1 + name.len();
    *path.get_mut(directory.len())? = b'/';
    path.get_mut(directory.len() + 1..end)?
        .copy_from_slice(name);
    CStr::from_bytes_until_nul(&path).ok().map(work)
}

/// Appends a record about this process. What cannot be written is lost: the runner then says
/// that a process told nothing.
pub(crate) fn tell(kind: RecordKind) {
    if directory().is_none() {
        return;
    }
    let mut name = [0_u8; 64];
    let length = RawFile::read_only(c"/proc/self/comm")
        .and_then(|f| f.read(&mut name))
        .unwrap_or(0);
    let name = name.get(..length).unwrap_or(&[]);
    let name = name.strip_suffix(b"\n").unwrap_or(name);
    let peak = if kind == RecordKind::Exit {
        peak_rss_bytes()
    } else {
        0
    };
    let live = if kind == RecordKind::Exit {
        crate::info::totals().live_bytes
    } else {
        0
    };
    let bytes: [u8; RECORD_BYTES] = encode(kind, live as u64, peak, name);
    let _sent = with_path(b"events", |path| {
        // Not created here: a run that is over has no directory to fill.
        RawFile::open(path, libc::O_WRONLY | libc::O_APPEND | libc::O_NOFOLLOW)
            .and_then(|file| file.write_all(&bytes))
    });
}

pub(crate) fn peak_rss_bytes() -> u64 {
    let mut text = [0_u8; 4096];
    let Ok(length) = RawFile::read_only(c"/proc/self/status").and_then(|f| f.read(&mut text))
    else {
        return 0;
    };
    let text = text.get(..length).unwrap_or(&[]);
    let Some(at) = text.windows(6).position(|w| w == b"VmHWM:") else {
        return 0;
    };
    let digits = text.get(at + 6..).unwrap_or(&[]).iter().copied();
    let digits = digits
        .skip_while(|b| !b.is_ascii_digit())
        .take_while(u8::is_ascii_digit);
    digits.fold(0_u64, |sum, d| {
        sum.saturating_mul(10).saturating_add(u64::from(d - b'0'))
    }) * 1024
}

/// The process ends: tells of it, and where it is the program that `bedplate run` started, waits
/// until the runner has looked, half a second at most.
pub(crate) fn leave() {
    let Some(path) = directory() else { return };
    tell(RecordKind::Exit);
    let digits = path.rsplit(|b| *b == b'-').next().unwrap_or(&[]);
    let runner = digits.iter().try_fold(0_u32, |sum, d| {
        d.is_ascii_digit()
            .then(|| sum.wrapping_mul(10).wrapping_add(u32::from(d - b'0')))
    });
    let (own, parent) = rawio::process_ids();
    if runner != Some(parent) {
        return;
    }
    let Some(Ok(go)) = with_path(b"go", |path| RawFile::fifo(path, false)) else {
        return;
    };
    let told = with_path(b"leaving", |path| {
        RawFile::fifo(path, true).and_then(|file| file.write_all(&own.to_le_bytes()))
    });
    if matches!(told, Some(Ok(()))) && go.wait_readable(LOOK_MS) {
        let _byte = go.read(&mut [0_u8]);
    }
}
