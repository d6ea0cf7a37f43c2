//! `bedplate run`.
//!
//! # Role
//! From arguments to a plan, from events to lines, from the report to files and the exit code.
//!
//! # Not here
//! Running, watching and comparing (`bedplate_evidence::{run, versus}`).

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::{ChildStdin, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use bedplate_evidence::RunError;
use bedplate_evidence::profile::{Profile, folded, pprof};
use bedplate_evidence::report::{RunReport, html, text, units};
use bedplate_evidence::run::program::SHELL;
use bedplate_evidence::run::{Conducted, Event, RunPlan, Target, conduct, inspect_program};
use bedplate_evidence::versus::{Arm, Compared, Input, Interrupts, VersusPlan, compare, find_arms};
use bedplate_preload_blob::Which;

use crate::args::RunArguments;
use crate::exit::Exit;
use crate::library::{Installed, installed};
use crate::output::Output;
use crate::settings;
use crate::talk::{LiveLine, RoundsBar, complain, paint_for_stderr, say};

/// Runs the command.
pub(crate) fn run(arguments: &RunArguments) -> Exit {
    match try_run(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            complain(&error);
            Exit::NotRun(error.exit_code())
        }
    }
}

fn try_run(arguments: &RunArguments) -> Result<Exit, RunError> {
    settings::check()?;
    // Whatever cannot work is said before the program starts.
    let others = arguments.versus.as_deref().map(find_arms).transpose()?;
    let (plan, library) = plan(arguments)?;
    let mut outputs = Outputs::open(arguments)?;
    let temporary = tempfile::Builder::new()
        .prefix("bedplate-input-")
        .tempdir()
        .map_err(|source| RunError::File {
            what: "a directory for the program's input in",
            path: std::env::temp_dir(),
            source,
            advice: "set TMPDIR to a directory that can be written",
        })?;
    let input = Input::of_this_process(temporary.path());
    // Caught from the watched run on: an interrupt of that is one of the comparison too.
    let runs = others
        .map(|others| {
            Ok(Runs {
                library: &library,
                others,
                input: &input,
                interrupts: Interrupts::catch()?,
            })
        })
        .transpose()?;
    let kept = runs.as_ref().map(|runs| runs.input);
    let Conducted {
        mut report,
        profile,
    } = watched_run(arguments, &plan, kept)?;
    report.notes.extend(settings::note());
    let mut compared = Ok(None);
    if let Some(runs) = runs {
        compared = add_versus(arguments, &plan, runs, &mut report);
        if let Err(error) = &compared {
            report.notes.push(format!("not compared: {error}"));
        }
    }
    // The report first: without samples there is no profile, but there are figures.
    let written = outputs.publish_profile(profile.as_ref(), &mut report);
    outputs.publish(arguments, &report)?;
    written?;
    if let Err(error @ RunError::Senseless { .. }) = &compared
        && input.check().is_err()
    {
        // Said when it came about, while the program ran.
        return Ok(Exit::NotRun(error.exit_code()));
    }
    Ok(match compared? {
        Some(signal) if report.active => Exit::Program(u8::try_from(128 + signal).unwrap_or(125)),
        _ => exit_of(&report),
    })
}

fn plan(arguments: &RunArguments) -> Result<(RunPlan, Installed), RunError> {
    let [program, ..] = arguments.command.as_slice() else {
        return Err(RunError::NotFound {
            program: String::new(),
        });
    };
    let facts = inspect_program(program, std::env::var_os("PATH").as_deref())?;
    let (which, library_name) = match (arguments.observed, arguments.hardened) {
        (true, _) => (Which::Observed, "observed"),
        (false, true) => (Which::Hardened, "hardened"),
        (false, false) => (Which::Production, "production"),
    };
    let library = installed(which)?;
    let mut command = arguments.command.clone();
    let mut path = facts.path.clone();
    if facts.needs_shell {
        command[0] = path.into_os_string();
        command.insert(0, SHELL.into());
        path = PathBuf::from(SHELL);
    }
    let plan = RunPlan {
        target: Target {
            command,
            path,
            preload: std::env::var_os("LD_PRELOAD"),
        },
        facts: facts.clone(),
        library: library.path.clone(),
        library_name,
        search_path: std::env::var_os("PATH"),
        temporary: std::env::temp_dir(),
        sample_bytes: arguments.sample_bytes(),
    };
    Ok((plan, library))
}

