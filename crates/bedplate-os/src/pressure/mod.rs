//! Memory pressure: how short memory is, right now.
//!
//! # Role
//! One thread watches the kernel's stall figures, the control group's use and the machine's free
//! memory, and tells subscribers when the level changes: none, some, high, critical.
//!
//! # Not here
//! What to do about it: subscribers purge, collect, evict or admit less.
//!
//! # Invariants
//! - I1: a reading that is missing is absent for a reason and never counts as calm; where nothing
//!   can be read, the level itself is absent.
//! - I2: neither the watching nor the notifying allocates.
//!
//! | file | what it holds |
//! |---|---|
//! | `level.rs` | levels, thresholds, and the judge with its hysteresis |
//! | `reading.rs` | what was read, and snapshots |
//! | `source.rs` | the kernel's files and triggers |
//! | `monitor.rs` | the thread, its subscribers, its end |

mod level;
mod monitor;
mod reading;
mod source;

pub use level::{Judge, Level, Step, Steps, Thresholds};
pub use monitor::{
    Listener, PressureError, PressureMonitor, SUBSCRIBERS_MAX, Settings, Subscription,
};
pub use reading::{Counts, Mode, Reading, Snapshot, Usage};
pub use source::{KernelSource, Source, TRIGGERS_MAX, Wake};
