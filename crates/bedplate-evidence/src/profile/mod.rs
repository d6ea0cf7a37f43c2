//! Heap profiles: which call sites the memory of a program came from.
//!
//! # Role
//! Takes the samples that the allocator noted in a process, names their stacks from outside, and
//! writes them as files that other tools read.
//!
//! # Not here
//! Sampling itself (`bedplate_malloc`), and the report's own table of call sites (`report/`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `snapshot.rs` | the samples of a process at one moment |
//! | `symbols.rs` | from addresses to functions and lines |
//! | `stacks.rs` | estimates by stack |
//! | `sites.rs` | the call sites that hold most |
//! | `pprof.rs` | the file that `pprof` reads |
//! | `folded.rs` | folded stacks and the flame graph |
//! | `diff.rs` | what changed between two profiles |

pub mod diff;
pub mod folded;
pub mod pprof;
pub mod sites;
pub mod snapshot;
pub mod stacks;
mod symbols;

pub use snapshot::Snapshot;
pub use stacks::Profile;
