//! Looking at one process from outside.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `handle.rs` | `Process`: `/proc/PID` held open |
//! | `maps.rs` | its mappings |
//! | `figures.rs` | resident set, threads, faults, switches |
//! | `residency.rs` | which pages are in memory |
//! | `heap.rs` | the allocator's figures |
//! | `pages.rs` | parts that show themselves by a page |
//! | `pools.rs` | the pools' figures |
//! | `object_heaps.rs` | figures of heaps for language machines |
//! | `calls.rs` | system calls (unsafe) |

pub mod figures;
pub mod handle;
pub mod heap;
pub mod maps;
pub mod object_heaps;
mod pages;
pub mod pools;
pub mod residency;

#[expect(
    unsafe_code,
    reason = "system calls without a safe face in the standard library"
)]
pub(crate) mod calls;

pub use calls::Ended;
pub use figures::{Figures, Rollup};
pub use handle::Process;
pub use maps::Mapping;
