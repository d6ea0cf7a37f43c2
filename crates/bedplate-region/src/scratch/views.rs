//! The tensors of a plan in memory.
//!
//! # Role
//! [`Tensors`]: several tensors at a time as slices, at a step at which they are in use.
//!
//! # Not here
//! Types that not every byte is a value of: a tensor begins with what another left in its place.
//!
//! # Invariants
//! - I1: slices that are lent together lie apart; that is checked, not believed of the plan.

use super::place::GRAIN;
use super::plan::Plan;
use crate::ViewError;
use crate::plain::{Plain, values_mut};
use core::ops::Range;

/// A plan's tensors in memory.
#[derive(Debug)]
pub struct Tensors<'a> {
    plan: &'a Plan,
    bytes: &'a mut [u8],
}

impl<'a> Tensors<'a> {
    /// Lays a plan into memory: an arena's, or any that begins at a multiple of 64 bytes.
    ///
    /// # Errors
    /// - [`ViewError::Memory`]: too little, or elsewhere.
    pub fn new(plan: &'a Plan, bytes: &'a mut [u8]) -> Result<Self, ViewError> {
        let is_placed = bytes.as_ptr().addr().is_multiple_of(GRAIN) || plan.bytes() == 0;
        if bytes.len() < plan.bytes() || !is_placed {
            return Err(ViewError::Memory {
                need_bytes: plan.bytes(),
                have_bytes: bytes.len(),
            });
        }
        Ok(Self { plan, bytes })
    }

    /// Tensors at a step, as items of a type.
    ///
    /// # Errors
    /// - [`ViewError::Unknown`]: the plan has no such tensor.
    /// - [`ViewError::NotAlive`]: it is not in use at this step.
    /// - [`ViewError::Twice`]: the same one twice.
    /// - [`ViewError::Remainder`]: its bytes are no whole number of such items.
    pub fn at<T: Plain, const N: usize>(
        &mut self,
        step: u32,
        tensors: [usize; N],
    ) -> Result<[&mut [T]; N], ViewError> {
        let mut ranges = [const { 0..0 }; N];
        for (range, tensor) in ranges.iter_mut().zip(tensors) {
            *range = self.range(step, tensor)?;
        }
        for (at, tensor) in tensors.iter().enumerate() {
            if tensors[..at].contains(tensor) {
                return Err(ViewError::Twice);
            }
        }
        let slices = self
            .bytes
            .get_disjoint_mut(ranges)
            .map_err(|_| ViewError::Twice)?;
        let mut views = slices.map(values_mut::<T>);
        for (view, tensor) in views.iter_mut().zip(tensors) {
            if view.is_none() {
                return Err(ViewError::Remainder {
                    tensor,
                    item_bytes: size_of::<T>(),
                });
            }
        }
        Ok(views.map(Option::unwrap_or_default))
    }

    fn range(&self, step: u32, tensor: usize) -> Result<Range<usize>, ViewError> {
        let (Some(item), Some(offset)) = (
            self.plan.uses().get(tensor),
            self.plan.offsets().get(tensor),
        ) else {
            return Err(ViewError::Unknown { tensor });
        };
        if !item.is_alive(step) {
            return Err(ViewError::NotAlive { tensor, step });
        }
        Ok(*offset..*offset + item.bytes)
    }
}
