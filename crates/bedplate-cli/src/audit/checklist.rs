//! `bedplate audit --checklist`.
//!
//! # Role
//! Which commands are counted over which sizes, and which checks are run.

use std::ffi::OsString;
use std::path::PathBuf;

use bedplate_evidence::RunError;
use bedplate_evidence::checklist::sweep::{Counting, SIZE, TURNS, Template};
use bedplate_evidence::checklist::{Check, Checklist, Constant, Growth, Row, text};
use bedplate_evidence::report::units::command_line;
use bedplate_evidence::trial::fitness::Host;
use bedplate_evidence::trial::words::moment;
use bedplate_evidence::versus::Interrupts;
use bedplate_preload_blob::Which;

use super::{failed, is_stdout, write_json};
use crate::ab::{machine_facts, temporary, unix_s};
use crate::args::{AuditArguments, ListOptions};
use crate::exit::Exit;
use crate::library::{Installed, installed};
use crate::output::Output;
use crate::talk::{complain, print, say};

/// Version of the JSON.
const VERSION: u32 = 1;

/// The bench of ours.
const MALLOC_PAIR: &str = "malloc-pair";

/// Fewest sizes that are asked for.
const SIZES_MIN: usize = 4;

/// Sizes of a command that names none.
const SIZES: [u64; 7] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000];

/// Sizes of blocks: all that come from slabs, of which 32 KiB is the largest.
const BLOCKS: [u64; 9] = [16, 64, 256, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768];

/// The size that malloc's pair is compared with its limit at.
const BLOCK: u64 = 64;

/// Turns that are timed.
const TIMED_TURNS: u64 = 10_000_000;

/// Share of the mean within which costs of one turn count as constant.
const TURN_WITHIN: f64 = 0.05;

/// The same of whole runs, most of which may be their start.
const RUN_WITHIN: f64 = 0.002;

/// What is counted.
struct Bench {
    subject: String,
    sweeps: Vec<Sweep>,
    limit: Option<Limit>,
    /// Kept while it is used.
    _library: Option<Installed>,
}

/// A command over sizes.
struct Sweep {
    template: Template,
    /// The command in words that hold on other machines too.
    source: String,
    size: &'static str,
    sizes: Vec<u64>,
}

/// The limit program.
struct Limit {
    template: Template,
    source: String,
    said: String,
    size: u64,
}

/// Makes the checklist.
pub(super) fn checklist(arguments: &AuditArguments, name: Option<&str>) -> Exit {
    let bench = match bench(&arguments.list, name, &arguments.command) {
        Ok(bench) => bench,
        Err(error @ RunError::Senseless { .. }) => return failed(&error, Exit::Usage),
        Err(error) => return failed(&error, Exit::Failed),
    };
    match made(arguments, &bench) {
        Ok(exit) => exit,
        Err(error) => failed(&error, Exit::Failed),
    }
}

fn bench(
    options: &ListOptions,
    name: Option<&str>,
    command: &[OsString],
) -> Result<Bench, RunError> {
    if (1..SIZES_MIN).contains(&options.sizes.len()) {
        return Err(senseless(format!(
            "fewer than {SIZES_MIN} sizes tell no law of growth: give more to --sizes"
        )));
    }
    match (name, command) {
        (Some(MALLOC_PAIR), []) => malloc_pair(options),
        (None, [_, ..]) => of_command(options, command),
        (Some(name), _) if name != MALLOC_PAIR => Err(senseless(format!(
            "there is no bench {name}: there is {MALLOC_PAIR}, and commands of your own with {SIZE} in \
             them: --checklist -- COMMAND"
        ))),
        (None, []) => Err(senseless(format!(
            "--checklist does not say of what: name our own bench (--checklist {MALLOC_PAIR}), or give a \
             command with {SIZE} in it (--checklist -- COMMAND)"
        ))),
        _ => Err(senseless(format!(
            "name a bench (--checklist {MALLOC_PAIR}) or give a command with {SIZE} in it \
             (--checklist -- COMMAND), not both"
        ))),
    }
}

