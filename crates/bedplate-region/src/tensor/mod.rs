//! Tensors in a file's bytes.
//!
//! # Role
//! [`Tensor`]: a name, a shape, a type of element and the bytes, wherever they came from. GGUF and
//! safetensors give the same.
//!
//! # Not here
//! Arithmetic; ownership of the bytes: a tensor borrows from what was mapped or copied.
//!
//! # Invariants
//! - I1: a tensor's bytes are exactly as many as its shape and type ask for, and its rows are whole
//!   blocks. Who makes one has checked that.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `shape.rs` | sizes by dimension |
//! | `element.rs` | the types of elements that files hold, with their blocks |
//! | `elements.rs` | bytes as numbers, in place where they are aligned |
//! | `float16.rs` | the two floats of 16 bits |
//! | `blocks.rs` | quantised blocks as floats, and back |
//! | `error.rs` | errors |

mod blocks;
mod element;
#[expect(unsafe_code, reason = "bytes are seen as numbers where they lie")]
mod elements;
mod error;
mod float16;
mod shape;

pub(crate) use blocks::decode;
pub use blocks::{Q4_0_BYTES, Q8_0_BYTES, QUANT_BLOCK, encode_q4_0, encode_q8_0};
pub use element::ElementType;
pub use elements::{Bytes, Element, Elements};
pub use error::TensorError;
pub use float16::{Bf16, F16};
pub use shape::{DIMENSIONS_MAX, Shape};

/// A tensor in a file's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Tensor<'a> {
    name: &'a str,
    element: ElementType,
    shape: Shape,
    bytes: &'a [u8],
}

impl<'a> Tensor<'a> {
    /// Puts a tensor together.
    ///
    /// # Errors
    /// - [`TensorError::Block`], [`TensorError::Overflow`]: the shape does not go with the type.
    /// - [`TensorError::Bytes`]: the bytes are not as many as shape and type ask for.
    pub fn new(
        name: &'a str,
        element: ElementType,
        shape: Shape,
        bytes: &'a [u8],
    ) -> Result<Self, TensorError> {
        let need = shape.bytes(element)?;
        if need != bytes.len() as u64 {
            let have = bytes.len() as u64;
            return Err(TensorError::Bytes { need, have });
        }
        Ok(Self {
            name,
            element,
            shape,
            bytes,
        })
    }

    /// Its name in the file.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// What its elements are.
    #[must_use]
    pub const fn element_type(&self) -> ElementType {
        self.element
    }

