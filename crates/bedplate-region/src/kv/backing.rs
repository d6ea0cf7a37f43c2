//! How a cache comes to its memory.
//!
//! # Role
//! The settings that both caches share.

use super::KvError;
use bedplate_os::budget::Budget;
use bedplate_os::pages;

/// How a cache comes to its memory: steps of 2 MiB, huge pages, backed when committed, no budget, unless
/// it is told otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Backing {
    pub(super) step_bytes: usize,
    pub(super) huge_pages: bool,
    pub(super) populate: bool,
    pub(super) budget: Option<&'static Budget>,
}

impl Default for Backing {
    fn default() -> Self {
        Self::new()
    }
}

impl Backing {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            step_bytes: 2 << 20,
            huge_pages: true,
            populate: true,
            budget: None,
        }
    }

    /// Commits so many bytes of a layer's keys or values at a time: a power of two, at least an OS page.
    #[must_use]
    pub const fn step_bytes(mut self, bytes: usize) -> Self {
        self.step_bytes = bytes;
        self
    }

    /// Asks for huge pages; a kernel that has none refuses the cache. Without them a first touch costs
    /// ten times as much.
    #[must_use]
    pub const fn huge_pages(mut self, wanted: bool) -> Self {
        self.huge_pages = wanted;
        self
    }

    /// Has the kernel back each step when it is committed, and not at the first touch.
    #[must_use]
    pub const fn populate(mut self, wanted: bool) -> Self {
        self.populate = wanted;
        self
    }

    /// Charges what is committed to a budget. A paged cache also evicts when the budget's soft mark is
    /// crossed.
    #[must_use]
    pub const fn budget(mut self, budget: &'static Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    pub(super) fn check(&self) -> Result<(), KvError> {
        let page = pages::page_size();
        if !self.step_bytes.is_power_of_two() || self.step_bytes < page {
            return Err(KvError::Shape(
                "a step is a power of two, at least an OS page",
            ));
        }
        Ok(())
    }
}
