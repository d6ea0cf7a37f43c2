//! Model files and requests that are refused, and the sentence that each gives.

use crate::made::{Folder, Made, SMALL, Sizes, with_gguf};
use crate::sums::{backing, pool};
use bedplate_region::gguf::write::{Field, Writer};
use bedplate_region::kv::{ContiguousKv, KvCache, RowFormat, Settings};
use llama::{Chooser, Generation, Item, Limits, LlamaError, Model, ModelFile, Runner};

fn refusal(made: &Made, more: impl Fn(&mut Writer<'_>)) -> String {
    let ended = with_gguf(&made.gguf(false, more), |_| ());
    ended.expect_err("is refused").to_string()
}

#[test]
fn sizes_that_do_not_go_together() {
    let made = Made::new(SMALL, 1);
    let claims = |change: fn(&mut Sizes)| {
        let mut made = made.clone();
        change(&mut made.sizes);
        refusal(&made, |_| {})
    };
    for (said, wanted) in [
        (
            claims(|s| s.heads = 5),
            "32 numbers are no 5 heads of an even size",
        ),
        (
            claims(|s| s.heads = 32),
            "32 numbers are no 32 heads of an even size",
        ),
        (
            claims(|s| s.groups = 3),
            "4 heads cannot share the keys of 3",
        ),
        (
            claims(|s| s.hidden = 96),
            "\"blk.0.ffn_gate.weight\" has shape [64, 32]",
        ),
        (
            claims(|s| s.dimension = 64),
            "\"token_embd.weight\" has shape [40, 32]",
        ),
        (
            claims(|s| s.layers = 3),
            "there is no tensor \"blk.2.attn_norm.weight\"",
        ),
        (claims(|s| s.layers = 0), "llama.block_count"),
        (claims(|s| s.layers = 1 << 20), "llama.block_count"),
    ] {
        assert!(said.contains(wanted), "{said}");
    }
    let said = refusal(&made.clone().without("blk.1.attn_v.weight"), |_| {});
    assert!(
        said.contains("there is no tensor \"blk.1.attn_v.weight\""),
        "{said}"
    );
}

#[test]
fn what_is_not_computed_here() {
    let made = Made::new(SMALL, 1);
    let said = refusal(&made, |w| {
        w.key("llama.rope.dimension_count", Field::U32(4));
    });
    assert!(said.contains("turns a part of each head only"), "{said}");
    let said = refusal(&made, |w| {
        w.key("llama.rope.scaling.type", Field::Text("linear"));
    });
    assert!(said.contains("scales positions"), "{said}");
    let said = refusal(&made, |w| {
        w.key("llama.rope.freq_base", Field::F32(f32::NAN));
    });
    assert!(said.contains("the base of its angles"), "{said}");
    with_gguf(
        &made.gguf(false, |w| {
            w.key("llama.rope.scaling.type", Field::Text("none"));
        }),
        |_| (),
    )
    .expect("is none");
}

#[test]
fn settings_beside_a_safetensors_file() {
    let made = Made::new(SMALL, 2);
    let bytes = made.safetensors();
    let folder = Folder::new();
    let path = folder.write("m.safetensors", &bytes);
    let load = || ModelFile::parse(&path, &bytes).and_then(|file| Model::load(&file).map(|_| ()));
    let said = load().expect_err("no settings").to_string();
    assert!(said.contains("config.json"), "{said}");
    folder.write("config.json", b"{}");
    let said = load().expect_err("no settings").to_string();
    assert!(said.contains("missing field `hidden_size`"), "{said}");
    let settings = made.settings();
    for (from, to, wanted) in [
        (
            "\"num_attention_heads\":4",
            "\"num_attention_heads\":0",
            "num_attention_heads is 0",
        ),
        (
            "\"hidden_size\":32",
            "\"hidden_size\":18446744073709551615",
            "hidden_size is 1844",
        ),
        (
            "\"vocab_size\":40",
            "\"vocab_size\":41",
            "\"model.embed_tokens.weight\" has shape [40, 32]",
        ),
        (
            "\"rms_norm_eps\"",
            "\"rope_scaling\":{},\"rms_norm_eps\"",
            "scales positions",
        ),
    ] {
        folder.write("config.json", settings.replace(from, to).as_bytes());
        let said = load().expect_err("is refused").to_string();
        assert!(said.contains(wanted), "{said}");
    }
    folder.write("config.json", settings.as_bytes());
    load().expect("is a model");
    // A file of its own name comes first.
    folder.write("m.json", b"[]");
    load().expect_err("is read first");
}

#[test]
fn requests_beyond_what_was_asked_for() {
    let made = Made::new(SMALL, 3);
    let pool = pool(1);
    let ran = with_gguf(&made.gguf(false, |_| {}), |model| {
        let limits = Limits {
            tokens: 8,
            context: Some(20),
            ..Limits::default()
        };
        let mut runner = Runner::new(model, &pool, limits).expect("is made");
        let shape = model.config().cache_shape(RowFormat::F32).expect("fits");
        let mut cache = ContiguousKv::new(shape, 64, backing()).expect("is made");
        let sequence = cache.create(Settings::default()).expect("is made");
        let mut logits = vec![0.0; model.config().vocabulary];
        let mut forward = |tokens: &[u32], logits: &mut [f32]| {
            runner.forward(&mut cache, &[Item { sequence, tokens }], logits)
        };
        let error = forward(&[], &mut logits).expect_err("nothing");
        assert!(matches!(error, LlamaError::NoTokens), "{error}");
        let error = forward(&[40], &mut logits).expect_err("not known");
        assert!(
            matches!(
                error,
                LlamaError::Token {
                    token: 40,
                    vocabulary: 40
                }
            ),
            "{error}"
        );
        let error = forward(&[1; 9], &mut logits).expect_err("too many");
        assert!(
            matches!(error, LlamaError::Batch { tokens: 9, .. }),
            "{error}"
        );
        let error = forward(&[1], &mut logits[..39]).expect_err("no room");
        assert!(matches!(error, LlamaError::Batch { .. }), "{error}");
        let prompt = [1; 18];
        let mut generation = Generation::begin(
            &mut runner,
            &mut cache,
            sequence,
            &prompt,
            Chooser::greedy(),
        )
        .expect("begins");
        for _ in 0..3 {
            generation.next_token().expect("has room");
        }
        let error = generation.next_token().expect_err("the context ends");
        assert!(
            matches!(
                error,
                LlamaError::Context {
                    tokens: 21,
                    limit: 20
                }
            ),
            "{error}"
        );
        assert_eq!(cache.state(sequence).expect("is there").tokens, 20);
        // Heads of 8 numbers are no blocks of 32.
        let error = model
            .config()
            .cache_shape(RowFormat::Q8_0)
            .expect_err("no blocks");
        assert!(error.to_string().contains("heads of 8 numbers"), "{error}");
    });
    ran.expect("is a model");
}
