//! The arguments.

use crate::counts;
use crate::rows::Rows;
use clap::Parser;
use core::net::SocketAddr;
use std::path::PathBuf;

/// Serves a transformer of the llama family over HTTP.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    /// The model: a GGUF file, or a safetensors file with its settings beside it.
    pub(crate) model: PathBuf,
    /// Where to listen; port 0 is any that is free, and the line that is printed says which.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// How many requests generate at a time; others wait.
    #[arg(long, default_value_t = 8, value_parser = counts::clients)]
    pub(crate) clients: usize,
    /// How many tokens the cache holds for all of them and for kept prefixes.
    #[arg(long, default_value_t = 1 << 16, value_parser = counts::count)]
    pub(crate) cache_tokens: usize,
    /// The longest sequence in tokens; the model's own context if left out.
    #[arg(long, value_parser = counts::count)]
    pub(crate) context: Option<usize>,
    /// How many tokens are computed at a time.
    #[arg(long, default_value_t = 64, value_parser = counts::count)]
    pub(crate) batch: usize,
    /// How rows of keys and values are stored.
    #[arg(long, value_enum, default_value_t = Rows::F32)]
    pub(crate) rows: Rows,
    /// Threads that compute; one for each core if left out.
    #[arg(long, value_parser = counts::count)]
    pub(crate) threads: Option<usize>,
    /// The most memory for weights, cache and scratch together, in MiB.
    #[arg(long)]
    pub(crate) memory_mib: Option<u64>,
}
