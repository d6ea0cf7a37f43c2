//! The command line's arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use bedplate_malloc::config::parse_bytes;
use clap::{Args, Parser, Subcommand};

use crate::ab::arguments::{AbArguments, RuleOptions, timeout};

/// Runs unmodified programs on the bedplate allocator and shows where their memory went, decides which of
/// two commands is better, and audits atomics.
#[derive(Debug, Parser)]
#[command(name = "bedplate", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a program on the allocator and report where its memory went
    Run(RunArguments),
    /// Show the machine as bedplate sees it, and problems with what to do about each
    Probe(ProbeArguments),
    /// Watch a process that runs on the allocator
    Top(TopArguments),
    /// Compare heap profiles
    Profile(ProfileArguments),
    /// Decide soundly which of two commands is better
    Ab(Box<AbArguments>),
    /// Show what each atomic of a source tree is to its program
    Audit(Box<AuditArguments>),
    /// Allocate and free in a loop, or do nothing twice: what `audit --checklist malloc-pair` counts
    #[command(hide = true)]
    Pair(PairArguments),
    /// Print the licences of bedplate and of everything linked into it
    #[command(
        alias = "licenses",
        after_help = "Exit code: 0, 1 error, 2 usage. The preload libraries carry their own: \
        readelf -p .bedplate.notice LIBRARY."
    )]
    Licences,
}

/// Arguments of `run`.
///
/// Exit code: the program's own, 128+n if signal n ended it; 125 if the allocator was not active or
/// bedplate itself failed; 126 if the program cannot be executed, 127 if it is not found.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: the program's own, or 128+n if signal n ended it;\n\
    125 if the allocator was not active or bedplate itself failed,\n\
    126 if the program cannot be executed, 127 if it is not found.\n\n\
    Examples:\n  \
    bedplate run -- python3 -c 'print(sum(range(10**6)))'\n  \
    bedplate run --versus system,jemalloc --html report.html -- ./server --selftest"
)]
pub(crate) struct RunArguments {
    /// Write the report to this file instead of standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write the report as JSON (layout: docs/run-report.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as one self-contained HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Sample allocations, and write a heap profile for pprof (docs/profile.md)
    #[arg(long, value_name = "FILE", visible_alias = "profile")]
    pub(crate) pprof: Option<PathBuf>,
    /// Sample allocations, and write folded stacks of the bytes live at the peak
    #[arg(long, value_name = "FILE")]
    pub(crate) folded: Option<PathBuf>,
    /// Sample allocations, and draw a flame graph (SVG) of the bytes live at the peak
    #[arg(long, value_name = "FILE")]
    pub(crate) flame: Option<PathBuf>,
    /// Sample one allocation for each so many bytes (default where sampled: 512K), and report the call sites
    #[arg(long, value_name = "BYTES", value_parser = sample_bytes)]
    pub(crate) sample: Option<u64>,
    /// Print no report (files asked for are still written)
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Use the library with telemetry built in, and print its counters
    #[arg(long)]
    pub(crate) observed: bool,
    /// Use the hardened library, which stops the program at more kinds of misuse
    #[arg(long, conflicts_with = "observed")]
    pub(crate) hardened: bool,
    /// Compare with other allocators: system, glibc, mimalloc, jemalloc, tcmalloc or a library's path
    #[arg(long, value_name = "LIST")]
    pub(crate) versus: Option<String>,
    /// Rounds of the comparison; fewer than 6 give no interval
    #[arg(long, value_name = "N", default_value_t = 10, requires = "versus", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rounds: u32,
    /// Start of the random order of the comparison (default: from the clock)
    #[arg(long, value_name = "N", requires = "versus")]
    pub(crate) seed: Option<u64>,
    /// Show a live line even if the program prints to the same terminal
    #[arg(long, conflicts_with = "no_progress")]
    pub(crate) progress: bool,
    /// Show no live line
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "PROGRAM")]
    pub(crate) command: Vec<OsString>,
}

/// Bytes for each sample unless said otherwise: finer than the setting's `on`, for who asks for the
/// profile of one run wants figures more than speed.
const SAMPLE_BYTES: u64 = 512 << 10;

impl RunArguments {
    /// Bytes for each sample, where anything asks for samples.
    pub(crate) fn sample_bytes(&self) -> Option<u64> {
        let is_wanted = self.pprof.is_some() || self.folded.is_some() || self.flame.is_some();
        self.sample.or(is_wanted.then_some(SAMPLE_BYTES))
    }
}

