//! Tensors that could not be made or read.

use super::{DIMENSIONS_MAX, ElementType, Shape};
use core::fmt;

/// A tensor that could not be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TensorError {
    /// More dimensions than [`DIMENSIONS_MAX`].
    Dimensions {
        /// How many.
        dimensions: usize,
    },
    /// A row is no whole number of blocks.
    Block {
        /// The elements of a row.
        row: usize,
        /// The elements of a block.
        block: usize,
    },
    /// Elements or bytes are more than 63 bits can say.
    Overflow {
        /// The shape.
        shape: Shape,
    },
    /// The bytes are not as many as shape and type ask for.
    Bytes {
        /// What they ask for.
        need: u64,
        /// How many there are.
        have: u64,
    },
    /// The elements are of another type.
    Type {
        /// What they are.
        is: ElementType,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Elements of this type cannot be read as floats here.
    Unreadable {
        /// What they are.
        is: ElementType,
    },
    /// No scale of a quantised block can say an element.
    Unquantisable {
        /// Which of the block's.
        index: usize,
    },
    /// There is no such row.
    Row {
        /// Which was asked for.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// The floats are not as many as the elements.
    Room {
        /// The elements.
        need: usize,
        /// The floats.
        have: usize,
    },
}

impl fmt::Display for TensorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dimensions { dimensions } => write!(
                f,
                "{dimensions} dimensions, and at most {DIMENSIONS_MAX} are read"
            ),
            Self::Block { row, block } => write!(
                f,
                "rows of {row} elements, which are no whole blocks of {block}; quantise it anew or keep it as F16"
            ),
            Self::Overflow { shape } => {
                write!(f, "shape {shape:?}, whose size no 63 bits can say")
            }
            Self::Bytes { need, have } => {
                write!(f, "{have} bytes where shape and type ask for {need}")
            }
            Self::Type { is, wanted } => {
                write!(f, "elements of type {is} where {wanted} was asked for")
            }
            Self::Unreadable { is } => write!(
                f,
                "elements of type {is}, which are not read as floats; convert them to F32, F16, BF16, Q8_0 or Q4_0"
            ),
            Self::Unquantisable { index } => write!(
                f,
                "element {index} of a block, which is not finite or too large for a scale; keep the tensor as F32"
            ),
            Self::Row { row, rows } => write!(f, "no row {row}: there are {rows}"),
            Self::Room { need, have } => {
                write!(f, "{need} elements, and room for {have} floats")
            }
        }
    }
}

impl core::error::Error for TensorError {}
