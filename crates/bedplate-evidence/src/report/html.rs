//! The report as one HTML file that needs nothing else.
//!
//! # Role
//! The same figures as the text, with charts. No script, no network, light and dark.
//!
//! # Not here
//! The charts (`svg.rs`) and the looks (`page.css`).

use super::histogram::{bins, full_length};
use super::model::{
    ArmReport, ChildGroup, HeapReport, Measurement, Point, ProcessReport, RunReport, Versus,
};
use super::object_heaps::KIND_COLUMNS;
use super::svg::{self, Window};
use super::units::{
    bytes, command_line, count, counted, known_bytes, seconds, short_name, whole_bytes,
};
use crate::parts::PartKind;
use crate::profile::sites::{CallSite, ProfileReport};

/// Callers shown of each call site.
const CALLERS_MAX: usize = 4;

/// The page.
#[must_use]
pub fn render(report: &RunReport) -> String {
    let name = report
        .processes
        .first()
        .map_or("program", |process| process.name.as_str());
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{0} on bedplate</title><style>{1}</style></head><body><main>",
        escape(name),
        include_str!("page.css"),
    );
    page.push_str(&head(report, name));
    page.push_str(&tiles(report));
    if let Some(versus) = &report.versus {
        page.push_str(&versus_section(versus));
    }
    for process in report.shown_processes() {
        page.push_str(&process_section(process));
    }
    if let Some(profile) = &report.profile {
        page.push_str(&profile_section(profile));
    }
    page.push_str(&children_section(&report.children));
    page.push_str(&machine_section(report));
    page.push_str(&notes_section(&report.notes));
    page.push_str(&format!(
        "<footer>bedplate {} · report layout {}</footer></main></body></html>\n",
        escape(&report.bedplate),
        report.version
    ));
    page
}

/// Text that may stand in HTML.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn head(report: &RunReport, name: &str) -> String {
    let (class, word) = if report.active {
        ("good", "ACTIVE")
    } else {
        ("bad", "NOT ACTIVE")
    };
    let detail = if report.active {
        report.library_phrase()
    } else {
        report.inactive_because.clone().unwrap_or_default()
    };
    format!(
        "<header><h1>{}</h1><span class=\"pill {class}\">{word}</span>\
         <span class=\"soft\">{}</span></header><code class=\"command\">{}</code>",
        escape(name),
        escape(&detail),
        escape(&command_line(&report.command)),
    )
}

fn tiles(report: &RunReport) -> String {
    let end = match (report.program_exit, report.program_signal) {
        (Some(code), _) => code.to_string(),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "?".to_owned(),
    };
    let live = report.processes.first().and_then(|process| {
        process
            .timeline
            .iter()
            .filter_map(|point| point.live_bytes)
            .max()
    });
    let faults = report.faults.minor + report.faults.major;
    let tiles = [
        ("exit", end),
        ("wall", seconds(report.wall_s)),
        ("CPU", seconds(report.user_s + report.system_s)),
        ("peak resident", whole_bytes(report.peak_rss_bytes)),
        (
            "most live",
            live.map_or_else(|| "not known".to_owned(), whole_bytes),
        ),
        ("page faults", count(faults)),
    ];
    let tiles: String = tiles
        .into_iter()
        .map(|(label, value)| {
            format!(
                "<div class=\"tile\"><b>{}</b><span>{label}</span></div>",
                escape(&value)
            )
        })
        .collect();
    format!("<div class=\"tiles\">{tiles}</div>")
}

fn process_section(process: &ProcessReport) -> String {
    let mut section = format!(
        "<section><h2>{} <span class=\"soft\">pid {} · peak resident {} · {}</span></h2>",
        escape(&process.name),
        process.pid,
        known_bytes(process.peak_rss_bytes),
        counted(process.threads_max, "thread", "threads"),
    );
    if process.timeline.len() > 1 {
        section.push_str("<h3>Live and resident memory over time</h3>");
        for window in [Window::Wide, Window::Narrow] {
            section.push_str(&svg::timeline(&process.timeline, window));
        }
        section.push_str(
            "<div class=\"legend\"><span><i class=\"key\" style=\"background:var(--live)\"></i>live \
             blocks</span><span><i class=\"key\" style=\"background:var(--rss)\"></i>resident</span></div>",
        );
    }
    section.push_str(&object_heaps(process));
    if let (Some(peak), Some(end)) = (&process.at_peak, &process.at_end) {
        section.push_str(&parts(process, peak, end));
        for heap in &peak.heaps {
            section.push_str(&histogram(heap));
            section.push_str(&counters(end.heap_like(heap).unwrap_or(heap)));
        }
    } else {
        section.push_str("<p class=\"soft\">It ended before its memory could be measured.</p>");
    }
    section.push_str("</section>");
    section
}

