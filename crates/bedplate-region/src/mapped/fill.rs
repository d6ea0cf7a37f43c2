//! Reading a file into memory.
//!
//! # Role
//! Fills bytes from a file, by several threads where there is enough to do: one thread is bound by
//! zeroing pages and copying, and a second one halves that.

use super::FileError;
use super::source::Seen;
use bedplate_os::OsError;
use bedplate_os::files;
use bedplate_os::threads;
use core::iter::Enumerate;
use core::num::NonZeroUsize;
use core::slice::ChunksMut;
use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What a thread reads at a time: some huge pages.
const STEP_BYTES: usize = 8 << 20;
/// Fewer bytes for a thread are not worth its start.
const THREAD_BYTES: usize = 64 << 20;
/// A file system gives no more to more of them.
const THREADS_MAX: usize = 8;

/// Fills `bytes` from the front of a file and asks again whether it is what it was. Returns how many
/// threads read, the caller's among them.
pub(super) fn fill(file: &File, seen: &Seen, bytes: &mut [u8]) -> Result<usize, FileError> {
    let wanted = (bytes.len() / THREAD_BYTES).clamp(1, threads_max());
    let work = Work {
        file,
        seen,
        steps: Mutex::new(bytes.chunks_mut(STEP_BYTES).enumerate()),
    };
    let readers = thread::scope(|scope| {
        let helpers: Vec<_> = (1..wanted)
            // A thread that cannot be had leaves its part to the others; the count says so.
            .filter_map(|_| threads::start_scoped(scope, "bedplate-read", || work.run()).ok())
            .collect();
        let mut ended = work.run();
        let readers = 1 + helpers.len();
        for helper in helpers {
            let other = helper
                .join()
                .unwrap_or_else(|payload| std::panic::resume_unwind(payload));
            ended = ended.and(other);
        }
        ended.map(|()| readers)
    })?;
    seen.check_again(file)?;
    Ok(readers)
}

fn threads_max() -> usize {
    // Where the machine does not say, there is one.
    thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(THREADS_MAX)
}

/// What the threads share.
struct Work<'a> {
    file: &'a File,
    seen: &'a Seen,
    steps: Mutex<Enumerate<ChunksMut<'a, u8>>>,
}

impl Work<'_> {
    /// Reads steps until there are none left.
    fn run(&self) -> Result<(), FileError> {
        // Each turn takes a step out of the list.
        loop {
            let step = self
                .steps
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next();
            let Some((number, bytes)) = step else {
                return Ok(());
            };
            self.read(number, bytes)?;
        }
    }

    fn read(&self, number: usize, bytes: &mut [u8]) -> Result<(), FileError> {
        let offset = number as u64 * STEP_BYTES as u64;
        let read: Result<usize, OsError> = files::read_at(self.file.as_fd(), bytes, offset);
        let came = read?;
        if came < bytes.len() {
            return Err(self.seen.changed(offset + came as u64));
        }
        Ok(())
    }
}
