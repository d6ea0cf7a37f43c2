//! Models of random weights, in both formats.

use bedplate_region::gguf::write::{Field, Writer};
use bedplate_region::tensor::{ElementType, Shape, encode_q8_0};
use core::fmt::Write as _;
use llama::{LlamaError, Model, ModelFile};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Sizes of a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) dimension: usize,
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) groups: usize,
    pub(crate) vocabulary: usize,
    pub(crate) context: usize,
}

pub(crate) const SMALL: Sizes = Sizes {
    dimension: 32,
    hidden: 64,
    layers: 2,
    heads: 4,
    groups: 2,
    vocabulary: 40,
    context: 600,
};

/// A weight: its names in both formats, its sizes, its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) gguf: String,
    pub(crate) other: String,
    pub(crate) sizes: Vec<usize>,
    pub(crate) numbers: Vec<f32>,
}

impl Weight {
    fn bytes(&self) -> Vec<u8> {
        self.numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }
}

/// A model before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) sizes: Sizes,
    pub(crate) weights: Vec<Weight>,
}

impl Made {
    pub(crate) fn new(sizes: Sizes, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut weights = Vec::new();
        let mut add = |gguf: String, other: String, sizes: &[usize]| {
            let count = sizes.iter().product();
            let is_norm = sizes.len() == 1;
            let numbers = (0..count).map(|_| {
                if is_norm {
                    1.0 + random.next() * 0.2
                } else {
                    random.next() * 0.6
                }
            });
            weights.push(Weight {
                gguf,
                other,
                sizes: sizes.to_vec(),
                numbers: numbers.collect(),
            });
        };
        let (dimension, hidden) = (sizes.dimension, sizes.hidden);
        let row = dimension / sizes.heads * sizes.groups;
        add(
            "token_embd.weight".into(),
            "model.embed_tokens.weight".into(),
            &[sizes.vocabulary, dimension],
        );
        for layer in 0..sizes.layers {
            let mut of_layer = |gguf: &str, other: &str, sizes: &[usize]| {
                add(
                    format!("blk.{layer}.{gguf}.weight"),
                    format!("model.layers.{layer}.{other}.weight"),
                    sizes,
                );
            };
            of_layer("attn_norm", "input_layernorm", &[dimension]);
            of_layer("attn_q", "self_attn.q_proj", &[dimension, dimension]);
            of_layer("attn_k", "self_attn.k_proj", &[row, dimension]);
            of_layer("attn_v", "self_attn.v_proj", &[row, dimension]);
            of_layer("attn_output", "self_attn.o_proj", &[dimension, dimension]);
            of_layer("ffn_norm", "post_attention_layernorm", &[dimension]);
            of_layer("ffn_gate", "mlp.gate_proj", &[hidden, dimension]);
            of_layer("ffn_up", "mlp.up_proj", &[hidden, dimension]);
            of_layer("ffn_down", "mlp.down_proj", &[dimension, hidden]);
        }
        add(
            "output_norm.weight".into(),
            "model.norm.weight".into(),
            &[dimension],
        );
        add(
            "output.weight".into(),
            "lm_head.weight".into(),
            &[sizes.vocabulary, dimension],
        );
        Self { sizes, weights }
    }

    pub(crate) fn numbers(&self, gguf: &str) -> &[f32] {
        let weight = self.weights.iter().find(|weight| weight.gguf == gguf);
        weight
            .map(|weight| weight.numbers.as_slice())
            .expect("is made")
    }

    /// The same with a weight of such numbers, by its name in GGUF.
    pub(crate) fn with(mut self, gguf: &str, number: f32) -> Self {
        let weights = self.weights.iter_mut();
        for weight in weights.filter(|weight| weight.gguf == gguf) {
            weight.numbers.fill(number);
        }
        self
    }

    /// The same without a weight, by its name in GGUF.
    pub(crate) fn without(mut self, gguf: &str) -> Self {
        self.weights.retain(|weight| weight.gguf != gguf);
        self
    }

    /// The texts of the tokens: letters, a space, and the rest by number.
    pub(crate) fn texts(&self) -> Vec<String> {
        let letters = ('a'..='z').chain([' ']).map(String::from);
        let rest = (27..self.sizes.vocabulary).map(|number| format!("<{number}>"));
        letters.chain(rest).take(self.sizes.vocabulary).collect()
    }

