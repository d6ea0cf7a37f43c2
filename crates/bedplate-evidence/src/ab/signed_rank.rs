//! Signed ranks of interleaved pairs.
//!
//! # Role
//! From the log ratios of pairs (run next to each other in random order): the Hodges-Lehmann
//! estimate, and the signed-rank interval for a fixed number of pairs or at a planned look.
//!
//! # Not here
//! Looking after every pair: `confidence.rs`.
//!
//! # Sources
//! The signed-rank statistic's null distribution is counted exactly for up to `EXACT_MAX` pairs
//! and normal beyond; it needs neither normal noise nor equal variances, only pairs whose
//! differences are symmetric, which the random order gives.

use core::cmp::Ordering;

use super::normal::upper_quantile;

/// Fewest pairs for which a 95 % interval exists: with five the widest covers 93.75 %.
pub const PAIRS_MIN: usize = 6;

/// Most pairs whose distribution is counted; beyond, the normal one differs by less than a rank's
/// share.
const EXACT_MAX: usize = 200;

/// Coverage asked of an interval.
const COVERAGE: f64 = 0.95;

/// A ratio with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The ratio.
    pub ratio: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

impl Estimate {
    /// Below 1 for certain (at 95 %), above 1, or neither.
    #[must_use]
    pub fn direction(&self) -> Ordering {
        if self.high < 1.0 {
            Ordering::Less
        } else if self.low > 1.0 {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

/// The ratio `ours / other` of positive figures measured in pairs.
///
/// `None` with fewer than [`PAIRS_MIN`] pairs, or if a figure is not positive.
#[must_use]
pub fn ratio(pairs: &[(f64, f64)]) -> Option<Estimate> {
    if pairs.len() < PAIRS_MIN {
        return None;
    }
    let logs: Vec<f64> = pairs
        .iter()
        .map(|(ours, other)| (ours / other).ln())
        .collect();
    if logs.iter().any(|log| !log.is_finite()) {
        return None;
    }
    let averages = walsh_averages(&logs);
    let cut = signed_rank_cut(logs.len());
    Some(Estimate {
        ratio: median_of_sorted(&averages).exp(),
        low: averages[cut].exp(),
        high: averages[averages.len() - 1 - cut].exp(),
    })
}

/// The Hodges-Lehmann estimate of the differences' middle: the median of the means of all pairs of
/// them; `None` for none.
#[must_use]
pub fn hodges_lehmann(differences: &[f64]) -> Option<f64> {
    (!differences.is_empty()).then(|| median_of_sorted(&walsh_averages(differences)))
}

/// Middles of the differences that signed ranks do not rule out, `deviations` standard deviations
/// of the rank sum wide; an end that is not ruled out anywhere is `None`.
#[must_use]
pub fn interval(differences: &[f64], deviations: f64) -> (Option<f64>, Option<f64>) {
    let Some(cut) = normal_cut(differences.len(), deviations) else {
        return (None, None);
    };
    let averages = walsh_averages(differences);
    (
        averages.get(cut).copied(),
        averages.len().checked_sub(cut + 1).map(|at| averages[at]),
    )
}

/// Where the middle lies for certain: above (`Greater`) or below `shift`, or neither. The same as
/// [`interval`] would say, in less time.
#[must_use]
pub fn is_beyond(differences: &[f64], shift: f64, deviations: f64) -> Ordering {
    let Some(cut) = normal_cut(differences.len(), deviations) else {
        return Ordering::Equal;
    };
    let mut shifted: Vec<f64> = differences.iter().map(|d| d - shift).collect();
    shifted.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    // The ranks of one sign sum to the number of Walsh averages of that sign.
    let (mut below, mut above) = (0_usize, 0_usize);
    for (rank, value) in shifted.iter().enumerate() {
        if *value <= 0.0 {
            below += rank + 1;
        }
        if *value >= 0.0 {
            above += rank + 1;
        }
    }
    if below <= cut {
        Ordering::Greater
    } else if above <= cut {
        Ordering::Less
    } else {
        Ordering::Equal
    }
}

/// How many Walsh averages to drop at each end for `deviations`; `None` if there are too few.
fn normal_cut(count: usize, deviations: f64) -> Option<usize> {
    let pairs = count as f64;
    let middle = pairs * (pairs + 1.0) / 4.0;
    let deviation = (pairs * (pairs + 1.0) * (2.0 * pairs + 1.0) / 24.0).sqrt();
    let cut = (middle - deviations * deviation).floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and below the number of averages, which are in memory"
    )]
    (count > 0 && cut >= 0.0).then_some(cut as usize)
}

/// The median of figures; `None` for none.
#[must_use]
pub fn median(figures: &[f64]) -> Option<f64> {
    if figures.is_empty() {
        return None;
    }
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(median_of_sorted(&sorted))
}

fn median_of_sorted(sorted: &[f64]) -> f64 {
    let upper = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[upper]
    } else {
        f64::midpoint(sorted[upper - 1], sorted[upper])
    }
}

