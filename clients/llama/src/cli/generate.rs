//! `llama generate`

use crate::arguments::{Cache, Generate};
use crate::talk::{Clock, Outcome, Printer, bar, failed, figures, say};
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_pool::{ThreadPool, ThreadPoolBuilder};
use bedplate_region::kv::{Backing, ContiguousKv, KvCache, PagedKv, Pages, Settings};
use llama::{
    Chooser, Generation, Limits, LlamaError, Model, ModelBytes, ModelFile, Repetition, Runner,
    Sampling,
};

/// What weights, cache and scratch are charged to.
static BUDGET: Budget = Budget::new(UNLIMITED, UNLIMITED);
/// Caches are committed in such steps: a small model wants little.
const STEP_BYTES: usize = 64 << 10;

/// Goes on with a prompt.
pub(crate) fn generate(arguments: &Generate) -> Outcome {
    if let Some(mib) = arguments.memory_mib {
        BUDGET.set(mib.saturating_mul(1 << 20), UNLIMITED);
    }
    let source = &arguments.source;
    let bytes = ModelBytes::copy(&source.model, Some(&BUDGET))?;
    let file = ModelFile::parse(&source.model, &bytes)?;
    let model = Model::load(&file)?;
    let prompt = match &arguments.prompt {
        Some(prompt) => model.vocabulary().encode(prompt)?,
        None => arguments.tokens.clone(),
    };
    let pool = pool(arguments.threads)?;
    let context = source.context.unwrap_or(model.config().context);
    let limits = Limits {
        tokens: arguments.batch,
        context: Some(context),
        budget: Some(&BUDGET),
        ..Limits::default()
    };
    let mut runner = Runner::new(&model, &pool, limits)?;
    let shape = model.config().cache_shape(source.rows.format())?;
    // Small steps lie in no huge page.
    let backing = Backing::new()
        .step_bytes(STEP_BYTES)
        .huge_pages(false)
        .budget(&BUDGET);
    match arguments.cache {
        Cache::Paged => {
            let cache =
                PagedKv::new(shape, Pages::new(context), backing).map_err(LlamaError::from)?;
            go_on(arguments, &mut runner, cache, &prompt)
        }
        Cache::Contiguous => {
            let cache = ContiguousKv::new(shape, context, backing).map_err(LlamaError::from)?;
            go_on(arguments, &mut runner, cache, &prompt)
        }
    }
}

/// So many threads, or one for each core.
pub(crate) fn pool(threads: Option<usize>) -> Result<ThreadPool, LlamaError> {
    let mut builder = ThreadPoolBuilder::new();
    if let Some(threads) = threads {
        builder = builder.num_threads(threads);
    }
    Ok(builder.build()?)
}

fn chooser(arguments: &Generate) -> Chooser {
    let chooser = Chooser::sampled(Sampling {
        temperature: arguments.temperature,
        top_k: arguments.top_k,
        top_p: arguments.top_p,
        seed: arguments.seed,
    });
    chooser.repetition(Repetition {
        penalty: arguments.repeat_penalty,
        tokens: arguments.repeat_tokens,
    })
}

fn go_on(
    arguments: &Generate,
    runner: &mut Runner<'_>,
    mut cache: impl KvCache + Send,
    prompt: &[u32],
) -> Outcome {
    let settings = Settings {
        window_tokens: arguments.window,
        ..Settings::default()
    };
    let sequence = cache.create(settings).map_err(LlamaError::from)?;
    let bar = bar(prompt.len(), arguments.quiet);
    let clock = Clock::start();
    let model = runner.model();
    let begun = Generation::begin_with(
        runner,
        &mut cache,
        sequence,
        prompt,
        chooser(arguments),
        |done| bar.set_position(done as u64),
    );
    bar.finish_and_clear();
    let mut generation = begun.map_err(failed)?;
    let prompt_rate = clock.rate(prompt.len());
    let mut printer = Printer::new(model.vocabulary());
    if let Some(prompt) = &arguments.prompt {
        for token in model.vocabulary().encode(prompt)? {
            printer.print(token)?;
        }
    }
    let clock = Clock::start();
    for _ in 0..arguments.count {
        printer.print(generation.next_token().map_err(failed)?)?;
    }
    let rate = clock.rate(arguments.count);
    crate::talk::print("")?;
    if !arguments.quiet {
        say(&format!(
            "prompt: {} tokens, {prompt_rate:.0} in a second; generated: {} tokens, {rate:.0} in a second",
            prompt.len(),
            arguments.count
        ));
        figures(runner, &cache.stats());
    }
    Ok(())
}
