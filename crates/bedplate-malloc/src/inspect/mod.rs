//! Figures from outside: reading another process's allocator.
//!
//! # Role
//! From a way to read memory and the address of a root page to everything the records tell:
//! what each range of memory is, which blocks live, by size class.
//!
//! # Not here
//! How memory is read (`process_vm_readv` or else), and which of its pages are resident: that is
//! the caller's.
//!
//! # Concurrency
//! The process goes on meanwhile. Values that contradict each other are an error
//! ([`CaptureError::Torn`]); try again. A process that stands still is read exactly.
//!
//! | file | what it holds |
//! |---|---|
//! | `capture.rs` | the types |
//! | `profile.rs` | the heap profile |
//! | `reader.rs` | words from memory |
//! | `walk.rs` | from the root page to ranges |

mod capture;
#[cfg(not(bedplate_unprofiled))]
mod profile;
mod reader;
mod walk;

pub use crate::counters::CountersSnapshot as Counters;
pub use crate::record::{RECORD_BYTES, Record, RecordKind};
pub use crate::root::Library;
pub use capture::{BlockFigures, Capture, CaptureError, ClassFigures, Range, RangeKind};
#[cfg(not(bedplate_unprofiled))]
pub use profile::{HeapProfile, ProfileSite, heap_profile};
pub use reader::{Memory, ReadFailed};
pub use walk::capture;

/// What `/proc/PID/maps` calls the root page.
pub const ROOT_MAPPING: &str = "/memfd:bedplate-malloc";
