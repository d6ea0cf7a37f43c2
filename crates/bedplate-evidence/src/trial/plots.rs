//! The plots of a comparison, as inline SVG.
//!
//! # Role
//! Every pair as a point, and the interval as it closed.
//!
//! # Not here
//! Colours: they are variables of the page's style sheet.

use core::fmt::Write as _;

use super::document::{Closed, Document};
use super::words::signed;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;

/// Coordinates of a plot over pairs and percent.
struct Frame {
    pairs: f64,
    low: f64,
    high: f64,
}

impl Frame {
    fn x(&self, pair: f64) -> f64 {
        LEFT + (pair - 0.5) / self.pairs.max(1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, percent: f64) -> f64 {
        let clamped = percent.clamp(self.low, self.high);
        TOP + (self.high - clamped) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)
    }

    /// The plot's beginning: lines at round percentages, the line of no difference, the margin.
    fn begin(&self, label: &str, margin: f64) -> String {
        let mut svg =
            format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">"#);
        let band = (self.y(margin), self.y(-margin));
        let _written = write!(
            svg,
            r#"<rect x="{LEFT}" y="{:.1}" width="{:.1}" height="{:.1}" fill="var(--rss)" opacity=".3"/>"#,
            band.0,
            WIDTH - LEFT - RIGHT,
            band.1 - band.0
        );
        for step in 0..=4 {
            // Exactly 0 in the middle, for both ends are equally far from it.
            let percent = self.high * (f64::from(step) - 2.0) / 2.0;
            self.line(&mut svg, percent, "var(--line)");
            // B cannot take 100 % less than A: such a line has no figure.
            if percent <= -100.0 {
                continue;
            }
            let _written = write!(
                svg,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                LEFT - 8.0,
                self.y(percent) + 4.0,
                signed(percent)
            );
        }
        self.line(&mut svg, 0.0, "var(--rss-line)");
        let _written = write!(
            svg,
            r#"<text x="{LEFT}" y="{0:.1}">pair 1</text><text x="{1:.1}" y="{0:.1}" text-anchor="end">pair {2}</text>"#,
            HEIGHT - 8.0,
            WIDTH - RIGHT,
            self.pairs
        );
        svg
    }

    fn line(&self, svg: &mut String, percent: f64, colour: &str) {
        let _written = write!(
            svg,
            r#"<line x1="{LEFT}" x2="{:.1}" y1="{1:.1}" y2="{1:.1}" stroke="{colour}"/>"#,
            WIDTH - RIGHT,
            self.y(percent)
        );
    }
}

/// Every pair: by how much B took more than A.
pub(super) fn pairs(document: &Document) -> String {
    let changes: Vec<f64> = document
        .pairs
        .iter()
        .map(|pair| 100.0 * (pair.b.of(document.metric) / pair.a.of(document.metric) - 1.0))
        .collect();
    let widest = changes
        .iter()
        .fold(2.0 * document.margin_percent, |most, change| {
            most.max(change.abs())
        });
    let frame = Frame {
        pairs: changes.len() as f64,
        low: -widest,
        high: widest,
    };
    let mut svg = frame.begin("difference of each pair", document.margin_percent);
    for (index, (change, pair)) in changes.iter().zip(&document.pairs).enumerate() {
        let colour = match pair.first {
            crate::ab::Side::A => "var(--p0)",
            crate::ab::Side::B => "var(--p6)",
        };
        let _written = write!(
            svg,
            r#"<circle cx="{:.1}" cy="{:.1}" r="3.2" fill="{colour}"/>"#,
            frame.x(index as f64 + 1.0),
            frame.y(*change)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// The interval after each pair.
pub(super) fn closing(document: &Document) -> String {
    let deviation = document
        .calibration
        .as_ref()
        .map_or(1.0, crate::ab::Calibration::percent);
    let last = document.change_percent.unwrap_or(0.0).abs();
    let widest = (2.0 * last)
        .max(3.0 * document.margin_percent)
        .max(1.5 * deviation);
    let frame = Frame {
        pairs: document.pairs.len() as f64,
        low: -widest,
        high: widest,
    };
    let mut svg = frame.begin("interval as it closed", document.margin_percent);
    let points = |end: fn(&Closed) -> Option<f64>, open: f64| {
        let points = document.closing.iter().map(|point| {
            let pairs = point.0 as f64;
            (frame.x(pairs), frame.y(end(point).unwrap_or(open)))
        });
        points.collect::<Vec<(f64, f64)>>()
    };
    let low = points(|point| point.1, -widest);
    let high = points(|point| point.2, widest);
    let mut outline = String::new();
    for (x, y) in high.iter().chain(low.iter().rev()) {
        let command = if outline.is_empty() { 'M' } else { 'L' };
        let _written = write!(outline, "{command}{x:.1} {y:.1}");
    }
    if !outline.is_empty() {
        let _written = write!(
            svg,
            r#"<path d="{outline} Z" fill="var(--live)" opacity=".35" stroke="var(--live)"/>"#
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_named_by_what_cannot_be() {
        let frame = |widest: f64| Frame {
            pairs: 10.0,
            low: -widest,
            high: widest,
        };
        let wide = frame(216.0).begin("pairs", 0.5);
        assert!(
            wide.contains("+216.0 %") && wide.contains("+108.0 %"),
            "{wide}"
        );
        assert!(
            !wide.contains("-216.0 %") && !wide.contains("-108.0 %"),
            "{wide}"
        );
        let narrow = frame(8.0).begin("pairs", 0.5);
        assert!(narrow.contains("-8.00 %"), "{narrow}");
    }
}
