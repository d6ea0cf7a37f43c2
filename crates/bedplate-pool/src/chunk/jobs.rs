//! The jobs of a scope that wait.
//!
//! # Role
//! Chunks in the order of their jobs, each until it is empty. Everything here is under the scope's lock.
//!
//! # Invariants
//! - I1: a chunk has one owner at a time, or is shared: who takes a chunk that another owns shares it
//!   first.

use super::cells::{Chunk, Taker};
use super::lane::Lane;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Jobs of a chunk: enough that the lock costs each of them little; six kilobytes. With 64 of them a million
/// jobs took half as long again (docs/numbers.md).
pub(super) const CHUNK: usize = 256;
/// Rooms of chunks that were run which are kept for the next ones: one that is filled while others are
/// run, and a few as the two sides are not even.
const ROOMS: usize = 4;

/// The jobs that wait.
#[derive(Debug)]
pub(crate) struct Jobs<T> {
    /// The latest, fewer than a chunk.
    latest: Vec<T>,
    /// Whole chunks, the oldest first.
    whole: VecDeque<Arc<Chunk<T>>>,
    /// Chunks that somebody began; some may be empty by now.
    begun: Vec<Begun<T>>,
    /// The chunk that the opener fills; among those begun, too, once it is.
    lane: Option<Arc<Chunk<T>>>,
    /// Rooms of chunks that were run, without jobs: where jobs are run as fast as they come, the same
    /// few are filled over and over, and neither grow again nor bring new pages.
    rooms: Vec<Vec<T>>,
    /// Whole chunks have owners: the process is registered for fences that one side pays.
    has_owners: bool,
}

/// A chunk that somebody began.
#[derive(Debug)]
struct Begun<T> {
    chunk: Arc<Chunk<T>>,
    /// Somebody takes jobs from it as its owner.
    is_owned: bool,
}

impl<T> Jobs<T> {
    /// None yet. `has_owners` where the process is registered ([`bedplate_os::barrier::register`]).
    pub(crate) fn new(has_owners: bool) -> Self {
        Self {
            latest: Vec::new(),
            whole: VecDeque::new(),
            begun: Vec::new(),
            lane: None,
            rooms: Vec::new(),
            has_owners,
        }
    }

    /// Adds one.
    pub(crate) fn add(&mut self, job: T) {
        if self.latest.len() == CHUNK {
            // The first chunk grew by need, as most scopes have few jobs; now there are many.
            let room = self.rooms.pop();
            let room = room.unwrap_or_else(|| Vec::with_capacity(CHUNK));
            let full = core::mem::replace(&mut self.latest, room);
            let chunk = Chunk::of(full, !self.has_owners);
            self.whole.push_back(Arc::new(chunk));
        }
        self.latest.push(job);
    }

    /// Has the opener go on with a new chunk. By the opener.
    pub(crate) fn refill(&mut self, lane: &Lane<T>) {
        self.end_lane();
        let room = self.rooms.pop();
        let mut room = room.unwrap_or_default();
        // One that grew by need may have less.
        room.reserve_exact(CHUNK);
        let chunk = Arc::new(Chunk::of(room, !self.has_owners));
        self.lane = Some(Arc::clone(&chunk));
        lane.refill(chunk);
    }

    /// The opener puts no more into its chunk.
    pub(crate) fn end_lane(&mut self) {
        let Some(chunk) = self.lane.take() else {
            return;
        };
        if !self.is_begun(&chunk) && chunk.has_some() {
            self.whole.push_back(chunk);
        }
    }

    /// True if the opener has a chunk.
    pub(crate) fn has_lane(&self) -> bool {
        self.lane.is_some()
    }

    fn is_begun(&self, chunk: &Arc<Chunk<T>>) -> bool {
        self.begun
            .iter()
            .any(|begun| Arc::ptr_eq(&begun.chunk, chunk))
    }

