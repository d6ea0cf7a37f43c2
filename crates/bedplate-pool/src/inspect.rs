//! Figures from outside: reading the pools of another process.
//!
//! # Role
//! From a way to read memory and the address of a root page to the pool's counts, thread by thread.
//! The process is neither stopped nor called.
//!
//! # Not here
//! How memory is read (`process_vm_readv` or else), and where root pages are: mappings whose path
//! begins with [`ROOT_MAPPING`].
//!
//! # Concurrency
//! The process goes on meanwhile: counts are of moments a little apart. A pool that ends under the
//! reader is an error ([`CaptureError::Gone`]), never figures of something else.

use crate::metrics::{Counts, WorkerMetrics};
use crate::root::{NAME_BYTES, ROOT_MAGIC, ROOT_VERSION, Root};
use crate::timeline::PlaceKind;
use bedplate_os::clock;
use core::fmt;
use core::mem::offset_of;

/// How the path of a root page begins in `/proc/PID/maps`.
pub const ROOT_MAPPING: &str = "/memfd:bedplate-pool";

/// More places than a pool can have.
const PLACES_MAX: u64 = 1 << 14;

/// A way to read a process's memory: fills the slice from the address on, or says that it cannot.
pub type Read<'r> = &'r dyn Fn(u64, &mut [u8]) -> bool;

/// A pool as found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolCapture {
    /// Its name, the first 64 bytes.
    pub name: String,
    /// When it was made, in nanoseconds of the system's monotonic clock.
    pub began_ns: u64,
    /// When it was looked at, likewise.
    pub taken_ns: u64,
    /// How many workers run at a time.
    pub workers: u64,
    /// How many spares it may have.
    pub spares: u64,
    /// Threads of its own that live.
    pub threads: u64,
    /// Jobs that wait.
    pub queued: u64,
    /// Sleepers woken.
    pub wakes: u64,
    /// It came by a fork: none of its threads are in this process.
    pub is_forked: bool,
    /// The places that a thread has or had.
    pub places: Vec<WorkerMetrics>,
}

/// Why a pool could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureError {
    /// No pool is at the address, or none any more.
    Gone,
    /// It is laid out differently.
    OtherVersion {
        /// The version found.
        found: u64,
    },
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the pool has ended"),
            Self::OtherVersion { found } => write!(
                f,
                "the pool is laid out differently (version {found:#x}); use the `bedplate` program \
                 of that version"
            ),
        }
    }
}

impl core::error::Error for CaptureError {}

/// Reads the pool whose root page is at `root`.
///
/// # Errors
/// - [`CaptureError`]: what was found instead.
pub fn capture(read: Read<'_>, root: u64) -> Result<PoolCapture, CaptureError> {
    let page = Words::read(read, root, size_of::<Root>() / 8)?;
    let at = |offset: usize| page.0[offset / 8];
    if at(offset_of!(Root, magic)) != ROOT_MAGIC {
        return Err(CaptureError::Gone);
    }
    let found = at(offset_of!(Root, version));
    let count_words = at(offset_of!(Root, count_words));
    if found != ROOT_VERSION || count_words != Counts::WORDS as u64 {
        return Err(CaptureError::OtherVersion { found });
    }
    let taken_ns = clock::monotonic_ns();
    let word = |offset: usize| size_word(read, at(offset));
    let bits = Words::read(read, at(offset_of!(Root, taken)), 1)?.0[0];
    let wakes = Words::read(read, at(offset_of!(Root, wakes)), 1)?.0[0];
    let forks = Words::read(read, at(offset_of!(Root, forks)), 1)?.0[0];
    let figures = Places {
        workers: at(offset_of!(Root, workers)),
        spares: at(offset_of!(Root, spares)),
        guests: at(offset_of!(Root, guests)),
        working: word(offset_of!(Root, working))?,
        started: word(offset_of!(Root, started))?,
        taken: bits,
    };
    let stride = at(offset_of!(Root, seat_bytes));
    let first = at(offset_of!(Root, seats)).wrapping_add(at(offset_of!(Root, counts_at)));
    let capture = PoolCapture {
        name: name(&page),
        began_ns: at(offset_of!(Root, began_ns)),
        taken_ns,
        workers: word(offset_of!(Root, width))?,
        spares: figures.spares,
        threads: word(offset_of!(Root, living))?,
        queued: word(offset_of!(Root, queued))?,
        wakes,
        is_forked: forks != at(offset_of!(Root, forks_then)),
        places: figures.read(read, (first, stride), taken_ns)?,
    };
    // What was read is this pool's if its page stands (root I2).
    match Words::read(read, root, 1)?.0[0] {
        ROOT_MAGIC => Ok(capture),
        _ => Err(CaptureError::Gone),
    }
}

