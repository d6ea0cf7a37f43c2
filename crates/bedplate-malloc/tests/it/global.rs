//! The allocator of a Rust program.
#![expect(unsafe_code, reason = "`GlobalAlloc` is called by pointers")]

use crate::engine::{bytes_of, fill, free};
use bedplate_malloc::Malloc;
use bedplate_telemetry::Off;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

const MALLOC: Malloc = Malloc::new();
const ALIGNMENTS: [usize; 6] = [1, 8, 16, 64, 4096, 2 << 20];

fn layout(bytes: usize, align: usize) -> Layout {
    Layout::from_size_align(bytes, align).expect("a layout")
}

fn block(given: *mut u8) -> NonNull<u8> {
    NonNull::new(given).expect("memory is there")
}

fn alloc(layout: Layout) -> NonNull<u8> {
    // SAFETY: the layouts here are not empty.
    block(unsafe { MALLOC.alloc(layout) })
}

fn dealloc(block: NonNull<u8>, layout: Layout) {
    // SAFETY: the tests free what they allocated by this layout, once.
    unsafe { MALLOC.dealloc(block.as_ptr(), layout) }
}

fn realloc(block: NonNull<u8>, layout: Layout, bytes: usize) -> *mut u8 {
    // SAFETY: the block is live and of this layout; only the result is used afterwards.
    unsafe { MALLOC.realloc(block.as_ptr(), layout, bytes) }
}

#[test]
fn every_alignment_holds() {
    for align in ALIGNMENTS {
        for bytes in [1, 100, 5000, 40_000, 3 << 20] {
            let layout = layout(bytes, align);
            let block = alloc(layout);
            assert_eq!(block.addr().get() % align, 0, "{layout:?}");
            fill(block, bytes, 5);
            dealloc(block, layout);
        }
    }
}

#[test]
fn zeroed_blocks_are_zero_where_others_were_before() {
    for align in ALIGNMENTS {
        for bytes in [24, 2000, 50_000] {
            let layout = layout(bytes, align);
            for _ in 0..3 {
                // SAFETY: the layouts here are not empty.
                let block = block(unsafe { MALLOC.alloc_zeroed(layout) });
                assert!(bytes_of(block, bytes).iter().all(|b| *b == 0), "{layout:?}");
                fill(block, bytes, 0xa5);
                dealloc(block, layout);
            }
        }
    }
}

#[test]
fn resizing_keeps_contents_and_alignment() {
    for align in ALIGNMENTS {
        let mut bytes = 48;
        let mut mine = alloc(layout(bytes, align));
        fill(mine, bytes, 7);
        for next in [5000, 40_000, 4 << 20, 70_000, 900, 20] {
            mine = block(realloc(mine, layout(bytes, align), next));
            assert_eq!(mine.addr().get() % align, 0, "{align}: {bytes} to {next}");
            let kept = bytes.min(next);
            assert!(
                bytes_of(mine, kept).iter().all(|b| *b == 7),
                "{align}: {bytes} to {next}"
            );
            fill(mine, next, 7);
            bytes = next;
        }
        dealloc(mine, layout(bytes, align));
    }
}

#[test]
fn what_cannot_be_had_is_null_and_the_old_block_stays() {
    for align in [8, 256] {
        // SAFETY: the layout is not empty.
        let none = unsafe { MALLOC.alloc(layout(1 << 60, align)) };
        assert!(none.is_null());
        // SAFETY: the layout is not empty.
        let none = unsafe { MALLOC.alloc_zeroed(layout(1 << 60, align)) };
        assert!(none.is_null());
        let layout = layout(300, align);
        let mine = alloc(layout);
        fill(mine, 300, 9);
        assert!(realloc(mine, layout, 1 << 60).is_null());
        assert!(bytes_of(mine, 300).iter().all(|b| *b == 9));
        dealloc(mine, layout);
    }
}

#[test]
fn an_allocator_with_gates_is_the_same_allocator() {
    let gated = Malloc::<Off>::with_gates();
    let also = Malloc::<Off>::default();
    // SAFETY: the layout is not empty.
    let one = block(unsafe { gated.alloc(layout(64, 8)) });
    // SAFETY: the layout is not empty.
    let two = block(unsafe { also.alloc(layout(64, 8)) });
    assert_ne!(one, two);
    fill(one, 64, 1);
    fill(two, 64, 2);
    assert_eq!(bytes_of(one, 64), [1; 64]);
    free(one);
    dealloc(two, layout(64, 8));
}
