//! `ab selftest`.

use core::fmt::Write as _;
use std::path::Path;

use bedplate_evidence::ab::Verdict;
use bedplate_evidence::ab::selftest::{self, Plan, Rates, Selftest};
use bedplate_evidence::report::Paint;
use bedplate_evidence::versus::Interrupts;
use serde::Serialize;

use super::arguments::SelftestArguments;
use super::compare::rules;
use super::seed_from_clock;
use crate::exit::Exit;
use crate::output::Output;
use crate::talk::{CountBar, complain, paint_for_stdout, print};

/// Comparisons of each kind, in the full and in the short form.
const REPEATS: (u32, u32) = (20_000, 4000);

/// Runs the command.
pub(super) fn selftest(arguments: &SelftestArguments) -> Exit {
    let usual = if arguments.quick {
        REPEATS.1
    } else {
        REPEATS.0
    };
    let plan = Plan {
        repeats: arguments.repeats.unwrap_or(usual).into(),
        rules: rules(
            &arguments.rules,
            arguments.rules.seed.unwrap_or_else(seed_from_clock),
        ),
    };
    let interrupts = match Interrupts::catch() {
        Ok(interrupts) => interrupts,
        Err(error) => {
            complain(&error);
            return Exit::Failed;
        }
    };
    let bar = CountBar::new("comparisons");
    let done = selftest::selftest(plan, &mut |done, total| {
        bar.show(done, total, "");
        interrupts.signal().is_none()
    });
    bar.finish();
    let Some(selftest) = done else {
        complain(&"interrupted before the end, so there are no rates");
        return Exit::Failed;
    };
    let is_written = match arguments.json.as_deref() {
        Some(file) => write_json(&selftest, "the self-test as JSON", file),
        None => true,
    };
    let is_alone = arguments.json.as_deref() == Some(Path::new("-"));
    let is_printed = is_alone || print(&render(&selftest, paint_for_stdout()));
    if is_written && is_printed && selftest.holds() {
        Exit::Done
    } else {
        Exit::Failed
    }
}

/// Writes a document as JSON; `-` is standard output. False once complained of.
pub(super) fn write_json(document: &impl Serialize, what: &'static str, file: &Path) -> bool {
    let json = match serde_json::to_string_pretty(document) {
        Ok(json) => json + "\n",
        Err(error) => {
            complain(&format!("failed to write JSON: {error}"));
            return false;
        }
    };
    if file == Path::new("-") {
        return print(&json);
    }
    match Output::open(what, file).and_then(|mut output| output.write(json)) {
        Ok(()) => true,
        Err(error) => {
            complain(&error);
            false
        }
    }
}

/// The tables as text.
fn render(selftest: &Selftest, paint: Paint) -> String {
    let plan = &selftest.plan;
    let mut text = format!(
        "ab selftest: {} simulated comparisons of each kind, seed {}\n\n\
         noise            truth   GO   NO-GO  EQUIV   SAFE  INCONCL  mean pairs\n",
        plan.repeats, plan.rules.seed
    );
    for rates in &selftest.rates {
        // Writing to a String cannot fail.
        let _written = writeln!(text, "{}", row(rates));
    }
    text.push('\n');
    for claim in &selftest.claims {
        let (word, relation) = match (claim.holds, claim.id == "power-1pct") {
            (true, true) => (paint.good("holds"), "at least"),
            (true, false) => (paint.good("holds"), "at most"),
            (false, true) => (paint.bad("FAILS"), "at least"),
            (false, false) => (paint.bad("FAILS"), "at most"),
        };
        let _written = writeln!(
            text,
            "{word}  {:.2} % ({relation} {} %)  {}",
            claim.percent, claim.target, claim.what
        );
    }
    text
}

fn row(rates: &Rates) -> String {
    let scenario = rates.scenario;
    let share = |verdict| format!("{:.1}", rates.of(verdict));
    format!(
        "{:<15} {:>5.1} % {:>5}  {:>5}  {:>5}  {:>5}  {:>7}  {:>6.0} of {}",
        scenario.model.name(),
        scenario.effect_percent,
        share(Verdict::Go),
        share(Verdict::NoGo),
        share(Verdict::Equivalent),
        share(Verdict::Safe),
        share(Verdict::Inconclusive),
        rates.mean_pairs,
        scenario.pairs_max,
    )
}
