//! Looks over time, thresholds, a picture.
//!
//! # Role
//! A host looks every now and then; the history keeps the figures, halves its grain when it is full,
//! says once when a threshold is crossed, and draws bytes by kind over time.

use super::census::Census;
use crate::{Heap, Kind, Stats};
use core::fmt::{self, Write};

/// Looks that are kept; then every other one goes.
const LOOKS_MAX: usize = 512;
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 300.0;
/// Room for the scale on the left and below.
const MARGIN: f64 = 60.0;
const COLOURS: [&str; 8] = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f",
];

/// A look at a heap.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Look {
    /// When, in nanoseconds of any clock of the host's.
    pub at_ns: u64,
    /// The figures.
    pub stats: Stats,
    /// What it holds.
    pub census: Census,
    /// Objects made in each second since the look before; averaged over the last few looks.
    pub made_per_second: f64,
}

/// When to speak up. What is left out is never crossed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thresholds {
    /// Bytes of all objects.
    pub bytes_max: Option<u64>,
    /// Objects that wait for a trial or a full pass: what may float.
    pub waiting_max: Option<u64>,
}

impl Thresholds {
    /// Thresholds that are never crossed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes_max: None,
            waiting_max: None,
        }
    }

    /// Speaks up above so many bytes of all objects.
    #[must_use]
    pub const fn with_bytes_max(mut self, bytes: u64) -> Self {
        self.bytes_max = Some(bytes);
        self
    }

    /// Speaks up above so many objects that wait for a trial or a full pass.
    #[must_use]
    pub const fn with_waiting_max(mut self, objects: u64) -> Self {
        self.waiting_max = Some(objects);
        self
    }
}

/// A threshold that was crossed: told once, and again only after the figure was below nine tenths of
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crossing {
    /// More bytes than [`Thresholds::bytes_max`].
    Bytes {
        /// How many.
        found: u64,
        /// The threshold.
        max: u64,
    },
    /// More objects than [`Thresholds::waiting_max`] wait.
    Waiting {
        /// How many.
        found: u64,
        /// The threshold.
        max: u64,
    },
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { found, max } => write!(
                f,
                "the heap's objects take {found} bytes, more than {max}: ask the census for kinds and shapes, and for the retaining path of one that should be gone"
            ),
            Self::Waiting { found, max } => write!(
                f,
                "{found} objects wait for the collector, more than {max}: call step or run_for more often, or collect once"
            ),
        }
    }
}

/// Looks at one heap over time.
#[derive(Debug, Default)]
pub struct History {
    looks: Vec<Look>,
    /// Of so many looks one is kept.
    stride: u64,
    asked: u64,
    thresholds: Thresholds,
    is_above: [bool; 2],
    rate: f64,
    last: Option<(u64, u64)>,
}

