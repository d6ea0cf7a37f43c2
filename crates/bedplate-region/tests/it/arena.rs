//! Allocation, reset, and what does not fit.

use bedplate_os::budget::Budget;
use bedplate_os::pages::page_size;
use bedplate_os::{Operation, OsError};
use bedplate_region::{Arena, ArenaError, BuildError, Measure};
use core::alloc::Layout;
use proptest::collection::vec;
use proptest::prelude::*;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a small layout")
}

#[test]
fn allocations_begin_at_multiples_of_64_and_take_such_multiples() {
    let arena = Arena::new(4096).expect("an arena");
    for (size, used) in [(1, 64), (64, 128), (65, 256), (0, 256), (100, 384)] {
        let at = arena.alloc_layout(layout(size, 1)).expect("fits");
        assert!(at.addr().get().is_multiple_of(64));
        assert_eq!(arena.used_bytes(), used);
    }
    assert_eq!(arena.free_bytes(), 4096 - 384);
}

#[test]
fn larger_alignments_are_kept_up_to_an_os_page() {
    #[derive(Clone, Copy)]
    #[repr(align(256))]
    struct Wide([u8; 256]);

    let arena = Arena::new(64 << 10).expect("an arena");
    for align in [128, 1024, 4096] {
        let at = arena.alloc_layout(layout(10, align)).expect("fits");
        assert!(at.addr().get().is_multiple_of(align));
    }
    let wide = arena.alloc_filled(3, Wide([7; 256])).expect("fits");
    assert!(wide.as_ptr().addr().is_multiple_of(256));
    assert_eq!(wide[2].0[255], 7);
    assert_eq!(
        arena.alloc_layout(layout(10, 8192)),
        Err(ArenaError::Alignment { asked_bytes: 8192 })
    );
    assert_eq!(
        arena
            .alloc_layout(layout(1 << 20, 128))
            .err()
            .map(is_memory),
        Some(true)
    );
}

#[test]
fn nothing_takes_no_room_at_any_alignment() {
    let arena = Arena::new(64).expect("an arena");
    arena.alloc_layout(layout(1, 1)).expect("fits");
    let mut measure = Measure::new();
    for align in [1, 64, 128, 4096] {
        let at = arena.alloc_layout(layout(0, align)).expect("is nothing");
        assert!(at.addr().get().is_multiple_of(align));
        measure.layout(layout(0, align)).expect("is nothing");
    }
    assert_eq!(arena.used_bytes(), 64);
    assert_eq!(measure.high_water_bytes(), 0);
}

fn is_memory(error: ArenaError) -> bool {
    matches!(error, ArenaError::OutOfMemory { .. })
}

#[test]
fn slices_hold_what_they_were_made_of() {
    let arena = Arena::new(1 << 16).expect("an arena");
    let copied = arena.alloc_copy(&[1_u32, 2, 3]).expect("fits");
    let filled = arena.alloc_filled(5, 1.5_f64).expect("fits");
    let made = arena.alloc_with(4, |i| i * i).expect("fits");
    let one = arena.alloc([9_u8; 100]).expect("fits");
    let unset = arena.alloc_uninit::<u16>(7).expect("fits");
    copied[0] = 10;
    for item in &mut *unset {
        item.write(3);
    }
    assert_eq!(copied, [10, 2, 3]);
    assert_eq!(filled, [1.5; 5]);
    assert_eq!(made, [0, 1, 4, 9]);
    assert_eq!(one, &[9; 100]);
    assert_eq!(arena.used_bytes(), 64 * (1 + 1 + 1 + 2 + 1));
}

#[test]
fn nothing_takes_no_room_even_where_there_is_none() {
    let arena = Arena::new(0).expect("an arena");
    assert_eq!(arena.capacity_bytes(), 0);
    assert!(arena.alloc_zeroed::<f32>(0).is_ok_and(|s| s.is_empty()));
    assert!(arena.alloc_layout(layout(0, 64)).is_ok());
    let units = arena
        .alloc_uninit::<()>(usize::MAX)
        .expect("units have no size");
    assert_eq!(units.len(), usize::MAX);
    assert_eq!(
        arena.alloc(1_u8),
        Err(ArenaError::OutOfMemory {
            need_bytes: 64,
            have_bytes: 0,
            high_water_bytes: 0,
            capacity_bytes: 0
        })
    );
}

