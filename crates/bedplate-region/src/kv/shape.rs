//! Layers and rows.
//!
//! # Role
//! What a cache holds for each token: a row of keys and a row of values in every layer.

use super::{KvError, RowFormat};

/// The keys, or the values, of one token in one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Numbers: heads times the size of a head.
    pub elements: usize,
    /// How they are stored.
    pub format: RowFormat,
}

impl Row {
    pub(super) const fn bytes(self) -> usize {
        self.format.row_bytes(self.elements)
    }
}

/// What a cache holds for each token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KvShape {
    layers: usize,
    key: Row,
    value: Row,
}

/// Beyond any model; keeps sums of sizes from wrapping.
const LAYERS_MAX: usize = 1 << 16;
const ELEMENTS_MAX: usize = 1 << 24;

impl KvShape {
    /// A shape of so many layers with these rows.
    ///
    /// # Errors
    /// - [`KvError::Shape`]: no layer, a row of nothing, more than 65,536 layers or 2^24 elements, or
    ///   elements that are no whole number of a format's blocks.
    pub const fn new(layers: usize, key: Row, value: Row) -> Result<Self, KvError> {
        if layers == 0 || layers > LAYERS_MAX {
            return Err(KvError::Shape("there must be 1 to 65536 layers"));
        }
        let rows = [key, value];
        let mut at = 0;
        while at < rows.len() {
            let row = rows[at];
            if row.elements == 0 || row.elements > ELEMENTS_MAX {
                return Err(KvError::Shape("a row has 1 to 2^24 elements"));
            }
            if !row
                .elements
                .is_multiple_of(row.format.element().block_elements())
            {
                return Err(KvError::Shape(
                    "a quantised row is a multiple of 32 elements",
                ));
            }
            at += 1;
        }
        Ok(Self { layers, key, value })
    }

    /// The layers.
    #[must_use]
    pub const fn layers(&self) -> usize {
        self.layers
    }

    /// The row of keys.
    #[must_use]
    pub const fn key(&self) -> Row {
        self.key
    }

    /// The row of values.
    #[must_use]
    pub const fn value(&self) -> Row {
        self.value
    }

    /// The bytes of one token in all layers.
    #[must_use]
    pub const fn token_bytes(&self) -> usize {
        self.layers * (self.key.bytes() + self.value.bytes())
    }
}
