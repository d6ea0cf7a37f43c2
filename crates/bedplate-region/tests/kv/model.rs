//! Random programs on both caches and the naive model.

use super::naive::Sequence;
use super::small::{contiguous, paged, read, write};
use bedplate_region::kv::{KvCache, KvError, SequenceId, Settings};
use proptest::collection::vec;
use proptest::prelude::*;

/// What a program may do; a sequence is named by a number, of those there are.
#[derive(Clone, Debug)]
enum Op {
    Create(Option<usize>),
    Append(usize, usize),
    Fork(usize),
    Truncate(usize, usize),
    DropFront(usize, usize),
    Shift(usize, i64),
    Commit(usize),
    RollBack(usize),
    Drop(usize),
    Pin(usize, bool),
    Evict,
    Trim,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let who = 0..1000_usize;
    let op = prop_oneof![
        1 => proptest::option::of(1..20_usize).prop_map(Op::Create),
        8 => (who.clone(), 0..14_usize).prop_map(|(s, n)| Op::Append(s, n)),
        3 => who.clone().prop_map(Op::Fork),
        3 => (who.clone(), 0..30_usize).prop_map(|(s, n)| Op::Truncate(s, n)),
        3 => (who.clone(), 0..12_usize).prop_map(|(s, n)| Op::DropFront(s, n)),
        2 => (who.clone(), -12..12_i64).prop_map(|(s, by)| Op::Shift(s, by)),
        4 => who.clone().prop_map(Op::Commit),
        3 => who.clone().prop_map(Op::RollBack),
        1 => who.clone().prop_map(Op::Drop),
        2 => (who, any::<bool>()).prop_map(|(s, pinned)| Op::Pin(s, pinned)),
        1 => Just(Op::Evict),
        1 => Just(Op::Trim),
    ];
    vec(op, 1..80)
}

/// The tokens of a sequence in the contiguous cache: few enough to go round.
const ROOM: usize = 60;

struct World<C> {
    cache: C,
    sequences: Vec<(SequenceId, Sequence)>,
    /// Each that was evicted.
    evicted: Vec<SequenceId>,
    next_mark: u32,
    changes: u64,
}

impl<C: KvCache> World<C> {
    fn new(cache: C) -> Self {
        Self {
            cache,
            sequences: Vec::new(),
            evicted: Vec::new(),
            next_mark: 0,
            changes: 0,
        }
    }

    fn add(&mut self, id: SequenceId, mut model: Sequence) {
        self.changes += 1;
        model.changed = self.changes;
        self.sequences.push((id, model));
    }

    fn create(&mut self, window_tokens: Option<usize>) {
        let settings = Settings {
            window_tokens,
            ..Settings::default()
        };
        let id = self.cache.create(settings).unwrap();
        self.add(id, Sequence::new(window_tokens));
    }

    fn step(&mut self, op: &Op) {
        match *op {
            Op::Create(window) => self.create(window),
            Op::Evict => self.evict(),
            Op::Trim => {
                self.cache.trim().unwrap();
            }
            Op::Append(who, _)
            | Op::Fork(who)
            | Op::Truncate(who, _)
            | Op::DropFront(who, _)
            | Op::Shift(who, _)
            | Op::Commit(who)
            | Op::RollBack(who)
            | Op::Drop(who)
            | Op::Pin(who, _) => {
                if !self.sequences.is_empty() {
                    let at = who % self.sequences.len();
                    self.change(op, at);
                }
            }
        }
    }

    fn change(&mut self, op: &Op, at: usize) {
        self.changes += 1;
        let (id, model) = &mut self.sequences[at];
        let (id, cache) = (*id, &mut self.cache);
        model.changed = self.changes;
        match *op {
            Op::Append(_, tokens) => {
                let tokens = tokens.min(ROOM - model.len());
                let marks: Vec<u32> = (self.next_mark..).take(tokens).collect();
                self.next_mark += u32::try_from(tokens).unwrap();
                write(cache, id, &marks);
                model.append(&marks);
            }
            Op::Truncate(_, tokens) => {
                assert_eq!(cache.truncate(id, tokens).is_ok(), model.truncate(tokens));
            }
            Op::DropFront(_, tokens) => {
                assert_eq!(
                    cache.drop_front(id, tokens).is_ok(),
                    model.drop_front(tokens)
                );
            }
            Op::Shift(_, by) => assert_eq!(cache.shift(id, by).is_ok(), model.shift(by)),
            Op::Commit(_) => {
                cache.commit(id).unwrap();
                model.commit();
            }
            Op::RollBack(_) => {
                cache.roll_back(id).unwrap();
                model.roll_back();
            }
            Op::Pin(_, pinned) => {
                cache.pin(id, pinned).unwrap();
                model.is_pinned = pinned;
            }
            Op::Fork(_) => {
                let model = model.fork();
                let id = cache.fork(id).unwrap();
                self.add(id, model);
            }
            _ => {
                cache.drop_sequence(id).unwrap();
                self.sequences.remove(at);
                assert_eq!(self.cache.state(id), Err(KvError::Unknown));
            }
        }
    }

    fn evict(&mut self) {
        let loose = self.sequences.iter().enumerate();
        let oldest = loose
            .filter(|(_, (_, model))| !model.is_pinned)
            .min_by_key(|(_, (_, model))| model.changed)
            .map(|(at, _)| at);
        let expected = oldest.map(|at| self.sequences.remove(at).0);
        assert_eq!(self.cache.evict(), expected);
        self.evicted.extend(expected);
        if let Some(id) = expected {
            assert_eq!(self.cache.state(id), Err(KvError::Evicted));
        }
    }

    fn check(&self) {
        for (id, model) in &self.sequences {
            assert_eq!(read(&self.cache, *id), model.read());
            let state = self.cache.state(*id).unwrap();
            assert_eq!(
                (state.tokens, state.committed_tokens, state.is_pinned),
                (model.len(), model.committed(), model.is_pinned)
            );
            assert_eq!(state.first_position, model.first_position());
        }
        for id in &self.evicted {
            assert!(self.cache.state(*id).is_err());
        }
        assert_eq!(self.cache.stats().sequences, self.sequences.len());
    }
}

fn run<C: KvCache>(cache: C, program: &[Op]) -> C {
    let mut world = World::new(cache);
    world.create(None);
    for op in program {
        world.step(op);
        world.check();
    }
    for (id, _) in &world.sequences {
        world.cache.drop_sequence(*id).unwrap();
    }
    world.cache
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_caches_do_what_the_naive_model_does(program in ops()) {
        let mut paged = run(paged(80 * ROOM), &program);
        // Every block came back, and with them their memory.
        let stats = paged.stats();
        prop_assert_eq!((stats.blocks_used, stats.blocks_kept), (0, 0));
        paged.trim().unwrap();
        prop_assert_eq!(paged.stats().committed_bytes, 0);
        let contiguous = run(contiguous(ROOM), &program);
        prop_assert_eq!(contiguous.stats().committed_bytes, 0);
    }
}
