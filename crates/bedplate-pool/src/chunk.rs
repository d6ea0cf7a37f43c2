//! Jobs of a scope, in chunks that threads share.
//!
//! # Role
//! A thread that runs jobs takes a chunk of them under the lock of the scope and then one after the
//! other without it. A chunk that was begun stays where others find it: none of its jobs waits for
//! the thread that took the chunk.
//!
//! # Invariants
//! - I1: a number below the count of a chunk is given to one taker, who alone takes the job there.
//! - I2: a chunk's jobs are in it before anybody has a pointer to it.
//! - I3: the room of a chunk is used again only once nobody else has a pointer to it.
//!
//! # Concurrency
//! [`Jobs`] is under its owner's lock; [`Chunk::next`] is written by whoever takes a job.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Jobs of a chunk: enough that the lock costs each of them little.
const CHUNK: usize = 64;
/// Rooms of chunks that were run which are kept for the next ones: one that is filled while others are
/// run, and a few as the two sides are not even.
const ROOMS: usize = 4;

/// The jobs that wait.
pub(crate) struct Jobs<T> {
    /// The latest, fewer than a chunk.
    latest: Vec<T>,
    /// Whole chunks, the oldest first.
    whole: VecDeque<Vec<T>>,
    /// Chunks that somebody began; some may be empty by now.
    begun: Vec<Arc<Chunk<T>>>,
    /// Rooms of chunks that were run, without jobs: where jobs are run as fast as they come, the same
    /// few are filled over and over, and neither grow again nor bring new pages.
    rooms: Vec<Vec<T>>,
}

impl<T> Default for Jobs<T> {
    fn default() -> Self {
        Self {
            latest: Vec::new(),
            whole: VecDeque::new(),
            begun: Vec::new(),
            rooms: Vec::new(),
        }
    }
}

impl<T> Jobs<T> {
    /// Adds one.
    pub(crate) fn add(&mut self, job: T) {
        if self.latest.len() == CHUNK {
            // The first chunk grew by need, as most scopes have few jobs; now there are many.
            let room = self.rooms.pop();
            let room = room.unwrap_or_else(|| Vec::with_capacity(CHUNK));
            let full = core::mem::replace(&mut self.latest, room);
            self.whole.push_back(full);
        }
        self.latest.push(job);
    }

    /// A chunk that has jobs, if any wait; others may take them, too. And whether more wait beside it.
    pub(crate) fn chunk(&mut self) -> Option<(Arc<Chunk<T>>, bool)> {
        self.tidy();
        let oldest = self.whole.pop_front().or_else(|| {
            let any = !self.latest.is_empty();
            any.then(|| {
                let room = self.rooms.pop().unwrap_or_default();
                core::mem::replace(&mut self.latest, room)
            })
        });
        let chunk = match oldest {
            Some(jobs) => {
                let chunk = Arc::new(Chunk::new(jobs));
                self.begun.push(Arc::clone(&chunk));
                chunk
            }
            None => Arc::clone(self.begun.first()?),
        };
        let more = self.begun.len() > 1 || !self.latest.is_empty() || !self.whole.is_empty();
        Some((chunk, more))
    }

    /// Forgets the chunks that are empty, but for the room of some.
    fn tidy(&mut self) {
        let rooms = &mut self.rooms;
        self.begun.retain_mut(|chunk| {
            let has_some = chunk.has_some();
            if !has_some
                && rooms.len() < ROOMS
                && let Some(chunk) = Arc::get_mut(chunk)
                && let Some(room) = chunk.take_room()
            {
                rooms.push(room);
            }
            has_some
        });
    }

    /// True if a job waits.
    pub(crate) fn has_some(&self) -> bool {
        !self.latest.is_empty()
            || !self.whole.is_empty()
            || self.begun.iter().any(|chunk| chunk.has_some())
    }
}

/// Jobs that are taken one by one, by any thread.
pub(crate) struct Chunk<T> {
    /// Those from `next` on are here, the others were moved out.
    jobs: ManuallyDrop<Vec<T>>,
    /// The first that nobody took; beyond the count when all are taken.
    next: AtomicUsize,
}

// SAFETY: the jobs in it are moved out, never borrowed, each by one thread (I1).
unsafe impl<T: Send> Sync for Chunk<T> {}

impl<T> fmt::Debug for Chunk<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk")
            .field("jobs", &self.jobs.len())
            .field("next", &self.next)
            .finish()
    }
}

impl<T> Chunk<T> {
    fn new(jobs: Vec<T>) -> Self {
        Self {
            jobs: ManuallyDrop::new(jobs),
            next: AtomicUsize::new(0),
        }
    }

    fn has_some(&self) -> bool {
        // Relaxed: jobs never come back, and whoever takes one asks again.
        self.next.load(Ordering::Relaxed) < self.jobs.len()
    }

    /// The room of a chunk whose jobs were all taken.
    fn take_room(&mut self) -> Option<Vec<T>> {
        if *self.next.get_mut() < self.jobs.len() {
            return None;
        }
        // SAFETY: all that were in it are moved out (I1); from here on it has none, as its drop finds.
        unsafe { self.jobs.set_len(0) };
        Some(core::mem::take(&mut *self.jobs))
    }

    /// The next job, and whether there are more.
    pub(crate) fn take(&self) -> Option<(T, bool)> {
        // Relaxed: the jobs were in place before the chunk was shared (I2); a number is given once.
        // Bounded by a turn more for each taker, which then drops its pointer.
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.jobs.len();
        if at >= count {
            return None;
        }
        // SAFETY: the number is below the count.
        let job = unsafe { self.jobs.as_ptr().add(at) };
        // SAFETY: I1: the number was given to this call alone, and nobody borrows the job.
        let job = unsafe { job.read() };
        Some((job, at + 1 < count))
    }
}