fn sample_bytes(text: &str) -> Result<u64, String> {
    parse_bytes(text.as_bytes())
        .map(|bytes| bytes as u64)
        .filter(|bytes| (1..=1 << 30).contains(bytes))
        .ok_or_else(|| "bytes from 1 to 1G, such as 64K".to_owned())
}

/// Arguments of `profile`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0, 2 usage or a file that cannot be read.")]
pub(crate) struct ProfileArguments {
    #[command(subcommand)]
    pub(crate) command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Show what changed from one heap profile to another
    Diff(DiffArguments),
}

/// Arguments of `profile diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The profile before
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,
    /// The profile after
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,
    #[arg(
        long = "type",
        value_name = "NAME",
        help = "Which figures: alloc_objects, alloc_space, inuse_objects, inuse_space, peak_objects or \
                peak_space [default: peak_space where both have it, else inuse_space]"
    )]
    pub(crate) sample_type: Option<String>,
    /// Also write folded stacks with both figures, for a differential flame graph
    #[arg(long, value_name = "FILE")]
    pub(crate) folded: Option<PathBuf>,
}

/// Arguments of `probe`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 no problems, 10 problems found, 1 error, 2 usage.")]
pub(crate) struct ProbeArguments {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Read /proc and /sys below this directory: a described machine instead of this one
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}

/// Arguments of `top`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0, 1 error, 2 usage. Keys of the live view: q quits.")]
pub(crate) struct TopArguments {
    /// The process
    #[arg(value_name = "PID")]
    pub(crate) pid: u32,
    /// Print one snapshot and exit (also when standard output is not a terminal)
    #[arg(long)]
    pub(crate) once: bool,
    /// Print one snapshot as JSON and exit
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(
    override_usage = "bedplate audit [OPTIONS] PATH\n       \
    bedplate audit [OPTIONS] PATH --ir [--ir-features FEATURES]\n       \
    bedplate audit PATH --why FILE:LINE|Type.field\n       \
    bedplate audit [OPTIONS] PATH --profile -- COMMAND\n       \
    bedplate audit [OPTIONS] PATH --prove FILE:LINE|Type.field -- COMMAND_WITH_{bin}\n       \
    bedplate audit --checklist malloc-pair [OPTIONS]\n       \
    bedplate audit --checklist [OPTIONS] -- COMMAND_WITH_{n}\n       \
    bedplate audit --golden [DIR]",
    after_help = "Classes: what the program would lose without the location.\n  \
    CORRECTNESS   its course or its memory rests on it\n  \
    TELEMETRY     only counted, logged or asserted\n  \
    EXPORTED      the value leaves (a public getter, standard output) and decides nothing inside\n  \
    DIAG-CONTROL  branches on it guard nothing but messages\n  \
    HEURISTIC     picks among choices that are all right: a seed, a round-robin index\n  \
    UNKNOWN       the evidence does not suffice\n\
    TELEMETRY, EXPORTED and DIAG-CONTROL are candidates: their operations could be built out.\n\n\
    Exit code: 0 no candidates, 10 candidates found, 11 not all of the tree could be read (or, with --ir,\n\
    compiled), 1 error, 2 usage.\n\
    With --why: 0, or 2 where there is no such location.\n\
    With --golden: 0, 10 if a correctness location was called telemetry, 1 if sources are missing.\n\
    With --checklist: 0, 10 if no law of growth fits or a check failed.\n\
    With --prove: as ab: 0 GO, 10 NO-GO, 11 EQUIVALENT, 12 SAFE, 13 INCONCLUSIVE, 14 IDENTICAL,\n\
    15 NOT EXECUTED, 16 machine unfit, 17 a side failed, 1 error or refused, 2 usage.\n\
    Everything else: docs/audit.md.\n\n\
    Examples:\n  \
    bedplate audit src\n  \
    bedplate audit src --why Stats.requests\n  \
    bedplate audit src --profile -- target/release/server --selftest\n  \
    bedplate audit . --prove Stats.requests --metric cpu -- {bin} --selftest"
)]
pub(crate) struct AuditArguments {
    /// The directory whose sources (Rust, C, C++) are read as one tree, or one file; tests, benches and
    /// examples below it are left out
    #[arg(value_name = "PATH", required_unless_present_any = ["golden", "checklist"])]
    pub(crate) path: Option<PathBuf>,
    /// Write the audit as JSON (layout: docs/audit.md) to this file, or to standard output as `-`
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the candidates as SARIF 2.1.0 to this file, or to standard output as `-`
    #[arg(long, value_name = "FILE", conflicts_with = "golden")]
    pub(crate) sarif: Option<PathBuf>,
    /// Measure the audit itself on the labels made by hand; DIR holds a folder for each package
    /// (default: the sources that cargo keeps; those that are missing are named with how to get them)
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with = "path")]
    pub(crate) golden: Option<Option<PathBuf>>,
    /// Show only why the locations of this name, or at this line, are what they are: each piece of evidence
    /// with the lines that the value came through
    #[arg(long, value_name = "FILE:LINE|Type.field", requires = "path", conflicts_with_all = ["golden", "checklist", "prove", "profile", "json", "sarif"])]
    pub(crate) why: Option<String>,
    /// Compile the tree too (cargo, and clang for C), and lay what the compiler made of it beside the source
    #[arg(long, requires = "path", conflicts_with_all = ["golden", "checklist", "prove"])]
    pub(crate) ir: bool,
    /// With --ir: compile with these features of the packages, separated by commas (default: their
    /// default features)
    #[arg(long, value_name = "FEATURES", requires = "ir")]
    pub(crate) ir_features: Option<String>,
    /// Count how often each operation runs under the command, and rank the candidates by an upper bound of
    /// the gain. It takes valgrind, under which the command takes about 60 times as long
    #[arg(long, requires_all = ["command", "path"], conflicts_with = "golden", group = "measured")]
    pub(crate) profile: bool,
    /// With --profile: a program built from the tree, with line tables
    /// (`CARGO_PROFILE_RELEASE_DEBUG=line-tables-only`). With --prove: the command, in which {bin} stands
    /// for what is built. With --checklist: the command, in which the letter n in braces stands for the size
    #[arg(last = true, requires = "measured", value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    /// Make the checklist of a hot path: how its cost grows, how far it is from a limit, and checks; of
    /// bedplate's own malloc-pair, or of the command
    #[arg(long, value_name = "BENCH", num_args = 0..=1, conflicts_with_all = ["golden", "path"], group = "measured", group = "documented")]
    pub(crate) checklist: Option<Option<String>>,
    /// Prove for one candidate what removing it is worth: its class, a copy of the cargo project in PATH
    /// without its operations, whether they run, and a comparison
    #[arg(long, value_name = "FILE:LINE|Type.field", requires_all = ["path", "command"], conflicts_with_all = ["golden", "sarif"], group = "measured", group = "documented")]
    pub(crate) prove: Option<String>,
    #[command(flatten)]
    pub(crate) list: ListOptions,
    #[command(flatten)]
    pub(crate) comparison: ProveOptions,
}

