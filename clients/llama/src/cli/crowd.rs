//! `llama crowd`
//!
//! # Role
//! Clients on threads of their own ask one engine at the same time for what begins alike; printed is how much
//! memory the cache took and how fast tokens came.

use crate::arguments::Crowd;
use crate::generate::pool;
use crate::talk::{Clock, Outcome, Usage, print};
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_region::kv::{Backing, PagedKv, Pages, Tenant};
use core::ops::ControlFlow;
use llama::engine::{Desk, Engine, Event, Request};
use llama::{Chooser, Limits, LlamaError, Model, ModelBytes, ModelFile, Runner, Sampling};
use std::sync::mpsc::channel;
use std::thread;

/// What the cache is charged to.
static BUDGET: Budget = Budget::new(UNLIMITED, UNLIMITED);
/// Tokens that prompts begin with, where the context has room for them.
const SHARED: usize = 1024;
/// The cache is committed in such steps.
const STEP_BYTES: usize = 4096;

/// Has clients ask at once.
pub(crate) fn crowd(arguments: &Crowd) -> Outcome {
    if let Some(kib) = arguments.cache_kib {
        BUDGET.set(kib.saturating_mul(1 << 10), UNLIMITED);
    }
    let source = &arguments.source;
    let bytes = ModelBytes::copy(&source.model, None)?;
    let file = ModelFile::parse(&source.model, &bytes)?;
    let model = Model::load(&file)?;
    let pool = pool(arguments.threads)?;
    let clients = arguments.clients;
    let shared = shared(arguments, model.config().context)?;
    let limits = Limits {
        tokens: arguments.batch.max(clients),
        items: clients,
        context: source.context,
        budget: None,
    };
    let runner = Runner::new(&model, &pool, limits)?;
    let shape = model.config().cache_shape(source.rows.format())?;
    let backing = Backing::new()
        .step_bytes(STEP_BYTES)
        .huge_pages(false)
        .budget(&BUDGET);
    // Room for all of them side by side; the budget is the limit.
    let tokens = clients.saturating_mul(shared + arguments.count + 2 * 64);
    let cache = PagedKv::new(shape, Pages::new(tokens), backing).map_err(LlamaError::from)?;
    let (desk, engine) = Engine::new(runner, cache);
    let clock = Clock::start();
    let (figures, failed) = thread::scope(|scope| {
        let engine = scope.spawn(move || engine.run());
        let asked: Vec<_> = (0..clients)
            .map(|client| {
                let desk = desk.clone();
                let model = &model;
                scope.spawn(move || ask(arguments, model, &desk, shared, client))
            })
            .collect();
        drop(desk);
        let failed = asked.into_iter().find_map(|asked| match asked.join() {
            Ok(ended) => ended.err(),
            Err(_) => Some(LlamaError::Ended),
        });
        (engine.join(), failed)
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let figures = figures.map_err(|_| LlamaError::Ended)?;
    let prompts = clients * (shared + 1);
    let generated = clients * arguments.count;
    print(&format!("clients         {clients}"))?;
    print(&format!(
        "cache, peak     {} KiB",
        BUDGET.peak_bytes() >> 10
    ))?;
    print(&format!(
        "prompt tokens   {prompts}, {} of them known",
        figures.known
    ))?;
    print(&format!("computed tokens {}", figures.computed))?;
    print(&format!("waited for room {} times", figures.waited))?;
    print(&format!(
        "generated       {generated} tokens, {:.0} in a second",
        clock.rate(generated)
    ))?;
    Ok(())
}

/// How many tokens all prompts begin with, so that there is room behind them for what is wanted.
fn shared(arguments: &Crowd, context: usize) -> Result<usize, Usage> {
    let context = arguments.source.context.unwrap_or(context);
    // Each client has a token of its own; what is generated last is not taken in any more.
    let room = context.checked_sub(arguments.count.max(1));
    match (room, arguments.shared) {
        (Some(room), None) => Ok(room.min(SHARED)),
        (Some(room), Some(shared)) if shared <= room => Ok(shared),
        (Some(room), Some(shared)) => Err(Usage(format!(
            "failed to begin: --shared {shared} and --count {} are more than the context of {context} tokens; \
             give --shared {room} at most, or raise --context",
            arguments.count
        ))),
        (None, _) => Err(Usage(format!(
            "failed to begin: --count {} is more than the context of {context} tokens; give fewer, or raise --context",
            arguments.count
        ))),
    }
}

/// One client: a prompt that begins like all, and ends with a token of its own.
fn ask(
    arguments: &Crowd,
    model: &Model<'_>,
    desk: &Desk,
    shared: usize,
    client: usize,
) -> Result<(), LlamaError> {
    let vocabulary = model.config().vocabulary;
    let token = |number: usize| u32::try_from(number % vocabulary).unwrap_or(0);
    let mut prompt: Vec<u32> = (0..shared).map(|at| token(at * 31 + at / 7)).collect();
    prompt.push(token(client));
    let chooser = Chooser::sampled(Sampling {
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        seed: client as u64,
    });
    let (sender, events) = channel();
    let request = Request::new(prompt, arguments.count, chooser, move |event| {
        if sender.send(event).is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    let tenant = if arguments.separate { client as u64 } else { 0 };
    desk.submit(request.tenant(Tenant(tenant)))?;
    for event in events {
        match event {
            Event::Failed(error) => return Err(error),
            Event::Ended(_) => return Ok(()),
            _ => {}
        }
    }
    Err(LlamaError::Ended)
}