/// Words of the process.
struct Words(Vec<u64>);

impl Words {
    fn read(read: Read<'_>, address: u64, count: usize) -> Result<Self, CaptureError> {
        let mut bytes = vec![0_u8; count * 8];
        if !read(address, &mut bytes) {
            return Err(CaptureError::Gone);
        }
        let (words, _) = bytes.as_chunks::<8>();
        Ok(Self(
            words.iter().copied().map(u64::from_ne_bytes).collect(),
        ))
    }
}

/// A word of the size of an address.
fn size_word(read: Read<'_>, address: u64) -> Result<u64, CaptureError> {
    let mut bytes = [0; size_of::<usize>()];
    if !read(address, &mut bytes) {
        return Err(CaptureError::Gone);
    }
    Ok(usize::from_ne_bytes(bytes) as u64)
}

fn name(page: &Words) -> String {
    let at = offset_of!(Root, name) / 8;
    let words = page.0.get(at..at + NAME_BYTES / 8).unwrap_or(&[]);
    let bytes: Vec<u8> = words
        .iter()
        .flat_map(|word| word.to_ne_bytes())
        .take_while(|&byte| byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How many places there are, and which have owners.
struct Places {
    workers: u64,
    spares: u64,
    guests: u64,
    working: u64,
    started: u64,
    taken: u64,
}

impl Places {
    fn read(
        &self,
        read: Read<'_>,
        (first, stride): (u64, u64),
        now_ns: u64,
    ) -> Result<Vec<WorkerMetrics>, CaptureError> {
        let count = self.workers + self.spares + self.guests;
        if count > PLACES_MAX {
            return Err(CaptureError::Gone);
        }
        let mut places = Vec::new();
        for index in 0..count {
            let at = first.wrapping_add(index.wrapping_mul(stride));
            let words = Words::read(read, at, Counts::WORDS)?;
            let words = words.0.first_chunk().ok_or(CaptureError::Gone)?;
            let (kind, name, is_owned) = self.place(index);
            let place = usize::try_from(index).unwrap_or(usize::MAX);
            let counts = Counts::of_words(words);
            let metrics = WorkerMetrics::of((place, kind, name), is_owned, &counts, now_ns);
            if !metrics.is_untouched() {
                places.push(metrics);
            }
        }
        Ok(places)
    }

    /// Whose the place is, its name, and whether it has an owner.
    fn place(&self, index: u64) -> (PlaceKind, String, bool) {
        let named = |kind: PlaceKind, number: u64| format!("{} {number}", kind.name());
        if index < self.workers {
            let kind = PlaceKind::Worker;
            return (kind, named(kind, index), index < self.working);
        }
        let spare = index - self.workers;
        if spare < self.spares {
            let kind = PlaceKind::Spare;
            return (kind, named(kind, spare), spare < self.started);
        }
        let guest = spare - self.spares;
        let kind = PlaceKind::Guest;
        (
            kind,
            named(kind, guest),
            self.taken >> (guest % 64) & 1 == 1,
        )
    }
}
