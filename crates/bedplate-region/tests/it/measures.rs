//! Measured sizes against arenas of exactly that size.

use bedplate_region::{Arena, ArenaError, Measure};
use core::alloc::Layout;

#[test]
fn a_measured_capacity_is_enough_and_64_bytes_less_are_not() {
    let program = |arena: &mut Arena| {
        let mut scope = arena.as_scope();
        scope.alloc_uninit::<u8>(100)?;
        scope.scope(|inner| {
            inner.alloc_layout(Layout::from_size_align(10, 4096).expect("small"))?;
            inner.alloc_uninit::<u64>(1000).map(|_| ())
        })?;
        scope.alloc_uninit::<()>(7)?;
        scope.alloc_uninit::<f32>(50).map(|_| ())
    };
    let mut measure = Measure::new();
    measure.slice::<u8>(100).expect("small");
    measure
        .scope(|inner| {
            inner.layout(Layout::from_size_align(10, 4096).expect("small"))?;
            inner.slice::<u64>(1000)
        })
        .expect("small");
    measure.slice::<()>(7).expect("no size");
    measure.slice::<f32>(50).expect("small");
    let bytes = measure.high_water_bytes();
    assert_eq!(measure.used_bytes(), 128 + 256);
    let mut exact = Arena::new(bytes).expect("an arena");
    assert_eq!(program(&mut exact), Ok(()));
    assert_eq!(exact.high_water_bytes(), bytes);
    let mut less = Arena::new(bytes - 64).expect("an arena");
    let short = program(&mut less);
    assert!(
        matches!(short, Err(ArenaError::OutOfMemory { .. })),
        "{short:?}"
    );
    measure.reset();
    assert_eq!(
        (measure.used_bytes(), measure.high_water_bytes()),
        (0, bytes)
    );
}

#[test]
fn what_no_arena_holds_is_not_measured() {
    #[derive(Clone, Copy)]
    #[repr(align(8192))]
    struct Wider;

    let mut measure = Measure::new();
    measure
        .slice::<u8>(isize::MAX as usize)
        .expect("an address space holds it");
    measure
        .slice::<u8>(isize::MAX as usize - 64)
        .expect("two of them, just");
    let more = measure.slice::<u8>(200);
    assert!(matches!(more, Err(ArenaError::Length { .. })), "{more:?}");
    let longer = measure.slice::<u16>(usize::MAX);
    assert!(matches!(
        longer,
        Err(ArenaError::Length { item_bytes: 2, .. })
    ));
    let wider = measure.slice::<Wider>(1);
    assert_eq!(wider, Err(ArenaError::Alignment { asked_bytes: 8192 }));
}
