//! Charts of one line of text.

use super::model::Point;

/// The eight heights of a column.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The largest values over `columns` equal spans of time, each as a column as high as its share of
/// `top`; a span without a point shows the value before it.
#[must_use]
pub fn sparkline(
    points: &[Point],
    value: impl Fn(&Point) -> Option<u64>,
    top: u64,
    columns: usize,
) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let span_ms = ((last.ms - first.ms) / columns.max(1) as f64).max(f64::MIN_POSITIVE);
    let mut text = String::new();
    let mut rest = points.iter().peekable();
    let mut shown = 0;
    for column in 1..=columns {
        let end_ms = if column == columns {
            f64::MAX
        } else {
            first.ms + span_ms * column as f64
        };
        let mut highest = None;
        while let Some(point) = rest.next_if(|point| point.ms <= end_ms) {
            highest = highest.max(value(point));
        }
        shown = highest.unwrap_or(shown);
        text.push(column_of(shown, top));
    }
    text
}

/// A bar of `share` (0 to 1) of `columns` full columns, in eighths.
#[must_use]
pub fn bar(share: f64, columns: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = whole(share.clamp(0.0, 1.0) * (columns * 8) as f64);
    let full = "█".repeat(eighths / 8);
    format!("{full}{}", PARTS[eighths % 8])
}

fn column_of(value: u64, top: u64) -> char {
    let share = value as f64 / top.max(1) as f64;
    let index = whole(share * HEIGHTS.len() as f64).min(HEIGHTS.len() - 1);
    HEIGHTS[index]
}

/// The whole part of a small non-negative number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a few thousand just before"
)]
fn whole(number: f64) -> usize {
    number.clamp(0.0, 100_000.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_show_the_largest_value_of_their_span() {
        let points: Vec<Point> = [(0.0, 0), (1.0, 50), (2.0, 100), (9.0, 10), (10.0, 0)]
            .into_iter()
            .map(|(ms, rss_bytes)| Point {
                ms,
                live_bytes: None,
                rss_bytes,
            })
            .collect();
        assert_eq!(
            sparkline(&points, |point| Some(point.rss_bytes), 100, 5),
            "████▁"
        );
        assert_eq!(
            sparkline(&points[..1], |point| Some(point.rss_bytes), 100, 2),
            "▁▁"
        );
        assert_eq!(sparkline(&[], |_| None, 1, 5), "");
    }

    #[test]
    fn bars_have_eighths() {
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(1.0 / 32.0, 4), "▏");
        assert_eq!(bar(7.0, 2), "██");
        assert_eq!(bar(0.0, 4), "");
    }
}
