//! The program `llama-serve`.
//!
//! # Role
//! One model and one engine behind HTTP: requests that begin alike share what they share, and tokens are
//! streamed as they come.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arguments.rs` | the arguments |
//! | `http.rs` | the routes |

#![forbid(unsafe_code)]
#![expect(
    clippy::std_instead_of_alloc,
    reason = "a program of the standard library"
)]

mod arguments;
#[path = "../cli/counts.rs"]
mod counts;
mod http;
#[path = "../cli/rows.rs"]
mod rows;

use arguments::Arguments;
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_pool::{ThreadPool, ThreadPoolBuilder};
use bedplate_region::kv::{Backing, PagedKv, Pages};
use clap::Parser as _;
use llama::engine::Engine;
use llama::{Limits, LlamaError, Model, ModelBytes, ModelFile, Runner};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

#[global_allocator]
static ALLOCATOR: bedplate_malloc::Malloc = bedplate_malloc::Malloc::new();

/// What weights, cache and scratch are charged to.
static BUDGET: Budget = Budget::new(UNLIMITED, UNLIMITED);
/// The cache is committed in such steps.
const STEP_BYTES: usize = 64 << 10;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match serve(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody listens where standard error is closed.
            let _said = writeln!(std::io::stderr(), "llama-serve: {error}");
            let is_usage = error
                .downcast_ref()
                .is_some_and(|error: &LlamaError| error.is_usage());
            if is_usage {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), Box<dyn core::error::Error>> {
    if let Some(mib) = arguments.memory_mib {
        let bytes = mib.saturating_mul(1 << 20);
        // Kept prefixes go before anybody has to wait.
        BUDGET.set(bytes, bytes / 8 * 7);
    }
    let bytes = ModelBytes::copy(&arguments.model, Some(&BUDGET))?;
    let file = ModelFile::parse(&arguments.model, &bytes)?;
    let model = Model::load(&file)?;
    let pool = pool(arguments)?;
    let limits = Limits {
        tokens: arguments.batch.max(arguments.clients),
        items: arguments.clients,
        context: arguments.context,
        budget: Some(&BUDGET),
    };
    let runner = Runner::new(&model, &pool, limits)?;
    let shape = model.config().cache_shape(arguments.rows.format())?;
    let backing = Backing::new()
        .step_bytes(STEP_BYTES)
        .huge_pages(false)
        .budget(&BUDGET);
    let pages = Pages::new(arguments.cache_tokens);
    let cache = PagedKv::new(shape, pages, backing).map_err(LlamaError::from)?;
    let (desk, engine) = Engine::new(runner, cache);
    let service = http::Service {
        desk,
        vocabulary: Arc::new(model.vocabulary().clone()),
        budget: &BUDGET,
    };
    thread::scope(|scope| {
        let engine = scope.spawn(move || engine.run());
        let ended = http::listen(service, arguments.listen);
        // The desk is dropped: the engine ends with its last request.
        if engine.join().is_err() {
            return Err("the engine ended by a panic".into());
        }
        ended
    })
}

fn pool(arguments: &Arguments) -> Result<ThreadPool, LlamaError> {
    let mut builder = ThreadPoolBuilder::new();
    if let Some(threads) = arguments.threads {
        builder = builder.num_threads(threads);
    }
    Ok(builder.build()?)
}
