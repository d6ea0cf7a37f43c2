//! Plans.
//!
//! # Role
//! [`Plan`]: from the size, first and last use of each tensor of a graph, where each of them lies, so
//! that tensors which are never in use together share memory.
//!
//! # Not here
//! The search (`fit.rs`) and the memory (`views.rs`).
//!
//! # Invariants
//! - I1: two tensors that are in use at the same step lie apart.
//! - I2: every offset is a multiple of [`GRAIN`].
//! - I3: live peak <= plan <= bump, in bytes.

use super::fit::{self, Item};
use super::place::{GRAIN, grains};
use crate::PlanError;
use alloc::vec::Vec;

/// When a tensor is in use: from the step that writes it to the last one that reads it, both
/// included.
///
/// A step that writes its result over an input says so by ending the input's use one step before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its size.
    pub bytes: usize,
    /// The first step that uses it.
    pub first: u32,
    /// The last step that uses it.
    pub last: u32,
}

impl Use {
    /// Whether it is in use at a step.
    #[must_use]
    pub const fn is_alive(&self, step: u32) -> bool {
        self.first <= step && step <= self.last
    }
}

/// Where the tensors of a graph lie.
///
/// # Examples
/// ```
/// use bedplate_region::{Arena, Plan, Tensors, Use};
///
/// // Each step reads what the one before wrote.
/// let uses: Vec<Use> = (0..10).map(|n| Use { bytes: 4096, first: n, last: n + 1 }).collect();
/// let plan = Plan::of(&uses)?;
/// assert_eq!(plan.bytes(), 2 * 4096);
/// assert_eq!(plan.bump_bytes(), 10 * 4096);
///
/// let arena = Arena::new(plan.bytes())?;
/// let mut tensors = Tensors::new(&plan, arena.alloc_zeroed(plan.bytes())?)?;
/// for step in 1..10 {
///     let [from, to] = tensors.at::<f32, 2>(step, [step as usize - 1, step as usize])?;
///     to[0] = from[0] + 1.0;
/// }
/// assert_eq!(tensors.at::<f32, 1>(10, [9])?[0][0], 9.0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    uses: Vec<Use>,
    offsets: Vec<usize>,
    bytes: usize,
    live_bytes_peak: usize,
    bump_bytes: usize,
}

impl Plan {
    /// Plans a graph.
    ///
    /// # Errors
    /// - [`PlanError::Backwards`]: a last use before the first.
    /// - [`PlanError::Overflow`]: no address space holds all tensors side by side.
    ///
    /// # Cost
    /// Grows with the square of the number of tensors; 640 tensors take milliseconds. A plan is made
    /// once per graph.
    pub fn of(uses: &[Use]) -> Result<Self, PlanError> {
        let mut bump_bytes = 0_usize;
        let mut items = Vec::with_capacity(uses.len());
        for (tensor, item) in uses.iter().enumerate() {
            if item.last < item.first {
                return Err(PlanError::Backwards { tensor });
            }
            let bytes = grains(item.bytes).ok_or(PlanError::Overflow { tensor })?;
            bump_bytes = bump_bytes
                .checked_add(bytes)
                .filter(|sum| isize::try_from(*sum).is_ok())
                .ok_or(PlanError::Overflow { tensor })?;
            items.push(Item {
                bytes,
                first: item.first,
                last: item.last,
            });
        }
        let live_bytes_peak = live_peak(&items);
        let fitted = fit::fit(&items, live_bytes_peak);
        debug_assert!(fitted.offsets.iter().all(|o| o.is_multiple_of(GRAIN)));
        Ok(Self {
            uses: uses.to_vec(),
            offsets: fitted.offsets,
            bytes: fitted.bytes,
            live_bytes_peak,
            bump_bytes,
        })
    }

    /// The bytes that hold all tensors.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The most bytes of tensors in use at one step: no plan is smaller.
    #[must_use]
    pub const fn live_bytes_peak(&self) -> usize {
        self.live_bytes_peak
    }

    /// The bytes that the tensors take side by side, as in an arena without a plan.
    #[must_use]
    pub const fn bump_bytes(&self) -> usize {
        self.bump_bytes
    }

    /// Where each tensor begins, in bytes.
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The tensors as they were given.
    #[must_use]
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }
}

/// The most bytes in use at one step. A peak begins where a tensor does.
fn live_peak(items: &[Item]) -> usize {
    let mut begins: Vec<&Item> = items.iter().collect();
    begins.sort_unstable_by_key(|item| item.first);
    let mut ends: Vec<&Item> = items.iter().collect();
    ends.sort_unstable_by_key(|item| item.last);
    let (mut live, mut peak) = (0, 0);
    let mut gone = ends.iter().peekable();
    for item in begins {
        while let Some(end) = gone.next_if(|end| end.last < item.first) {
            live -= end.bytes;
        }
        live += item.bytes;
        peak = peak.max(live);
    }
    peak
}
