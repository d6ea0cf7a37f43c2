//! Signals that end a comparison early.
//!
//! # Role
//! Remembers the signal, and ends the run that is under way: with that signal first, with
//! `SIGKILL` if it goes on.
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

/// Ends one run when an interrupt arrived.
#[derive(Debug)]
pub(crate) struct Ending<'run> {
    interrupts: &'run Interrupts,
    pid: i32,
    asked: Option<Instant>,
}

impl<'run> Ending<'run> {
    pub(crate) fn new(interrupts: &'run Interrupts, pid: i32) -> Self {
        Self {
            interrupts,
            pid,
            asked: None,
        }
    }

    /// To be called now and then; true once the run was killed and is waited for no longer.
    pub(crate) fn is_over(&mut self) -> io::Result<bool> {
        match (self.asked, self.interrupts.signal()) {
            (None, Some(signal)) => {
                calls::send_signal(self.pid, signal)?;
                self.asked = Some(Instant::now());
                Ok(false)
            }
            (Some(asked), _) if asked.elapsed() > GRACE => {
                calls::send_signal(self.pid, SIGKILL)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
