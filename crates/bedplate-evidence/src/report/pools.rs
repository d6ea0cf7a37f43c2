//! The pools of a process, as data and as text.

use core::fmt::Write as _;

use bedplate_pool::WorkerMetrics;
use bedplate_pool::inspect::PoolCapture;
use serde::{Deserialize, Serialize};

use super::paint::Paint;
use super::units::{count, counted, seconds};

/// A pool at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoolReport {
    /// Its name, the first 64 bytes.
    pub name: String,
    /// Nanoseconds since it was made.
    pub age_ns: u64,
    /// Workers that run at a time.
    pub workers: u64,
    /// Spares that it may start.
    pub spares: u64,
    /// Threads of its own now.
    pub threads: u64,
    /// Jobs that wait now.
    pub queued: u64,
    /// Sleepers woken so far.
    pub wakes: u64,
    /// It came by a fork: its threads are in the parent.
    pub forked: bool,
    /// The places that a thread has or had.
    pub places: Vec<PlaceReport>,
}

/// A place of a thread in a pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlaceReport {
    /// Its number in the pool.
    pub place: u64,
    /// `worker`, `spare` or `guest`, a thread from outside.
    pub kind: String,
    /// The kind, and a number of its own.
    pub name: String,
    /// `runs`, `waits`, `sleeps`, or `empty` where no thread has it now.
    pub state: String,
    /// The CPU its thread is bound to.
    pub cpu: Option<u32>,
    /// Halves of joins taken from others.
    pub steals: u64,
    /// Takes that another was faster at.
    pub steals_failed: u64,
    /// Halves taken inside a wait.
    pub leaps: u64,
    /// Jobs run.
    pub jobs: u64,
    /// Sleeps without an end of their own.
    pub parks: u64,
    /// Sleeps that end by themselves.
    pub naps: u64,
    /// Waits that slept.
    pub waits: u64,
    /// Panics of detached jobs.
    pub panics: u64,
    /// Nanoseconds asleep with nothing to do.
    pub asleep_ns: u64,
    /// Nanoseconds in waits that slept, and in what blocks.
    pub waited_ns: u64,
}

/// How a thread spent a time, each of one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// Asleep with nothing to do.
    pub asleep: f64,
    /// Waiting for others.
    pub waited: f64,
}

impl PlaceReport {
    fn of(metrics: &WorkerMetrics) -> Self {
        Self {
            place: metrics.place as u64,
            kind: metrics.kind.name().to_owned(),
            name: metrics.name.clone(),
            state: metrics.state.name().to_owned(),
            cpu: metrics.cpu,
            steals: metrics.steals,
            steals_failed: metrics.steals_failed,
            leaps: metrics.leaps,
            jobs: metrics.jobs,
            parks: metrics.parks,
            naps: metrics.naps,
            waits: metrics.waits,
            panics: metrics.panics,
            asleep_ns: metrics.asleep_ns,
            waited_ns: metrics.waited_ns,
        }
    }

    /// How the thread spent `lasted_ns`, since `earlier` or since the pool was made.
    fn shares(&self, earlier: Option<&Self>, lasted_ns: u64) -> Shares {
        let part = |now: u64, then: u64| {
            let spent = now.saturating_sub(then) as f64;
            (spent / lasted_ns.max(1) as f64).min(1.0)
        };
        Shares {
            asleep: part(self.asleep_ns, earlier.map_or(0, |place| place.asleep_ns)),
            waited: part(self.waited_ns, earlier.map_or(0, |place| place.waited_ns)),
        }
    }

    /// A row of a table, under [`COLUMNS`].
    #[must_use]
    pub fn cells(&self, shares: Shares) -> [String; COLUMNS.len()] {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        [
            self.name.clone(),
            self.state.clone(),
            self.cpu
                .map_or_else(|| "any".to_owned(), |cpu| cpu.to_string()),
            count(self.steals + self.leaps),
            count(self.jobs),
            count(self.waits),
            count(self.parks + self.naps),
            percent(shares.asleep),
            percent(shares.waited),
        ]
    }
}

/// What the columns of a table of places are called, and how wide they are; the first two are words.
pub const COLUMNS: [(&str, u16); 9] = [
    ("thread", 10),
    ("now", 7),
    ("CPU", 4),
    ("halves taken", 13),
    ("jobs", 12),
    ("waits", 11),
    ("sleeps", 11),
    ("asleep", 7),
    ("waiting", 8),
];

