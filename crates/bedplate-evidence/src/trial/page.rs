//! The document as one HTML file that needs nothing else.
//!
//! # Role
//! Verdict, plots, figures and facts; no script, no network, light and dark.
//!
//! # Not here
//! The plots (`plots.rs`) and the looks (`report/page.css`).

use super::document::{Document, SideReport};
use super::plots;
use super::text::{
    amount, build_said, course, environment_said, estimate, holds_for, outputs_said, span,
};
use super::words::{moment, share, signed};
use crate::ab::Verdict;
use crate::report::html::escape;
use crate::report::units::{command_line, count, whole_bytes};

/// The page.
#[must_use]
pub fn render(document: &Document) -> String {
    let (class, word) = match document.verdict {
        Some(verdict @ (Verdict::Go | Verdict::Equivalent | Verdict::Safe)) => {
            ("good", verdict.to_string())
        }
        Some(verdict @ Verdict::NoGo) => ("bad", verdict.to_string()),
        Some(verdict) => ("", verdict.to_string()),
        None => ("bad", "NO VERDICT".to_owned()),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>A/B comparison: {word}</title><style>{}</style></head><body><main>\
         <header><h1>A/B comparison</h1><span class=\"pill {class}\">{word}</span>\
         <span class=\"soft\">{}</span></header><code class=\"command\">A: {}<br>B: {}</code>",
        include_str!("../report/page.css"),
        escape(&document.meaning),
        escape(&command_line(&document.a.command)),
        escape(&command_line(&document.b.command)),
    );
    page.push_str(&answer(document));
    if !document.pairs.is_empty() {
        page.push_str(&plot_sections(document));
    }
    page.push_str(&figures(document));
    page.push_str(&facts(document));
    page.push_str(&format!(
        "<footer>bedplate {} · layout {} · {}</footer></main></body></html>\n",
        escape(&document.bedplate),
        document.version,
        moment(document.started_unix_s)
    ));
    page
}

fn answer(document: &Document) -> String {
    let mut section = String::new();
    if let Some(percent) = document.change_percent {
        section.push_str(&format!(
            "<p><b>{}</b></p><p class=\"soft\">{}</p>",
            escape(&estimate(document, percent)),
            escape(&course(document))
        ));
    }
    for warning in &document.warnings {
        section.push_str(&format!("<p class=\"loud\">{}</p>", escape(warning)));
    }
    if let Some(failure) = &document.failure {
        section.push_str(&format!("<pre>{}</pre>", escape(&failure.to_string())));
    }
    if section.is_empty() {
        return section;
    }
    format!("<section>{section}</section>")
}

fn plot_sections(document: &Document) -> String {
    format!(
        "<section><h2>The interval as it closed <span class=\"soft\">{} against A; the band is the \
         margin</span></h2>{}</section><section><h2>Pairs <span class=\"soft\">by how much B took \
         more</span></h2>{}<div class=\"legend\"><span><i class=\"key\" style=\"background:var(--p0)\">\
         </i>A ran first</span><span><i class=\"key\" style=\"background:var(--p6)\"></i>B ran \
         first</span></div></section>",
        escape(document.metric.noun()),
        plots::closing(document),
        plots::pairs(document),
    )
}

fn figures(document: &Document) -> String {
    if document.metrics.is_empty() {
        return String::new();
    }
    let mut rows: String = document
        .metrics
        .iter()
        .map(|metric| {
            format!(
                "<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                if metric.metric == document.metric {
                    " class=\"total\""
                } else {
                    ""
                },
                metric.metric.noun(),
                amount(metric.metric, metric.a),
                amount(metric.metric, metric.b),
                span(metric),
                share(metric.deviation_percent)
            )
        })
        .collect();
    match (&document.instructions, &document.instructions_absent) {
        (Some(witness), _) => {
            let first = |counts: &[u64]| counts.first().map_or_else(String::new, |&it| count(it));
            rows.push_str(&format!(
                "<tr><td>instructions ({})</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                witness.counter,
                first(&witness.a),
                first(&witness.b),
                signed(witness.change_percent),
                share(witness.spread_percent)
            ));
        }
        (None, Some(because)) => rows.push_str(&format!(
            "<tr><td>instructions</td><td colspan=\"4\">not measured: {}</td></tr>",
            escape(because)
        )),
        (None, None) => {}
    }
    format!(
        "<section><h2>Figures</h2><table><tr><th></th><th>A</th><th>B</th><th>B against A</th>\
         <th>noise of A</th></tr>{rows}</table></section>"
    )
}

fn facts(document: &Document) -> String {
    let host = &document.host;
    let outputs = document.outputs.map_or("not compared", outputs_said);
    let mut items: Vec<String> = vec![
        side("A", &document.a),
        side("B", &document.b),
        format!("outputs: {outputs}"),
        format!("environment: {}", environment_said(document)),
        format!(
            "machine: {}, {} CPUs, Linux {}, {}, load {}",
            host.cpu, host.cpus, host.kernel, host.hypervisor, host.load
        ),
    ];
    items.extend(
        document
            .unfit
            .iter()
            .map(|unfit| format!("unfit: {}. {}", unfit.what, unfit.what_to_do)),
    );
    items.extend(build_said(document));
    items.push(holds_for(document));
    items.push(format!("again: {}", command_line(&document.replay)));
    let list: String = items
        .iter()
        .map(|item| format!("<li>{}</li>", escape(item)))
        .collect();
    format!("<section><h2>Facts</h2><ul>{list}</ul></section>")
}

fn side(name: &str, side: &SideReport) -> String {
    format!(
        "{name}: {} ({}, sha256 {})",
        side.path,
        whole_bytes(side.file.bytes),
        side.file.sha256
    )
}
