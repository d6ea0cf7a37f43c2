//! Charts for the HTML report, as inline SVG.
//!
//! # Role
//! The timeline of live and resident bytes, and the plot of ratios with their intervals.
//!
//! # Not here
//! Colours: they are variables of the page's style sheet, so that light and dark both work.

use core::fmt::Write as _;

use super::model::{Point, RatioReport};
use super::units::{bytes, seconds};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 28.0;

/// Live and resident bytes over time.
#[must_use]
pub fn timeline(points: &[Point]) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let highest = points
        .iter()
        .map(|point| point.rss_bytes.max(point.live_bytes.unwrap_or(0)))
        .max();
    let step = nice_step(highest.unwrap_or(0) as f64 / 4.0);
    let top = step * (highest.unwrap_or(0) as f64 / step).ceil().max(1.0);
    let span = (last.ms - first.ms).max(1e-6);
    let x = |ms: f64| LEFT + (ms - first.ms) / span * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="live and resident bytes over time">"#
    );
    let mut value = 0.0;
    while value <= top * 1.001 {
        line(&mut svg, LEFT, y(value), WIDTH - RIGHT);
        label(&mut svg, (LEFT - 8.0, y(value) + 4.0), "end", &bytes(value));
        value += step;
    }
    for (at, anchor) in [
        (0.0, "start"),
        (0.25, "middle"),
        (0.5, "middle"),
        (0.75, "middle"),
        (1.0, "end"),
    ] {
        let ms = first.ms + at * span;
        label(&mut svg, (x(ms), HEIGHT - 8.0), anchor, &seconds(ms / 1e3));
    }
    let resident = path(
        points
            .iter()
            .map(|point| (x(point.ms), y(point.rss_bytes as f64))),
    );
    let base = y(0.0);
    push(
        &mut svg,
        &format!(
            r#"<path d="{resident} L{:.1} {base:.1} L{:.1} {base:.1} Z" fill="var(--rss)" opacity=".55"/><path d="{resident}" fill="none" stroke="var(--rss-line)" stroke-width="1.5"/>"#,
            x(last.ms),
            x(first.ms),
        ),
    );
    let live = path(
        points
            .iter()
            .filter_map(|point| Some((x(point.ms), y(point.live_bytes? as f64)))),
    );
    push(
        &mut svg,
        &format!(r#"<path d="{live}" fill="none" stroke="var(--live)" stroke-width="2"/>"#),
    );
    svg.push_str("</svg>");
    svg
}

/// Ratios with intervals on a logarithmic axis, one row each.
#[must_use]
pub fn ratios(rows: &[(String, RatioReport)]) -> String {
    const ROW: f64 = 26.0;
    const NAME: f64 = 190.0;
    const FIGURES: f64 = 190.0;
    let widest = rows
        .iter()
        .map(|(_, ratio)| ratio.low.ln().abs().max(ratio.high.ln().abs()))
        .fold(0.05_f64, f64::max)
        * 1.15;
    let height = ROW * rows.len() as f64 + 34.0;
    let x = |ratio: f64| NAME + (ratio.ln() + widest) / (2.0 * widest) * (WIDTH - NAME - FIGURES);
    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="ratios with 95 % intervals">"#
    );
    for tick in [
        (-0.85 * widest).exp(),
        (-0.42 * widest).exp(),
        1.0,
        (0.42 * widest).exp(),
        (0.85 * widest).exp(),
    ] {
        push(
            &mut svg,
            &format!(
                r#"<line class="grid" x1="{0:.1}" x2="{0:.1}" y1="4" y2="{1:.1}"{2}/>"#,
                x(tick),
                height - 26.0,
                if (tick - 1.0).abs() < 1e-9 {
                    r#" style="stroke:var(--rss-line)""#
                } else {
                    ""
                },
            ),
        );
        label(
            &mut svg,
            (x(tick), height - 8.0),
            "middle",
            &format!("{tick:.2}"),
        );
    }
    for (index, (name, ratio)) in rows.iter().enumerate() {
        let y = ROW * index as f64 + 18.0;
        let colour = if ratio.high < 1.0 {
            "var(--good)"
        } else if ratio.low > 1.0 {
            "var(--warn)"
        } else {
            "var(--rss-line)"
        };
        label(
            &mut svg,
            (NAME - 16.0, y + 4.0),
            "end",
            &super::html::escape(name),
        );
        push(
            &mut svg,
            &format!(
                r#"<line x1="{:.1}" x2="{:.1}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3" stroke-linecap="round"/><circle cx="{:.1}" cy="{y}" r="5" fill="{colour}"/>"#,
                x(ratio.low),
                x(ratio.high),
                x(ratio.ratio),
            ),
        );
        let figures = format!("{:.3}  [{:.3}, {:.3}]", ratio.ratio, ratio.low, ratio.high);
        label(&mut svg, (WIDTH - RIGHT, y + 4.0), "end", &figures);
    }
    svg.push_str("</svg>");
    svg
}

fn push(svg: &mut String, text: &str) {
    svg.push_str(text);
}

fn line(svg: &mut String, from_x: f64, y: f64, to_x: f64) {
    push(
        svg,
        &format!(r#"<line class="grid" x1="{from_x}" x2="{to_x}" y1="{y:.1}" y2="{y:.1}"/>"#),
    );
}

fn label(svg: &mut String, (x, y): (f64, f64), anchor: &str, text: &str) {
    push(
        svg,
        &format!(r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#),
    );
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        let command = if path.is_empty() { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _written = write!(path, "{command}{x:.1} {y:.1}");
    }
    path
}

/// A round step of at least `least` bytes: 1, 2 or 5 times a power of two.
fn nice_step(least: f64) -> f64 {
    let mut step = 1024.0;
    while step < least {
        step *= 2.0;
    }
    step
}
