//! Stacks for what waits (feature `fibers`, and a pool that asks for them).
//!
//! # Role
//! A worker runs each job and each taken half on a stack of its own, from a store of them. One that
//! must wait for work of the pool leaves its thread: the worker goes on with something else, and
//! comes back to it when what it waits for has ended. No spare is needed for it, and no thread.
//!
//! # Not here
//! Waits for anything else, such as a lock or I/O: these block the thread, as ever.
//!
//! # Invariants
//! - I1: a fiber is only ever resumed on the thread that began it: closures that have begun are not
//!   `Send`, and neither are thread-locals that they hold borrows of.
//! - I2: a fiber that waits counts as work: no thread of the pool ends while there is one.
//! - I3: no panic leaves a fiber: what runs on it catches its own.
//! - I4: what a thread knows of the work it runs (its seats, span, admitted job) is taken along when
//!   a fiber leaves the thread and put back before it goes on.
//! - I5: a wake that comes before the fiber has left is found after: numbers of woken fibers stay in
//!   their seat's list until its owner takes them. One too many only has a fiber look again.
//!
//! # What a fiber does not do
//! It does not leave while its thread unwinds: other work would find the thread panicking. Nor inside
//! another pool that the job entered, where it has a guest's place. There it blocks the thread.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `home.rs` | a seat's part: which fiber runs, which were woken |
//! | `waits.rs` | waiting on a fiber |
//! | `run.rs` | running, leaving and resuming |

mod home;
#[expect(
    unsafe_code,
    reason = "stacks are switched, and thread-locals name what is on them"
)]
mod run;
mod waits;

pub(crate) use home::{Home, Ticket};
pub(crate) use run::Fibers;
pub(crate) use waits::{drive, wait};
