//! Text as it comes, and the line of progress.

use bedplate_region::kv::KvStats;
use core::error::Error;
use core::fmt;
use core::time::Duration;
use indicatif::{ProgressBar, ProgressStyle};
use llama::{LlamaError, Runner, Vocabulary};
use std::io::{self, Write};
use std::time::Instant;

/// What the program may end with.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// Options that do not fit the model, and what to do: the program ends with 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

/// Says something to the user.
pub(crate) fn say(line: &str) {
    // Nobody listens where standard error is closed.
    let _said = writeln!(io::stderr(), "{line}");
}

/// Prints a line of data.
pub(crate) fn print(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Prints tokens as they come: as text, or as numbers where there is none.
#[derive(Debug)]
pub(crate) struct Printer<'v> {
    vocabulary: &'v Vocabulary,
    is_first: bool,
}

impl<'v> Printer<'v> {
    pub(crate) const fn new(vocabulary: &'v Vocabulary) -> Self {
        Self {
            vocabulary,
            is_first: true,
        }
    }

    pub(crate) fn print(&mut self, token: u32) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.vocabulary.is_empty() {
            let between = if self.is_first { "" } else { "," };
            write!(out, "{between}{token}")?;
        } else {
            out.write_all(self.vocabulary.text(token))?;
        }
        self.is_first = false;
        // A reader of a pipe sees each token as it comes.
        out.flush()
    }
}

/// A bar while a prompt is taken in, on a terminal only.
pub(crate) fn bar(tokens: usize, is_quiet: bool) -> ProgressBar {
    let is_shown = !is_quiet && io::IsTerminal::is_terminal(&io::stderr());
    if !is_shown {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(tokens as u64);
    let style = ProgressStyle::with_template("prompt {bar:30} {pos}/{len} tokens");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// How long something took.
#[derive(Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How many of something there were in a second.
    pub(crate) fn rate(&self, count: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let count = count as f64;
        count / self.0.elapsed().max(Duration::from_micros(1)).as_secs_f64()
    }
}

/// Says what it took.
pub(crate) fn figures(runner: &Runner<'_>, stats: &KvStats) {
    let scratch = runner.scratch();
    say(&format!(
        "cache: {} KiB committed of {} KiB reserved; scratch of a token: {} KiB planned, {} KiB without a plan",
        stats.committed_bytes >> 10,
        stats.reserved_bytes >> 10,
        scratch.planned_bytes >> 10,
        scratch.bump_bytes >> 10,
    ));
}

/// An error of `generate`, which has an option for texts without an end.
pub(crate) fn failed(error: LlamaError) -> Box<dyn Error> {
    let LlamaError::Context { .. } = error else {
        return error.into();
    };
    let advice = "`--window N` keeps the last N only (N and `--batch` fit the context together), `--context` raises it";
    format!("{error}: {advice}").into()
}