/// Its heaps of objects: over time, and as they were seen last.
fn object_heaps(process: &ProcessReport) -> String {
    let points = &process.object_timeline;
    let mut html = String::new();
    if points.len() > 1 {
        html.push_str("<h3>Objects by kind over time</h3>");
        for window in [Window::Wide, Window::Narrow] {
            html.push_str(&svg::objects(points, window));
        }
        html.push_str("<div class=\"legend\">");
        for (number, kind) in svg::kinds(points).iter().enumerate() {
            html.push_str(&format!(
                "<span><i class=\"key\" style=\"background:var(--p{number})\"></i>{}</span>",
                escape(kind)
            ));
        }
        html.push_str("</div><h3>Bytes of objects over time</h3>");
        let bytes: Vec<Point> = points
            .iter()
            .map(|point| Point {
                ms: point.ms,
                live_bytes: Some(point.floating_bytes),
                rss_bytes: point.bytes,
            })
            .collect();
        for window in [Window::Wide, Window::Narrow] {
            html.push_str(&svg::timeline(&bytes, window));
        }
        html.push_str(
            "<div class=\"legend\"><span><i class=\"key\" style=\"background:var(--live)\"></i>floating, \
             about</span><span><i class=\"key\" style=\"background:var(--rss)\"></i>all</span></div>",
        );
    }
    for heap in &process.object_heaps {
        html.push_str(&format!("<h3>{}</h3>", escape(&heap.title())));
        for line in heap.lines() {
            html.push_str(&format!("<p class=\"soft\">{}</p>", escape(&line)));
        }
        if heap.kinds.is_empty() {
            continue;
        }
        html.push_str("<table><tr>");
        for (name, _) in KIND_COLUMNS {
            html.push_str(&format!("<th>{name}</th>"));
        }
        html.push_str("</tr>");
        for row in heap.rows(None) {
            let cells: String = row
                .iter()
                .map(|cell| format!("<td>{}</td>", escape(cell)))
                .collect();
            html.push_str(&format!("<tr>{cells}</tr>"));
        }
        html.push_str("</table>");
    }
    html
}

fn colour(kind: PartKind) -> String {
    let position = PartKind::ALL
        .iter()
        .position(|&each| each == kind)
        .unwrap_or(0);
    format!("var(--p{position})")
}

fn parts(process: &ProcessReport, peak: &Measurement, end: &Measurement) -> String {
    let exactness = if process.end_is_exact {
        "at exit".to_owned()
    } else {
        format!("last, at {}", seconds(end.ms / 1e3))
    };
    let at = format!("at {}", seconds(peak.ms / 1e3));
    let mut html = format!("<h3>Parts of the resident set, {at}</h3>{}", stack(peak));
    html.push_str(&format!(
        "<table class=\"parts\"><tr><th></th><th>{at}</th><th></th><th>{exactness}</th><th></th></tr>"
    ));
    for kind in PartKind::ALL {
        let of = |measurement: &Measurement| {
            measurement
                .parts
                .iter()
                .find(|part| part.kind == kind)
                .map(|part| part.bytes)
        };
        let (at_peak, at_end) = (of(peak), of(end));
        if at_peak.is_some() || at_end.is_some() {
            let key = format!(
                "<i class=\"key\" style=\"background:{}\"></i>",
                colour(kind)
            );
            let label = format!("{key}{}", escape(kind.label()));
            let row = (at_peak.unwrap_or(0) as f64, at_end.unwrap_or(0) as f64);
            html.push_str(&part_row("", &label, (peak, row.0), (end, row.1)));
        }
    }
    let unexplained = (peak.unexplained_bytes as f64, end.unexplained_bytes as f64);
    let label = "<i class=\"key\" style=\"background:var(--px)\"></i>unexplained";
    html.push_str(&part_row(
        "",
        label,
        (peak, unexplained.0),
        (end, unexplained.1),
    ));
    let total = (peak.rss_bytes as f64, end.rss_bytes as f64);
    html.push_str(&part_row(
        " class=\"total\"",
        "resident set, the kernel's total",
        (peak, total.0),
        (end, total.1),
    ));
    html.push_str("</table>");
    if let Some(missed) = process.missed_peak() {
        html.push_str(&format!("<p class=\"soft\">{}</p>", escape(&missed)));
    }
    html
}

