//! A chunk of jobs, and a thread's claim on it.
//!
//! # Invariants
//! - I1: a number below the count of a chunk is given to one taker, who alone takes the job there
//!   (`protocol/claims.rs`).
//! - I2: a job is in its cell before its number can be given.
//! - I3: the room of a chunk is used again only once nobody else has a pointer to it.
//! - I4: one thread fills a chunk.
//!
//! # Concurrency
//! A cell is written by whoever fills, then read by the one that was given its number.

use crate::protocol::claims::Claims;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

/// Jobs that are taken one by one, by any thread.
pub(super) struct Chunk<T> {
    claims: Claims,
    /// Those from the number of the first that nobody claimed to the count are here.
    first: NonNull<T>,
    /// For how many there is room.
    room: usize,
}

// SAFETY: jobs in it are moved in by one thread (I4) and out by one each (I1), never borrowed.
unsafe impl<T: Send> Sync for Chunk<T> {}
// SAFETY: it owns its room and the jobs in it.
unsafe impl<T: Send> Send for Chunk<T> {}

impl<T> fmt::Debug for Chunk<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk")
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

impl<T> Chunk<T> {
    /// Of these jobs, with room for more where the vector has it; shared from the beginning, or owned by
    /// the first that takes.
    pub(super) fn of(jobs: Vec<T>, is_shared: bool) -> Self {
        let mut jobs = ManuallyDrop::new(jobs);
        Self {
            claims: Claims::new(number(jobs.len()), is_shared),
            first: NonNull::new(jobs.as_mut_ptr()).unwrap_or(NonNull::dangling()),
            room: jobs.capacity(),
        }
    }

    /// True if a job waits in it; a hint while somebody owns it.
    pub(super) fn has_some(&self) -> bool {
        // Jobs that were taken never come back, and whoever takes one asks again.
        self.claims.claimed() < self.claims.filled()
    }

    /// True if a thread may own it. Certain under the lock.
    pub(super) fn is_ownable(&self) -> bool {
        !self.claims.is_shared()
    }

    /// Takes it from its owner for all. Under the lock.
    pub(super) fn share(&self) {
        self.claims.share();
    }

    /// Moves a job into the cell `at`.
    ///
    /// # Safety
    /// - I4: the caller is the one thread that fills, and `at` is how many it has filled.
    /// - `at` is less than the room that the vector had.
    #[inline]
    pub(super) unsafe fn fill(&self, at: usize, job: T) {
        // SAFETY: the cell is within the room, as stated.
        let cell = unsafe { self.first.add(at) };
        // SAFETY: no number from `at` on was given (I2), so nobody reads the cell; no other thread writes.
        unsafe { cell.write(job) };
        self.claims.fill(number(at + 1));
    }

    /// The job in a cell.
    ///
    /// # Safety
    /// - I1: the number was given to the caller, for this call.
    #[inline]
    unsafe fn job(&self, at: u32) -> T {
        // SAFETY: a number that was given is below the count.
        let cell = unsafe { self.first.add(at as usize) };
        // SAFETY: I2: the job is there; as stated nobody else takes it.
        unsafe { cell.read() }
    }

    /// The room, if all jobs were taken; afterwards the chunk has none.
    pub(super) fn take_room(&mut self) -> Option<Vec<T>> {
        if self.has_some() {
            return None;
        }
        let empty = Self::of(Vec::new(), true);
        let spent = ManuallyDrop::new(core::mem::replace(self, empty));
        // SAFETY: the room was a vector's, and is given up here: `spent` is not dropped. No job is left in
        // it, by the claims, which nobody else has a pointer to (I3).
        Some(unsafe { Vec::from_raw_parts(spent.first.as_ptr(), 0, spent.room) })
    }
}

impl<T> Drop for Chunk<T> {
    fn drop(&mut self) {
        let (taken, count) = (self.claims.claimed(), self.claims.filled());
        // SAFETY: the room was a vector's, and this is the end of it. What is in it is dropped below.
        let _room = unsafe { Vec::from_raw_parts(self.first.as_ptr(), 0, self.room) };
        // SAFETY: no more than the count were taken.
        let rest = unsafe { self.first.add(taken as usize) };
        let rest = NonNull::slice_from_raw_parts(rest, count.saturating_sub(taken) as usize);
        // SAFETY: those from `taken` on were not moved out (I1), and are dropped here alone.
        unsafe { rest.drop_in_place() };
    }
}

/// Chunks have few jobs.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A chunk that a thread takes jobs from.
#[derive(Debug)]
pub(crate) struct Taker<T> {
    pub(super) chunk: Arc<Chunk<T>>,
    /// The claims are this thread's, as far as it knows.
    is_owner: bool,
    /// The owner's next number.
    next: u32,
    /// How many there were when it looked.
    count: u32,
}

impl<T> Taker<T> {
    /// Of a chunk that has no other owner, or of a shared one. Under the lock.
    pub(super) fn new(chunk: &Arc<Chunk<T>>) -> Self {
        Self {
            chunk: Arc::clone(chunk),
            is_owner: chunk.is_ownable(),
            next: chunk.claims.claimed(),
            count: chunk.claims.filled(),
        }
    }

    /// The next job, if any waits in the chunk. `turn` takes the lock and lets it go.
    #[inline]
    pub(crate) fn take(&mut self, turn: impl FnOnce()) -> Option<T> {
        if !self.is_owner {
            return self.take_shared();
        }
        let at = self.next;
        if at == self.count {
            self.count = self.chunk.claims.filled();
            if at == self.count {
                return None;
            }
        }
        self.next = at + 1;
        if self.chunk.claims.claim_own(at) || self.keep(at, turn) {
            // SAFETY: I1: it was claimed by the one owner of the claims.
            return Some(unsafe { self.chunk.job(at) });
        }
        self.take_shared()
    }

    fn take_shared(&self) -> Option<T> {
        let at = self.chunk.claims.claim()?;
        // SAFETY: I1: it was given by this claim.
        Some(unsafe { self.chunk.job(at) })
    }

    /// Whether the owner's claim of a number came before others', who have come. It is no owner any more.
    #[cold]
    fn keep(&mut self, at: u32, turn: impl FnOnce()) -> bool {
        // Whoever shares does so under the lock.
        turn();
        self.is_owner = false;
        self.chunk.claims.was_owned(at)
    }

    /// True if the chunk has more jobs, as far as is known.
    pub(crate) fn has_more(&self) -> bool {
        self.chunk.has_some()
    }
}
