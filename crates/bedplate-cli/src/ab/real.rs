//! `ab selftest --real`.
//!
//! # Role
//! Compares a real program with itself many times, and with itself plus a planted cost, all under
//! the same rules, and counts the verdicts.
//!
//! # Not here
//! The ledger: these comparisons are no reruns of each other's question, their number is fixed
//! before.

use core::fmt::Write as _;
use core::time::Duration;
use std::ffi::OsString;
use std::path::Path;

use bedplate_evidence::RunError;
use bedplate_evidence::ab::signed_rank::median;
use bedplate_evidence::ab::{Calibration, Rules, Verdict};
use bedplate_evidence::trial::conduct::{End, Outputs, TrialPlan};
use bedplate_evidence::trial::fitness::{self, Host, Unfit};
use bedplate_evidence::trial::surroundings::Surroundings;
use bedplate_evidence::trial::witness::Counter;
use bedplate_evidence::trial::{Contestant, Metric, Progress, conduct};
use bedplate_evidence::versus::Interrupts;
use serde::Serialize;

use super::arguments::SelftestArguments;
use super::compare::rules;
use super::selftest::write_json;
use super::spin::turns_for;
use super::{machine_facts, seed_from_clock, temporary};
use crate::exit::Exit;
use crate::talk::{CountBar, complain, print, say};

/// Planted costs in percent, and the share of them that is to be found.
const PLANTED: [(f64, f64); 3] = [(1.0, 50.0), (2.0, 90.0), (5.0, 99.0)];

/// Most false verdicts of each sign, in percent.
const FALSE_MOST: f64 = 2.5;

/// Runs that the program's usual figure is taken from.
const TRIED: usize = 10;

/// The document.
#[derive(Debug, Serialize)]
struct RealSelftest {
    version: u32,
    program: Vec<String>,
    rules: Rules,
    metric: Metric,
    host: Host,
    unfit: Vec<Unfit>,
    unfit_ok: bool,
    /// The program's usual figure, seconds.
    usual_s: f64,
    /// Kind by kind; the first is the program against itself.
    kinds: Vec<Kind>,
    holds: bool,
}

/// The comparisons of one kind.
#[derive(Debug, Serialize)]
struct Kind {
    planted_percent: f64,
    turns: u64,
    /// Share of comparisons that found the cost on the side it was planted in, in percent; for the
    /// program against itself, the larger share of GO and NO-GO.
    percent: f64,
    target: f64,
    holds: bool,
    mean_pairs: f64,
    /// One for each comparison.
    comparisons: Vec<Compared>,
}

/// One comparison.
#[derive(Clone, Debug, Serialize)]
struct Compared {
    stream: u64,
    /// Whether the cost was planted in A, so that GO is right.
    is_planted_in_a: bool,
    verdict: Verdict,
    pairs: usize,
    deviation_percent: f64,
}

/// Runs the command.
pub(super) fn selftest(arguments: &SelftestArguments, repeats: u32) -> Exit {
    let found = match try_selftest(arguments, repeats) {
        Ok(Some(found)) => found,
        Ok(None) => return Exit::Failed,
        Err(error) => {
            complain(&error);
            return Exit::Failed;
        }
    };
    let file = arguments.json.as_deref();
    let is_written = file.is_none_or(|file| write_json(&found, "the self-test as JSON", file));
    let is_alone = file == Some(Path::new("-"));
    let is_printed = is_alone || print(&render(&found));
    if found.holds && is_written && is_printed {
        Exit::Done
    } else {
        Exit::Failed
    }
}

