//! What a file says of one tensor.
//!
//! # Role
//! Name, sizes, type and place, checked each on its own; that no two share bytes is the index's
//! concern.

use super::DIMENSIONS;
use super::cursor::Cursor;
use super::error::Defect;
use super::index::check_name;
use crate::tensor::{ElementType, Shape, Tensor, TensorError};

/// The fewest bytes that a description takes: no name and no dimensions.
pub(super) const LEAST_BYTES: usize = 24;

/// What a file says of one tensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Description<'a> {
    pub(super) name: &'a str,
    element: ElementType,
    shape: Shape,
    /// Where its data begins, from the beginning of all data.
    pub(super) offset: u64,
    /// The bytes of its data.
    pub(super) bytes: u64,
}

/// A description that is wrong, and the name if it was read.
#[derive(Debug)]
pub(super) struct Wrong<'a> {
    pub(super) name: Option<&'a [u8]>,
    pub(super) defect: Defect,
}

impl<'a> Description<'a> {
    /// Reads one at the cursor.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Wrong<'a>> {
        let bytes = cursor
            .text()
            .map_err(|defect| Wrong { name: None, defect })?;
        Self::read_rest(bytes, cursor).map_err(|defect| Wrong {
            name: Some(bytes),
            defect,
        })
    }

    fn read_rest(name: &'a [u8], cursor: &mut Cursor<'a>) -> Result<Self, Defect> {
        let name = check_name(name)?;
        let dimensions = cursor.u32()?;
        // The format's order is fastest first, ours slowest first.
        let mut sizes = [1_usize; DIMENSIONS];
        let used = usize::try_from(dimensions)
            .ok()
            .and_then(|used| sizes.get_mut(..used))
            .ok_or(Defect::Dimensions { dimensions })?;
        for size in used.iter_mut().rev() {
            // A size that no address space holds overflows below like any other.
            *size = usize::try_from(cursor.u64()?).unwrap_or(usize::MAX);
        }
        let shape = Shape::new(used).map_err(Defect::Shape)?;
        let number = cursor.u32()?;
        let element = ElementType::from_gguf(number).ok_or_else(|| {
            ElementType::removed(number).map_or(Defect::ElementType { number }, |name| {
                Defect::RemovedType { name }
            })
        })?;
        let offset = cursor.u64()?;
        let bytes = shape.bytes(element).map_err(Defect::Shape)?;
        Ok(Self {
            name,
            element,
            shape,
            offset,
            bytes,
        })
    }

    /// Where the data ends, from the beginning of all data; checks that it begins at a multiple of
    /// the alignment and ends inside the file.
    pub(super) fn check_place(&self, alignment: u32, have: u64) -> Result<(), Defect> {
        let (offset, bytes) = (self.offset, self.bytes);
        if !offset.is_multiple_of(u64::from(alignment)) {
            return Err(Defect::Misaligned { offset, alignment });
        }
        match offset.checked_add(bytes) {
            Some(end) if end <= have => Ok(()),
            _ => Err(Defect::Outside {
                offset,
                bytes,
                have,
            }),
        }
    }

    /// The tensor in all data.
    pub(super) fn tensor(&self, data: &'a [u8]) -> Result<Tensor<'a>, TensorError> {
        let range = usize::try_from(self.offset)
            .ok()
            .zip(usize::try_from(self.bytes).ok())
            .and_then(|(start, bytes)| data.get(start..start.checked_add(bytes)?));
        Tensor::new(self.name, self.element, self.shape, range.unwrap_or(&[]))
    }
}
