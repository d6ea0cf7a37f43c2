//! The heaps for language machines of a process, as data and as text.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;

use bedplate_heap::inspect::HeapCapture;
use bedplate_heap::{Pauses, Trigger, Work};
use serde::{Deserialize, Serialize};

use super::paint::Paint;
use super::units::{count, counted, seconds, whole, whole_bytes};

/// A heap at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectHeapReport {
    /// Its name, the first 64 bytes.
    pub name: String,
    /// Nanoseconds since it was made.
    pub age_ns: u64,
    /// Nanoseconds since it wrote these figures.
    pub written_ns_ago: u64,
    /// Objects that are there.
    pub live_objects: u64,
    /// About what they hold.
    pub bytes: u64,
    /// Bytes committed for them.
    pub committed_bytes: u64,
    /// About the garbage that is not freed yet.
    pub floating_objects: u64,
    /// About its bytes.
    pub floating_bytes: u64,
    /// Objects made in a second, averaged over about the last one.
    pub made_per_second: f64,
    /// From 0 to 1, by the quick check.
    pub health: f64,
    /// Objects by kind.
    pub kinds: BTreeMap<String, ObjectCounts>,
    /// Objects that wait for a trial.
    pub candidates: u64,
    /// Objects that wait for a full pass.
    pub deferred: u64,
    /// Objects that wait to be freed.
    pub dying: u64,
    /// Trials of the collector.
    pub trials: u64,
    /// Trials that met a limit.
    pub cut_trials: u64,
    /// Candidates and deferred objects that they took up.
    pub tried: u64,
    /// Objects that they looked at.
    pub touched_objects: u64,
    /// Full passes.
    pub full_passes: u64,
    /// Dead structures found.
    pub cycles: u64,
    /// Objects freed as parts of cycles.
    pub cycle_objects: u64,
    /// References given back more often than they were taken.
    pub underflows: u64,
    /// Retains that changed nothing.
    pub refused_retains: u64,
    /// How often each reason began a collection, by name.
    pub triggers: BTreeMap<String, u64>,
    /// What began the last, by name.
    pub last_trigger: Option<String>,
    /// How long pieces of the collector's work took, by what they were for.
    pub pauses: BTreeMap<String, PauseReport>,
}

/// Objects of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectCounts {
    /// Those that are there.
    pub live: u64,
    /// Those that were made.
    pub made: u64,
    /// Those that were freed.
    pub freed: u64,
}

/// How long pieces of work took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseReport {
    /// How many there were.
    pub count: u64,
    /// The time of all together.
    pub total_ns: u64,
    /// The longest.
    pub longest_ns: u64,
    /// What 99 of 100 did not take.
    pub within_99_ns: u64,
    /// Powers of two, and how many took from each to the next.
    pub from_ns: Vec<(u64, u64)>,
}

impl PauseReport {
    fn of(pauses: &Pauses) -> Self {
        let ns = |time: core::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            count: pauses.count(),
            total_ns: ns(pauses.total()),
            longest_ns: ns(pauses.longest()),
            within_99_ns: ns(pauses.within(990)),
            from_ns: pauses
                .buckets()
                .map(|(from, count)| (ns(from), count))
                .collect(),
        }
    }
}

/// The heaps of a process together at one moment of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectPoint {
    /// Milliseconds since the start of the run.
    pub ms: f64,
    /// Objects that are there.
    pub live_objects: u64,
    /// About what they hold.
    pub bytes: u64,
    /// About the bytes of garbage that is not freed yet.
    pub floating_bytes: u64,
    /// Objects by kind.
    pub kinds: BTreeMap<String, u64>,
}

impl ObjectPoint {
    /// The sums over `heaps`.
    #[must_use]
    pub fn of(ms: f64, heaps: &[ObjectHeapReport]) -> Self {
        let mut point = Self {
            ms,
            ..Self::default()
        };
        for heap in heaps {
            point.live_objects += heap.live_objects;
            point.bytes += heap.bytes;
            point.floating_bytes += heap.floating_bytes;
            for (kind, counts) in heap.kinds.iter().filter(|(_, counts)| counts.live > 0) {
                *point.kinds.entry(kind.clone()).or_default() += counts.live;
            }
        }
        point
    }
}

/// What the columns of a table of kinds are called, and how wide they are; the first are words.
pub const KIND_COLUMNS: [(&str, u16); 5] = [
    ("kind", 10),
    ("objects", 13),
    ("made", 16),
    ("freed", 16),
    ("made/s", 13),
];

