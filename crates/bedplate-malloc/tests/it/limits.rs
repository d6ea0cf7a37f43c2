//! Caps, overflow and sizes at the edges.
#![expect(unsafe_code, reason = "resizing is called by pointers")]

use crate::again;
use crate::engine::{Engine, bytes_of, fill, free};
use bedplate_malloc::{config, ops};
use bedplate_telemetry::Off;
use bedplate_testkit::Subject as _;

#[test]
fn a_request_that_no_process_can_have_is_refused() {
    for bytes in [
        usize::MAX,
        usize::MAX - 15,
        isize::MAX.cast_unsigned() + 1,
        1 << 60,
    ] {
        assert!(Engine.malloc(bytes).is_none(), "{bytes}");
        assert!(Engine.memalign(4096, bytes).is_none(), "{bytes}");
    }
    assert!(Engine.calloc(usize::MAX / 2, 3).is_none());
}

/// Run by `beyond_the_cap_is_null_and_below_it_works_again` in a process of its own: the cap is
/// the process's.
#[test]
fn cap_child() {
    if again::case().is_none() {
        return;
    }
    config::current().set_cap_bytes(64 << 20);
    assert!(Engine.malloc(100 << 20).is_none());
    let small: Vec<_> = core::iter::from_fn(|| Engine.malloc(60_000))
        .take(10_000)
        .collect();
    assert!(
        (900..1100).contains(&small.len()),
        "{} of 64 KiB each fit 64 MiB",
        small.len()
    );
    small.into_iter().for_each(free);
    let again = Engine
        .malloc(50 << 20)
        .expect("freed memory counts no more");
    free(again);
    config::current().set_cap_bytes(0);
    free(Engine.malloc(100 << 20).expect("the cap is off"));
}

#[test]
fn beyond_the_cap_is_null_and_below_it_works_again() {
    again::passes("limits::cap_child", "cap");
}

#[test]
fn zeroed_blocks_are_zero_after_reuse_at_every_size() {
    for bytes in [
        1,
        16,
        100,
        1024,
        1025,
        8192,
        32_768,
        32_769,
        65_536,
        1 << 20,
        3 << 20,
        9 << 20,
    ] {
        for _ in 0..3 {
            let block = Engine.calloc(1, bytes).expect("memory is there");
            assert!(bytes_of(block, bytes).iter().all(|b| *b == 0), "{bytes}");
            fill(block, bytes, 0xa5);
            free(block);
        }
    }
}

#[test]
fn alignments_up_to_64_mib_hold() {
    for shift in 4..=26 {
        let align = 1_usize << shift;
        for bytes in [1, 1000, 70_000, 5 << 20] {
            let block = Engine.memalign(align, bytes).expect("memory is there");
            assert_eq!(block.addr().get() % align, 0);
            fill(block, bytes, 1);
            free(block);
        }
    }
}

#[test]
fn growth_by_reallocation_keeps_contents() {
    let mut block = Engine.malloc(1).expect("memory is there");
    fill(block, 1, 7);
    let mut bytes = 1;
    while bytes < 200 << 20 {
        let more = bytes * 3 / 2 + 1;
        // SAFETY: the block is live, and only the result is used afterwards.
        let grown = unsafe { ops::reallocate::<Off>(block, more) };
        block = core::ptr::NonNull::new(grown).expect("memory is there");
        assert!(
            bytes_of(block, bytes).iter().all(|b| *b == 7),
            "{bytes} to {more}"
        );
        fill(block, more, 7);
        bytes = more;
    }
    free(block);
}

/// The case that the parent asked for, in a process without other tests' memory.
#[test]
fn trimmed() {
    if again::case().is_none() {
        return;
    }
    let blocks: Vec<_> = (0..20_000)
        .map(|_| Engine.malloc(1000).expect("memory is there"))
        .collect();
    blocks.iter().for_each(|b| fill(*b, 1000, 3));
    let before = resident_bytes();
    blocks.into_iter().for_each(free);
    assert!(ops::trim::<Off>() > 0);
    assert!(resident_bytes() + (10 << 20) < before, "20 MB were freed");
}

#[test]
fn trimming_gives_freed_memory_back() {
    again::passes("limits::trimmed", "20 MB");
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .and_then(|w| w.parse().ok())
        .expect("a number");
    pages * bedplate_os::pages::page_size()
}
