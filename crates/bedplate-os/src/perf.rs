//! Performance counters.
//!
//! # Role
//! Whether this process can count instructions and the like, found by trying.
//!
//! # Sources
//! `perf_event_open(2)`.

use crate::fact::{Fact, Reason};
use crate::linux::counters;
use crate::source::Machine;
use crate::text;

/// What can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Counters {
    /// The kernel's strictness: -1 allows all, 2 allows a process its own user code, 3 and more
    /// nothing.
    pub paranoid: Fact<i64>,
    /// Instructions of user code counted over a short loop by the CPU; not zero.
    pub instructions: Fact<u64>,
    /// CPU cycles over the loop, by the CPU; not zero.
    pub cycles: Fact<u64>,
    /// Nanoseconds on the CPU over the loop, by the kernel's clock; not zero.
    pub task_clock_ns: Fact<u64>,
}

impl Counters {
    /// Reads the kernel's strictness and tries each counter.
    #[must_use]
    pub fn read(machine: &Machine) -> Self {
        let paranoid = machine.parse("/proc/sys/kernel/perf_event_paranoid", |text| {
            text::signed(text::line(text)?)
        });
        let try_counter = |kind, what: &str| -> Fact<u64> {
            let counted = if machine.is_running() {
                count(kind)
            } else {
                Err(Reason::NotThisMachine)
            };
            counted.map_err(|reason| reason.at(what)).into()
        };
        Self {
            paranoid: paranoid.into(),
            instructions: try_counter(
                counters::Counter::Instructions,
                "the CPU's instruction counter",
            ),
            cycles: try_counter(counters::Counter::Cycles, "the CPU's cycle counter"),
            task_clock_ns: try_counter(counters::Counter::TaskClock, "the kernel's task clock"),
        }
    }
}

fn count(counter: counters::Counter) -> Result<u64, Reason> {
    let file = counters::perf_open(counter).map_err(|code| match code {
        // The kernel says "no such thing" or "not supported" where the CPU has no counters.
        libc::EOPNOTSUPP | libc::ENOENT | libc::ENODEV => Reason::NotThere,
        code => Reason::of_code(code),
    })?;
    let file = crate::rawio::RawFile::from_fd(file);
    let mut sum = 0_u64;
    for n in 0..10_000_u64 {
        sum = core::hint::black_box(sum.wrapping_add(n));
    }
    let mut bytes = [0; 8];
    let read = file.read(&mut bytes).map_err(|e| Reason::of_code(e.code))?;
    match (read, u64::from_ne_bytes(bytes)) {
        (8, 0) => Err(Reason::Contradicts {
            what: "it is there and stands still",
        }),
        (8, counted) => Ok(counted),
        _ => Err(Reason::Truncated),
    }
}
