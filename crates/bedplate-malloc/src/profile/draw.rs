//! Random distances between sample points.
//!
//! # Role
//! Numbers with an exponential distribution, from a generator of one word, without the C library's
//! mathematics.
//!
//! # Sources
//! Marsaglia, "Xorshift RNGs" (2003), with Vigna's multiplier (2014).

use core::cell::Cell;

/// A generator of random words.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Random(Cell<u64>);

impl Random {
    /// A generator; any seed will do.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Cell::new(seed | 1))
    }

    fn word(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Whole bytes to the next sample point, `mean` on the average.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "rates are far below 2^53, and so is every product"
    )]
    pub(crate) fn distance(&self, mean: u64) -> u64 {
        // In (0, 1], of 53 bits.
        let uniform = ((self.word() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        (-logarithm(uniform) * mean as f64) as u64
    }
}

/// The natural logarithm of a positive number, to the last bits of a double.
fn logarithm(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) as i32) - 1023;
    let mut mantissa = f64::from_bits(bits & !(0x7ff << 52) | 0x3ff << 52);
    if mantissa > core::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    // Of |t| below 0.172 the series ln m = 2 (t + t^3 / 3 + t^5 / 5 ...) needs eleven terms.
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let mut sum = 0.0;
    let mut odd = 21.0;
    while odd > 0.0 {
        sum = sum * square + 1.0 / odd;
        odd -= 2.0;
    }
    // In two steps: a fused one is a call of the mathematics library on processors without it.
    let whole = f64::from(exponent) * core::f64::consts::LN_2;
    whole + 2.0 * t * sum
}

#[cfg(test)]
mod tests {
    use super::{Random, logarithm};

    #[test]
    fn the_logarithm_is_the_logarithm() {
        for i in 1..5000_u32 {
            let x = f64::from(i) / 4321.0;
            let (ours, real) = (logarithm(x), x.ln());
            assert!((ours - real).abs() <= 1e-14 * real.abs().max(1.0), "{x}");
        }
        assert!((logarithm(f64::powi(2.0, -53)) + 53.0 * 2_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn distances_have_their_mean_and_shape() {
        let random = Random::new(7);
        let count = 200_000;
        let drawn: Vec<f64> = (0..count).map(|_| random.distance(1000) as f64).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(count);
        // Whole bytes: half a byte less. The standard error is 2.2.
        assert!((mean - 999.5).abs() < 9.0, "{mean}");
        let beyond = drawn.iter().filter(|d| **d >= 1000.0).count() as f64 / f64::from(count);
        assert!((beyond - (-1_f64).exp()).abs() < 0.005, "{beyond}");
    }
}