    /// A chunk that has jobs, if any wait; others may take them, too. And whether more wait beside it.
    pub(crate) fn chunk(&mut self) -> Option<(Taker<T>, bool)> {
        self.tidy();
        let taker = match self.oldest() {
            Some(chunk) => {
                let taker = Taker::new(&chunk);
                let is_owned = true;
                self.begun.push(Begun { chunk, is_owned });
                taker
            }
            None => self.join()?,
        };
        let beside =
            |begun: &Begun<T>| !Arc::ptr_eq(&begun.chunk, &taker.chunk) && begun.chunk.has_some();
        let more = self.has_unbegun() || self.begun.iter().any(beside);
        Some((taker, more))
    }

    /// The oldest chunk that nobody began.
    fn oldest(&mut self) -> Option<Arc<Chunk<T>>> {
        if let Some(chunk) = self.whole.pop_front() {
            return Some(chunk);
        }
        if !self.latest.is_empty() {
            let room = self.rooms.pop().unwrap_or_default();
            let few = core::mem::replace(&mut self.latest, room);
            // Others come for few jobs at once: sharing them would cost more than owning them spares.
            let is_shared = !self.has_owners || few.len() < CHUNK;
            return Some(Arc::new(Chunk::of(few, is_shared)));
        }
        let lane = self.lane.as_ref()?;
        (lane.has_some() && !self.is_begun(lane)).then(|| Arc::clone(lane))
    }

    /// A chunk that somebody began.
    fn join(&mut self) -> Option<Taker<T>> {
        let has_some = |begun: &Begun<T>| begun.chunk.has_some();
        let is_free = |begun: &Begun<T>| !begun.is_owned || !begun.chunk.is_ownable();
        let mut begun = self.begun.iter();
        let free = begun.position(|begun| is_free(begun) && has_some(begun));
        let at = free.or_else(|| self.begun.iter().position(has_some))?;
        let begun = &mut self.begun[at];
        if begun.is_owned {
            begun.chunk.share();
        }
        begun.is_owned = true;
        Some(Taker::new(&begun.chunk))
    }

    /// A thread takes no more from a chunk.
    pub(crate) fn give_back(&mut self, taker: Taker<T>) {
        let mut begun = self.begun.iter_mut();
        if taker.chunk.is_ownable()
            && let Some(begun) = begun.find(|begun| Arc::ptr_eq(&begun.chunk, &taker.chunk))
        {
            begun.is_owned = false;
        }
        // Before the chunk is looked at again, whose room then has one pointer.
        drop(taker);
    }

    /// Forgets the chunks that are empty, but for the room of some.
    fn tidy(&mut self) {
        let (rooms, lane) = (&mut self.rooms, &self.lane);
        self.begun.retain_mut(|Begun { chunk, .. }| {
            let is_lane = lane.as_ref().is_some_and(|lane| Arc::ptr_eq(lane, chunk));
            let stays = is_lane || chunk.has_some();
            if !stays
                && rooms.len() < ROOMS
                && let Some(chunk) = Arc::get_mut(chunk)
                && let Some(room) = chunk.take_room()
            {
                rooms.push(room);
            }
            stays
        });
    }

    /// True if a job waits.
    pub(crate) fn has_some(&self) -> bool {
        self.has_unbegun() || self.begun.iter().any(|begun| begun.chunk.has_some())
    }

    /// True if a job waits that is in no chunk that somebody began.
    fn has_unbegun(&self) -> bool {
        let in_lane = || {
            let lane = self.lane.as_ref();
            lane.is_some_and(|lane| lane.has_some() && !self.is_begun(lane))
        };
        !self.latest.is_empty() || !self.whole.is_empty() || in_lane()
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Jobs, ROOMS, Taker};
    use crate::chunk::Lane;
    use alloc::rc::Rc;
    use bedplate_os::barrier;
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::sync::Mutex;
    use std::thread;

    /// Whether chunks have owners: never, and where the kernel has such fences.
    fn ways() -> impl Iterator<Item = bool> {
        let has_fences = barrier::register().is_ok();
        [false, true]
            .into_iter()
            .filter(move |owners| has_fences || !owners)
    }

    /// Jobs that nobody else takes.
    fn rest<T>(taker: &mut Taker<T>) -> Vec<T> {
        core::iter::from_fn(|| taker.take(|| {})).collect()
    }

