//! Weights, and the sums of the forward pass.
//!
//! # Role
//! [`Model`]: every weight found, its shape checked, and left where it lies in the file.
//!
//! # Invariants
//! - I1: matrices and norms are of the shapes that the sizes ask for.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `matrix.rs` | products of rows and vectors |
//! | `norm.rs` | norms and activations |
//! | `rotation.rs` | turning by position |
//! | `attention.rs` | one head over the tokens so far |

mod attention;
mod matrix;
mod norm;
mod rotation;

pub(crate) use attention::{Attention, Head};
pub(crate) use matrix::Matrix;
pub(crate) use norm::{add, gate, scale};
pub(crate) use rotation::{angles, turn};

use crate::{Config, LlamaError, ModelFile, Vocabulary};
use bedplate_region::tensor::Tensor;

/// A model whose weights lie in a file's bytes.
#[derive(Debug)]
pub struct Model<'a> {
    config: Config,
    vocabulary: Vocabulary,
    pub(crate) embedding: Matrix<'a>,
    pub(crate) layers: Vec<Layer<'a>>,
    pub(crate) norm: Box<[f32]>,
    pub(crate) output: Matrix<'a>,
}

/// The weights of a layer.
#[derive(Debug)]
pub(crate) struct Layer<'a> {
    pub(crate) attention_norm: Box<[f32]>,
    pub(crate) query: Matrix<'a>,
    pub(crate) key: Matrix<'a>,
    pub(crate) value: Matrix<'a>,
    pub(crate) mixed: Matrix<'a>,
    pub(crate) feed_norm: Box<[f32]>,
    pub(crate) gate: Matrix<'a>,
    pub(crate) up: Matrix<'a>,
    pub(crate) down: Matrix<'a>,
}

const EMBEDDING: [&str; 2] = ["token_embd.weight", "model.embed_tokens.weight"];
const NORM: [&str; 2] = ["output_norm.weight", "model.norm.weight"];
const OUTPUT: [&str; 2] = ["output.weight", "lm_head.weight"];

impl<'a> Model<'a> {
    /// Finds the weights in a file and checks their shapes.
    ///
    /// # Errors
    /// - [`LlamaError::Key`], [`LlamaError::Config`]: the sizes are missing or do not go together.
    /// - [`LlamaError::Missing`], [`LlamaError::Shape`], [`LlamaError::Elements`], [`LlamaError::Tensor`].
    pub fn load(file: &'a ModelFile<'a>) -> Result<Self, LlamaError> {
        let embedding = tensor(file, EMBEDDING)?;
        let (config, vocabulary) = match file {
            ModelFile::Gguf(gguf) => (
                Config::of_gguf(gguf, embedding.row_count())?,
                Vocabulary::of_gguf(gguf),
            ),
            ModelFile::SafeTensors(_, settings) => (
                Config::of_settings(settings)?,
                Vocabulary::of_texts(settings.tokens.as_deref().unwrap_or_default()),
            ),
        };
        let rows = [config.vocabulary, config.dimension];
        let embedding = Matrix::of(embedding, rows)?;
        // Without a matrix of its own, the output is the embeddings'.
        let output = match tensor(file, OUTPUT) {
            Ok(output) => Matrix::of(output, rows)?,
            Err(LlamaError::Missing { .. }) => embedding,
            Err(error) => return Err(error),
        };
        let layers = (0..config.layers).map(|layer| Layer::load(file, &config, layer));
        Ok(Self {
            layers: layers.collect::<Result<_, _>>()?,
            norm: norm_of(tensor(file, NORM)?, config.dimension)?,
            config,
            vocabulary,
            embedding,
            output,
        })
    }

    /// Its sizes.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The texts of its tokens.
    #[must_use]
    pub const fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Refuses tokens that the model does not know.
    pub(crate) fn check(&self, tokens: &[u32]) -> Result<(), LlamaError> {
        let vocabulary = self.config.vocabulary;
        let is_known = |token: &u32| usize::try_from(*token).is_ok_and(|token| token < vocabulary);
        match tokens.iter().find(|token| !is_known(token)) {
            Some(&token) => Err(LlamaError::Token { token, vocabulary }),
            None => Ok(()),
        }
    }
}

impl<'a> Layer<'a> {
    fn load(file: &'a ModelFile<'a>, config: &Config, layer: usize) -> Result<Self, LlamaError> {
        let find = |gguf: &str, other: &str| {
            let gguf = format!("blk.{layer}.{gguf}.weight");
            let other = format!("model.layers.{layer}.{other}.weight");
            tensor(file, [&gguf, &other])
        };
        let matrix = |gguf: &str, other: &str, rows: usize, columns: usize| {
            Matrix::of(find(gguf, other)?, [rows, columns])
        };
        let (dimension, hidden, row) = (config.dimension, config.hidden, config.row());
        let norm = |gguf: &str, other: &str| norm_of(find(gguf, other)?, dimension);
        Ok(Self {
            attention_norm: norm("attn_norm", "input_layernorm")?,
            query: matrix("attn_q", "self_attn.q_proj", dimension, dimension)?,
            key: matrix("attn_k", "self_attn.k_proj", row, dimension)?,
            value: matrix("attn_v", "self_attn.v_proj", row, dimension)?,
            mixed: matrix("attn_output", "self_attn.o_proj", dimension, dimension)?,
            feed_norm: norm("ffn_norm", "post_attention_layernorm")?,
            gate: matrix("ffn_gate", "mlp.gate_proj", hidden, dimension)?,
            up: matrix("ffn_up", "mlp.up_proj", hidden, dimension)?,
            down: matrix("ffn_down", "mlp.down_proj", dimension, hidden)?,
        })
    }
}

fn tensor<'a>(file: &'a ModelFile<'a>, [gguf, other]: [&str; 2]) -> Result<Tensor<'a>, LlamaError> {
    file.tensor(gguf, other)
}

fn norm_of(tensor: Tensor<'_>, dimension: usize) -> Result<Box<[f32]>, LlamaError> {
    if tensor.shape().sizes() != [dimension] {
        return Err(LlamaError::Shape {
            tensor: tensor.name().into(),
            is: tensor.shape(),
            wanted: [1, dimension],
        });
    }
    let mut norm = vec![0.0; dimension].into_boxed_slice();
    tensor.read(&mut norm).map_err(|error| LlamaError::Tensor {
        tensor: tensor.name().into(),
        error,
    })?;
    Ok(norm)
}
