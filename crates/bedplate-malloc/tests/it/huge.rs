//! Blocks with mappings of their own, whose memory is used again.

use crate::again;
use crate::engine::{Engine, bytes_of, free};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_malloc::info;
use bedplate_testkit::{Chance, Subject as _};
use core::ptr::NonNull;
use core::time::Duration;
use std::time::Instant;

const MIB: usize = 1 << 20;
const LIVE: usize = 20;
const TURNS: usize = 1000;

struct Held {
    block: NonNull<u8>,
    bytes: usize,
    mark: u8,
}

impl Held {
    fn new(bytes: usize, mark: u8) -> Self {
        let block = Engine.malloc(bytes).expect("memory is there");
        let held = Self { block, bytes, mark };
        held.ends().for_each(|at| crate::engine::fill(at, 1, mark));
        held
    }

    /// The first and last byte, and one in each MiB.
    fn ends(&self) -> impl Iterator<Item = NonNull<u8>> {
        let start = self.block.as_ptr();
        (0..self.bytes)
            .step_by(MIB)
            .chain([self.bytes - 1])
            .filter_map(move |at| NonNull::new(start.wrapping_add(at)))
    }

    fn drop_checked(self) {
        for at in self.ends() {
            assert_eq!(bytes_of(at, 1), [self.mark]);
        }
        free(self.block);
    }
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(_) = again::case() else { return };
    let mut chance = Chance::new(7);
    let mut held: [Option<Held>; LIVE] = [const { None }; LIVE];
    let mut most = 0;
    for turn in 0..TURNS {
        let place = chance.below(LIVE);
        if let Some(old) = held[place].take() {
            old.drop_checked();
        }
        let bytes = 5 * MIB + chance.below(20 * MIB);
        held[place] = Some(Held::new(bytes, turn.to_le_bytes()[0]));
        let totals = info::totals();
        most = most.max(totals.huge_bytes);
        let all = totals.huge_bytes + totals.waiting_bytes;
        assert!(
            all <= most + most / 4 + (32 << 20),
            "{totals:?} where at most {most} bytes were live"
        );
    }
    let counters = CountersSnapshot::own();
    assert!(
        counters.huge_reused > 8 * counters.huge_maps,
        "most are served from what is there: {counters:?}"
    );
    held.into_iter().flatten().for_each(Held::drop_checked);
    // From here on this thread does nothing: only the helper can.
    let began = Instant::now();
    while info::totals().waiting_bytes > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "it goes back");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn blocks_of_any_size_use_freed_memory_again() {
    again::passes("huge::child", "sizes");
}
