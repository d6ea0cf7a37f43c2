//! The arguments.

use crate::rows::Rows;
use crate::{counts, numbers};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Text from a transformer of the llama family.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Goes on with a prompt.
    Generate(Box<Generate>),
    /// Has several clients ask at once, and says what sharing a prompt is worth.
    Crowd(Crowd),
    /// Says what a model file holds, and what it takes to run it.
    Describe(Describe),
}

/// Where a model is, and how it is had.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The model: a GGUF file, or a safetensors file with its settings beside it.
    pub(crate) model: PathBuf,
    /// How rows of keys and values are stored.
    #[arg(long, value_enum, default_value_t = Rows::F32)]
    pub(crate) rows: Rows,
    /// The longest sequence in tokens; the model's own context if left out.
    #[arg(long, value_parser = counts::count)]
    pub(crate) context: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Describe {
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The text to go on with.
    #[arg(long, short, required_unless_present = "tokens")]
    pub(crate) prompt: Option<String>,
    /// The prompt as numbers of tokens, for models without a vocabulary of texts.
    #[arg(long, value_delimiter = ',', conflicts_with = "prompt")]
    pub(crate) tokens: Vec<u32>,
    /// How many tokens to generate.
    #[arg(long, short = 'n', default_value_t = 200)]
    pub(crate) count: usize,
    /// Which cache holds keys and values.
    #[arg(long, value_enum, default_value_t = Cache::Paged)]
    pub(crate) cache: Cache,
    /// Keeps so many of the last tokens only, and so goes on for ever.
    #[arg(long, value_parser = counts::count)]
    pub(crate) window: Option<usize>,
    /// Draws tokens instead of taking the likeliest; below one is tamer.
    #[arg(long, default_value_t = 0.0, value_parser = numbers::temperature, allow_negative_numbers = true)]
    pub(crate) temperature: f32,
    /// Draws among so many of the likeliest tokens.
    #[arg(long, default_value_t = 0)]
    pub(crate) top_k: usize,
    /// Draws among the likeliest tokens that make up this share together.
    #[arg(long, default_value_t = 1.0, value_parser = numbers::top_p, allow_negative_numbers = true)]
    pub(crate) top_p: f32,
    /// Where chance begins.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Lowers a token's logit by so much for each time that it was among the last ones.
    #[arg(long, default_value_t = 0.0, value_parser = numbers::penalty, allow_negative_numbers = true)]
    pub(crate) repeat_penalty: f32,
    /// How many of the last tokens that counts.
    #[arg(long, default_value_t = 64)]
    pub(crate) repeat_tokens: usize,
    /// How many tokens of the prompt are computed at a time.
    #[arg(long, default_value_t = 64, value_parser = counts::count)]
    pub(crate) batch: usize,
    /// Threads that compute; one for each core if left out.
    #[arg(long, value_parser = counts::count)]
    pub(crate) threads: Option<usize>,
    /// The most memory for weights, cache and scratch together, in MiB.
    #[arg(long)]
    pub(crate) memory_mib: Option<u64>,
    /// Says nothing but the text.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Crowd {
    #[command(flatten)]
    pub(crate) source: Source,
    /// How many clients ask at once.
    #[arg(long, default_value_t = 8, value_parser = counts::clients)]
    pub(crate) clients: usize,
    /// How many tokens all prompts begin with; 1024, or as many as the context has room for, if left out.
    #[arg(long, value_parser = numbers::count_or_none)]
    pub(crate) shared: Option<usize>,
    /// How many tokens each client wants.
    #[arg(long, short = 'n', default_value_t = 64, value_parser = numbers::count_or_none)]
    pub(crate) count: usize,
    /// How many tokens are computed at a time.
    #[arg(long, default_value_t = 64, value_parser = counts::count)]
    pub(crate) batch: usize,
    /// Threads that compute; one for each core if left out.
    #[arg(long, value_parser = counts::count)]
    pub(crate) threads: Option<usize>,
    /// The most memory for the cache, in KiB.
    #[arg(long)]
    pub(crate) cache_kib: Option<u64>,
    /// Every client is a tenant of its own, so that nothing is shared.
    #[arg(long)]
    pub(crate) separate: bool,
}

/// Caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cache {
    /// Blocks that sequences share.
    Paged,
    /// One piece for each sequence.
    Contiguous,
}
