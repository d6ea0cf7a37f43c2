//! Products of rows and vectors.
//!
//! # Role
//! [`Matrix`]: rows of weights as they lie in the file, floats or quantised, multiplied by vectors.
//!
//! # Invariants
//! - I1: the bytes are `rows` rows of `columns` numbers.
//! - I2: a product is one dot product of whole rows, in the one order of the format: how the work is
//!   divided changes no bit of it.

use crate::LlamaError;
use bedplate_pool::prelude::*;
use bedplate_region::kv::{RowError, RowFormat};
use bedplate_region::tensor::Tensor;

/// A matrix in a file's bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    format: RowFormat,
    rows: usize,
    columns: usize,
    bytes: &'a [u8],
}

/// Fewer multiplications than these are not worth a look from other threads.
const SERIAL_MAX: usize = 1 << 16;
/// Rows that one thread takes at a time.
const ROWS: usize = 16;

impl<'a> Matrix<'a> {
    /// A tensor of these rows and columns.
    pub(super) fn of(tensor: Tensor<'a>, wanted: [usize; 2]) -> Result<Self, LlamaError> {
        if tensor.shape().sizes() != wanted {
            return Err(LlamaError::Shape {
                tensor: tensor.name().into(),
                is: tensor.shape(),
                wanted,
            });
        }
        let format = RowFormat::ALL
            .iter()
            .find(|format| format.element() == tensor.element_type());
        let format = *format.ok_or_else(|| LlamaError::Elements {
            tensor: tensor.name().into(),
            is: tensor.element_type(),
        })?;
        let [rows, columns] = wanted;
        Ok(Self {
            format,
            rows,
            columns,
            bytes: tensor.bytes(),
        })
    }

    /// The bytes of the rows from one on.
    fn rows_from(&self, row: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let row_bytes = self.format.row_bytes(self.columns);
        let bytes = self.bytes.get(row * row_bytes..).unwrap_or(&[]);
        bytes.chunks_exact(row_bytes)
    }

    /// Reads a row as floats.
    pub(crate) fn read_row(&self, row: usize, floats: &mut [f32]) -> Result<(), RowError> {
        let bytes = self.rows_from(row).next().unwrap_or(&[]);
        self.format.decode(bytes, floats)
    }

    /// Multiplies each vector of `inputs` by every row; `outputs` has as many numbers for each as there are
    /// rows.
    pub(crate) fn apply(&self, inputs: &[f32], outputs: &mut [f32]) -> Result<(), RowError> {
        let work = outputs.len() * self.columns;
        if inputs.len() > self.columns {
            let vectors = inputs.par_chunks(self.columns);
            let pairs = outputs.par_chunks_mut(self.rows).zip(vectors);
            return pairs.try_for_each(|(output, input)| self.apply_rows(0, input, output));
        }
        if work <= SERIAL_MAX {
            return self.apply_rows(0, inputs, outputs);
        }
        let parts = outputs.par_chunks_mut(ROWS).enumerate();
        parts.try_for_each(|(part, outputs)| self.apply_rows(part * ROWS, inputs, outputs))
    }

    fn apply_rows(&self, first: usize, input: &[f32], outputs: &mut [f32]) -> Result<(), RowError> {
        for (output, row) in outputs.iter_mut().zip(self.rows_from(first)) {
            *output = self.format.dot(row, input)?;
        }
        Ok(())
    }
}