#[test]
fn units_of_wide_alignment_are_aligned() {
    #[derive(Clone, Copy)]
    #[repr(align(1024))]
    struct Nothing;
    #[derive(Clone, Copy)]
    #[repr(align(8192))]
    struct Wider;

    let arena = Arena::new(4096).expect("an arena");
    let none = arena.alloc_filled(3, Nothing).expect("no size");
    assert!(none.as_ptr().addr().is_multiple_of(1024));
    assert_eq!(
        arena.alloc_filled(3, Wider).err(),
        Some(ArenaError::Alignment { asked_bytes: 8192 })
    );
}

#[test]
fn what_does_not_fit_says_by_how_much_and_changes_nothing() {
    let mut arena = Arena::new(256).expect("an arena");
    arena.alloc_filled(100, 1_u8).expect("fits");
    arena.reset();
    arena.alloc(1_u8).expect("fits");
    let wanted = ArenaError::OutOfMemory {
        need_bytes: 256,
        have_bytes: 192,
        high_water_bytes: 128,
        capacity_bytes: 256,
    };
    assert_eq!(arena.alloc_filled(193, 1_u8), Err(wanted));
    assert_eq!(arena.used_bytes(), 64);
    assert!(arena.alloc_filled(192, 1_u8).is_ok());
    assert!(
        wanted
            .to_string()
            .contains("192 of the arena's 256 are free")
    );
}

#[test]
fn sizes_beyond_any_address_space_are_misuse_or_do_not_fit() {
    let arena = Arena::new(4096).expect("an arena");
    assert_eq!(
        arena.alloc_uninit::<u32>(usize::MAX / 2).err(),
        Some(ArenaError::Length {
            items: usize::MAX / 2,
            item_bytes: 4
        })
    );
    let most = isize::MAX as usize;
    assert!(arena.alloc_uninit::<u8>(most).is_err_and(is_memory));
    assert!(
        arena
            .alloc_layout(layout(most - 63, 64))
            .is_err_and(is_memory)
    );
    assert!(
        arena
            .alloc_layout(layout(most - 4095, 4096))
            .is_err_and(is_memory)
    );
    assert_eq!(arena.used_bytes(), 0);
    for bytes in [usize::MAX, usize::MAX - 63, most, most - 4096] {
        let made = Arena::new(bytes);
        assert!(
            matches!(made, Err(BuildError::Capacity { .. } | BuildError::Os(_))),
            "{bytes}"
        );
    }
    let both = Arena::builder(most).base_bytes(most).build();
    assert!(matches!(both, Err(BuildError::Capacity { .. })));
}

#[test]
fn zeroed_memory_is_zero_also_where_others_were() {
    let mut arena = Arena::new(1 << 16).expect("an arena");
    for used in [100, 5000, 64, 20_000] {
        arena.alloc_filled(used, 0xAB_u8).expect("fits");
        arena.reset();
        // Partly over what was in use, partly over what never was.
        let zeroed = arena.alloc_zeroed::<u8>(10_000).expect("fits");
        assert!(zeroed.iter().all(|byte| *byte == 0));
        zeroed.fill(0xCD);
        let more = arena.alloc_zeroed::<u64>(100).expect("fits");
        assert_eq!(more, [0; 100]);
        arena.reset();
    }
}

