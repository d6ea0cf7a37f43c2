//! One watched run, from start to report.
//!
//! # Role
//! Starts the program with our library, watches it while it runs, waits for it, and puts the
//! report together.
//!
//! # Not here
//! Printing. What should be said at once is handed to the caller's `on_event`.

use core::time::Duration;
use std::ffi::OsString;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use super::ending::{Doubt, Programs, is_early};
use super::launch::{Target, start};
use super::pressure::PressureBefore;
use super::program::{Obstacle, ProgramFacts};
use super::sampler::{Live, Sampler};
use super::session::{PROFILE_SETTING, RUN_SETTING, Session};
use super::signals::Prepared;
use crate::error::RunError;
use crate::parts::PartKind;
use crate::process::{Ended, calls};
use crate::profile::{Profile, sites};
use crate::report::model::{Faults, Pressure, ProcessReport, REPORT_VERSION, RunReport};
use crate::report::{peak, remarks};
use crate::versus::rounds::own_anonymous_bytes;

/// A program that has not announced itself after this time is reported as not active, though it
/// may still come.
const SILENT_MAX: Duration = Duration::from_secs(1);
/// Call sites that a report lists.
const CALL_SITES: usize = 20;
/// Time between two live figures.
const LIVE_APART: Duration = Duration::from_millis(100);

/// What a run needs.
#[derive(Debug)]
pub struct RunPlan {
    /// The program.
    pub target: Target,
    /// What was found out about it.
    pub facts: ProgramFacts,
    /// Our library.
    pub library: PathBuf,
    /// `production`, `observed` or `hardened`.
    pub library_name: &'static str,
    /// The value of `PATH`.
    pub search_path: Option<OsString>,
    /// Where the run's directory is made.
    pub temporary: PathBuf,
    /// Bytes for each sample of a heap profile, where one is wanted.
    pub sample_bytes: Option<u64>,
}

/// What is told while the program runs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'run> {
    /// The program runs on our allocator.
    Active {
        /// Its process.
        pid: u32,
        /// Its name.
        name: &'run str,
    },
    /// The program does not run on our allocator (as far as known now).
    NotActive {
        /// Why.
        because: &'run str,
    },
    /// Figures while it runs.
    Live(Live),
}

/// A started program whose input the caller may feed.
pub type FeedInput<'run> = &'run mut dyn FnMut(std::process::ChildStdin);

/// What a run gave.
#[derive(Debug)]
pub struct Conducted {
    /// The report.
    pub report: RunReport,
    /// The heap profile, where allocations were sampled.
    pub profile: Option<Profile>,
}

/// Runs the program and reports.
///
/// `input` is the program's standard input; with [`Stdio::piped`], `feed` gets the pipe.
///
/// # Errors
/// Whatever kept the program from being started; a program that fails is not an error.
pub fn conduct(
    plan: &RunPlan,
    input: Stdio,
    feed: FeedInput<'_>,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Conducted, RunError> {
    let mut session = Session::open(&plan.temporary)?;
    let forbidden = plan.facts.obstacle.is_some_and(Obstacle::forbids_preload);
    let library: Option<&Path> = (!forbidden).then_some(plan.library.as_path());
    let mut command = plan.target.command(library)?;
    command.env(RUN_SETTING, session.setting()).stdin(input);
    if let Some(rate) = plan.sample_bytes {
        command.env(PROFILE_SETTING, rate.to_string());
    }
    if let Some(obstacle) = plan.facts.obstacle {
        on_event(Event::NotActive {
            because: obstacle.explain(),
        });
    }
    let prepared = Prepared::new().map_err(|source| RunError::System {
        what: "catch signals",
        source,
    })?;
    let pressure = PressureBefore::read();
    let observer_before = calls::process_cpu_time();
    let started = Instant::now();
    let mut child = start(&mut command, &plan.target.path)?;
    if let Some(pipe) = child.stdin.take() {
        feed(pipe);
    }
    let pid = child.id();
    let forwarding = prepared.forward_to(i32::try_from(pid).unwrap_or(i32::MAX));
    let mut sampler = Sampler::new(pid, &plan.target.name());
    let ended = watch(pid, &mut session, &mut sampler, plan, on_event)?;
    let wall = started.elapsed();
    drop(forwarding);
    sampler.take_records(&mut session);
    sampler.main_ended(is_early(&ended));
    if sampler.main_lost_the_library() {
        on_event(Event::NotActive { because: LOST });
    }
    let observer = calls::process_cpu_time().saturating_sub(observer_before);
    let samples = sampler.take_samples();
    let mut report = assemble(plan, sampler, &ended, wall);
    report.pressure = pressure.since();
    report.observer_cpu_s = observer.as_secs_f64();
    let profile = samples.map(|(end, peak)| Profile::new(&end, peak.as_ref()));
    report.profile = profile
        .as_ref()
        .map(|profile| sites::report(profile, CALL_SITES));
    Ok(Conducted { report, profile })
}

