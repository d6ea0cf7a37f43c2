//! Flags by which budget and pressure ask for eviction.
//!
//! # Role
//! A notification only raises a flag: it runs wherever memory was charged, and may neither allocate nor
//! wait. The cache's next append sees the flag and evicts.
//!
//! # Not here
//! How much is evicted: `paged.rs`.
//!
//! # Concurrency
//! A flag is one word of a table that lives as long as the process, so that a notification that was under
//! way when its cache was dropped raises a flag that is nobody's, or another cache's, and no harm is done.

use super::KvError;
use bedplate_os::budget::{Budget, Crossing, Subscription};
use bedplate_os::fact::Fact;
use bedplate_os::pressure::{Level, Listener, Snapshot};
use core::sync::atomic::{AtomicU32, Ordering};

/// How many caches at a time can be asked.
const FLAGS: usize = 256;

/// Nobody's flag.
const FREE: u32 = 0;
/// A cache's, and not raised.
const CALM: u32 = 1;
/// Somebody asks for memory.
const RAISED: u32 = 2;

static TABLE: [AtomicU32; FLAGS] = [const { AtomicU32::new(FREE) }; FLAGS];

/// Raises the flag of one cache: give it to a pressure monitor as its listener.
#[derive(Clone, Copy, Debug)]
pub struct Relief {
    place: usize,
}

impl Relief {
    /// Asks the cache to evict at its next append.
    pub fn ask(&self) {
        raise(self.place);
    }
}

impl Listener for Relief {
    fn pressure_changed(&self, snapshot: &Snapshot) {
        if matches!(snapshot.level, Fact::Known(level) if level >= Level::High) {
            self.ask();
        }
    }
}

fn raise(place: usize) {
    if let Some(flag) = TABLE.get(place) {
        // Relaxed throughout: the word orders nothing else.
        let _was = flag.compare_exchange(CALM, RAISED, Ordering::Relaxed, Ordering::Relaxed);
    }
}

fn lower(place: usize) {
    if let Some(flag) = TABLE.get(place) {
        let _was = flag.compare_exchange(RAISED, CALM, Ordering::Relaxed, Ordering::Relaxed);
    }
}

fn crossed(place: usize, crossing: Crossing) {
    match crossing {
        Crossing::Above => raise(place),
        Crossing::Below => lower(place),
    }
}

/// A cache's flag, and its subscription to a budget.
#[derive(Debug)]
pub(super) struct Flag {
    place: usize,
    heard: Option<(&'static Budget, Subscription)>,
}

impl Flag {
    pub(super) fn new(budget: Option<&'static Budget>) -> Result<Self, KvError> {
        let place = TABLE.iter().position(|flag| {
            flag.compare_exchange(FREE, CALM, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        });
        let mut flag = Self {
            place: place.ok_or(KvError::Relief)?,
            heard: None,
        };
        if let Some(budget) = budget {
            flag.heard = Some((budget, budget.subscribe(crossed, flag.place)?));
        }
        Ok(flag)
    }

    pub(super) const fn relief(&self) -> Relief {
        Relief { place: self.place }
    }

    /// Whether somebody asks.
    #[inline]
    pub(super) fn is_raised(&self) -> bool {
        TABLE
            .get(self.place)
            .is_some_and(|flag| flag.load(Ordering::Relaxed) == RAISED)
    }

    /// Nobody is waiting any more.
    pub(super) fn lower(&self) {
        lower(self.place);
    }
}

impl Drop for Flag {
    fn drop(&mut self) {
        if let Some((budget, subscription)) = self.heard.take() {
            budget.unsubscribe(subscription);
        }
        if let Some(flag) = TABLE.get(self.place) {
            flag.store(FREE, Ordering::Relaxed);
        }
    }
}
