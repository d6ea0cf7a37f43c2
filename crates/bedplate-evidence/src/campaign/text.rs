//! The report for a terminal.

use super::forest;
use super::report::{Campaign, Member};
use crate::ab::Verdict;
use crate::report::Paint;
use crate::report::units::{command_line, counted, seconds};
use crate::trial::words::{range, share, signed};

/// The whole report.
#[must_use]
pub fn render(campaign: &Campaign, paint: Paint) -> String {
    let mut lines = vec![
        paint.bold(&format!("all together: {}", headline(campaign))),
        shares_said(campaign),
        String::new(),
    ];
    lines.extend(table(campaign, paint));
    lines.push(String::new());
    lines.extend(forest::drawn(campaign));
    lines.push(String::new());
    lines.extend(campaign.all().flat_map(|member| {
        let warnings = member.warnings.iter();
        warnings.map(|warning| paint.warn(&format!("! {}: {warning}", member.name)))
    }));
    if campaign.unfit_ok {
        let unfit = campaign.unfit.iter();
        lines.extend(unfit.map(|it| paint.warn(&format!("! unfit machine: {}", it.what))));
    }
    lines.push(format!("No sum: {}.", campaign.no_sum));
    lines.push(format!("again: {}", command_line(&campaign.replay)));
    lines.join("\n") + "\n"
}

/// The joint comparison in one sentence.
pub(super) fn headline(campaign: &Campaign) -> String {
    let joint = &campaign.joint;
    let Some(verdict) = joint.verdict else {
        return match campaign.interrupted_by {
            Some(signal) => format!("no verdict: interrupted by signal {signal}"),
            None => format!("no verdict: {}", joint.meaning),
        };
    };
    let Some(change) = joint.change_percent else {
        return format!("{verdict}: {}", joint.meaning);
    };
    format!(
        "{verdict}: with all of them {} {}, {} ({:.2} % sure)",
        signed(change),
        campaign.metric.noun(),
        range(joint.interval_percent),
        joint.sure_percent
    )
}

/// How the chance of being wrong is shared.
pub(super) fn shares_said(campaign: &Campaign) -> String {
    format!(
        "{} of {}, margin {}; all intervals hold at once with {:.0} %: {} of the error for each of \
         {}, half for all together; {}",
        campaign.metric.noun(),
        campaign.built.package,
        share(campaign.margin_percent),
        100.0 - campaign.error_percent,
        share(100.0 * campaign.shares.member),
        counted(campaign.members.len() as u64, "member", "members"),
        seconds(campaign.took_s),
    )
}

/// One comparison in a line, as it is made.
#[must_use]
pub fn line(member: &Member) -> String {
    let Some(change) = member.change_percent else {
        return format!(
            "{}: {}: {}",
            member.name,
            verdict_said(member),
            member.meaning
        );
    };
    format!(
        "{}: {}: {} {}, {}",
        member.name,
        verdict_said(member),
        signed(change),
        interval(member),
        counted(member.pairs as u64, "pair", "pairs")
    )
}

fn table(campaign: &Campaign, paint: Paint) -> Vec<String> {
    let width = campaign.all().map(|it| it.name.chars().count()).max();
    let width = width.unwrap_or(0).max(4);
    let mut rows = vec![format!(
        "{:width$}  {:<13} {:>9}  {:<22} {:>12} {:>9} {:>6} {:>8}  {}",
        "",
        "verdict",
        "with it",
        "interval",
        "instructions",
        "noise",
        "pairs",
        "layouts",
        "lines run"
    )];
    rows.extend(campaign.all().map(|member| {
        let row = format!(
            "{:width$}  {:<13} {:>9}  {:<22} {:>12} {:>9} {:>6} {:>8}  {}",
            member.name,
            verdict_said(member),
            optional(member.change_percent, signed),
            interval(member),
            optional(member.instructions_percent, signed),
            optional(member.noise_percent, share),
            member.pairs,
            member.layouts,
            lines_said(member),
        );
        match member.verdict {
            Some(Verdict::Go | Verdict::Equivalent | Verdict::Safe) => paint.good(&row),
            Some(Verdict::NoGo) => paint.bad(&row),
            _ => row,
        }
    }));
    rows
}

/// The verdict, or that there is none.
pub(super) fn verdict_said(member: &Member) -> String {
    member
        .verdict
        .map_or_else(|| "-".to_owned(), |verdict| verdict.to_string())
}

/// A figure that may be missing.
pub(super) fn optional(figure: Option<f64>, said: fn(f64) -> String) -> String {
    figure.map_or_else(|| "-".to_owned(), said)
}

/// "[+1.00 %, +2.00 %]".
pub(super) fn interval(member: &Member) -> String {
    if member.change_percent.is_none() {
        return "-".to_owned();
    }
    let end = |end: Option<f64>| end.map_or_else(|| "open".to_owned(), signed);
    let [low, high] = member.interval_percent;
    format!("[{}, {}]", end(low), end(high))
}

/// "3 of 4".
pub(super) fn lines_said(member: &Member) -> String {
    match member.lines {
        [0, _] => "-".to_owned(),
        [all, ran] => format!("{ran} of {all}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::report::tests::campaign;

    #[test]
    fn the_joint_comparison_comes_first_and_no_sum_is_given() {
        let text = render(&campaign(), Paint { colour: false });
        let first = text.lines().next().unwrap();
        assert!(
            first.contains("NO-GO") && first.contains("+4.50 %"),
            "{text}"
        );
        assert!(text.contains("hold at once with 96 %"), "{text}");
        assert!(
            text.contains("No sum: single estimates are not added up"),
            "{text}"
        );
        assert!(!text.contains("+3.10 %"), "a sum of the members: {text}");
        assert!(text.contains("again: bedplate ab campaign"), "{text}");
    }

    #[test]
    fn one_pair_is_a_pair() {
        let mut member = campaign().members[0].clone();
        member.pairs = 1;
        assert!(line(&member).ends_with(", 1 pair"), "{}", line(&member));
        member.pairs = 2;
        assert!(line(&member).ends_with(", 2 pairs"), "{}", line(&member));
    }

    #[test]
    fn a_campaign_that_was_stopped_says_so() {
        let mut campaign = campaign();
        campaign.joint = Member::not_reached("all", None);
        campaign.interrupted_by = Some(2);
        let text = render(&campaign, Paint { colour: false });
        assert!(text.contains("interrupted by signal 2"), "{text}");
        assert_eq!(campaign.exit_code(), 1);
    }
}
