//! What the threads of a pool did, and when.
//!
//! # Role
//! Recorded only between [`ThreadPool::start_timeline`](crate::ThreadPool::start_timeline) and
//! [`take_timeline`](crate::ThreadPool::take_timeline), at edges only: a half was taken, a job begins
//! or ends, a thread waits, blocks, sleeps.
//!
//! # Not here
//! Forks: a join that nobody helped with leaves no trace, recorded or not, and costs the same.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `ring.rs` | the last events of one seat |
//! | `recorder.rs` | switching it on and off, and what a seat writes |
//! | `model.rs` | a timeline as plain data |
//! | `replay.rs` | from events to slices |
//! | `chrome.rs` | as JSON for Perfetto and Chrome (feature `chrome`) |
//!
//! # Why a writer lives here
//! Exporters live above this crate. This one sends nothing and opens nothing: it turns plain data
//! into bytes for a writer that the caller brings. A program that uses the pool alone gets a file
//! it can look at, and who does not ask for the feature does not have it.

#[cfg(feature = "chrome")]
mod chrome;
mod model;
mod recorder;
mod replay;
mod ring;

pub use model::{Mark, MarkKind, PlaceKind, Slice, SliceKind, Timeline, Track};
pub(crate) use recorder::{Recorder, Trace};
