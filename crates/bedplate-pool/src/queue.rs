//! Jobs that wait for a worker.
//!
//! # Role
//! A first-in-first-out queue per priority, bounded, with the refused job given back; beside the usual
//! priority's one per node.
//!
//! # Not here
//! Halves of joins, which are offered in place, and jobs of scopes, which wait in their scope: the
//! queue holds one ticket for it.
//!
//! # Growth
//! A job for which [`JobQueue::push_bounded`] finds no room comes back to the caller.
//! [`JobQueue::push`] takes it nevertheless and counts it; the room then grows as a `VecDeque`
//! does, by doubling, and is given back when the queue has run empty.
//!
//! # Concurrency
//! A lock around each priority: jobs that come here cost a wake or a scope, so that the lock is
//! not what they wait for. `waiting` is what others look at without the lock; it is written under
//! it.

use crate::frame::Stolen;
use crate::span::{SpanContext, current_span};
use crate::tuning;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use bedplate_os::nodes::LogicalNode;
use core::fmt;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How soon a job runs beside others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// When nothing else waits, and once in sixteen times before all others.
    Low,
    /// The usual; once in sixteen times before all others.
    #[default]
    Normal,
    /// Before all others that wait, but for their turns.
    High,
}

impl Priority {
    /// Where jobs of this priority wait, in whatever has a place for each.
    pub(crate) fn lane(self) -> usize {
        match self {
            Self::High => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }
}

/// The priorities, soonest first, at the pop of this number: the two lower ones have turns of their
/// own, so that neither waits behind all of the others.
pub(crate) fn soonest_first(pop: u64) -> [Priority; 3] {
    const LOW_TURN: u64 = tuning::TURN_EVERY - 1;
    const NORMAL_TURN: u64 = tuning::TURN_EVERY / 2 - 1;
    match pop % tuning::TURN_EVERY {
        LOW_TURN => [Priority::Low, Priority::High, Priority::Normal],
        NORMAL_TURN => [Priority::Normal, Priority::High, Priority::Low],
        _ => [Priority::High, Priority::Normal, Priority::Low],
    }
}

/// Work that many workers can join.
pub(crate) trait Shared: Send + Sync {
    /// Does some of it on a thread that came by the queue.
    fn help(self: Arc<Self>, cx: crate::Context<'_>);
}

/// What waits.
pub(crate) enum Item {
    /// A job on its own, and what it is for.
    Job(Box<dyn FnOnce(crate::Context<'_>) + Send>, SpanContext),
    /// An invitation to work that many can join.
    Ticket(Arc<dyn Shared>),
    /// A whole job brought by a thread from outside, which sleeps.
    Brought(Stolen),
}

impl Item {
    /// A job that works for what the calling thread works for.
    pub(crate) fn job(job: impl FnOnce(crate::Context<'_>) + Send + 'static) -> Self {
        Self::Job(Box::new(job), current_span())
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Job(..) => "Job",
            Self::Ticket(_) => "Ticket",
            Self::Brought(_) => "Brought",
        })
    }
}

/// Jobs that wait for a worker.
#[derive(Debug)]
pub(crate) struct JobQueue {
    lanes: [Lane; 3],
    /// Jobs for a node, by node; none where there is but one.
    homes: Box<[Lane]>,
    /// Items in all lanes.
    waiting: AtomicUsize,
    taken: AtomicU64,
    grown: AtomicU64,
    room: AtomicUsize,
}

#[derive(Debug, Default)]
struct Lane {
    items: Mutex<VecDeque<Item>>,
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Item>> {
        // No code of others runs under the lock, so that it cannot be poisoned by a panic of theirs.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JobQueue {
    /// An empty queue with room for `room` jobs of each priority, on a machine of so many nodes.
    pub(crate) fn new(room: usize, nodes: usize) -> Self {
        let homes = if nodes > 1 { nodes } else { 0 };
        Self {
            lanes: Default::default(),
            homes: (0..homes).map(|_| Lane::default()).collect(),
            waiting: AtomicUsize::new(0),
            taken: AtomicU64::new(0),
            grown: AtomicU64::new(0),
            room: AtomicUsize::new(room),
        }
    }

    /// Room for so many jobs of each priority from now on; those that wait stay.
    pub(crate) fn set_room(&self, room: usize) {
        // Relaxed, here and below: a setting by itself.
        self.room.store(room, Ordering::Relaxed);
    }

    fn room(&self) -> usize {
        self.room.load(Ordering::Relaxed)
    }

    fn lane(&self, priority: Priority) -> &Lane {
        &self.lanes[priority.lane()]
    }

    /// Takes a job in, whether there is room or not.
    pub(crate) fn push(&self, priority: Priority, item: Item) {
        self.push_to(self.lane(priority), item);
    }

    /// Takes a job in that is better run on a node; gives it back where that makes no difference.
    pub(crate) fn push_home(&self, node: LogicalNode, item: Item) -> Result<(), Item> {
        let Some(lane) = self.homes.get(node.0 as usize) else {
            return Err(item);
        };
        self.push_to(lane, item);
        Ok(())
    }

    fn push_to(&self, lane: &Lane, item: Item) {
        let mut items = lane.lock();
        if items.len() >= self.room() {
            // Relaxed: a figure.
            self.grown.fetch_add(1, Ordering::Relaxed);
        }
        self.put(&mut items, item);
    }

    /// Takes a job in if there is room.
    pub(crate) fn push_bounded(&self, priority: Priority, item: Item) -> Result<(), Item> {
        let mut items = self.lane(priority).lock();
        if items.len() >= self.room() {
            return Err(item);
        }
        self.put(&mut items, item);
        Ok(())
    }

    fn put(&self, items: &mut VecDeque<Item>, item: Item) {
        items.push_back(item);
        // Release pairs with the Acquire in `has_some`.
        self.waiting.fetch_add(1, Ordering::Release);
    }

    /// Takes a ticket out again, if it is still there. The latest are looked at first: a scope that
    /// nobody came to ends soon after it put its ticket in.
    pub(crate) fn withdraw(&self, priority: Priority, ticket: &Arc<dyn Shared>) {
        let mut items = self.lane(priority).lock();
        let is_it = |item: &Item| match item {
            // The addresses alone: a table of functions may be there more than once.
            Item::Ticket(other) => core::ptr::addr_eq(Arc::as_ptr(other), Arc::as_ptr(ticket)),
            Item::Job(..) | Item::Brought(_) => false,
        };
        let withdrawn = items
            .iter()
            .rposition(is_it)
            .and_then(|at| items.remove(at));
        if withdrawn.is_some() {
            // Release as in `pop_of`.
            self.waiting.fetch_sub(1, Ordering::Release);
        }
        drop(items);
        // Not under the lock: it may be the last pointer to the work.
        drop(withdrawn);
    }

    /// The next job for a thread on a node, and whether it was for another node. Those for its own node
    /// take turns with the usual ones; those for others come last.
    pub(crate) fn pop(&self, node: Option<LogicalNode>) -> Option<(Item, bool)> {
        if !self.has_some() {
            return None;
        }
        // Relaxed: which of the pops is the sixteenth does not matter.
        let turn = self.taken.fetch_add(1, Ordering::Relaxed);
        let own = node.and_then(|node| self.homes.get(node.0 as usize));
        let pop_own = || own.and_then(|lane| self.pop_of(lane));
        let usual = || {
            let lane = self.lane(Priority::Normal);
            if turn.is_multiple_of(2) {
                pop_own().or_else(|| self.pop_of(lane))
            } else {
                self.pop_of(lane).or_else(pop_own)
            }
        };
        let here = soonest_first(turn)
            .into_iter()
            .find_map(|priority| match priority {
                Priority::Normal => usual(),
                Priority::High | Priority::Low => self.pop_of(self.lane(priority)),
            });
        let away = || self.homes.iter().find_map(|lane| self.pop_of(lane));
        here.map(|item| (item, false))
            .or_else(|| away().map(|item| (item, true)))
    }

    fn pop_of(&self, lane: &Lane) -> Option<Item> {
        let mut items = lane.lock();
        let item = items.pop_front()?;
        // Release pairs with the Acquire in `has_some`: whoever sees that nothing waits any more sees
        // that the taker has work.
        self.waiting.fetch_sub(1, Ordering::Release);
        if items.is_empty() && items.capacity() > tuning::QUEUE_JOBS {
            items.shrink_to(tuning::QUEUE_JOBS);
        }
        Some(item)
    }

    /// True if there are jobs for nodes.
    pub(crate) fn has_homes(&self) -> bool {
        !self.homes.is_empty()
    }

    /// True if a job waits.
    #[inline]
    pub(crate) fn has_some(&self) -> bool {
        // Acquire pairs with the Release in `put` and `pop_of`.
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// The word that has the number of jobs that wait.
    pub(crate) fn count_word(&self) -> &AtomicUsize {
        &self.waiting
    }

    /// How many jobs wait.
    pub(crate) fn count(&self) -> usize {
        // Relaxed: a figure.
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many jobs were taken in beyond the room.
    pub(crate) fn grown(&self) -> u64 {
        // Relaxed: a figure.
        self.grown.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, JobQueue, Priority};
    use bedplate_os::nodes::LogicalNode;

    fn job() -> Item {
        Item::job(|_| ())
    }

    /// Whether the next jobs for a thread on a node are for another one.
    fn strays(queue: &JobQueue, node: u32) -> Vec<bool> {
        let next = || queue.pop(Some(LogicalNode(node)));
        core::iter::from_fn(next)
            .map(|(_, strays)| strays)
            .collect()
    }

    #[test]
    fn jobs_for_the_own_node_come_before_those_for_others() {
        let queue = JobQueue::new(8, 2);
        for node in [0, 1, 1] {
            assert!(queue.push_home(LogicalNode(node), job()).is_ok());
        }
        queue.push(Priority::Normal, job());
        assert_eq!(strays(&queue, 1), [false, false, false, true]);
        assert!(!queue.has_some());
    }

    #[test]
    fn jobs_for_a_node_do_not_keep_the_usual_ones_waiting() {
        let queue = JobQueue::new(8, 2);
        for _ in 0..8 {
            assert!(queue.push_home(LogicalNode(0), job()).is_ok());
        }
        queue.push(Priority::Normal, Item::job(|_| ()));
        let before = queue.lane(Priority::Normal).lock().len();
        let popped = [(); 2].map(|()| queue.pop(Some(LogicalNode(0))).is_some());
        assert_eq!((before, popped), (1, [true, true]));
        assert_eq!(queue.lane(Priority::Normal).lock().len(), 0);
    }

    #[test]
    fn one_node_has_no_queue_of_its_own() {
        let queue = JobQueue::new(8, 1);
        assert!(queue.push_home(LogicalNode(0), job()).is_err());
        assert!(
            JobQueue::new(8, 2)
                .push_home(LogicalNode(2), job())
                .is_err()
        );
    }
}
