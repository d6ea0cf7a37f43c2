//! The arguments of `ab`.

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use bedplate_evidence::ab::Sequential;
use bedplate_evidence::trial::Metric;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

/// The heading of the options about sides that are built here.
const BUILT: &str = "Sides that are built from a cargo project";

/// Seconds that a counted run may take unless said otherwise.
pub(crate) const WITNESS_S: f64 = 30.0;

/// Arguments of `ab`.
#[derive(Debug, Args)]
#[command(
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    override_usage = "bedplate ab [OPTIONS] -- COMMAND_A --vs COMMAND_B\n       \
    bedplate ab --feature P/F|--gate NAME|--rev A --vs-rev B [OPTIONS] [-- COMMAND]\n       \
    bedplate ab campaign --all-gates|--gate NAME..|--feature P/F.. [OPTIONS] [-- COMMAND]\n       \
    bedplate ab <COMMAND>",
    after_help = "A is the baseline, B the candidate. A pair is one run of each, in random order; the pairs end once\n\
    they tell. The verdict is the exit code:\n   \
    0 GO            B is better\n  \
    10 NO-GO         B is worse\n  \
    11 EQUIVALENT    B differs by less than the margin, either way\n  \
    12 SAFE          B is not worse by the margin; whether it is better is not known\n  \
    13 INCONCLUSIVE  these pairs do not tell\n  \
    14 IDENTICAL     both sides are the same program; nothing was run\n  \
    15 NOT EXECUTED  the code that differs did not run (sides that are built here)\n  \
    16 the machine is unfit for measuring, 17 a side failed, 1 error or interrupt, 2 usage\n\
    Everything else: docs/ab.md.\n\n\
    Examples:\n  \
    bedplate ab -- ./server-old --selftest --vs ./server-new --selftest\n  \
    bedplate ab --metric cpu --margin 1 --html ab.html -- gzip -6 -c big --vs gzip -5 -c big\n  \
    bedplate ab --feature server/simd -- {bin} --selftest\n  \
    bedplate ab --rev v1.4 --vs-rev HEAD -- {bin} --selftest"
)]
pub(crate) struct AbArguments {
    #[command(subcommand)]
    pub(crate) command: Option<AbCommand>,
    #[command(flatten)]
    pub(crate) options: CompareOptions,
    /// Both commands, parted by --vs; or, where both sides are built, the one command, in which {bin}
    /// or {lib} stands for what is built (default: {bin} alone)
    #[arg(
        last = true,
        required_unless_present_any = ["feature", "gate", "rev"],
        value_name = "COMMAND_A --vs COMMAND_B"
    )]
    pub(crate) sides: Vec<OsString>,
}

/// How to compare.
#[derive(Debug, Args)]
pub(crate) struct CompareOptions {
    #[command(flatten)]
    pub(crate) difference: DifferenceOptions,
    #[command(flatten)]
    pub(crate) measure: MeasureOptions,
}

