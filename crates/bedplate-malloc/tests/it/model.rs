//! Random programs against the naive model.

use crate::engine::Engine;
use bedplate_testkit::{Shape, check};

#[test]
fn one_thread_agrees_with_the_model() {
    check::seeds(
        &Engine,
        &Shape {
            lane_count: 1,
            ..Shape::default()
        },
        0..60,
    );
}

#[test]
fn four_threads_that_free_each_others_blocks_agree_with_the_model() {
    check::seeds(
        &Engine,
        &Shape {
            lane_count: 4,
            ..Shape::default()
        },
        1000..1010,
    );
}

#[test]
fn long_programs_agree_with_the_model() {
    let shape = Shape {
        step_count: 40_000,
        slot_count: 2_000,
        lane_count: 3,
        size_max: 20_000,
        align_log2_max: 8,
        ..Shape::default()
    };
    check::seeds(&Engine, &shape, 7..9);
}
