//! The two floats of 16 bits.
//!
//! # Role
//! [`F16`] of IEEE 754 (5 bits of exponent, 10 of fraction) and [`Bf16`] (the upper half of an
//! `f32`), to and from `f32`. Ways back round to the nearest, ties to even.
//!
//! # Not here
//! Arithmetic: kernels widen first.

/// A float of 16 bits of IEEE 754, as its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct F16(pub u16);

/// The upper half of an `f32`, as its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Bf16(pub u16);

/// 2 to the power of -24: the last place of an `F16` without an exponent.
const F16_STEP: f32 = 1.0 / 16_777_216.0;

impl F16 {
    /// The same number; what is none stays none.
    #[must_use]
    #[inline]
    pub fn to_f32(self) -> f32 {
        let sign = u32::from(self.0 & 0x8000) << 16;
        let exponent = u32::from(self.0 >> 10) & 0x1F;
        let fraction = u32::from(self.0) & 0x3FF;
        let magnitude = match exponent {
            // Zero and what is below the smallest exponent: a count of last places, exact in f32.
            0 => {
                #[expect(clippy::cast_precision_loss, reason = "ten bits")]
                let places = fraction as f32;
                (places * F16_STEP).to_bits()
            }
            0x1F => 0x7F80_0000 | (fraction << 13),
            _ => ((exponent + 112) << 23) | (fraction << 13),
        };
        f32::from_bits(sign | magnitude)
    }

    /// The nearest number; infinite where there is none so large.
    #[must_use]
    #[inline]
    pub fn from_f32(number: f32) -> Self {
        let bits = number.to_bits();
        let sign = (bits >> 16) as u16 & 0x8000;
        let magnitude = bits & 0x7FFF_FFFF;
        // 65520 and above round to infinity, as their neighbours do.
        let rounded = if magnitude > 0x7F80_0000 {
            0x7E00
        } else if magnitude >= 0x477F_F000 {
            0x7C00
        } else if magnitude < 0x3880_0000 {
            // Below 2^-14: last places are counted. Adding 2^23 of them has the adder round them off
            // to whole ones, ties to even, and leaves their count in the lowest bits.
            let count = f32::from_bits(magnitude) / F16_STEP + 8_388_608.0;
            count.to_bits() & 0x7FF
        } else {
            let odd = (magnitude >> 13) & 1;
            // The exponent's offset is 112 less here. A carry out of the fraction raises it, as it
            // should.
            (magnitude - (112 << 23) + 0xFFF + odd) >> 13
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most 0x7E00")]
        Self(sign | rounded as u16)
    }
}

impl Bf16 {
    /// The same number.
    #[must_use]
    #[inline]
    pub fn to_f32(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }

    /// The nearest number; infinite where there is none so large.
    #[must_use]
    #[inline]
    pub fn from_f32(number: f32) -> Self {
        let bits = number.to_bits();
        let rounded = if number.is_nan() {
            // Kept from becoming infinite by losing its lower half.
            bits | 0x0040_0000
        } else {
            bits + 0x7FFF + ((bits >> 16) & 1)
        };
        Self((rounded >> 16) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bf16, F16};

    /// What 16 bits mean, by the definition.
    fn meaning(bits: u16) -> f64 {
        let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
        let fraction = f64::from(bits & 0x3FF) / 1024.0;
        let magnitude = match i32::from(bits >> 10 & 0x1F) {
            0 => fraction * 2.0_f64.powi(-14),
            31 if fraction > 0.0 => return f64::NAN,
            31 => f64::INFINITY,
            exponent => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
        };
        sign * magnitude
    }

    #[test]
    fn each_f16_means_what_the_standard_says_and_comes_back() {
        for bits in 0..=u16::MAX {
            let number = F16(bits).to_f32();
            if meaning(bits).is_nan() {
                assert!(number.is_nan() && F16::from_f32(number).to_f32().is_nan());
            } else {
                assert_eq!(
                    f64::from(number).to_bits(),
                    meaning(bits).to_bits(),
                    "{bits:#x}"
                );
                assert_eq!(F16::from_f32(number), F16(bits), "{bits:#x}");
            }
        }
    }

    #[test]
    fn numbers_between_two_f16_go_to_the_nearer_and_ties_to_the_even() {
        for bits in 0..0x7BFF_u16 {
            let (low, high) = (F16(bits).to_f32(), F16(bits + 1).to_f32());
            // Exact: one bit more than the two have.
            let middle = low + (high - low) / 2.0;
            let even = if bits.is_multiple_of(2) {
                bits
            } else {
                bits + 1
            };
            assert_eq!(F16::from_f32(middle), F16(even), "{bits:#x}");
            assert_eq!(F16::from_f32(middle.next_down()), F16(bits), "{bits:#x}");
            assert_eq!(F16::from_f32(middle.next_up()), F16(bits + 1), "{bits:#x}");
            assert_eq!(F16::from_f32(-middle), F16(even | 0x8000), "{bits:#x}");
        }
    }

    #[test]
    fn what_is_too_large_for_an_f16_is_infinite() {
        for (number, bits) in [
            (65504.0, 0x7BFF),
            (65519.996, 0x7BFF),
            (65520.0, 0x7C00),
            (f32::MAX, 0x7C00),
            (f32::INFINITY, 0x7C00),
            (f32::NEG_INFINITY, 0xFC00),
            (1e-10, 0),
            (-1e-10, 0x8000),
        ] {
            assert_eq!(F16::from_f32(number), F16(bits), "{number}");
        }
    }

    #[test]
    fn bf16_is_the_upper_half_rounded() {
        for bits in 0..=u16::MAX {
            let number = Bf16(bits).to_f32();
            if number.is_nan() {
                assert!(Bf16::from_f32(number).to_f32().is_nan());
            } else {
                assert_eq!(Bf16::from_f32(number), Bf16(bits));
            }
        }
        assert_eq!(Bf16::from_f32(f32::from_bits(0x3F80_8000)), Bf16(0x3F80));
        assert_eq!(Bf16::from_f32(f32::from_bits(0x3F81_8000)), Bf16(0x3F82));
        assert_eq!(Bf16::from_f32(f32::from_bits(0x3F80_8001)), Bf16(0x3F81));
        assert_eq!(
            Bf16::from_f32(f32::MAX).to_f32().to_bits(),
            f32::INFINITY.to_bits()
        );
        // A NaN whose upper half alone would be infinite.
        assert!(
            Bf16::from_f32(f32::from_bits(0x7F80_0001))
                .to_f32()
                .is_nan()
        );
    }
}
