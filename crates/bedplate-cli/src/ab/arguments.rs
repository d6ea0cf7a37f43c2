//! The arguments of `ab`.

use std::path::PathBuf;

use bedplate_evidence::ab::Sequential;
use clap::{Args, Subcommand, ValueEnum};

/// Arguments of `ab`.
#[derive(Debug, Args)]
pub(crate) struct AbArguments {
    #[command(subcommand)]
    pub(crate) command: AbCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AbCommand {
    /// Measure by simulation how often the engine is wrong, and how often it finds what is there
    Selftest(SelftestArguments),
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

/// Arguments of `ab selftest`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 the claims hold, 1 they do not or an error, 2 usage.")]
pub(crate) struct SelftestArguments {
    /// Comparisons of each of the 17 kinds (default: 20000, and 4000 with --quick)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=1_000_000))]
    pub(crate) repeats: Option<u32>,
    /// The short form, for checks that run often
    #[arg(long)]
    pub(crate) quick: bool,
    /// Start of all random choices (default: from the clock)
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How often the engine looks at the pairs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sequential: SequentialName,
    /// Write JSON to this file, or to standard output without a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}