fn of_command(options: &ListOptions, command: &[OsString]) -> Result<Bench, RunError> {
    let template = Template::of(command)?;
    let sizes = if options.sizes.is_empty() {
        SIZES.to_vec()
    } else {
        options.sizes.clone()
    };
    let largest = sizes.iter().copied().max().unwrap_or(1);
    let limit = options.limit.as_deref();
    let limit = limit.map(|limit| given_limit(limit, largest)).transpose()?;
    let source = command_line(&template.shown());
    Ok(Bench {
        subject: source.clone(),
        limit,
        sweeps: vec![Sweep {
            template,
            source,
            size: "n",
            sizes,
        }],
        _library: None,
    })
}

/// The pair of malloc and free, of the library that `bedplate run` preloads.
fn malloc_pair(options: &ListOptions) -> Result<Bench, RunError> {
    let own = OwnPrograms {
        program: std::env::current_exe().map_err(|source| RunError::System {
            what: "find this program's file",
            source,
        })?,
        library: installed(Which::Production)?,
    };
    let block = BLOCK.to_string();
    let limit = match &options.limit {
        None => own.limit(&["--limit", "--block", SIZE, TURNS])?,
        Some(limit) => given_limit(limit, BLOCK)?,
    };
    let sizes = |usual: &[u64]| match options.sizes.as_slice() {
        [] => usual.to_vec(),
        sizes => sizes.to_vec(),
    };
    let sweeps = vec![
        own.sweep(
            &["--block", SIZE, TURNS],
            "bytes of the block",
            sizes(&BLOCKS),
        )?,
        own.sweep(
            &["--block", &block, "--live", SIZE, TURNS],
            "blocks of 64 bytes that live meanwhile",
            sizes(&SIZES),
        )?,
    ];
    Ok(Bench {
        subject: "malloc and free of one block, in a loop".to_owned(),
        sweeps,
        limit: Some(limit),
        _library: Some(own.library),
    })
}

/// A limit that the user names.
fn given_limit(limit: &str, size: u64) -> Result<Limit, RunError> {
    if !limit.contains(SIZE) {
        return Err(senseless(format!(
            "the command of --limit has no {SIZE} for the size: it does the least for the same size, as \
             in --limit 'copy {SIZE}'"
        )));
    }
    let words: Vec<OsString> = limit.split_whitespace().map(OsString::from).collect();
    Ok(Limit {
        template: Template::of(&words)?,
        source: limit.to_owned(),
        said: "the command given by --limit".to_owned(),
        size,
    })
}

/// This program and its library, as files.
struct OwnPrograms {
    program: PathBuf,
    library: Installed,
}

impl OwnPrograms {
    /// `bedplate pair` with these arguments, on the library.
    fn sweep(&self, rest: &[&str], size: &'static str, sizes: Vec<u64>) -> Result<Sweep, RunError> {
        let mut variable = OsString::from("LD_PRELOAD=");
        variable.push(&self.library.path);
        let words = self.words(vec!["env".into(), variable], rest);
        Ok(Sweep {
            template: Template::of(&words)?,
            source: format!(
                "LD_PRELOAD=libbedplate_preload.so bedplate pair {}",
                rest.join(" ")
            ),
            size,
            sizes,
        })
    }

    /// `bedplate pair` with these arguments, as it is.
    fn limit(&self, rest: &[&str]) -> Result<Limit, RunError> {
        Ok(Limit {
            template: Template::of(&self.words(Vec::new(), rest))?,
            source: format!("bedplate pair {}", rest.join(" ")),
            said: "the same loop around two functions that do nothing".to_owned(),
            size: BLOCK,
        })
    }

    fn words(&self, before: Vec<OsString>, rest: &[&str]) -> Vec<OsString> {
        let mut words = before;
        words.extend([self.program.clone().into_os_string(), "pair".into()]);
        words.extend(rest.iter().map(OsString::from));
        words
    }
}

