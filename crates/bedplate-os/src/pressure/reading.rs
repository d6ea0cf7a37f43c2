//! What was read, and snapshots of it.
//!
//! # Role
//! Plain copies: nothing here points into the monitor.

use crate::fact::{Fact, Reason};
use crate::pressure::Level;
use crate::psi::{Pressure, Share};

/// One look at all sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Reading {
    /// When, in nanoseconds of the monotonic clock.
    pub taken_ns: u64,
    /// Time lost waiting for memory.
    pub stall: Fact<Pressure, Reason>,
    /// The fullest limited level of the control group.
    pub group: Fact<Usage, Reason>,
    /// The machine's memory.
    pub machine: Fact<Usage, Reason>,
    /// The highest level whose stall trigger the kernel fired for this reading.
    pub triggered: Option<Level>,
}

/// Memory in use under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Usage {
    /// Bytes in use that the kernel cannot drop at once.
    pub used_bytes: u64,
    /// The limit in bytes.
    pub limit_bytes: u64,
}

impl Usage {
    /// How full it is.
    #[must_use]
    pub fn share(self) -> Share {
        Share::of(self.used_bytes, self.limit_bytes)
    }
}

/// How the monitor learns of pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Mode {
    /// The kernel wakes it, and it looks from time to time.
    Triggered,
    /// It only looks from time to time.
    Polling {
        /// Why the kernel does not wake it.
        because: Reason,
    },
}

/// What the monitor did so far. The counters saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Counts {
    /// Readings taken.
    pub readings: u64,
    /// Readings to which the kernel's trigger woke it.
    pub triggers: u64,
    /// Changes of level.
    pub changes: u64,
    /// Listeners that panicked.
    pub listener_panics: u64,
}

/// The monitor's state at one moment: a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Snapshot {
    /// The level, absent where nothing could be read.
    pub level: Fact<Level, Reason>,
    /// Since when the level holds, in nanoseconds of the monotonic clock.
    pub since_ns: u64,
    /// The latest reading.
    pub reading: Reading,
    /// How the monitor learns of pressure.
    pub mode: Mode,
    /// What it did so far.
    pub counts: Counts,
}
