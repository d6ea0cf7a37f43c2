//! Jobs of a scope, in chunks that threads share.
//!
//! # Role
//! A thread that runs jobs takes a chunk of them under the lock of the scope and then one after the
//! other without it. A chunk that was begun stays where others find it: none of its jobs waits for
//! the thread that took the chunk. The scope's opener fills chunks without the lock, once it has many jobs
//! (docs/design/0016-jobs-without-locked-instructions.md).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `jobs.rs` | the jobs that wait, under the lock |
//! | `cells.rs` | a chunk, and the claim of one thread on it |
//! | `lane.rs` | the opener's side |

#[expect(
    unsafe_code,
    reason = "jobs of a chunk are moved in by one thread and out by whoever took them"
)]
mod cells;
mod jobs;
#[expect(unsafe_code, reason = "the opener's chunk is the opener's alone")]
mod lane;

pub(crate) use self::{cells::Taker, jobs::Jobs, lane::Lane};
