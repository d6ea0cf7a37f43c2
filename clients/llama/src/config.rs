//! The sizes of a model.
//!
//! # Role
//! [`Config`]: what a file says of a model, each size in its bounds and all of them going together.
//!
//! # Invariants
//! - I1: heads divide the dimension, groups divide the heads, a head is of an even size; no product of
//!   sizes overflows.

use crate::LlamaError;
use bedplate_region::gguf::{Gguf, KeyError, KeyFault};
use bedplate_region::kv::{KvShape, Row, RowFormat};
use serde::Deserialize;

/// Which numbers of a head are turned together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// Neighbours: 0 and 1, 2 and 3. What GGUF files of this family have.
    Neighbours,
    /// The two halves: 0 and n/2, 1 and n/2 + 1. What safetensors files of this family have, unless their
    /// settings say `"rope_interleaved": true`.
    Halves,
}

/// The sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Numbers that a token is between layers.
    pub dimension: usize,
    /// Numbers inside a layer's feed-forward part.
    pub hidden: usize,
    /// The layers.
    pub layers: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values.
    pub groups: usize,
    /// The tokens that there are.
    pub vocabulary: usize,
    /// The most tokens that it was made for.
    pub context: usize,
    /// What keeps a norm from dividing by zero.
    pub epsilon: f32,
    /// The base of the angles.
    pub base: f32,
    /// Which numbers are turned together.
    pub rotation: Rotation,
}

const DIMENSION_MAX: u64 = 1 << 16;
const HIDDEN_MAX: u64 = 1 << 18;
const LAYERS_MAX: u64 = 1 << 10;
const VOCABULARY_MAX: u64 = 1 << 21;
const CONTEXT_MAX: u64 = 1 << 24;
const BASE_DEFAULT: f32 = 10_000.0;

impl Config {
    /// What the keys of a GGUF file say. The vocabulary is counted by its embeddings.
    pub(crate) fn of_gguf(file: &Gguf<'_>, vocabulary: usize) -> Result<Self, LlamaError> {
        let architecture = file.text("general.architecture")?;
        if architecture != "llama" {
            let architecture: String = architecture.chars().take(32).collect();
            return Err(LlamaError::Config {
                what: format!(
                    "its architecture is {architecture:?}, and \"llama\" is computed here"
                )
                .into(),
            });
        }
        let size = |key: &str, most: u64| -> Result<usize, KeyError> {
            file.integer(&format!("llama.{key}"), 1..=most)
                .map(usize_of)
        };
        let heads = size("attention.head_count", DIMENSION_MAX)?;
        let dimension = size("embedding_length", DIMENSION_MAX)?;
        let config = Self {
            dimension,
            hidden: size("feed_forward_length", HIDDEN_MAX)?,
            layers: size("block_count", LAYERS_MAX)?,
            heads,
            groups: present(size("attention.head_count_kv", DIMENSION_MAX))?.unwrap_or(heads),
            vocabulary,
            context: size("context_length", CONTEXT_MAX)?,
            epsilon: file.float("llama.attention.layer_norm_rms_epsilon")?,
            base: present(file.float("llama.rope.freq_base"))?.unwrap_or(BASE_DEFAULT),
            rotation: Rotation::Neighbours,
        };
        let turned = present(size("rope.dimension_count", DIMENSION_MAX))?;
        if turned.is_some_and(|turned| turned.checked_mul(heads) != Some(dimension)) {
            return refused("it turns a part of each head only, which is not computed here");
        }
        if present(file.text("llama.rope.scaling.type"))?.is_some_and(|kind| kind != "none") {
            return refused("it scales positions, which is not computed here");
        }
        config.checked()
    }

