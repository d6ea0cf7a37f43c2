//! The document as one HTML file that needs nothing else.
//!
//! # Role
//! Verdict, forest plot, tables and facts; no script, no network, light and dark.
//!
//! # Not here
//! The plot (`forest.rs`) and the looks (`report/page.css`).

use super::forest;
use super::report::{Campaign, Member};
use super::text::{headline, interval, lines_said, optional, shares_said, verdict_said};
use crate::ab::Verdict;
use crate::report::html::escape;
use crate::report::units::command_line;
use crate::trial::words::{moment, share, signed};

/// The page.
#[must_use]
pub fn render(campaign: &Campaign) -> String {
    let (class, word) = pill(campaign.joint.verdict);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Campaign: {word}</title><style>{}</style></head><body><main>\
         <header><h1>Campaign</h1><span class=\"pill {class}\">{word}</span>\
         <span class=\"soft\">{}</span></header><code class=\"command\">{}</code>",
        include_str!("../report/page.css"),
        escape(&headline(campaign)),
        escape(&command_line(&campaign.command)),
    );
    page.push_str(&format!(
        "<section><p>{}</p><p class=\"soft\">{}.</p></section>",
        escape(&shares_said(campaign)),
        escape(&campaign.no_sum)
    ));
    page.push_str(&format!(
        "<section><h2>Intervals <span class=\"soft\">{} with it against the base; the band is the \
         margin; all hold at once</span></h2>{}</section>",
        escape(campaign.metric.noun()),
        forest::svg(campaign)
    ));
    page.push_str(&table(campaign));
    page.push_str(&facts(campaign));
    page.push_str(&format!(
        "<footer>bedplate {} · layout {} · {}</footer></main></body></html>\n",
        escape(&campaign.bedplate),
        campaign.version,
        moment(campaign.started_unix_s)
    ));
    page
}

fn pill(verdict: Option<Verdict>) -> (&'static str, String) {
    match verdict {
        Some(verdict @ (Verdict::Go | Verdict::Equivalent | Verdict::Safe)) => {
            ("good", verdict.to_string())
        }
        Some(verdict @ Verdict::NoGo) => ("bad", verdict.to_string()),
        Some(verdict) => ("", verdict.to_string()),
        None => ("bad", "NO VERDICT".to_owned()),
    }
}

fn table(campaign: &Campaign) -> String {
    let rows: String = campaign
        .all()
        .map(|member| row(member, member.name == campaign.joint.name))
        .collect();
    format!(
        "<section><h2>Verdicts</h2><table><tr><th></th><th>verdict</th><th>with it</th>\
         <th>interval</th><th>instructions</th><th>noise</th><th>pairs</th><th>layouts</th>\
         <th>lines run</th></tr>{rows}</table></section>"
    )
}

fn row(member: &Member, is_joint: bool) -> String {
    let class = if is_joint { " class=\"total\"" } else { "" };
    format!(
        "<tr{class}><td title=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td>{}</td><td>{}</td><td>{}</td></tr>",
        escape(member.what.as_deref().unwrap_or("")),
        escape(&member.name),
        verdict_said(member),
        optional(member.change_percent, signed),
        interval(member),
        optional(member.instructions_percent, signed),
        optional(member.noise_percent, share),
        member.pairs,
        member.layouts,
        lines_said(member)
    )
}

fn facts(campaign: &Campaign) -> String {
    let (host, built) = (&campaign.host, &campaign.built);
    let mut items = vec![
        format!(
            "package {}, profile {}, base {}, revision {}, {} changed files",
            built.package,
            built.profile,
            built.base,
            built.revision.as_deref().unwrap_or("unknown"),
            built.changed.len()
        ),
        format!(
            "machine: {}, {} CPUs, Linux {}, {}, load {}",
            host.cpu, host.cpus, host.kernel, host.hypervisor, host.load
        ),
    ];
    let unfit = campaign.unfit.iter();
    items.extend(unfit.map(|unfit| format!("unfit: {}. {}", unfit.what, unfit.what_to_do)));
    for member in campaign.all() {
        items.push(format!("{}: {}", member.name, member.execution));
        // Of what was not compared the execution is the warning.
        let warnings = member.warnings.iter().filter(|it| **it != member.execution);
        items.extend(warnings.map(|warning| format!("{}: {warning}", member.name)));
    }
    items.push(format!("again: {}", command_line(&campaign.replay)));
    let list: String = items
        .iter()
        .map(|item| format!("<li>{}</li>", escape(item)))
        .collect();
    format!("<section><h2>Facts</h2><ul>{list}</ul></section>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::report::tests::campaign;

    #[test]
    fn the_page_needs_nothing_else_and_shows_every_comparison() {
        let page = render(&campaign());
        assert!(page.contains("<svg"), "{page}");
        assert!(page.contains("&lt;100&gt;"), "{page}");
        assert_eq!(page.matches("<tr").count(), 5);
        assert!(!page.contains("http"), "{page}");
        let mut campaign = campaign();
        let execution = "nothing of it ran".to_owned();
        campaign.members[2].execution.clone_from(&execution);
        campaign.members[2].warnings = vec![execution, "also".to_owned()];
        let page = render(&campaign);
        assert_eq!(page.matches("nothing of it ran").count(), 1, "{page}");
        assert!(page.contains("z: also"), "{page}");
    }
}
