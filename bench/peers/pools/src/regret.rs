//! By how many percent a loop takes longer, cut as the pool decides, than with the best of all fixed
//! cuts, which are the powers of two. `regret:NAME` prints it for the loop NAME; the pool is `bedplate`,
//! or `unforeseen` where nothing is learned.
//!
//! The best cut is chosen first, of medians of several rounds; then the two are timed anew, in quads: ours, the
//! fixed one, the fixed one, ours. So neither the least of many figures that scatter is taken for what it
//! is not, nor does it matter that a CPU comes and goes: quads are short, and the median of their ratios counts.
//! To the error stream go the cuts, and how much of the quads this process's threads waited for a CPU.

use crate::foreseen::{pool, scattered, work};
use crate::plan::Plan;
use bedplate_pool::prelude::*;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A loop: so many items, each of which costs so many turns.
struct Loop {
    name: &'static str,
    items: usize,
    turns: fn(usize, usize) -> u64,
}

/// A turn takes about a nanosecond.
const LOOPS: &[Loop] = &[
    Loop {
        name: "tiny",
        items: 100,
        turns: |_, _| 10,
    },
    Loop {
        name: "short",
        items: 16,
        turns: |_, _| 400,
    },
    Loop {
        name: "small",
        items: 10_000,
        turns: |_, _| 2,
    },
    Loop {
        name: "large",
        items: 1_000_000,
        turns: |_, _| 2,
    },
    Loop {
        name: "few",
        items: 50,
        turns: |_, _| 20_000,
    },
    Loop {
        name: "rising",
        items: 2_000,
        turns: |n, _| n as u64 / 4,
    },
    Loop {
        name: "falling",
        items: 2_000,
        turns: |n, len| (len - n) as u64 / 4,
    },
    Loop {
        name: "peak",
        items: 1_000,
        turns: |n, _| if n == 900 { 100_000 } else { 100 },
    },
    Loop {
        name: "tail",
        items: 5_000,
        turns: |n, _| 40_000 / (1 + scattered(n) % 1000),
    },
    Loop {
        name: "late",
        items: 4_096,
        turns: |n, len| if n > len * 7 / 8 { 800 } else { 8 },
    },
];

/// How one loop is cut.
#[derive(Clone, Copy)]
enum Cut {
    AsThePoolDecides,
    Fixed(usize),
}

/// What a stretch of runs of a loop takes at least, in nanoseconds.
const STRETCH_NS: f64 = 1e6;
/// Rounds in which the best cut is chosen.
const CHOOSING: usize = 12;
/// A quad counts as undisturbed whose threads waited for CPUs for less than this part of it.
const DISTURBED: f64 = 0.02;

impl Loop {
    fn run(&self, cut: Cut) -> u64 {
        let items = (0..self.items).into_par_iter();
        let cost = |n| work((self.turns)(n, self.items));
        match cut {
            Cut::AsThePoolDecides => items.map(cost).reduce(|| 0, u64::wrapping_add),
            Cut::Fixed(grain) => {
                let items = items.with_min_len(grain).with_max_len(grain);
                items.map(cost).reduce(|| 0, u64::wrapping_add)
            }
        }
    }

    /// The powers of two that it may be cut by. One that makes tens of thousands of pieces is not worth a try.
    fn grains(&self) -> impl Iterator<Item = usize> {
        let powers = (0..).map(|power| 1 << power);
        let all = powers.take_while(|grain| grain / 2 < self.items);
        all.filter(|grain| self.items / grain < 20_000)
    }
}

/// A loop that is timed.
struct Timed {
    what: &'static Loop,
    expected: u64,
    /// Runs that follow each other.
    runs: u32,
}

impl Timed {
    fn new(what: &'static Loop) -> Self {
        let all = (0..what.items).map(|n| work((what.turns)(n, what.items)));
        let expected = all.fold(0, u64::wrapping_add);
        let mut timed = Self {
            what,
            expected,
            runs: 4,
        };
        let run_ns = timed.stretch(Cut::AsThePoolDecides);
        timed.runs = ((STRETCH_NS / run_ns) as u32).max(2);
        timed
    }

