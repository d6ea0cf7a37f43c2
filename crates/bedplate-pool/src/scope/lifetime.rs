//! Jobs without their lifetime.
//!
//! # Role
//! The one place where a job that borrows becomes one that a queue can keep.
//!
//! # Invariants
//! - I1: as in the module above: the scope does not end before its jobs have.

use super::Body;

/// A job without its lifetime, for a queue.
pub(super) fn without_lifetime<'scope>(job: Box<Body<'scope>>) -> Box<Body<'static>> {
    // SAFETY: only the lifetime changes. The job runs or is dropped before `run` returns (I1), and
    // what it borrows outlives that. `'static` in its parameter is a name only: the scope it is called
    // with has no parts that depend on the lifetime.
    unsafe { core::mem::transmute::<Box<Body<'scope>>, Box<Body<'static>>>(job) }
}
