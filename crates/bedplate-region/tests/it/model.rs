//! Random programs against a naive model.

use bedplate_os::budget::Budget;
use bedplate_region::{Arena, ArenaError, Measure, Savepoint};
use core::alloc::Layout;
use proptest::collection::vec;
use proptest::prelude::*;

/// What a program may do.
#[derive(Clone, Debug)]
enum Op {
    /// A layout: size, and the power of two of its alignment.
    Raw(usize, u32),
    /// Zeroed words.
    Zeroed(usize),
    /// Bytes of one value.
    Filled(usize),
    /// A savepoint and what is done before it is dropped.
    Point(Vec<Self>),
    /// Back to the last savepoint, or the front.
    Rewind,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let leaf = prop_oneof![
        4 => (0..3000_usize, 0..=12_u32).prop_map(|(size, shift)| Op::Raw(size, shift)),
        3 => (0..800_usize).prop_map(Op::Zeroed),
        3 => (0..2000_usize).prop_map(Op::Filled),
        1 => Just(Op::Rewind),
    ];
    let op = leaf.prop_recursive(4, 200, 12, |inner| {
        vec(inner, 0..12).prop_map(Op::Point).boxed()
    });
    vec(op, 0..60)
}

const CAPACITY: usize = 16 << 10;

/// The naive model: live ranges with their bytes, and the two figures.
#[derive(Debug, Default)]
struct Model {
    start: usize,
    live: Vec<(usize, usize, u8)>,
    head: usize,
    high: usize,
    next: u8,
}

impl Model {
    fn take(&mut self, size: usize, align: usize) -> Option<usize> {
        // Nothing lies at the head, or, where that is not aligned enough, at the front.
        if size == 0 {
            let at = if align <= 64 { self.head } else { 0 };
            return Some(self.start + at);
        }
        let at = self.head.next_multiple_of(align.max(64));
        let next = at + size.next_multiple_of(64);
        if next > CAPACITY {
            return None;
        }
        self.head = next;
        self.high = self.high.max(next);
        Some(self.start + at)
    }

    /// What an allocation is to say, and its mark.
    fn hold(&mut self, bytes: &mut [u8]) {
        self.next = self.next % 200 + 1;
        bytes.fill(self.next);
        self.live
            .push((bytes.as_ptr().addr(), bytes.len(), self.next));
    }

    fn check(&self, at: *const u8) {
        for (address, len, byte) in &self.live {
            // SAFETY: the arena's memory, which nothing has given back by the model.
            let bytes = unsafe { core::slice::from_raw_parts(at.with_addr(*address), *len) };
            assert!(
                bytes.iter().all(|b| b == byte),
                "{address:x}+{len} lost {byte}"
            );
        }
    }
}

fn refused(found: ArenaError, model: &Model) {
    let ArenaError::OutOfMemory {
        have_bytes,
        high_water_bytes,
        ..
    } = found
    else {
        panic!("{found}");
    };
    assert_eq!(
        (have_bytes, high_water_bytes),
        (CAPACITY - model.head, model.high)
    );
}

