//! Collections in an arena.

use alloc::rc::Rc;
use allocator_api2::alloc::{Allocator, Layout};
use allocator_api2::boxed::Box as ArenaBox;
use allocator_api2::vec::Vec as ArenaVec;
use bedplate_os::budget::Budget;
use bedplate_os::pages::page_size;
use bedplate_region::Arena;
use core::ptr::NonNull;

#[test]
fn a_vector_grows_where_it_stands_while_it_is_the_last() {
    let arena = Arena::new(1 << 20).expect("an arena");
    let mut vector = ArenaVec::new_in(&arena);
    for n in 0..10_000_u32 {
        vector.push(n);
    }
    assert!(vector.iter().copied().eq(0..10_000));
    // All growth was in place: nothing is left behind.
    assert_eq!(
        arena.used_bytes(),
        (vector.capacity() * 4).next_multiple_of(64)
    );
    vector.shrink_to_fit();
    assert_eq!(arena.used_bytes(), 40_000);
    drop(vector);
    assert_eq!(arena.used_bytes(), 0);
}

#[test]
fn two_vectors_that_grow_in_turn_keep_their_items() {
    let mut arena = Arena::new(1 << 20).expect("an arena");
    let scope = arena.as_scope();
    let mut one = ArenaVec::new_in(&scope);
    let mut other = ArenaVec::new_in(&scope);
    for n in 0..1000_u64 {
        one.push(n);
        other.push(n + 1);
    }
    assert!(one.iter().zip(&other).all(|(a, b)| a + 1 == *b));
    one.truncate(3);
    one.shrink_to_fit();
    assert_eq!(one, [0, 1, 2]);
}

#[test]
fn items_that_want_to_be_dropped_are() {
    let mut arena = Arena::new(1 << 16).expect("an arena");
    let counted = Rc::new(());
    {
        let point = arena.savepoint();
        let boxed = ArenaBox::new_in(Rc::clone(&counted), &point);
        let mut vector = ArenaVec::new_in(&point);
        for _ in 0..10 {
            vector.push(Rc::clone(&boxed));
        }
        assert_eq!(Rc::strong_count(&counted), 12);
    }
    assert_eq!(Rc::strong_count(&counted), 1);
    assert_eq!(arena.used_bytes(), 0);
}

#[test]
fn a_full_arena_refuses_a_vector() {
    static BUDGET: Budget = Budget::new(0, u64::MAX);
    let page = page_size();
    BUDGET.set(2 * page as u64, u64::MAX);
    let arena = Arena::builder(1 << 20)
        .commit_steps(page)
        .budget(&BUDGET)
        .build()
        .expect("an arena");
    let mut vector = ArenaVec::new_in(&*arena);
    assert!(vector.try_reserve_exact(page).is_ok());
    vector.resize(page, 1_u8);
    // In place by another step; then the budget is used up, in place and elsewhere.
    assert!(vector.try_reserve_exact(page).is_ok());
    assert!(vector.try_reserve_exact(2 * page).is_err());
    assert!(vector.iter().all(|byte| *byte == 1));
    assert_eq!(BUDGET.used_bytes(), 2 * page as u64);
}

#[test]
fn blocks_of_any_alignment_move_where_they_must() {
    let arena = Arena::new(1 << 16).expect("an arena");
    let small = Layout::from_size_align(100, 1).expect("small");
    let space = &*arena;
    let at = space.allocate(small).expect("fits").cast::<u8>();
    // SAFETY: the block holds 100 bytes.
    unsafe { at.write_bytes(5, 100) };
    let wide = Layout::from_size_align(200, 4096).expect("small");
    arena.alloc(1_u8).expect("fits");
    // SAFETY: `at` is a block of `small`, which is smaller than `wide`.
    let grown = unsafe { (&arena).grow(at, small, wide) }
        .expect("fits")
        .cast::<u8>();
    assert!(grown.addr().get().is_multiple_of(4096) || grown == at);
    assert_eq!(bytes(grown, 100), [5; 100]);
    let less = Layout::from_size_align(50, 4096).expect("small");
    // SAFETY: the block is one of `wide`, which is larger than `less`.
    let shrunk = unsafe { space.shrink(grown, wide, less) }
        .expect("fits")
        .cast::<u8>();
    assert_eq!(bytes(shrunk, 50), [5; 50]);
    let odd = arena
        .alloc_layout(Layout::from_size_align(64, 64).expect("small"))
        .expect("fits");
    // SAFETY: the block holds 64 bytes.
    unsafe { odd.write_bytes(6, 64) };
    let old = Layout::from_size_align(64, 64).expect("small");
    let wider = Layout::from_size_align(64, 4096).expect("small");
    // SAFETY: the block is one of `old`, which is as large as `wider`.
    let moved = unsafe { space.shrink(odd, old, wider) }
        .expect("fits")
        .cast::<u8>();
    assert!(moved.addr().get().is_multiple_of(4096));
    assert_eq!(bytes(moved, 64), [6; 64]);
}

#[test]
fn blocks_of_no_bytes_take_none() {
    let arena = Arena::new(0).expect("an arena");
    let none = Layout::from_size_align(0, 4096).expect("small");
    let space = &*arena;
    let at = space
        .allocate(none)
        .expect("nothing fits anywhere")
        .cast::<u8>();
    assert!(at.addr().get().is_multiple_of(4096));
    // SAFETY: a block of `none`.
    let at = unsafe { space.shrink(at, none, none) }
        .expect("stays")
        .cast::<u8>();
    let some = Layout::from_size_align(1, 1).expect("small");
    // SAFETY: a block of `none`.
    assert!(unsafe { space.grow(at, none, some) }.is_err());
    // SAFETY: a block of `none`.
    unsafe { space.deallocate(at, none) };
}

fn bytes<'a>(at: NonNull<u8>, count: usize) -> &'a [u8] {
    // SAFETY: tests ask for bytes they wrote.
    unsafe { core::slice::from_raw_parts(at.as_ptr(), count) }
}