/// None once complained of what stopped it.
fn try_selftest(
    arguments: &SelftestArguments,
    repeats: u32,
) -> Result<Option<RealSelftest>, RunError> {
    let facts = machine_facts()?;
    let unfit = fitness::unfit(&facts);
    if !unfit.is_empty() && !arguments.unfit_ok {
        for found in &unfit {
            complain(&format!("{}: {}", found.what, found.what_to_do));
        }
        say("bedplate: the machine is unfit for measuring: mend it, or go on with --unfit-ok\n");
        return Ok(None);
    }
    let rules = rules(
        &arguments.rules,
        arguments.rules.seed.unwrap_or_else(seed_from_clock),
    );
    let directory = temporary()?;
    let bench = Bench {
        arguments,
        surroundings: Surroundings::of(std::env::vars_os(), &[], None),
        interrupts: Interrupts::catch()?,
        metric: arguments.rules.metric.into(),
        counter: Counter::find(&facts, std::env::var_os("PATH").as_deref()),
        rules,
        directory: directory.path(),
    };
    let Some(usual_s) = bench.usual_s()? else {
        return Ok(None);
    };
    let kinds = bench.kinds(repeats, usual_s)?;
    Ok(kinds.map(|kinds| RealSelftest {
        version: 1,
        program: arguments
            .program
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        rules,
        metric: bench.metric,
        host: Host::of(&facts),
        unfit,
        unfit_ok: arguments.unfit_ok,
        usual_s,
        holds: kinds.iter().all(|kind| kind.holds),
        kinds,
    }))
}

/// What all comparisons share.
struct Bench<'run> {
    arguments: &'run SelftestArguments,
    surroundings: Surroundings,
    interrupts: Interrupts,
    metric: Metric,
    counter: Result<Counter, String>,
    rules: Rules,
    directory: &'run Path,
}

impl Bench<'_> {
    /// The program's usual figure in seconds; a cost is a share of it.
    fn usual_s(&self) -> Result<Option<f64>, RunError> {
        let side = self.contestant(0)?;
        let rules = Rules {
            calibration_pairs: TRIED / 2,
            pairs_max: 1,
            ..self.rules
        };
        let trial = conduct(&self.plan(&side, &side, rules), &mut |_progress| {})?;
        if let Some(why) = stopped(&trial.end) {
            complain(&why);
            return Ok(None);
        }
        let metric = match self.metric {
            Metric::Wall => Metric::Wall,
            _ => Metric::Cpu,
        };
        let figures: Vec<f64> = trial.calibration.iter().map(|it| it.of(metric)).collect();
        Ok(median(&figures))
    }

    fn kinds(&self, repeats: u32, usual_s: f64) -> Result<Option<Vec<Kind>>, RunError> {
        let planned = core::iter::once((0.0, FALSE_MOST, repeats))
            .chain(PLANTED.map(|(percent, target)| (percent, target, repeats.div_ceil(5))));
        let planned: Vec<(f64, f64, u32)> = planned.collect();
        let total: u64 = planned.iter().map(|kind| u64::from(kind.2)).sum();
        let bar = CountBar::new("comparisons");
        let mut kinds = Vec::new();
        let mut stream = 0;
        for (percent, target, repeats) in planned {
            let turns = turns_for(Duration::from_secs_f64(usual_s * percent / 100.0));
            let mut comparisons = Vec::new();
            for repeat in 0..repeats {
                bar.show(stream, total, &format!("· planted {percent} %"));
                let is_planted_in_a = repeat % 2 == 1;
                let Some(compared) = self.compare(turns, is_planted_in_a, stream)? else {
                    return Ok(None);
                };
                comparisons.push(compared);
                stream += 1;
            }
            kinds.push(Kind::of(percent, turns, target, comparisons));
        }
        bar.finish();
        Ok(Some(kinds))
    }

    fn compare(
        &self,
        turns: u64,
        is_planted_in_a: bool,
        stream: u64,
    ) -> Result<Option<Compared>, RunError> {
        let (plain, planted) = (self.contestant(0)?, self.contestant(turns)?);
        let (a, b) = if is_planted_in_a {
            (&planted, &plain)
        } else {
            (&plain, &planted)
        };
        let rules = Rules {
            stream: 2 * stream,
            ..self.rules
        };
        let trial = conduct(&self.plan(a, b, rules), &mut |_: Progress<'_>| {})?;
        if let Some(why) = stopped(&trial.end) {
            complain(&why);
            return Ok(None);
        }
        if trial.outputs == Outputs::Differ {
            say("bedplate: the program's output differs between runs of the same program\n");
        }
        let series = &trial.series;
        Ok(series.verdict().map(|verdict| Compared {
            stream: rules.stream,
            is_planted_in_a,
            verdict,
            pairs: series.pairs().len(),
            deviation_percent: series.calibration().map_or(0.0, Calibration::percent),
        }))
    }

    /// The program behind a spin, also of 0 turns, so that both sides start alike.
    fn contestant(&self, turns: u64) -> Result<Contestant, RunError> {
        let own = std::env::current_exe().map_err(|source| RunError::System {
            what: "find our own program",
            source,
        })?;
        let mut words: Vec<OsString> = vec![own.into_os_string()];
        words.extend(["ab", "spin"].map(OsString::from));
        words.push(turns.to_string().into());
        words.push("--".into());
        words.extend(self.arguments.program.iter().cloned());
        Contestant::find(&words, None)
    }

    fn plan<'plan>(
        &'plan self,
        a: &'plan Contestant,
        b: &'plan Contestant,
        rules: Rules,
    ) -> TrialPlan<'plan> {
        TrialPlan {
            a,
            b,
            surroundings: &self.surroundings,
            rules,
            metric: self.metric,
            counter: self.counter.clone(),
            // The second witness decides nothing here.
            witness_s_max: 0.0,
            directory: self.directory,
            interrupts: &self.interrupts,
            layouts: None,
        }
    }
}

