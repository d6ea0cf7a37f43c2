//! Candle's own model of this family.

use crate::Outcome;
use crate::sizes::{Sizes, tensors};
use candle_core::quantized::gguf_file;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama2_c::{Cache, Llama};
use llama::Chooser;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

/// What was said: tokens, and the logits behind each token before it was chosen.
pub(crate) struct Said {
    pub(crate) tokens: Vec<u32>,
    pub(crate) logits: Vec<Vec<f32>>,
}

/// Candle's model.
pub(crate) struct Oracle {
    model: Llama,
    cache: Cache,
}

impl Oracle {
    /// Has candle read a file itself, in either format.
    pub(crate) fn load(path: &Path, sizes: &Sizes) -> Outcome<Self> {
        let device = Device::Cpu;
        let mut weights = HashMap::new();
        if path.extension().is_some_and(|end| end == "gguf") {
            let mut file = File::open(path)?;
            let content = gguf_file::Content::read(&mut file)?;
            for (other, gguf, _) in tensors(sizes) {
                let tensor = content.tensor(&mut file, &gguf, &device)?;
                weights.insert(other, tensor.dequantize(&device)?);
            }
        } else {
            weights = candle_core::safetensors::load(path, &device)?;
        }
        let builder = VarBuilder::from_tensors(weights, DType::F32, &device);
        let cache = Cache::new(true, sizes, builder.pp("rotation"))?;
        let model = Llama::load(builder, sizes.clone())?;
        Ok(Self { model, cache })
    }

    /// Goes on with a prompt.
    pub(crate) fn say(
        mut self,
        prompt: &[u32],
        count: usize,
        mut chooser: Chooser,
    ) -> Outcome<Said> {
        for token in prompt {
            chooser.note(*token);
        }
        let mut said = Said {
            tokens: Vec::new(),
            logits: Vec::new(),
        };
        let mut next = prompt.to_vec();
        let mut position = 0;
        while said.tokens.len() < count {
            let input = Tensor::new(next.as_slice(), &Device::Cpu)?.unsqueeze(0)?;
            let output = self.model.forward(&input, position, &mut self.cache)?;
            position += next.len();
            let rows = output.squeeze(0)?.to_vec2::<f32>()?;
            let logits = rows.last().cloned().unwrap_or_default();
            let token = chooser.choose(&mut logits.clone())?;
            chooser.note(token);
            said.tokens.push(token);
            said.logits.push(logits);
            next = vec![token];
        }
        Ok(said)
    }
}