/// How to measure, and where the document goes.
#[derive(Debug, Args)]
pub(crate) struct MeasureOptions {
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    /// Go on though the machine is unfit (busy, short of memory); the document records it
    #[arg(long)]
    pub(crate) unfit_ok: bool,
    /// Pass this variable of the environment on to both sides, beside the few that always are (HOME, PATH,
    /// LANG and the like); may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) keep_env: Vec<OsString>,
    /// Give this file to each run as its standard input (default: it is empty)
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Count instructions too, as a second witness, if a counted run takes at most so long, and all of
    /// them at most this or the time of the pairs (0: never). Without a counter of the CPU that is callgrind,
    /// under which a run takes about 60 times as long
    #[arg(long, value_name = "SECONDS", default_value_t = WITNESS_S, value_parser = seconds)]
    pub(crate) witness_seconds: f64,
    /// End a run that takes longer, and all that it started: its side failed (default: ten times the
    /// first run of A, at least 60; runs under a counter get as much more as it slows them down)
    #[arg(long, value_name = "SECONDS", value_parser = timeout)]
    pub(crate) timeout: Option<f64>,
    /// Record comparisons in this file: reruns of one share its chance of being wrong, so each is stricter
    /// (default: bedplate/ledger in `$XDG_STATE_HOME` or ~/.local/state)
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Write JSON (layout: docs/ab.md) to this file, or to standard output without a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// Write the document as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) doc: Option<PathBuf>,
    /// Write the document as one self-contained HTML page with plots
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Sides that are built from a cargo project.
#[derive(Debug, Args)]
pub(crate) struct DifferenceOptions {
    /// Build A without and B with this feature of a package
    #[arg(long, value_name = "PACKAGE/FEATURE", conflicts_with_all = ["gate", "rev"], help_heading = BUILT)]
    pub(crate) feature: Option<String>,
    /// Build A without and B with this gate: a feature, or a variable that the build reads, under a name in
    /// the manifest (`[package.metadata.bedplate.gates]`); or one of bedplate's own
    #[arg(long, value_name = "NAME", conflicts_with = "rev", help_heading = BUILT)]
    pub(crate) gate: Option<String>,
    /// Build this revision of git as A
    #[arg(long, value_name = "A", requires = "vs_rev", help_heading = BUILT)]
    pub(crate) rev: Option<String>,
    /// Build this revision of git as B
    #[arg(long, value_name = "B", requires = "rev", help_heading = BUILT)]
    pub(crate) vs_rev: Option<String>,
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
}

/// What is built of which project.
#[derive(Debug, Args)]
pub(crate) struct ProjectOptions {
    /// The Cargo.toml of the project (default: that of the current directory)
    #[arg(long, value_name = "FILE", help_heading = BUILT)]
    pub(crate) manifest_path: Option<PathBuf>,
    /// The package that is built (default: that of the feature, or of the manifest)
    #[arg(long, value_name = "NAME", help_heading = BUILT)]
    pub(crate) package: Option<String>,
    /// Cargo's profile that it is built with (default: release; preload for bedplate's own gates)
    #[arg(long, value_name = "NAME", help_heading = BUILT)]
    pub(crate) profile: Option<String>,
    /// Go on though the code that differs did not run, or valgrind, which tells, is not there; the
    /// document records it
    #[arg(long, help_heading = BUILT)]
    pub(crate) unexecuted_ok: bool,
}

impl DifferenceOptions {
    /// The words that ask for the same; revisions as the commits that they are.
    pub(crate) fn words(&self, commits: Option<[Option<String>; 2]>) -> Vec<String> {
        let [a, b] = commits.unwrap_or_default();
        let (rev, vs_rev) = match &self.rev {
            Some(_) => (a.or(self.rev.clone()), b.or(self.vs_rev.clone())),
            None => (None, None),
        };
        let values = [
            ("--feature", &self.feature),
            ("--gate", &self.gate),
            ("--rev", &rev),
            ("--vs-rev", &vs_rev),
        ];
        let mut words = asked(values);
        words.extend(self.project.words());
        words
    }
}

impl ProjectOptions {
    /// The words that ask for the same.
    pub(crate) fn words(&self) -> Vec<String> {
        let manifest = self.manifest_path.as_ref();
        let manifest = manifest.map(|path| path.display().to_string());
        let mut words = asked([
            ("--manifest-path", &manifest),
            ("--package", &self.package),
            ("--profile", &self.profile),
        ]);
        words.extend(self.unexecuted_ok.then(|| "--unexecuted-ok".to_owned()));
        words
    }
}

/// Options that have a value, with it.
fn asked<const COUNT: usize>(values: [(&str, &Option<String>); COUNT]) -> Vec<String> {
    values
        .into_iter()
        .filter_map(|(name, value)| Some([name.to_owned(), value.clone()?]))
        .flatten()
        .collect()
}

/// What is fixed before the first run.
#[derive(Clone, Debug, Args)]
pub(crate) struct RuleOptions {
    /// Count differences below this as none: for EQUIVALENT and SAFE
    #[arg(long, value_name = "PERCENT", default_value_t = 0.5, value_parser = margin)]
    pub(crate) margin: f64,
    /// Run at most so many pairs of A and B
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(10..=2000))]
    pub(crate) pairs_max: u32,
    /// First run so many pairs of A against A, from which the noise is taken (default: 30; 8 where
    /// instructions are judged)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(5..=1000))]
    pub(crate) calibration: Option<u32>,
    /// Judge by this; the others are reported beside it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) metric: MetricName,
    /// How often the engine looks at the pairs, and may end them
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sequential: SequentialName,
    /// Make all random choices from this number (default: from the clock)
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