/// Arguments of `audit --prove`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of --prove (docs/ab.md)")]
pub(crate) struct ProveOptions {
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    /// Go on though the machine is unfit; the document records it
    #[arg(long, requires = "prove")]
    pub(crate) unfit_ok: bool,
    /// Pass this variable of the environment on to both sides, beside the few that always are (HOME, PATH,
    /// LANG and the like); may be given several times
    #[arg(long, value_name = "NAME", requires = "prove")]
    pub(crate) keep_env: Vec<OsString>,
    /// The package that is built (default: that of the manifest in PATH)
    #[arg(long, value_name = "NAME", requires = "prove")]
    pub(crate) package: Option<String>,
    /// Build both sides with these features of the package too, separated by commas
    #[arg(long, value_name = "FEATURES", requires = "prove")]
    pub(crate) features: Option<String>,
    /// End a run that takes longer: its side failed (default: ten times the first run, at least 60)
    #[arg(long, value_name = "SECONDS", requires = "prove", value_parser = timeout)]
    pub(crate) timeout: Option<f64>,
    /// Record comparisons in this file (default: bedplate/ledger in `$XDG_STATE_HOME` or ~/.local/state)
    #[arg(long, value_name = "FILE", requires = "prove")]
    pub(crate) ledger: Option<PathBuf>,
    /// Write the document as one self-contained HTML page with plots
    #[arg(long, value_name = "FILE", requires = "prove")]
    pub(crate) html: Option<PathBuf>,
}

/// Arguments of `audit --checklist`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of --checklist")]
pub(crate) struct ListOptions {
    /// Count at these sizes (default: 1000 to 64000, doubling)
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', requires = "checklist", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) sizes: Vec<u64>,
    /// Compare with this command, which does the least that could be done; words apart by spaces (default:
    /// the row says that it was not measured, as the following ones do)
    #[arg(long, value_name = "COMMAND", requires = "checklist")]
    pub(crate) limit: Option<String>,
    /// Take the row of races from what this command of the shell prints (tests passed, an error summary)
    #[arg(long, value_name = "COMMAND", requires = "checklist")]
    pub(crate) races: Vec<String>,
    /// Take the row of coverage from the last line with a number that this command prints
    #[arg(long, value_name = "COMMAND", requires = "checklist")]
    pub(crate) coverage: Vec<String>,
    /// Count the warnings that this command prints
    #[arg(long, value_name = "COMMAND", requires = "checklist")]
    pub(crate) warnings: Vec<String>,
    /// Take the row of failure modes from what this command prints, as for --races
    #[arg(long, value_name = "COMMAND", requires = "checklist")]
    pub(crate) failure_modes: Vec<String>,
    /// With --checklist or --prove: write the document as Markdown
    #[arg(
        long,
        value_name = "FILE",
        requires = "documented",
        help_heading = "Options of --checklist and --prove"
    )]
    pub(crate) doc: Option<PathBuf>,
}

