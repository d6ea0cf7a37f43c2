//! Faked pressure.
//!
//! # Role
//! A [`Source`] whose readings a test sets, with a clock that the test moves.

use crate::fact::{Fact, Reason};
use crate::linux::events;
use crate::lock::Parking;
use crate::pressure::{Level, Mode, Reading, Source, TRIGGERS_MAX, Usage, Wake};
use crate::psi::{Pressure, Share, Stall};
use crate::rawio::RawFile;
use crate::{Operation, OsError};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a test and its source share.
#[derive(Debug)]
struct Stage {
    reading: Mutex<Reading>,
    bell: RawFile,
    /// How often the reading was changed; written under its mutex.
    changes: AtomicU64,
    /// The latest change that a monitor has read, [`NOBODY`] where none reads.
    read: AtomicU64,
    parking: Parking,
}

/// No monitor reads the stage.
const NOBODY: u64 = u64::MAX;

impl Stage {
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The test's end: sets what the monitor reads.
#[derive(Clone, Debug)]
pub struct FakePressure {
    stage: Arc<Stage>,
}

/// The monitor's end.
#[derive(Debug)]
pub struct FakeSource {
    stage: Arc<Stage>,
    mode: Mode,
}

impl FakePressure {
    /// A source of which nothing can be read yet, at time 0.
    ///
    /// # Errors
    /// - [`Operation::Reserve`] where the kernel has no descriptor left.
    pub fn new() -> Result<(Self, FakeSource), OsError> {
        let bell = events::eventfd().map_err(|code| OsError::new(Operation::Reserve, code))?;
        let because = Reason::NotThere;
        let reading = Reading {
            taken_ns: 0,
            stall: Fact::Absent { because },
            group: Fact::Absent { because },
            machine: Fact::Absent { because },
            triggered: None,
        };
        let stage = Arc::new(Stage {
            reading: Mutex::new(reading),
            bell: RawFile::from_fd(bell),
            changes: AtomicU64::new(0),
            read: AtomicU64::new(NOBODY),
            parking: Parking::new(),
        });
        let source = FakeSource {
            stage: Arc::clone(&stage),
            mode: Mode::Polling { because },
        };
        Ok((Self { stage }, source))
    }

    /// Lets `ms` pass, changes what is read, wakes the monitor, and waits until it has read, so
    /// that it misses no change. Waits for nobody where no monitor reads.
    pub fn set(&self, ms: u64, change: impl FnOnce(&mut Reading)) {
        let mut reading = self.stage.reading();
        reading.taken_ns += ms * 1_000_000;
        change(&mut reading);
        let number = self.stage.changes.fetch_add(1, Ordering::Relaxed) + 1;
        drop(reading);
        // A full event counter wakes as well.
        let _rung = self.stage.bell.write_all(&1_u64.to_ne_bytes());
        // Ends when the monitor reads or is gone; it looks from time to time by itself.
        while self.stage.read.load(Ordering::Acquire) < number {
            let ticket = self.stage.parking.ticket();
            if self.stage.read.load(Ordering::Acquire) < number {
                self.stage.parking.park(ticket, Some(100_000_000));
            }
        }
    }

    /// After `ms`, the control group uses so many percent of its limit.
    pub fn group_percent(&self, ms: u64, percent: u8) {
        self.set(ms, |reading| {
            reading.group = Fact::Known(Usage {
                used_bytes: u64::from(percent),
                limit_bytes: 100,
            });
        });
    }
}

/// A stall figure with one average in all windows.
#[must_use]
pub const fn stall(percent: u8, total_us: u64) -> Pressure {
    let average = Share::percent(percent);
    let some = Stall {
        avg10: average,
        avg60: average,
        avg300: average,
        total_us,
    };
    Pressure {
        some,
        full: Fact::Absent {
            because: Reason::NotListed,
        },
    }
}

impl Drop for FakeSource {
    fn drop(&mut self) {
        self.stage.read.store(NOBODY, Ordering::Release);
        self.stage.parking.unpark_all();
    }
}

impl Source for FakeSource {
    fn read(&mut self, triggered: Option<Level>) -> Reading {
        let mut rung = [0; 8];
        // Nothing rung is as good: the monitor also looks by itself.
        let _rung = self.stage.bell.read(&mut rung);
        let shown = self.stage.reading();
        let mut reading = *shown;
        let number = self.stage.changes.load(Ordering::Relaxed);
        drop(shown);
        // Release pairs with the Acquire in `set`.
        self.stage.read.store(number, Ordering::Release);
        self.stage.parking.unpark_all();
        reading.triggered = reading.triggered.or(triggered);
        reading
    }

    fn wakes(&self) -> [Option<Wake<'_>>; TRIGGERS_MAX] {
        [
            Some(Wake {
                file: &self.stage.bell,
                urgent: false,
                level: None,
            }),
            None,
            None,
        ]
    }

    fn broken(&mut self, _place: usize) {}

    fn mode(&self) -> Mode {
        self.mode
    }
}