impl ObjectHeapReport {
    /// The report of what was captured.
    #[must_use]
    pub fn of(capture: &HeapCapture) -> Self {
        let (stats, gauges) = (&capture.stats, &capture.gauges);
        let kinds = stats.allocated_by_kind.iter().map(|(kind, made)| {
            let counts = ObjectCounts {
                live: stats.live_by_kind().of(kind),
                made,
                freed: stats.freed_by_kind.of(kind),
            };
            (kind.name().to_owned(), counts)
        });
        let triggers = stats.triggers.iter();
        let pauses = Work::ALL
            .into_iter()
            .map(|work| (work, capture.pauses(work)));
        let pauses = pauses.filter(|(_, pauses)| pauses.count() > 0);
        Self {
            name: capture.name.clone(),
            age_ns: capture.read_ns.saturating_sub(capture.began_ns),
            written_ns_ago: capture.read_ns.saturating_sub(capture.taken_ns),
            live_objects: gauges.live_objects,
            bytes: gauges.bytes,
            committed_bytes: gauges.committed_bytes,
            floating_objects: gauges.floating_objects,
            floating_bytes: gauges.floating_bytes,
            made_per_second: gauges.made_per_second,
            health: gauges.health,
            kinds: kinds.collect(),
            candidates: stats.candidates,
            deferred: stats.deferred,
            dying: gauges.dying,
            trials: stats.trials,
            cut_trials: stats.cut_trials,
            tried: stats.tried,
            touched_objects: stats.touched_objects,
            full_passes: stats.full_passes,
            cycles: stats.cycles,
            cycle_objects: stats.cycle_objects,
            underflows: stats.underflows,
            refused_retains: stats.refused_retains,
            triggers: triggers
                .map(|(trigger, count)| (trigger.name().to_owned(), count))
                .collect(),
            last_trigger: stats.last_trigger.map(|trigger| trigger.name().to_owned()),
            pauses: pauses
                .map(|(work, pauses)| (work.name().to_owned(), PauseReport::of(pauses)))
                .collect(),
        }
    }

    /// In a line.
    #[must_use]
    pub fn title(&self) -> String {
        let name = if self.name.is_empty() {
            String::new()
        } else {
            format!(" {}", self.name)
        };
        format!(
            "object heap{name}: {} in {} of {}, {} float, {} made a second, health {:.3}, {} old",
            counted(self.live_objects, "object", "objects"),
            whole_bytes(self.bytes),
            whole_bytes(self.committed_bytes),
            whole_bytes(self.floating_bytes),
            count(whole(self.made_per_second)),
            self.health,
            seconds(self.age_ns as f64 / 1e9),
        )
    }

