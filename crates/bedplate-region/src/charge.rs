//! What a budget is charged while something is made.
//!
//! # Role
//! [`Charge`]: taken back unless it is kept, by an error and by a panic alike.
//!
//! # Invariants
//! - I1: a charge that was refused is not taken back, and one that stands is, also where a
//!   subscriber that heard of it panicked.

use bedplate_os::budget::{Budget, BudgetError};

/// A charge that is taken back unless it is kept.
pub(crate) struct Charge(Option<(&'static Budget, u64)>);

impl Charge {
    /// Charges a budget, if there is one. Its subscribers run in here: they may do anything that
    /// safe code can, allocate from where the caller is about to, or panic.
    pub(crate) fn of(budget: Option<&'static Budget>, bytes: usize) -> Result<Self, BudgetError> {
        let Some(budget) = budget else {
            return Ok(Self(None));
        };
        let bytes = bytes as u64;
        // Held before it is made: by the time that a subscriber panics it stands (I1).
        let mut charge = Self(Some((budget, bytes)));
        if let Err(error) = budget.charge(bytes) {
            charge.0 = None;
            return Err(error);
        }
        Ok(charge)
    }

    /// Lets it stand, and says what and whose it is.
    pub(crate) fn keep(mut self) -> Option<(&'static Budget, u64)> {
        self.0.take()
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some((budget, bytes)) = self.0 {
            budget.release(bytes);
        }
    }
}
