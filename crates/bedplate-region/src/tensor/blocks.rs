//! Blocks as floats, and back.
//!
//! # Role
//! [`decode`] for the types that are read here; encoders for `Q8_0` and `Q4_0`.
//!
//! # Invariants
//! - I1: `Q8_0` is a scale (`F16`) and 32 signed bytes; `Q4_0` a scale and 16 bytes, whose lower
//!   halves are the elements 0 to 15 and whose upper halves 16 to 31, each plus 8.
//! - I2: a decoded element is at most half a step from what was encoded, a step being the scale as
//!   it is stored, but for elements at the end of the range that lies opposite the largest one in
//!   `Q4_0`: there are 16 steps and no middle, so that one end is one step short.
//! - I3: a scale is finite; one below the smallest exponent is rounded up, or the largest element
//!   would lie beyond the last step.

use super::{Bf16, Element, ElementType, Elements, F16, TensorError};

/// The elements of a block of `Q8_0` or `Q4_0`.
pub const QUANT_BLOCK: usize = 32;
/// The bytes of a block of `Q8_0`.
pub const Q8_0_BYTES: usize = ElementType::Q8_0.block_bytes();
/// The bytes of a block of `Q4_0`.
pub const Q4_0_BYTES: usize = ElementType::Q4_0.block_bytes();

/// Writes elements as floats; false where elements of the type are not read here. `floats` are as
/// many as the elements.
pub(crate) fn decode(element: ElementType, bytes: &[u8], floats: &mut [f32]) -> bool {
    match element {
        ElementType::F32 => widen(bytes, floats, |number: f32| number),
        ElementType::F16 => widen(bytes, floats, F16::to_f32),
        ElementType::Bf16 => widen(bytes, floats, Bf16::to_f32),
        ElementType::Q8_0 => each_block(bytes, floats, decode_q8_0),
        ElementType::Q4_0 => each_block(bytes, floats, decode_q4_0),
        _ => return false,
    }
    true
}

fn widen<T: Element>(bytes: &[u8], floats: &mut [f32], widened: impl Fn(T) -> f32) {
    for (float, number) in floats.iter_mut().zip(Elements::<T>::of(bytes).iter()) {
        *float = widened(number);
    }
}

fn each_block<const BYTES: usize>(
    bytes: &[u8],
    floats: &mut [f32],
    decode: impl Fn(&[u8; BYTES], &mut [f32; QUANT_BLOCK]),
) {
    let (blocks, _) = bytes.as_chunks::<BYTES>();
    let (room, _) = floats.as_chunks_mut::<QUANT_BLOCK>();
    for (block, floats) in blocks.iter().zip(room) {
        decode(block, floats);
    }
}

fn decode_q8_0(block: &[u8; Q8_0_BYTES], floats: &mut [f32; QUANT_BLOCK]) {
    let [low, high, steps @ ..] = block;
    let scale = F16(u16::from_le_bytes([*low, *high])).to_f32();
    for (float, step) in floats.iter_mut().zip(steps) {
        *float = f32::from(step.cast_signed()) * scale;
    }
}

fn decode_q4_0(block: &[u8; Q4_0_BYTES], floats: &mut [f32; QUANT_BLOCK]) {
    let [low, high, pairs @ ..] = block;
    let scale = F16(u16::from_le_bytes([*low, *high])).to_f32();
    let (first, second) = floats.split_at_mut(QUANT_BLOCK / 2);
    for ((pair, one), other) in pairs.iter().zip(first).zip(second) {
        *one = (f32::from(pair & 0xF) - 8.0) * scale;
        *other = (f32::from(pair >> 4) - 8.0) * scale;
    }
}

/// Makes a block of `Q8_0`.
///
/// # Errors
/// - [`TensorError::Unquantisable`]: an element is not finite, or its size is 8 321 040 or
///   more, for which no scale is large enough.
pub fn encode_q8_0(floats: &[f32; QUANT_BLOCK]) -> Result<[u8; Q8_0_BYTES], TensorError> {
    // The stored scale counts, or its rounding would come on top.
    let scale = scale(floats, |largest| largest.abs() / 127.0)?;
    let inverse = inverse(scale);
    let mut block = [0; Q8_0_BYTES];
    let [low, high, steps @ ..] = &mut block;
    [*low, *high] = scale.0.to_le_bytes();
    for (step, number) in steps.iter_mut().zip(floats) {
        #[expect(clippy::cast_possible_truncation, reason = "clamped; a cast saturates")]
        let whole = (number * inverse).round().clamp(-128.0, 127.0) as i8;
        *step = whole.cast_unsigned();
    }
    Ok(block)
}

/// Makes a block of `Q4_0`.
///
/// # Errors
/// - [`TensorError::Unquantisable`]: an element is not finite, or its size is 524 160 or
///   more, for which no scale is large enough.
pub fn encode_q4_0(floats: &[f32; QUANT_BLOCK]) -> Result<[u8; Q4_0_BYTES], TensorError> {
    // Steps go from -8 to 7: the largest, with its sign, is step -8.
    let scale = scale(floats, |largest| largest / -8.0)?;
    let inverse = inverse(scale);
    let step = |number: f32| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to four bits; a cast saturates"
        )]
        let whole = ((number * inverse).round() + 8.0).clamp(0.0, 15.0) as u8;
        whole
    };
    let mut block = [0; Q4_0_BYTES];
    let [low, high, pairs @ ..] = &mut block;
    [*low, *high] = scale.0.to_le_bytes();
    let (first, second) = floats.split_at(QUANT_BLOCK / 2);
    for ((pair, &one), &other) in pairs.iter_mut().zip(first).zip(second) {
        *pair = step(one) | (step(other) << 4);
    }
    Ok(block)
}

