//! What uses say about a location.
//!
//! # Role
//! Follows each value that is read from a location to where it ends: a branch, a pointer, an index, a
//! message, a public getter, another location. Names the class from what was found.
//!
//! # Invariants
//! I1. A use that is not understood is evidence of its own ("unknown"), never silence.
//! I2. A class that allows removal needs every use to be understood.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `names.rs` | what names of functions and macros tell |
//! | `owned.rs` | what is overwritten |
//! | `finding.rs` | what is found at a use |
//! | `effects.rs` | what a piece of code does |
//! | `flow.rs` | where a value goes |
//! | `calls.rs` | where a value goes through calls |
//! | `streams.rs` | who reads what is printed |
//! | `parts.rs` | values in lists and records |
//! | `callbacks.rs` | values that are given to closures |
//! | `collected.rs` | values that are put into lists and maps |
//! | `targets.rs` | what is written to |
//! | `texts.rs` | where a value goes in a text |
//! | `displayed.rs` | what `Display`, `Debug` and their kin show |
//! | `told.rs` | what callers are told |
//! | `updates.rs` | loops that only update |
//! | `branch.rs` | what a condition decides |
//! | `filled.rs` | lists and records that are filled |
//! | `given.rs` | records that callers give to be filled |
//! | `outside.rs` | records that are laid out for others |
//! | `owners.rs` | what is done where no call says so |
//! | `metrics.rs` | figures that are given to libraries for figures |
//! | `counts.rs` | counts of the whole process |
//! | `held.rs` | what is held for callers: settings, states, bits |
//! | `judge.rs` | from findings to classes |

mod branch;
mod callbacks;
mod calls;
mod collected;
mod counts;
mod displayed;
mod effects;
mod filled;
mod finding;
mod flow;
mod given;
mod held;
mod judge;
mod metrics;
mod names;
mod outside;
mod owned;
mod owners;
mod parts;
mod streams;
mod targets;
mod texts;
mod told;
mod updates;

pub(crate) use judge::{Judgement, is_used, judge};