impl<T> Drop for Chunk<T> {
    fn drop(&mut self) {
        let taken = (*self.next.get_mut()).min(self.jobs.len());
        // SAFETY: this is the only call, and the vector is not used after.
        let mut jobs = unsafe { ManuallyDrop::take(&mut self.jobs) };
        let left = jobs.len() - taken;
        let first = jobs.as_mut_ptr();
        // SAFETY: none of them is reached through the vector any more: what is left is dropped below.
        unsafe { jobs.set_len(0) };
        // SAFETY: `taken` is at most the count.
        let rest = unsafe { first.add(taken) };
        let rest = core::ptr::slice_from_raw_parts_mut(rest, left);
        // SAFETY: those from `taken` on were not moved out (I1), and are dropped here alone.
        unsafe { core::ptr::drop_in_place(rest) };
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Jobs, ROOMS};
    use alloc::rc::Rc;
    use alloc::sync::Arc;
    use std::thread;

    #[test]
    fn jobs_come_out_in_order() {
        let mut jobs = Jobs::default();
        (0..3 * CHUNK + 1).for_each(|job| jobs.add(job));
        let mut out = Vec::new();
        while let Some((chunk, _)) = jobs.chunk() {
            while let Some((job, more)) = chunk.take() {
                assert_eq!(more, (job + 1) % CHUNK != 0 && job != 3 * CHUNK);
                out.push(job);
            }
        }
        assert!(!jobs.has_some());
        assert_eq!(out, (0..3 * CHUNK + 1).collect::<Vec<_>>());
    }

    #[test]
    fn a_chunk_that_was_begun_is_found_by_others() {
        let mut jobs = Jobs::default();
        (0..3).for_each(|job| jobs.add(job));
        let (mine, more) = jobs.chunk().expect("jobs wait");
        assert!(!more);
        assert_eq!(mine.take(), Some((0, true)));
        let (shared, more) = jobs.chunk().expect("two of them still wait");
        assert!(!more);
        assert_eq!(shared.take(), Some((1, true)));
        assert_eq!(mine.take(), Some((2, false)));
        assert_eq!(shared.take(), None);
        assert!(jobs.chunk().is_none());
    }

    #[test]
    fn later_jobs_come_after_a_chunk_that_was_begun() {
        let mut jobs = Jobs::default();
        jobs.add(0);
        let (first, _) = jobs.chunk().expect("a job waits");
        jobs.add(1);
        let (second, more) = jobs.chunk().expect("a job waits");
        assert!(more);
        assert_eq!(second.take(), Some((1, false)));
        assert_eq!(first.take(), Some((0, false)));
    }

    #[test]
    fn rooms_are_filled_again_once_nobody_has_a_pointer_to_them() {
        let mark = Rc::new(());
        let mut jobs = Jobs::default();
        let mut held = Vec::new();
        for turn in 0..10 {
            (0..CHUNK).for_each(|_| jobs.add(Rc::clone(&mark)));
            let (chunk, more) = jobs.chunk().expect("jobs wait");
            assert!(!more);
            assert_eq!(core::iter::from_fn(|| chunk.take()).count(), CHUNK);
            assert_eq!(Rc::strong_count(&mark), 1, "each was moved out once");
            let is_held = turn % 3 == 0;
            if is_held {
                held.push(chunk);
            } else {
                drop(chunk);
            }
            assert!(jobs.chunk().is_none());
            assert_eq!(jobs.rooms.len(), usize::from(!is_held));
        }
        assert!(held.iter().all(|chunk| chunk.take().is_none()));
        drop(held);
        assert_eq!(Rc::strong_count(&mark), 1);
    }

    #[test]
    fn no_more_rooms_are_kept_than_a_few() {
        let mut jobs = Jobs::default();
        (0..3 * ROOMS * CHUNK).for_each(|job| jobs.add(job));
        let begin = |jobs: &mut Jobs<usize>| jobs.chunk().expect("jobs wait").0;
        let begun: Vec<_> = (0..3 * ROOMS).map(|_| begin(&mut jobs)).collect();
        for chunk in begun {
            assert_eq!(core::iter::from_fn(|| chunk.take()).count(), CHUNK);
        }
        assert!(jobs.chunk().is_none() && !jobs.has_some());
        assert_eq!(jobs.rooms.len(), ROOMS);
    }

    #[test]
    fn what_nobody_took_is_dropped_once() {
        let mark = Rc::new(());
        let mut jobs = Jobs::default();
        (0..5).for_each(|_| jobs.add(Rc::clone(&mark)));
        let (chunk, _) = jobs.chunk().expect("jobs wait");
        let taken = chunk.take();
        assert_eq!(Rc::strong_count(&mark), 6);
        drop((chunk, jobs));
        assert_eq!(Rc::strong_count(&mark), 2);
        drop(taken);
        assert_eq!(Rc::strong_count(&mark), 1);
    }

    #[test]
    fn each_job_is_taken_once_by_many_threads() {
        let mut jobs = Jobs::default();
        (0..CHUNK).for_each(|job| jobs.add(Box::new(job)));
        let (chunk, _) = jobs.chunk().expect("jobs wait");
        let take_all = |chunk: &Arc<super::Chunk<Box<usize>>>| {
            let own = Arc::clone(chunk);
            thread::spawn(move || {
                let taken = core::iter::from_fn(|| own.take());
                taken.map(|(job, _)| *job).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..4).map(|_| take_all(&chunk)).collect();
        let mut all: Vec<usize> = threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..CHUNK).collect::<Vec<_>>());
    }
}
