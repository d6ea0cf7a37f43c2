//! Free OS pages of slabs in use go back, and their blocks are handed out again.
#![expect(unsafe_code, reason = "forks, locks pages, frees by address")]

use crate::again;
use crate::engine::{Engine, bytes_of, fill, free};
use crate::inspect::captured;
use bedplate_malloc::budget::budget;
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_malloc::{info, ops};
use bedplate_telemetry::Off;
use bedplate_testkit::seed::Chance;
use bedplate_testkit::{Block, Shape, Subject, check};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::time::Instant;

/// Small ones, ones that straddle pages, ones larger than a page, and ones of slabs of many slices.
const SIZES: [usize; 12] = [
    16, 48, 100, 400, 700, 1024, 3000, 4096, 5000, 8192, 12_000, 30_000,
];

/// A block with the byte that it is full of.
struct Kept(NonNull<u8>, usize, u8);
// SAFETY: a block that one thread at a time uses.
unsafe impl Send for Kept {}

impl Kept {
    fn new(bytes: usize, value: u8) -> Self {
        let block = Engine.malloc(bytes).expect("memory is there");
        fill(block, bytes, value);
        Self(block, bytes, value)
    }

    fn check(&self) {
        let Self(block, bytes, value) = *self;
        assert!(
            bytes_of(block, bytes).iter().all(|byte| *byte == value),
            "nobody else wrote to {block:p} of {bytes} bytes"
        );
    }

    fn end(self) {
        self.check();
        free(self.0);
    }
}

/// Frees about `part` of `whole` blocks, in random order.
fn thin(blocks: &mut Vec<Kept>, chance: &mut Chance, part: usize, whole: usize) {
    for i in (1..blocks.len()).rev() {
        blocks.swap(i, chance.below(i + 1));
    }
    let stays = blocks.len() - blocks.len() * part / whole;
    blocks.drain(stays..).for_each(Kept::end);
}

fn purged_bytes() -> u64 {
    CountersSnapshot::own().purged_bytes
}

/// Blocks come, most of them go, pages are purged, over and over; on several threads, some of which
/// end.
fn comes_and_goes(seed: u64) {
    let mut chance = Chance::new(seed);
    let mut blocks: Vec<Kept> = Vec::new();
    for round in 0..12_usize {
        for _ in 0..6000 {
            let bytes = SIZES[chance.below(SIZES.len())];
            let most = bytes / 4 * 3 + chance.below(bytes / 4 + 1);
            blocks.push(Kept::new(most, chance.bits().to_le_bytes()[0]));
        }
        let part = 80 + chance.below(19);
        thin(&mut blocks, &mut chance, part, 100);
        if chance.happens(2, 3) {
            let _bytes = ops::trim::<Off>();
        }
        blocks.iter().for_each(Kept::check);
        if round % 3 == 2 {
            // Others free a part of what is left.
            let given: Vec<Kept> = blocks.drain(blocks.len() / 2..).collect();
            let other = std::thread::spawn(move || {
                given.into_iter().for_each(Kept::end);
                let _bytes = ops::trim::<Off>();
            });
            other.join().expect("blocks are whole");
        }
    }
    blocks.into_iter().for_each(Kept::end);
}

fn a_sleeper() {
    let mut chance = Chance::new(7);
    let mut blocks: Vec<Kept> = (0..120_000)
        .map(|i: usize| Kept::new(64 + chance.below(961), i.to_le_bytes()[0]))
        .collect();
    let before = purged_bytes();
    thin(&mut blocks, &mut chance, 7, 8);
    // From here on this thread does nothing: only the purge thread can.
    let began = Instant::now();
    while purged_bytes() - before < 15 << 20 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} bytes went back",
            purged_bytes() - before
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(CountersSnapshot::own().slabs_lent > 300);
    blocks.iter().for_each(Kept::check);
    // The same slabs serve again, their purged pages too.
    let taken = CountersSnapshot::own().slabs_taken;
    let again: Vec<Kept> = (0..90_000)
        .map(|_| Kept::new(64 + chance.below(961), 3))
        .collect();
    let fresh = CountersSnapshot::own().slabs_taken - taken;
    assert!(fresh < 200, "{fresh} slabs were taken from the pool");
    blocks.iter().chain(&again).for_each(Kept::check);
    blocks.into_iter().chain(again).for_each(Kept::end);
}