fn part_row(
    class: &str,
    label: &str,
    (peak, at_peak): (&Measurement, f64),
    (end, at_end): (&Measurement, f64),
) -> String {
    let percent =
        |measurement: &Measurement, part: f64| 100.0 * part / measurement.rss_bytes.max(1) as f64;
    format!(
        "<tr{class}><td>{label}</td><td>{}</td><td>{:.1} %</td><td>{}</td><td>{:.1} %</td></tr>",
        bytes(at_peak),
        percent(peak, at_peak),
        bytes(at_end),
        percent(end, at_end),
    )
}

fn stack(measurement: &Measurement) -> String {
    let mut spans: String = measurement
        .parts
        .iter()
        .map(|part| {
            format!(
                "<span style=\"width:{:.3}%;background:{}\" title=\"{}: {} ({:.1} %)\"></span>",
                part.percent,
                colour(part.kind),
                escape(&part.label),
                whole_bytes(part.bytes),
                part.percent,
            )
        })
        .collect();
    if measurement.unexplained_bytes > 0 {
        spans.push_str(&format!(
            "<span style=\"width:{:.3}%;background:var(--px)\" title=\"unexplained\"></span>",
            measurement.unexplained_percent
        ));
    }
    format!("<div class=\"stack\">{spans}</div>")
}

fn histogram(heap: &HeapReport) -> String {
    let bins = bins(heap);
    if bins.is_empty() {
        return "<p class=\"soft\">No block was asked for.</p>".to_owned();
    }
    let top = full_length(&bins);
    let mut html = format!(
        "<h3>Block sizes, {}</h3><table><tr><th>bytes</th><th>slabs</th>\
         <th>live blocks</th><th>live</th><th>room left</th><th class=\"wide\"></th></tr>",
        escape(&heap.title())
    );
    for bin in &bins {
        let width = |part: u64| 100.0 * part as f64 / top;
        html.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"wide\">\
             <div class=\"bar\"><span style=\"width:{:.2}%;background:var(--p0)\"></span>\
             <span style=\"width:{:.2}%;background:var(--p2)\"></span></div></td></tr>",
            escape(&bin.label),
            bin.shown_slabs("–"),
            count(bin.live_blocks),
            whole_bytes(bin.live_bytes),
            whole_bytes(bin.free_bytes),
            width(bin.live_bytes),
            width(bin.free_bytes),
        ));
    }
    html.push_str(
        "</table><div class=\"legend\"><span><i class=\"key\" style=\"background:var(--p0)\"></i>live\
         </span><span><i class=\"key\" style=\"background:var(--p2)\"></i>room left in their slabs</span></div>",
    );
    html
}

fn counters(heap: &HeapReport) -> String {
    let telemetry = heap
        .telemetry
        .iter()
        .map(|(name, &value)| (name.as_str(), value));
    let rows: String = heap
        .telling_counters()
        .chain(telemetry.filter(|&(_, value)| value > 0))
        .map(|(name, value)| {
            let shown = if name.ends_with("_bytes") {
                whole_bytes(value)
            } else {
                count(value)
            };
            format!(
                "<tr><td>{}</td><td>{shown}</td></tr>",
                escape(&name.replace('_', " "))
            )
        })
        .collect();
    format!(
        "<h3>The allocator's own counts</h3><table><tr><td>threads' heaps (waiting for a new owner)\
         </td><td>{} ({})</td></tr>{rows}</table>",
        heap.threads, heap.parked
    )
}

fn profile_section(profile: &ProfileReport) -> String {
    let row = |site: &CallSite| {
        let line = site.file.as_deref().filter(|_| site.line > 0);
        let place = line.map_or_else(String::new, |file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            format!("<br><small>{}:{}</small>", escape(name), site.line)
        });
        let callers = site.callers.iter().take(CALLERS_MAX);
        let callers: String = callers
            .map(|caller| format!("<br><small>from {}</small>", escape(caller)))
            .collect();
        format!(
            "<tr><td>{}{place}{callers}</td><td>{}</td><td>{:.1} %</td><td>{}</td><td>{}</td></tr>",
            escape(&site.function),
            bytes(site.peak_bytes),
            100.0 * site.peak_bytes / profile.peak_bytes.max(1.0),
            bytes(site.end_bytes),
            bytes(site.allocated_bytes),
        )
    };
    let rows: String = profile.sites.iter().map(row).collect();
    format!(
        "<section><h2>Call sites</h2><p>Estimates from {}, one for each {} allocated.</p>\
         <table><tr><th>function</th><th>live at the peak</th><th>share</th><th>live at the end</th>\
         <th>allocated</th></tr>{rows}</table></section>",
        counted(profile.samples, "sample", "samples"),
        whole_bytes(profile.rate_bytes)
    )
}

