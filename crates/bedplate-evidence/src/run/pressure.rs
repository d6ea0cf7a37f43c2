//! Pressure on the machine while a program ran.
//!
//! # Role
//! Reads the kernel's stall totals before and after, and gives the difference.
//!
//! # Not here
//! Levels and what to do about them (`bedplate_os::pressure`).

use bedplate_os::fact::Fact;
use bedplate_os::psi::{Pressure, Pressures};
use bedplate_os::source::Machine;

use crate::report::model;

/// The totals at one moment.
#[derive(Debug)]
pub(crate) struct PressureBefore(Pressures);

impl PressureBefore {
    pub(crate) fn read() -> Self {
        Self(Pressures::of_machine(&Machine::running()))
    }

    /// What was added since.
    pub(crate) fn since(&self) -> model::Pressure {
        let now = Pressures::of_machine(&Machine::running());
        let some = |before: &Fact<Pressure>, after: &Fact<Pressure>| match (before, after) {
            (Fact::Known(before), Fact::Known(after)) => {
                Some(ms_between(before.some.total_us, after.some.total_us))
            }
            _ => None,
        };
        let memory_full_ms = match (&self.0.memory, &now.memory) {
            (Fact::Known(before), Fact::Known(after)) => match (before.full, after.full) {
                (Fact::Known(before), Fact::Known(after)) => {
                    Some(ms_between(before.total_us, after.total_us))
                }
                _ => None,
            },
            _ => None,
        };
        model::Pressure {
            cpu_some_ms: some(&self.0.cpu, &now.cpu),
            memory_some_ms: some(&self.0.memory, &now.memory),
            memory_full_ms,
            io_some_ms: some(&self.0.io, &now.io),
            absent_because: match &now.memory {
                Fact::Known(_) => None,
                Fact::Absent { because } => Some(because.to_string()),
            },
        }
    }
}

fn ms_between(before_us: u64, after_us: u64) -> f64 {
    after_us.saturating_sub(before_us) as f64 / 1e3
}
