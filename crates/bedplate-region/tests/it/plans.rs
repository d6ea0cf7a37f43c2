//! Plans of a transformer's graph, and its tensors in memory.

use bedplate_region::{Arena, Plan, PlanError, Tensors, Use, ViewError};
use bedplate_testkit::graph::Transformer;

fn uses(model: &Transformer) -> Vec<Use> {
    let used = |tensor: bedplate_testkit::graph::Tensor| Use {
        bytes: tensor.bytes,
        first: tensor.first,
        last: tensor.last,
    };
    model.tensors().into_iter().map(used).collect()
}

#[test]
fn a_transformers_plan_is_as_small_as_what_is_alive_at_once() {
    for model in [Transformer::LLAMA_7B, Transformer::TINY] {
        for tokens in [1, 16, 512] {
            let model = Transformer { tokens, ..model };
            let plan = Plan::of(&uses(&model)).expect("uses are in order");
            let bytes = plan.bytes();
            println!(
                "{model:?}: {bytes} bytes, alive {}, side by side {}",
                plan.live_bytes_peak(),
                plan.bump_bytes()
            );
            assert!(bytes * 100 <= plan.live_bytes_peak() * 105);
            assert!(bytes * 10 <= plan.bump_bytes() * 6);
        }
    }
}

#[test]
fn a_plan_of_misordered_or_endless_uses_is_refused() {
    let one = Use {
        bytes: 64,
        first: 0,
        last: 0,
    };
    let back = Use {
        first: 5,
        last: 4,
        ..one
    };
    assert_eq!(
        Plan::of(&[one, back]),
        Err(PlanError::Backwards { tensor: 1 })
    );
    for bytes in [usize::MAX, isize::MAX as usize] {
        let large = Use { bytes, ..one };
        assert_eq!(
            Plan::of(&[one, large]),
            Err(PlanError::Overflow { tensor: 1 })
        );
    }
    for error in [
        PlanError::Backwards { tensor: 1 },
        PlanError::Overflow { tensor: 1 },
    ] {
        assert!(error.to_string().contains("tensor 1"));
    }
}

#[test]
fn tensors_are_lent_together_while_they_are_alive() {
    let used = |first, last| Use {
        bytes: 256,
        first,
        last,
    };
    let plan = Plan::of(&[used(0, 1), used(1, 2), used(2, 3)]).expect("in order");
    let arena = Arena::new(plan.bytes()).expect("an arena");
    let memory = arena.alloc_zeroed(plan.bytes()).expect("fits");
    let mut tensors = Tensors::new(&plan, memory).expect("enough, in place");
    tensors.at::<u32, 1>(0, [0]).expect("alive")[0].fill(5);
    let [from, to] = tensors.at::<u32, 2>(1, [0, 1]).expect("both are alive");
    to.copy_from_slice(from);
    let [from, to] = tensors.at::<u32, 2>(2, [1, 2]).expect("both are alive");
    assert_eq!((from.len(), from[63], to.len()), (64, 5, 64));
    assert_eq!(plan.offsets()[2], plan.offsets()[0]);
    let cases = [
        (
            tensors.at::<u32, 1>(2, [0]).err(),
            ViewError::NotAlive { tensor: 0, step: 2 },
        ),
        (
            tensors.at::<u32, 1>(2, [9]).err(),
            ViewError::Unknown { tensor: 9 },
        ),
        (tensors.at::<u32, 2>(2, [1, 1]).err(), ViewError::Twice),
        (
            tensors.at::<[u8; 100], 1>(2, [1]).err(),
            ViewError::Remainder {
                tensor: 1,
                item_bytes: 100,
            },
        ),
    ];
    for (found, wanted) in cases {
        assert_eq!(found, Some(wanted));
        assert!(wanted.to_string().starts_with("failed to "));
    }
}

#[test]
fn a_plan_wants_enough_memory_at_a_multiple_of_64() {
    let plan = Plan::of(&[Use {
        bytes: 128,
        first: 0,
        last: 0,
    }])
    .expect("in order");
    let arena = Arena::new(4096).expect("an arena");
    let memory = arena.alloc_zeroed::<u8>(300).expect("fits");
    let small = Tensors::new(&plan, &mut memory[..127]).err();
    assert_eq!(
        small,
        Some(ViewError::Memory {
            need_bytes: 128,
            have_bytes: 127
        })
    );
    assert!(small.is_some_and(|error| error.to_string().contains("at a multiple of 64")));
    assert!(Tensors::new(&plan, &mut memory[1..]).is_err());
    assert!(Tensors::new(&plan, &mut memory[64..]).is_ok());
    let nothing = Plan::of(&[]).expect("in order");
    assert!(Tensors::new(&nothing, &mut []).is_ok());
    assert!(nothing.uses().is_empty());
}
