//! The opener's side of a scope's jobs.
//!
//! # Role
//! While a scope is open its opener, who spawns most jobs as a rule, fills a chunk of its own, which others
//! see at once, without the lock.
//!
//! # Invariants
//! - I1: the fields but `opener` are the opener's: one thread's, which is told by its token.

use super::cells::Chunk;
use super::jobs::CHUNK;
use crate::current;
use crate::sync::light;
use alloc::sync::Arc;
use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

/// No thread's token.
const NOBODY: usize = 0;

/// Where the opener puts jobs.
pub(crate) struct Lane<T> {
    /// The token of the opener, while the lane is open.
    opener: AtomicUsize,
    /// The chunk that is being filled.
    chunk: UnsafeCell<Option<Arc<Chunk<T>>>>,
    /// How many jobs are in it.
    filled: Cell<usize>,
    /// Jobs that were put in.
    added: Cell<u64>,
}

// SAFETY: I1: `chunk`, `filled` and `added` are used by one thread as long as the lane is shared; jobs and
// chunks can be sent.
unsafe impl<T: Send> Sync for Lane<T> {}

impl<T> fmt::Debug for Lane<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("opener", &self.opener)
            .finish_non_exhaustive()
    }
}

impl<T> Lane<T> {
    /// The calling thread's, which does not end before it is closed; or nobody's.
    pub(crate) fn new(is_wanted: bool) -> Self {
        let opener = if is_wanted {
            current::thread_token()
        } else {
            NOBODY
        };
        Self {
            opener: AtomicUsize::new(opener),
            chunk: UnsafeCell::new(None),
            filled: Cell::new(CHUNK),
            added: Cell::new(0),
        }
    }

    /// True for the opener, while the lane is open.
    #[inline]
    pub(crate) fn is_mine(&self) -> bool {
        // Relaxed: what the calling thread wrote, or what is not its token.
        self.opener.load(Ordering::Relaxed) == current::thread_token()
    }

    /// Puts a job in, where others see it at once. It is given back to who is not the opener, and where
    /// there is no room: see [`refill`](Self::refill). What the caller loads next is loaded after.
    #[inline]
    pub(crate) fn push(&self, job: T) -> Result<(), T> {
        if !self.is_mine() {
            return Err(job);
        }
        let at = self.filled.get();
        if at == CHUNK {
            return Err(job);
        }
        // SAFETY: I1: this thread is the opener.
        let chunk = unsafe { &*self.chunk.get() };
        let Some(chunk) = chunk else { return Err(job) };
        // SAFETY: this thread alone fills the chunk (I1), `filled` says how far; the chunk was made with
        // room for as many as `CHUNK`.
        unsafe { chunk.fill(at, job) };
        self.filled.set(at + 1);
        self.added.set(self.added.get() + 1);
        light();
        Ok(())
    }

    /// Goes on with an empty chunk that has room for [`CHUNK`] jobs. By the opener.
    pub(super) fn refill(&self, chunk: Arc<Chunk<T>>) {
        if self.is_mine() {
            // SAFETY: I1: this thread is the opener, and has no borrow of it.
            let own = unsafe { &mut *self.chunk.get() };
            *own = Some(chunk);
            self.filled.set(0);
        }
    }

    /// Ends it; how many jobs were put in. By the opener.
    pub(crate) fn close(&self) -> u64 {
        if !self.is_mine() {
            return 0;
        }
        // SAFETY: I1: this thread is the opener, and has no borrow of it.
        let own = unsafe { &mut *self.chunk.get() };
        *own = None;
        self.filled.set(CHUNK);
        // Relaxed: nobody else's token.
        self.opener.store(NOBODY, Ordering::Relaxed);
        self.added.take()
    }
}