    /// Its sizes, the slowest first.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its elements as numbers of one Rust type.
    ///
    /// # Examples
    /// ```
    /// use bedplate_region::tensor::{ElementType, Elements, Shape, Tensor};
    ///
    /// let bytes: Vec<u8> = [1.0_f32, 2.0].iter().flat_map(|n| n.to_le_bytes()).collect();
    /// let tensor = Tensor::new("norm", ElementType::F32, Shape::new(&[2])?, &bytes)?;
    /// let sum: f32 = match tensor.elements::<f32>()? {
    ///     // In place: what an engine's kernels want.
    ///     Elements::Aligned(numbers) => numbers.iter().sum(),
    ///     // The file put them at an odd place.
    ///     unaligned => unaligned.iter().sum(),
    /// };
    /// assert_eq!(sum, 3.0);
    /// # Ok::<(), bedplate_region::tensor::TensorError>(())
    /// ```
    ///
    /// # Errors
    /// - [`TensorError::Type`]: the elements are of another type.
    pub fn elements<T: Element>(&self) -> Result<Elements<'a, T>, TensorError> {
        if T::TYPE != self.element {
            return Err(TensorError::Type {
                is: self.element,
                wanted: T::TYPE.name(),
            });
        }
        Ok(Elements::of(self.bytes))
    }

    /// How many rows there are: vectors of the fastest dimension.
    #[must_use]
    pub fn row_count(&self) -> usize {
        // A tensor without bytes has no rows that could be read.
        self.bytes.len().checked_div(self.row_bytes()).unwrap_or(0)
    }

    /// The bytes of a row; `None` past the last.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&'a [u8]> {
        // Rows without bytes have no end that a place could lie behind.
        if row >= self.row_count() {
            return None;
        }
        let bytes = self.row_bytes();
        let start = row.checked_mul(bytes)?;
        self.bytes.get(start..start.checked_add(bytes)?)
    }

    fn row_bytes(&self) -> usize {
        let (elements, bytes) = (self.element.block_elements(), self.element.block_bytes());
        // I1: rows are whole blocks, and no larger than the tensor unless it is empty.
        (self.shape.row_elements() / elements).saturating_mul(bytes)
    }

    /// Writes a row as floats.
    ///
    /// # Errors
    /// - [`TensorError::Unreadable`]: elements of this type cannot be read here.
    /// - [`TensorError::Row`]: there is no such row.
    /// - [`TensorError::Room`]: `floats` is not as long as a row.
    pub fn read_row(&self, row: usize, floats: &mut [f32]) -> Result<(), TensorError> {
        let bytes = self.row(row).ok_or(TensorError::Row {
            row,
            rows: self.row_count(),
        })?;
        self.read_bytes(bytes, self.shape.row_elements(), floats)
    }

    /// Writes all elements as floats.
    ///
    /// # Errors
    /// - [`TensorError::Unreadable`]: elements of this type cannot be read here.
    /// - [`TensorError::Room`]: `floats` is not as long as the tensor.
    pub fn read(&self, floats: &mut [f32]) -> Result<(), TensorError> {
        // The product was checked when the tensor was made (I1).
        let elements = self.shape.elements().unwrap_or(u64::MAX);
        let elements = usize::try_from(elements).unwrap_or(usize::MAX);
        self.read_bytes(self.bytes, elements, floats)
    }

    fn read_bytes(
        &self,
        bytes: &[u8],
        elements: usize,
        floats: &mut [f32],
    ) -> Result<(), TensorError> {
        if floats.len() != elements {
            return Err(TensorError::Room {
                need: elements,
                have: floats.len(),
            });
        }
        if decode(self.element, bytes, floats) {
            Ok(())
        } else {
            Err(TensorError::Unreadable { is: self.element })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bf16, ElementType, Elements, F16, Shape, Tensor, TensorError};
    use alloc::vec::Vec;

    fn shape(sizes: &[usize]) -> Shape {
        Shape::new(sizes).expect("few dimensions")
    }

    #[test]
    fn a_tensor_has_exactly_the_bytes_of_its_shape() {
        let bytes = [0_u8; 24];
        let make = |sizes: &[usize]| Tensor::new("t", ElementType::F32, shape(sizes), &bytes);
        let tensor = make(&[2, 3]).expect("24 bytes");
        assert_eq!((tensor.row_count(), tensor.name()), (2, "t"));
        assert_eq!(tensor.shape(), shape(&[2, 3]));
        assert_eq!(tensor.row(1).map(<[u8]>::len), Some(12));
        assert_eq!(tensor.row(2), None);
        assert_eq!(tensor.row(usize::MAX), None);
        let error = make(&[2, 4]).expect_err("32 bytes");
        assert_eq!(error, TensorError::Bytes { need: 32, have: 24 });
    }

    #[test]
    fn a_tensor_without_elements_has_no_rows() {
        let tensor = Tensor::new("t", ElementType::F32, shape(&[5, 0]), &[]).expect("is empty");
        assert_eq!(tensor.row_count(), 0);
        assert_eq!(tensor.read(&mut []), Ok(()));
        assert_eq!((tensor.row(0), tensor.row(usize::MAX)), (None, None));
        let error = tensor.read_row(0, &mut []).expect_err("no rows");
        assert_eq!(error, TensorError::Row { row: 0, rows: 0 });
    }

    #[test]
    fn rows_of_each_readable_type_are_read_as_floats() {
        let floats = [0.5_f32, -2.0, 3.25, 0.0];
        let of = |bytes: Vec<u8>, element| {
            let tensor = Tensor::new("t", element, shape(&[2, 2]), &bytes).expect("fits");
            let mut all = [9.0; 4];
            tensor.read(&mut all).expect("is readable");
            let mut row = [9.0; 2];
            tensor.read_row(1, &mut row).expect("there are two");
            assert_eq!(row.map(f32::to_bits), [all[2], all[3]].map(f32::to_bits));
            all
        };
        let bytes = floats.iter().flat_map(|n| n.to_le_bytes()).collect();
        assert_eq!(
            of(bytes, ElementType::F32).map(f32::to_bits),
            floats.map(f32::to_bits)
        );
        let bytes = floats
            .iter()
            .flat_map(|&n| F16::from_f32(n).0.to_le_bytes());
        let read = of(bytes.collect(), ElementType::F16);
        assert_eq!(read.map(f32::to_bits), floats.map(f32::to_bits));
        let bytes = floats
            .iter()
            .flat_map(|&n| Bf16::from_f32(n).0.to_le_bytes());
        let read = of(bytes.collect(), ElementType::Bf16);
        assert_eq!(read.map(f32::to_bits), floats.map(f32::to_bits));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let bytes = [0_u8; 4];
        let tensor = Tensor::new("t", ElementType::I32, shape(&[1]), &bytes).expect("fits");
        let is = ElementType::I32;
        assert_eq!(tensor.read(&mut [0.0]), Err(TensorError::Unreadable { is }));
        let error = tensor.read(&mut [0.0; 2]).expect_err("one element");
        assert_eq!(error, TensorError::Room { need: 1, have: 2 });
        let error = tensor.read_row(1, &mut [0.0]).expect_err("one row");
        assert_eq!(error, TensorError::Row { row: 1, rows: 1 });
        let error = tensor
            .elements::<f32>()
            .expect_err("numbers without fractions");
        assert_eq!(error, TensorError::Type { is, wanted: "F32" });
        assert!(matches!(
            tensor.elements::<i32>(),
            Ok(Elements::Aligned(_) | Elements::Unaligned(_))
        ));
    }
}
