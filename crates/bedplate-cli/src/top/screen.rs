//! The live view on a terminal.
//!
//! # Role
//! Draws the figures once a second until `q` is pressed or the process has ended.

use alloc::collections::VecDeque;
use core::time::Duration;
use std::io;
use std::time::Instant;

use bedplate_evidence::LookError;
use bedplate_evidence::process::Process;
use bedplate_evidence::report::Snapshot;
use bedplate_evidence::report::histogram::bins;
use bedplate_evidence::report::object_heaps::{KIND_COLUMNS, ObjectHeapReport};
use bedplate_evidence::report::pools::{COLUMNS, PoolReport};
use bedplate_evidence::report::spark::bar;
use bedplate_evidence::report::units::{bytes, count, counted, whole_bytes};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table};
use ratatui::{DefaultTerminal, Frame};

use super::history::History;
use crate::talk::say;

/// Time between looks.
const LOOKS_APART: Duration = Duration::from_secs(1);
/// Threads of a pool that are shown.
const PLACES_SHOWN: usize = 16;
/// Kinds of a heap's objects that are shown.
const KINDS_SHOWN: usize = 8;
/// Columns of a part's bar.
const BAR_COLUMNS: usize = 20;

/// Shows `process` until `q` or its end.
pub(crate) fn watch(process: &Process, first: Snapshot) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let end = draw_until_end(&mut terminal, process, History::new(first));
    ratatui::try_restore()?;
    if let Some(farewell) = end? {
        say(&format!("bedplate: {farewell}\n"));
    }
    Ok(())
}

/// Draws; the result is what to say after the screen is restored.
fn draw_until_end(
    terminal: &mut DefaultTerminal,
    process: &Process,
    mut history: History,
) -> io::Result<Option<String>> {
    loop {
        terminal.draw(|frame| draw(frame, &history))?;
        if quit_within(LOOKS_APART)? {
            return Ok(None);
        }
        match Snapshot::take(process) {
            Ok(snapshot) => history.add(snapshot),
            Err(gone @ (LookError::Gone { .. } | LookError::NotBedplate { .. })) => {
                return Ok(Some(gone.to_string()));
            }
            // Changed too fast this time: the next look may succeed.
            Err(trouble) => history.trouble = Some(trouble.to_string()),
        }
    }
}

/// Waits for the next look; true when the user wants to leave.
fn quit_within(limit: Duration) -> io::Result<bool> {
    let until = Instant::now() + limit;
    while let Some(rest) = until.checked_duration_since(Instant::now()) {
        if !event::poll(rest)? {
            return Ok(false);
        }
        match event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Press => {
                let interrupt =
                    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                if interrupt || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                    return Ok(true);
                }
            }
            // Drawn anew at once in the new size.
            Event::Resize(..) => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

fn draw(frame: &mut Frame<'_>, history: &History) {
    let parts = u16::try_from(history.last.parts().len()).unwrap_or(13) + 4;
    let width = frame.area().width;
    // Without the allocator there is nothing to say of its blocks.
    let is_allocator = !history.last.heaps().is_empty();
    let [head, charts, pools, heaps, parts, classes] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(8),
        Constraint::Length(history.last.pools.iter().map(pool_lines).sum()),
        Constraint::Length(
            history
                .last
                .object_heaps
                .iter()
                .map(|heap| heap_lines(heap, width))
                .sum(),
        ),
        Constraint::Length(parts),
        Constraint::Min(if is_allocator { 4 } else { 0 }),
    ])
    .areas(frame.area());
    draw_head(frame, head, history);
    let [resident, live] = Layout::horizontal([
        Constraint::Fill(1),
        Constraint::Fill(if is_allocator { 1 } else { 0 }),
    ])
    .areas(charts);
    let last = &history.last;
    draw_series(
        frame,
        resident,
        ("resident", Color::Gray),
        &history.resident,
        last.measurement.rss_bytes,
    );
    if is_allocator {
        draw_series(
            frame,
            live,
            ("live", Color::Blue),
            &history.live,
            last.live_bytes(),
        );
        draw_classes(frame, classes, last);
    }
    draw_pools(frame, pools, history);
    draw_object_heaps(frame, heaps, history);
    draw_parts(frame, parts, last);
}