fn children_section(children: &[ChildGroup]) -> String {
    if children.is_empty() {
        return String::new();
    }
    let rows: String = children
        .iter()
        .map(|group| {
            let peak = known_bytes(group.peak_rss_bytes);
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{peak}</td></tr>",
                escape(&group.name),
                count(group.count),
                count(group.forked_only),
                count(group.left_normally),
            )
        })
        .collect();
    format!(
        "<section><h2>Children on bedplate</h2><table><tr><th>name</th><th>count</th>\
         <th>forked only</th><th>normal exit</th><th>largest peak</th></tr>{rows}</table></section>"
    )
}

fn machine_section(report: &RunReport) -> String {
    let figure =
        |ms: Option<f64>| ms.map_or_else(|| "not known".to_owned(), |ms| seconds(ms / 1e3));
    let pressure = &report.pressure;
    let rows = [
        (
            "waited for a CPU (whole machine)",
            figure(pressure.cpu_some_ms),
        ),
        ("waited for memory", figure(pressure.memory_some_ms)),
        (
            "all tasks waited for memory",
            figure(pressure.memory_full_ms),
        ),
        ("waited for I/O", figure(pressure.io_some_ms)),
        ("page faults, minor", count(report.faults.minor)),
        ("page faults, major", count(report.faults.major)),
        (
            "context switches, voluntary",
            count(report.faults.voluntary_switches),
        ),
        (
            "context switches, involuntary",
            count(report.faults.involuntary_switches),
        ),
        ("CPU used for watching", seconds(report.observer_cpu_s)),
    ];
    let rows: String = rows
        .into_iter()
        .map(|(label, value)| format!("<tr><td>{label}</td><td>{value}</td></tr>"))
        .collect();
    format!("<section><h2>Kernel and machine</h2><table>{rows}</table></section>")
}

fn notes_section(notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let items: String = notes
        .iter()
        .map(|note| format!("<li>{}</li>", escape(note)))
        .collect();
    format!("<section><h2>Notes</h2><ul>{items}</ul></section>")
}

fn versus_section(versus: &Versus) -> String {
    let mut rows = Vec::new();
    for other in &versus.others {
        let Some(ratios) = &other.ratios else {
            continue;
        };
        let figures = [
            ("wall", ratios.wall),
            ("CPU", ratios.cpu),
            ("peak RSS", ratios.peak_rss),
        ];
        rows.extend(figures.into_iter().filter_map(|(what, ratio)| {
            Some((format!("{what}, to {}", short_name(&other.name)), ratio?))
        }));
    }
    let arms: String = core::iter::once(("bedplate", &versus.ours))
        .chain(
            versus
                .others
                .iter()
                .map(|other| (other.name.as_str(), other)),
        )
        .map(|(name, arm)| arm_row(name, arm))
        .collect();
    let loud: String = versus
        .others
        .iter()
        .flat_map(|other| &other.differences)
        .map(|difference| format!("<p class=\"loud\">{}</p>", escape(difference)))
        .collect();
    format!(
        "<section><h2>Against other allocators <span class=\"soft\">{} interleaved rounds in random \
         order · seed {}</span></h2>{loud}<h3>Ours over the other's, with 95 % intervals: left of 1, \
         ours is better</h3>{}{}<h3>Medians</h3><table><tr><th></th><th>wall</th><th>CPU</th>\
         <th>peak RSS</th></tr>{arms}</table></section>",
        versus.rounds,
        versus.seed,
        svg::ratios(&rows, Window::Wide),
        svg::ratios(&rows, Window::Narrow),
    )
}

fn arm_row(name: &str, arm: &ArmReport) -> String {
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        escape(short_name(name)),
        seconds(arm.wall_s),
        seconds(arm.cpu_s),
        bytes(arm.peak_rss_bytes),
    )
}