    /// What the collector did and why.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut collector = format!(
            "collector: {}, {}; {} found, {} freed with them; {} and {} deferred wait",
            counted(self.trials, "trial", "trials"),
            counted(self.full_passes, "full pass", "full passes"),
            counted(self.cycles, "cycle", "cycles"),
            counted(self.cycle_objects, "object", "objects"),
            counted(self.candidates, "candidate", "candidates"),
            count(self.deferred),
        );
        let last = Trigger::ALL
            .into_iter()
            .find(|trigger| Some(trigger.name()) == self.last_trigger.as_deref());
        if let Some(last) = last {
            // Writing to a String cannot fail.
            let _written = write!(collector, "; the last began because {last}");
        }
        let mut lines = vec![collector];
        for (work, pauses) in &self.pauses {
            // Most are far below what `seconds` shows.
            let time = core::time::Duration::from_nanos;
            lines.push(format!(
                "{work}: {}, 99 % within {:.1?}, the longest {:.1?}, together {:.1?}",
                counted(pauses.count, "pause", "pauses"),
                time(pauses.within_99_ns),
                time(pauses.longest_ns),
                time(pauses.total_ns),
            ));
        }
        if self.underflows > 0 {
            lines.push(format!(
                "{} given back more often than taken: verify the heap",
                counted(self.underflows, "reference", "references")
            ));
        }
        lines
    }

    /// A row for each kind under [`KIND_COLUMNS`], the most objects first, with what was made a second since
    /// `earlier`, or since the heap was made.
    #[must_use]
    pub fn rows(&self, earlier: Option<&Self>) -> Vec<[String; KIND_COLUMNS.len()]> {
        // Another one of the same name is younger than what was seen.
        let earlier = earlier.filter(|e| e.name == self.name && e.age_ns < self.age_ns);
        let lasted_ns = self.age_ns - earlier.map_or(0, |e| e.age_ns);
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, counts)| core::cmp::Reverse((counts.live, counts.made)));
        let row = |(kind, counts): (&String, &ObjectCounts)| {
            let then = earlier.and_then(|e| e.kinds.get(kind));
            let made = counts.made.saturating_sub(then.map_or(0, |then| then.made));
            let rate = made as f64 * 1e9 / lasted_ns.max(1) as f64;
            [
                kind.clone(),
                count(counts.live),
                count(counts.made),
                count(counts.freed),
                count(whole(rate)),
            ]
        };
        kinds.into_iter().map(row).collect()
    }

    /// As text.
    #[must_use]
    pub fn render(&self, paint: Paint) -> String {
        let mut out = format!("  {}\n", paint.bold(&self.title()));
        for line in self.lines() {
            out.push_str(&format!("    {line}\n"));
        }
        let mut line = |cells: &[String]| {
            let mut text = String::from("   ");
            for (at, (cell, (_, width))) in cells.iter().zip(KIND_COLUMNS).enumerate() {
                let width = usize::from(width);
                // Writing to a String cannot fail.
                let _written = if at < 1 {
                    write!(text, " {cell:<width$}")
                } else {
                    write!(text, " {cell:>width$}")
                };
            }
            out.push_str(text.trim_end());
            out.push('\n');
        };
        if !self.kinds.is_empty() {
            line(&KIND_COLUMNS.map(|(name, _)| name.to_owned()));
        }
        for row in self.rows(None) {
            line(&row);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{ObjectCounts, ObjectHeapReport, ObjectPoint, PauseReport};
    use crate::report::Paint;
    use crate::report::svg::{self, Window};
    use alloc::collections::BTreeMap;

    fn heap(age_ns: u64, made: u64) -> ObjectHeapReport {
        let counts = |live, made| ObjectCounts {
            live,
            made,
            freed: made - live,
        };
        ObjectHeapReport {
            name: "lua".to_owned(),
            age_ns,
            written_ns_ago: 1000,
            live_objects: 25,
            bytes: 4096,
            committed_bytes: 1 << 20,
            floating_objects: 2,
            floating_bytes: 300,
            made_per_second: 1234.4,
            health: 1.0,
            kinds: BTreeMap::from([
                ("cell".to_owned(), counts(5, 5)),
                ("pair".to_owned(), counts(20, made)),
            ]),
            candidates: 1,
            deferred: 4,
            dying: 0,
            trials: 2,
            cut_trials: 0,
            tried: 7,
            touched_objects: 9,
            full_passes: 1,
            cycles: 3,
            cycle_objects: 6,
            underflows: 1,
            refused_retains: 0,
            triggers: BTreeMap::from([("candidates".to_owned(), 2)]),
            last_trigger: Some("candidates".to_owned()),
            pauses: BTreeMap::from([(
                "trial".to_owned(),
                PauseReport {
                    count: 2,
                    total_ns: 3000,
                    longest_ns: 2000,
                    within_99_ns: 2000,
                    from_ns: vec![(512, 1), (1024, 1)],
                },
            )]),
        }
    }

    #[test]
    fn a_heap_is_a_title_lines_and_a_table() {
        let text = heap(2_000_000_000, 1000).render(Paint::default());
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("  object heap lua: 25 objects in 4.00 KiB of "),
            "{text}"
        );
        assert!(
            lines[0].contains("1,234 made a second, health 1.000"),
            "{text}"
        );
        assert!(
            lines[1].contains("2 trials, 1 full pass; 3 cycles found")
                && lines[1].ends_with("because candidates were enough"),
            "{text}"
        );
        assert!(
            lines[2].contains("trial: 2 pauses, 99 % within 2.0µs"),
            "{text}"
        );
        assert!(lines[3].contains("1 reference given back"), "{text}");
        let words: Vec<&str> = lines[5].split_whitespace().collect();
        assert_eq!(words, ["pair", "20", "1,000", "980", "500"], "{text}");
    }

    #[test]
    fn between_two_looks_only_what_came_meanwhile_counts() {
        let (before, after) = (heap(2_000_000_000, 1000), heap(3_000_000_000, 1700));
        assert_eq!(after.rows(Some(&before))[0][4], "700");
        // A younger one of the name is another.
        assert_eq!(before.rows(Some(&after))[0][4], "500");
    }

    #[test]
    fn a_picture_has_a_layer_for_each_kind() {
        let at = |ms: f64, made: u64| ObjectPoint::of(ms, &[heap(1, made)]);
        let points = [at(0.0, 100), at(10.0, 200), at(30.0, 400)];
        assert_eq!(svg::kinds(&points), ["pair", "cell"]);
        for window in [Window::Wide, Window::Narrow] {
            let picture = svg::objects(&points, window);
            assert_eq!(picture.matches("<path").count(), 2, "{picture}");
            assert!(picture.ends_with("</svg>"), "{picture}");
        }
        assert_eq!(svg::objects(&[], Window::Wide), "");
    }

    #[test]
    fn heaps_are_added_up() {
        let heaps = [heap(1, 100), heap(1, 100)];
        let point = ObjectPoint::of(7.0, &heaps);
        assert_eq!((point.live_objects, point.bytes), (50, 8192));
        assert_eq!(point.kinds["pair"], 40);
    }
}