fn made(arguments: &AuditArguments, bench: &Bench) -> Result<Exit, RunError> {
    let interrupts = Interrupts::catch()?;
    let directory = temporary()?;
    let search_path = std::env::var_os("PATH");
    let counting = Counting {
        interrupts: &interrupts,
        directory: directory.path(),
        search_path: search_path.as_deref(),
    };
    let mut doc = match &arguments.list.doc {
        Some(path) => Some(Output::open("the checklist", path)?),
        None => None,
    };
    let mut growth = Vec::new();
    for sweep in &bench.sweeps {
        growth.push(grown(&counting, sweep)?);
    }
    let subject = bench.sweeps.first().map(|sweep| &sweep.template);
    let constant = match (&bench.limit, subject) {
        (Some(limit), Some(subject)) => Some(against(&counting, subject, limit)?),
        _ => None,
    };
    let list = Checklist {
        version: VERSION,
        subject: bench.subject.clone(),
        host: Host::of(&machine_facts()?).cpu,
        date: moment(unix_s()),
        growth,
        constant,
        checks: checks(&arguments.list)?,
        replay: replay(),
    };
    write_json(arguments.json.as_deref(), &list)?;
    let rendered = text::render(&list);
    if let Some(doc) = &mut doc {
        doc.write(rendered.clone())?;
    }
    let is_told = is_stdout(arguments.json.as_deref()) || print(&rendered);
    Ok(match (is_told, list.is_clean()) {
        (false, _) => Exit::Failed,
        (true, false) => Exit::Problems,
        (true, true) => Exit::Done,
    })
}

fn grown(counting: &Counting<'_>, sweep: &Sweep) -> Result<Growth, RunError> {
    let mut points = Vec::new();
    for &size in &sweep.sizes {
        say(&format!(
            "bedplate: counting with {} = {size}\n",
            sweep.size
        ));
        points.push((size, counting.cost(&sweep.template, size)?));
    }
    let (cost, within) = if sweep.template.has_turns() {
        ("instructions of one turn", TURN_WITHIN)
    } else {
        ("instructions of one run", RUN_WITHIN)
    };
    let source = sweep.source.clone();
    Ok(Growth::of(sweep.size, cost, points, within, source))
}

fn against(
    counting: &Counting<'_>,
    subject: &Template,
    limit: &Limit,
) -> Result<Constant, RunError> {
    say("bedplate: counting the limit\n");
    let size = limit.size;
    let is_timed = subject.has_turns() && limit.template.has_turns();
    let ns = |template| counting.ns(template, size, TIMED_TURNS);
    Ok(Constant {
        limit: limit.said.clone(),
        source: limit.source.clone(),
        size,
        ours: counting.cost(subject, size)?,
        limits: counting.cost(&limit.template, size)?,
        ns: match is_timed {
            true => Some([ns(subject)?, ns(&limit.template)?]),
            false => None,
        },
    })
}

/// The rows of checks, each not measured unless a command was given for it.
fn checks(options: &ListOptions) -> Result<Vec<Check>, RunError> {
    let mut checks = Vec::new();
    for row in Row::ALL {
        let commands = match row {
            Row::Races => &options.races,
            Row::Coverage => &options.coverage,
            Row::Warnings => &options.warnings,
            Row::FailureModes => &options.failure_modes,
        };
        if commands.is_empty() {
            checks.push(Check::not_measured(row));
        }
        for command in commands {
            say(&format!("bedplate: {}: {command}\n", row.name()));
            let check = Check::by(row, command)?;
            if check.passed == Some(false) {
                complain(&format!("{}: {command}: failed", row.name()));
            }
            checks.push(check);
        }
    }
    Ok(checks)
}

/// The command line as it was given.
fn replay() -> String {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = core::iter::once("bedplate".to_owned())
        .chain(words)
        .collect();
    command_line(&words)
}

fn senseless(message: String) -> RunError {
    RunError::Senseless { message }
}
