//! Figures of a heap at work.
//!
//! # Role
//! What is counted while a program runs, at no cost to it: in the words that allocation and release wrote
//! anyway, and in slow paths.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `stats.rs` | a copy of the counts, for hosts |
//! | `tally.rs` | the counts themselves |
//! | `by_kind.rs` | a number for each kind |
//! | `ticks.rs` | when so many objects were made, told by the counts of each kind |
//! | `trigger.rs` | why collections began |
//! | `pauses.rs` | how long pieces of the collector's work took |
//! | `rate.rs` | objects made in a second |
//! | `gauges.rs` | how full, how healthy, how much floats |
//! | `thresholds.rs` | gauges that are too high, told once |
//! | `observed.rs` | what a heap keeps of it |

mod by_kind;
mod gauges;
mod observed;
mod pauses;
mod rate;
mod stats;
mod tally;
mod thresholds;
mod ticks;
mod trigger;

pub use by_kind::ByKind;
pub use gauges::Gauges;
pub(crate) use observed::Observed;
pub use pauses::{Pauses, Work};
pub(crate) use rate::Rate;
pub use stats::Stats;
pub(crate) use tally::Tally;
pub(crate) use thresholds::Alarms;
pub use thresholds::{Crossing, Thresholds};
pub(crate) use ticks::Ticks;
pub use trigger::{ByTrigger, Trigger};
