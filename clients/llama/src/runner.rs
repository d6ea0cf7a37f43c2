//! The forward pass.
//!
//! # Role
//! [`Runner`]: tokens of one or more sequences go in, keys and values into the cache, and out come the logits
//! behind the last token of each. Scratch lies in an arena where a plan puts it, and is given back at the end
//! of each pass.
//!
//! # Invariants
//! - I1: a pass that fails leaves every sequence as long as it was.

use crate::graph::{Extent, Graph, Part, Step, step};
use crate::model::{Attention, Head, Layer, add, angles, gate, scale, turn};
use crate::{LlamaError, Model};
use bedplate_os::budget::Budget;
use bedplate_pool::ThreadPool;
use bedplate_pool::prelude::*;
use bedplate_region::kv::{KvCache, Run, SequenceId};
use bedplate_region::{Arena, Tensors};

/// Tokens that a sequence goes on with.
#[derive(Clone, Copy, Debug)]
pub struct Item<'t> {
    /// The sequence.
    pub sequence: SequenceId,
    /// What comes next in it.
    pub tokens: &'t [u32],
}

/// What a runner has scratch for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tokens in a pass.
    pub tokens: usize,
    /// Sequences in a pass.
    pub items: usize,
    /// Tokens of a sequence; that of the model if none is named.
    pub context: Option<usize>,
    /// Who is charged for the scratch.
    pub budget: Option<&'static Budget>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 64,
            items: 1,
            context: None,
            budget: None,
        }
    }
}

/// What the scratch of a runner's last pass took, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScratchFigures {
    /// As planned.
    pub planned_bytes: usize,
    /// The tensors side by side, as in an arena without a plan.
    pub bump_bytes: usize,
    /// The most that was in use at a step: no plan is smaller.
    pub live_bytes: usize,
}

/// Scratch is committed in such steps.
const STEP_BYTES: usize = 1 << 20;
/// Contexts are rounded up to such a number of tokens, so that plans are made seldom.
const CONTEXT_GRAIN: usize = 256;
/// Plans that are kept.
const PLANS_MAX: usize = 8;
/// Heads times tokens that they see: fewer are not worth a look from other threads.
const SERIAL_MAX: usize = 2048;

/// Computes a model's logits.
#[derive(Debug)]
pub struct Runner<'m> {
    model: &'m Model<'m>,
    pool: &'m ThreadPool,
    limits: Limits,
    arena: Arena,
    /// The last one used stands last.
    graphs: Vec<Graph>,
}

impl<'m> Runner<'m> {
    /// Scratch for a model. Address space is taken for the largest pass, memory as passes want it.
    ///
    /// # Errors
    /// - [`LlamaError::Build`], [`LlamaError::Plan`]: there is no address space for such passes.
    pub fn new(
        model: &'m Model<'m>,
        pool: &'m ThreadPool,
        limits: Limits,
    ) -> Result<Self, LlamaError> {
        let largest = Extent {
            tokens: limits.tokens,
            items: limits.items,
            context: rounded(limits.context.unwrap_or(model.config().context)),
        };
        let graph = Graph::of(model.config(), largest)?;
        let mut arena = Arena::builder(graph.plan.bytes()).commit_steps(STEP_BYTES);
        if let Some(budget) = limits.budget {
            arena = arena.budget(budget);
        }
        Ok(Self {
            model,
            pool,
            limits,
            arena: arena.build()?,
            graphs: Vec::with_capacity(PLANS_MAX),
        })
    }

    /// The model.
    #[must_use]
    pub const fn model(&self) -> &'m Model<'m> {
        self.model
    }

    /// What it has scratch for.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// What the last pass took.
    #[must_use]
    pub fn scratch(&self) -> ScratchFigures {
        let last = self.graphs.last().map(|graph| &graph.plan);
        last.map_or_else(ScratchFigures::default, |plan| ScratchFigures {
            planned_bytes: plan.bytes(),
            bump_bytes: plan.bump_bytes(),
            live_bytes: plan.live_bytes_peak(),
        })
    }

