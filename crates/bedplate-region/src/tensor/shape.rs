//! Sizes by dimension.
//!
//! # Invariants
//! - I1: sizes stand from the slowest dimension to the fastest, as in safetensors and most
//!   libraries; GGUF's own order is the other way round.

use super::{ElementType, TensorError};
use core::fmt;

/// The most dimensions a tensor has here. GGUF has four.
pub const DIMENSIONS_MAX: usize = 8;

/// The sizes of a tensor, the slowest dimension first. No size at all is a single element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    sizes: [usize; DIMENSIONS_MAX],
    dimensions: usize,
}

impl Shape {
    /// A shape of these sizes.
    ///
    /// # Errors
    /// - [`TensorError::Dimensions`]: there are more than [`DIMENSIONS_MAX`].
    pub fn new(sizes: &[usize]) -> Result<Self, TensorError> {
        let dimensions = sizes.len();
        let mut kept = [1; DIMENSIONS_MAX];
        kept.get_mut(..dimensions)
            .ok_or(TensorError::Dimensions { dimensions })?
            .copy_from_slice(sizes);
        Ok(Self {
            sizes: kept,
            dimensions,
        })
    }

    /// The sizes.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        self.sizes.get(..self.dimensions).unwrap_or(&self.sizes)
    }

    /// The size of the fastest dimension.
    #[must_use]
    pub fn row_elements(&self) -> usize {
        self.sizes().last().copied().unwrap_or(1)
    }

    /// How many elements there are; `None` where their number overflows 63 bits.
    #[must_use]
    pub fn elements(&self) -> Option<u64> {
        // A zero does not hide sizes that overflow, wherever it stands: who multiplies in another
        // order would come upon them.
        let product = self
            .sizes()
            .iter()
            .try_fold(1_u64, |product, &size| {
                product.checked_mul(size.max(1) as u64)
            })
            .filter(|&product| i64::try_from(product).is_ok())?;
        Some(if self.sizes().contains(&0) {
            0
        } else {
            product
        })
    }

    /// How many bytes elements of a type take in this shape.
    ///
    /// # Errors
    /// - [`TensorError::Overflow`]: more than 63 bits can say.
    /// - [`TensorError::Block`]: a row is no whole number of blocks.
    pub fn bytes(&self, element: ElementType) -> Result<u64, TensorError> {
        let block = element.block_elements();
        let row = self.row_elements();
        if !row.is_multiple_of(block) {
            return Err(TensorError::Block { row, block });
        }
        self.elements()
            .map(|elements| elements / block as u64)
            .and_then(|blocks| blocks.checked_mul(element.block_bytes() as u64))
            .filter(|&bytes| i64::try_from(bytes).is_ok())
            .ok_or(TensorError::Overflow { shape: *self })
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.sizes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::tensor::{ElementType, TensorError};

    fn bytes(sizes: &[usize], element: ElementType) -> Result<u64, TensorError> {
        Shape::new(sizes)?.bytes(element)
    }

    #[test]
    fn products_that_would_wrap_are_refused() {
        let wraps: [&[usize]; 6] = [
            &[1 << 32, 1 << 32],
            &[4, (1 << 62) + 1],
            &[1 << 61, 1],
            // A zero hides nothing, wherever it stands.
            &[1 << 32, 1 << 32, 0],
            &[0, 1 << 32, 1 << 32],
            &[usize::MAX],
        ];
        for sizes in wraps {
            let error = bytes(sizes, ElementType::F64).expect_err("is too much");
            assert!(matches!(error, TensorError::Overflow { .. }), "{error}");
        }
        assert_eq!(bytes(&[0, 1 << 40], ElementType::F64), Ok(0));
    }

    #[test]
    fn rows_are_whole_blocks() {
        assert_eq!(bytes(&[3, 64], ElementType::Q8_0), Ok(3 * 68));
        let error = bytes(&[64, 33], ElementType::Q8_0).expect_err("33 is no multiple of 32");
        assert_eq!(error, TensorError::Block { row: 33, block: 32 });
    }

    #[test]
    fn no_sizes_are_one_element() {
        assert_eq!(bytes(&[], ElementType::F32), Ok(4));
        assert_eq!(
            bytes(&[], ElementType::Q8_0),
            Err(TensorError::Block { row: 1, block: 32 })
        );
    }

    #[test]
    fn nine_dimensions_are_too_many() {
        let error = Shape::new(&[1; 9]).expect_err("too many");
        assert_eq!(error, TensorError::Dimensions { dimensions: 9 });
        assert_eq!(format!("{:?}", Shape::new(&[2, 3])), "Ok([2, 3])");
    }
}
