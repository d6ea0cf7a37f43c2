//! A model in both formats.

use crate::Outcome;
use crate::sizes::{Sizes, tensors};
use bedplate_region::gguf::write::{Field, Writer};
use bedplate_region::tensor::{ElementType, Shape};
use candle_core::{Device, Tensor};
use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Weights by their names in safetensors.
pub(crate) type Weights = HashMap<String, Tensor>;

/// Weights by chance, as large as keeps sums from growing.
pub(crate) fn random(sizes: &Sizes, seed: u64) -> Outcome<Weights> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32) / ((1_u64 << 23) as f32) - 1.0
    };
    let mut weights = Weights::new();
    for (name, _, shape) in tensors(sizes) {
        let count: usize = shape.iter().product();
        let bound = match *shape {
            // The logits are to be apart, as those of a trained model are.
            _ if name.starts_with("lm_head") || name.starts_with("model.embed") => 1.0,
            [_, columns] => (3.0 / columns as f32).sqrt(),
            _ => 0.2,
        };
        let begin = if shape.len() == 1 { 1.0 } else { 0.0 };
        let numbers: Vec<f32> = (0..count).map(|_| begin + bound * next()).collect();
        weights.insert(name, Tensor::from_vec(numbers, shape, &Device::Cpu)?);
    }
    Ok(weights)
}

/// Writes `NAME.gguf`, and `NAME.safetensors` with its settings beside it.
pub(crate) fn write(
    folder: &Path,
    name: &str,
    sizes: &Sizes,
    weights: &Weights,
    letters: &[char],
) -> Outcome<()> {
    let texts: Vec<String> = letters.iter().map(char::to_string).collect();
    candle_core::safetensors::save(weights, folder.join(name).with_extension("safetensors"))?;
    let settings = serde_json::json!({
        "hidden_size": sizes.dim,
        "intermediate_size": sizes.hidden_dim,
        "num_hidden_layers": sizes.n_layers,
        "num_attention_heads": sizes.n_heads,
        "num_key_value_heads": sizes.n_kv_heads,
        "vocab_size": sizes.vocab_size,
        "max_position_embeddings": sizes.seq_len,
        "rms_norm_eps": sizes.norm_eps,
        "rope_interleaved": true,
        "tokens": if texts.is_empty() { None } else { Some(&texts) },
    });
    std::fs::write(
        folder.join(name).with_extension("json"),
        settings.to_string(),
    )?;
    write_gguf(folder, name, sizes, weights, &texts)
}

fn write_gguf(
    folder: &Path,
    name: &str,
    sizes: &Sizes,
    weights: &Weights,
    texts: &[String],
) -> Outcome<()> {
    let mut held = Vec::new();
    for (other, gguf, shape) in tensors(sizes) {
        let tensor = weights.get(&other).ok_or("a weight is missing")?;
        let numbers = tensor.flatten_all()?.to_vec1::<f32>()?;
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        held.push((gguf, shape, bytes));
    }
    let mut writer = Writer::new();
    writer.key("general.architecture", Field::Text("llama"));
    for (key, value) in [
        ("embedding_length", sizes.dim),
        ("feed_forward_length", sizes.hidden_dim),
        ("block_count", sizes.n_layers),
        ("attention.head_count", sizes.n_heads),
        ("attention.head_count_kv", sizes.n_kv_heads),
        ("context_length", sizes.seq_len),
    ] {
        writer.key(&format!("llama.{key}"), Field::U32(u32::try_from(value)?));
    }
    writer.key(
        "llama.attention.layer_norm_rms_epsilon",
        Field::F32(sizes.norm_eps as f32),
    );
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if !texts.is_empty() {
        writer.key("tokenizer.ggml.tokens", Field::Texts(&texts));
    }
    for (name, shape, bytes) in &held {
        writer.tensor(name, ElementType::F32, Shape::new(shape)?, bytes)?;
    }
    let path = folder.join(name).with_extension("gguf");
    let mut file = BufWriter::new(File::create(&path)?);
    writer.write(&mut file)?;
    println!("wrote {} and its twin", path.display());
    Ok(())
}
