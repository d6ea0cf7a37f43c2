//! Blocks with mappings of their own, whose memory is used again.
#![expect(unsafe_code, reason = "sets a limit, maps memory")]

use crate::again;
use crate::engine::{Engine, bytes_of, free, resize};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_malloc::{info, ops};
use bedplate_os::pages;
use bedplate_telemetry::Off;
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

/// Under a limit of the address space what was freed is soon the program's to map.
fn a_limit() {
    let limit = libc::rlimit {
        rlim_cur: 1 << 30,
        rlim_max: 1 << 30,
    };
    // SAFETY: limits this process.
    let code = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(code, 0);
    let mut held: Vec<Held> = (0..20).map(|_| Held::new(30 * MIB, 1)).collect();
    for place in &mut held {
        core::mem::replace(place, Held::new(25 * MIB, 2)).drop_checked();
    }
    held.into_iter().for_each(Held::drop_checked);
    let (read, private) = (libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh mapping that nobody uses.
    let at = unsafe { libc::mmap(core::ptr::null_mut(), 700 * MIB, read, private, -1, 0) };
    assert_ne!(at, libc::MAP_FAILED, "{:?}", info::totals());
}

/// Pages of the address space that this process has.
fn address_space() -> usize {
    let all = std::fs::read_to_string("/proc/self/statm").expect("this system has it");
    let pages = all.split(' ').next().and_then(|word| word.parse().ok());
    pages.expect("a number of pages")
}

/// Blocks cut of joined mappings are several ones to the kernel, which does not grow or move them.
fn resizes() {
    let mut chance = Chance::new(9);
    let mut held: Vec<Held> = Vec::new();
    let before = address_space();
    for turn in 0..3000_usize {
        let mark = turn.to_le_bytes()[0];
        let bytes = 2 * MIB + chance.below(30 * MIB);
        if held.len() < 20 {
            held.push(Held::new(bytes, mark));
        }
        let old = held.swap_remove(chance.below(held.len()));
        if chance.happens(1, 2) {
            old.drop_checked();
            continue;
        }
        let block = resize(old.block, bytes).expect("memory is there");
        let whole = Held {
            bytes: bytes.min(old.bytes),
            block,
            ..old
        };
        let whole_ones = whole.ends().take(whole.bytes.div_ceil(MIB));
        whole_ones.for_each(|at| assert_eq!(bytes_of(at, 1), [old.mark]));
        let now = Held { block, bytes, mark };
        now.ends().for_each(|at| crate::engine::fill(at, 1, mark));
        held.push(now);
    }
    held.into_iter().for_each(Held::drop_checked);
    let _bytes = ops::trim::<Off>();
    let more = address_space().saturating_sub(before) * pages::page_size();
    assert!(more < 64 * MIB, "{more} bytes are mapped for nobody");
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    match case.as_str() {
        "sizes" => sizes(),
        "limit" => a_limit(),
        "resizes" => resizes(),
        other => panic!("no case is named {other}"),
    }
}

fn sizes() {
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

#[test]
fn freed_memory_does_not_fill_a_limited_address_space() {
    again::passes("huge::child", "limit");
}

#[test]
fn blocks_that_cannot_be_moved_lose_no_addresses() {
    again::passes("huge::child", "resizes");
}