    /// The bytes of a GGUF file; matrices quantised if wanted. `more` adds keys.
    pub(crate) fn gguf(&self, quantised: bool, more: impl Fn(&mut Writer<'_>)) -> Vec<u8> {
        let sizes = self.sizes;
        let kept: Vec<(Shape, ElementType, Vec<u8>)> = self
            .weights
            .iter()
            .map(|weight| {
                let shape = Shape::new(&weight.sizes).expect("two dimensions");
                if !quantised || weight.sizes.len() == 1 {
                    return (shape, ElementType::F32, weight.bytes());
                }
                let mut bytes = Vec::new();
                for numbers in weight.numbers.chunks_exact(32) {
                    let numbers = numbers.try_into().expect("32");
                    bytes.extend(encode_q8_0(numbers).expect("are small"));
                }
                (shape, ElementType::Q8_0, bytes)
            })
            .collect();
        let mut writer = Writer::new();
        writer.key("general.architecture", Field::Text("llama"));
        let mut size = |key: &str, value: usize| {
            let value = u32::try_from(value).expect("is small");
            writer.key(&format!("llama.{key}"), Field::U32(value));
        };
        size("embedding_length", sizes.dimension);
        size("feed_forward_length", sizes.hidden);
        size("block_count", sizes.layers);
        size("attention.head_count", sizes.heads);
        size("attention.head_count_kv", sizes.groups);
        size("context_length", sizes.context);
        writer.key("llama.attention.layer_norm_rms_epsilon", Field::F32(1e-5));
        let texts = self.texts();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        writer.key("tokenizer.ggml.tokens", Field::Texts(&texts));
        more(&mut writer);
        for (weight, (shape, element, bytes)) in self.weights.iter().zip(&kept) {
            writer
                .tensor(&weight.gguf, *element, *shape, bytes)
                .expect("fits");
        }
        let mut file = Vec::new();
        writer.write(&mut file).expect("to memory");
        file
    }

    /// The bytes of a safetensors file.
    pub(crate) fn safetensors(&self) -> Vec<u8> {
        let mut header = String::from("{");
        let mut data = Vec::new();
        for weight in &self.weights {
            let start = data.len();
            data.extend(weight.bytes());
            let between = if header.len() > 1 { "," } else { "" };
            write!(
                header,
                "{between}\"{}\":{{\"dtype\":\"F32\",\"shape\":{:?},\"data_offsets\":[{start},{}]}}",
                weight.other,
                weight.sizes,
                data.len()
            )
            .expect("to memory");
        }
        header.push('}');
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        file.extend(data);
        file
    }

    /// The settings beside it.
    pub(crate) fn settings(&self) -> String {
        let sizes = self.sizes;
        format!(
            "{{\"hidden_size\":{},\"intermediate_size\":{},\"num_hidden_layers\":{},\"num_attention_heads\":{},\
             \"num_key_value_heads\":{},\"vocab_size\":{},\"max_position_embeddings\":{},\"rms_norm_eps\":1e-5,\
             \"rope_interleaved\":true,\"tokens\":{:?}}}",
            sizes.dimension,
            sizes.hidden,
            sizes.layers,
            sizes.heads,
            sizes.groups,
            sizes.vocabulary,
            sizes.context,
            self.texts()
        )
    }
}

/// A folder with one model in both formats.
#[derive(Debug)]
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn of(made: &Made) -> Self {
        let folder = Self::new();
        folder.write("made.gguf", &made.gguf(false, |_| {}));
        folder.write("made.safetensors", &made.safetensors());
        folder.write("made.json", made.settings().as_bytes());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("is written");
        path
    }
}

/// Runs something with the model of a GGUF file's bytes.
pub(crate) fn with_gguf<R>(
    bytes: &[u8],
    run: impl FnOnce(&Model<'_>) -> R,
) -> Result<R, LlamaError> {
    let file = ModelFile::parse(Path::new("made.gguf"), bytes)?;
    let model = Model::load(&file)?;
    Ok(run(&model))
}

/// Numbers from -1 to 1.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    #[expect(clippy::cast_precision_loss, reason = "for weights")]
    fn next(&mut self) -> f32 {
        (self.bits() & 0xffff) as f32 / 32768.0 - 1.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.bits()).expect("is small") % limit
    }
}