    #[test]
    fn jobs_come_out_in_order() {
        for has_owners in ways() {
            let mut jobs = Jobs::new(has_owners);
            (0..3 * CHUNK + 1).for_each(|job| jobs.add(job));
            let mut out = Vec::new();
            while let Some((mut taker, more)) = jobs.chunk() {
                out.extend(rest(&mut taker));
                assert_eq!(more, out.len() <= 3 * CHUNK);
                jobs.give_back(taker);
            }
            assert!(!jobs.has_some());
            assert_eq!(out, (0..3 * CHUNK + 1).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_chunk_that_was_begun_is_found_by_others() {
        for (has_owners, count) in ways().flat_map(|way| [(way, 3), (way, CHUNK)]) {
            let mut jobs = Jobs::new(has_owners);
            (0..count).for_each(|job| jobs.add(job));
            let (mut mine, more) = jobs.chunk().expect("jobs wait");
            assert!(!more);
            assert_eq!(mine.take(|| {}), Some(0));
            let (mut other, more) = jobs.chunk().expect("the others still wait");
            assert!(!more);
            assert_eq!(other.take(|| {}), Some(1));
            assert_eq!(mine.take(|| {}), Some(2));
            assert_eq!(rest(&mut other), (3..count).collect::<Vec<_>>());
            assert_eq!(mine.take(|| {}), None);
            assert!(jobs.chunk().is_none());
        }
    }

    #[test]
    fn later_jobs_come_after_a_chunk_that_was_begun() {
        for has_owners in ways() {
            let mut jobs = Jobs::new(has_owners);
            jobs.add(0);
            let (mut first, _) = jobs.chunk().expect("a job waits");
            jobs.add(1);
            let (mut second, more) = jobs.chunk().expect("a job waits");
            assert!(more);
            assert_eq!(rest(&mut second), [1]);
            assert_eq!(rest(&mut first), [0]);
        }
    }

    #[test]
    fn an_owner_that_comes_back_goes_on() {
        for has_owners in ways() {
            let (mut jobs, lane) = (Jobs::new(has_owners), Lane::new(true));
            jobs.refill(&lane);
            for job in 0..CHUNK {
                assert_eq!(lane.push(job), Ok(()));
                assert!(jobs.has_some());
                let (mut taker, _) = jobs.chunk().expect("a job waits");
                assert_eq!(rest(&mut taker), [job]);
                jobs.give_back(taker);
                assert!(!jobs.has_some() && jobs.chunk().is_none());
            }
            assert_eq!(lane.push(CHUNK), Err(CHUNK), "it is full");
            assert_eq!(lane.close(), CHUNK as u64);
            jobs.end_lane();
            assert!(!jobs.has_some());
        }
    }

    #[test]
    fn a_lane_is_its_openers() {
        let (mut jobs, lane) = (Jobs::new(false), Lane::new(true));
        assert_eq!(lane.push(0), Err(0), "there is no chunk yet");
        jobs.refill(&lane);
        let others = || assert_eq!(lane.push(1), Err(1));
        thread::scope(|threads| threads.spawn(others).join()).expect("no panic");
        assert_eq!(lane.push(2), Ok(()));
        assert_eq!(lane.close(), 1);
        assert_eq!(lane.push(3), Err(3), "it is closed");
        jobs.end_lane();
        let (mut taker, more) = jobs.chunk().expect("a job waits");
        assert!(!more);
        assert_eq!(rest(&mut taker), [2]);
        assert_eq!(Lane::new(false).push(4), Err(4));
    }

    #[test]
    fn rooms_are_filled_again_once_nobody_has_a_pointer_to_them() {
        let mark = Rc::new(());
        let mut jobs = Jobs::new(false);
        let mut held = Vec::new();
        for turn in 0..10 {
            (0..CHUNK).for_each(|_| jobs.add(Rc::clone(&mark)));
            let (mut taker, more) = jobs.chunk().expect("jobs wait");
            assert!(!more);
            assert_eq!(rest(&mut taker).len(), CHUNK);
            assert_eq!(Rc::strong_count(&mark), 1, "each was moved out once");
            let is_held = turn % 3 == 0;
            if is_held {
                held.push(taker);
            } else {
                jobs.give_back(taker);
            }
            assert!(jobs.chunk().is_none());
            assert_eq!(jobs.rooms.len(), usize::from(!is_held));
        }
        assert!(held.iter_mut().all(|taker| rest(taker).is_empty()));
        drop(held);
        assert_eq!(Rc::strong_count(&mark), 1);
    }

    #[test]
    fn no_more_rooms_are_kept_than_a_few() {
        for has_owners in ways() {
            let mut jobs = Jobs::new(has_owners);
            (0..3 * ROOMS * CHUNK).for_each(|job| jobs.add(job));
            let begin = |jobs: &mut Jobs<usize>| jobs.chunk().expect("jobs wait").0;
            let begun: Vec<_> = (0..3 * ROOMS).map(|_| begin(&mut jobs)).collect();
            for mut taker in begun {
                assert_eq!(rest(&mut taker).len(), CHUNK);
                jobs.give_back(taker);
            }
            assert!(jobs.chunk().is_none() && !jobs.has_some());
            assert_eq!(jobs.rooms.len(), ROOMS);
        }
    }

    #[test]
    fn what_nobody_took_is_dropped_once() {
        for (has_owners, count) in ways().flat_map(|way| [(way, 5), (way, CHUNK)]) {
            let mark = Rc::new(());
            let mut jobs = Jobs::new(has_owners);
            (0..count).for_each(|_| jobs.add(Rc::clone(&mark)));
            let (mut taker, _) = jobs.chunk().expect("jobs wait");
            let taken = taker.take(|| {});
            assert_eq!(Rc::strong_count(&mark), count + 1);
            drop((taker, jobs));
            assert_eq!(Rc::strong_count(&mark), 2);
            drop(taken);
            assert_eq!(Rc::strong_count(&mark), 1);
        }
    }

    type Shared = Mutex<Jobs<Box<usize>>>;

    /// Takes jobs as a worker does, until none is left once `is_over` says so.
    fn take_until(jobs: &Shared, is_over: &AtomicBool) -> Vec<usize> {
        let mut all = Vec::new();
        loop {
            let is_last = is_over.load(Ordering::Acquire);
            let taker = jobs.lock().expect("no panic").chunk();
            let Some((mut taker, _)) = taker else {
                if is_last {
                    return all;
                }
                thread::yield_now();
                continue;
            };
            let turn = || drop(jobs.lock());
            all.extend(core::iter::from_fn(|| taker.take(turn)).map(|job| *job));
            jobs.lock().expect("no panic").give_back(taker);
        }
    }

    fn put(jobs: &Shared, lane: &Lane<Box<usize>>, job: usize) {
        if let Err(job) = lane.push(Box::new(job)) {
            jobs.lock().expect("no panic").refill(lane);
            assert!(lane.push(job).is_ok(), "the chunk is new");
        }
    }

    fn taken_by_many(count: usize, has_owners: bool) -> Vec<usize> {
        let jobs = Mutex::new(Jobs::new(has_owners));
        let lane = Lane::new(true);
        let is_over = AtomicBool::new(false);
        let take = || take_until(&jobs, &is_over);
        thread::scope(|threads| {
            let takers: Vec<_> = (0..4).map(|_| threads.spawn(take)).collect();
            (0..count).for_each(|job| put(&jobs, &lane, job));
            assert_eq!(lane.close(), count as u64);
            jobs.lock().expect("no panic").end_lane();
            is_over.store(true, Ordering::Release);
            let all = takers.into_iter().map(|t| t.join().expect("no panic"));
            all.flatten().collect()
        })
    }

    #[test]
    fn each_job_is_taken_once_by_many_threads() {
        const JOBS: usize = 40 * CHUNK;
        for has_owners in ways() {
            let mut all = taken_by_many(JOBS, has_owners);
            all.sort_unstable();
            assert_eq!(all, (0..JOBS).collect::<Vec<_>>());
        }
    }
}