/// Plays a program; `base` points to the arena's front.
fn play(point: &mut Savepoint<'_>, ops: &[Op], model: &mut Model, base: *const u8) {
    let (mark, kept) = (model.head, model.live.len());
    for (nth, op) in ops.iter().enumerate() {
        // All that lives is looked at now and then, and before anything is given back.
        if nth % 8 == 7 || matches!(op, Op::Rewind) {
            model.check(base);
        }
        match op {
            Op::Raw(size, shift) => {
                let layout = Layout::from_size_align(*size, 1 << shift).expect("small");
                match (point.alloc_layout(layout), model.take(*size, 1 << shift)) {
                    (Ok(at), Some(wanted)) => {
                        assert_eq!(at.addr().get(), wanted);
                        // SAFETY: just allocated.
                        let bytes = unsafe { core::slice::from_raw_parts_mut(at.as_ptr(), *size) };
                        model.hold(bytes);
                    }
                    (Err(error), None) => refused(error, model),
                    other => panic!("{other:?}"),
                }
            }
            Op::Zeroed(len) => match (point.alloc_zeroed::<u64>(*len), len) {
                (Ok(words), 0) => assert!(words.is_empty()),
                (Ok(words), _) => {
                    let wanted = model.take(len * 8, 8).expect("the model has room");
                    assert_eq!(words.as_ptr().addr(), wanted);
                    assert!(words.iter().all(|word| *word == 0));
                    // SAFETY: words are bytes.
                    let (_, bytes, _) = unsafe { words.align_to_mut::<u8>() };
                    model.hold(bytes);
                }
                (Err(error), _) => {
                    assert_eq!(model.take(len * 8, 8), None);
                    refused(error, model);
                }
            },
            Op::Filled(len) => match point.alloc_filled(*len, 7_u8) {
                Ok(bytes) => {
                    let wanted = model.take(*len, 1).expect("the model has room");
                    assert!(*len == 0 || bytes.as_ptr().addr() == wanted);
                    assert!(bytes.iter().all(|byte| *byte == 7));
                    model.hold(bytes);
                }
                Err(error) => {
                    assert_eq!(model.take(*len, 1), None);
                    refused(error, model);
                }
            },
            Op::Point(inner) => {
                let before = (model.head, model.live.len());
                play(&mut point.savepoint(), inner, model, base);
                (model.head, _) = before;
                model.live.truncate(before.1);
            }
            Op::Rewind => {
                point.rewind();
                model.head = mark;
                model.live.truncate(kept);
            }
        }
        assert_eq!(point.used_bytes(), model.head);
        assert_eq!(point.high_water_bytes(), model.high);
    }
    model.check(base);
}

/// The same by measuring; stops at nothing.
fn measured(measure: &mut Measure, ops: &[Op]) {
    let mark = measure.clone();
    for op in ops {
        match op {
            Op::Raw(size, shift) => measure
                .layout(Layout::from_size_align(*size, 1 << shift).expect("small"))
                .expect("small"),
            Op::Zeroed(len) => measure.slice::<u64>(*len).expect("small"),
            Op::Filled(len) => measure.slice::<u8>(*len).expect("small"),
            Op::Point(inner) => measure.scope(|m| measured(m, inner)),
            Op::Rewind => {
                // A rewind is the end of a scope and the begin of another.
                let mut back = mark.clone();
                back.raise(measure.high_water_bytes());
                *measure = back;
            }
        }
    }
}

trait Raised {
    fn raise(&mut self, to: usize);
}

impl Raised for Measure {
    /// Lifts the high water by a scope that takes as much.
    fn raise(&mut self, to: usize) {
        let more = to.saturating_sub(self.used_bytes());
        self.scope(|m| m.slice::<u8>(more)).expect("small");
    }
}

static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_do_what_the_model_says(program in ops(), stepped in any::<bool>(), trims in any::<bool>()) {
        let mut builder = Arena::builder(CAPACITY).budget(&BUDGET);
        if stepped {
            builder = builder.commit_steps(4096);
        }
        let mut arena = builder.build().expect("an arena");
        let mut model = Model::default();
        for part in program.chunks(20) {
            let base = arena.alloc_layout(Layout::new::<u8>()).expect("an empty arena has room");
            arena.reset();
            // The look at the front was an allocation, too.
            model = Model { start: base.addr().get(), high: model.high.max(64), ..Model::default() };
            play(&mut arena.savepoint(), part, &mut model, base.as_ptr());
            prop_assert_eq!(arena.used_bytes(), 0);
            if trims {
                arena.trim().expect("the kernel takes memory back");
            }
        }
    }

    #[test]
    fn measured_programs_fit_exactly(program in ops()) {
        let mut measure = Measure::new();
        measured(&mut measure, &program);
        let mut arena = Arena::new(measure.high_water_bytes()).expect("an arena");
        let fits = plain(&mut arena.savepoint(), &program);
        prop_assert_eq!(fits, Ok(()));
        prop_assert_eq!(arena.high_water_bytes(), measure.high_water_bytes());
    }
}

fn plain(point: &mut Savepoint<'_>, ops: &[Op]) -> Result<(), ArenaError> {
    for op in ops {
        match op {
            Op::Raw(size, shift) => {
                point.alloc_layout(Layout::from_size_align(*size, 1 << shift).expect("small"))?;
            }
            Op::Zeroed(len) => {
                point.alloc_zeroed::<u64>(*len)?;
            }
            Op::Filled(len) => {
                point.alloc_filled(*len, 1_u8)?;
            }
            Op::Point(inner) => plain(&mut point.savepoint(), inner)?,
            Op::Rewind => point.rewind(),
        }
    }
    Ok(())
}
