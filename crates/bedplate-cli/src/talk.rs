//! What the program says, and where.
//!
//! # Role
//! Colour or none, the live line, the standard streams.
//!
//! # Not here
//! Files (`output.rs`).
//!
//! # Invariants
//! I1. Standard output is never written to by `run`: it belongs to the program that runs.

use core::fmt::Display;
use core::time::Duration;
use std::io::{IsTerminal as _, Write as _};

use bedplate_evidence::report::Paint;
use bedplate_evidence::report::units::{counted, seconds, whole_bytes};
use bedplate_evidence::run::sampler::Live;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Colour for standard error, unless `NO_COLOR` or no terminal forbid it.
pub(crate) fn paint_for_stderr() -> Paint {
    Paint {
        colour: std::io::stderr().is_terminal() && colour_allowed(),
    }
}

/// Colour for standard output, likewise.
pub(crate) fn paint_for_stdout() -> Paint {
    Paint {
        colour: std::io::stdout().is_terminal() && colour_allowed(),
    }
}

fn colour_allowed() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints to standard error; a reader that has gone away is no reason to fail.
pub(crate) fn say(text: &str) {
    let _gone = std::io::stderr().write_all(text.as_bytes());
}

/// Prints to standard output, likewise; false, once complained of, if it could not be written.
#[must_use]
pub(crate) fn print(text: &str) -> bool {
    let mut output = std::io::stdout();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!(
                "failed to write to standard output: {error}: send it where there is room"
            ));
            false
        }
        _ => true,
    }
}

/// Says what went wrong.
pub(crate) fn complain(error: &dyn Display) {
    say(&format!("bedplate: {error}\n"));
}

/// A line that follows the run, on a terminal.
#[derive(Debug)]
pub(crate) struct LiveLine(Option<ProgressBar>);

impl LiveLine {
    /// A line if `wanted`; otherwise nothing is ever drawn.
    pub(crate) fn new(wanted: bool) -> Self {
        Self(wanted.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // A template of constant text and one field is always well formed.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar
        }))
    }

    /// Prints a line above the live one, or plainly where there is none.
    pub(crate) fn say(&self, line: &str) {
        match &self.0 {
            Some(bar) => bar.suspend(|| say(&format!("{line}\n"))),
            None => say(&format!("{line}\n")),
        }
    }

    /// Shows figures of the running program.
    pub(crate) fn show(&self, live: &Live) {
        let Some(bar) = &self.0 else { return };
        let blocks = live.live_bytes.map_or_else(String::new, |bytes| {
            format!("live {} · ", whole_bytes(bytes))
        });
        let descendants = match live.descendants as u64 {
            0 => String::new(),
            count => format!(" · {}", counted(count, "child", "children")),
        };
        bar.set_message(format!(
            "{} · {blocks}resident {} · {}{descendants}",
            seconds(live.elapsed.as_secs_f64()),
            whole_bytes(live.rss_bytes),
            counted(live.threads, "thread", "threads"),
        ));
        bar.tick();
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// The progress of a comparison, on a terminal.
#[derive(Debug)]
pub(crate) struct RoundsBar(Option<ProgressBar>);

impl RoundsBar {
    pub(crate) fn new(wanted: bool, runs: u64) -> Self {
        Self(wanted.then(|| {
            let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::stderr());
            let template = "{bar:30} {pos}/{len} runs, {eta} left · {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        }))
    }

    pub(crate) fn show(&self, done: u64, name: &str) {
        if let Some(bar) = &self.0 {
            bar.set_position(done);
            bar.set_message(name.to_owned());
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Progress of something counted, where standard error is a terminal.
#[derive(Debug)]
pub(crate) struct CountBar(Option<ProgressBar>);

impl CountBar {
    /// A bar that counts `things`.
    pub(crate) fn new(things: &str) -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
            let template = format!("{{bar:30}} {{pos}}/{{len}} {things}, {{eta}} left {{msg}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        }))
    }

    /// Prints lines above the bar, or plainly where there is none.
    pub(crate) fn say(&self, lines: &str) {
        match &self.0 {
            Some(bar) => bar.suspend(|| say(&format!("{lines}\n"))),
            None => say(&format!("{lines}\n")),
        }
    }

    /// Likewise; where there is no terminal, what is begun is said in a line of its own.
    pub(crate) fn begin(&self, done: u64, total: u64, doing: &str, name: &str) {
        self.show(done, total, &format!("· {name}"));
        if self.0.is_none() {
            say(&format!(
                "bedplate: {doing} {name}, {} of {total}\n",
                done + 1
            ));
        }
    }

    /// Shows what goes on beside the counting.
    pub(crate) fn note(&self, message: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(message.to_owned());
        }
    }

    pub(crate) fn show(&self, done: u64, total: u64, message: &str) {
        if let Some(bar) = &self.0 {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(message.to_owned());
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
