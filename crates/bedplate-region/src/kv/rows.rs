//! Formats of rows.
//!
//! # Role
//! Floats to the bytes of a row and back, and the dot product of a row with a query.
//!
//! # Errors of rounding
//! Let `s` be the distance of two neighbours of the format around a number: for `Q8_0` and `Q4_0` the
//! block's scale. A number comes back at most `s/2` away: the nearest neighbour is taken, and the scale is
//! chosen so that none is beyond the last (`quantise.rs`, I1). The division that finds it is rounded
//! itself, by 2^-24 of at most 127 steps, and so is the product that gives it back: together less than
//! 2^-15 of a step, so that the bound is `s/2 (1 + 2^-15)`.
//!
//! A dot product with a query `q` sums `q[i] * x'[i]` where `|x'[i] - x[i]| <= s[i]/2`. It is off by at
//! most `sum |q[i]| s[i]/2` from quantising, and by `n u sum |q[i] x'[i]|` from summing `n` products in
//! `f32`, with `u = 2^-23`; the latter is also what [`RowFormat::F32`] has. The tests hold both.

use super::RowError;
use super::quantise::{self, OutOfRange};
use crate::tensor::{Bf16, ElementType, F16, Q4_0_BYTES, Q8_0_BYTES, QUANT_BLOCK, decode};

/// How the numbers of a row are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowFormat {
    /// Floats of 32 bits: exact.
    F32,
    /// Floats of 16 bits of IEEE 754.
    F16,
    /// The upper halves of floats of 32 bits.
    Bf16,
    /// Blocks of 32: a scale and bytes. 8.5 bits a number.
    Q8_0,
    /// Blocks of 32: a scale and halves of bytes. 4.5 bits a number.
    Q4_0,
}

impl RowFormat {
    /// All of them.
    pub const ALL: &[Self] = &[Self::F32, Self::F16, Self::Bf16, Self::Q8_0, Self::Q4_0];

    /// The type of the same layout in model files.
    #[must_use]
    pub const fn element(self) -> ElementType {
        match self {
            Self::F32 => ElementType::F32,
            Self::F16 => ElementType::F16,
            Self::Bf16 => ElementType::Bf16,
            Self::Q8_0 => ElementType::Q8_0,
            Self::Q4_0 => ElementType::Q4_0,
        }
    }

    /// The bytes of so many numbers, whole blocks.
    #[must_use]
    pub const fn row_bytes(self, elements: usize) -> usize {
        elements / self.element().block_elements() * self.element().block_bytes()
    }

    fn check(self, floats: usize, bytes: usize) -> Result<(), RowError> {
        let element = self.element();
        if !floats.is_multiple_of(element.block_elements()) || self.row_bytes(floats) != bytes {
            return Err(RowError::Length { floats, bytes });
        }
        Ok(())
    }

    /// Writes floats as a row. Rounds to the nearest; `F16` and `Bf16` become infinite where they must.
    ///
    /// # Errors
    /// - [`RowError::Length`]: the row is of another number of elements.
    /// - [`RowError::Range`]: a quantised format cannot say the number; the row holds no number of use.
    pub fn encode(self, floats: &[f32], row: &mut [u8]) -> Result<(), RowError> {
        self.check(floats.len(), row.len())?;
        match self {
            Self::F32 => each(floats, row, f32::to_le_bytes),
            Self::F16 => each(floats, row, |n| F16::from_f32(n).0.to_le_bytes()),
            Self::Bf16 => each(floats, row, |n| Bf16::from_f32(n).0.to_le_bytes()),
            Self::Q8_0 => blocks(floats, row.chunks_exact_mut(Q8_0_BYTES), quantise::q8_0)?,
            Self::Q4_0 => blocks(floats, row.chunks_exact_mut(Q4_0_BYTES), quantise::q4_0)?,
        }
        Ok(())
    }

    /// Reads a row as floats.
    ///
    /// # Errors
    /// - [`RowError::Length`]: the row is of another number of elements.
    pub fn decode(self, row: &[u8], floats: &mut [f32]) -> Result<(), RowError> {
        self.check(floats.len(), row.len())?;
        decode(self.element(), row, floats);
        Ok(())
    }

    /// The dot product of a row and a query, always summed in the same order.
    ///
    /// # Errors
    /// - [`RowError::Length`]: the row is of another number of elements.
    pub fn dot(self, row: &[u8], query: &[f32]) -> Result<f32, RowError> {
        self.check(query.len(), row.len())?;
        if self == Self::F32 {
            return Ok(dot_floats(row, query));
        }
        let element = self.element();
        let bytes = QUANT_BLOCK / element.block_elements() * element.block_bytes();
        // A block of floats at a time: they stay in registers or in the nearest cache.
        let mut floats = [0.0; QUANT_BLOCK];
        let mut sums = [0.0; LANES];
        for (block, query) in row.chunks(bytes).zip(query.chunks(QUANT_BLOCK)) {
            let Some(floats) = floats.get_mut(..query.len()) else {
                break;
            };
            decode(element, block, floats);
            add_products(&mut sums, floats, query);
        }
        Ok(sums.iter().sum())
    }
}

/// Sums that are kept side by side, so that they need not wait for each other.
const LANES: usize = 8;

/// Floats are not copied first; the order is that of the other formats.
fn dot_floats(row: &[u8], query: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (floats, _) = row.as_chunks::<4>();
    let (lanes, rest) = floats.as_chunks::<LANES>();
    let (queries, rest_query) = query.as_chunks::<LANES>();
    for (floats, query) in lanes.iter().zip(queries) {
        add_products(&mut sums, &floats.map(f32::from_le_bytes), query);
    }
    for ((sum, float), query) in sums.iter_mut().zip(rest).zip(rest_query) {
        *sum += f32::from_le_bytes(*float) * query;
    }
    sums.iter().sum()
}

#[inline]
fn add_products(sums: &mut [f32; LANES], floats: &[f32], query: &[f32]) {
    for (floats, query) in floats.chunks(LANES).zip(query.chunks(LANES)) {
        for ((sum, float), query) in sums.iter_mut().zip(floats).zip(query) {
            *sum += float * query;
        }
    }
}

fn each<const BYTES: usize>(floats: &[f32], row: &mut [u8], bytes: impl Fn(f32) -> [u8; BYTES]) {
    let (places, _) = row.as_chunks_mut::<BYTES>();
    for (place, float) in places.iter_mut().zip(floats) {
        *place = bytes(*float);
    }
}

fn blocks<'a>(
    floats: &[f32],
    row: impl Iterator<Item = &'a mut [u8]>,
    encode: impl Fn(&[f32; QUANT_BLOCK], &mut [u8]) -> Result<(), OutOfRange>,
) -> Result<(), RowError> {
    let (numbers, _) = floats.as_chunks::<QUANT_BLOCK>();
    for ((numbers, block), first) in numbers.iter().zip(row).zip((0..).step_by(QUANT_BLOCK)) {
        encode(numbers, block).map_err(|error| RowError::Range {
            at: first + error.at,
        })?;
    }
    Ok(())
}
