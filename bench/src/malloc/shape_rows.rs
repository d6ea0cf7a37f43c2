//! Rows about the programs' time and memory.
//!
//! # Role
//! Ratios of processor time to the better mimalloc, program by program, their geometric mean and the
//! worst of them; ratios of peak memory to the smaller mimalloc.
//!
//! # Invariants
//! I1. Which mimalloc is the better one is decided row by row, by the medians of this very run.
//! I2. A ratio is the Hodges-Lehmann estimate over the rounds, with its 95 % interval.

use super::question;
use super::shape_runs::{self, Cost, Effort, SEED, ShapeRuns};
use super::shapes::{SHAPES, Shape};
use crate::contender::{self, Contender, OURS};
use crate::failure::Failure;
use crate::row::{Figure, Measured, Question, Row};
use bedplate_evidence::ab::signed_rank::{self, Estimate};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The greatest ratio of a program's processor time.
const TARGET: f64 = 1.02;

const RATIO: &str = "ratio";

const GEOMEAN: Question = question(
    "M8.geomean",
    "CPU time to the better mimalloc: geometric mean of all programs",
    RATIO,
    0.94,
);
const WORST: Question = question(
    "M8.worst-row",
    "CPU time to the better mimalloc: the worst program",
    RATIO,
    TARGET,
);
const RSS_WORST: Question = question(
    "M8.rss-worst",
    "peak memory to the smaller mimalloc: the worst program",
    RATIO,
    1.0,
);
const RSS_SMALL: Question = question(
    "M8.rss-small",
    "peak memory to the smaller mimalloc: a small program",
    RATIO,
    1.0,
);

const HARDENED_TIME: Question = question(
    "M7.hardened",
    "CPU time of the hardened library to the default one: geometric mean of all programs",
    RATIO,
    1.10,
);

/// The program that `M8.rss-small` is about.
const SMALL: &str = "M8.small-program";

const fn of_shape(shape: &Shape) -> Question {
    question(shape.id, shape.models, RATIO, TARGET)
}

/// The rows whose question is wanted.
pub(crate) fn rows(
    contenders: &[Contender],
    is_quick: bool,
    is_wanted: impl Fn(&Question) -> bool,
) -> Vec<Row> {
    let needs_all = [GEOMEAN, WORST, RSS_WORST].iter().any(&is_wanted);
    let needs_small = is_wanted(&RSS_SMALL);
    let shapes: Vec<&'static Shape> = SHAPES
        .iter()
        .filter(|shape| {
            needs_all || is_wanted(&of_shape(shape)) || (needs_small && shape.id == SMALL)
        })
        .collect();
    if shapes.is_empty() {
        return Vec::new();
    }
    let effort = Effort::new(is_quick);
    let runs = match shape_runs::run(&shapes, contenders, effort) {
        Ok(runs) => runs,
        // Every program lacks the launcher, for the same reason.
        Err(failure) => shapes
            .iter()
            .map(|shape| ShapeRuns {
                shape,
                costs: contenders.iter().map(|_| Err(failure.clone())).collect(),
            })
            .collect(),
    };
    let answers = Answers {
        contenders,
        runs: &runs,
        effort,
    };
    let mut rows: Vec<Row> = runs
        .iter()
        .filter(|runs| is_wanted(&of_shape(runs.shape)))
        .map(|runs| answers.time(runs))
        .collect();
    if is_wanted(&GEOMEAN) {
        rows.push(answers.geomean());
    }
    if is_wanted(&WORST) {
        rows.push(answers.worst());
    }
    if is_wanted(&RSS_WORST) {
        rows.push(answers.rss_worst());
    }
    if is_wanted(&RSS_SMALL) {
        rows.push(answers.rss_small());
    }
    rows
}

