//! The place where a fault plan can step in.
//!
//! # Role
//! Every operation that may fail asks here first. With feature `sim` a test's plan answers;
//! without it the question is not in the binary.

use crate::{Operation, OsError};

#[cfg(feature = "sim")]
#[inline]
pub(crate) fn check(operation: Operation) -> Result<(), OsError> {
    crate::sim::faults::check(operation)
}

#[cfg(not(feature = "sim"))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "the twin with a plan can fail")]
pub(crate) const fn check(_operation: Operation) -> Result<(), OsError> {
    Ok(())
}