#[test]
fn the_high_water_is_the_most_that_was_in_use_at_a_time() {
    let mut arena = Arena::new(1 << 16).expect("an arena");
    arena.alloc_filled(1000, 1_u8).expect("fits");
    arena.reset();
    arena.alloc_filled(300, 1_u8).expect("fits");
    assert_eq!(arena.high_water_bytes(), 1024);
    assert_eq!(arena.trim().ok(), Some((1 << 16) - page_size()));
    assert_eq!(arena.high_water_bytes(), 1024);
    arena.alloc_filled(2000, 1_u8).expect("fits");
    assert_eq!(arena.high_water_bytes(), 320 + 2048);
    let shown = format!("{arena:?}");
    assert!(shown.contains("high_water_bytes: 2368"), "{shown}");
}

#[test]
fn a_reset_leaves_the_base_part_alone() {
    let mut arena = Arena::builder(4096)
        .base_bytes(1000)
        .build()
        .expect("an arena");
    let (base, mut scratch) = arena.split();
    let kept = base.alloc_copy(&[1_u64, 2, 3]).expect("fits");
    for round in 0..3_u64 {
        let last = scratch.alloc_filled(512, round).expect("fits whole");
        assert_eq!(last[511], round);
        scratch.rewind();
    }
    assert_eq!(kept, [1, 2, 3]);
    assert!(base.alloc_uninit::<u8>(961).is_err_and(is_memory));
    assert_eq!((base.used_bytes(), base.free_bytes()), (64, 960));
    drop(scratch);
    arena.reset();
    assert_eq!(arena.base().used_bytes(), 64);
    assert_eq!(arena.base().capacity_bytes(), 1024);
}

#[test]
fn an_arena_goes_to_another_thread() {
    let mut arena = Arena::new(4096).expect("an arena");
    let back = std::thread::spawn(move || {
        arena.alloc(5_u8).expect("fits");
        arena.reset();
        arena
    });
    let arena = back.join().expect("no panic");
    assert_eq!(arena.high_water_bytes(), 64);
}

#[test]
fn an_arena_in_steps_charges_what_it_commits() {
    static BUDGET: Budget = Budget::new(256 << 10, u64::MAX);
    let page = page_size() as u64;
    // 61,440 bytes where a page has 4 KiB, 65,536 where it is larger.
    let step = 60_000_usize.next_multiple_of(page_size());
    let mut arena = Arena::builder(1 << 20)
        .base_bytes(1)
        .commit_steps(60_000)
        .budget(&BUDGET)
        .build()
        .expect("an arena");
    assert_eq!(BUDGET.used_bytes(), page);
    assert_eq!(arena.committed_bytes(), 0);
    arena.alloc_filled(1, 1_u8).expect("fits");
    assert_eq!(arena.committed_bytes(), step);
    assert_eq!(BUDGET.used_bytes(), page + step as u64);
    arena.alloc_filled(100_000, 1_u8).expect("fits");
    assert_eq!(arena.committed_bytes(), 2 * step);
    // Five steps do not fit into the budget; nothing has changed.
    let refused = arena.alloc_filled(200_000, 1_u8);
    assert!(matches!(refused, Err(ArenaError::Budget(_))), "{refused:?}");
    assert_eq!(arena.used_bytes(), 64 + 100_032);
    assert_eq!(BUDGET.used_bytes(), page + 2 * step as u64);
    arena.reset();
    assert_eq!(arena.trim().ok(), Some(2 * step));
    assert_eq!(BUDGET.used_bytes(), page);
    assert_eq!(arena.high_water_bytes(), 64 + 100_032);
    let again = arena.alloc_zeroed::<u8>(100_000).expect("fits");
    assert!(again.iter().all(|byte| *byte == 0));
    drop(arena);
    assert_eq!((BUDGET.used_bytes(), BUDGET.over_released_bytes()), (0, 0));
}

#[test]
fn an_arena_that_the_budget_refuses_takes_nothing() {
    static BUDGET: Budget = Budget::new(8 << 10, u64::MAX);
    let refused = Arena::builder(64 << 10)
        .base_bytes(4096)
        .budget(&BUDGET)
        .build();
    assert!(matches!(refused, Err(BuildError::Budget(_))), "{refused:?}");
    assert_eq!((BUDGET.used_bytes(), BUDGET.over_released_bytes()), (0, 0));
}

