//! The monitor: one thread that watches and tells.
//!
//! # Role
//! Reads a [`Source`], judges, keeps a snapshot, and calls listeners when the level changes.
//!
//! # Invariants
//! - I1: the thread ends, and is joined, when the monitor is stopped or dropped: at once, or when
//!   the listener that is running returns.
//! - I2: neither the loop nor a notification allocates or holds a lock while a listener runs.
//!
//! # Concurrency
//! The thread alone writes the snapshot; readers copy it under a mutex that nobody holds for more
//! than a copy. In a forked child there is no thread: the monitor says so ([`Reason::Forked`]),
//! touches no lock that the thread might have held, and ends without a join.

use crate::fact::{Fact, Reason};
use crate::linux::events;
use crate::lock::Parking;
use crate::pressure::{
    Counts, Judge, KernelSource, Level, Mode, Reading, Snapshot, Source, Thresholds,
};
use crate::rawio::{self, RawFile};
use crate::source::Machine;
use crate::{Operation, OsError, fault};
use alloc::sync::Arc;
use core::fmt;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering};
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// How many listeners a monitor has room for.
pub const SUBSCRIBERS_MAX: usize = 16;

/// How long to sleep where the kernel cannot wait: short enough to be joined in time.
const NAP_NS: u64 = 50_000_000;

/// Hears of changes of level.
pub trait Listener: Send + Sync {
    /// The level changed; `snapshot.level` is the new one. Runs on the monitor's thread, must not
    /// allocate, and should be short: the next reading waits for it.
    fn pressure_changed(&self, snapshot: &Snapshot);
}

/// How a monitor works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The time between readings at [`Level::None`], in milliseconds; 10 to 60,000.
    pub calm_poll_ms: u32,
    /// The time between readings at any other level, in milliseconds; 10 to `calm_poll_ms`.
    pub alert_poll_ms: u32,
    /// When levels begin and end.
    pub thresholds: Thresholds,
}

impl Default for Settings {
    /// Ten looks a second in calm, at some 20 microseconds each.
    fn default() -> Self {
        Self {
            calm_poll_ms: 100,
            alert_poll_ms: 50,
            thresholds: Thresholds::default(),
        }
    }
}

/// Why a monitor could not start, stop or take a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PressureError {
    /// A setting is out of its bounds; which and what they are.
    Settings(&'static str),
    /// The thread or what it waits on could not be made.
    Start(OsError),
    /// All places for listeners are taken.
    ListenersFull,
    /// The monitor belongs to the parent of this process.
    Forked,
    /// The thread had panicked.
    ThreadPanicked,
}

impl fmt::Display for PressureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(what) => write!(f, "failed to start the pressure monitor: {what}"),
            Self::Start(error) => write!(f, "failed to start the pressure monitor: {error}"),
            Self::ListenersFull => write!(
                f,
                "failed to listen to the pressure monitor: all {SUBSCRIBERS_MAX} places are taken; end another subscription"
            ),
            Self::Forked => f.write_str(
                "failed to use the pressure monitor: it runs in the parent process; start one in this process",
            ),
            Self::ThreadPanicked => f.write_str("failed to stop the pressure monitor in order: its thread had panicked"),
        }
    }
}

impl core::error::Error for PressureError {}

/// Names a listener, to end its subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    number: u64,
}

/// Watches memory pressure until dropped.
#[derive(Debug)]
pub struct PressureMonitor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

type Listeners = [Option<(u64, Arc<dyn Listener>)>; SUBSCRIBERS_MAX];

struct Shared {
    /// Written by the thread, copied by everybody.
    snapshot: Mutex<Snapshot>,
    listeners: Mutex<(u64, Listeners)>,
    /// Set by `stop`, read by the thread.
    stopping: AtomicBool,
    /// Wakes the thread so that it sees `stopping`.
    waker: RawFile,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}