impl History {
    /// An empty history.
    #[must_use]
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            stride: 1,
            ..Self::default()
        }
    }

    /// The looks that are kept, the oldest first.
    #[must_use]
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// Looks at the heap; the thresholds that were crossed since the last look.
    ///
    /// # Cost
    /// A census.
    pub fn look(&mut self, heap: &Heap, at_ns: u64) -> Vec<Crossing> {
        let (stats, census) = (heap.stats(), heap.census());
        self.note_rate(at_ns, stats.allocated_objects);
        let crossings = self.crossings(&stats, &census);
        if self.asked.is_multiple_of(self.stride.max(1)) {
            self.looks.push(Look {
                at_ns,
                stats,
                census,
                made_per_second: self.rate,
            });
        }
        self.asked += 1;
        if self.looks.len() >= LOOKS_MAX {
            let mut place = 0_u32;
            self.looks.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride = self.stride.max(1) * 2;
        }
        crossings
    }

    /// A quarter of the newest rate, three of what was.
    fn note_rate(&mut self, at_ns: u64, made: u64) {
        if let Some((then_ns, then_made)) = self.last {
            let seconds = as_float(at_ns.saturating_sub(then_ns)) / 1e9;
            if seconds > 0.0 {
                let now = as_float(made.saturating_sub(then_made)) / seconds;
                let is_first = self.looks.len() < 2;
                self.rate = if is_first {
                    now
                } else {
                    0.75 * self.rate + 0.25 * now
                };
            }
        }
        self.last = Some((at_ns, made));
    }

    fn crossings(&mut self, stats: &Stats, census: &Census) -> Vec<Crossing> {
        let waiting = stats.candidates + stats.deferred;
        let gauges = [
            (census.bytes(), self.thresholds.bytes_max),
            (waiting, self.thresholds.waiting_max),
        ];
        let mut crossings = Vec::new();
        for (gauge, (found, max)) in gauges.into_iter().enumerate() {
            let Some(max) = max else { continue };
            if found > max && !self.is_above[gauge] {
                crossings.push(if gauge == 0 {
                    Crossing::Bytes { found, max }
                } else {
                    Crossing::Waiting { found, max }
                });
                self.is_above[gauge] = true;
            } else if found < max / 10 * 9 {
                self.is_above[gauge] = false;
            }
        }
        crossings
    }

    /// Bytes by kind over time as a picture: SVG that stands alone.
    ///
    /// # Errors
    /// - Those of the writer.
    pub fn write_svg(&self, to: &mut impl Write) -> fmt::Result {
        let most = self.looks.iter().map(|look| look.census.bytes()).max();
        let most = as_float(most.unwrap_or(0).max(1));
        let span = match (self.looks.first(), self.looks.last()) {
            (Some(first), Some(last)) => last.at_ns.saturating_sub(first.at_ns).max(1),
            _ => 1,
        };
        let (width, height) = (WIDTH + 3.0 * MARGIN, HEIGHT + MARGIN);
        writeln!(
            to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">"
        )?;
        writeln!(
            to,
            "<title>bytes of a heap's objects by kind over time</title>"
        )?;
        writeln!(to, "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>")?;
        let kinds = self.kinds();
        let mut below = vec![0_u64; self.looks.len()];
        for (number, kind) in kinds.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            self.write_layer(to, *kind, colour, &mut below, (most, as_float(span)))?;
            let y = 20.0 + 18.0 * as_float(number as u64);
            let x = WIDTH + MARGIN + 10.0;
            writeln!(
                to,
                "<rect x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{kind:?}</text>",
                x + 18.0,
                y + 11.0
            )?;
        }
        let seconds = as_float(span) / 1e9;
        writeln!(
            to,
            "<text x=\"4\" y=\"14\">{:.1} MiB</text>",
            most / 1_048_576.0
        )?;
        writeln!(to, "<text x=\"4\" y=\"{HEIGHT}\">0</text>")?;
        writeln!(
            to,
            "<text x=\"{}\" y=\"{}\">{seconds:.3} s, {} looks</text>",
            WIDTH - MARGIN,
            HEIGHT + 20.0,
            self.looks.len()
        )?;
        writeln!(to, "</svg>")
    }

    /// The kinds of all looks, in their numbers' order.
    fn kinds(&self) -> Vec<Kind> {
        let rows = self.looks.iter().flat_map(|look| &look.census.kinds);
        let mut kinds: Vec<Kind> = rows.map(|row| row.kind).collect();
        kinds.sort_by_key(|kind| *kind as u8);
        kinds.dedup();
        kinds
    }

    /// A kind's layer on top of those `below`.
    fn write_layer(
        &self,
        to: &mut impl Write,
        kind: Kind,
        colour: &str,
        below: &mut [u64],
        (most, span): (f64, f64),
    ) -> fmt::Result {
        let start = self.looks.first().map_or(0, |look| look.at_ns);
        let mut upper = Vec::new();
        let mut lower = Vec::new();
        for (look, below) in self.looks.iter().zip(below) {
            let x = MARGIN + WIDTH * as_float(look.at_ns.saturating_sub(start)) / span;
            let y = |bytes: u64| HEIGHT * (1.0 - as_float(bytes) / most);
            lower.push((x, y(*below)));
            let row = look.census.kinds.iter().find(|row| row.kind == kind);
            *below += row.map_or(0, |row| row.bytes);
            upper.push((x, y(*below)));
        }
        write!(to, "<polygon fill=\"{colour}\" points=\"")?;
        for (x, y) in upper.iter().chain(lower.iter().rev()) {
            write!(to, "{x:.1},{y:.1} ")?;
        }
        writeln!(to, "\"/>")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture and a rate")]
const fn as_float(number: u64) -> f64 {
    number as f64
}
