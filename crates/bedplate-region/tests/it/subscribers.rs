//! Budgets whose subscribers use the arena that is charging, or panic.

use allocator_api2::vec::Vec as ArenaVec;
use bedplate_os::budget::{Budget, Crossing};
use bedplate_os::pages;
use bedplate_region::Arena;
use bedplate_region::mapped::{HugeCopy, open};
use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

thread_local! {
    static ARENA: Cell<Option<&'static Arena>> = const { Cell::new(None) };
    static TAKEN: Cell<Option<&'static mut [u8]>> = const { Cell::new(None) };
}

/// Takes two steps of the arena that is being charged for.
fn take_two(_: usize, crossing: Crossing) {
    if let (Some(arena), Crossing::Above) = (ARENA.take(), crossing) {
        let taken = arena.alloc_filled(2 * pages::page_size(), 7_u8);
        TAKEN.set(Some(taken.expect("fits")));
    }
}

fn refuse(_: usize, crossing: Crossing) {
    assert!(crossing == Crossing::Below, "a subscriber that panics");
}

/// An arena of 16 pages in steps of one, whose second step crosses the soft mark.
fn stepped(budget: &'static Budget) -> &'static Arena {
    let page = pages::page_size();
    budget.set(u64::MAX, 2 * page as u64);
    let arena = Arena::builder(16 * page).commit_steps(1).budget(budget);
    let arena: &Arena = Box::leak(Box::new(arena.build().expect("an arena")));
    ARENA.set(Some(arena));
    arena
}

fn lies_apart(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (one.as_ptr_range(), other.as_ptr_range());
    one.end <= other.start || other.end <= one.start
}

#[test]
fn a_subscriber_that_allocates_gets_memory_of_its_own() {
    static BUDGET: Budget = Budget::new(u64::MAX, u64::MAX);
    let (arena, page) = (stepped(&BUDGET), pages::page_size());
    let subscription = BUDGET.subscribe(take_two, 0).expect("has room");
    let first = arena.alloc_filled(page, 1_u8).expect("fits");
    let second = arena.alloc_filled(page, 2_u8).expect("fits");
    let third = arena.alloc_filled(page, 3_u8).expect("fits");
    BUDGET.unsubscribe(subscription);
    let taken = TAKEN.take().expect("the subscriber ran");
    for (bytes, value) in [(&first, 1), (&second, 2), (&third, 3), (&taken, 7)] {
        assert!(bytes.iter().all(|byte| *byte == value), "{value}");
    }
    assert!(lies_apart(second, taken) && lies_apart(third, taken));
    assert_eq!(arena.used_bytes(), 5 * page);
    assert_eq!(arena.committed_bytes(), 5 * page);
    assert_eq!(BUDGET.used_bytes(), 5 * page as u64);
}

#[test]
fn a_vector_does_not_grow_over_what_a_subscriber_took() {
    static BUDGET: Budget = Budget::new(u64::MAX, u64::MAX);
    let (arena, page) = (stepped(&BUDGET), pages::page_size());
    let subscription = BUDGET.subscribe(take_two, 0).expect("has room");
    let mut vector = ArenaVec::with_capacity_in(page, arena);
    vector.resize(page, 1_u8);
    vector.resize(4 * page, 2_u8);
    BUDGET.unsubscribe(subscription);
    let taken = TAKEN.take().expect("the subscriber ran");
    assert!(taken.iter().all(|byte| *byte == 7));
    assert!(vector[..page].iter().all(|byte| *byte == 1));
    assert!(vector[page..].iter().all(|byte| *byte == 2));
    assert!(lies_apart(&vector, taken));
    assert_eq!(BUDGET.used_bytes(), arena.committed_bytes() as u64);
}

#[test]
fn a_subscriber_that_panics_leaves_nothing_charged() {
    static BUDGET: Budget = Budget::new(u64::MAX, u64::MAX);
    let (arena, page) = (stepped(&BUDGET), pages::page_size());
    let subscription = BUDGET.subscribe(refuse, 0).expect("has room");
    arena.alloc_filled(page, 1_u8).expect("fits");
    catch_unwind(AssertUnwindSafe(|| {
        arena.alloc_filled(page, 2_u8).map(drop)
    }))
    .expect_err("the subscriber panics");
    assert_eq!(arena.used_bytes(), page);
    assert_eq!(BUDGET.used_bytes(), page as u64);
    // So it is for a copy of a file: this program's own is one.
    let file = std::env::current_exe().expect("is known");
    let file = open(&file).expect("is a file");
    catch_unwind(AssertUnwindSafe(|| {
        HugeCopy::read(&file, Some(&BUDGET)).map(drop)
    }))
    .expect_err("the subscriber panics");
    assert_eq!(BUDGET.used_bytes(), page as u64);
    BUDGET.unsubscribe(subscription);
    let bytes = arena.alloc_filled(page, 3_u8).expect("fits");
    assert!(bytes.iter().all(|byte| *byte == 3));
    assert_eq!(BUDGET.used_bytes(), 2 * page as u64);
}

#[test]
fn a_trim_whose_subscriber_panics_knows_what_it_gave_back() {
    static BUDGET: Budget = Budget::new(u64::MAX, u64::MAX);
    fn panic_below(_: usize, crossing: Crossing) {
        assert!(crossing == Crossing::Above, "a subscriber that panics");
    }
    let page = pages::page_size();
    BUDGET.set(u64::MAX, 2 * page as u64);
    let arena = Arena::builder(16 * page).commit_steps(1).budget(&BUDGET);
    let mut arena = arena.build().expect("an arena");
    arena.alloc_filled(4 * page, 1_u8).expect("fits");
    arena.reset();
    let subscription = BUDGET.subscribe(panic_below, 0).expect("has room");
    catch_unwind(AssertUnwindSafe(|| arena.trim().map(drop))).expect_err("the subscriber panics");
    BUDGET.unsubscribe(subscription);
    assert_eq!((arena.committed_bytes(), BUDGET.used_bytes()), (0, 0));
    let bytes = arena.alloc_zeroed::<u8>(4 * page).expect("fits");
    assert!(bytes.iter().all(|byte| *byte == 0));
}
