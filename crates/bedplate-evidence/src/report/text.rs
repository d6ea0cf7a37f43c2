//! The report as text for a terminal or a file.
//!
//! # Role
//! First whether the allocator was active, then what the program did, where its memory went, and
//! what a reader should know. docs/run.md explains every line.
//!
//! # Not here
//! The figures themselves.

use core::fmt::{self, Write as _};

use super::fold;
use super::histogram::{bins, full_length};
use super::model::{ChildGroup, HeapReport, Measurement, Point, ProcessReport, RunReport};
use super::object_heaps::ObjectPoint;
use super::paint::Paint;
use super::peak;
use super::spark::{bar, sparkline};
use super::text_profile::write_profile;
use super::text_versus::write_versus;
use super::units::{bytes, count, counted, known_bytes, seconds, whole_bytes};

/// Columns of a timeline.
const TIMELINE_COLUMNS: usize = 52;
/// Columns of a bar.
const BAR_COLUMNS: usize = 12;
/// Names of children listed.
const CHILDREN_MAX: usize = 12;

/// The whole report.
#[must_use]
pub fn render(report: &RunReport, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _written = write_all(&mut out, report, paint);
    out
}

/// The first line: active or not.
#[must_use]
pub fn headline(report: &RunReport, paint: Paint) -> String {
    let name = report
        .processes
        .first()
        .map_or("the program", |process| process.name.as_str());
    let (word, painted, rest) = if report.active {
        let processes = 1 + report.children.iter().map(|group| group.count).sum::<u64>();
        let rest = format!(
            "{}, {}",
            report.library_phrase(),
            counted(processes, "process", "processes")
        );
        ("ACTIVE", paint.good("ACTIVE"), rest)
    } else {
        let because = report.inactive_because.as_deref();
        let rest = because.unwrap_or("for no known reason").to_owned();
        ("NOT ACTIVE", paint.bad("NOT ACTIVE"), rest)
    };
    let line = format!("bedplate: {word} in {name}: {rest}");
    fold::sentence("", "  ", &line).replacen(word, &painted, 1)
}

/// The parts of one measurement.
#[must_use]
pub fn parts_lines(measurement: &Measurement, paint: Paint) -> String {
    let mut out = String::new();
    let total = measurement.rss_bytes.max(1) as f64;
    let mut line = |label: &str, part: f64| {
        let share = part / total;
        // Writing to a String cannot fail.
        let _written = writeln!(
            out,
            "  {label:<41} {:>9} {:>6.1} %  {}",
            bytes(part),
            100.0 * share,
            bar(share, BAR_COLUMNS)
        );
    };
    for part in &measurement.parts {
        line(&part.label, part.bytes as f64);
    }
    line("unexplained", measurement.unexplained_bytes as f64);
    line(
        "resident set (kernel's total)",
        measurement.rss_bytes as f64,
    );
    let extra = kernel_line(measurement.huge_page_bytes, measurement.swap_bytes);
    let _written = writeln!(out, "{}", paint.dim(&extra));
    out
}

/// The block sizes and counts of one heap.
#[must_use]
pub fn heap_lines(heap: &HeapReport, paint: Paint) -> String {
    let mut out = String::new();
    let _written = write_heap(&mut out, heap, paint)
        .and_then(|()| write_counters(&mut out, heap))
        .and_then(|()| write_telemetry(&mut out, heap, paint));
    out
}

/// A sentence that a reader should know.
#[must_use]
pub(super) fn note_line(note: &str, paint: Paint) -> String {
    let folded = fold::sentence("  note: ", "        ", note);
    folded.replacen("note:", &paint.warn("note:"), 1) + "\n"
}

fn write_all(out: &mut String, report: &RunReport, paint: Paint) -> fmt::Result {
    writeln!(out, "{}", headline(report, paint))?;
    write_program(out, report)?;
    for process in report.shown_processes() {
        write_process(out, process, paint)?;
    }
    if let Some(profile) = &report.profile {
        write_profile(out, profile, paint)?;
    }
    write_children(out, &report.children, paint)?;
    write_pressure(out, report)?;
    if let Some(versus) = &report.versus {
        write_versus(out, versus, paint)?;
    }
    for note in &report.notes {
        out.push_str(&note_line(note, paint));
    }
    Ok(())
}