/// A panic while a lock is held cannot leave a copy half made.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PressureMonitor {
    /// Watches a machine's kernel files.
    ///
    /// # Errors
    /// - As [`start`](Self::start).
    pub fn watch(machine: &Machine, settings: Settings) -> Result<Self, PressureError> {
        let source = KernelSource::new(machine, &settings.thresholds);
        Self::start(source, settings)
    }

    /// Watches a source. The first reading is taken before this returns.
    ///
    /// # Errors
    /// - [`PressureError::Settings`] for settings out of bounds.
    /// - [`PressureError::Start`] where the kernel gives no thread or event.
    pub fn start(source: impl Source + 'static, settings: Settings) -> Result<Self, PressureError> {
        check(&settings)?;
        let failed = |code| PressureError::Start(OsError::new(Operation::ThreadStart, code));
        fault::check(Operation::ThreadStart).map_err(PressureError::Start)?;
        let waker = RawFile::from_fd(events::eventfd().map_err(failed)?);
        let mut watch = Watch {
            source,
            judge: Judge::new(settings.thresholds),
            counts: Counts::default(),
        };
        let shared = Arc::new(Shared {
            snapshot: Mutex::new(watch.look(None, None).0),
            listeners: Mutex::new((0, [const { None }; SUBSCRIBERS_MAX])),
            stopping: AtomicBool::new(false),
            waker,
        });
        let own = Arc::clone(&shared);
        // The program's signals are for the program's threads; the new one inherits the mask.
        let mask = events::block_signals();
        let thread = Builder::new()
            .name("bedplate-press".into())
            .spawn(move || watch.run(&own, settings));
        events::restore_signals(mask);
        let thread = thread.map_err(|e| failed(e.raw_os_error().unwrap_or(libc::EAGAIN)))?;
        Ok(Self {
            shared,
            thread: Some(thread),
            process: rawio::process_ids().0,
        })
    }

    fn is_forked(&self) -> bool {
        rawio::process_ids().0 != self.process
    }

    /// A copy of the present state.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        if self.is_forked() {
            return nothing_read(Reason::Forked);
        }
        *locked(&self.shared.snapshot)
    }

    /// Has a listener called at each change of level from now on.
    ///
    /// # Errors
    /// - [`PressureError::ListenersFull`] where no place is left.
    /// - [`PressureError::Forked`] in a child of the process that started the monitor.
    pub fn subscribe(&self, listener: Arc<dyn Listener>) -> Result<Subscription, PressureError> {
        if self.is_forked() {
            return Err(PressureError::Forked);
        }
        let mut guard = locked(&self.shared.listeners);
        let (last, listeners) = &mut *guard;
        let place = listeners
            .iter_mut()
            .find(|place| place.is_none())
            .ok_or(PressureError::ListenersFull)?;
        let number = *last;
        *place = Some((number, listener));
        *last += 1;
        Ok(Subscription { number })
    }

    /// Ends a subscription. A call that has begun may still be under way. Twice does nothing.
    pub fn unsubscribe(&self, subscription: Subscription) {
        if self.is_forked() {
            return;
        }
        let mut guard = locked(&self.shared.listeners);
        for place in &mut guard.1 {
            if place
                .as_ref()
                .is_some_and(|(number, _)| *number == subscription.number)
            {
                // Dropped after the lock is given up, because a listener's drop is its owner's code.
                let listener = place.take();
                drop(guard);
                drop(listener);
                return;
            }
        }
    }

    /// Ends the thread and joins it. Twice does nothing.
    ///
    /// # Errors
    /// - [`PressureError::ThreadPanicked`] where the thread had ended by a panic in the source.
    /// - [`PressureError::Forked`] in a child: there is no thread here to end.
    pub fn stop(&mut self) -> Result<(), PressureError> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        if self.is_forked() {
            #[expect(
                clippy::mem_forget,
                reason = "the thread is the parent's; joining it here would wait for ever"
            )]
            core::mem::forget(thread);
            return Err(PressureError::Forked);
        }
        // Release pairs with the Acquire in `run`.
        self.shared.stopping.store(true, Ordering::Release);
        // A full event counter is readable already, which is all that is wanted.
        let _woken = self.shared.waker.write_all(&1_u64.to_ne_bytes());
        thread.join().map_err(|_| PressureError::ThreadPanicked)
    }
}

impl Drop for PressureMonitor {
    fn drop(&mut self) {
        // Whoever wants to know of failures calls `stop`.
        let _stopped = self.stop();
    }
}

fn check(settings: &Settings) -> Result<(), PressureError> {
    if !(10..=60_000).contains(&settings.calm_poll_ms) {
        return Err(PressureError::Settings(
            "calm_poll_ms is not between 10 and 60000",
        ));
    }
    if !(10..=settings.calm_poll_ms).contains(&settings.alert_poll_ms) {
        return Err(PressureError::Settings(
            "alert_poll_ms is not between 10 and calm_poll_ms",
        ));
    }
    if !settings.thresholds.are_ordered() {
        return Err(PressureError::Settings(
            "the thresholds are not in order: some <= high <= critical, leave <= enter",
        ));
    }
    Ok(())
}

