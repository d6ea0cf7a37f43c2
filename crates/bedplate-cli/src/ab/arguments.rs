//! The arguments of `ab`.

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use bedplate_evidence::ab::Sequential;
use bedplate_evidence::trial::Metric;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

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
    after_help = "A is the baseline, B the candidate: GO means that B is better.\n\
    Exit code: 0 GO, 10 NO-GO, 11 EQUIVALENT, 12 SAFE, 13 INCONCLUSIVE, 14 IDENTICAL,\n\
    15 NOT EXECUTED, 16 machine unfit, 17 a side failed, 1 error or interrupt, 2 usage.\n\
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
    /// or {lib} stands for what is built
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
    /// Go on though the machine is unfit; the document records it
    #[arg(long)]
    pub(crate) unfit_ok: bool,
    /// Pass this variable of the environment on to both sides; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) keep_env: Vec<OsString>,
    /// Give this file to each run as its standard input (otherwise it is empty)
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Count instructions only if a counted run takes at most so long, and all of them at most this
    /// or the time of the pairs (0: never)
    #[arg(long, value_name = "SECONDS", default_value_t = WITNESS_S, value_parser = seconds)]
    pub(crate) witness_seconds: f64,
    /// End a run that takes longer with all that it started: its side failed (default: ten times the
    /// first run of A, at least 60; counted runs get as many times more as counting takes)
    #[arg(long, value_name = "SECONDS", value_parser = timeout)]
    pub(crate) timeout: Option<f64>,
    /// Record reruns in this file (default: bedplate/ledger in `$XDG_STATE_HOME` or ~/.local/state)
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
    /// Build without (A) and with (B) this feature
    #[arg(long, value_name = "PACKAGE/FEATURE", conflicts_with_all = ["gate", "rev"])]
    pub(crate) feature: Option<String>,
    /// Build without (A) and with (B) this gate of the manifest's metadata, or of bedplate's own
    #[arg(long, value_name = "NAME", conflicts_with = "rev")]
    pub(crate) gate: Option<String>,
    /// Build this revision as A
    #[arg(long, value_name = "A", requires = "vs_rev")]
    pub(crate) rev: Option<String>,
    /// Build this revision as B
    #[arg(long, value_name = "B", requires = "rev")]
    pub(crate) vs_rev: Option<String>,
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
}

/// What is built of which project.
#[derive(Debug, Args)]
pub(crate) struct ProjectOptions {
    /// The project (default: that of the current directory)
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// The package that is built (default: that of the feature or of the manifest)
    #[arg(long, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// The profile that it is built with (default: release; preload for bedplate's own gates)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Go on though the code in question did not run, or that cannot be told; the document records it
    #[arg(long)]
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
    /// Differences below this count as none
    #[arg(long, value_name = "PERCENT", default_value_t = 0.5, value_parser = margin)]
    pub(crate) margin: f64,
    /// Most pairs
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(10..=2000))]
    pub(crate) pairs_max: u32,
    /// Pairs of A against A that the noise is taken from (default: 30, and 8 for instructions)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(5..=1000))]
    pub(crate) calibration: Option<u32>,
    /// What is judged
    #[arg(long, value_enum, default_value_t)]
    pub(crate) metric: MetricName,
    /// How often the engine looks at the pairs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sequential: SequentialName,
    /// Start of all random choices (default: from the clock)
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
    /// CPU time of the program and its children
    Cpu,
    /// Largest resident set
    Rss,
    /// Instructions executed (perf or callgrind)
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
    /// Looks after every pair (a confidence sequence)
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
    after_help = "Each member is compared with one base without any of them; then all of them together are.\n\
    The last comparison is the answer to what they cost together, and its verdict gives the exit\n\
    code (that of `bedplate ab`). A campaign that was stopped leaves what it has.\n\n\
    Examples:\n  \
    bedplate ab campaign --gate trace --gate counts --doc campaign.md -- {bin} --selftest\n  \
    bedplate ab campaign --all-gates --metric cpu --budget 40m --json campaign.json -- {bin}\n  \
    bedplate ab campaign --all-gates --resume campaign.json --json campaign.json -- {bin}"
)]
pub(crate) struct CampaignArguments {
    /// A gate, or several with commas between; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) gate: Vec<String>,
    /// A feature, or several with commas between; may be given several times
    #[arg(long, value_name = "PACKAGE/FEATURE", value_delimiter = ',')]
    pub(crate) feature: Vec<String>,
    /// All gates of the manifests; where they name none, bedplate's own
    #[arg(long, conflicts_with_all = ["gate", "feature"])]
    pub(crate) all_gates: bool,
    /// Take at most about so long, builds included; comparisons share what is left
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Option<Duration>,
    /// Take verdicts from the JSON of a campaign of the same builds that was stopped
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
    #[command(flatten)]
    pub(crate) measure: MeasureOptions,
    /// The command, in which {bin} or {lib} stands for what is built
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
    /// Comparisons of each of the 17 kinds (default: 20000, and 4000 with --quick)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=1_000_000))]
    pub(crate) repeats: Option<u32>,
    /// The short form, for checks that run often
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
#[command(after_help = "Exit code: 0, 1 error or interrupt, 2 usage.")]
pub(crate) struct AaArguments {
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    /// As for a comparison: recorded, for an unfit machine is measured in any case
    #[arg(long)]
    pub(crate) unfit_ok: bool,
    /// Pass this variable of the environment on; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) keep_env: Vec<OsString>,
    /// Give this file to each run as its standard input (otherwise it is empty)
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
#[command(after_help = "Exit code: 0, 1 error, 2 usage.")]
pub(crate) struct LedgerArguments {
    /// Read this file instead of the usual one
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Add up the estimates: refused, with the reason
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