impl RuleOptions {
    /// Pairs of the calibration.
    pub(crate) fn calibration_pairs(&self) -> u32 {
        let usual = match self.metric {
            MetricName::Instructions => 8,
            _ => 30,
        };
        self.calibration.unwrap_or(usual)
    }
}

fn margin(text: &str) -> Result<f64, String> {
    number(text, 0.01, 50.0, "a percentage from 0.01 to 50")
}

fn seconds(text: &str) -> Result<f64, String> {
    number(text, 0.0, 86_400.0, "seconds from 0 to 86400")
}

/// Seconds that a run may take.
pub(crate) fn timeout(text: &str) -> Result<f64, String> {
    number(text, 0.1, 86_400.0, "seconds from 0.1 to 86400")
}

fn number(text: &str, least: f64, most: f64, expected: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| expected.to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum AbCommand {
    /// Measure by simulation how often the engine is wrong, and how often it finds what is there
    Selftest(SelftestArguments),
    /// Judge several gates or features of one project, each alone and all together
    Campaign(Box<CampaignArguments>),
    /// Measure how much a program scatters against itself, and what could be found
    Aa(AaArguments),
    /// List the comparisons that were made, and what is left of each error budget
    Ledger(LedgerArguments),
    /// Spin, then run a program: a cost of known size for `selftest --real`
    #[command(hide = true)]
    Spin(SpinArguments),
}

/// What is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricName {
    /// Time from start to end
    #[default]
    Wall,
    /// CPU time of the program and its children, which often scatters less
    Cpu,
    /// Most memory that was resident at once
    Rss,
    /// Instructions executed, by the CPU's counter or else by callgrind
    Instructions,
}

impl From<MetricName> for Metric {
    fn from(name: MetricName) -> Self {
        match name {
            MetricName::Wall => Self::Wall,
            MetricName::Cpu => Self::Cpu,
            MetricName::Rss => Self::Rss,
            MetricName::Instructions => Self::Instructions,
        }
    }
}

/// Which engine judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SequentialName {
    /// Looks after every pair: large differences end it early (a confidence sequence)
    #[default]
    Always,
    /// Looks six times (signed ranks): finds smaller effects in a fixed number of pairs
    Group,
}

impl From<SequentialName> for Sequential {
    fn from(name: SequentialName) -> Self {
        match name {
            SequentialName::Always => Self::Always,
            SequentialName::Group => Self::Group,
        }
    }
}

