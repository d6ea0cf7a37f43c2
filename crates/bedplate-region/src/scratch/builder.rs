//! How an arena is made.
//!
//! # Role
//! Capacity, base part, huge pages, when memory is committed, and who is charged for it.

use super::arena::Arena;
use super::extent::{Extent, Terms};
use super::mapping::Mapping;
use super::place::grains;
use super::space::Space;
use crate::BuildError;
use bedplate_os::budget::Budget;
use bedplate_os::pages;

/// A huge page of the measured platform, in bytes: what a mapping must be aligned to for them.
const HUGE_PAGE: usize = 2 << 20;

/// Settings of an arena.
///
/// # Examples
/// ```
/// use bedplate_os::budget::Budget;
/// use bedplate_region::Arena;
///
/// static BUDGET: Budget = Budget::new(64 << 20, 48 << 20);
///
/// let arena = Arena::builder(16 << 20)
///     .base_bytes(1 << 20)
///     .commit_steps(2 << 20)
///     .budget(&BUDGET)
///     .build()?;
/// // The base part is committed at once, the rest when it is wanted.
/// assert_eq!(BUDGET.used_bytes(), 1 << 20);
/// arena.alloc_zeroed::<f32>(1000)?;
/// assert_eq!(BUDGET.used_bytes(), 3 << 20);
/// drop(arena);
/// assert_eq!(BUDGET.used_bytes(), 0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ArenaBuilder {
    capacity_bytes: usize,
    base_bytes: usize,
    huge: bool,
    prefault: bool,
    step_bytes: Option<usize>,
    budget: Option<&'static Budget>,
}

impl ArenaBuilder {
    pub(super) const fn new(capacity_bytes: usize) -> Self {
        Self {
            capacity_bytes,
            base_bytes: 0,
            huge: false,
            prefault: false,
            step_bytes: None,
            budget: None,
        }
    }

    /// The bytes of the base part, which a reset never touches; none by default. They are beside
    /// the capacity, committed at once. See [`Arena::split`].
    pub const fn base_bytes(mut self, bytes: usize) -> Self {
        self.base_bytes = bytes;
        self
    }

    /// Asks the kernel for huge pages. Where it was built without them, the arena is not made; where
    /// they are set to `never` (`/sys/kernel/mm/transparent_hugepage/enabled`), or where none is
    /// free, it takes the wish and gives small ones.
    pub const fn huge_pages(mut self, wanted: bool) -> Self {
        self.huge = wanted;
        self
    }

    /// Has the kernel back with memory at once whatever is committed, so that no first touch has
    /// to wait for it.
    pub const fn prefault(mut self, wanted: bool) -> Self {
        self.prefault = wanted;
        self
    }

    /// Commits and charges so many bytes at a time when they are wanted, instead of everything at
    /// once: rounded up to whole OS pages. An allocation can then fail for the budget's sake.
    pub const fn commit_steps(mut self, bytes: usize) -> Self {
        self.step_bytes = Some(bytes);
        self
    }

    /// Who is charged for what is committed.
    pub const fn budget(mut self, budget: &'static Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Makes the arena.
    ///
    /// # Errors
    /// - [`BuildError::Capacity`]: no address space is that large.
    /// - [`BuildError::Budget`]: the budget has not enough left.
    /// - [`BuildError::Os`]: the system refused address space, memory or huge pages.
    ///
    /// # Cost
    /// Two system calls, one more for each option; no memory is touched without
    /// [`prefault`](Self::prefault).
    pub fn build(self) -> Result<Arena, BuildError> {
        let sizes = self.sizes().ok_or_else(|| BuildError::Capacity {
            asked_bytes: self.capacity_bytes.saturating_add(self.base_bytes),
        })?;
        let align = if self.huge {
            HUGE_PAGE
        } else {
            pages::page_size()
        };
        let mapping = Mapping::reserve(sizes.base_reach + sizes.reach, align)?;
        let terms = Terms {
            step_bytes: None,
            prefault: self.prefault,
            budget: self.budget,
        };
        let base = Extent::new(mapping.at(0), sizes.base, sizes.base_reach, terms);
        let stepped = Terms {
            step_bytes: sizes.step,
            ..terms
        };
        let scratch_at = mapping.at(sizes.base_reach);
        let scratch = Extent::new(scratch_at, sizes.scratch, sizes.reach, stepped);
        // From here on the arena's drop gives back what was taken.
        let arena = Arena::over(mapping, Space::over(base), Space::over(scratch));
        arena.begin(self.huge, self.step_bytes.is_none())?;
        Ok(arena)
    }

    /// Every size, in grains or whole OS pages; `None` where one overflows.
    fn sizes(&self) -> Option<Sizes> {
        let base = grains(self.base_bytes)?;
        let scratch = grains(self.capacity_bytes)?;
        let base_reach = pages::round_up(base)?;
        // An arena of no bytes has a place, too.
        let reach = pages::round_up(scratch.max(1))?;
        let all = base_reach.checked_add(reach)?;
        let step = match self.step_bytes {
            // No step is larger than all there is.
            Some(bytes) => Some(pages::round_up(bytes.clamp(1, reach))?),
            None => None,
        };
        isize::try_from(all).ok()?;
        Some(Sizes {
            base,
            base_reach,
            scratch,
            reach,
            step,
        })
    }
}

/// The sizes of an arena's parts in bytes.
struct Sizes {
    base: usize,
    base_reach: usize,
    scratch: usize,
    reach: usize,
    step: Option<usize>,
}