fn write_program(out: &mut String, report: &RunReport) -> fmt::Result {
    let end = match (report.program_exit, report.program_signal) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    };
    writeln!(
        out,
        "  program   {end} · wall {} · user {} · system {}",
        seconds(report.wall_s),
        seconds(report.user_s),
        seconds(report.system_s),
    )?;
    let faults = &report.faults;
    writeln!(
        out,
        "  kernel    peak RSS {}{}\n            faults {} minor, {} major · switches {} voluntary, {} involuntary",
        whole_bytes(report.peak_rss_bytes),
        peak::owner(&report.processes, report.peak_rss_bytes),
        count(faults.minor),
        count(faults.major),
        count(faults.voluntary_switches),
        count(faults.involuntary_switches),
    )
}

fn write_process(out: &mut String, process: &ProcessReport, paint: Paint) -> fmt::Result {
    let title = format!(
        "{} (pid {}): peak RSS {}, {}",
        process.name,
        process.pid,
        known_bytes(process.peak_rss_bytes),
        counted(process.threads_max, "thread", "threads"),
    );
    writeln!(out, "\n{}", paint.bold(&title))?;
    write_timeline(out, process, paint)?;
    write_objects(out, process, paint)?;
    match (&process.at_peak, &process.at_end) {
        (Some(peak), Some(end)) => {
            write_parts(out, process, peak, end, paint)?;
            if let Some(missed) = process.missed_peak() {
                writeln!(out, "{}", fold::sentence("  ", "  ", &missed))?;
            }
            for heap in &peak.heaps {
                if peak.heaps.len() > 1 {
                    writeln!(out, "  {}:", paint.bold(&heap.title()))?;
                }
                write_heap(out, heap, paint)?;
                let last = end.heap_like(heap).unwrap_or(heap);
                write_counters(out, last)?;
                write_telemetry(out, last, paint)?;
            }
            Ok(())
        }
        _ => writeln!(out, "  it ended before its memory could be measured"),
    }
}

fn write_timeline(out: &mut String, process: &ProcessReport, paint: Paint) -> fmt::Result {
    let points = &process.timeline;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(());
    };
    if points.len() < 2 {
        return Ok(());
    }
    let sampled = points.iter().map(|point| point.rss_bytes).max();
    let top = sampled.unwrap_or(0).max(process.peak_rss_bytes);
    let resident = sparkline(points, |point| Some(point.rss_bytes), top, TIMELINE_COLUMNS);
    writeln!(out, "  resident  {resident}  █ {}", whole_bytes(top))?;
    if let Some(live_max) = points.iter().filter_map(|point| point.live_bytes).max() {
        let live = sparkline(
            points,
            |point| point.live_bytes,
            top.max(live_max),
            TIMELINE_COLUMNS,
        );
        writeln!(out, "  live      {live}  max {}", whole_bytes(live_max))?;
    }
    let span = format!("{} to {}", seconds(first.ms / 1e3), seconds(last.ms / 1e3));
    writeln!(
        out,
        "  {}",
        paint.dim(&format!("time      {span}, {} samples", points.len()))
    )
}

/// Its heaps of objects: over time, and as they were seen last.
fn write_objects(out: &mut String, process: &ProcessReport, paint: Paint) -> fmt::Result {
    let points = &process.object_timeline;
    let series = |value: fn(&ObjectPoint) -> u64| {
        let point = |point: &ObjectPoint| Point {
            ms: point.ms,
            live_bytes: None,
            rss_bytes: value(point),
        };
        let points: Vec<Point> = points.iter().map(point).collect();
        let top = points.iter().map(|point| point.rss_bytes).max();
        let top = top.unwrap_or(0);
        let line = sparkline(
            &points,
            |point| Some(point.rss_bytes),
            top,
            TIMELINE_COLUMNS,
        );
        (line, top)
    };
    if points.len() > 1 {
        let (line, top) = series(|point| point.live_objects);
        writeln!(out, "  objects   {line}  max {}", count(top))?;
        let (line, top) = series(|point| point.bytes);
        writeln!(out, "  theirs    {line}  max {}", whole_bytes(top))?;
        let (line, top) = series(|point| point.floating_bytes);
        writeln!(out, "  floating  {line}  max {}", whole_bytes(top))?;
    }
    for heap in &process.object_heaps {
        out.push_str(&heap.render(paint));
    }
    Ok(())
}

