//! A budget that others charge too.
//!
//! # Role
//! One handle for a budget that lives as long as the process and for one that is counted.

use alloc::sync::Arc;
use bedplate_os::budget::Budget;
use core::ops::Deref;

/// A budget that a pool charges beside others; from a `&'static Budget` or an `Arc<Budget>`.
#[derive(Clone, Debug)]
pub struct SharedBudget(Kept);

#[derive(Clone, Debug)]
enum Kept {
    ForEver(&'static Budget),
    Counted(Arc<Budget>),
}

impl Deref for SharedBudget {
    type Target = Budget;

    fn deref(&self) -> &Budget {
        match &self.0 {
            Kept::ForEver(budget) => budget,
            Kept::Counted(budget) => budget,
        }
    }
}

impl From<&'static Budget> for SharedBudget {
    fn from(budget: &'static Budget) -> Self {
        Self(Kept::ForEver(budget))
    }
}

impl From<Arc<Budget>> for SharedBudget {
    fn from(budget: Arc<Budget>) -> Self {
        Self(Kept::Counted(budget))
    }
}

impl SharedBudget {
    /// True if `bytes` more would be within the limit now.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        self.used_bytes()
            .checked_add(bytes)
            .is_some_and(|after| after <= self.limit_bytes())
    }
}
