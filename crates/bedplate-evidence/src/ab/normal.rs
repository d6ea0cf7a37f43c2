//! The normal distribution.

use core::f64::consts::SQRT_2;

/// Probability of more than `z` deviations above the mean.
#[must_use]
pub fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// The deviations above the mean that are exceeded with `probability`, between 0 and 1.
#[must_use]
pub fn upper_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-40.0_f64, 40.0_f64);
    // Halving an interval of 80 until it is a float's last digit.
    for _halving in 0..80 {
        let middle = f64::midpoint(low, high);
        if upper_tail(middle) > probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        assert!((upper_quantile(0.025) - 1.959_964).abs() < 1e-5);
        assert!((upper_quantile(0.1) - 1.281_552).abs() < 1e-5);
        assert!((upper_quantile(0.5)).abs() < 1e-9);
    }
}
