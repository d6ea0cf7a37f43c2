//! Every mapping failure, injected in turn.
//!
//! Each case runs in a process of its own, so that the first mappings of the allocator fail too.

use crate::again;
use crate::engine::{Engine, fill, free};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_os::Operation;
use bedplate_os::sim::faults::Plan;
use bedplate_testkit::{Nulls, Shape, Subject as _, generator, play};

fn operation(name: &str) -> Operation {
    match name {
        "reserve" => Operation::Reserve,
        "decommit" => Operation::Decommit,
        "remap" => Operation::Remap,
        "thread" => Operation::ThreadStart,
        other => panic!("no fault is named {other}"),
    }
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else {
        return;
    };
    if let Some(bytes) = case.strip_prefix("pages ") {
        let plan = Plan::start();
        plan.fake_page_size(bytes.parse().expect("a number"));
        return play_programs(&case);
    }
    let mut words = case.split(' ');
    let (name, from, to) = (words.next(), words.next(), words.next());
    let number = |w: Option<&str>| w.and_then(|w| w.parse::<u64>().ok()).expect("a number");
    let (from, to) = (number(from), number(to));
    let plan = Plan::start();
    plan.fail(operation(name.expect("a name")), from, to);
    play_programs(&case);
    big_blocks();
    drop(plan);
    // Without failures everything works again.
    let blocks: Vec<_> = (0..64)
        .map(|i| Engine.malloc(100_000 * i + 1).expect("failures are over"))
        .collect();
    blocks.iter().for_each(|b| fill(*b, 1, 1));
    blocks.into_iter().for_each(free);
}

fn play_programs(case: &str) {
    let shape = Shape {
        step_count: 1500,
        size_max: 3 << 20,
        lane_count: 2,
        ..Shape::default()
    };
    for seed in 0..3 {
        if let Err(failure) = play(&Engine, &generator::generate(seed, &shape), Nulls::Allowed) {
            panic!("{case}, seed {seed}: {failure}");
        }
    }
}

/// Sizes that map, resize and purge each time.
fn big_blocks() {
    for bytes in [40_000, 3 << 20, 40 << 20] {
        let blocks: Vec<_> = (0..10).filter_map(|_| Engine.malloc(bytes)).collect();
        blocks.iter().for_each(|b| fill(*b, bytes, 9));
        blocks.into_iter().for_each(free);
    }
}

fn run(case: &str) {
    again::passes("faults::child", case);
}

#[test]
fn each_of_the_first_mappings_fails_once() {
    for n in 1..=24 {
        run(&format!("reserve {n} {n}"));
    }
}

#[test]
fn all_mappings_fail_from_the_nth_on() {
    for n in [1, 2, 3, 4, 5, 8, 12, 20] {
        run(&format!("reserve {n} 1000000"));
    }
}

#[test]
fn purging_resizing_and_the_helper_fail() {
    for name in ["decommit", "remap", "thread"] {
        run(&format!("{name} 1 1000000"));
        run(&format!("{name} 2 2"));
    }
}

#[test]
fn mappings_fail_in_random_pairs() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..16 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let first = state >> 33 & 31;
        let more = state >> 40 & 15;
        run(&format!("reserve {} {}", first + 1, first + 1 + more));
    }
}

/// Kernels with other pages: every size that is rounded to pages, mapped or given back is then
/// rounded to these. What a 4 KiB kernel cannot show is a page that is touched as a whole.
#[test]
fn sixteen_and_sixty_four_kib_pages_work() {
    run("pages 16384");
    run("pages 65536");
}

/// Overcommit refused: the kernel declines large regions and grants small ones. Run by
/// `a_refused_region_is_halved_until_it_fits` in a process of its own.
#[test]
fn region_child() {
    if again::case().is_none() {
        return;
    }
    let plan = Plan::start();
    // The first region is asked for at 16 MiB and 8 MiB in vain and granted at 4 MiB.
    free(Engine.malloc(100_000_000).expect("starts the allocator"));
    let before = CountersSnapshot::own();
    plan.fail(
        Operation::Reserve,
        plan.seen(Operation::Reserve) + 1,
        plan.seen(Operation::Reserve) + 2,
    );
    let run = Engine.malloc(100_000).expect("a segment fits");
    let after = CountersSnapshot::own();
    assert_eq!(after.failed_maps - before.failed_maps, 2);
    assert_eq!(after.reserved_bytes - before.reserved_bytes, 4 << 20);
    fill(run, 100_000, 1);
    free(run);
}

#[test]
fn a_refused_region_is_halved_until_it_fits() {
    again::passes("faults::region_child", "region");
}