    /// Appends the tokens of each item to its sequence, and writes the logits behind its last token: as many
    /// numbers for each item as the vocabulary has tokens. Nothing is committed.
    ///
    /// # Errors
    /// - [`LlamaError::NoTokens`], [`LlamaError::Token`], [`LlamaError::Batch`], [`LlamaError::Context`].
    /// - [`LlamaError::Cache`], [`LlamaError::Row`], [`LlamaError::Arena`]: no room.
    ///
    /// Every sequence is as long as before then.
    pub fn forward<C: KvCache + Send + ?Sized>(
        &mut self,
        cache: &mut C,
        items: &[Item<'_>],
        logits: &mut [f32],
    ) -> Result<(), LlamaError> {
        let tokens = items.iter().map(|item| item.tokens.len()).sum();
        if items.is_empty() || items.iter().any(|item| item.tokens.is_empty()) {
            return Err(LlamaError::NoTokens);
        }
        if tokens > self.limits.tokens || items.len() > self.limits.items {
            let limit = self.limits.tokens.min(self.limits.items);
            return Err(LlamaError::Batch { tokens, limit });
        }
        for item in items {
            self.model.check(item.tokens)?;
        }
        let mut lengths = Vec::with_capacity(items.len());
        for item in items {
            lengths.push(cache.state(item.sequence)?.tokens);
        }
        let ended = self.append_and_compute(cache, items, &lengths, tokens, logits);
        if ended.is_err() {
            for (item, length) in items.iter().zip(&lengths) {
                // What was not appended, or was evicted, is not there to be cut.
                let _cut = cache.truncate(item.sequence, *length);
            }
        }
        ended
    }

    fn append_and_compute<C: KvCache + Send + ?Sized>(
        &mut self,
        cache: &mut C,
        items: &[Item<'_>],
        lengths: &[usize],
        tokens: usize,
        logits: &mut [f32],
    ) -> Result<(), LlamaError> {
        let limit = self.limits.context.unwrap_or(self.model.config().context);
        let mut longest = 0;
        for (item, length) in items.iter().zip(lengths) {
            let tokens = length + item.tokens.len();
            if tokens > limit {
                return Err(LlamaError::Context { tokens, limit });
            }
            cache.append(item.sequence, item.tokens.len())?;
            longest = longest.max(tokens);
        }
        let at = self.graph(Extent {
            tokens,
            items: items.len(),
            context: rounded(longest),
        })?;
        let Self {
            model,
            pool,
            arena,
            graphs,
            ..
        } = self;
        let Some(graph) = graphs.get(at) else {
            return Err(LlamaError::NoTokens);
        };
        let scratch = arena.savepoint();
        let memory = scratch.alloc_zeroed(graph.plan.bytes())?;
        let mut pass = Pass {
            model,
            graph,
            items,
            tensors: Tensors::new(&graph.plan, memory)?,
        };
        pool.install(|| pass.run(cache, logits))
    }

    /// The place of a plan for an extent; it is the last one.
    fn graph(&mut self, extent: Extent) -> Result<usize, LlamaError> {
        let found = self.graphs.iter().position(|graph| graph.extent == extent);
        let graph = match found {
            Some(at) => self.graphs.remove(at),
            None => Graph::of(self.model.config(), extent)?,
        };
        if self.graphs.len() >= PLANS_MAX {
            self.graphs.remove(0);
        }
        self.graphs.push(graph);
        Ok(self.graphs.len() - 1)
    }
}

const fn rounded(context: usize) -> usize {
    context.div_ceil(CONTEXT_GRAIN) * CONTEXT_GRAIN
}

/// One pass under way.
#[derive(Debug)]
struct Pass<'p> {
    model: &'p Model<'p>,
    graph: &'p Graph,
    items: &'p [Item<'p>],
    tensors: Tensors<'p>,
}

