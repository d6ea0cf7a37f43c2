//! Rows to write.
//!
//! # Role
//! The tokens of a sequence that are open, lent until they are let go: as bytes, or as floats that are
//! encoded. What the sequence holds before them can be read at the same time, layer by layer, as a
//! transformer does.

use super::planes::{Part, Plane, Planes};
use super::runs::{Runs, check_layer};
use super::span::Span;
use super::table::Rows;
use super::{KvError, KvShape, RowError};

/// Tokens that can be written, and belong to one sequence alone.
#[derive(Debug)]
pub struct Slots<'a> {
    pub(super) planes: &'a mut Planes,
    pub(super) rows: Rows<'a>,
    pub(super) span: &'a Span,
    pub(super) shape: KvShape,
    /// The first that can be written here.
    pub(super) first: usize,
}

impl Slots<'_> {
    /// How many tokens can be written.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.span.end() - self.first
    }

    /// The position of a token, counted from the first that can be written.
    #[must_use]
    pub const fn position(&self, token: usize) -> i64 {
        self.span.position(self.first + token)
    }

    /// The row of a token's keys in a layer.
    ///
    /// # Errors
    /// - [`KvError::Layer`], [`KvError::Length`]: no such layer, no such token.
    #[inline]
    pub fn keys_mut(&mut self, layer: usize, token: usize) -> Result<&mut [u8], KvError> {
        self.row_mut(layer, token, Part::Key)
    }

    /// The row of a token's values in a layer.
    ///
    /// # Errors
    /// - [`KvError::Layer`], [`KvError::Length`]: no such layer, no such token.
    #[inline]
    pub fn values_mut(&mut self, layer: usize, token: usize) -> Result<&mut [u8], KvError> {
        self.row_mut(layer, token, Part::Value)
    }

    #[inline]
    fn row_mut(&mut self, layer: usize, token: usize, part: Part) -> Result<&mut [u8], KvError> {
        check_layer(&self.shape, layer)?;
        if token >= self.count() {
            return Err(KvError::Length {
                asked_tokens: token,
                have_tokens: self.count(),
            });
        }
        let row = self.rows.row(self.first + token);
        Ok(self.planes.rows_mut(Plane { layer, part }, row, 1))
    }

    /// Writes a token's keys and values in a layer.
    ///
    /// # Errors
    /// - [`RowError::Cache`]: no such layer, no such token.
    /// - [`RowError::Length`]: the floats are not as many as the row's elements.
    /// - [`RowError::Range`]: a quantised row cannot hold them; the row is of no use until written again.
    pub fn write(
        &mut self,
        layer: usize,
        token: usize,
        keys: &[f32],
        values: &[f32],
    ) -> Result<(), RowError> {
        let (key, value) = (self.shape.key(), self.shape.value());
        key.format.encode(keys, self.keys_mut(layer, token)?)?;
        value.format.encode(values, self.values_mut(layer, token)?)
    }

    /// All that the sequence holds in a layer, what can be written here among it.
    ///
    /// # Errors
    /// - [`KvError::Layer`]: no such layer.
    pub fn runs(&self, layer: usize) -> Result<Runs<'_>, KvError> {
        check_layer(&self.shape, layer)?;
        Ok(Runs::new(self.planes, self.rows, self.span, layer))
    }
}