/// Lines that a pool takes.
fn pool_lines(pool: &PoolReport) -> u16 {
    u16::try_from(pool.places.len().min(PLACES_SHOWN) + 3).unwrap_or(u16::MAX)
}

/// A table for each pool, with shares of the time since the look before.
fn draw_pools(frame: &mut Frame<'_>, area: Rect, history: &History) {
    let pools = &history.last.pools;
    let heights = pools
        .iter()
        .map(|pool| Constraint::Length(pool_lines(pool)));
    let areas = Layout::vertical(heights).split(area);
    for (at, (pool, area)) in pools.iter().zip(areas.iter()).enumerate() {
        let before = history.before.as_ref().and_then(|b| b.pools.get(at));
        let cells = |row: [String; COLUMNS.len()]| {
            let padded = row.into_iter().zip(COLUMNS).enumerate();
            Row::new(padded.map(|(at, (cell, (_, width)))| {
                if at < 2 {
                    cell
                } else {
                    format!("{cell:>width$}", width = usize::from(width))
                }
            }))
        };
        let rows = pool.rows(before).into_iter().take(PLACES_SHOWN).map(cells);
        let header = cells(COLUMNS.map(|(name, _)| name.to_owned()));
        let widths = COLUMNS.map(|(_, width)| Constraint::Length(width));
        let table = Table::new(rows, widths)
            .header(header.style(Style::new().fg(Color::DarkGray)))
            .block(Block::bordered().title(format!(" {} ", pool.title())));
        frame.render_widget(table, *area);
    }
}