/// The row about the time of the hardened library, if it is wanted.
pub(crate) fn hardened(
    contenders: &[Contender],
    is_quick: bool,
    is_wanted: impl Fn(&Question) -> bool,
) -> Option<Row> {
    if !is_wanted(&HARDENED_TIME) {
        return None;
    }
    let both: Vec<Contender> = contenders
        .iter()
        .find(|contender| contender.name == OURS)
        .cloned()
        .into_iter()
        .chain([contender::hardened()])
        .collect();
    let shapes: Vec<&'static Shape> = SHAPES.iter().collect();
    let effort = Effort::new(is_quick);
    let runs = shape_runs::run(&shapes, &both, effort);
    let answers = Answers {
        contenders: &both,
        runs: runs.as_deref().unwrap_or(&[]),
        effort,
    };
    let ratios = runs.as_ref().map_err(Clone::clone).and_then(|runs| {
        runs.iter()
            .map(|runs| Ok((runs.shape.id, Answers::ratio(runs, 1, 0)?)))
            .collect::<Result<Vec<_>, Failure>>()
    });
    let mean = ratios.as_ref().map_err(Clone::clone).map(|ratios| {
        let logarithms: f64 = ratios.iter().map(|(_, ratio)| ratio.ratio.ln()).sum();
        let count = u32::try_from(ratios.len()).unwrap_or(u32::MAX);
        (logarithms / f64::from(count.max(1))).exp()
    });
    let mut row = Row::new(
        &HARDENED_TIME,
        Measured {
            configuration: answers.configuration(),
            ours: Figure::plain(mean),
            peers: BTreeMap::new(),
        },
    )
    .with_interval(None);
    for (id, ratio) in ratios.unwrap_or_default() {
        let peaks = answers.runs.iter().find(|runs| runs.shape.id == id);
        let peaks = peaks.and_then(|runs| runs.median(1, peak).zip(runs.median(0, peak)));
        let memory = peaks.map_or(0.0, |(hardened, default)| hardened / default);
        let note = format!(
            "{:.3} ({:.3} to {:.3}); peak memory {memory:.2}",
            ratio.ratio, ratio.low, ratio.high
        );
        row = row.with_note(id, note);
    }
    Some(row)
}

/// Everything that was run.
struct Answers<'a> {
    contenders: &'a [Contender],
    runs: &'a [ShapeRuns],
    effort: Effort,
}

fn no_figure(what: String) -> Failure {
    Failure::Output {
        program: "bedplate-bench".to_owned(),
        what,
    }
}

const fn cpu(cost: &Cost) -> f64 {
    cost.cpu_s
}

const fn peak(cost: &Cost) -> f64 {
    cost.peak_kib
}

