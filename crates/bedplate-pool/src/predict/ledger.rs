//! One loop: what it is expected to cost, and what it cost.
//!
//! # Role
//! A [`Ledger`] is opened where a loop begins, with the one look-up, and lives on that thread's
//! stack until the loop has ended. Threads that share in the loop add up what they spent; the sum
//! per item is what is learned.
//!
//! # Not here
//! Where a loop is cut: `iter/plumbing.rs`, `sort/`.
//!
//! # Invariants
//! - I1: a loop that panicked or broke off teaches nothing.
//! - I2: a thread's time in the loop counts once: without its waits for others, and without loops of
//!   other threads that it helps in such a wait.
//!
//! # Cost
//! A look-up of one line of memory; for loops that are measured, two looks at the clock for each
//! thread that shares in it.

use super::site;
use super::store::Store;
use crate::Context;
use bedplate_os::clock;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is known of the sites of this process, for all of its pools: what an item costs does not
/// depend on the pool.
static STORE: Store = Store::new();

/// Samples up to which every loop of a site is measured.
const MEASURED_SAMPLES: u32 = 8;
/// A loop is astray that costs so many times what was expected.
const ASTRAY_TIMES: f64 = 4.0;
/// It is looked after one part of so many.
const ASTRAY_PARTS: usize = 4;

/// How a loop is best run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By one thread: it is not worth anybody's help.
    Alone,
    /// By all who come: it is known to be worth it.
    Shared,
    /// In halves for those who come, further ones on demand: nothing is known.
    Unknown,
}

/// What items are known to cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    ns_per_item: f64,
}

impl Cost {
    /// How many items cost about `ns`, at least one.
    #[inline]
    pub(crate) fn items_in(self, ns: u64) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive; a cast of what is too much gives the most there is"
        )]
        let items = (float(ns) / self.ns_per_item) as usize;
        items.max(1)
    }
}

/// A loop, from its forecast to its cost.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// The site; zero if nothing is to be learned.
    key: u64,
    items: f64,
    /// What items cost, if that is known.
    cost: Option<Cost>,
    way: Way,
    is_measured: bool,
    /// Nanoseconds that the threads spent.
    spent_ns: AtomicU64,
    /// Not all items were run.
    is_broken: AtomicBool,
    /// Others ran some of it.
    is_helped: AtomicBool,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times and counts to within 2^-53"
)]
fn float(number: u64) -> f64 {
    number as f64
}

impl Ledger {
    /// A loop of which nothing is known and nothing learned.
    #[inline]
    pub(crate) fn blank() -> Self {
        Self {
            key: 0,
            items: 0.0,
            cost: None,
            way: Way::Unknown,
            is_measured: false,
            spent_ns: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
            is_helped: AtomicBool::new(false),
        }
    }

    /// A loop over `len` items, of type `S`, that begins now.
    pub(crate) fn open<S: ?Sized>(cx: Context<'_>, len: usize) -> Self {
        let seat = cx.seat();
        if !seat.engine().plan.predicts {
            return Self::blank();
        }
        let key = site::key::<S>(len);
        let items = float(len as u64);
        let model = STORE.look_up(key);
        let trusted = model.filter(super::Model::is_trusted);
        let ns_per_item = trusted.and_then(|model| model.ns_per_item());
        let cost = ns_per_item.map(|ns_per_item| Cost { ns_per_item });
        let is_new = model.is_none_or(|m| m.samples() < MEASURED_SAMPLES || m.is_doubted());
        let expected_ns = model.and_then(|m| m.ns_per_item()).unwrap_or(0.0) * items;
        let way = cost.map_or(Way::Unknown, |_| way(cx, expected_ns));
        match way {
            Way::Alone => seat.counts.loops_alone.up(),
            Way::Shared => seat.counts.loops_shared.up(),
            Way::Unknown => seat.counts.loops_unknown.up(),
        }
        Self {
            key,
            items,
            cost,
            way,
            is_measured: is_new || seat.tally.is_measured(key, expected_ns),
            ..Self::blank()
        }
    }

    /// How it is best run.
    #[inline]
    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// What items cost, if that is known.
    #[inline]
    pub(crate) fn cost(&self) -> Option<Cost> {
        self.cost
    }

