//! bedplate's general-purpose allocator.
//!
//! # Role
//! Blocks for any program: as a Rust program's `#[global_allocator]` ([`Malloc`]), or for any
//! unmodified program through the preload library, which is made of this crate.
//!
//! # Not here
//! C symbols (only the preload libraries define them), the runner (`bedplate run`), arenas
//! (bedplate-region), the managed heap (bedplate-heap).
//!
//! # How it works
//! Memory comes in 4 MiB segments of 64 slices. A slab is a slice, or eight, of equal blocks and
//! belongs to one thread's heap; its record stands out of line at the segment's start, found from
//! a block's address by a mask. Allocation takes the first block of the current slab's list; a
//! free by the owner puts it back and counts down. A free by another thread is chained in that
//! thread's outbox and published to the slab with one exchange a chain. Blocks of 32 KiB to 2 MiB
//! are runs of slices, larger ones have mappings of their own. A thread that ends parks its heap;
//! new threads adopt parked heaps whole, threads in need adopt single slabs from them. Freed
//! slices go back to the kernel after a second.
//!
//! # Misuse
//! Misuse that is seen stops the process with a message. The feature `hardened` makes blocks carry
//! what it takes to see more of it, for some time and memory: docs/malloc.md has the list. It is a
//! feature and no type, as the gates are, because it changes what lies in blocks: one process has
//! one kind of blocks. Nothing in this workspace turns it on but the hardened preload library.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `ops.rs` | the operations; the hit paths |
//! | `miss.rs` | what happens when the hit paths miss |
//! | `class.rs` | size classes |
//! | `slab.rs` | the records of slices |
//! | `heap.rs` | thread heaps |
//! | `list.rs` | lists of slabs |
//! | `owners.rs` | who owns which heap: attach, park, adopt |
//! | `thread.rs` | the thread's own words |
//! | `fallback.rs` | the heap of threads that have ended |
//! | `remote.rs` | the protocols of remote frees |
//! | `outbox.rs` | remote frees not yet published |
//! | `profile/` | the sampling profiler |
//! | `profile_disabled.rs` | its twin in a build without it |
//! | `segment.rs` | the layout of a segment |
//! | `pool.rs` | the pool of segments |
//! | `huge/` | blocks with mappings of their own |
//! | `purge.rs` | when memory goes back |
//! | `quiet.rs` | slabs of threads that sleep |
//! | `sparse.rs` | slabs of which few blocks are in use |
//! | `hollow.rs` | free OS pages inside slabs in use |
//! | `zero.rs` | what of a fresh block holds old contents |
//! | `budget.rs` | the cap |
//! | `config.rs` | settings |
//! | `process.rs` | start, end, fork |
//! | `announce.rs` | telling `bedplate run` |
//! | `record.rs` | the records told |
//! | `root.rs` | the page readers begin at |
//! | `counters.rs` | counts of slow paths |
//! | `info.rs` | figures from within |
//! | `stats.rs` | figures at the end of a process |
//! | `inspect/` | figures from outside |
//! | `harden.rs` | what blocks carry in the hardened build |
//! | `guarded.rs` | sampled blocks with guard pages, in the hardened build |
//! | `territory.rs` | which addresses are ours, in the hardened build |
//! | `audit.rs` | what misuse left in the lists of free blocks |
//! | `misuse.rs` | messages on misuse |
//! | `raw.rs` | the pointer layer |
//! | `tuning.rs` | build-time numbers |
//! | `sync.rs` | atomics, or loom's |
//! | `entry/` | `GlobalAlloc`, the C family |

pub mod remote;
mod sync;

#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "a path written once and read for ever")]
mod announce;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "links of blocks")]
mod audit;
#[cfg(not(bedplate_loom))]
pub mod budget;
#[cfg(not(bedplate_loom))]
pub mod class;
#[cfg(not(bedplate_loom))]
pub mod config;
#[cfg(not(bedplate_loom))]
pub mod counters;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "the C family's contracts")]
pub mod entry;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "a list under a lock")]
mod fallback;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "pages and a signal handler")]
mod guarded;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "words in blocks")]
mod harden;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "cells shared by hand-over")]
mod heap;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "links of blocks and their pages")]
mod hollow;
#[cfg(not(bedplate_loom))]
mod huge;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "walks records")]
pub mod info;
#[cfg(not(bedplate_loom))]
pub mod inspect;
#[cfg(not(bedplate_loom))]
mod list;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "links of blocks")]
mod miss;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "abort")]
mod misuse;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "hit paths")]
pub mod ops;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "chains of blocks")]
mod outbox;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "heaps are made from raw pages")]
mod owners;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "mappings")]
mod pool;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "the C library's hooks")]
pub mod process;
#[cfg(not(any(bedplate_loom, bedplate_unprofiled)))]
mod profile;
#[cfg(all(not(bedplate_loom), bedplate_unprofiled))]
#[path = "profile_disabled.rs"]
mod profile;
#[cfg(not(bedplate_loom))]
mod purge;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "gives pages back")]
mod quiet;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "the pointer layer")]
mod raw;
#[cfg(not(bedplate_loom))]
pub mod record;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "a mapped page")]
pub mod root;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "records at addresses")]
mod segment;
#[cfg(not(bedplate_loom))]
mod slab;
#[cfg(not(bedplate_loom))]
mod sparse;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "a path written once and read for ever")]
mod stats;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "advice on pages")]
mod territory;
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "thread-local words by assembly")]
mod thread;
#[cfg(not(bedplate_loom))]
pub mod tuning;

#[cfg(not(bedplate_loom))]
pub use entry::global_alloc::Malloc;
#[cfg(not(bedplate_loom))]
#[doc(hidden)]
pub use libc::{mallinfo, mallinfo2};
#[cfg(not(bedplate_loom))]
#[expect(unsafe_code, reason = "writes fresh blocks")]
pub mod zero;