const fn nothing_read(because: Reason) -> Snapshot {
    Snapshot {
        level: Fact::Absent { because },
        since_ns: 0,
        reading: Reading {
            taken_ns: 0,
            stall: Fact::Absent { because },
            group: Fact::Absent { because },
            machine: Fact::Absent { because },
            triggered: None,
        },
        mode: Mode::Polling { because },
        counts: Counts {
            readings: 0,
            triggers: 0,
            changes: 0,
            listener_panics: 0,
        },
    }
}

/// What the thread works with.
struct Watch<S> {
    source: S,
    judge: Judge,
    counts: Counts,
}

impl<S: Source> Watch<S> {
    /// Looks once; returns the new state and whether the level changed from `before`.
    fn look(&mut self, fired: Option<Level>, before: Option<&Snapshot>) -> (Snapshot, bool) {
        let reading = self.source.read(fired);
        let level = self.judge.judge(&reading);
        let changed = before.is_some_and(|before| before.level != level);
        self.counts.readings = self.counts.readings.saturating_add(1);
        self.counts.triggers = self
            .counts
            .triggers
            .saturating_add(u64::from(fired.is_some()));
        self.counts.changes = self.counts.changes.saturating_add(u64::from(changed));
        let since_ns = before
            .filter(|_| !changed)
            .map_or(reading.taken_ns, |before| before.since_ns);
        let snapshot = Snapshot {
            level,
            since_ns,
            reading,
            mode: self.source.mode(),
            counts: self.counts,
        };
        (snapshot, changed)
    }

    fn run(mut self, shared: &Shared, settings: Settings) {
        // Ends when `stop` says so: it wakes the wait below.
        loop {
            let before = *locked(&shared.snapshot);
            let calm = matches!(before.level, Fact::Known(Level::None) | Fact::Absent { .. });
            let timeout_ms = if calm {
                settings.calm_poll_ms
            } else {
                settings.alert_poll_ms
            };
            let fired = self.wait(shared, timeout_ms);
            // Acquire pairs with the Release in `stop`.
            if shared.stopping.load(Ordering::Acquire) {
                return;
            }
            let (snapshot, changed) = self.look(fired, Some(&before));
            *locked(&shared.snapshot) = snapshot;
            if changed {
                self.tell(shared, &snapshot);
            }
        }
    }

    /// Waits for a trigger, the end, or the time; returns the level of the trigger that fired.
    fn wait(&mut self, shared: &Shared, timeout_ms: u32) -> Option<Level> {
        const NOTHING: libc::pollfd = libc::pollfd {
            fd: -1,
            events: 0,
            revents: 0,
        };
        let wakes = self.source.wakes();
        let mut entries = [NOTHING; 1 + crate::pressure::TRIGGERS_MAX];
        entries[0] = libc::pollfd {
            fd: shared.waker.fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        for (entry, wake) in entries.iter_mut().skip(1).zip(&wakes) {
            if let Some(wake) = wake {
                let events = if wake.urgent {
                    libc::POLLPRI
                } else {
                    libc::POLLIN
                };
                *entry = libc::pollfd {
                    fd: wake.file.fd(),
                    events,
                    revents: 0,
                };
            }
        }
        match events::poll(&mut entries, timeout_ms) {
            Ok(true) => {}
            Ok(false) | Err(libc::EINTR) => return None,
            Err(_) => {
                // The kernel cannot wait (it has no memory for it): look again soon, do not spin.
                let nap = Parking::new();
                nap.park(nap.ticket(), Some(NAP_NS));
                return None;
            }
        }
        let fired = |(entry, wake): (&libc::pollfd, &Option<crate::pressure::Wake<'_>>)| {
            let woken = entry.revents & entry.events != 0;
            wake.as_ref().filter(|_| woken).and_then(|wake| wake.level)
        };
        let level = entries.iter().skip(1).zip(&wakes).filter_map(fired).max();
        for (place, entry) in entries.iter().skip(1).enumerate() {
            if entry.revents & (libc::POLLERR | libc::POLLNVAL) != 0 {
                self.source.broken(place);
            }
        }
        level
    }

    fn tell(&mut self, shared: &Shared, snapshot: &Snapshot) {
        let listeners = locked(&shared.listeners).1.clone();
        for (_, listener) in listeners.iter().flatten() {
            let told = catch_unwind(AssertUnwindSafe(|| listener.pressure_changed(snapshot)));
            if told.is_err() {
                self.counts.listener_panics = self.counts.listener_panics.saturating_add(1);
                locked(&shared.snapshot).counts = self.counts;
            }
        }
    }
}