fn write_parts(
    out: &mut String,
    process: &ProcessReport,
    peak: &Measurement,
    end: &Measurement,
    paint: Paint,
) -> fmt::Result {
    let exactness = if process.end_is_exact {
        "at exit".to_owned()
    } else {
        format!("last, at {}", seconds(end.ms / 1e3))
    };
    let head = format!(
        "  {:<41} {:>17}  {:>17}",
        "parts of the resident set",
        format!("at {}", seconds(peak.ms / 1e3)),
        exactness,
    );
    writeln!(out, "{}", paint.dim(head.trim_end()))?;
    for kind in crate::parts::PartKind::ALL {
        let of = |measurement: &Measurement| {
            measurement
                .parts
                .iter()
                .find(|part| part.kind == kind)
                .map(|part| part.bytes)
        };
        if of(peak).is_some() || of(end).is_some() {
            let (at_peak, at_end) = (of(peak).unwrap_or(0), of(end).unwrap_or(0));
            part_line(
                out,
                kind.label(),
                (peak, at_peak as f64),
                (end, at_end as f64),
            )?;
        }
    }
    let unexplained = |measurement: &Measurement| measurement.unexplained_bytes as f64;
    part_line(
        out,
        "unexplained",
        (peak, unexplained(peak)),
        (end, unexplained(end)),
    )?;
    let total = |measurement: &Measurement| measurement.rss_bytes as f64;
    part_line(
        out,
        "resident set (kernel's total)",
        (peak, total(peak)),
        (end, total(end)),
    )?;
    let huge = peak.huge_page_bytes.max(end.huge_page_bytes);
    let swap = peak.swap_bytes.max(end.swap_bytes);
    writeln!(out, "{}", kernel_line(huge, swap))?;
    for (name, measurement) in [("peak", peak), ("last", end)] {
        if measurement.moved_percent > 1.0 {
            let line = format!(
                "  the {name} measurement moved by {:.1} % while it was taken ({} tries)",
                measurement.moved_percent, measurement.attempts
            );
            writeln!(out, "{}", paint.warn(&line))?;
        }
    }
    Ok(())
}

/// What else the kernel says of the pages.
fn kernel_line(huge_page_bytes: u64, swap_bytes: u64) -> String {
    let whole = if huge_page_bytes > 0 {
        " (resident whole, unused room too)"
    } else {
        ""
    };
    format!(
        "  huge pages {}{whole} · swapped {}",
        whole_bytes(huge_page_bytes),
        whole_bytes(swap_bytes)
    )
}

fn part_line(
    out: &mut String,
    label: &str,
    (peak, at_peak): (&Measurement, f64),
    (end, at_end): (&Measurement, f64),
) -> fmt::Result {
    let percent = |measurement: &Measurement, part: f64| {
        format!(
            "{:.1} %",
            100.0 * part / measurement.rss_bytes.max(1) as f64
        )
    };
    writeln!(
        out,
        "  {label:<41} {:>9} {:>7}  {:>9} {:>7}",
        bytes(at_peak),
        percent(peak, at_peak),
        bytes(at_end),
        percent(end, at_end),
    )
}

