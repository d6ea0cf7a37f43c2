//! Signals that end a comparison early.
//!
//! # Role
//! Remembers the signal, and ends the run that is under way, or that takes too long: with that signal
//! first, with `SIGKILL` if it goes on.
//!
//! # Not here
//! Signals to the watched run, which are the program's (`crate::run::signals`).

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::time::Instant;

use signal_hook::consts::{SIGINT, SIGKILL, SIGQUIT, SIGTERM};

use crate::error::RunError;
use crate::process::calls;
use crate::run::signals::ignored_signals;

/// How long an interrupted run may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// The signals, being caught.
#[derive(Clone, Debug)]
pub struct Interrupts(Arc<AtomicUsize>);

impl Interrupts {
    /// Catches them from now on, except those that were ignored when we started. A program that is
    /// interrupted may leave with a code of its own: only we then know.
    ///
    /// # Errors
    /// `System`: they cannot be caught.
    pub fn catch() -> Result<Self, RunError> {
        // Relaxed suffices: nothing else is published by the flag, and a look later is soon enough.
        let flag = Arc::new(AtomicUsize::new(0));
        let ignored = ignored_signals();
        for (signal, number) in [(SIGINT, 2), (SIGQUIT, 3), (SIGTERM, 15)] {
            if ignored & (1 << (signal - 1)) != 0 {
                continue;
            }
            signal_hook::flag::register_usize(signal, Arc::clone(&flag), number).map_err(
                |source| RunError::System {
                    what: "catch signals",
                    source,
                },
            )?;
        }
        Ok(Self(flag))
    }

    /// The last signal that arrived.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        i32::try_from(self.0.load(Ordering::Relaxed))
            .ok()
            .filter(|&signal| signal != 0)
    }
}

/// Ends one run when an interrupt arrived, or when it takes too long.
#[derive(Debug)]
pub(crate) struct Ending<'run> {
    interrupts: &'run Interrupts,
    /// Whom signals go to: a process, or its group as a negative number.
    target: i32,
    /// When it takes too long.
    late_at: Option<Instant>,
    is_late: bool,
    asked: Option<Instant>,
}

impl<'run> Ending<'run> {
    /// Of a run that may take as long as it likes.
    pub(crate) fn new(interrupts: &'run Interrupts, pid: i32) -> Self {
        Self {
            interrupts,
            target: pid,
            late_at: None,
            is_late: false,
            asked: None,
        }
    }

    /// Of a run that leads a process group of its own, all of which is ended.
    pub(crate) fn of_group(
        interrupts: &'run Interrupts,
        pid: i32,
        late_at: Option<Instant>,
    ) -> Self {
        Self {
            target: -pid,
            late_at,
            ..Self::new(interrupts, pid)
        }
    }

    /// Whether it was ended for taking too long.
    pub(crate) fn is_late(&self) -> bool {
        self.is_late
    }

    /// Ends what the run left of its group, if it was to be ended; the leader must still be waited for,
    /// so that no other group can have its number.
    pub(crate) fn end_rest(&self) -> io::Result<()> {
        if self.asked.is_some() && self.target < 0 {
            calls::send_signal(self.target, SIGKILL)?;
        }
        Ok(())
    }

    /// To be called now and then; true once the run was killed and is waited for no longer.
    pub(crate) fn is_over(&mut self) -> io::Result<bool> {
        let is_late = || self.late_at.is_some_and(|at| Instant::now() >= at);
        let signal = match self.interrupts.signal() {
            None if is_late() => Some(SIGTERM),
            signal => signal,
        };
        match (self.asked, signal) {
            (None, Some(signal)) => {
                self.is_late = self.interrupts.signal().is_none();
                calls::send_signal(self.target, signal)?;
                self.asked = Some(Instant::now());
                Ok(false)
            }
            (Some(asked), _) if asked.elapsed() > GRACE => {
                calls::send_signal(self.target, SIGKILL)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
