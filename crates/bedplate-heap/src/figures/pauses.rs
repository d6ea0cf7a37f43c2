//! How long pieces of the collector's work took.
//!
//! # Role
//! [`Pauses`]: a histogram in powers of two. A piece is timed where it is more than a few steps, so a
//! program that frees what it makes reads no clock.

use core::fmt;
use core::time::Duration;

/// Powers of two of nanoseconds that are told apart: what took two seconds or more is in the last.
const BUCKETS: usize = 32;

/// What a piece of work was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Work {
    /// Freeing what lost its last reference, as much as [`crate::Limits::release_steps`] allow.
    Release = 0,
    /// A trial.
    Trial = 1,
    /// A slice of a full pass.
    Pass = 2,
    /// A whole collection: the host asked for it, or there was no memory.
    Collection = 3,
}

impl Work {
    /// Every purpose, by its number.
    pub const ALL: [Self; 4] = [Self::Release, Self::Trial, Self::Pass, Self::Collection];

    /// Its name, as data has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Trial => "trial",
            Self::Pass => "pass",
            Self::Collection => "collection",
        }
    }
}

/// How often work of a purpose took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pauses {
    buckets: [u64; BUCKETS],
    total_ns: u64,
    longest_ns: u64,
}

impl Pauses {
    pub(crate) const fn note(&mut self, ns: u64) {
        let power = 63_u32.saturating_sub(ns.leading_zeros()) as usize;
        let bucket = if power < BUCKETS { power } else { BUCKETS - 1 };
        self.buckets[bucket] += 1;
        self.total_ns = self.total_ns.saturating_add(ns);
        if ns > self.longest_ns {
            self.longest_ns = ns;
        }
    }

    /// Pieces of work.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The time of all together.
    #[must_use]
    pub const fn total(&self) -> Duration {
        Duration::from_nanos(self.total_ns)
    }

    /// The longest.
    #[must_use]
    pub const fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest_ns)
    }

    /// How many took from one power of two of nanoseconds to the next, by the lower one; those that are
    /// zero are left out.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let all = self.buckets.iter().enumerate();
        let lower = |power: usize| if power == 0 { 0 } else { 1 << power };
        all.filter(|(_, count)| **count > 0)
            .map(move |(power, count)| (Duration::from_nanos(lower(power)), *count))
    }

    /// What so many thousandths of the pieces did not take: the upper end of their power of two, and no more
    /// than the longest. Zero where there are none.
    #[must_use]
    pub fn within(&self, thousandths: u16) -> Duration {
        let all = u128::from(self.count());
        let wanted = (all * u128::from(thousandths.min(1000))).div_ceil(1000);
        let mut seen = 0;
        for (power, count) in self.buckets.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= wanted && seen > 0 {
                return Duration::from_nanos(self.longest_ns.min(2 << power));
            }
        }
        Duration::ZERO
    }

    pub(crate) fn each_word(&mut self, call: &mut dyn FnMut(&mut u64)) {
        self.buckets.iter_mut().for_each(&mut *call);
        call(&mut self.total_ns);
        call(&mut self.longest_ns);
    }
}

impl core::ops::AddAssign for Pauses {
    fn add_assign(&mut self, rhs: Self) {
        for (bucket, more) in self.buckets.iter_mut().zip(rhs.buckets) {
            *bucket += more;
        }
        self.total_ns = self.total_ns.saturating_add(rhs.total_ns);
        self.longest_ns = self.longest_ns.max(rhs.longest_ns);
    }
}

impl fmt::Display for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, most) = (self.count(), self.buckets.iter().max());
        writeln!(
            f,
            "{count} pieces, 99 % within {:?}, the longest {:?}, together {:?}",
            self.within(990),
            self.longest(),
            self.total()
        )?;
        let most = u128::from(most.copied().unwrap_or(0).max(1));
        for (from, count) in self.buckets() {
            let width = usize::try_from(u128::from(count) * 40 / most).unwrap_or(40);
            let from = format!("{from:?}");
            writeln!(f, "  from {from:>10} {count:>10} {:#<width$}", "")?;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Pauses {
    /// Figures, and pairs of a bucket's lower end and its count.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let buckets: Vec<(u128, u64)> = self
            .buckets()
            .map(|(from, count)| (from.as_nanos(), count))
            .collect();
        let mut fields = serializer.serialize_struct("Pauses", 4)?;
        fields.serialize_field("count", &self.count())?;
        fields.serialize_field("total_ns", &self.total_ns)?;
        fields.serialize_field("longest_ns", &self.longest_ns)?;
        fields.serialize_field("from_ns", &buckets)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::Pauses;
    use core::time::Duration;

    #[test]
    fn a_pause_is_in_the_bucket_of_its_power() {
        let mut pauses = Pauses::default();
        assert_eq!(pauses.within(990), Duration::ZERO);
        for ns in [0, 1, 2, 3, 1000, 1023, 1024, u64::MAX] {
            pauses.note(ns);
        }
        let buckets: Vec<(u128, u64)> = pauses
            .buckets()
            .map(|(from, count)| (from.as_nanos(), count))
            .collect();
        assert_eq!(buckets, [(0, 2), (2, 2), (512, 2), (1024, 1), (1 << 31, 1)]);
        assert_eq!(pauses.count(), 8);
        assert_eq!(pauses.within(500), Duration::from_nanos(4));
        assert_eq!(pauses.within(750), Duration::from_nanos(1024));
        assert_eq!(pauses.longest(), Duration::from_nanos(u64::MAX));
        assert_eq!(pauses.total(), Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn no_upper_end_is_above_the_longest() {
        let mut pauses = Pauses::default();
        pauses.note(1030);
        assert_eq!(pauses.within(1000), Duration::from_nanos(1030));
        let mut both = pauses;
        both += pauses;
        assert_eq!(both.count(), 2);
        let text = both.to_string();
        assert!(text.starts_with("2 pieces, 99 % within 1.03"), "{text}");
        assert!(text.contains("1.024"), "{text}");
    }
}
