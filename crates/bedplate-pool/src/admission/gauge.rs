//! How short memory is.
//!
//! # Role
//! The level of pressure: the one of a monitor that runs anyhow, or the kernel's files looked at by
//! whoever decides, at most ten times a second. No thread of its own.
//!
//! # Concurrency
//! Whoever comes while another looks takes the level of the look before.

use crate::tuning;
use alloc::sync::Arc;
use bedplate_os::clock;
use bedplate_os::pressure::{Judge, KernelSource, Level, PressureMonitor, Source as _, Thresholds};
use bedplate_os::source::Machine;
use core::fmt;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, TryLockError};

/// How many tagged jobs may run at a time while memory is short, in percent of the workers; never
/// less than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Narrowing {
    /// At [`Level::Some`].
    pub some_percent: u8,
    /// At [`Level::High`].
    pub high_percent: u8,
    /// At [`Level::Critical`].
    pub critical_percent: u8,
}

impl Default for Narrowing {
    /// Half, a quarter, one.
    fn default() -> Self {
        Self {
            some_percent: 50,
            high_percent: 25,
            critical_percent: 0,
        }
    }
}

impl Narrowing {
    /// True where no level allows more than a lower one.
    pub(crate) fn is_ordered(self) -> bool {
        self.some_percent <= 100
            && self.high_percent <= self.some_percent
            && self.critical_percent <= self.high_percent
    }

    /// How many may run at a time, at least one.
    pub(crate) fn most(self, level: Level, workers: usize) -> usize {
        let percent = match level {
            Level::None => return usize::MAX,
            Level::Some => self.some_percent,
            Level::High => self.high_percent,
            Level::Critical => self.critical_percent,
        };
        (workers * usize::from(percent) / 100).max(1)
    }
}

/// Tells how short memory is.
pub(crate) enum Gauge {
    /// As a monitor says.
    Monitor(Arc<PressureMonitor>),
    /// As the kernel's files say.
    Looks(Box<Looks>),
}

/// What is known by own looks.
pub(crate) struct Looks {
    level: AtomicU8,
    looked_ns: AtomicU64,
    /// Opened at the first look.
    files: Mutex<Option<(KernelSource, Judge)>>,
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Monitor(_) => "Gauge::Monitor",
            Self::Looks(_) => "Gauge::Looks",
        })
    }
}

impl Gauge {
    pub(crate) fn new(monitor: Option<Arc<PressureMonitor>>) -> Self {
        match monitor {
            Some(monitor) => Self::Monitor(monitor),
            None => Self::Looks(Box::new(Looks {
                level: AtomicU8::new(0),
                looked_ns: AtomicU64::new(0),
                files: Mutex::new(None),
            })),
        }
    }

    /// The level now; none where nothing can be read, which the facts of the machine tell.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Monitor(monitor) => monitor
                .snapshot()
                .level
                .known()
                .copied()
                .unwrap_or_default(),
            Self::Looks(looks) => looks.level(),
        }
    }
}

impl Looks {
    fn level(&self) -> Level {
        let now_ns = clock::monotonic_ns();
        // Relaxed, here and below: a level by itself; a look more or less does not matter.
        let looked_ns = self.looked_ns.load(Ordering::Relaxed);
        let is_fresh =
            looked_ns != 0 && now_ns.saturating_sub(looked_ns) < tuning::ADMISSION_LOOK_NS;
        if !is_fresh {
            self.look(now_ns);
        }
        match self.level.load(Ordering::Relaxed) {
            0 => Level::None,
            1 => Level::Some,
            2 => Level::High,
            _ => Level::Critical,
        }
    }

    fn look(&self, now_ns: u64) {
        let mut files = match self.files.try_lock() {
            Ok(files) => files,
            Err(TryLockError::Poisoned(files)) => files.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let (source, judge) = files.get_or_insert_with(|| {
            let source = KernelSource::without_triggers(&Machine::running());
            (source, Judge::new(Thresholds::default()))
        });
        let level = judge
            .judge(&source.read(None))
            .known()
            .copied()
            .unwrap_or_default();
        self.level.store(level as u8, Ordering::Relaxed);
        self.looked_ns.store(now_ns, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Gauge, Level, Narrowing};

    #[test]
    fn one_job_may_run_whatever_the_level() {
        let narrowing = Narrowing::default();
        let most = |level, workers| narrowing.most(level, workers);
        assert_eq!(most(Level::None, 32), usize::MAX);
        assert_eq!(
            [Level::Some, Level::High, Level::Critical].map(|level| most(level, 32)),
            [16, 8, 1]
        );
        assert_eq!(
            [Level::Some, Level::High, Level::Critical].map(|level| most(level, 1)),
            [1, 1, 1]
        );
    }

    #[test]
    fn a_narrowing_that_widens_is_out_of_order() {
        assert!(Narrowing::default().is_ordered());
        let widens = Narrowing {
            some_percent: 10,
            high_percent: 20,
            critical_percent: 0,
        };
        assert!(!widens.is_ordered());
        let more_than_all = Narrowing {
            some_percent: 101,
            ..Narrowing::default()
        };
        assert!(!more_than_all.is_ordered());
    }

    #[test]
    fn the_files_of_the_running_machine_can_be_looked_at() {
        let gauge = Gauge::new(None);
        let (first, again) = (gauge.level(), gauge.level());
        // Two looks within a tenth of a second are one, unless the machine is held up between them.
        assert!(first <= Level::Critical && again <= Level::Critical);
    }
}
