//! The intervals side by side.
//!
//! # Role
//! One scale for all comparisons of a campaign: as SVG for the page, as characters for terminals and
//! Markdown.
//!
//! # Not here
//! Colours: they are variables of the page's style sheet.

use core::fmt::Write as _;

use super::report::{Campaign, Member};
use crate::report::html::escape;
use crate::trial::words::signed;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 250.0;
/// The last figure is centred on the end of the scale: half of "+1234.5 %" is on this side.
const RIGHT: f64 = 40.0;
const ROW: f64 = 26.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 30.0;

/// Characters of a drawn interval.
const COLUMNS: usize = 61;

/// Percent that all intervals lie within; 0 is always inside.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(campaign: &Campaign) -> Self {
        let ends = campaign.all().filter_map(|member| {
            let change = member.change_percent?;
            let [low, high] = member.interval_percent;
            Some((low.unwrap_or(change), high.unwrap_or(change)))
        });
        let margin = campaign.margin_percent;
        let (low, high) = ends.fold((-margin, margin), |(low, high), ends| {
            (low.min(ends.0), high.max(ends.1))
        });
        let room = 0.04 * (high - low);
        Self {
            low: low - room,
            high: high + room,
        }
    }

    /// Where a percentage lies, from 0 to 1.
    fn place(self, percent: f64) -> f64 {
        ((percent - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn x(self, percent: f64) -> f64 {
        LEFT + self.place(percent) * (WIDTH - LEFT - RIGHT)
    }

    fn column(self, percent: f64) -> usize {
        let last = (COLUMNS - 1) as f64;
        let wanted = (self.place(percent) * last).round();
        // From 0 to the last column, by the clamp above.
        (0..COLUMNS).find(|&at| at as f64 >= wanted).unwrap_or(0)
    }
}

/// The plot for the page.
pub(super) fn svg(campaign: &Campaign) -> String {
    let scale = Scale::of(campaign);
    let rows = campaign.members.len() as f64 + 1.0;
    let height = TOP + rows * ROW + BOTTOM;
    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="intervals of all comparisons">"#
    );
    let margin = campaign.margin_percent;
    let bottom = height - BOTTOM;
    let _written = write!(
        svg,
        r#"<rect x="{:.1}" y="{TOP}" width="{:.1}" height="{:.1}" fill="var(--rss)" opacity=".3"/>"#,
        scale.x(-margin),
        scale.x(margin) - scale.x(-margin),
        bottom - TOP
    );
    for (percent, colour) in ticks(scale) {
        let _written = write!(
            svg,
            r#"<line x1="{0:.1}" x2="{0:.1}" y1="{TOP}" y2="{bottom:.1}" stroke="{colour}"/><text x="{0:.1}" y="{1:.1}" text-anchor="middle">{2}</text>"#,
            scale.x(percent),
            height - 10.0,
            signed(percent)
        );
    }
    for (index, member) in campaign.all().enumerate() {
        let is_joint = index == campaign.members.len();
        let y = TOP + (index as f64 + 0.5) * ROW;
        svg_row(&mut svg, scale, member, y, is_joint);
    }
    svg.push_str("</svg>");
    svg
}

/// 0 and both ends.
fn ticks(scale: Scale) -> [(f64, &'static str); 3] {
    [
        (scale.low, "var(--line)"),
        (scale.high, "var(--line)"),
        (0.0, "var(--rss-line)"),
    ]
}

fn svg_row(svg: &mut String, scale: Scale, member: &Member, y: f64, is_joint: bool) {
    let weight = if is_joint { " font-weight=\"650\"" } else { "" };
    let _written = write!(
        svg,
        r#"<text x="{:.1}" y="{:.1}" text-anchor="end"{weight}>{}</text>"#,
        LEFT - 12.0,
        y + 4.0,
        escape(&member.name)
    );
    let Some(change) = member.change_percent else {
        let said = member.verdict.map_or_else(
            || member.meaning.clone(),
            |verdict| verdict.to_string().to_lowercase(),
        );
        let _written = write!(
            svg,
            r#"<text x="{:.1}" y="{:.1}">{}</text>"#,
            LEFT + 12.0,
            y + 4.0,
            escape(&said)
        );
        return;
    };
    let [low, high] = member.interval_percent;
    let colour = if is_joint { "var(--p6)" } else { "var(--live)" };
    let _written = write!(
        svg,
        r#"<line x1="{:.1}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}" stroke="{colour}" stroke-width="3"/><circle cx="{:.1}" cy="{y:.1}" r="4.5" fill="{colour}"/>"#,
        scale.x(low.unwrap_or(scale.low)),
        scale.x(high.unwrap_or(scale.high)),
        scale.x(change)
    );
}

/// The plot as lines of characters.
pub(super) fn drawn(campaign: &Campaign) -> Vec<String> {
    let scale = Scale::of(campaign);
    let width = campaign.all().map(|it| it.name.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut lines: Vec<String> = campaign
        .all()
        .map(|member| {
            let drawn: String = row(scale, member).into_iter().collect();
            format!("{:width$}  {}", member.name, drawn.trim_end())
        })
        .collect();
    let zero = scale.column(0.0);
    let mut axis = format!("{:width$}  {:zero$}0", "", "");
    let high = signed(scale.high);
    let rest = (COLUMNS + width + 2).saturating_sub(axis.chars().count() + high.chars().count());
    let _written = write!(axis, "{:rest$}{high}", "");
    lines.push(axis);
    lines
}

fn row(scale: Scale, member: &Member) -> Vec<char> {
    let mut row = vec![' '; COLUMNS];
    row[scale.column(0.0)] = '|';
    let Some(change) = member.change_percent else {
        return row;
    };
    let [low, high] = member.interval_percent;
    let from = low.map_or(0, |low| scale.column(low));
    let to = high.map_or(COLUMNS - 1, |high| scale.column(high));
    for cell in &mut row[from..=to] {
        *cell = '-';
    }
    row[from] = if low.is_some() { '[' } else { '<' };
    row[to] = if high.is_some() { ']' } else { '>' };
    row[scale.column(change)] = 'o';
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::report::tests::campaign;

    #[test]
    fn each_comparison_has_a_row_on_one_scale() {
        let campaign = campaign();
        let lines = drawn(&campaign);
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with("x"), "{lines:#?}");
        let at = |line: &str| line.find('o').unwrap();
        assert!(at(&lines[1]) < at(&lines[0]), "{lines:#?}");
        assert!(
            at(&lines[0][3..]) + 3 < at(&lines[3][3..]) + 3,
            "{lines:#?}"
        );
        assert!(
            !lines[2].contains('o'),
            "nothing is drawn of what was not reached"
        );
        let svg = svg(&campaign);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains("not reached"));
    }

    #[test]
    fn the_figure_at_the_end_of_the_scale_is_not_cut_off() {
        let mut campaign = campaign();
        campaign.joint.interval_percent[1] = Some(1000.0);
        let label = signed(Scale::of(&campaign).high);
        // Eight units are more than a digit of the page's font is wide.
        let half = 8.0 * label.chars().count() as f64 / 2.0;
        assert!(label.len() > 7, "{label}");
        assert!(RIGHT >= half, "{label}: {half}");
    }

    #[test]
    fn open_ends_reach_the_border() {
        let mut campaign = campaign();
        campaign.members[1].interval_percent = [Some(0.05), None];
        let line = &drawn(&campaign)[1];
        assert!(line.ends_with('>'), "{line}");
    }
}
