//! How long a run may take.
//!
//! # Role
//! The limit that was asked for, or one by the first run of A: a side that hangs ends the comparison
//! with its name.

use core::time::Duration;

use super::witness::Counter;

/// A run may take so many times what the first run of A took.
const TIMES: f64 = 10.0;

/// Least limit of a run.
const LEAST: Duration = Duration::from_secs(60);

/// Least limit of a run under a counter that slows it down.
const LEAST_COUNTED: Duration = Duration::from_secs(600);

/// How long runs may take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Limit {
    /// The first run may take as long as it likes, and says what the others may.
    #[default]
    Unset,
    /// As was asked for.
    Asked(Duration),
    /// By the first run of A, which took so many seconds.
    ByFirst(f64),
}

impl Limit {
    /// Of these seconds, if any were asked for.
    #[must_use]
    pub fn asked(seconds: Option<f64>) -> Self {
        let asked = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
        asked.map_or(Self::Unset, Self::Asked)
    }

    /// Once the first run of A took so many seconds.
    pub(crate) fn after_first(self, run_s: f64) -> Self {
        match self {
            Self::Asked(_) => self,
            Self::Unset | Self::ByFirst(_) => Self::ByFirst(run_s),
        }
    }

    /// The limit of a run.
    #[must_use]
    pub fn of_run(self) -> Option<Duration> {
        match self {
            Self::Unset => None,
            Self::Asked(limit) => Some(limit),
            Self::ByFirst(run_s) => Some(times(run_s).max(LEAST)),
        }
    }

    /// The limit of a counted run.
    #[must_use]
    pub fn of_counted(self, counter: &Counter) -> Option<Duration> {
        match self {
            Self::Unset => None,
            Self::Asked(limit) => {
                let counted = counter.run_s(limit.as_secs_f64());
                Duration::try_from_secs_f64(counted).ok()
            }
            Self::ByFirst(run_s) => Some(times(counter.run_s(run_s)).max(LEAST_COUNTED)),
        }
    }

    /// The limit of further runs after a counted one took so long.
    #[must_use]
    pub(crate) fn after_counted(self, counter: &Counter, counted: Duration) -> Option<Duration> {
        match self {
            Self::Asked(_) => self.of_counted(counter),
            Self::Unset | Self::ByFirst(_) => Some(times(counted.as_secs_f64()).max(LEAST_COUNTED)),
        }
    }
}

fn times(run_s: f64) -> Duration {
    Duration::try_from_secs_f64(TIMES * run_s).unwrap_or(Duration::MAX)
}

/// How a run ended that took longer.
pub(crate) fn exceeded(limit: Option<Duration>) -> String {
    // To a tenth, which is the least that can be asked for.
    let limit = (10.0 * limit.unwrap_or_default().as_secs_f64()).round() / 10.0;
    format!(
        "a run took longer than {limit} s and was ended with all that it started (--timeout SECONDS \
         sets another limit)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_below_a_second_is_said() {
        let said = |limit| exceeded(Some(Duration::from_secs_f64(limit)));
        assert!(said(0.1).contains("than 0.1 s and"), "{}", said(0.1));
        assert!(said(61.234).contains("than 61.2 s and"), "{}", said(61.234));
        assert!(said(2.0).contains("than 2 s and"), "{}", said(2.0));
    }

    #[test]
    fn what_is_asked_for_holds_and_otherwise_the_first_run_says() {
        let counter = Counter::Callgrind("/bin/true".into());
        let asked = Limit::asked(Some(2.0)).after_first(100.0);
        assert_eq!(asked.of_run(), Some(Duration::from_secs(2)));
        assert!(asked.of_counted(&counter) > Some(Duration::from_secs(100)));
        let open = Limit::asked(None);
        assert_eq!((open.of_run(), open.of_counted(&counter)), (None, None));
        assert_eq!(open.after_first(0.1).of_run(), Some(LEAST));
        let long = open.after_first(20.0);
        assert_eq!(long.of_run(), Some(Duration::from_secs(200)));
        assert!(long.of_counted(&counter) > Some(LEAST_COUNTED));
        assert_eq!(
            open.after_counted(&counter, Duration::from_secs(1)),
            Some(LEAST_COUNTED)
        );
    }
}
