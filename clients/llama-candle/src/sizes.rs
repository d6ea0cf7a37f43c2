//! The models.

use candle_transformers::models::llama2_c::Config;

/// Sizes of a model; those of candle's model of this family.
pub(crate) type Sizes = Config;

/// Many heads over few of keys and values.
pub(crate) const RANDOM_A: Sizes = Sizes {
    dim: 64,
    hidden_dim: 172,
    n_layers: 5,
    n_heads: 8,
    n_kv_heads: 4,
    vocab_size: 512,
    seq_len: 4096,
    norm_eps: 1e-5,
};

/// Wider, and a head of keys for each.
pub(crate) const RANDOM_B: Sizes = Sizes {
    dim: 128,
    hidden_dim: 352,
    n_layers: 3,
    n_heads: 4,
    n_kv_heads: 4,
    vocab_size: 300,
    seq_len: 4096,
    norm_eps: 1e-5,
};

/// The model that is trained.
pub(crate) const fn trained(vocabulary: usize) -> Sizes {
    Sizes {
        dim: 128,
        hidden_dim: 320,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: 2,
        vocab_size: vocabulary,
        seq_len: 4096,
        norm_eps: 1e-5,
    }
}

/// The tensors of a model: names in safetensors and in GGUF, and sizes.
pub(crate) fn tensors(sizes: &Sizes) -> Vec<(String, String, Vec<usize>)> {
    let (dim, hidden) = (sizes.dim, sizes.hidden_dim);
    let row = dim / sizes.n_heads * sizes.n_kv_heads;
    let mut all = Vec::new();
    let mut add = |other: String, gguf: String, sizes: Vec<usize>| {
        all.push((other + ".weight", gguf + ".weight", sizes))
    };
    add(
        "model.embed_tokens".into(),
        "token_embd".into(),
        vec![sizes.vocab_size, dim],
    );
    add("model.norm".into(), "output_norm".into(), vec![dim]);
    add(
        "lm_head".into(),
        "output".into(),
        vec![sizes.vocab_size, dim],
    );
    for layer in 0..sizes.n_layers {
        for (other, gguf, sizes) in [
            ("input_layernorm", "attn_norm", vec![dim]),
            ("self_attn.q_proj", "attn_q", vec![dim, dim]),
            ("self_attn.k_proj", "attn_k", vec![row, dim]),
            ("self_attn.v_proj", "attn_v", vec![row, dim]),
            ("self_attn.o_proj", "attn_output", vec![dim, dim]),
            ("post_attention_layernorm", "ffn_norm", vec![dim]),
            ("mlp.gate_proj", "ffn_gate", vec![hidden, dim]),
            ("mlp.up_proj", "ffn_up", vec![hidden, dim]),
            ("mlp.down_proj", "ffn_down", vec![dim, hidden]),
        ] {
            add(
                format!("model.layers.{layer}.{other}"),
                format!("blk.{layer}.{gguf}"),
                sizes,
            );
        }
    }
    all
}