impl Answers<'_> {
    /// The mimalloc with the smaller median of a cost.
    fn better_mimalloc(&self, runs: &ShapeRuns, cost: fn(&Cost) -> f64) -> Result<usize, Failure> {
        let mimallocs = self.contenders.iter().enumerate();
        mimallocs
            .filter(|(_, contender)| contender.is_mimalloc())
            .filter_map(|(index, _)| Some((index, runs.median(index, cost)?)))
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(index, _)| index)
            .ok_or_else(|| no_figure("no mimalloc ran this program".to_owned()))
    }

    /// The ratio of one contender's processor time to another's.
    fn ratio(runs: &ShapeRuns, one: usize, other: usize) -> Result<Estimate, Failure> {
        let [one, other] =
            [one, other].map(|index| runs.costs[index].as_ref().map_err(Clone::clone));
        let pairs: Vec<(f64, f64)> = one?.iter().map(cpu).zip(other?.iter().map(cpu)).collect();
        signed_rank::ratio(&pairs)
            .ok_or_else(|| no_figure(format!("{} rounds give no interval", pairs.len())))
    }

    fn ours(&self) -> usize {
        let mut names = self.contenders.iter();
        names
            .position(|contender| contender.name == OURS)
            .unwrap_or(0)
    }

    /// Our ratio to the better mimalloc.
    fn our_ratio(&self, runs: &ShapeRuns) -> Result<Estimate, Failure> {
        Self::ratio(runs, self.ours(), self.better_mimalloc(runs, cpu)?)
    }

    fn configuration(&self) -> String {
        let Effort { rounds, divisor } = self.effort;
        let shortened = if divisor > 1 {
            format!(" (--quick: turns divided by {divisor})")
        } else {
            String::new()
        };
        format!(
            "default settings, preloaded; {rounds} interleaved rounds{shortened}, order random from \
             seed {SEED}; user and system time"
        )
    }

    /// Figures of every contender, from one function.
    fn figures(
        &self,
        figure: impl Fn(usize) -> Result<f64, Failure>,
    ) -> (Figure, BTreeMap<String, Figure>) {
        let mut all: BTreeMap<String, Figure> = self
            .contenders
            .iter()
            .enumerate()
            .map(|(index, contender)| (contender.name.clone(), Figure::plain(figure(index))))
            .collect();
        let ours = all.remove(OURS);
        let missing = || Figure::plain(Err(no_figure("our library is missing".to_owned())));
        (ours.unwrap_or_else(missing), all)
    }

    fn row(&self, question: &Question, figure: impl Fn(usize) -> Result<f64, Failure>) -> Row {
        let (ours, peers) = self.figures(figure);
        Row::new(
            question,
            Measured {
                configuration: self.configuration(),
                ours,
                peers,
            },
        )
    }

    /// One program's row; peers have their own ratio to the same mimalloc.
    fn time(&self, runs: &ShapeRuns) -> Row {
        let better = self.better_mimalloc(runs, cpu);
        let row = self.row(&of_shape(runs.shape), |index| {
            Ok(Self::ratio(runs, index, better.clone()?)?.ratio)
        });
        let row = row.with_interval(self.our_ratio(runs).ok().map(interval));
        let row = row.with_raw(self.raw(runs));
        match better {
            Ok(index) => row.with_note("better mimalloc", self.contenders[index].name.clone()),
            Err(_) => row,
        }
    }

    fn raw(&self, runs: &ShapeRuns) -> Value {
        let by_name = self
            .contenders
            .iter()
            .zip(&runs.costs)
            .map(|(contender, costs)| {
                let costs = match costs {
                    Ok(costs) => json!(costs),
                    Err(failure) => json!({ "why": failure.to_string() }),
                };
                (contender.name.clone(), costs)
            });
        Value::Object(by_name.collect())
    }

    /// The mean is taken within each round, so that its interval knows how the programs scatter.
    fn geomean(&self) -> Row {
        let better: Vec<_> = self
            .runs
            .iter()
            .map(|runs| self.better_mimalloc(runs, cpu))
            .collect();
        let estimate = |index: usize| -> Result<Estimate, Failure> {
            let rounds = self.effort.rounds;
            let mut pairs = vec![(1.0, 1.0); usize::try_from(rounds).unwrap_or(0)];
            let share = 1.0 / f64::from(u32::try_from(self.runs.len()).unwrap_or(u32::MAX));
            for (runs, better) in self.runs.iter().zip(&better) {
                let theirs = runs.costs[better.clone()?].as_ref().map_err(Clone::clone)?;
                let costs = runs.costs[index].as_ref().map_err(Clone::clone)?;
                for ((one, other), (cost, their)) in pairs.iter_mut().zip(costs.iter().zip(theirs))
                {
                    *one *= cost.cpu_s.powf(share);
                    *other *= their.cpu_s.powf(share);
                }
            }
            signed_rank::ratio(&pairs).ok_or_else(|| no_figure("too few rounds".to_owned()))
        };
        self.row(&GEOMEAN, |index| Ok(estimate(index)?.ratio))
            .with_interval(estimate(self.ours()).ok().map(interval))
    }

    fn worst(&self) -> Row {
        let worst_of = |index: usize| -> Result<(f64, &ShapeRuns), Failure> {
            let mut worst: Option<(f64, &ShapeRuns)> = None;
            for runs in self.runs {
                let ratio = Self::ratio(runs, index, self.better_mimalloc(runs, cpu)?)?.ratio;
                if worst.is_none_or(|(most, _)| ratio > most) {
                    worst = Some((ratio, runs));
                }
            }
            worst.ok_or_else(|| no_figure("no program ran".to_owned()))
        };
        let mut row = self.row(&WORST, |index| Ok(worst_of(index)?.0));
        for (index, contender) in self.contenders.iter().enumerate() {
            if let Ok((_, runs)) = worst_of(index) {
                row = row.with_note(&contender.name, runs.shape.id.to_owned());
            }
        }
        let ours = worst_of(self.ours()).and_then(|(_, runs)| self.our_ratio(runs));
        row.with_interval(ours.ok().map(interval))
    }

    fn rss_ratio(&self, runs: &ShapeRuns, index: usize) -> Result<f64, Failure> {
        let smaller = self.better_mimalloc(runs, peak)?;
        runs.costs[index].as_ref().map_err(Clone::clone)?;
        let [one, other] = [index, smaller].map(|index| runs.median(index, peak));
        one.zip(other)
            .map(|(one, other)| one / other)
            .ok_or_else(|| no_figure("no peak was measured".to_owned()))
    }

    fn rss_worst(&self) -> Row {
        let mut row = self.row(&RSS_WORST, |index| {
            let ratios: Result<Vec<f64>, Failure> = self
                .runs
                .iter()
                .map(|runs| self.rss_ratio(runs, index))
                .collect();
            ratios?
                .into_iter()
                .max_by(f64::total_cmp)
                .ok_or_else(|| no_figure("no program ran".to_owned()))
        });
        for runs in self.runs {
            row = row.with_note(runs.shape.id, self.peaks(runs));
        }
        row.with_interval(None)
    }

    /// `0.83; MiB: ours 10.2, glibc 9.1, ...`
    fn peaks(&self, runs: &ShapeRuns) -> String {
        let ratio = self.rss_ratio(runs, self.ours());
        let ratio = ratio.map_or_else(|why| why.to_string(), |ratio| format!("{ratio:.3}"));
        let peaks: Vec<String> = self
            .contenders
            .iter()
            .enumerate()
            .filter_map(|(index, contender)| {
                let peak = runs.median(index, peak)? / 1024.0;
                Some(format!("{} {peak:.1}", contender.name))
            })
            .collect();
        format!("{ratio}; MiB: {}", peaks.join(", "))
    }

    fn rss_small(&self) -> Row {
        let small = self.runs.iter().find(|runs| runs.shape.id == SMALL);
        let missing = || no_figure(format!("{SMALL} did not run"));
        let row = self.row(&RSS_SMALL, |index| {
            self.rss_ratio(small.ok_or_else(missing)?, index)
        });
        let row = row.with_interval(None);
        match small {
            Some(runs) => row.with_note("peaks", self.peaks(runs)),
            None => row,
        }
    }
}