impl Pass<'_> {
    fn run<C: KvCache + ?Sized>(
        &mut self,
        cache: &mut C,
        logits: &mut [f32],
    ) -> Result<(), LlamaError> {
        self.embed(cache)?;
        let model = self.model;
        for (at, layer) in model.layers.iter().enumerate() {
            self.project(at, layer)?;
            self.attend(at, cache)?;
            self.feed(at, layer)?;
        }
        self.finish(logits)
    }

    /// Begins with the embeddings, and the angles of each position.
    fn embed<C: KvCache + ?Sized>(&mut self, cache: &mut C) -> Result<(), LlamaError> {
        let config = self.model.config();
        let tensors = [Graph::state(), Graph::angles()];
        let [state, table] = self.tensors.at::<f32, 2>(Graph::begin(), tensors)?;
        let mut rows = state.chunks_exact_mut(config.dimension);
        let mut turns = table.chunks_exact_mut(config.head());
        for item in self.items {
            let slots = cache.slots(item.sequence)?;
            let first = slots.count() - item.tokens.len();
            for (at, token) in item.tokens.iter().enumerate() {
                if let (Some(row), Some(turn)) = (rows.next(), turns.next()) {
                    // Checked before: it is in the vocabulary.
                    let token = usize::try_from(*token).unwrap_or(usize::MAX);
                    self.model.embedding.read_row(token, row)?;
                    angles(config, slots.position(first + at), turn);
                }
            }
        }
        Ok(())
    }

    fn project(&mut self, at: usize, layer: &Layer<'_>) -> Result<(), LlamaError> {
        let config = self.model.config();
        let part = |part| Graph::part(at, part);
        let tensors = [Graph::state(), part(Part::Normed)];
        let [state, normed] = self.tensors.at::<f32, 2>(step(at, Step::Norm), tensors)?;
        scale(state, &layer.attention_norm, config.epsilon, normed);
        let tensors = [
            Graph::angles(),
            part(Part::Normed),
            part(Part::Query),
            part(Part::Key),
            part(Part::Value),
        ];
        let [table, normed, query, key, value] = self
            .tensors
            .at::<f32, 5>(step(at, Step::Project), tensors)?;
        layer.query.apply(normed, query)?;
        layer.key.apply(normed, key)?;
        layer.value.apply(normed, value)?;
        let queries = query.chunks_exact_mut(config.dimension);
        let keys = key.chunks_exact_mut(config.row());
        for ((angles, query), key) in table.chunks_exact(config.head()).zip(queries).zip(keys) {
            turn(config.rotation, angles, query);
            turn(config.rotation, angles, key);
        }
        Ok(())
    }

    /// Writes keys and values, and has every head look at what its sequence holds.
    fn attend<C: KvCache + ?Sized>(&mut self, at: usize, cache: &mut C) -> Result<(), LlamaError> {
        let config = self.model.config();
        let parts = [
            Part::Query,
            Part::Key,
            Part::Value,
            Part::Scores,
            Part::Mixed,
        ];
        let tensors = parts.map(|part| Graph::part(at, part));
        let [mut query, mut key, mut value, mut scores, mut mixed] =
            self.tensors.at::<f32, 5>(step(at, Step::Attend), tensors)?;
        let shape = cache.shape();
        let attention = Attention {
            config,
            keys: shape.key().format,
            values: shape.value().format,
        };
        let context = self.graph.extent.context * config.heads;
        for item in self.items {
            let count = item.tokens.len();
            let keys = front(&mut key, count * config.row());
            let values = front(&mut value, count * config.row());
            let mut slots = cache.slots(item.sequence)?;
            let first = slots.count() - count;
            let rows = keys
                .chunks_exact(config.row())
                .zip(values.chunks_exact(config.row()));
            for (token, (keys, values)) in rows.enumerate() {
                slots.write(at, first + token, keys, values)?;
            }
            let runs: Vec<Run<'_>> = slots.runs(at)?.collect();
            let work = Work {
                queries: front(&mut query, count * config.dimension),
                scores: front(&mut scores, count * context),
                mixed: front(&mut mixed, count * config.dimension),
                context: self.graph.extent.context,
            };
            work.run(attention, &runs, count)?;
        }
        Ok(())
    }

    fn feed(&mut self, at: usize, layer: &Layer<'_>) -> Result<(), LlamaError> {
        let epsilon = self.model.config().epsilon;
        let part = |part| Graph::part(at, part);
        let tensors = [part(Part::Mixed), part(Part::Attended)];
        let [mixed, attended] = self.tensors.at::<f32, 2>(step(at, Step::Output), tensors)?;
        layer.mixed.apply(mixed, attended)?;
        let tensors = [Graph::state(), part(Part::Attended)];
        let [state, attended] = self.tensors.at::<f32, 2>(step(at, Step::Add), tensors)?;
        add(state, attended);
        let tensors = [Graph::state(), part(Part::FeedNormed)];
        let [state, normed] = self
            .tensors
            .at::<f32, 2>(step(at, Step::FeedNorm), tensors)?;
        scale(state, &layer.feed_norm, epsilon, normed);
        let tensors = [part(Part::FeedNormed), part(Part::Gate), part(Part::Up)];
        let [normed, gates, up] = self.tensors.at::<f32, 3>(step(at, Step::Feed), tensors)?;
        layer.gate.apply(normed, gates)?;
        layer.up.apply(normed, up)?;
        gate(gates, up);
        let tensors = [Graph::state(), part(Part::Gate), part(Part::Down)];
        let [state, gates, down] = self
            .tensors
            .at::<f32, 3>(step(at, Step::FeedAdd), tensors)?;
        layer.down.apply(gates, down)?;
        add(state, down);
        Ok(())
    }

    /// The logits behind the last token of each item.
    fn finish(&mut self, logits: &mut [f32]) -> Result<(), LlamaError> {
        let model = self.model;
        let dimension = model.config().dimension;
        let tensors = [Graph::state(), Graph::last(), Graph::logits()];
        let [state, last, outputs] = self.tensors.at::<f32, 3>(self.graph.end(), tensors)?;
        let mut behind = 0;
        for (item, normed) in self.items.iter().zip(last.chunks_exact_mut(dimension)) {
            behind += item.tokens.len() * dimension;
            let row = state.get(behind - dimension..behind).unwrap_or(&[]);
            scale(row, &model.norm, model.config().epsilon, normed);
        }
        model.output.apply(last, outputs)?;
        let limit = logits.len();
        let Some(wanted) = logits.get_mut(..outputs.len()) else {
            let tokens = outputs.len();
            return Err(LlamaError::Batch { tokens, limit });
        };
        wanted.copy_from_slice(outputs);
        Ok(())
    }
}

