//! Whatever is done to a sequence, what it says next depends on its tokens alone.

use crate::made::{Made, SMALL, with_gguf};
use crate::sums::{backing, bits, logits, pool, tokens};
use bedplate_pool::ThreadPool;
use bedplate_region::kv::{
    ContiguousKv, KvCache, KvError, PagedKv, Pages, RowFormat, SequenceId, Settings,
};
use llama::{Chooser, Generation, Item, Limits, LlamaError, Model, Runner};

const TOKENS: usize = 80;

/// A model, a thread, and what the model says after `TOKENS` tokens.
fn with_model(run: impl FnOnce(&Model<'_>, &ThreadPool, &[u32], &[u32])) {
    let made = Made::new(SMALL, 11);
    let tokens = tokens(TOKENS, &made.sizes);
    let pool = pool(1);
    let ran = with_gguf(&made.gguf(false, |_| {}), |model| {
        let wanted = bits(&logits(model, &pool, &tokens, 64));
        run(model, &pool, &tokens, &wanted);
    });
    ran.expect("is a model");
}

fn paged(model: &Model<'_>, format: RowFormat) -> PagedKv {
    let shape = model.config().cache_shape(format).expect("fits");
    PagedKv::new(shape, Pages::new(512).block_tokens(16), backing()).expect("is made")
}

/// Both caches.
fn caches(model: &Model<'_>) -> [Box<dyn KvCache + Send>; 2] {
    let shape = model.config().cache_shape(RowFormat::F32).expect("fits");
    let contiguous = ContiguousKv::new(shape, 512, backing()).expect("is made");
    [Box::new(paged(model, RowFormat::F32)), Box::new(contiguous)]
}

/// A runner, a cache and a place for logits.
struct Desk<'m, 'c> {
    runner: Runner<'m>,
    cache: &'c mut (dyn KvCache + Send),
    logits: Vec<f32>,
}

impl<'m, 'c> Desk<'m, 'c> {
    fn new(
        model: &'m Model<'m>,
        pool: &'m ThreadPool,
        cache: &'c mut (dyn KvCache + Send),
    ) -> Self {
        Self {
            runner: Runner::new(model, pool, Limits::default()).expect("is made"),
            cache,
            logits: vec![0.0; model.config().vocabulary],
        }
    }

    /// Takes tokens in, committed, and returns the logits behind the last.
    fn take(&mut self, sequence: SequenceId, tokens: &[u32]) -> Vec<u32> {
        for tokens in tokens.chunks(64) {
            let item = Item { sequence, tokens };
            self.runner
                .forward(self.cache, &[item], &mut self.logits)
                .expect("is computed");
            self.cache.commit(sequence).expect("is there");
        }
        bits(&self.logits)
    }
}

#[test]
fn both_caches_say_the_same_after_forks_cuts_and_roll_backs() {
    with_model(|model, pool, tokens, wanted| {
        for mut cache in caches(model) {
            let mut desk = Desk::new(model, pool, &mut *cache);
            let first = desk.cache.create(Settings::default()).expect("is made");
            desk.take(first, &tokens[..30]);
            // A fork goes another way, and back.
            let second = desk.cache.fork(first).expect("is forked");
            desk.take(second, &tokens[..7]);
            desk.cache.truncate(second, 30).expect("is longer");
            desk.take(second, &tokens[30..50]);
            // The first goes on beside it, and says what it always says.
            assert_eq!(desk.take(first, &tokens[30..]), wanted);
            // What is not committed goes.
            let item = Item {
                sequence: second,
                tokens: &[3, 1, 4],
            };
            desk.runner
                .forward(desk.cache, &[item], &mut desk.logits)
                .expect("is computed");
            desk.cache.roll_back(second).expect("is there");
            desk.cache.drop_sequence(first).expect("is there");
            assert_eq!(desk.take(second, &tokens[50..]), wanted);
        }
    });
}

#[test]
fn several_sequences_in_a_pass_do_not_mix() {
    with_model(|model, pool, tokens, wanted| {
        for mut cache in caches(model) {
            let limits = Limits {
                tokens: 128,
                items: 3,
                ..Limits::default()
            };
            let mut runner = Runner::new(model, pool, limits).expect("is made");
            let mut sequence = || cache.create(Settings::default()).expect("is made");
            let [one, two, three] = [sequence(), sequence(), sequence()];
            let vocabulary = model.config().vocabulary;
            let mut logits = vec![0.0; 3 * vocabulary];
            let items = [
                Item {
                    sequence: one,
                    tokens: &tokens[..1],
                },
                Item {
                    sequence: two,
                    tokens,
                },
                Item {
                    sequence: three,
                    tokens: &[9, 9, 9],
                },
            ];
            runner
                .forward(&mut *cache, &items, &mut logits)
                .expect("is computed");
            assert_eq!(bits(&logits[vocabulary..2 * vocabulary]), wanted);
            let items = [
                Item {
                    sequence: three,
                    tokens: &tokens[..2],
                },
                Item {
                    sequence: one,
                    tokens: &tokens[1..],
                },
            ];
            runner
                .forward(&mut *cache, &items, &mut logits)
                .expect("is computed");
            assert_eq!(bits(&logits[vocabulary..2 * vocabulary]), wanted);
        }
    });
}

#[test]
fn an_evicted_sequence_begins_with_what_was_published() {
    with_model(|model, pool, tokens, wanted| {
        let mut cache = paged(model, RowFormat::F32);
        let first = cache.create(Settings::default()).expect("is made");
        Desk::new(model, pool, &mut cache).take(first, &tokens[..50]);
        assert_eq!(cache.publish(first, &tokens[..50]), Ok(48));
        cache.pin(first, false).expect("is there");
        assert_eq!(cache.evict(), Some(first));
        assert_eq!(cache.state(first), Err(KvError::Evicted));
        let (again, known) = cache.attach(Settings::default(), tokens).expect("is made");
        assert_eq!(known, 48);
        assert_eq!(
            Desk::new(model, pool, &mut cache).take(again, &tokens[known..]),
            wanted
        );
    });
}

#[test]
fn one_bit_of_a_value_is_seen() {
    with_model(|model, pool, tokens, wanted| {
        for (byte, bit) in [(0, 0), (3, 6)] {
            for mut cache in caches(model) {
                let mut desk = Desk::new(model, pool, &mut *cache);
                let sequence = desk.cache.create(Settings::default()).expect("is made");
                desk.take(sequence, &tokens[..40]);
                let item = Item {
                    sequence,
                    tokens: &tokens[40..41],
                };
                desk.runner
                    .forward(desk.cache, &[item], &mut desk.logits)
                    .expect("is computed");
                let mut slots = desk.cache.slots(sequence).expect("is open");
                slots.values_mut(0, 0).expect("is there")[byte] ^= 1 << bit;
                desk.cache.commit(sequence).expect("is there");
                assert_ne!(
                    desk.take(sequence, &tokens[41..]),
                    wanted,
                    "bit {bit} of byte {byte}"
                );
            }
        }
    });
}

#[test]
fn keys_that_were_moved_are_turned() {
    with_model(|model, pool, tokens, _| {
        for mut cache in caches(model) {
            let mut desk = Desk::new(model, pool, &mut *cache);
            let moved = desk.cache.create(Settings::default()).expect("is made");
            desk.take(moved, &tokens[..40]);
            let stays = desk.cache.fork(moved).expect("is forked");
            // Distances are what counts: a shift of all changes next to nothing.
            desk.cache.shift(moved, 25).expect("is possible");
            let numbers = |bits: Vec<u32>| bits.into_iter().map(f32::from_bits).collect::<Vec<_>>();
            let one = numbers(desk.take(moved, &tokens[40..50]));
            let other = numbers(desk.take(stays, &tokens[40..50]));
            let far = one
                .iter()
                .zip(&other)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(far < 1e-3, "{far}");
        }
    });
}

#[test]
fn windows_go_on_for_ever_and_both_caches_agree() {
    with_model(|model, pool, tokens, _| {
        let settings = Settings {
            window_tokens: Some(32),
            ..Settings::default()
        };
        let said = caches(model).map(|mut cache| {
            let mut runner = Runner::new(
                model,
                pool,
                Limits {
                    context: Some(64),
                    ..Limits::default()
                },
            )
            .expect("is made");
            let sequence = cache.create(settings).expect("is made");
            let prompt = &tokens[..20];
            let mut generation = Generation::begin(
                &mut runner,
                &mut *cache,
                sequence,
                prompt,
                Chooser::greedy(),
            )
            .expect("begins");
            let chosen: Vec<u32> = (0..100)
                .map(|_| generation.next_token().expect("goes on"))
                .collect();
            (
                chosen,
                bits(generation.logits()),
                cache.state(sequence).expect("is there").tokens,
            )
        });
        assert_eq!(said[0], said[1]);
        assert_eq!(said[0].2, 32);
    });
}

#[test]
fn rows_of_fewer_bits_are_near_the_floats() {
    // Heads of 32 numbers, as quantised rows want them.
    let made = Made::new(
        crate::made::Sizes {
            dimension: 128,
            ..SMALL
        },
        12,
    );
    let tokens = tokens(40, &made.sizes);
    let pool = pool(1);
    let ran = with_gguf(&made.gguf(false, |_| {}), |model| {
        let exact = logits(model, &pool, &tokens, 64);
        for (format, bound) in [
            (RowFormat::F16, 0.1),
            (RowFormat::Bf16, 3.0),
            (RowFormat::Q8_0, 3.0),
            (RowFormat::Q4_0, 15.0),
        ] {
            let mut cache = paged(model, format);
            let sequence = cache.create(Settings::default()).expect("is made");
            let said = Desk::new(model, &pool, &mut cache).take(sequence, &tokens);
            let far = said
                .iter()
                .zip(&exact)
                .map(|(a, b)| (f32::from_bits(*a) - b).abs())
                .fold(0.0, f32::max);
            assert!(far > 0.0 && far < bound, "{format:?}: {far}");
        }
    });
    ran.expect("is a model");
}

#[test]
fn a_pass_that_fails_leaves_sequences_as_they_were() {
    with_model(|model, pool, tokens, wanted| {
        let shape = model.config().cache_shape(RowFormat::F32).expect("fits");
        let mut cache =
            PagedKv::new(shape, Pages::new(128).block_tokens(16), backing()).expect("is made");
        let limits = Limits {
            tokens: 256,
            items: 2,
            context: Some(512),
            ..Limits::default()
        };
        let mut runner = Runner::new(model, pool, limits).expect("is made");
        let first = cache.create(Settings::default()).expect("is made");
        let second = cache.create(Settings::default()).expect("is made");
        let mut logits = vec![0.0; 2 * model.config().vocabulary];
        let item = |sequence, tokens| Item { sequence, tokens };
        runner
            .forward(&mut cache, &[item(first, &tokens[..40])], &mut logits)
            .expect("is computed");
        cache.commit(first).expect("is there");
        let items = [item(first, &tokens[40..50]), item(second, tokens)];
        let error = runner
            .forward(&mut cache, &items, &mut logits)
            .expect_err("is full");
        assert!(
            matches!(error, LlamaError::Cache(KvError::Full { .. })),
            "{error}"
        );
        assert_eq!(cache.state(first).expect("is there").tokens, 40);
        assert_eq!(cache.state(second).expect("is there").tokens, 0);
        runner
            .forward(&mut cache, &[item(first, &tokens[40..])], &mut logits)
            .expect("is computed");
        assert_eq!(bits(&logits[..model.config().vocabulary]), wanted);
    });
}
