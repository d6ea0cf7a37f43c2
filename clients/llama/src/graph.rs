//! The plan of the scratch of a forward pass.
//!
//! # Role
//! Which step writes and reads each intermediate tensor, and where bedplate-region's planner puts them.
//!
//! # Invariants
//! - I1: the steps here are those of `runner.rs`: a tensor that is used outside of them is an error of the
//!   plan's views.

use crate::{Config, LlamaError};
use bedplate_region::{Plan, Use};

/// What a forward pass computes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// All tokens.
    pub(crate) tokens: usize,
    /// Sequences that they belong to.
    pub(crate) items: usize,
    /// The longest sequence, theirs included, rounded up.
    pub(crate) context: usize,
}

/// Tensors of the whole pass, before those of the layers.
const STATE: usize = 0;
const ANGLES: usize = 1;
const LAST: usize = 2;
const LOGITS: usize = 3;
const WHOLE: usize = 4;

/// Tensors of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Normed,
    Query,
    Key,
    Value,
    Scores,
    Mixed,
    Attended,
    FeedNormed,
    Gate,
    Up,
    Down,
}

const PARTS: usize = 11;
/// Steps of a layer, see [`Step`].
const LAYER_STEPS: usize = 8;

/// Steps of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Norm,
    Project,
    Attend,
    Output,
    Add,
    FeedNorm,
    Feed,
    FeedAdd,
}

/// The plan of a pass.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) extent: Extent,
    pub(crate) plan: Plan,
    layers: usize,
}

impl Graph {
    pub(crate) fn of(config: &Config, extent: Extent) -> Result<Self, LlamaError> {
        let mut uses = Vec::with_capacity(WHOLE + config.layers * PARTS);
        let graph = |plan| Self {
            extent,
            plan,
            layers: config.layers,
        };
        let end = last_step(config.layers);
        let floats = |each: usize, count: usize, first: u32, last: u32| Use {
            bytes: each.saturating_mul(count).saturating_mul(size_of::<f32>()),
            first,
            last,
        };
        let Extent {
            tokens,
            items,
            context,
        } = extent;
        // In the order of their numbers above.
        uses.push(floats(config.dimension, tokens, 0, end));
        uses.push(floats(config.head(), tokens, 0, end));
        uses.push(floats(config.dimension, items, end, end));
        uses.push(floats(config.vocabulary, items, end, end));
        let scores = config.heads.saturating_mul(context);
        for layer in 0..config.layers {
            let part = |each: usize, first: Step, last: Step| {
                floats(each, tokens, step(layer, first), step(layer, last))
            };
            uses.extend([
                part(config.dimension, Step::Norm, Step::Project),
                part(config.dimension, Step::Project, Step::Attend),
                part(config.row(), Step::Project, Step::Attend),
                part(config.row(), Step::Project, Step::Attend),
                part(scores, Step::Attend, Step::Attend),
                part(config.dimension, Step::Attend, Step::Output),
                part(config.dimension, Step::Output, Step::Add),
                part(config.dimension, Step::FeedNorm, Step::Feed),
                part(config.hidden, Step::Feed, Step::FeedAdd),
                part(config.hidden, Step::Feed, Step::Feed),
                part(config.dimension, Step::FeedAdd, Step::FeedAdd),
            ]);
        }
        Ok(graph(Plan::of(&uses)?))
    }

    /// The step before all layers.
    pub(crate) const fn begin() -> u32 {
        0
    }

    /// The step behind all layers.
    pub(crate) fn end(&self) -> u32 {
        last_step(self.layers)
    }

    pub(crate) const fn state() -> usize {
        STATE
    }

    pub(crate) const fn angles() -> usize {
        ANGLES
    }

    pub(crate) const fn last() -> usize {
        LAST
    }

    pub(crate) const fn logits() -> usize {
        LOGITS
    }

    pub(crate) const fn part(layer: usize, part: Part) -> usize {
        WHOLE + layer * PARTS + part as usize
    }
}

pub(crate) fn step(layer: usize, step: Step) -> u32 {
    // Layers are few.
    u32::try_from(1 + layer * LAYER_STEPS + step as usize).unwrap_or(u32::MAX)
}

fn last_step(layers: usize) -> u32 {
    u32::try_from(1 + layers * LAYER_STEPS).unwrap_or(u32::MAX)
}
