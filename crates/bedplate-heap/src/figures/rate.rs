//! Objects made in a second.

/// Back from now, what was a second ago counts a third of what is now.
const SECOND_NS: f64 = 1e9;
/// Two looks nearer to each other than this are one.
const APART_NS: u64 = 1_000_000;

/// An average that forgets: of what was seen between two looks, the older counts less.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    at_ns: u64,
    made: u64,
    is_begun: bool,
    per_second: f64,
}

impl Rate {
    pub(crate) const fn new(at_ns: u64) -> Self {
        Self::since(at_ns, 0)
    }

    /// Of what is made from now on, when so many objects were.
    pub(crate) const fn since(at_ns: u64, made: u64) -> Self {
        Self {
            at_ns,
            made,
            is_begun: false,
            per_second: 0.0,
        }
    }

    /// So many objects were made until now.
    pub(crate) fn note(&mut self, at_ns: u64, made: u64) {
        let lasted_ns = at_ns.saturating_sub(self.at_ns);
        if lasted_ns < APART_NS {
            return;
        }
        let lasted_ns = as_float(lasted_ns);
        let now = as_float(made.saturating_sub(self.made)) * SECOND_NS / lasted_ns;
        let share = if self.is_begun {
            1.0 - (-lasted_ns / SECOND_NS).exp()
        } else {
            1.0
        };
        self.per_second += share * (now - self.per_second);
        (self.at_ns, self.made, self.is_begun) = (at_ns, made, true);
    }

    pub(crate) const fn per_second(&self) -> f64 {
        self.per_second
    }
}

#[expect(clippy::cast_precision_loss, reason = "an average")]
const fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::Rate;

    #[test]
    fn a_rate_follows_and_forgets() {
        let mut rate = Rate::new(0);
        let mut made = 0;
        for tenth in 1..=20 {
            made += 100;
            rate.note(tenth * 100_000_000, made);
            assert!((rate.per_second() - 1000.0).abs() < 1.0);
        }
        // Nothing for a second: a third is left.
        rate.note(3_000_000_000, made);
        assert!((300.0..400.0).contains(&rate.per_second()));
        // Nearer than a millisecond: the next look counts it.
        rate.note(3_000_000_001, made + 1_000_000);
        assert!(rate.per_second() < 400.0);
        // A heap that went back to a checkpoint made less.
        rate.note(4_000_000_000, 5);
        assert!(rate.per_second() < 150.0);
    }
}
