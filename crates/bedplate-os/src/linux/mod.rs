//! Linux: raw system calls.
//!
//! # Role
//! Every system call that a memory path makes, without touching `errno`, which belongs to the
//! program: `free` must preserve it (POSIX.1-2024).
//!
//! # Invariants
//! - I1: no function here writes `errno`, but for `events::at_fork` and `threads::current_cpu`, which ask the C library.
//! - I2: no function here allocates, with the same exception.

pub(crate) mod background;
pub(crate) mod calls;
pub(crate) mod counters;
pub(crate) mod cpuid;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod nodes;
pub(crate) mod raw;
pub(crate) mod threads;