const fn interval(estimate: Estimate) -> [f64; 2] {
    [estimate.low, estimate.high]
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFORT: Effort = Effort {
        rounds: 6,
        divisor: 1,
    };

    fn contenders() -> Vec<Contender> {
        ["ours", "glibc 2", "mimalloc 3", "mimalloc 2"]
            .map(|name| Contender {
                name: name.to_owned(),
                library: Ok(None),
                setting: None,
            })
            .to_vec()
    }

    fn costs(cpu_s: f64, peak_kib: f64) -> shape_runs::Costs {
        let cost = Cost {
            cpu_s,
            wall_s: cpu_s,
            peak_kib,
        };
        Ok(vec![cost; 6])
    }

    fn runs(shape: usize, figures: [(f64, f64); 4]) -> ShapeRuns {
        ShapeRuns {
            shape: &SHAPES[shape],
            costs: figures
                .map(|(cpu_s, peak_kib)| costs(cpu_s, peak_kib))
                .to_vec(),
        }
    }

    #[test]
    fn a_ratio_is_to_the_mimalloc_that_was_better_here() {
        let contenders = contenders();
        let runs = [
            runs(0, [(0.9, 10.0), (2.0, 10.0), (1.0, 8.0), (1.5, 20.0)]),
            runs(1, [(1.6, 10.0), (2.0, 10.0), (4.0, 20.0), (2.0, 40.0)]),
        ];
        let answers = Answers {
            contenders: &contenders,
            runs: &runs,
            effort: EFFORT,
        };
        assert_eq!(answers.time(&runs[0]).ours, Some(0.9));
        assert_eq!(answers.time(&runs[1]).ours, Some(0.8));
        assert_eq!(answers.geomean().ours, Some(0.849));
        assert_eq!(answers.worst().ours, Some(0.9));
        assert_eq!(answers.rss_worst().ours, Some(1.25));
    }

    #[test]
    fn a_program_that_failed_is_in_no_mean() {
        let contenders = contenders();
        let mut failed = runs(0, [(1.0, 1.0); 4]);
        failed.costs[0] = Err(no_figure("it crashed".to_owned()));
        let runs = [failed, runs(1, [(1.0, 1.0); 4])];
        let answers = Answers {
            contenders: &contenders,
            runs: &runs,
            effort: EFFORT,
        };
        for row in [answers.time(&runs[0]), answers.geomean(), answers.worst()] {
            assert_eq!(row.ours, None);
            assert!(row.why.is_some_and(|why| why.contains("it crashed")));
            assert!(row.peers.values().all(Option::is_some));
        }
    }
}