    /// Nanoseconds a run, of runs that follow each other at once; a few before them are not timed, lest
    /// the way they were cut before be timed.
    fn stretch(&self, cut: Cut) -> f64 {
        self.runs(cut, self.runs.div_ceil(4));
        let began = Instant::now();
        self.runs(cut, self.runs);
        began.elapsed().as_nanos() as f64 / f64::from(self.runs)
    }

    fn runs(&self, cut: Cut, count: u32) {
        for _ in 0..count {
            let result = black_box(self.what.run(cut));
            assert_eq!(result, self.expected, "a wrong result");
        }
    }

    /// The best of the fixed cuts, what it takes, and what the others take.
    fn best(&self) -> (usize, Vec<(usize, f64)>) {
        let mut cuts: Vec<_> = self.what.grains().map(|g| (g, Vec::new())).collect();
        for _ in 0..CHOOSING {
            for (grain, times) in &mut cuts {
                times.push(self.stretch(Cut::Fixed(*grain)));
            }
        }
        let cuts: Vec<_> = cuts
            .into_iter()
            .map(|(g, mut t)| (g, median(&mut t)))
            .collect();
        let best = cuts.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        (best.expect("a grain").0, cuts)
    }

    /// Ours, the fixed cut twice, ours.
    fn quad(&self, grain: usize) -> Quad {
        let (began, waited_ns) = (Instant::now(), waited_ns());
        let [a, b, c, d] = [
            Cut::AsThePoolDecides,
            Cut::Fixed(grain),
            Cut::Fixed(grain),
            Cut::AsThePoolDecides,
        ]
        .map(|cut| self.stretch(cut));
        let took_ns = began.elapsed().as_nanos() as f64;
        Quad {
            ratio: (a + d) / (b + c),
            ours_ns: (a + d) / 2.0,
            waited: (self::waited_ns() - waited_ns) / took_ns,
        }
    }
}

/// A comparison, and which part of it threads waited for CPUs.
#[derive(Clone, Copy)]
struct Quad {
    ratio: f64,
    ours_ns: f64,
    waited: f64,
}

/// Nanoseconds that the threads of this process waited for a CPU so far; zero where the kernel does not tell.
fn waited_ns() -> f64 {
    let tasks = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let waited = |task: fs::DirEntry| -> Option<f64> {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').nth(1)?.parse().ok()
    };
    tasks.filter_map(waited).sum()
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 0 {
        (figures[middle - 1] + figures[middle]) / 2.0
    } else {
        figures[middle]
    }
}

fn percent(quads: impl Iterator<Item = Quad>) -> Option<f64> {
    let mut ratios: Vec<f64> = quads.map(|quad| quad.ratio).collect();
    (!ratios.is_empty()).then(|| (median(&mut ratios) - 1.0) * 100.0)
}

/// Quads for `repeats` tenths of a second.
pub fn regret(plan: &Plan, name: &str) {
    let found = LOOPS.iter().find(|found| found.name == name);
    let found = found.unwrap_or_else(|| panic!("no loop {name}"));
    let pool = pool(plan.threads, plan.pool == "bedplate");
    // Its workers bind themselves: this thread alone.
    if plan.bound {
        bedplate_os::affinity::bind_thread(0).expect("a first CPU");
    }
    pool.install(|| {
        let timed = Timed::new(found);
        let (grain, cuts) = timed.best();
        let limit = Duration::from_millis(100) * plan.repeats.max(1);
        let began = Instant::now();
        let mut quads = Vec::new();
        while quads.len() < 5 || began.elapsed() < limit {
            quads.push(timed.quad(grain));
        }
        let all = quads.iter().copied();
        println!("{}", percent(all.clone()).expect("quads"));
        for (grain, ns) in cuts {
            eprintln!("{name} grain {grain}: {ns:.0} ns");
        }
        let mut ours: Vec<f64> = all.clone().map(|quad| quad.ours_ns).collect();
        let quiet = all.clone().filter(|quad| quad.waited < DISTURBED);
        eprintln!(
            "{name}: {:.0} ns, to grain {grain}; {} quads, of which {} undisturbed: {:.1} percent",
            median(&mut ours),
            quads.len(),
            quiet.clone().count(),
            percent(quiet).unwrap_or(f64::NAN),
        );
    });
}