/// Arguments of `pair`.
#[derive(Debug, Args)]
pub(crate) struct PairArguments {
    /// Bytes of the blocks
    #[arg(long, default_value_t = 64)]
    pub(crate) block: usize,
    /// Blocks that live meanwhile
    #[arg(long, default_value_t = 0)]
    pub(crate) live: usize,
    /// Call two functions that do nothing instead
    #[arg(long)]
    pub(crate) limit: bool,
    /// Pairs
    pub(crate) turns: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    /// The commands of evidence, with their whole help.
    fn helped() -> Vec<(clap::Command, String)> {
        let mut all = Arguments::command();
        all.build();
        let ab = all.find_subcommand("ab").unwrap();
        let campaign = ab.find_subcommand("campaign").unwrap();
        let audit = all.find_subcommand("audit").unwrap();
        [ab, campaign, audit]
            .map(|command| {
                (
                    command.clone(),
                    command.clone().render_long_help().to_string(),
                )
            })
            .into()
    }

    #[test]
    fn help_tells_every_exit_code() {
        let codes = [
            "0 GO",
            "10 NO-GO",
            "11 EQUIVALENT",
            "12 SAFE",
            "13 INCONCLUSIVE",
            "14 IDENTICAL",
            "15 NOT EXECUTED",
            "17 a side failed",
            "2 usage",
        ];
        for (command, help) in helped() {
            for code in codes {
                assert!(
                    help.contains(code),
                    "{}: {code}: {help}",
                    command.get_name()
                );
            }
            assert!(help.contains("Examples:"), "{help}");
        }
    }

    #[test]
    fn help_tells_what_holds_without_an_option() {
        // Without these nothing is asked for, written or passed on.
        let only_asked = [
            "feature",
            "gate",
            "rev",
            "vs_rev",
            "keep_env",
            "doc",
            "html",
            "json",
            "sarif",
            "resume",
            "why",
            "prove",
            "checklist",
            "features",
            "races",
            "coverage",
            "warnings",
            "failure_modes",
        ];
        for (command, _) in helped() {
            for option in command
                .get_opts()
                .filter(|it| it.get_action().takes_values())
            {
                let help = option
                    .get_long_help()
                    .or(option.get_help())
                    .unwrap()
                    .to_string();
                let is_told = !option.get_default_values().is_empty() || help.contains("default: ");
                let name = option.get_id().as_str();
                assert!(is_told || only_asked.contains(&name), "{name}: {help}");
            }
        }
    }

    #[test]
    fn options_stand_under_what_they_are_for() {
        let heading = |(command, _): &(clap::Command, String), name: &str| {
            let mut options = command.get_opts().chain(command.get_arguments());
            let option = options.find(|it| it.get_id() == name).unwrap();
            option.get_help_heading().map(str::to_owned)
        };
        let all = helped();
        let built = Some("Sides that are built from a cargo project".to_owned());
        assert_eq!(heading(&all[0], "unexecuted_ok"), built);
        assert_eq!(heading(&all[0], "margin"), None);
        assert_eq!(heading(&all[1], "package"), built);
        assert_eq!(heading(&all[2], "prove"), None);
        let documented = Some("Options of --checklist and --prove".to_owned());
        assert_eq!(heading(&all[2], "doc"), documented);
        assert_eq!(
            heading(&all[2], "sizes").as_deref(),
            Some("Options of --checklist")
        );
    }

    #[test]
    fn options_after_the_program_are_the_programs() {
        let parsed =
            Arguments::try_parse_from(["bedplate", "run", "-q", "--", "ls", "--json", "x"]);
        let Ok(Arguments {
            command: Command::Run(run),
        }) = parsed
        else {
            panic!("not a run");
        };
        assert!(run.quiet && run.json.is_none());
        assert_eq!(run.command, ["ls", "--json", "x"]);
        let parsed = Arguments::try_parse_from(["bedplate", "run", "ls", "--json", "x"]).unwrap();
        assert!(matches!(parsed.command, Command::Run(run) if run.command.len() == 3));
    }
}