/// The means of all pairs of values (each with itself too), sorted.
fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let mut averages = Vec::with_capacity(values.len() * (values.len() + 1) / 2);
    for (index, &value) in values.iter().enumerate() {
        averages.extend(
            values[index..]
                .iter()
                .map(|&other| f64::midpoint(value, other)),
        );
    }
    averages.sort_by(f64::total_cmp);
    averages
}

/// How many Walsh averages to drop at each end: the largest k with P(W < k) + P(W > M - k) at most
/// 5 % under the signed-rank statistic's exact distribution for `count` pairs.
fn signed_rank_cut(count: usize) -> usize {
    if count > EXACT_MAX {
        let deviations = upper_quantile((1.0 - COVERAGE) / 2.0);
        return normal_cut(count, deviations).unwrap_or(0);
    }
    // ways[w] is the share of the 2^n sign choices whose positive ranks sum to w.
    let sums = count * (count + 1) / 2;
    let mut ways = vec![0.0_f64; sums + 1];
    ways[0] = 1.0;
    for rank in 1..=count {
        for sum in (0..=sums).rev() {
            let with_rank = if sum >= rank { ways[sum - rank] } else { 0.0 };
            ways[sum] = f64::midpoint(ways[sum], with_rank);
        }
    }
    let mut below = 0.0;
    let mut cut = 0_usize;
    for share in ways {
        below += share;
        if below > (1.0 - COVERAGE) / 2.0 {
            break;
        }
        cut += 1;
    }
    cut.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_is_that_of_the_published_table() {
        // Interval from the (k+1)-th smallest to the (k+1)-th largest Walsh average; the published
        // critical values of the two-sided 5 % test are 0, 2, 3, 5, 8 for n = 6..10, 52 for 20.
        assert_eq!(signed_rank_cut(6), 0);
        assert_eq!(signed_rank_cut(7), 2);
        assert_eq!(signed_rank_cut(8), 3);
        assert_eq!(signed_rank_cut(10), 8);
        assert_eq!(signed_rank_cut(20), 52);
    }

    #[test]
    fn beyond_the_counted_ones_the_normal_cut_takes_over() {
        let exact = signed_rank_cut(EXACT_MAX);
        let normal = normal_cut(EXACT_MAX, 1.959_964).unwrap();
        assert!(exact.abs_diff(normal) <= 5, "{exact} {normal}");
        assert!(signed_rank_cut(EXACT_MAX + 1) > normal);
        assert_eq!(interval(&[0.1, 0.2], 6.0), (None, None));
        assert_eq!(hodges_lehmann(&[]), None);
    }

    #[test]
    fn five_pairs_have_no_interval_and_zeros_no_ratio() {
        assert_eq!(ratio(&[(1.0, 1.0); 5]), None);
        assert_eq!(ratio(&[(0.0, 1.0); 8]), None);
    }

    #[test]
    fn equal_pairs_have_the_ratio_one() {
        let estimate = ratio(&[(2.0, 2.0); 8]).unwrap();
        assert!((estimate.ratio - 1.0).abs() < 1e-12);
        assert_eq!(estimate.direction(), Ordering::Equal);
    }

    #[test]
    fn a_clear_difference_has_a_direction() {
        let pairs: Vec<(f64, f64)> = (0..10)
            .map(|index| (0.8 + 0.001 * f64::from(index), 1.0))
            .collect();
        let estimate = ratio(&pairs).unwrap();
        assert_eq!(estimate.direction(), Ordering::Less);
        assert!(estimate.low <= estimate.ratio && estimate.ratio <= estimate.high);
    }

    /// A small generator of reproducible noise for the simulation (xorshift).
    struct Noise(u64);

    impl Noise {
        fn uniform(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// Sum of uniforms: nearly normal, with a rare large outlier, as timings have.
        fn timing(&mut self) -> f64 {
            let bell: f64 = (0..6).map(|_| self.uniform()).sum::<f64>() - 3.0;
            let outlier = if self.uniform() < 0.05 {
                5.0 * self.uniform()
            } else {
                0.0
            };
            1.0 + 0.02 * (bell + outlier)
        }
    }

    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
        for pairs in [6, 10, 15] {
            let trials = 2000;
            let covered = (0..trials)
                .filter(|_| {
                    let drawn: Vec<(f64, f64)> = (0..pairs)
                        .map(|_| (0.97 * noise.timing(), noise.timing()))
                        .collect();
                    let estimate = ratio(&drawn).unwrap();
                    estimate.low <= 0.97 && 0.97 <= estimate.high
                })
                .count();
            let share = covered as f64 / f64::from(trials);
            assert!(share >= 0.935, "{pairs} pairs: covered {share}");
        }
    }
}