impl PoolReport {
    /// The report of what was captured.
    #[must_use]
    pub fn of(capture: &PoolCapture) -> Self {
        Self {
            name: capture.name.clone(),
            age_ns: capture.taken_ns.saturating_sub(capture.began_ns),
            workers: capture.workers,
            spares: capture.spares,
            threads: capture.threads,
            queued: capture.queued,
            wakes: capture.wakes,
            forked: capture.is_forked,
            places: capture.places.iter().map(PlaceReport::of).collect(),
        }
    }

    /// In a line.
    #[must_use]
    pub fn title(&self) -> String {
        if self.forked {
            return format!(
                "pool {}: came by a fork, its threads are in the parent",
                self.name
            );
        }
        format!(
            "pool {}: {}, {}, {}, {}, {} old",
            self.name,
            counted(self.workers, "worker", "workers"),
            counted(self.threads, "thread", "threads"),
            counted(self.queued, "job waits", "jobs wait"),
            counted(self.wakes, "wake", "wakes"),
            seconds(self.age_ns as f64 / 1e9),
        )
    }

    /// A row for each place, with how its thread spent the time since `earlier`, or since the pool was
    /// made.
    #[must_use]
    pub fn rows(&self, earlier: Option<&Self>) -> Vec<[String; COLUMNS.len()]> {
        // Another one of the same name is younger than what was seen.
        let earlier = earlier.filter(|e| e.name == self.name && e.age_ns < self.age_ns);
        let lasted_ns = self.age_ns - earlier.map_or(0, |e| e.age_ns);
        let row = |place: &PlaceReport| {
            let before = earlier.and_then(|e| e.places.iter().find(|p| p.place == place.place));
            place.cells(place.shares(before, lasted_ns))
        };
        self.places.iter().map(row).collect()
    }

    /// As text.
    #[must_use]
    pub fn render(&self, paint: Paint) -> String {
        let mut out = format!("  {}\n", paint.bold(&self.title()));
        let mut line = |cells: &[String]| {
            let mut text = String::from("   ");
            for (at, (cell, (_, width))) in cells.iter().zip(COLUMNS).enumerate() {
                let width = usize::from(width);
                // Writing to a String cannot fail.
                let _written = if at < 2 {
                    write!(text, " {cell:<width$}")
                } else {
                    write!(text, " {cell:>width$}")
                };
            }
            out.push_str(text.trim_end());
            out.push('\n');
        };
        line(&COLUMNS.map(|(name, _)| name.to_owned()));
        for row in self.rows(None) {
            line(&row);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{PlaceReport, PoolReport};
    use crate::report::Paint;

    fn place(name: &str, asleep_ns: u64) -> PlaceReport {
        PlaceReport {
            place: 0,
            kind: "worker".to_owned(),
            name: name.to_owned(),
            state: "sleeps".to_owned(),
            cpu: Some(3),
            steals: 1200,
            steals_failed: 1,
            leaps: 34,
            jobs: 5,
            parks: 6,
            naps: 7,
            waits: 8,
            panics: 0,
            asleep_ns,
            waited_ns: 1_000_000_000,
        }
    }

    fn pool(age_ns: u64, asleep_ns: u64) -> PoolReport {
        PoolReport {
            name: "mine".to_owned(),
            age_ns,
            workers: 1,
            spares: 8,
            threads: 1,
            queued: 1,
            wakes: 2,
            forked: false,
            places: vec![place("worker 0", asleep_ns)],
        }
    }

    #[test]
    fn a_pool_is_a_title_and_a_table() {
        let text = pool(4_000_000_000, 3_000_000_000).render(Paint::default());
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("  pool mine: 1 worker, 1 thread, 1 job waits, 2 wakes, "),
            "{text}"
        );
        let words: Vec<&str> = lines[2].split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "worker 0 sleeps 3 1,234 5 8 13 75 % 25 %",
            "{text}"
        );
    }

    #[test]
    fn between_two_looks_only_what_came_meanwhile_counts() {
        let (before, after) = (
            pool(4_000_000_000, 3_000_000_000),
            pool(5_000_000_000, 3_500_000_000),
        );
        assert_eq!(after.rows(Some(&before))[0][7], "50 %");
        assert_eq!(after.rows(None)[0][7], "70 %");
        // A younger one of the name is another.
        assert_eq!(before.rows(Some(&after))[0][7], "75 %");
    }
}