fn stopped(end: &End) -> Option<String> {
    match end {
        // There is no deadline here.
        End::Verdict | End::TimeUp(_) => None,
        End::Interrupted(signal) => Some(format!(
            "interrupted by signal {signal} before the end, so there are no rates"
        )),
        End::Failed(failure) => Some(failure.to_string()),
    }
}

impl Kind {
    fn of(planted_percent: f64, turns: u64, target: f64, comparisons: Vec<Compared>) -> Self {
        let count = comparisons.len().max(1) as f64;
        let share = |is_wanted: &dyn Fn(&Compared) -> bool| {
            100.0 * comparisons.iter().filter(|it| is_wanted(it)).count() as f64 / count
        };
        let (percent, holds) = if turns == 0 {
            let go = share(&|it| it.verdict == Verdict::Go);
            let percent = go.max(share(&|it| it.verdict == Verdict::NoGo));
            (percent, percent <= target)
        } else {
            let percent = share(&|it| match it.verdict {
                Verdict::Go => it.is_planted_in_a,
                Verdict::NoGo => !it.is_planted_in_a,
                _ => false,
            });
            (percent, percent >= target)
        };
        Self {
            planted_percent,
            turns,
            percent,
            target,
            holds,
            mean_pairs: comparisons.iter().map(|it| it.pairs as f64).sum::<f64>() / count,
            comparisons,
        }
    }
}

fn render(found: &RealSelftest) -> String {
    let mut text = format!(
        "ab selftest on a real program, {} judged, seed {}, at most {} pairs\n\n\
         planted   comparisons      GO   NO-GO   EQUIV    SAFE  INCONCL  mean pairs\n",
        found.metric.noun(),
        found.rules.seed,
        found.rules.pairs_max
    );
    for kind in &found.kinds {
        let count = |verdict| {
            kind.comparisons
                .iter()
                .filter(|it| it.verdict == verdict)
                .count()
        };
        let _written = writeln!(
            text,
            "{:>5.1} %   {:>11}   {:>5}   {:>5}   {:>5}   {:>5}  {:>7}  {:>10.0}",
            kind.planted_percent,
            kind.comparisons.len(),
            count(Verdict::Go),
            count(Verdict::NoGo),
            count(Verdict::Equivalent),
            count(Verdict::Safe),
            count(Verdict::Inconclusive),
            kind.mean_pairs,
        );
    }
    text.push('\n');
    for kind in &found.kinds {
        let (what, relation) = if kind.turns == 0 {
            ("GO or NO-GO of the program against itself", "at most")
        } else {
            ("planted cost found on its side", "at least")
        };
        let word = if kind.holds { "holds" } else { "FAILS" };
        let _written = writeln!(
            text,
            "{word}  {:.1} % ({relation} {} %)  {:.0} %: {what}",
            kind.percent, kind.target, kind.planted_percent
        );
    }
    text
}
