//! What a panic carries.
//!
//! # Role
//! Which panic goes on when two halves panicked, and what becomes of the other.

use core::any::Any;
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};

/// A panic's payload.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Goes on with a panic.
#[cold]
pub(crate) fn resume(panic: Payload) -> ! {
    resume_unwind(panic)
}

/// Drops a payload, whose drop may panic itself.
#[cold]
pub(crate) fn discard(panic: Payload) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        #[expect(clippy::mem_forget, reason = "its drop would panic without end")]
        core::mem::forget(again);
    }
}

/// Both results, or the panic of the first half, or of the second.
#[inline]
pub(crate) fn both<RA, RB>(ra: Result<RA, Payload>, rb: Result<RB, Payload>) -> (RA, RB) {
    match (ra, rb) {
        (Ok(ra), Ok(rb)) => (ra, rb),
        (Err(first), Err(second)) => {
            discard(second);
            resume(first)
        }
        (Err(panic), Ok(rb)) => {
            // A result whose drop panics must not replace the panic that came first.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(rb))) {
                discard(again);
            }
            resume(panic)
        }
        (Ok(ra), Err(panic)) => {
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(ra))) {
                discard(again);
            }
            resume(panic)
        }
    }
}