fn write_heap(out: &mut String, heap: &HeapReport, paint: Paint) -> fmt::Result {
    let bins = bins(heap);
    if bins.is_empty() {
        return writeln!(out, "  no block was asked for");
    }
    let top = full_length(&bins);
    let head = format!(
        "  {:<18} {:>8} {:>12} {:>11} {:>11}",
        "block sizes, bytes", "slabs", "live blocks", "live", "room left"
    );
    writeln!(out, "{}", paint.dim(&head))?;
    for bin in &bins {
        let share = |part: u64| part as f64 / top;
        let live = bar(share(bin.live_bytes), BAR_COLUMNS);
        // Both are rounded up, and together they are no longer than one.
        let room = BAR_COLUMNS - live.chars().count();
        let free = bar(share(bin.free_bytes), BAR_COLUMNS).chars().count();
        let free = "░".repeat(free.min(room));
        writeln!(
            out,
            "  {:<18} {:>8} {:>12} {:>11} {:>11}  {live}{}",
            bin.label,
            bin.shown_slabs("-"),
            count(bin.live_blocks),
            whole_bytes(bin.live_bytes),
            whole_bytes(bin.free_bytes),
            paint.dim(&free),
        )?;
    }
    Ok(())
}

/// Threads and slow paths.
fn write_counters(out: &mut String, heap: &HeapReport) -> fmt::Result {
    let parked = match heap.parked {
        0 => String::new(),
        parked => format!(", {} waiting for a new owner", count(parked)),
    };
    let mut items = vec![format!(
        "{}{parked}",
        counted(heap.threads, "thread's heap", "threads' heaps")
    )];
    items.extend(
        heap.telling_counters()
            .map(|(name, value)| match name.strip_suffix("_bytes") {
                Some(stem) => format!("{} {}", stem.replace('_', " "), whole_bytes(value)),
                None => format!("{} {}", name.replace('_', " "), count(value)),
            }),
    );
    writeln!(out, "{}", fold::list("  ", "  ", &items))
}

fn write_telemetry(out: &mut String, heap: &HeapReport, paint: Paint) -> fmt::Result {
    if heap.gates.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  {}",
        paint.dim(&format!("telemetry (gates: {})", heap.gates.join(", ")))
    )?;
    let mut figures: Vec<_> = heap.telemetry.iter().collect();
    figures.retain(|(_, value)| **value > 0);
    // A number inside a name counts as one: 64 before 1024.
    figures.sort_by_cached_key(|(name, _)| {
        let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
        let numbers = name[stem.len()..]
            .split('_')
            .filter_map(|part| part.parse::<u64>().ok());
        (stem.to_owned(), numbers.collect::<Vec<_>>())
    });
    for (name, value) in figures {
        writeln!(out, "    {name:<44} {:>14}", count(*value))?;
    }
    Ok(())
}

fn write_children(out: &mut String, children: &[ChildGroup], paint: Paint) -> fmt::Result {
    if children.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.bold("children on bedplate"))?;
    let head = format!(
        "  {:<18} {:>8} {:>12} {:>12} {:>14}",
        "name", "count", "forked only", "normal exit", "largest peak"
    );
    writeln!(out, "{}", paint.dim(&head))?;
    for group in children.iter().take(CHILDREN_MAX) {
        let peak = known_bytes(group.peak_rss_bytes);
        writeln!(
            out,
            "  {:<18} {:>8} {:>12} {:>12} {:>14}",
            group.name,
            count(group.count),
            count(group.forked_only),
            count(group.left_normally),
            peak,
        )?;
    }
    if let Some(rest @ 1..) = children.len().checked_sub(CHILDREN_MAX) {
        writeln!(out, "  and {rest} more names")?;
    }
    Ok(())
}

fn write_pressure(out: &mut String, report: &RunReport) -> fmt::Result {
    let pressure = &report.pressure;
    if let Some(because) = &pressure.absent_because {
        let text = format!("not known: {because}");
        return writeln!(
            out,
            "\n{}",
            fold::sentence("  pressure  ", "            ", &text)
        );
    }
    let figure =
        |ms: Option<f64>| ms.map_or_else(|| "not known".to_owned(), |ms| seconds(ms / 1e3));
    writeln!(
        out,
        "\n  pressure  whole machine waited meanwhile for CPU {}, I/O {},\n            memory {} (all tasks {})",
        figure(pressure.cpu_some_ms),
        figure(pressure.io_some_ms),
        figure(pressure.memory_some_ms),
        figure(pressure.memory_full_ms),
    )?;
    writeln!(
        out,
        "  observer  {} of CPU for watching",
        seconds(report.observer_cpu_s)
    )
}
