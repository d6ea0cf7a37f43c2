//! `calloc` of large blocks reads as zero, whatever its memory held before.

use crate::engine::{Engine, bytes_of, fill, free, resize};
use bedplate_testkit::Subject as _;
use core::ptr::NonNull;

/// Sizes on both sides of every border: classes, runs of slices, mappings of their own.
fn size(drawn: u64) -> usize {
    let least = (30 << 10) << (drawn % 10);
    least + usize::try_from(drawn >> 8).unwrap_or(0) % least
}

struct Drawn(u64);

impl Drawn {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn dirty(block: Option<NonNull<u8>>, bytes: usize) -> (NonNull<u8>, usize) {
    let block = block.expect("memory is there");
    fill(block, bytes, 0xa5);
    (block, bytes)
}

#[test]
fn large_zeroed_blocks_are_zero() {
    let mut drawn = Drawn(88_172_645_463_325_252);
    let mut live: Vec<(NonNull<u8>, usize)> = Vec::new();
    for turn in 0..500 {
        let bytes = size(drawn.next());
        match drawn.next() % 4 {
            0 => live.push(dirty(Engine.malloc(bytes), bytes)),
            1 => {
                let block = Engine.calloc(1, bytes).expect("memory is there");
                let odd = bytes_of(block, bytes).iter().position(|byte| *byte != 0);
                assert_eq!(odd, None, "turn {turn}: {bytes} bytes");
                live.push(dirty(Some(block), bytes));
            }
            2 if !live.is_empty() => {
                let place = usize::try_from(drawn.next()).unwrap_or(0) % live.len();
                let (block, had) = live.swap_remove(place);
                let resized = resize(block, bytes).expect("memory is there");
                let kept = bytes_of(resized, had.min(bytes));
                assert!(kept.iter().all(|byte| *byte == 0xa5), "turn {turn}");
                live.push(dirty(Some(resized), bytes));
            }
            _ => {}
        }
        while live.len() > 12 {
            let place = usize::try_from(drawn.next()).unwrap_or(0) % live.len();
            free(live.swap_remove(place).0);
        }
    }
    live.into_iter().for_each(|(block, _)| free(block));
}
