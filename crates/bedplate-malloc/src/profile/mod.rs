//! The sampling heap profiler.
//!
//! # Role
//! Choose allocations at random, one for each so many bytes, note the stack of each and whether its
//! block still lives. The notes stand in tables that readers from outside find by the root page;
//! nothing is symbolised here.
//!
//! # Not here
//! Estimates, names and files: all made outside the process (`inspect/`, bedplate-evidence).
//!
//! # How it works
//! The bytes that a thread allocates of a class are a line on which sample points lie at random
//! (a Poisson process, one for each class of each thread; together they are one again). A block that
//! holds a point is sampled. Neither `malloc` nor `free` looks at the line: both have one event each
//! already, the list that is empty and the countdown that is zero. A slab that becomes current gets
//! no more blocks on its list, and no more frees on its countdown, than together lead to the block
//! before the next point; the rest of its blocks wait on its own remote list. At either event what
//! was allocated since is known exactly, and when the point's block is next, the list is put away
//! whole: the next `malloc` of the class misses, and is sampled.
//!
//! Sampled blocks come from slabs of a heap that is no thread's, so every free of one takes the slow
//! path, and no other free asks anything.
//!
//! # Invariants
//! - I1: off, nothing here is called from a hit path, and slow paths ask one word, [`is_on`].
//! - I2: a class's current slab allocates at most as many blocks between two looks as lie before
//!   the next sample point (`pace.rs`).
//! - I3: a block is in the table of live samples from before its address is handed out until before
//!   it can be handed out again (`tables.rs`).
//!
//! | file | what it holds |
//! |---|---|
//! | `pace.rs` | how far a slab may go until the next sample |
//! | `distance.rs` | what a thread knows of its sample points |
//! | `draw.rs` | random distances |
//! | `sample.rs` | sampled blocks: taken, freed |
//! | `stack.rs` | the stack of an allocation |
//! | `known.rs` | stacks seen before |
//! | `tables.rs` | the tables that readers find |

pub(crate) mod distance;
mod draw;
#[expect(unsafe_code, reason = "reads return addresses")]
mod known;
#[expect(unsafe_code, reason = "lists of blocks")]
mod pace;
#[expect(unsafe_code, reason = "a heap under a lock")]
mod sample;
#[expect(unsafe_code, reason = "the unwinder")]
mod stack;
#[expect(unsafe_code, reason = "tables in mapped memory")]
pub(crate) mod tables;

pub(crate) use distance::Distances;
pub(crate) use pace::{allocate, collected, counted, exchange, left, stocked};
pub(crate) use sample::{
    end_sample, free_large, free_sampled, heap_is, large, lock, moved, reset_in_child, start,
    try_drain,
};
pub(crate) use tables::is_on;
