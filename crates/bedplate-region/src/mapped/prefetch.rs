//! Reading ahead on a thread of its own.
//!
//! # Role
//! Has the kernel read a mapped file in, step by step, so that it can be called off between two
//! steps. The thread is joined when the handle is dropped.
//!
//! # Not here
//! `WILLNEED`: where a disk is slow some kernels block in it, and it says nothing of what it did.

use super::map::Shared;
use super::{Advice, FileError};
use alloc::sync::Arc;
use bedplate_os::threads;
use core::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Some milliseconds of a disk's time: how long calling off may take.
const STEP_BYTES: usize = 8 << 20;

/// A file that is being read in. Dropping it calls the reading off and waits for its thread.
#[derive(Debug)]
pub struct Prefetch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Prefetched, FileError>>>,
}

/// How a prefetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefetched {
    /// The bytes that were read in, from the front.
    pub bytes: usize,
    /// True if it was called off before all were.
    pub is_called_off: bool,
}

impl Prefetch {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self, FileError> {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = threads::start("bedplate-fetch", move || read_in(&shared, &seen))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// True once the thread is done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Calls the reading off; it ends within a step of 8 MiB.
    pub fn call_off(&self) {
        // Relaxed: a word of its own; the join orders all else.
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for the thread, and says how far it came.
    ///
    /// # Errors
    /// - [`FileError::Os`]: `EINVAL` where the kernel is older than Linux 5.14 and has no such
    ///   advice, `EFAULT` where the file was cut meanwhile.
    pub fn join(mut self) -> Result<Prefetched, FileError> {
        let nothing = Prefetched {
            bytes: 0,
            is_called_off: true,
        };
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(payload)) => std::panic::resume_unwind(payload),
            None => Ok(nothing),
        }
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.call_off();
        if let Some(thread) = self.thread.take() {
            // Who drops the handle does not ask how it ended.
            let _ended = thread.join();
        }
    }
}

fn read_in(shared: &Shared, stop: &AtomicBool) -> Result<Prefetched, FileError> {
    let length = shared.space.seen().len();
    let mut bytes = 0;
    while bytes < length {
        // Relaxed: as in `call_off`.
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let end = length.min(bytes + STEP_BYTES);
        shared.space.advise(bytes, end, Advice::Populate)?;
        bytes = end;
    }
    Ok(Prefetched {
        bytes,
        is_called_off: bytes < length,
    })
}
