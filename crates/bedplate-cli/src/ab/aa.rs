//! `ab aa`.
//!
//! # Role
//! Runs pairs of one program and shows its noise on this machine. What makes the machine unfit is
//! said, and no reason to stop: the noise is what was asked for.

use core::fmt::Write as _;
use std::path::Path;

use bedplate_evidence::RunError;
use bedplate_evidence::ab::Rules;
use bedplate_evidence::trial::conduct::{End, TrialPlan};
use bedplate_evidence::trial::fitness::{self, Host, Unfit};
use bedplate_evidence::trial::floor::{Floor, floors};
use bedplate_evidence::trial::surroundings::Surroundings;
use bedplate_evidence::trial::words::share;
use bedplate_evidence::trial::{Contestant, Metric, Progress, conduct};
use bedplate_evidence::versus::Interrupts;
use serde::Serialize;

use super::arguments::AaArguments;
use super::compare::rules;
use super::selftest::write_json;
use super::{machine_facts, seed_from_clock};
use crate::exit::Exit;
use crate::talk::{CountBar, complain, print};

/// The document.
#[derive(Debug, Serialize)]
struct NoiseDocument {
    version: u32,
    program: Vec<String>,
    rules: Rules,
    host: Host,
    unfit: Vec<Unfit>,
    unfit_ok: bool,
    floors: Vec<Floor>,
}

/// Runs the command.
pub(super) fn aa(arguments: &AaArguments) -> Exit {
    let document = match try_aa(arguments) {
        Ok(Some(document)) => document,
        Ok(None) => return Exit::Failed,
        Err(error) => {
            complain(&error);
            return Exit::Failed;
        }
    };
    let file = arguments.json.as_deref();
    let is_written = file.is_none_or(|file| write_json(&document, "the noise as JSON", file));
    let is_printed = file == Some(Path::new("-")) || print(&render(&document));
    if is_written && is_printed {
        Exit::Done
    } else {
        Exit::Failed
    }
}

/// None once complained of what stopped it.
fn try_aa(arguments: &AaArguments) -> Result<Option<NoiseDocument>, RunError> {
    let facts = machine_facts()?;
    let search_path = std::env::var_os("PATH");
    let side = Contestant::find(&arguments.program, search_path.as_deref())?;
    let seed = arguments.rules.seed.unwrap_or_else(seed_from_clock);
    let rules = rules(&arguments.rules, seed);
    let plan = TrialPlan {
        a: &side,
        b: &side,
        surroundings: &Surroundings::of(
            std::env::vars_os(),
            &arguments.keep_env,
            arguments.input.clone(),
        ),
        // Only the calibration is wanted; a series has one pair at least.
        rules: Rules {
            pairs_max: 1,
            ..rules
        },
        metric: Metric::Wall,
        counter: Err("not asked for".to_owned()),
        witness_s_max: 0.0,
        directory: Path::new("/"),
        interrupts: &Interrupts::catch()?,
        layouts: None,
    };
    let bar = CountBar::new("pairs");
    let trial = conduct(&plan, &mut |progress| {
        if let Progress::Calibrating { done, total } = progress {
            bar.show(done as u64, total as u64, "");
        }
    });
    bar.finish();
    let trial = trial?;
    match &trial.end {
        // There is no deadline here.
        End::Verdict | End::TimeUp(_) => {}
        End::Interrupted(signal) => {
            complain(&format!("interrupted by signal {signal} before the end"));
            return Ok(None);
        }
        End::Failed(failure) => {
            complain(failure);
            return Ok(None);
        }
    }
    Ok(Some(NoiseDocument {
        version: 1,
        program: side.shown_words(),
        rules,
        host: Host::of(&facts),
        unfit: fitness::unfit(&facts),
        unfit_ok: arguments.unfit_ok,
        floors: floors(&trial.calibration, &rules),
    }))
}

fn render(document: &NoiseDocument) -> String {
    let rules = &document.rules;
    let mut text = format!(
        "{} pairs of the program with itself, seed {}\n\n\
         metric               noise  correlation  found in {} pairs  called different\n",
        rules.calibration_pairs, rules.seed, rules.pairs_max
    );
    for floor in &document.floors {
        let smallest = floor
            .reach
            .smallest_percent
            .map_or_else(|| "nothing".to_owned(), share);
        let _written = writeln!(
            text,
            "{:<18} {:>8} {:>12.2} {:>19} {:>17}",
            floor.metric.noun(),
            share(floor.deviation_percent),
            floor.correlation,
            smallest,
            share(floor.called_different_percent),
        );
    }
    for unfit in &document.unfit {
        let _written = writeln!(text, "\nunfit: {}: {}", unfit.what, unfit.what_to_do);
    }
    text
}
