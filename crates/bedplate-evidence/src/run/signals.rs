//! Signals to a run.
//!
//! # Role
//! While the program runs, keeps the signals that are meant for it from ending us, and passes on
//! those that only we received.
//!
//! # Not here
//! What the program does with them.
//!
//! # Invariants
//! I1. Signals are caught, not ignored: a caught signal is at its default again after `exec`, an
//!     ignored one would stay ignored in the program. One that was ignored when we started stays so.

use std::io;
use std::thread::JoinHandle;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::process::calls;

/// The catching of signals, prepared before the program starts.
#[derive(Debug)]
pub(crate) struct Prepared(Signals);

impl Prepared {
    pub(crate) fn new() -> io::Result<Self> {
        let ignored = ignored_signals();
        let caught = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|signal| ignored & (1 << (signal - 1)) == 0);
        Ok(Self(Signals::new(caught)?))
    }

    /// Passes signals on to process `pid` until dropped.
    pub(crate) fn forward_to(self, pid: i32) -> Forwarding {
        let Self(mut signals) = self;
        let handle = signals.handle();
        // The terminal sends its interrupts to the program as well; without one they are for us
        // to pass on.
        let has_terminal = std::fs::File::open("/dev/tty").is_ok();
        let thread = std::thread::spawn(move || {
            for signal in signals.forever() {
                let from_terminal = has_terminal && (signal == SIGINT || signal == SIGQUIT);
                if !from_terminal {
                    // Fails only for a program that gained other rights; it then decides itself.
                    drop(calls::send_signal(pid, signal));
                }
            }
        });
        Forwarding {
            handle,
            thread: Some(thread),
        }
    }
}

/// Signals are being passed on; ends on drop.
#[derive(Debug)]
pub(crate) struct Forwarding {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // The thread has nothing that could panic.
            drop(thread.join());
        }
    }
}

/// Set of signals this process ignores, bit n-1 for signal n.
pub(crate) fn ignored_signals() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(line.trim(), 16).ok()
        })
        .unwrap_or(0)
}