/// A child has lent slabs with purged pages like any other.
fn a_fork() {
    let mut chance = Chance::new(9);
    let mut blocks: Vec<Kept> = (0..40_000)
        .map(|_| Kept::new(SIZES[chance.below(8)], 5))
        .collect();
    thin(&mut blocks, &mut chance, 7, 8);
    let before = purged_bytes();
    let _bytes = ops::trim::<Off>();
    assert!(purged_bytes() > before);
    // SAFETY: the child does its work and ends.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "a fork");
    let again: Vec<Kept> = (0..20_000)
        .map(|_| Kept::new(SIZES[chance.below(8)], 6))
        .collect();
    blocks.into_iter().chain(again).for_each(Kept::end);
    if pid == 0 {
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) }
    }
    let mut status = 0;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0, "the child ended well");
}

/// Slabs are lent behind others that are purged already; then threads free the rest at once, and some
/// of the slabs become empty while the heaps are locked.
fn two_waves() {
    let mut chance = Chance::new(21);
    let mut waves = [1, 2].map(|value| {
        (0..200_000)
            .map(|_| Kept::new(256, value))
            .collect::<Vec<_>>()
    });
    for wave in &mut waves {
        let (lent, before) = (CountersSnapshot::own().slabs_lent, purged_bytes());
        thin(wave, &mut chance, 15, 16);
        assert!(CountersSnapshot::own().slabs_lent > lent + 500);
        let began = Instant::now();
        while purged_bytes() - before < 12 << 20 {
            assert!(began.elapsed() < Duration::from_secs(60), "pages go back");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let held = budget().used_bytes();
    let frees = waves.map(|wave| std::thread::spawn(|| wave.into_iter().for_each(Kept::end)));
    frees.into_iter().for_each(|thread| {
        thread.join().expect("blocks are whole");
    });
    // This thread keeps some slabs of its own.
    let began = Instant::now();
    while held - budget().used_bytes() < 75 << 20 {
        let used = budget().used_bytes();
        assert!(began.elapsed() < Duration::from_secs(60), "{held} {used}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What the figures say of blocks of 400 bytes, from within and without.
fn the_figures() {
    let mut chance = Chance::new(11);
    let mut blocks: Vec<Kept> = (0..40_000).map(|_| Kept::new(400, 5)).collect();
    thin(&mut blocks, &mut chance, 9, 10);
    let before = purged_bytes();
    let _bytes = ops::trim::<Off>();
    assert!(purged_bytes() > before);
    assert_eq!(info::totals().live_bytes, blocks.len() * 416);
    let found = captured();
    let mut classes = found.classes.iter();
    let class = classes.find(|class| class.block_bytes == 416);
    let class = class.expect("the class is listed");
    let live = usize::try_from(class.live).expect("a count");
    assert_eq!(live, blocks.len(), "{class:?}");
    let is_in_blocks = |kept: &Kept| {
        let address = kept.0.addr().get() as u64;
        let mut ranges = found.ranges.iter();
        ranges.any(|range| (range.start..range.end).contains(&address) && range.live_bytes > 0)
    };
    assert!(blocks.iter().all(is_in_blocks), "each is in a range");
    blocks.into_iter().for_each(Kept::end);
}

/// The kernel does not take pages that are locked.
fn locked_pages() {
    let mut chance = Chance::new(13);
    let mut blocks: Vec<Kept> = (0..20_000).map(|_| Kept::new(1000, 5)).collect();
    let lock = |kept: &Kept| {
        // SAFETY: locks the pages of a live block; the contents stay.
        unsafe { libc::mlock(kept.0.as_ptr().cast(), 1000) == 0 }
    };
    let locked = blocks.iter().step_by(50).filter(|kept| lock(kept)).count();
    thin(&mut blocks, &mut chance, 7, 8);
    let before = CountersSnapshot::own().failed_advice;
    let _bytes = ops::trim::<Off>();
    // Where nothing may be locked, nothing is refused.
    assert!(locked < 10 || CountersSnapshot::own().failed_advice > before);
    let again: Vec<Kept> = (0..20_000).map(|_| Kept::new(1000, 6)).collect();
    blocks.into_iter().chain(again).for_each(Kept::end);
}

/// A thread allocates and ends; others free most of it.
fn an_ended_thread() {
    let owner = std::thread::spawn(|| {
        let mut chance = Chance::new(15);
        let blocks = (0..60_000).map(|_| Kept::new(64 + chance.below(961), 5));
        blocks.collect::<Vec<_>>()
    });
    let mut blocks = owner.join().expect("no panic");
    let mut chance = Chance::new(16);
    thin(&mut blocks, &mut chance, 7, 8);
    let before = purged_bytes();
    let _bytes = ops::trim::<Off>();
    let bytes = purged_bytes() - before;
    assert!(bytes > 8 << 20, "{bytes} bytes went back");
    blocks.into_iter().for_each(Kept::end);
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    let before = info::totals().live_bytes;
    match case.as_str() {
        "sleeper" => a_sleeper(),
        "fork" => a_fork(),
        "figures" => the_figures(),
        "locked" => locked_pages(),
        "waves" => two_waves(),
        "ended" => an_ended_thread(),
        "comes and goes" => {
            let threads: Vec<_> = (0..3)
                .map(|seed| std::thread::spawn(move || comes_and_goes(seed)))
                .collect();
            for thread in threads {
                thread.join().expect("blocks are whole");
            }
            assert!(CountersSnapshot::own().slabs_lent > 100);
        }
        other => panic!("no case is named {other}"),
    }
    let _bytes = ops::trim::<Off>();
    let after = info::totals().live_bytes;
    assert!(
        after < before + (1 << 20),
        "{after} bytes are live after {before}"
    );
}

/// The hardened build lends nothing: its free blocks have more than a link.
fn passes(case: &str) {
    if !cfg!(feature = "hardened") {
        again::passes("sparse::child", case);
    }
}

#[test]
fn pages_of_a_sleeping_thread_go_back_and_are_used_again() {
    passes("sleeper");
}

#[test]
fn a_forked_child_uses_purged_pages() {
    passes("fork");
}

#[test]
fn figures_count_blocks_of_purged_pages_as_free() {
    passes("figures");
}

#[test]
fn pages_that_the_kernel_keeps_lose_no_block() {
    passes("locked");
}

#[test]
fn slabs_that_become_empty_while_lent_go_back() {
    passes("waves");
}

#[test]
fn slabs_of_an_ended_thread_are_purged() {
    passes("ended");
}

#[test]
fn what_comes_and_goes_is_whole() {
    passes("comes and goes");
}

/// The engine, with a trim now and then, whoever calls.
struct Trimmed;
static FREES: AtomicUsize = AtomicUsize::new(0);

impl Subject for Trimmed {
    fn malloc(&self, size: usize) -> Option<NonNull<u8>> {
        Engine.malloc(size)
    }

    fn calloc(&self, count: usize, size: usize) -> Option<NonNull<u8>> {
        Engine.calloc(count, size)
    }

    fn memalign(&self, align: usize, size: usize) -> Option<NonNull<u8>> {
        Engine.memalign(align, size)
    }

    unsafe fn realloc(&self, block: Block, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's duty.
        unsafe { Engine.realloc(block, size) }
    }

    unsafe fn free(&self, block: Block) {
        // SAFETY: the caller's duty.
        unsafe { Engine.free(block) };
        if FREES.fetch_add(1, Ordering::Relaxed) % 61 == 60 {
            self.trim();
        }
    }

    unsafe fn usable_size(&self, block: Block) -> Option<usize> {
        // SAFETY: the caller's duty.
        unsafe { Engine.usable_size(block) }
    }

    fn trim(&self) {
        let _bytes = ops::trim::<Off>();
    }
}

#[test]
fn programs_agree_with_the_model_while_pages_are_purged() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let other = std::thread::spawn(|| {
        while !DONE.load(Ordering::Relaxed) {
            Trimmed.trim();
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    for (size_max, lane_count) in [(2000, 1), (10_000, 3), (30_000, 2)] {
        let shape = Shape {
            step_count: 12_000,
            slot_count: 1500,
            lane_count,
            size_max,
            align_log2_max: 8,
            ..Shape::default()
        };
        check::seeds(&Trimmed, &shape, 20..22);
    }
    DONE.store(true, Ordering::Relaxed);
    other.join().expect("no panic");
}