/// Arguments of `ab campaign`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("members").required(true).multiple(true).args(["gate", "feature", "all_gates"]),
    override_usage = "bedplate ab campaign --all-gates|--gate NAME..|--feature P/F.. [OPTIONS] [-- COMMAND]",
    after_help = "Each member (gate or feature) is compared with one base without any of them; then all of them\n\
    together are. That last comparison is the answer to what they cost together, and its verdict is the exit\n\
    code: 0 GO, 10 NO-GO, 11 EQUIVALENT, 12 SAFE, 13 INCONCLUSIVE, 14 IDENTICAL, 15 NOT EXECUTED (as\n\
    `bedplate ab --help` explains), 16 the machine is unfit, 17 a side failed, 1 error or interrupt, 2 usage.\n\
    A campaign that was stopped leaves what it has. Everything else: docs/ab.md.\n\n\
    Examples:\n  \
    bedplate ab campaign --gate trace --gate counts --doc campaign.md -- {bin} --selftest\n  \
    bedplate ab campaign --all-gates --metric cpu --budget 40m --json campaign.json -- {bin}\n  \
    bedplate ab campaign --all-gates --resume campaign.json --json campaign.json -- {bin}"
)]
pub(crate) struct CampaignArguments {
    /// Compare with and without this gate, or several with commas between; may be given several times. A
    /// gate is a feature, or a variable that the build reads, under a name in the manifest
    /// (`[package.metadata.bedplate.gates]`)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) gate: Vec<String>,
    /// Compare with and without this feature, or several with commas between; may be given several times
    #[arg(long, value_name = "PACKAGE/FEATURE", value_delimiter = ',')]
    pub(crate) feature: Vec<String>,
    /// Take all gates of the manifests as members; where they name none, bedplate's own
    #[arg(long, conflicts_with_all = ["gate", "feature"])]
    pub(crate) all_gates: bool,
    /// Take about so long (90s, 40m, 2h), builds included (default: as long as it takes): comparisons share
    /// what is left, and none begins a pair that cannot end in time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Option<Duration>,
    /// Take over the verdicts in the JSON of a campaign of the same builds that was stopped, and make the
    /// other comparisons
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
    #[command(flatten)]
    pub(crate) measure: MeasureOptions,
    /// The command that runs each build, in which {bin} or {lib} stands for what is built (default: {bin}
    /// alone)
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// "90s", "40m", "2h", or seconds without a unit.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit_s) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit_s))
        .filter(|seconds| (1..=31 * 86_400).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "a time such as 90s, 40m or 2h".to_owned())
}

/// Arguments of `ab selftest`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: 0 the claims hold, 1 they do not or an error, 2 usage.\n\n\
    Example of the long form, with a real program (hours):\n  \
    bedplate ab selftest --real 200 --metric cpu --unfit-ok --json real.json -- gzip -c file"
)]
pub(crate) struct SelftestArguments {
    /// Simulate so many comparisons of each of the 17 kinds (default: 20000, and 4000 with --quick)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=1_000_000))]
    pub(crate) repeats: Option<u32>,
    /// Simulate fewer comparisons, for checks that run often
    #[arg(long)]
    pub(crate) quick: bool,
    /// Instead of simulating, compare a real program N times with itself, and a fifth as often each
    /// with planted costs of 1, 2 and 5 percent
    #[arg(long, value_name = "N", requires = "program", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) real: Option<u32>,
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    /// Go on though the machine is unfit; the document records it
    #[arg(long)]
    pub(crate) unfit_ok: bool,
    /// Write JSON to this file, or to standard output without a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// The real program and its arguments
    #[arg(last = true, requires = "real", value_name = "PROGRAM")]
    pub(crate) program: Vec<OsString>,
}

/// Arguments of `ab aa`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: 0 measured, 1 error or interrupt, 2 usage.\n\n\
    Example:\n  bedplate ab aa --metric cpu -- gzip -c file"
)]
pub(crate) struct AaArguments {
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    /// Has no effect but that it is recorded: the noise of an unfit machine is measured in any case
    #[arg(long)]
    pub(crate) unfit_ok: bool,
    /// Pass this variable of the environment on, beside the few that always are (HOME, PATH, LANG and the
    /// like); may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) keep_env: Vec<OsString>,
    /// Give this file to each run as its standard input (default: it is empty)
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Write JSON to this file, or to standard output without a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<OsString>,
}

/// Arguments of `ab ledger`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 listed, 1 error, 2 usage. With --sum always 2.")]
pub(crate) struct LedgerArguments {
    /// Read this file (default: bedplate/ledger in `$XDG_STATE_HOME` or ~/.local/state)
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Add up the estimates of several comparisons, which is refused: says why, and what to do instead
    #[arg(long)]
    pub(crate) sum: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ab spin`.
#[derive(Debug, Args)]
pub(crate) struct SpinArguments {
    /// Turns of an empty loop
    pub(crate) turns: u64,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub(crate) program: Vec<OsString>,
}
