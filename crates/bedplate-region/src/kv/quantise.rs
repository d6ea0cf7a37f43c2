//! Blocks of `Q8_0` and `Q4_0` whose error is half a step.
//!
//! # Role
//! Chooses the scale of a block so that every number is within half a step of one of its steps.
//!
//! # Not here
//! The layout, which is that of model files (`tensor/blocks.rs`), and their encoder of `Q4_0`, which puts
//! the largest number on step -8 and leaves the opposite end up to a whole step away.
//!
//! # Invariants
//! - I1: the scale as stored is at least the one that the block needs, so that no number lies beyond the
//!   last step: rounding to the nearest step is half a step off at most.

use crate::tensor::{F16, QUANT_BLOCK};

/// The largest scale: the largest `F16` that is finite.
const SCALE_MAX: f32 = 65_504.0;

/// The number at `at` is infinite, none, or too large for any scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutOfRange {
    pub(super) at: usize,
}

/// The greatest of the numbers above zero and the greatest of those below, without its sign.
fn reach(floats: &[f32; QUANT_BLOCK]) -> (f32, f32) {
    floats.iter().fold((0.0, 0.0), |(up, down), &n| {
        (f32::max(up, n), f32::max(down, -n))
    })
}

fn check(floats: &[f32; QUANT_BLOCK], largest: f32) -> Result<(), OutOfRange> {
    let beyond = |n: &f32| !n.is_finite() || n.abs() > largest;
    match floats.iter().position(beyond) {
        Some(at) => Err(OutOfRange { at }),
        None => Ok(()),
    }
}

/// The least scale that can be stored and is not below `scale` (I1).
fn stored(scale: f32) -> F16 {
    let nearest = F16::from_f32(scale);
    if nearest.to_f32() < scale {
        F16(nearest.0 + 1)
    } else {
        nearest
    }
}

/// The step that is nearest to a number. A quotient and not a product with the inverse, whose rounding
/// would come on top.
fn step(number: f32, scale: f32) -> f32 {
    if scale == 0.0 {
        0.0
    } else {
        (number / scale).round()
    }
}

/// Writes a block of `Q8_0`: a scale, and 32 steps from -127 to 127.
pub(super) fn q8_0(floats: &[f32; QUANT_BLOCK], block: &mut [u8]) -> Result<(), OutOfRange> {
    check(floats, SCALE_MAX * 127.0)?;
    let (up, down) = reach(floats);
    let scale = stored(up.max(down) / 127.0);
    let (head, steps) = block.split_at_mut(2);
    head.copy_from_slice(&scale.0.to_le_bytes());
    let scale = scale.to_f32();
    for (byte, &number) in steps.iter_mut().zip(floats) {
        #[expect(clippy::cast_possible_truncation, reason = "within 127 (I1)")]
        let whole = step(number, scale) as i8;
        *byte = whole.cast_unsigned();
    }
    Ok(())
}

/// Writes a block of `Q4_0`: a scale, and 32 steps from -8 to 7, each plus 8, in halves of bytes. The
/// scale may be below zero: the side that reaches further gets the eight steps.
pub(super) fn q4_0(floats: &[f32; QUANT_BLOCK], block: &mut [u8]) -> Result<(), OutOfRange> {
    check(floats, SCALE_MAX * 7.0)?;
    let (up, down) = reach(floats);
    let upright = (up / 7.0).max(down / 8.0);
    let turned = (up / 8.0).max(down / 7.0);
    let mut scale = stored(upright.min(turned));
    if turned < upright {
        scale.0 |= 0x8000;
    }
    let (head, pairs) = block.split_at_mut(2);
    head.copy_from_slice(&scale.0.to_le_bytes());
    let scale = scale.to_f32();
    let half = |number: f32| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 15 (I1)"
        )]
        let whole = (step(number, scale) + 8.0) as u8;
        whole
    };
    let (first, second) = floats.split_at(QUANT_BLOCK / 2);
    for ((pair, &one), &other) in pairs.iter_mut().zip(first).zip(second) {
        *pair = half(one) | (half(other) << 4);
    }
    Ok(())
}