    /// What the settings beside a safetensors file say.
    pub(crate) fn of_settings(settings: &Settings) -> Result<Self, LlamaError> {
        let size = |name: &str, value: u64, most: u64| {
            if (1..=most).contains(&value) {
                return Ok(usize_of(value));
            }
            Err(LlamaError::Config {
                what: format!("{name} is {value}, and 1 to {most} are possible").into(),
            })
        };
        let heads = size(
            "num_attention_heads",
            settings.num_attention_heads,
            DIMENSION_MAX,
        )?;
        let groups = settings
            .num_key_value_heads
            .unwrap_or(settings.num_attention_heads);
        if settings.rope_scaling.is_some() {
            return refused("it scales positions, which is not computed here");
        }
        Self {
            dimension: size("hidden_size", settings.hidden_size, DIMENSION_MAX)?,
            hidden: size("intermediate_size", settings.intermediate_size, HIDDEN_MAX)?,
            layers: size("num_hidden_layers", settings.num_hidden_layers, LAYERS_MAX)?,
            heads,
            groups: size("num_key_value_heads", groups, DIMENSION_MAX)?,
            vocabulary: size("vocab_size", settings.vocab_size, VOCABULARY_MAX)?,
            context: size(
                "max_position_embeddings",
                settings.max_position_embeddings,
                CONTEXT_MAX,
            )?,
            epsilon: settings.rms_norm_eps,
            base: settings.rope_theta.unwrap_or(BASE_DEFAULT),
            rotation: if settings.rope_interleaved {
                Rotation::Neighbours
            } else {
                Rotation::Halves
            },
        }
        .checked()
    }

    /// Whether the sizes go together (I1).
    fn checked(self) -> Result<Self, LlamaError> {
        let Self {
            dimension,
            heads,
            groups,
            ..
        } = self;
        if self.vocabulary == 0 || self.vocabulary as u64 > VOCABULARY_MAX {
            return refused("its vocabulary is empty, or larger than any");
        }
        if !dimension.is_multiple_of(heads) || !(dimension / heads).is_multiple_of(2) {
            return Err(LlamaError::Config {
                what: format!("{dimension} numbers are no {heads} heads of an even size").into(),
            });
        }
        if !heads.is_multiple_of(groups) {
            return Err(LlamaError::Config {
                what: format!("{heads} heads cannot share the keys of {groups}").into(),
            });
        }
        let is_number = |number: f32, least: f32| number.is_finite() && number >= least;
        if !is_number(self.epsilon, 0.0) || !is_number(self.base, 1.0) {
            return refused(
                "the epsilon of its norms or the base of its angles is no number of use",
            );
        }
        Ok(self)
    }

    /// The numbers of a head.
    #[must_use]
    pub const fn head(&self) -> usize {
        self.dimension / self.heads
    }

    /// The numbers of a row of keys, or of values.
    #[must_use]
    pub const fn row(&self) -> usize {
        self.head() * self.groups
    }

    /// The shape of a cache whose rows are stored in a format.
    ///
    /// # Errors
    /// - [`LlamaError::Rows`]: heads are no whole number of the format's blocks.
    /// - [`LlamaError::Cache`]: there are no such rows.
    pub fn cache_shape(&self, format: RowFormat) -> Result<KvShape, LlamaError> {
        let row = Row {
            elements: self.row(),
            format,
        };
        // Heads are read one by one.
        let (head, block) = (self.head(), format.element().block_elements());
        if !head.is_multiple_of(block) {
            return Err(LlamaError::Rows { head, block });
        }
        Ok(KvShape::new(self.layers, row, row)?)
    }
}

fn refused<T>(what: &str) -> Result<T, LlamaError> {
    Err(LlamaError::Config { what: what.into() })
}

/// A key that may be missing.
fn present<T>(value: Result<T, KeyError>) -> Result<Option<T>, KeyError> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.fault == KeyFault::Missing => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sizes are bounded far below the address space.
fn usize_of(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// The settings beside a safetensors file, by the names that such files have.
#[derive(Debug, Deserialize)]
pub struct Settings {
    hidden_size: u64,
    intermediate_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    num_key_value_heads: Option<u64>,
    vocab_size: u64,
    max_position_embeddings: u64,
    rms_norm_eps: f32,
    rope_theta: Option<f32>,
    rope_scaling: Option<serde_json::Value>,
    #[serde(default)]
    rope_interleaved: bool,
    /// The texts of the tokens: ours, so that a model of characters needs no other file.
    pub(crate) tokens: Option<Vec<String>>,
}