/// Takes the first numbers of a slice off.
fn front<'s>(slice: &mut &'s mut [f32], count: usize) -> &'s mut [f32] {
    let whole = core::mem::take(slice);
    // The plan has room for all items.
    let (front, rest) = whole.split_at_mut(count.min(whole.len()));
    *slice = rest;
    front
}

/// The heads of one item's tokens.
#[derive(Debug)]
struct Work<'w> {
    queries: &'w [f32],
    scores: &'w mut [f32],
    mixed: &'w mut [f32],
    context: usize,
}

impl Work<'_> {
    fn run(
        self,
        attention: Attention<'_>,
        runs: &[Run<'_>],
        count: usize,
    ) -> Result<(), LlamaError> {
        let config = attention.config;
        let (size, heads) = (config.head(), config.heads);
        let shared = heads / config.groups;
        let held: usize = runs.iter().map(|run| run.tokens).sum();
        let before = held - count;
        let one = |room: &mut Vec<f32>, at: usize, query, scores, output| {
            let mut head = Head {
                query,
                group: at % heads / shared,
                sees: before + at / heads + 1,
                scores,
                output,
            };
            attention.attend(runs, &mut head, room)
        };
        if count * heads * held <= SERIAL_MAX {
            let mut room = attention.room();
            let queries = self.queries.chunks_exact(size);
            let scores = self.scores.chunks_exact_mut(self.context);
            let outputs = self.mixed.chunks_exact_mut(size);
            let mut all = queries.zip(scores).zip(outputs).enumerate();
            return all.try_for_each(|(at, ((query, scores), output))| {
                one(&mut room, at, query, scores, output)
            });
        }
        let queries = self.queries.par_chunks_exact(size);
        let scores = self.scores.par_chunks_exact_mut(self.context);
        let outputs = self.mixed.par_chunks_exact_mut(size);
        let all = queries.zip(scores).zip(outputs).enumerate();
        all.try_for_each_init(
            || attention.room(),
            |room, (at, ((query, scores), output))| one(room, at, query, scores, output),
        )
    }
}
