//! Looks over time, thresholds, a picture.
//!
//! # Role
//! A host looks every now and then; the history keeps the figures, halves its grain when it is full,
//! says once when a threshold is crossed, and draws bytes by kind over time.

use super::census::Census;
use crate::figures::{Alarms, Rate};
use crate::{Crossing, Gauges, Heap, Kind, Stats, Thresholds};
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
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Look {
    /// When, in nanoseconds of any clock of the host's.
    pub at_ns: u64,
    /// The figures.
    pub stats: Stats,
    /// What it holds.
    pub census: Census,
    /// The gauges; bytes are those of the census.
    pub gauges: Gauges,
    /// Objects made in a second, averaged over about the last one by the host's clock.
    pub made_per_second: f64,
}

/// Looks at one heap over time.
#[derive(Debug, Default)]
pub struct History {
    looks: Vec<Look>,
    /// Of so many looks one is kept.
    stride: u64,
    asked: u64,
    alarms: Alarms,
    rate: Option<Rate>,
}

impl History {
    /// An empty history.
    #[must_use]
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            alarms: Alarms::new(thresholds),
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
        let mut gauges = heap.gauges();
        gauges.bytes = census.bytes();
        let rate = self
            .rate
            .get_or_insert_with(|| Rate::since(at_ns, stats.allocated_objects));
        rate.note(at_ns, stats.allocated_objects);
        gauges.made_per_second = rate.per_second();
        let crossings = self.alarms.check(&gauges);
        if self.asked.is_multiple_of(self.stride.max(1)) {
            self.looks.push(Look {
                at_ns,
                stats,
                census,
                gauges,
                made_per_second: gauges.made_per_second,
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

    /// Bytes by kind over time as a picture: SVG that stands alone. Lines are what floats, about, on the
    /// same scale, and the objects on one of their own.
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
        let objects = self.looks.iter().map(|look| look.gauges.live_objects).max();
        let objects = as_float(objects.unwrap_or(0).max(1));
        let floating = |look: &Look| as_float(look.gauges.floating_bytes) / most;
        self.write_line(
            to,
            "floating",
            "#d00000",
            (kinds.len(), as_float(span)),
            floating,
        )?;
        let count = |look: &Look| as_float(look.gauges.live_objects) / objects;
        let label = format!("objects, most {objects}");
        self.write_line(
            to,
            &label,
            "#000000",
            (kinds.len() + 1, as_float(span)),
            count,
        )?;
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

    /// A line of shares of the height, and what it is called in a row of the legend.
    fn write_line(
        &self,
        to: &mut impl Write,
        name: &str,
        colour: &str,
        (row, span): (usize, f64),
        share: impl Fn(&Look) -> f64,
    ) -> fmt::Result {
        let start = self.looks.first().map_or(0, |look| look.at_ns);
        let style = format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"");
        write!(to, "<polyline {style} points=\"")?;
        for look in &self.looks {
            let x = MARGIN + WIDTH * as_float(look.at_ns.saturating_sub(start)) / span;
            let y = HEIGHT * (1.0 - share(look).min(1.0));
            write!(to, "{x:.1},{y:.1} ")?;
        }
        let (x, y) = (WIDTH + MARGIN + 10.0, 26.0 + 18.0 * as_float(row as u64));
        writeln!(
            to,
            "\"/><path d=\"M{x} {y}h12\" {style}/><text x=\"{}\" y=\"{}\">{name}</text>",
            x + 18.0,
            y + 5.0
        )
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for History {
    /// The looks that are kept.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = serializer.serialize_struct("History", 1)?;
        fields.serialize_field("looks", &self.looks)?;
        fields.end()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture and a rate")]
const fn as_float(number: u64) -> f64 {
    number as f64
}