/// Lines that a heap of objects takes, in so many columns.
fn heap_lines(heap: &ObjectHeapReport, width: u16) -> u16 {
    // The frame, and what stands above the columns where there are any.
    let around = 2 + usize::from(!heap.kinds.is_empty());
    let lines = broken(heap, width).len() + heap.kinds.len().min(KINDS_SHOWN) + around;
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// What a heap holds and what its collector did, in lines that fit into a frame of so many columns.
fn broken(heap: &ObjectHeapReport, width: u16) -> Vec<String> {
    let columns = usize::from(width.saturating_sub(2)).max(20);
    let mut broken = Vec::new();
    for text in core::iter::once(heap.title()).chain(heap.lines()) {
        let mut line = String::new();
        for word in text.split(' ') {
            let is_full = line.chars().count() + 1 + word.chars().count() > columns;
            if is_full && !line.is_empty() {
                broken.push(core::mem::replace(&mut line, String::from(" ")));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        broken.push(line);
    }
    broken
}

/// What each heap's collector did, and a table of its objects by kind.
fn draw_object_heaps(frame: &mut Frame<'_>, area: Rect, history: &History) {
    let heaps = &history.last.object_heaps;
    let heights = heaps
        .iter()
        .map(|heap| Constraint::Length(heap_lines(heap, area.width)));
    let areas = Layout::vertical(heights).split(area);
    for (at, (heap, area)) in heaps.iter().zip(areas.iter()).enumerate() {
        let before = history.before.as_ref();
        let before = before.and_then(|before| before.object_heaps.get(at));
        let block = Block::bordered();
        let inner = block.inner(*area);
        frame.render_widget(block, *area);
        let lines = broken(heap, area.width);
        let above = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let [above, below] =
            Layout::vertical([Constraint::Length(above), Constraint::Min(0)]).areas(inner);
        let lines: Vec<Line<'_>> = lines.into_iter().map(Line::from).collect();
        frame.render_widget(Paragraph::new(lines), above);
        let cells = |row: [String; KIND_COLUMNS.len()]| {
            let padded = row.into_iter().zip(KIND_COLUMNS).enumerate();
            Row::new(padded.map(|(at, (cell, (_, width)))| match at {
                0 => cell,
                _ => format!("{cell:>width$}", width = usize::from(width)),
            }))
        };
        let rows = heap.rows(before).into_iter().take(KINDS_SHOWN).map(cells);
        let header = cells(KIND_COLUMNS.map(|(name, _)| name.to_owned()));
        let widths = KIND_COLUMNS.map(|(_, width)| Constraint::Length(width));
        let table = Table::new(rows, widths).header(header.style(Style::new().fg(Color::DarkGray)));
        frame.render_widget(table, below);
    }
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, history: &History) {
    let last = &history.last;
    let title = Line::from(vec![
        Span::from(format!("{} ", last.name)).bold(),
        Span::from(format!("pid {} · ", last.pid)),
        Span::from("ACTIVE").green().bold(),
        Span::from(format!(
            " {} · {} · peak {} · faults {} minor, {} major",
            last.what(),
            counted(last.threads, "thread", "threads"),
            whole_bytes(last.peak_rss_bytes),
            count(last.minor_faults),
            count(last.major_faults),
        )),
    ]);
    let mut unread = last.unread_pools.iter().chain(&last.unread_object_heaps);
    let second = match history.trouble.as_ref().or_else(|| unread.next()) {
        Some(trouble) => Line::from(trouble.clone()).yellow(),
        None => Line::from("q quits").dim(),
    };
    frame.render_widget(Paragraph::new(vec![title, second]), area);
}

fn draw_series(
    frame: &mut Frame<'_>,
    area: Rect,
    (name, colour): (&str, Color),
    series: &VecDeque<u64>,
    now: u64,
) {
    let values = History::newest(series, usize::from(area.width.saturating_sub(2)));
    let most = values.iter().copied().max().unwrap_or(0);
    let title = format!(" {name} {} (most {}) ", whole_bytes(now), whole_bytes(most));
    let chart = Sparkline::default()
        .block(Block::bordered().title(title))
        .style(Style::new().fg(colour))
        .data(values);
    frame.render_widget(chart, area);
}

fn draw_parts(frame: &mut Frame<'_>, area: Rect, last: &Snapshot) {
    let total = last.measurement.rss_bytes.max(1) as f64;
    let row = |label: &str, part: f64| {
        let share = part / total;
        Row::new(vec![
            label.to_owned(),
            format!("{:>11}", bytes(part)),
            format!("{:>6.1} %", 100.0 * share),
            bar(share, BAR_COLUMNS),
        ])
    };
    let mut rows: Vec<Row<'_>> = last
        .parts()
        .iter()
        .map(|part| row(&part.label, part.bytes as f64))
        .collect();
    rows.push(row(
        "unexplained",
        last.measurement.unexplained_bytes as f64,
    ));
    rows.push(
        row(
            "resident set (kernel's total)",
            last.measurement.rss_bytes as f64,
        )
        .bold(),
    );
    let widths = [
        Constraint::Length(44),
        Constraint::Length(11),
        Constraint::Length(9),
        Constraint::Min(10),
    ];
    let table =
        Table::new(rows, widths).block(Block::bordered().title(" parts of the resident set "));
    frame.render_widget(table, area);
}

fn draw_classes(frame: &mut Frame<'_>, area: Rect, last: &Snapshot) {
    let bins: Vec<_> = last.heaps().iter().flat_map(bins).collect();
    let most = bins
        .iter()
        .map(|bin| bin.live_bytes)
        .max()
        .unwrap_or(0)
        .max(1) as f64;
    let rows = bins.iter().map(|bin| {
        Row::new(vec![
            bin.label.clone(),
            format!("{:>10}", count(bin.slabs)),
            format!("{:>14}", count(bin.live_blocks)),
            format!("{:>11}", whole_bytes(bin.live_bytes)),
            format!("{:>11}", whole_bytes(bin.free_bytes)),
            bar(bin.live_bytes as f64 / most, BAR_COLUMNS),
        ])
    });
    let widths = [
        Constraint::Length(18),
        Constraint::Length(10),
        Constraint::Length(14),
        Constraint::Length(11),
        Constraint::Length(11),
        Constraint::Min(10),
    ];
    let header = Row::new([
        "block sizes",
        "     slabs",
        "   live blocks",
        "       live",
        "  room left",
        "",
    ]);
    let table = Table::new(rows, widths)
        .header(header.style(Style::new().fg(Color::DarkGray)))
        .block(Block::bordered().title(" blocks "));
    frame.render_widget(table, area);
}
