//! The forward pass says what the written-out sums say, however it is cut up.

use crate::made::{Folder, Made, Random, SMALL, Sizes, with_gguf};
use crate::naive;
use bedplate_pool::{ThreadPool, ThreadPoolBuilder};
use bedplate_region::kv::{Backing, ContiguousKv, KvCache, RowFormat, Settings};
use llama::{Item, Limits, Model, ModelBytes, ModelFile, Runner};

pub(crate) fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("there are threads")
}

pub(crate) fn backing() -> Backing {
    Backing::new().step_bytes(4096).huge_pages(false)
}

pub(crate) fn tokens(count: usize, sizes: &Sizes) -> Vec<u32> {
    let mut random = Random(5);
    let token = |_| u32::try_from(random.below(sizes.vocabulary)).expect("small");
    (0..count).map(token).collect()
}

/// The logits behind the last of `tokens`, taken in by so many at a time.
pub(crate) fn logits(
    model: &Model<'_>,
    pool: &ThreadPool,
    tokens: &[u32],
    at_a_time: usize,
) -> Vec<f32> {
    let shape = model.config().cache_shape(RowFormat::F32).expect("fits");
    let mut cache = ContiguousKv::new(shape, 600, backing()).expect("is made");
    let sequence = cache.create(Settings::default()).expect("is made");
    let mut runner = Runner::new(model, pool, Limits::default()).expect("is made");
    let mut logits = vec![0.0; model.config().vocabulary];
    for tokens in tokens.chunks(at_a_time) {
        runner
            .forward(&mut cache, &[Item { sequence, tokens }], &mut logits)
            .expect("is computed");
        cache.commit(sequence).expect("is there");
    }
    logits
}

fn furthest(is: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(is.len(), wanted.len());
    is.iter()
        .zip(wanted)
        .map(|(a, b)| (f64::from(*a) - b).abs())
        .fold(0.0, f64::max)
}

pub(crate) fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

#[test]
fn logits_are_those_of_the_sums_written_out() {
    let made = Made::new(SMALL, 1);
    let tokens = tokens(20, &made.sizes);
    let wanted = naive::logits(&made, &tokens);
    let pool = pool(2);
    let ran = with_gguf(&made.gguf(false, |_| {}), |model| {
        for count in [1, 2, 7, 20] {
            let is = logits(model, &pool, &tokens[..count], 64);
            let far = furthest(&is, &wanted[count - 1]);
            assert!(far < 1e-4, "{count} tokens: {far}");
        }
    });
    ran.expect("is a model");
}

#[test]
fn batches_and_threads_change_no_bit() {
    let sizes = Sizes {
        dimension: 128,
        hidden: 640,
        layers: 1,
        ..SMALL
    };
    let made = Made::new(sizes, 2);
    let tokens = tokens(26, &made.sizes);
    let ran = with_gguf(&made.gguf(false, |_| {}), |model| {
        let whole = bits(&logits(model, &pool(1), &tokens, 64));
        for threads in [1, 3] {
            for at_a_time in [1, 7, 64] {
                let is = logits(model, &pool(threads), &tokens, at_a_time);
                assert_eq!(bits(&is), whole, "{threads} threads, {at_a_time} at a time");
            }
        }
    });
    ran.expect("is a model");
}

#[test]
fn both_formats_are_the_same_model() {
    let made = Made::new(SMALL, 3);
    let folder = Folder::of(&made);
    let tokens = tokens(9, &made.sizes);
    let pool = pool(1);
    let said = ["made.gguf", "made.safetensors"].map(|name| {
        let path = folder.path().join(name);
        let bytes = ModelBytes::copy(&path, None).expect("is read");
        let file = ModelFile::parse(&path, &bytes).expect("is a model file");
        let model = Model::load(&file).expect("is a model");
        assert_eq!(
            model.vocabulary().encode("ab z").expect("letters"),
            [0, 1, 26, 25]
        );
        bits(&logits(&model, &pool, &tokens, 64))
    });
    assert_eq!(said[0], said[1]);
}

#[test]
fn a_mapped_file_is_the_same_as_a_copy() {
    let made = Made::new(SMALL, 3);
    let folder = Folder::of(&made);
    let path = folder.path().join("made.gguf");
    #[expect(unsafe_code, reason = "the file is the test's own")]
    // SAFETY: nobody else knows the file, and it stays until the folder is dropped.
    let mapped = unsafe { ModelBytes::map(&path) }.expect("is mapped");
    let copied = ModelBytes::copy(&path, None).expect("is read");
    assert_eq!(mapped[..], copied[..]);
}

#[test]
fn quantised_weights_are_near_the_floats() {
    let made = Made::new(SMALL, 4);
    let tokens = tokens(9, &made.sizes);
    let pool = pool(1);
    let floats = with_gguf(&made.gguf(false, |_| {}), |model| {
        logits(model, &pool, &tokens, 64)
    });
    let quantised = with_gguf(&made.gguf(true, |_| {}), |model| {
        logits(model, &pool, &tokens, 64)
    });
    let floats: Vec<f64> = floats
        .expect("is a model")
        .iter()
        .map(|n| f64::from(*n))
        .collect();
    let far = furthest(&quantised.expect("is a model"), &floats);
    assert!((1e-5..0.5).contains(&far), "{far}");
}

#[test]
fn an_output_that_is_not_there_is_the_embeddings() {
    let mut made = Made::new(SMALL, 5);
    let same = made.numbers("token_embd.weight").to_vec();
    made.weights.last_mut().expect("is the output").numbers = same;
    let tokens = tokens(3, &made.sizes);
    let pool = pool(1);
    let both = [made.clone(), made.without("output.weight")].map(|made| {
        with_gguf(&made.gguf(false, |_| {}), |model| {
            bits(&logits(model, &pool, &tokens, 64))
        })
    });
    let [with, without] = both.map(|said| said.expect("is a model"));
    assert_eq!(with, without);
}

#[test]
fn scratch_is_planned_below_what_a_bump_takes() {
    let sizes = Sizes { layers: 8, ..SMALL };
    let made = Made::new(sizes, 6);
    let pool = pool(1);
    let ran = with_gguf(&made.gguf(false, |_| {}), |model| {
        let mut runner = Runner::new(model, &pool, Limits::default()).expect("is made");
        let shape = model.config().cache_shape(RowFormat::F32).expect("fits");
        let mut cache = ContiguousKv::new(shape, 600, backing()).expect("is made");
        let sequence = cache.create(Settings::default()).expect("is made");
        let mut logits = vec![0.0; sizes.vocabulary];
        runner
            .forward(
                &mut cache,
                &[Item {
                    sequence,
                    tokens: &[1],
                }],
                &mut logits,
            )
            .expect("is computed");
        let scratch = runner.scratch();
        assert!(
            scratch.planned_bytes * 10 <= scratch.bump_bytes * 6,
            "{scratch:?}"
        );
        assert!(
            scratch.planned_bytes * 100 <= scratch.live_bytes * 105,
            "{scratch:?}"
        );
    });
    ran.expect("is a model");
}