#[test]
fn memory_can_be_asked_for_at_once_and_in_huge_pages() {
    let arena = Arena::builder(4 << 20)
        .prefault(true)
        .build()
        .expect("an arena");
    assert_eq!(arena.committed_bytes(), 4 << 20);
    assert!(
        arena
            .alloc_zeroed::<u64>(1000)
            .is_ok_and(|s| s == [0; 1000])
    );
    match Arena::builder(4 << 20)
        .huge_pages(true)
        .prefault(true)
        .build()
    {
        Ok(arena) => {
            let at = arena.alloc_layout(layout(1, 1)).expect("fits");
            assert!(at.addr().get().is_multiple_of(2 << 20));
        }
        // A kernel without huge pages says so.
        Err(error) => assert!(matches!(error, BuildError::Os(_)), "{error}"),
    }
}

#[test]
fn errors_say_what_failed_and_what_to_do() {
    let refused = OsError::new(Operation::Commit, libc::ENOMEM);
    let Err(budget) = Budget::new(5, 5).charge(6) else {
        panic!("six are more than five");
    };
    let length = ArenaError::Length {
        items: 5,
        item_bytes: 8,
    };
    let texts = [
        (
            BuildError::Capacity { asked_bytes: 5 }.to_string(),
            "ask for less",
        ),
        (BuildError::Budget(budget).to_string(), "raise the limit"),
        (BuildError::Os(refused).to_string(), "use less"),
        (length.to_string(), "ask for fewer"),
        (
            ArenaError::Alignment { asked_bytes: 5 }.to_string(),
            "4096 at most",
        ),
        (ArenaError::Budget(budget).to_string(), "raise the limit"),
        (ArenaError::Os(refused).to_string(), "use less"),
    ];
    for (text, word) in texts {
        assert!(
            text.starts_with("failed to ") && text.contains(word),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_size_and_no_alignment_overflows(
        sizes in vec((any::<usize>(), 0..=63_u32, 0..=14_u32), 1..20),
        items in vec((any::<usize>(), 0..=63_u32), 1..20),
    ) {
        let arena = Arena::new(32 << 10).expect("an arena");
        let front = arena.alloc_layout(layout(0, 1)).expect("nothing fits").addr().get();
        for (bits, down, shift) in sizes {
            // Sizes of every magnitude.
            let Ok(layout) = Layout::from_size_align(bits >> down, 1 << shift) else {
                continue;
            };
            let before = arena.used_bytes();
            match arena.alloc_layout(layout) {
                Ok(at) => {
                    let offset = at.addr().get() - front;
                    prop_assert!(offset + layout.size() <= arena.used_bytes());
                    if layout.size() == 0 {
                        prop_assert_eq!(arena.used_bytes(), before);
                    } else {
                        prop_assert!(offset >= before);
                    }
                    prop_assert!(at.addr().get().is_multiple_of(layout.align().max(64)));
                }
                Err(_) => prop_assert_eq!(arena.used_bytes(), before),
            }
            prop_assert!(arena.used_bytes() <= arena.capacity_bytes());
        }
        for (bits, down) in items {
            let before = arena.used_bytes();
            match arena.alloc_uninit::<[u64; 3]>(bits >> down) {
                Ok(slice) => prop_assert!(before + size_of_val(slice) <= arena.used_bytes()),
                Err(_) => prop_assert_eq!(arena.used_bytes(), before),
            }
            prop_assert!(arena.used_bytes() <= arena.capacity_bytes());
        }
    }
}

#[test]
fn a_step_larger_than_the_capacity_is_the_capacity() {
    for bytes in [1 << 20, usize::MAX - 1, usize::MAX] {
        let arena = Arena::builder(100_000).commit_steps(bytes).build();
        let arena = arena.expect("an arena");
        assert_eq!(arena.committed_bytes(), 0);
        arena.alloc(1_u8).expect("fits");
        assert_eq!(
            arena.committed_bytes(),
            100_000_usize.next_multiple_of(page_size())
        );
    }
}
