//! The training, by candle's gradients.
//!
//! # Role
//! The same sums as the client's, made of operations that candle can derive. Candle's own model of this
//! family cannot be trained: its norms have no derivative.

use crate::Outcome;
use crate::sizes::{Sizes, tensors};
use crate::text::Text;
use crate::written::{Weights, random};
use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer as _, ParamsAdamW};
use std::collections::HashMap;
use std::time::Instant;

const STEPS: usize = 500;
const BATCH: usize = 16;
const TOKENS: usize = 64;
const RATE: f64 = 4e-3;

/// Trains a model on a text.
pub(crate) fn train(text: &Text, sizes: &Sizes) -> Outcome<Weights> {
    let mut weights = HashMap::new();
    for (name, tensor) in random(sizes, 3)? {
        let is_outer = name.starts_with("lm_head") || name.starts_with("model.embed");
        let tensor = if is_outer { (tensor * 0.1)? } else { tensor };
        weights.insert(name, Var::from_tensor(&tensor)?);
    }
    // In one order: a map has a new one each time.
    let variables = tensors(sizes)
        .iter()
        .filter_map(|(name, ..)| weights.get(name).cloned())
        .collect();
    let mut optimizer = AdamW::new(
        variables,
        ParamsAdamW {
            weight_decay: 0.01,
            ..ParamsAdamW::default()
        },
    )?;
    let model = Forward::new(sizes, &weights)?;
    let mut state = 9_u64;
    let began = Instant::now();
    for step in 0..STEPS {
        let warm = ((step + 1) as f64 / 40.0).min(1.0);
        let done = step as f64 / STEPS as f64;
        optimizer.set_learning_rate(
            RATE * warm * (0.05 + 0.95 * (1.0 + (std::f64::consts::PI * done).cos()) / 2.0),
        );
        let mut tokens: Vec<u32> = Vec::with_capacity(BATCH * (TOKENS + 1));
        for _ in 0..BATCH {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % (text.tokens.len() - TOKENS - 1);
            tokens.extend(&text.tokens[at..=at + TOKENS]);
        }
        let tokens = Tensor::from_vec(tokens, (BATCH, TOKENS + 1), &Device::Cpu)?;
        let inputs = tokens.narrow(1, 0, TOKENS)?.contiguous()?;
        let targets = tokens.narrow(1, 1, TOKENS)?.contiguous()?.flatten_all()?;
        let loss = candle_nn::loss::cross_entropy(&model.logits(&inputs)?, &targets)?;
        optimizer.backward_step(&loss)?;
        if step % 50 == 0 || step + 1 == STEPS {
            println!(
                "step {step}: loss {:.3}, {:.0} s",
                loss.to_scalar::<f32>()?,
                began.elapsed().as_secs_f64()
            );
        }
    }
    Ok(weights
        .into_iter()
        .map(|(name, weight)| (name, weight.as_tensor().clone()))
        .collect())
}

struct Forward<'w> {
    sizes: &'w Sizes,
    weights: &'w HashMap<String, Var>,
    /// For queries and for keys, each as large as they are: candle is slow where it has to repeat.
    turns: [Turn; 2],
    mask: Tensor,
}

/// What turns heads by their position: `x * cosines + (x * swap) * sines`.
struct Turn {
    cosines: Tensor,
    sines: Tensor,
    swap: Tensor,
}

impl Turn {
    fn new(head: usize, heads: usize) -> Outcome<Self> {
        let angle = |at: usize, place: usize| {
            at as f32 / 10_000_f32.powf((place / 2 * 2) as f32 / head as f32)
        };
        let angles = (0..BATCH).flat_map(|_| {
            (0..TOKENS).flat_map(|at| {
                (0..heads).flat_map(move |_| (0..head).map(move |place| angle(at, place)))
            })
        });
        let angles =
            Tensor::from_iter(angles, &Device::Cpu)?.reshape((BATCH * TOKENS * heads, head))?;
        // Of a pair the first takes the second's negative, the second the first.
        let swap = (0..head * head).map(|at| {
            let (from, to) = (at / head, at % head);
            let is_pair = from ^ 1 == to;
            if !is_pair {
                0.0
            } else if to % 2 == 0 {
                -1.0_f32
            } else {
                1.0
            }
        });
        Ok(Self {
            cosines: angles.cos()?,
            sines: angles.sin()?,
            swap: Tensor::from_iter(swap, &Device::Cpu)?.reshape((head, head))?,
        })
    }