/// Whether a live line is wanted: it must not get between the lines of the program's own output.
fn wants_progress(arguments: &RunArguments) -> bool {
    let alone = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
    !arguments.no_progress && (arguments.progress || (alone && !arguments.quiet))
}

/// Whether the bar of a comparison is wanted: the runs it follows print nothing.
fn wants_bar(arguments: &RunArguments) -> bool {
    let alone = std::io::stderr().is_terminal() && !arguments.quiet;
    !arguments.no_progress && (arguments.progress || alone)
}

/// The watched run; `kept` is the input to keep for later runs, if there will be any.
fn watched_run(
    arguments: &RunArguments,
    plan: &RunPlan,
    kept: Option<&Input>,
) -> Result<Conducted, RunError> {
    let line = LiveLine::new(wants_progress(arguments));
    let talks = !arguments.quiet && arguments.report.is_none();
    let paint = paint_for_stderr();
    let input = kept.map_or_else(Stdio::inherit, Input::first);
    let mut feeding = Ok(());
    let mut feed = |pipe: ChildStdin| {
        if let Some(kept) = kept {
            feeding = kept.keep(pipe, |why| complain(&why));
        }
    };
    let conducted = conduct(plan, input, &mut feed, &mut |event| match event {
        Event::Active { pid, name } if talks => {
            line.say(&format!(
                "bedplate: {} in {name} (pid {pid})",
                paint.good("ACTIVE")
            ));
        }
        // Loud whatever was asked for: the exit code will be 125.
        Event::NotActive { because } => {
            line.say(&format!("bedplate: {}: {because}", paint.bad("NOT ACTIVE")));
        }
        Event::Live(live) => line.show(&live),
        _ => {}
    });
    line.finish();
    feeding.map_err(|source| RunError::System {
        what: "keep the program's input",
        source,
    })?;
    conducted
}

/// What the runs of a comparison need.
struct Runs<'run> {
    library: &'run Installed,
    others: Vec<Arm>,
    input: &'run Input,
    interrupts: Interrupts,
}

/// Compares, unless nothing can be compared; the result is the signal that ended it early.
fn add_versus(
    arguments: &RunArguments,
    plan: &RunPlan,
    runs: Runs<'_>,
    report: &mut RunReport,
) -> Result<Option<i32>, RunError> {
    if !report.active {
        report.notes.push(
            "not compared with other allocators: the program does not run on bedplate".to_owned(),
        );
        return Ok(None);
    }
    if let Some(signal) = runs.interrupts.signal() {
        report
            .notes
            .push("not compared with other allocators: interrupted before".to_owned());
        return Ok(Some(signal));
    }
    runs.input.check()?;
    note_on_versus(&runs.others, report);
    let count = u64::from(arguments.rounds) * (runs.others.len() as u64 + 1);
    let bar = RoundsBar::new(wants_bar(arguments), count);
    let plan = VersusPlan {
        target: &plan.target,
        ours: Arm {
            name: "bedplate".to_owned(),
            library: Some(runs.library.path.clone()),
        },
        others: runs.others,
        rounds: arguments.rounds,
        seed: arguments.seed.unwrap_or_else(seed_from_clock),
        input: runs.input,
        interrupts: &runs.interrupts,
    };
    let versus = compare(&plan, &mut |done, name| bar.show(done, name));
    bar.finish();
    let Compared {
        versus,
        interrupted_by,
    } = versus?;
    if versus.rounds < u64::from(arguments.rounds) {
        report.notes.push(format!(
            "the comparison was interrupted after {} of {} rounds",
            versus.rounds, arguments.rounds
        ));
    }
    report.versus = Some(versus);
    Ok(interrupted_by)
}