/// Watches the program until it has ended.
fn watch(
    pid: u32,
    session: &mut Session,
    sampler: &mut Sampler,
    plan: &RunPlan,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Ended, RunError> {
    let system = |what| move |source| RunError::System { what, source };
    let signed_pid = i32::try_from(pid).unwrap_or(i32::MAX);
    let end = calls::watch_process(signed_pid).map_err(system("watch the program"))?;
    let mut told_active = false;
    let mut told_inactive = plan.facts.obstacle.is_some();
    let mut live_at = Duration::ZERO;
    let mut pause = Duration::from_millis(1);
    loop {
        let ready = calls::wait_readable(&[session.leaving_descriptor(), end.as_raw_fd()], pause)
            .map_err(system("wait for the program"))?;
        sampler.take_records(session);
        while let Some(leaving) = session.waiting() {
            sampler.process_leaves(leaving);
            session.let_go();
        }
        // Whether a malloc of the program's own leaves ours anything to do shows only at the end.
        if !told_active && sampler.is_active() && !plan.facts.defines_malloc {
            told_active = true;
            on_event(Event::Active {
                pid,
                name: sampler.main_name(),
            });
        }
        if ready[1] {
            // What it wrote last goes first: it tells what the process executed last.
            sampler.take_records(session);
            sampler.main_has_ended(Programs {
                command: &plan.target.command,
                search_path: plan.search_path.as_deref(),
            });
        }
        if ready[1]
            && let Some(ended) =
                calls::wait_child(signed_pid, false).map_err(system("wait for the program"))?
        {
            return Ok(ended);
        }
        pause = sampler.sample();
        let is_silent = !sampler.is_active() && sampler.elapsed() > SILENT_MAX;
        if is_silent && !told_inactive {
            told_inactive = true;
            on_event(Event::NotActive {
                because: SILENT_YET,
            });
        }
        if sampler.elapsed() >= live_at {
            live_at = sampler.elapsed() + LIVE_APART;
            on_event(Event::Live(sampler.live()));
        }
    }
}

const SILENT_YET: &str = "the library has not announced itself so far: the machine is too busy for the program to begin, \
                          the loader ignored LD_PRELOAD, or the program removed it from its environment before \
                          executing another";

const SILENT: &str = "the library has not announced itself: the loader ignored LD_PRELOAD, or the \
                      program removed it from its environment before executing another";

const LOST: &str = "the process announced itself, then executed a program without the library in it: one \
                    that is statically linked, or LD_PRELOAD was removed from its environment";

const UNSTARTED: &str = "the program ended before the library in it started: the loader could not load all it \
                         needs, or it was killed meanwhile";

const IDLE: &str = "the library was loaded, but the program never asked it for a block: it has an \
                    allocator of its own";

fn assemble(plan: &RunPlan, sampler: Sampler, ended: &Ended, wall: Duration) -> RunReport {
    let served_nothing = sampler.main_served_nothing();
    let idle = served_nothing && plan.facts.defines_malloc;
    let lost = sampler.main_lost_the_library();
    let active = sampler.is_active() && !idle && !lost;
    let has_heap = sampler.main_has_heap();
    let doubt = sampler.main_doubt().map(Doubt::note);
    let unstarted = is_early(ended) && !sampler.main_is_without();
    let (mut processes, children) = sampler.finish();
    let peak_rss_bytes = peak::settle(
        &mut processes,
        &children,
        ended.peak_rss_bytes,
        own_anonymous_bytes(),
    );
    let mut notes = plan.facts.notes();
    if served_nothing && active {
        notes.push("the program asked the allocator for no block".to_owned());
    }
    notes.extend(doubt);
    notes.extend(notes_on(
        active,
        has_heap,
        &processes,
        !children.is_empty(),
        ended,
    ));
    let gates = gates_of(&processes);
    let obstacle = plan.facts.obstacle.map(Obstacle::explain);
    let because = match (obstacle, idle, lost) {
        (Some(obstacle), ..) => obstacle,
        (None, true, _) => IDLE,
        (None, false, true) => LOST,
        (None, false, false) if unstarted => UNSTARTED,
        (None, false, false) => SILENT,
    };
    let inactive_because = (!active).then(|| because.to_owned());
    RunReport {
        version: REPORT_VERSION,
        bedplate: env!("CARGO_PKG_VERSION").to_owned(),
        command: plan
            .target
            .command
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        active,
        inactive_because,
        library: plan.library_name.to_owned(),
        gates,
        program_exit: ended.code,
        program_signal: ended.signal,
        program: plan.facts.clone(),
        wall_s: wall.as_secs_f64(),
        user_s: ended.user_s,
        system_s: ended.system_s,
        peak_rss_bytes,
        faults: Faults {
            minor: ended.minor_faults,
            major: ended.major_faults,
            voluntary_switches: ended.voluntary_switches,
            involuntary_switches: ended.involuntary_switches,
        },
        pressure: Pressure::default(),
        processes,
        children,
        profile: None,
        versus: None,
        notes,
        observer_cpu_s: 0.0,
    }
}

/// Telemetry gates built into the library of the program's own process.
fn gates_of(processes: &[ProcessReport]) -> Vec<String> {
    let main = processes.first().and_then(|main| main.at_end.as_ref());
    main.and_then(|end| end.heaps.first())
        .map_or_else(Vec::new, |heap| heap.gates.clone())
}

/// What a reader should know about how the watching went.
fn notes_on(
    active: bool,
    has_heap: bool,
    processes: &[ProcessReport],
    has_children: bool,
    ended: &Ended,
) -> Vec<String> {
    let mut notes = Vec::new();
    if active && !has_heap {
        notes.push(
            "the program ended before its memory could be looked at; its parts are not known"
                .to_owned(),
        );
    }
    if let Some(main) = processes
        .first()
        .filter(|main| active && !main.end_is_exact)
    {
        notes.push(format!(
            "{} ended by {}, without waiting to be measured: its last figures are those of the \
             last sample",
            main.name,
            ended
                .signal
                .map_or_else(|| "_exit".to_owned(), |signal| format!("signal {signal}")),
        ));
    }
    let largest = processes
        .iter()
        .max_by_key(|process| process.peak_rss_bytes);
    notes.extend(largest.and_then(note_on_own_mappings));
    notes.extend(processes.iter().flat_map(remarks::refusals));
    notes.extend(processes.iter().filter_map(remarks::unread_modules));
    if !active && has_children {
        notes.push(
            "some of its children did run on the allocator: they are listed below".to_owned(),
        );
    }
    notes
}

/// Where most of the memory is not malloc's, a reader who looks for a gain should know.
fn note_on_own_mappings(process: &ProcessReport) -> Option<String> {
    let peak = process.at_peak.as_ref()?;
    let part = peak
        .parts
        .iter()
        .find(|part| part.kind == PartKind::Anonymous)?;
    (part.percent >= OWN_MAPPINGS_NOTED).then(|| {
        format!(
            "{:.0} % of the resident set of {} is in mappings that it made itself, which no malloc serves: \
             runtimes with allocators of their own do so (for CPython, PYTHONMALLOC=malloc in its \
             environment puts its objects on malloc)",
            part.percent, process.name
        )
    })
}

/// Share of the resident set, in percent, from which a program's own mappings are noted.
const OWN_MAPPINGS_NOTED: f64 = 30.0;
