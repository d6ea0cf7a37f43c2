//! Scopes and savepoints.

use bedplate_region::{Arena, Scope};
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

#[test]
fn an_outer_scopes_memory_outlives_the_scopes_inside() {
    let mut arena = Arena::new(4096).expect("an arena");
    let mut outer = arena.as_scope();
    let before = outer.alloc(1_u32).expect("fits");
    let inside = outer.scope(|inner| {
        *before += *inner.alloc(10_u32).expect("fits");
        let deeper = inner.scope(|deep| *deep.alloc(100_u32).expect("fits"));
        *before += deeper;
        inner.used_bytes()
    });
    let after = outer.alloc_copy(&[7_u32]).expect("fits");
    assert_eq!((*before, inside, after[0]), (111, 128, 7));
    assert_eq!((outer.used_bytes(), outer.free_bytes()), (128, 4096 - 128));
    assert_eq!(arena.high_water_bytes(), 192);
}

#[test]
fn a_scope_that_panics_gives_its_memory_back() {
    let mut arena = Arena::new(4096).expect("an arena");
    let ended = catch_unwind(AssertUnwindSafe(|| {
        arena.scope(|scope| {
            scope.alloc_filled(1000, 1_u8).expect("fits");
            std::panic::resume_unwind(Box::new("ended"));
        });
    }));
    assert!(ended.is_err());
    assert_eq!((arena.used_bytes(), arena.high_water_bytes()), (0, 1024));
}

#[test]
fn a_maker_that_panics_leaves_its_memory_taken_until_the_scope_ends() {
    let mut arena = Arena::new(4096).expect("an arena");
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let _made = arena.alloc_with(10, |i| {
            assert!(i < 5, "five is the end");
            i
        });
    }));
    assert!(ended.is_err());
    assert_eq!(arena.used_bytes(), 128);
    arena.reset();
    assert_eq!(arena.used_bytes(), 0);
}

#[test]
fn a_savepoint_comes_back_again_and_again_and_when_it_is_dropped() {
    let mut arena = Arena::new(4096).expect("an arena");
    let mut scope = arena.as_scope();
    let kept = scope.alloc(1_u8).expect("fits");
    let mut point = scope.savepoint();
    let first = core::ptr::from_ref(point.alloc(2_u8).expect("fits")).addr();
    point.rewind();
    let again = core::ptr::from_ref(point.alloc(3_u8).expect("fits")).addr();
    assert_eq!(again, first);
    {
        let mut inner = point.savepoint();
        inner.alloc_filled(500, 4_u8).expect("fits");
        inner.scope(|scope| scope.alloc_filled(500, 5_u8).map(|_| ()).expect("fits"));
        assert_eq!(inner.as_scope().used_bytes(), 64 + 64 + 512);
    }
    assert_eq!(point.used_bytes(), 128);
    point.scope(|scope| scope.alloc_zeroed::<u8>(9).map(|_| ()).expect("fits"));
    drop(point);
    assert_eq!((*kept, scope.used_bytes()), (1, 64));
    let point = arena.savepoint();
    assert_eq!(point.used_bytes(), 64);
}

#[test]
fn every_kind_of_allocation_is_a_scopes_too() {
    fn all<'s>(scope: &Scope<'s>) -> (&'s mut [f32], &'s mut [u8], &'s mut [usize]) {
        let unset = scope.alloc_uninit::<u8>(3).expect("fits");
        unset[0].write(1);
        let at = scope
            .alloc_layout(core::alloc::Layout::new::<u64>())
            .expect("fits");
        assert!(at.is_aligned_to_64());
        let filled = scope.alloc_filled(3, 9_u8).expect("fits");
        let made = scope.alloc_with(3, |i| i).expect("fits");
        (scope.alloc_zeroed(3).expect("fits"), filled, made)
    }
    let mut arena = Arena::new(4096).expect("an arena");
    let scope = arena.as_scope();
    let (zeros, filled, made) = all(&scope);
    assert_eq!(
        (&*zeros, &*filled, &*made),
        (&[0.0; 3][..], &[9; 3][..], &[0, 1, 2][..])
    );
}

trait Aligned {
    fn is_aligned_to_64(&self) -> bool;
}

impl Aligned for core::ptr::NonNull<u8> {
    fn is_aligned_to_64(&self) -> bool {
        self.addr().get().is_multiple_of(64)
    }
}
