//! The document for people and repositories.
//!
//! # Role
//! Verdicts, intervals, facts and the command to replay, as Markdown. Raw pairs are in the JSON:
//! seventeen comparisons have too many for a page.

use core::fmt::Write as _;

use super::forest;
use super::report::{Campaign, Member};
use super::text::{headline, interval, lines_said, optional, shares_said, verdict_said};
use crate::report::units::{command_line, counted, seconds, whole_bytes};
use crate::trial::words::{moment, share, signed};

/// The document.
#[must_use]
pub fn render(campaign: &Campaign) -> String {
    let mut text = format!(
        "# Campaign of {}\n\nAll together: **{}**.\n\n{}.\n\nNo sum: {}.\n",
        counted(campaign.members.len() as u64, "member", "members"),
        headline(campaign),
        shares_said(campaign),
        campaign.no_sum,
    );
    text.push_str(&verdicts(campaign));
    text.push_str(&execution(campaign));
    text.push_str(&method(campaign));
    text.push_str(&machine(campaign));
    text.push_str(&identities(campaign));
    text
}

fn verdicts(campaign: &Campaign) -> String {
    let mut text = format!(
        "\n## Verdicts\n\nEach line is the build with the member against the base without any, in {}. All \
         intervals hold at once.\n\n\
         | member | verdict | with it | interval | instructions | noise of the base | pairs | layouts |\n\
         |---|---|---:|---|---:|---:|---:|---:|\n",
        campaign.metric.noun()
    );
    for member in campaign.all() {
        let name = if member.name == campaign.joint.name {
            format!("**{}**", member.name)
        } else {
            format!("`{}`", member.name)
        };
        let _written = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            verdict_said(member),
            optional(member.change_percent, signed),
            interval(member),
            optional(member.instructions_percent, signed),
            optional(member.noise_percent, share),
            member.pairs,
            member.layouts,
        );
    }
    let _written = writeln!(
        text,
        "\n```text\n{}\n```",
        forest::drawn(campaign).join("\n")
    );
    let said = |member: &Member| -> Vec<String> {
        let warnings = member.warnings.iter();
        let line = |warning| format!("- {}: {warning}\n", member.name);
        warnings.map(line).collect()
    };
    let warnings: Vec<String> = campaign.all().flat_map(said).collect();
    if !warnings.is_empty() {
        text.push('\n');
        text.push_str(&warnings.concat());
    }
    text
}

fn execution(campaign: &Campaign) -> String {
    let mut text =
        "\n## What ran\n\nStep 0: lines of code that only the builds with the member have, \
                    and whether they ran.\n\n| member | what it does | lines run | step 0 |\n\
                    |---|---|---:|---|\n"
            .to_owned();
    for member in campaign.all() {
        let _written = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            member.name,
            cell(member.what.as_deref().unwrap_or("")),
            lines_said(member),
            cell(&member.execution),
        );
    }
    text
}

/// Text that does not end a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn method(campaign: &Campaign) -> String {
    let built = &campaign.built;
    let layouts = match campaign.all().find_map(|it| it.one_layout_because.as_ref()) {
        Some(because) => format!("ONE LAYOUT: {because}"),
        None => "each run linked anew in an order of its own".to_owned(),
    };
    let counted_by = campaign.all().find(|it| it.instructions_percent.is_some());
    let counted_by = counted_by.map_or_else(
        || "not measured".to_owned(),
        |member| format!("by {}", member.instructions_by),
    );
    let revision = match (&built.revision, built.changed.as_slice()) {
        (None, _) => "not in a repository".to_owned(),
        (Some(revision), []) => format!("revision `{revision}`"),
        (Some(revision), changed) => format!(
            "revision `{revision}` with {}: {}",
            counted(changed.len() as u64, "changed file", "changed files"),
            changed.join(", ")
        ),
    };
    let budget = campaign.budget_s.map_or_else(|| "none".to_owned(), seconds);
    format!(
        "\n## Method\n\nPackage {}, profile {}, {revision}; the base is {}. Pairs of runs in the order of a fair \
         coin, {layouts}. The chance of any wrong verdict in the first run of a campaign is {:.0} %, split before \
         the first run: half for all together, the rest in equal parts; verdicts and intervals are \
         always valid, so each comparison may stop when it is decided or its time is up. Instructions: {counted_by}. \
         Time limit: {budget}.\n\n```sh\n{}\n```\n",
        built.package,
        built.profile,
        built.base,
        campaign.error_percent,
        command_line(&campaign.replay)
    )
}

fn machine(campaign: &Campaign) -> String {
    let host = &campaign.host;
    let names: Vec<&str> = campaign.environment.keys().map(String::as_str).collect();
    let mut text = format!(
        "\n## Machine\n\n{}, {} CPUs, {}, Linux {}, {}, load {}. {}, bedplate {}. Environment: {} ({} left \
         out).\n",
        host.cpu,
        host.cpus,
        host.memory_bytes
            .map_or_else(|| "memory unknown".to_owned(), whole_bytes),
        host.kernel,
        host.hypervisor,
        host.load,
        moment(campaign.started_unix_s),
        campaign.bedplate,
        names.join(", "),
        counted(
            campaign.environment_left_out.len() as u64,
            "other was",
            "others were"
        ),
    );
    if campaign.unfit_ok && !campaign.unfit.is_empty() {
        text.push_str("\nThe machine was unfit at the start and --unfit-ok was given:\n");
    }
    for unfit in &campaign.unfit {
        let _written = writeln!(text, "\n- {}: {}.", unfit.what, unfit.what_to_do);
    }
    text
}

fn identities(campaign: &Campaign) -> String {
    let mut text = "\n## Seeds and builds\n\n| member | seed | rerun | sure | code of the base, with it | SHA-256 of \
                    the build | comparison |\n|---|---:|---:|---:|---:|---|---|\n"
        .to_owned();
    for member in campaign.all().filter(|member| !member.key.is_empty()) {
        let _written = writeln!(text, "{}", identity(member));
    }
    if let Some(base) = campaign.all().find(|member| !member.key.is_empty()) {
        let _written = writeln!(text, "\nThe base: SHA-256 `{}`.", base.sha256[0]);
    }
    text
}

fn identity(member: &Member) -> String {
    let [base, with] = member
        .code_bytes
        .map(|bytes| bytes.map_or_else(|| "unknown".to_owned(), |it| it.to_string()));
    format!(
        "| `{}` | {} | {} | {:.3} % | {base}, {with} | `{}` | `{}` |",
        member.name,
        member.seed,
        member
            .rerun
            .map_or_else(|| "-".to_owned(), |rerun| rerun.to_string()),
        member.sure_percent,
        member.sha256[1].get(..16).unwrap_or_default(),
        member.key.get(..16).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::report::tests::campaign;

    #[test]
    fn the_document_has_what_a_reader_needs() {
        let text = render(&campaign());
        for part in [
            "# Campaign of 3 members",
            "with all of them +4.50 % CPU time",
            "| `x` | NO-GO | +3.00 % | [+2.75 %, +3.25 %] |",
            "| `z` | - | - | - |",
            "counts \\| things",
            "revision `c0ffee`",
            "bedplate ab campaign",
            "are not added up",
            "2026-11-21",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }
}