/// What a reader of the comparison should know of the program.
fn note_on_versus(others: &[Arm], report: &mut RunReport) {
    if report.links_the_allocator() {
        report.notes.push(
            "the program links bedplate itself, and no preloaded library serves what its own code \
             asks for: the comparison is mostly of bedplate with itself"
                .to_owned(),
        );
    }
    let linked = report.program.linked_allocators.join(", ");
    if others.iter().any(|arm| arm.name == "system") && !linked.is_empty() {
        report.notes.push(format!(
            "\"system\" is the program as it comes, which is on its own {linked}"
        ));
    }
}

fn seed_from_clock() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.as_secs() ^ u64::from(now.subsec_nanos())
}

/// Why no profile is written.
const NO_SAMPLES: &str = "no allocation was sampled, so no heap profile is written: the program ended \
                          before it could be looked at, allocates less than one sample's bytes \
                          (--sample makes them fewer), or does not run on bedplate";

/// The files asked for.
struct Outputs {
    report: Option<Output>,
    json: Option<Output>,
    html: Option<Output>,
    pprof: Option<Output>,
    folded: Option<Output>,
    flame: Option<Output>,
}

impl Outputs {
    fn open(arguments: &RunArguments) -> Result<Self, RunError> {
        let open = |what, path: &Option<PathBuf>| {
            path.as_deref()
                .map(|path| Output::open(what, path))
                .transpose()
        };
        let outputs = Self {
            report: open("the report", &arguments.report)?,
            json: open("the JSON report", &arguments.json)?,
            html: open("the HTML report", &arguments.html)?,
            pprof: open("the heap profile", &arguments.pprof)?,
            folded: open("the folded stacks", &arguments.folded)?,
            flame: open("the flame graph", &arguments.flame)?,
        };
        Output::refuse_shared([
            &outputs.report,
            &outputs.json,
            &outputs.html,
            &outputs.pprof,
            &outputs.folded,
            &outputs.flame,
        ])?;
        Ok(outputs)
    }

    /// Writes the heap profile to wherever it was asked for; what there was no sample for is a note
    /// in the report.
    fn publish_profile(
        &mut self,
        profile: Option<&Profile>,
        report: &mut RunReport,
    ) -> Result<(), RunError> {
        let wanted = self.pprof.is_some() || self.folded.is_some() || self.flame.is_some();
        let Some(profile) = profile.filter(|profile| profile.samples > 0) else {
            if wanted {
                report.notes.push(NO_SAMPLES.to_owned());
            }
            return Ok(());
        };
        let system = |what| move |source| RunError::System { what, source };
        if let Some(output) = &mut self.pprof {
            let file = pprof::encode(profile).map_err(system("make the heap profile"))?;
            output.write(file)?;
        }
        if let Some(output) = &mut self.folded {
            output.write(folded::folded(profile))?;
        }
        if let Some(output) = &mut self.flame {
            let title = units::command_line(&report.command);
            let svg =
                folded::flame_graph(profile, &title).map_err(system("draw the flame graph"))?;
            output.write(svg)?;
        }
        Ok(())
    }

    /// Writes the report to wherever it was asked for; a file that can no longer be written does
    /// not take the others with it, nor the figures: they then go to standard error.
    fn publish(&mut self, arguments: &RunArguments, report: &RunReport) -> Result<(), RunError> {
        let mut failed = Vec::new();
        if let Some(output) = &mut self.report {
            failed.extend(output.write(text::render(report, Default::default())).err());
        }
        if let Some(output) = &mut self.json {
            let json = serde_json::to_string_pretty(report).map_err(|error| RunError::System {
                what: "write JSON",
                source: error.into(),
            })?;
            failed.extend(output.write(json + "\n").err());
        }
        if let Some(output) = &mut self.html {
            failed.extend(output.write(html::render(report)).err());
        }
        let asked = self.report.is_none() && !arguments.quiet;
        if asked || !failed.is_empty() {
            say(&text::render(report, paint_for_stderr()));
        }
        let last = failed.pop();
        failed.iter().for_each(|error| complain(error));
        last.map_or(Ok(()), Err)
    }
}

fn exit_of(report: &RunReport) -> Exit {
    if !report.active {
        return Exit::NotActive;
    }
    let code = match (report.program_exit, report.program_signal) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => return Exit::NotActive,
    };
    Exit::Program(u8::try_from(code).unwrap_or(u8::MAX))
}