    fn turn(&self, rows: &Tensor) -> Outcome<Tensor> {
        let shape = rows.shape();
        let rows = rows.reshape(self.cosines.shape())?;
        let turned = ((&rows * &self.cosines)? + (rows.matmul(&self.swap)? * &self.sines)?)?;
        Ok(turned.reshape(shape)?)
    }
}

impl<'w> Forward<'w> {
    fn new(sizes: &'w Sizes, weights: &'w HashMap<String, Var>) -> Outcome<Self> {
        let head = sizes.dim / sizes.n_heads;
        let mask = (0..BATCH * sizes.n_heads).flat_map(|_| {
            (0..TOKENS).flat_map(|at| {
                (0..TOKENS).map(move |other| if other > at { f32::NEG_INFINITY } else { 0.0 })
            })
        });
        let mask = Tensor::from_iter(mask, &Device::Cpu)?;
        Ok(Self {
            sizes,
            weights,
            turns: [
                Turn::new(head, sizes.n_heads)?,
                Turn::new(head, sizes.n_kv_heads)?,
            ],
            mask: mask.reshape((BATCH, sizes.n_heads, TOKENS, TOKENS))?,
        })
    }

    fn weight(&self, name: &str) -> Outcome<&Tensor> {
        let weight = self.weights.get(&format!("{name}.weight"));
        Ok(weight.ok_or("a weight is missing")?.as_tensor())
    }

    fn product(&self, name: &str, input: &Tensor) -> Outcome<Tensor> {
        Ok(input.matmul(&self.weight(name)?.t()?)?)
    }

    fn norm(&self, name: &str, input: &Tensor) -> Outcome<Tensor> {
        let squares = (input.sqr()?.mean_keepdim(D::Minus1)? + self.sizes.norm_eps)?;
        Ok(input
            .broadcast_div(&squares.sqrt()?)?
            .broadcast_mul(self.weight(name)?)?)
    }

    /// Heads in front of tokens, those of keys and values repeated for all that share them.
    fn heads(&self, rows: &Tensor, heads: usize, turn: Option<&Turn>) -> Outcome<Tensor> {
        let head = self.sizes.dim / self.sizes.n_heads;
        let mut rows = rows.reshape((BATCH, TOKENS, heads, head))?;
        if let Some(turn) = turn {
            rows = turn.turn(&rows)?;
        }
        let mut rows = rows.transpose(1, 2)?.contiguous()?;
        let shared = self.sizes.n_heads / heads;
        if shared > 1 {
            let many = rows
                .unsqueeze(2)?
                .broadcast_as((BATCH, heads, shared, TOKENS, head))?;
            rows = many.reshape((BATCH, self.sizes.n_heads, TOKENS, head))?;
        }
        Ok(rows)
    }

    fn logits(&self, tokens: &Tensor) -> Outcome<Tensor> {
        let (dim, head) = (self.sizes.dim, self.sizes.dim / self.sizes.n_heads);
        let mut state = self
            .weight("model.embed_tokens")?
            .index_select(&tokens.flatten_all()?, 0)?;
        for layer in 0..self.sizes.n_layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}");
            let input = self.norm(&name("input_layernorm"), &state)?;
            let rows = |part: &str| self.product(&name(&format!("self_attn.{part}_proj")), &input);
            let query = self.heads(&rows("q")?, self.sizes.n_heads, Some(&self.turns[0]))?;
            let key = self.heads(&rows("k")?, self.sizes.n_kv_heads, Some(&self.turns[1]))?;
            let value = self.heads(&rows("v")?, self.sizes.n_kv_heads, None)?;
            let scores = (query.matmul(&key.t()?.contiguous()?)? / (head as f64).sqrt())?;
            let scores = candle_nn::ops::softmax(&(scores + &self.mask)?, D::Minus1)?;
            let mixed = scores
                .matmul(&value)?
                .transpose(1, 2)?
                .contiguous()?
                .reshape((BATCH * TOKENS, dim))?;
            state = (state + self.product(&name("self_attn.o_proj"), &mixed)?)?;
            let input = self.norm(&name("post_attention_layernorm"), &state)?;
            let gates = self.product(&name("mlp.gate_proj"), &input)?;
            let inside = (gates.silu()? * self.product(&name("mlp.up_proj"), &input)?)?;
            state = (state + self.product(&name("mlp.down_proj"), &inside)?)?;
        }
        let state = self.norm("model.norm", &state)?;
        Ok(self.product("lm_head", &state)?.to_dtype(DType::F32)?)
    }
}