    /// How many of `len` items to run before [`is_astray`](Self::is_astray): all where it would not be
    /// looked.
    #[inline]
    pub(crate) fn first_piece(&self, len: usize) -> usize {
        if self.is_measured && len >= ASTRAY_PARTS {
            len / ASTRAY_PARTS
        } else {
            len
        }
    }

    /// Runs a thread's share of the loop, which is given the time it began at (zero if the loop is
    /// not measured).
    #[inline]
    pub(crate) fn share<R>(&self, cx: Context<'_>, run: impl FnOnce(u64) -> R) -> R {
        if !self.is_measured {
            return run(0);
        }
        let tally = &cx.seat().tally;
        let waited_ns = tally.waited_ns();
        let began_ns = clock::monotonic_ns();
        let result = run(began_ns);
        let now_ns = clock::monotonic_ns();
        let waited_ns = tally.waited_ns().saturating_sub(waited_ns);
        let spent_ns = (now_ns - began_ns).saturating_sub(waited_ns);
        // Relaxed, here and below: whoever reads it has waited for all who share in the loop.
        self.spent_ns.fetch_add(spent_ns, Ordering::Relaxed);
        tally.note_time(now_ns);
        result
    }

    /// Runs a part of the loop that a join gave away, on the thread it came to; `home` is the index
    /// of the one that made the join.
    #[inline]
    pub(crate) fn part<R>(&self, cx: Context<'_>, home: usize, run: impl FnOnce() -> R) -> R {
        if cx.index() == home {
            return run();
        }
        self.note_help();
        self.share(cx, |_| run())
    }

    /// Others run some of it.
    #[inline]
    pub(crate) fn note_help(&self) {
        self.is_helped.store(true, Ordering::Relaxed);
    }

    /// Not all items will be run.
    #[inline]
    pub(crate) fn break_off(&self) {
        self.is_broken.store(true, Ordering::Relaxed);
    }

    /// True if what is left of a loop that was to be run by one thread costs so much more than was
    /// expected that it is worth help.
    #[inline]
    pub(crate) fn is_astray(&self, cx: Context<'_>, began_ns: u64, left: usize) -> bool {
        if !self.is_measured {
            return false;
        }
        let left = float(left as u64);
        let done = self.items - left;
        let spent_ns = float(clock::monotonic_ns() - began_ns);
        let expected_ns = self.cost.map_or(0.0, |cost| cost.ns_per_item) * done;
        let left_ns = spent_ns * left / done;
        spent_ns > ASTRAY_TIMES * expected_ns && left_ns > 2.0 * float(cx.seat().engine().wake_ns())
    }

    /// The loop has ended.
    #[inline]
    pub(crate) fn close(self, cx: Context<'_>) {
        if self.is_helped.into_inner() {
            cx.seat().tally.helped();
        }
        if self.is_measured && !self.is_broken.into_inner() {
            STORE.learn(self.key, float(self.spent_ns.into_inner()) / self.items);
        }
    }
}

/// The way for a loop that is known to cost so much.
fn way(cx: Context<'_>, expected_ns: f64) -> Way {
    let engine = cx.seat().engine();
    if expected_ns < 2.0 * float(engine.share_ns()) {
        return Way::Alone;
    }
    if !engine.is_unattended() {
        return Way::Shared;
    }
    let wake_ns = 2 * engine.wake_ns();
    if expected_ns < float(wake_ns) {
        let tally = &cx.seat().tally;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and below `wake_ns`"
        )]
        if !tally.is_row_worth(expected_ns as u64, wake_ns) {
            return Way::Alone;
        }
        tally.end_row();
    }
    engine.rouse_napper();
    Way::Shared
}

/// What items of a batch of `len` cost, if that is known.
pub(crate) fn of_batch<F>(len: usize) -> Option<Cost> {
    let model = STORE.look_up(site::key::<Batched<F>>(len))?;
    let ns = model.ns_per_item().filter(|_| model.is_trusted());
    ns.map(|ns_per_item| Cost { ns_per_item })
}

/// Learns what `done` items of a batch of `len` cost.
pub(crate) fn learn_batch<F>(len: usize, done: usize, spent_ns: u64) {
    STORE.learn(
        site::key::<Batched<F>>(len),
        float(spent_ns) / float(done as u64),
    );
}

/// The type of a batch that calls an `F`.
struct Batched<F>(core::marker::PhantomData<F>);

/// Sites that are known, and those whose place was given to another.
pub(crate) fn sites() -> (u64, u64) {
    (STORE.known() as u64, STORE.evicted())
}
