//! Figures in plain words.

use super::measure::Metric;
use crate::ab::Interval;

/// A shift, the logarithm of A's figure over B's, as the percentage by which B takes more than A;
/// negative where it takes less.
#[must_use]
pub fn change_percent(shift: f64) -> f64 {
    100.0 * (-shift).exp_m1()
}

/// The ends of an interval likewise, the lower first.
#[must_use]
pub fn change_interval(interval: Interval) -> [Option<f64>; 2] {
    [
        interval.high.map(change_percent),
        interval.low.map(change_percent),
    ]
}

/// "B takes 3.1 % less time than A".
#[must_use]
pub fn change(percent: f64, metric: Metric) -> String {
    let noun = metric.noun();
    let (shown, word) = less_or_more(percent);
    format!("B takes {shown} {word} {noun} than A")
}

/// "between 2.0 % less and 0.4 % more".
#[must_use]
pub fn range(ends: [Option<f64>; 2]) -> String {
    let said = |percent: f64| {
        let (shown, word) = less_or_more(percent);
        format!("{shown} {word}")
    };
    match ends {
        [Some(low), Some(high)] => format!("between {} and {}", said(low), said(high)),
        [Some(low), None] => format!("at least {}, with no upper end yet", said(low)),
        [None, Some(high)] => format!("at most {}, with no lower end yet", said(high)),
        [None, None] => "anything, after so few pairs".to_owned(),
    }
}

fn less_or_more(percent: f64) -> (String, &'static str) {
    let word = if percent < 0.0 { "less" } else { "more" };
    (share(percent.abs()), word)
}

/// A percentage with as many digits as it has meaning.
#[must_use]
pub fn share(percent: f64) -> String {
    let size = percent.abs();
    if size >= 9.95 {
        format!("{percent:.1} %")
    } else if size >= 0.095 {
        format!("{percent:.2} %")
    } else if size > 0.0 {
        format!("{percent:.4} %")
    } else {
        "0 %".to_owned()
    }
}

/// A percentage with its sign.
#[must_use]
pub fn signed(percent: f64) -> String {
    if percent <= 0.0 {
        share(percent)
    } else {
        format!("+{}", share(percent))
    }
}

/// A moment as `2026-11-21 10:28:50 UTC`.
#[must_use]
pub fn moment(unix_s: u64) -> String {
    let (days, seconds) = (unix_s / 86_400, unix_s % 86_400);
    // Counted from 0000-03-01, so that a leap day ends its year (Hinnant, chrono-compatible date
    // algorithms).
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        seconds / 3600,
        seconds % 3600 / 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_well() {
        assert_eq!(
            change(change_percent(0.05), Metric::Wall),
            "B takes 4.88 % less time than A"
        );
        assert_eq!(
            range([Some(-2.0), Some(0.4)]),
            "between 2.00 % less and 0.40 % more"
        );
        assert_eq!(
            change(12.34, Metric::Rss),
            "B takes 12.3 % more memory at its peak than A"
        );
        assert_eq!(share(0.0), "0 %");
        assert!(range([None, None]).contains("few pairs"));
        assert!(range([Some(-1.0), None]).contains("at least 1.00 % less"));
        assert!(range([None, Some(1.0)]).contains("at most 1.00 % more"));
    }

    #[test]
    fn moments_are_dates() {
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(moment(1_795_256_930), "2026-11-21 10:28:50 UTC");
    }
}
