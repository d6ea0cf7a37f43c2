//! When the time of a comparison is up.
//!
//! # Role
//! A pair that cannot end in time is not begun: it would take what others were to have. How long the next one
//! takes is what the longest of those before it took.

use core::fmt;
use core::time::Duration;
use std::time::Instant;

use crate::report::units::{counted, seconds};

/// What there was no time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// Pairs of A against A, of which so many were made, and a pair of A and B.
    Calibration(usize),
    /// A pair, after so many.
    Pair(usize),
}

/// A comparison ended because its next step could not have ended in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUp {
    awaited: Awaited,
    /// What it would have taken, about.
    needed: Duration,
    /// What was left.
    left: Duration,
}

impl fmt::Display for TimeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = seconds(self.needed.as_secs_f64());
        match self.awaited {
            Awaited::Calibration(done) => write!(
                f,
                "NO TIME: no pair was made: after {} of A against A, those left and a pair would have taken \
                 about {about}",
                counted(done as u64, "pair", "pairs")
            )?,
            Awaited::Pair(0) => write!(
                f,
                "NO TIME: no pair was made: one would have taken about {about}"
            )?,
            Awaited::Pair(done) => write!(
                f,
                "TIME UP after {}: the next would have taken about {about}",
                counted(done as u64, "pair", "pairs")
            )?,
        }
        if self.left.is_zero() {
            return f.write_str(", and no time was left");
        }
        write!(f, ", and {} were left", seconds(self.left.as_secs_f64()))
    }
}

/// The time a comparison has, and how long its pairs take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    deadline: Option<Instant>,
    longest: Duration,
    begun: Instant,
}

impl Clock {
    /// One that ends then, if ever; the first pair begins now.
    pub(crate) fn new(deadline: Option<Instant>) -> Self {
        Self {
            deadline,
            longest: Duration::ZERO,
            begun: Instant::now(),
        }
    }

    /// A pair ended, and another one may begin.
    pub(crate) fn lap(&mut self) {
        let now = Instant::now();
        self.longest = self.longest.max(now - self.begun);
        self.begun = now;
    }

    /// Whether so many pairs can end in time; else what is to be said. None that is left is time for none.
    pub(crate) fn room_for(&self, pairs: usize, awaited: Awaited) -> Result<(), TimeUp> {
        let Some(deadline) = self.deadline else {
            return Ok(());
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let needed = self.longest * u32::try_from(pairs).unwrap_or(u32::MAX);
        if needed < left {
            return Ok(());
        }
        Err(TimeUp {
            awaited,
            needed,
            left,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_cannot_end_in_time_is_told() {
        let in_a_minute = Instant::now() + Duration::from_secs(60);
        let clock = |longest| Clock {
            longest: Duration::from_secs(longest),
            ..Clock::new(Some(in_a_minute))
        };
        assert!(clock(10).room_for(5, Awaited::Pair(1)).is_ok());
        let up = clock(70).room_for(1, Awaited::Pair(1)).unwrap_err();
        let said = up.to_string();
        assert!(
            said.starts_with("TIME UP after 1 pair: the next would have taken about 70.0 s, and "),
            "{said}"
        );
        let up = clock(10).room_for(8, Awaited::Calibration(2)).unwrap_err();
        assert!(
            up.to_string().contains("after 2 pairs of A against A"),
            "{up}"
        );
        assert!(Clock::new(None).room_for(1000, Awaited::Pair(0)).is_ok());
        // Nothing is known of a pair yet, and nothing is left.
        let late = Clock::new(Some(Instant::now()));
        let up = late.room_for(1, Awaited::Pair(0)).unwrap_err();
        assert!(up.to_string().ends_with("no time was left"), "{up}");
    }
}
