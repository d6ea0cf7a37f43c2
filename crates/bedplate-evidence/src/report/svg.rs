//! Charts for the HTML report, as inline SVG.
//!
//! # Role
//! The timeline of live and resident bytes, objects by kind over time, and the plot of ratios with their intervals.
//!
//! # Not here
//! Colours: they are variables of the page's style sheet, so that light and dark both work.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;

use super::model::{Point, RatioReport};
use super::object_heaps::ObjectPoint;
use super::units::{bytes, count, seconds, whole};

/// For whom a chart is drawn: its letters keep their size, so that a small window needs another
/// drawing, not a smaller one. The style sheet shows the one that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// A desk's.
    Wide,
    /// A telephone's.
    Narrow,
}

impl Window {
    fn width(self) -> f64 {
        match self {
            Self::Wide => 1000.0,
            Self::Narrow => 360.0,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

const HEIGHT: f64 = 260.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 28.0;

/// Live and resident bytes over time.
#[must_use]
pub fn timeline(points: &[Point], window: Window) -> String {
    let width = window.width();
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
    let x = |ms: f64| LEFT + (ms - first.ms) / span * (width - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        r#"<svg class="{}" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="bytes over time">"#,
        window.class()
    );
    let mut value = 0.0;
    while value <= top * 1.001 {
        line(&mut svg, LEFT, y(value), width - RIGHT);
        label(&mut svg, (LEFT - 8.0, y(value) + 4.0), "end", &bytes(value));
        value += step;
    }
    let marks: &[(f64, &str)] = match window {
        Window::Wide => &[
            (0.0, "start"),
            (0.25, "middle"),
            (0.5, "middle"),
            (0.75, "middle"),
            (1.0, "end"),
        ],
        Window::Narrow => &[(0.0, "start"), (0.5, "middle"), (1.0, "end")],
    };
    for &(at, anchor) in marks {
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

/// The kinds of objects in `points`, the most first: as [`objects`] colours them.
#[must_use]
pub fn kinds(points: &[ObjectPoint]) -> Vec<String> {
    let mut most: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, objects) in points.iter().flat_map(|point| &point.kinds) {
        let most = most.entry(kind).or_default();
        *most = (*most).max(*objects);
    }
    let mut kinds: Vec<(&str, u64)> = most.into_iter().collect();
    kinds.sort_by_key(|(_, objects)| core::cmp::Reverse(*objects));
    kinds.into_iter().map(|(kind, _)| kind.to_owned()).collect()
}

/// Objects by kind over time, on top of each other.
#[must_use]
pub fn objects(points: &[ObjectPoint], window: Window) -> String {
    let width = window.width();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let highest = points.iter().map(|point| point.kinds.values().sum::<u64>());
    let highest = highest.max().unwrap_or(0).max(1) as f64;
    let step = whole_step(highest / 4.0);
    let top = step * (highest / step).ceil().max(1.0);
    let span = (last.ms - first.ms).max(1e-6);
    let x = |ms: f64| LEFT + (ms - first.ms) / span * (width - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        r#"<svg class="{}" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="objects by kind over time">"#,
        window.class()
    );
    let mut value = 0.0;
    while value <= top * 1.001 {
        line(&mut svg, LEFT, y(value), width - RIGHT);
        let text = count(whole(value));
        label(&mut svg, (LEFT - 8.0, y(value) + 4.0), "end", &text);
        value += step;
    }
    for (ms, anchor) in [(first.ms, "start"), (last.ms, "end")] {
        label(&mut svg, (x(ms), HEIGHT - 8.0), anchor, &seconds(ms / 1e3));
    }
    let mut below = vec![0_u64; points.len()];
    for (number, kind) in kinds(points).iter().enumerate() {
        let lower: Vec<(f64, f64)> = points
            .iter()
            .zip(&below)
            .map(|(point, below)| (x(point.ms), y(*below as f64)))
            .collect();
        for (point, below) in points.iter().zip(&mut below) {
            *below += point.kinds.get(kind).copied().unwrap_or(0);
        }
        let upper = points
            .iter()
            .zip(&below)
            .map(|(point, below)| (x(point.ms), y(*below as f64)));
        let outline = path(upper.chain(lower.into_iter().rev()));
        push(
            &mut svg,
            &format!(r#"<path d="{outline} Z" fill="var(--p{number})"/>"#),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Ratios with intervals on a logarithmic axis, one row each.
#[must_use]
pub fn ratios(rows: &[(String, RatioReport)], window: Window) -> String {
    let width = window.width();
    // A row's height, what name and figures take beside the interval, and how far above it they are.
    let (row, name_width, figures_width, lift) = match window {
        Window::Wide => (26.0, 190.0, 190.0, -4.0),
        Window::Narrow => (44.0, 6.0, 6.0, 12.0),
    };
    let widest = rows
        .iter()
        .map(|(_, ratio)| ratio.low.ln().abs().max(ratio.high.ln().abs()))
        .fold(0.05_f64, f64::max)
        * 1.15;
    let height = row * rows.len() as f64 + 34.0;
    let x = |ratio: f64| {
        name_width + (ratio.ln() + widest) / (2.0 * widest) * (width - name_width - figures_width)
    };
    let mut svg = format!(
        r#"<svg class="{}" viewBox="0 0 {width} {height}" role="img" aria-label="ratios with 95 % intervals">"#,
        window.class()
    );
    axis(&mut svg, widest, height, x);
    for (index, (name, ratio)) in rows.iter().enumerate() {
        let y = row * index as f64 + row - 8.0;
        let colour = if ratio.high < 1.0 {
            "var(--good)"
        } else if ratio.low > 1.0 {
            "var(--warn)"
        } else {
            "var(--rss-line)"
        };
        let (name_x, anchor) = match window {
            Window::Wide => (name_width - 16.0, "end"),
            Window::Narrow => (0.0, "start"),
        };
        let name = super::html::escape(&shortened(name, window));
        label(&mut svg, (name_x, y - lift), anchor, &name);
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
        label(&mut svg, (width - RIGHT, y - lift), "end", &figures);
    }
    svg.push_str("</svg>");
    svg
}

/// The lines of an axis that reaches `widest` to both sides of 1, by natural logarithm.
fn axis(svg: &mut String, widest: f64, height: f64, x: impl Fn(f64) -> f64) {
    for tick in [
        (-0.85 * widest).exp(),
        (-0.42 * widest).exp(),
        1.0,
        (0.42 * widest).exp(),
        (0.85 * widest).exp(),
    ] {
        push(
            svg,
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
            svg,
            (x(tick), height - 8.0),
            "middle",
            &format!("{tick:.2}"),
        );
    }
}

/// A name that leaves room for the figures.
fn shortened(name: &str, window: Window) -> String {
    const NARROW_LETTERS: usize = 30;
    if window == Window::Wide || name.chars().count() <= NARROW_LETTERS {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(NARROW_LETTERS - 1).collect();
    short.push('…');
    short
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

/// One, two or five with zeros, and no less.
fn whole_step(least: f64) -> f64 {
    let mut step = 1.0;
    for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
        if step >= least {
            break;
        }
        step *= factor;
    }
    step
}

/// A round step of at least `least` bytes: 1, 2 or 5 times a power of two.
fn nice_step(least: f64) -> f64 {
    let mut step = 1024.0;
    while step < least {
        step *= 2.0;
    }
    step
}