/// The scale of a block, by that of its largest element (I3).
fn scale(floats: &[f32; QUANT_BLOCK], of_largest: impl Fn(f32) -> f32) -> Result<F16, TensorError> {
    let mut largest = 0.0_f32;
    for (index, &number) in floats.iter().enumerate() {
        if F16::from_f32(of_largest(number)).0 & 0x7C00 == 0x7C00 {
            return Err(TensorError::Unquantisable { index });
        }
        if number.abs() > largest.abs() {
            largest = number;
        }
    }
    let wanted = of_largest(largest);
    let scale = F16::from_f32(wanted);
    let is_small = scale.0 & 0x7C00 == 0;
    let is_less = scale.to_f32().abs() < wanted.abs() || (wanted == 0.0 && largest != 0.0);
    // One place more is the next number, over the smallest exponent too.
    Ok(F16(scale.0 + u16::from(is_small && is_less)))
}

/// One by a scale; zero where the scale is, so that each step is zero.
fn inverse(scale: F16) -> f32 {
    let scale = scale.to_f32();
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

#[cfg(test)]
mod tests {
    use super::{
        ElementType, F16, Q4_0_BYTES, Q8_0_BYTES, QUANT_BLOCK, TensorError, decode, encode_q4_0,
        encode_q8_0,
    };
    use bedplate_testkit::Chance;

    fn decoded(element: ElementType, block: &[u8]) -> [f32; QUANT_BLOCK] {
        let mut floats = [0.0; QUANT_BLOCK];
        assert!(decode(element, block, &mut floats));
        floats
    }

    /// Floats of all sizes that the scale of a block can say.
    fn random(chance: &mut Chance) -> [f32; QUANT_BLOCK] {
        let exponent = i32::try_from(chance.below(60)).expect("small") - 42;
        core::array::from_fn(|_| {
            let whole = i16::try_from(chance.below(20_001)).expect("small") - 10_000;
            f32::from(whole) / 10_000.0 * 2.0_f32.powi(exponent)
        })
    }

    #[test]
    fn a_block_by_hand_is_read_as_it_was_written() {
        let mut block = [0_u8; Q8_0_BYTES];
        block[..2].copy_from_slice(&F16::from_f32(0.5).0.to_le_bytes());
        block[2] = 0xFF;
        block[33] = 127;
        let floats = decoded(ElementType::Q8_0, &block);
        assert_eq!((floats[0], floats[1], floats[31]), (-0.5, 0.0, 63.5));
        let mut block = [0x88_u8; Q4_0_BYTES];
        block[..2].copy_from_slice(&F16::from_f32(2.0).0.to_le_bytes());
        block[2] = 0x0F;
        let floats = decoded(ElementType::Q4_0, &block);
        assert_eq!((floats[0], floats[16], floats[1]), (14.0, -16.0, 0.0));
    }

    #[test]
    fn what_comes_back_is_half_a_step_away_at_most() {
        let mut chance = Chance::new(1);
        for _ in 0..2000 {
            let floats = random(&mut chance);
            let block = encode_q8_0(&floats).expect("fits");
            let step = F16(u16::from_le_bytes([block[0], block[1]])).to_f32().abs();
            for (before, after) in floats.iter().zip(decoded(ElementType::Q8_0, &block)) {
                assert!(
                    (before - after).abs() <= step * 0.501,
                    "{before} {after} {step}"
                );
            }
            let block = encode_q4_0(&floats).expect("fits");
            let step = F16(u16::from_le_bytes([block[0], block[1]])).to_f32();
            for (before, after) in floats.iter().zip(decoded(ElementType::Q4_0, &block)) {
                // Opposite the largest the range is one step short.
                let is_end = before / step > 7.5;
                let bound = if is_end { 1.01 } else { 0.501 };
                assert!(
                    (before - after).abs() <= step.abs() * bound,
                    "{before} {after} {step}"
                );
            }
        }
    }

    #[test]
    fn what_no_scale_can_say_is_refused_and_what_one_can_is_not() {
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            let mut floats = [1.0; QUANT_BLOCK];
            floats[7] = number;
            let error = TensorError::Unquantisable { index: 7 };
            assert_eq!(encode_q8_0(&floats), Err(error), "{number}");
            assert_eq!(encode_q4_0(&floats), Err(error), "{number}");
        }
        for sign in [1.0, -1.0] {
            encode_q8_0(&[8_321_040.0 * sign; QUANT_BLOCK]).expect_err("is too large");
            encode_q4_0(&[524_160.0 * sign; QUANT_BLOCK]).expect_err("is too large");
            let most = encode_q8_0(&[8_321_000.0 * sign; QUANT_BLOCK]).expect("fits");
            let all = decoded(ElementType::Q8_0, &most);
            assert!(
                all.iter()
                    .all(|n| (n / sign - 8_321_000.0).abs() < 33_000.0)
            );
            let most = encode_q4_0(&[524_100.0 * sign; QUANT_BLOCK]).expect("fits");
            let all = decoded(ElementType::Q4_0, &most);
            assert!(all.iter().all(|n| (n / sign - 524_100.0).abs() < 33_000.0));
        }
    }

    #[test]
    fn a_block_of_zeros_is_zeros() {
        let zeros = [0.0; QUANT_BLOCK];
        let all = decoded(ElementType::Q8_0, &encode_q8_0(&zeros).expect("fits"));
        assert!(all.iter().all(|&float| float == 0.0));
        let all = decoded(ElementType::Q4_0, &encode_q4_0(&zeros).expect("fits"));
        assert!(all.iter().all(|&float| float == 0.0));
    }
}
