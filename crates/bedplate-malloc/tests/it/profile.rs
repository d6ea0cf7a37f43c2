//! The heap profile: unbiased in every pattern of allocation, exact about what was freed.

use crate::again;
use crate::engine::{Engine, fill, free};
use crate::inspect::{Own, root};
use alloc::collections::BTreeMap;
use bedplate_malloc::inspect::{HeapProfile, heap_profile};
use bedplate_testkit::Subject as _;
use core::ptr::NonNull;

/// Rounds whose estimates are compared with the truth.
const ROUNDS: usize = 20;

fn profile() -> HeapProfile {
    heap_profile(&Own, root())
        .expect("our own memory can be read")
        .expect("the process is profiled")
}

fn take(bytes: usize) -> NonNull<u8> {
    Engine.malloc(bytes).expect("memory is there")
}

/// Blocks to keep for the round's end.
type Kept = Vec<NonNull<u8>>;

/// What a pattern allocates of one block size.
struct Pattern {
    name: &'static str,
    /// The size of the blocks, which is no other pattern's.
    block_bytes: u64,
    /// Blocks it allocates.
    blocks: u32,
    run: fn(&Self, &mut Kept),
}

impl Pattern {
    fn bytes(&self) -> usize {
        // The hardened build has eight bytes more in each block.
        usize::try_from(self.block_bytes - 8).expect("a size")
    }
}

fn each_freed_at_once(pattern: &Pattern, _kept: &mut Kept) {
    for _ in 0..pattern.blocks {
        free(take(pattern.bytes()));
    }
}

fn all_kept(pattern: &Pattern, kept: &mut Kept) {
    kept.extend((0..pattern.blocks).map(|_| take(pattern.bytes())));
}

fn in_batches(pattern: &Pattern, _kept: &mut Kept) {
    for _ in 0..pattern.blocks / 1000 {
        let batch: Vec<_> = (0..1000).map(|_| take(pattern.bytes())).collect();
        batch.into_iter().for_each(free);
    }
}

/// 300 live blocks, one of which is replaced at a time.
fn replaced(pattern: &Pattern, _kept: &mut Kept) {
    let mut live: Vec<_> = (0..300).map(|_| take(pattern.bytes())).collect();
    let mut at = 0;
    for i in 0..pattern.blocks as usize - live.len() {
        at = (at + 17 + i % 5) % live.len();
        free(core::mem::replace(&mut live[at], take(pattern.bytes())));
    }
    live.into_iter().for_each(free);
}

/// The same among 8000: most misses find a slab with free blocks in the queue.
fn replaced_among_many(pattern: &Pattern, _kept: &mut Kept) {
    let mut live: Vec<_> = (0..8000).map(|_| take(pattern.bytes())).collect();
    let mut at = 0;
    for _ in 0..pattern.blocks as usize - live.len() {
        at = (at * 25_173 + 13_849) % live.len();
        free(core::mem::replace(&mut live[at], take(pattern.bytes())));
    }
    live.into_iter().for_each(free);
}

fn freed_by_another_thread(pattern: &Pattern, _kept: &mut Kept) {
    for _ in 0..pattern.blocks / 500 {
        let batch: Vec<usize> = (0..500)
            .map(|_| take(pattern.bytes()).as_ptr().expose_provenance())
            .collect();
        let freeing = std::thread::spawn(move || {
            batch.into_iter().for_each(give_back);
        });
        freeing.join().expect("the thread ends");
    }
}

fn in_threads_that_end(pattern: &Pattern, _kept: &mut Kept) {
    let bytes = pattern.bytes();
    for _ in 0..pattern.blocks / 50 {
        let thread = std::thread::spawn(move || {
            let blocks: Vec<_> = (0..50).map(|_| take(bytes)).collect();
            blocks.into_iter().for_each(free);
        });
        thread.join().expect("the thread ends");
    }
}

const fn pattern(
    name: &'static str,
    block_bytes: u64,
    blocks: u32,
    run: fn(&Pattern, &mut Kept),
) -> Pattern {
    Pattern {
        name,
        block_bytes,
        blocks,
        run,
    }
}

const PATTERNS: &[Pattern] = &[
    pattern("each freed at once", 48, 60_000, each_freed_at_once),
    pattern("all kept", 112, 20_000, all_kept),
    pattern("in batches", 320, 15_000, in_batches),
    pattern("replaced", 208, 20_000, replaced),
    pattern("replaced among many", 448, 40_000, replaced_among_many),
    pattern(
        "freed by another thread",
        640,
        10_000,
        freed_by_another_thread,
    ),
    pattern("in threads that end", 1024, 4000, in_threads_that_end),
    pattern("of several slices", 20_480, 1000, replaced),
    pattern("large", 102_400, 400, each_freed_at_once),
];

#[derive(Clone, Copy, Default)]
struct Sampled {
    allocated: u64,
    live: u64,
}

fn by_size(profile: &HeapProfile) -> BTreeMap<u64, Sampled> {
    let mut sums: BTreeMap<u64, Sampled> = BTreeMap::new();
    for site in &profile.sites {
        let sum = sums.entry(site.block_bytes).or_default();
        sum.allocated += site.allocated;
        sum.live += site.allocated - site.freed;
    }
    sums
}

/// How far an estimate is from the truth, in standard deviations.
fn deviation(profile: &HeapProfile, pattern: &Pattern, samples: u64) -> f64 {
    let weight = profile.weight(pattern.block_bytes);
    let blocks = f64::from(pattern.blocks);
    let estimate = weight * samples as f64;
    (estimate - blocks) / (blocks * (weight - 1.0)).sqrt()
}

#[expect(clippy::print_stderr, reason = "figures for whoever runs it by hand")]
fn estimates_have_the_right_mean_and_scatter() {
    let mut deviations: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let mut kept = Kept::new();
        for pattern in PATTERNS {
            let before = by_size(&profile());
            (pattern.run)(pattern, &mut kept);
            let now = profile();
            let after = by_size(&now);
            let of = |sums: &BTreeMap<u64, Sampled>| {
                // The hardened build has other sizes of large blocks.
                let sizes = pattern.block_bytes - 8..=pattern.block_bytes * 17 / 16;
                sums.range(sizes).fold((0, 0), |(made, live), (_, sum)| {
                    (made + sum.allocated, live + sum.live)
                })
            };
            let (before, after) = (of(&before), of(&after));
            let (made, live) = (after.0 - before.0, after.1 - before.1);
            let keeps = pattern.name == "all kept";
            assert_eq!(live, if keeps { made } else { 0 }, "{}", pattern.name);
            deviations
                .entry(pattern.name)
                .or_default()
                .push(deviation(&now, pattern, made));
        }
        kept.into_iter().for_each(free);
    }
    for (name, found) in &deviations {
        let mean = found.iter().sum::<f64>() / ROUNDS as f64;
        let scatter = found.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / (ROUNDS - 1) as f64;
        eprintln!("{name}: {mean:.2} standard deviations off, variance {scatter:.2}");
        // A hundred thousandth each way: 4.3 standard errors, and the chi-square bounds of 19.
        assert!(
            mean.abs() * (ROUNDS as f64).sqrt() < 4.3,
            "{name}: {found:?}"
        );
        assert!((0.12..3.2).contains(&scatter), "{name}: {found:?}");
    }
    let end = profile();
    let live: u64 = by_size(&end).values().map(|s| s.live).sum();
    assert_eq!((live, end.dropped), (0, 0), "everything was freed");
}

fn every_block_of_a_rate_of_one_is_known() {
    let before = profile();
    let blocks: Vec<_> = (1..2000_usize).map(|i| (take(i * 3), i * 3)).collect();
    blocks.iter().for_each(|(b, n)| fill(*b, *n, 7));
    let during = profile();
    let count = |p: &HeapProfile| by_size(p).values().map(|s| s.live).sum::<u64>();
    // A block of 16 bytes is missed once in nine million.
    assert!(count(&during) - count(&before) >= 1998);
    blocks.into_iter().for_each(|(b, _)| free(b));
    assert_eq!(count(&profile()), count(&before));
}

fn resizing_keeps_the_count_of_what_lives() {
    for bytes in [100_usize, 5000, 100_000, 3 << 20] {
        let mut block = take(bytes);
        for turn in 1..40_usize {
            let to = if turn % 3 == 0 { bytes } else { bytes * turn };
            let given = bedplate_testkit::Block {
                start: block,
                size: 0,
                align: 16,
            };
            block = crate::engine::resized(given, to);
            fill(block, to, 3);
        }
        free(block);
    }
    let live: u64 = by_size(&profile()).values().map(|s| s.live).sum();
    assert_eq!(live, 0);
}

/// Heaps of threads that ended are full of blocks that are no samples: slabs of theirs must not
/// come to serve samples.
fn blocks_of_ended_threads_are_no_samples() {
    let mut left: Vec<usize> = Vec::new();
    for turn in 0..200 {
        let thread = std::thread::spawn(move || {
            let blocks = (0..600).map(|i| take(24 + (i + turn) % 900).as_ptr().expose_provenance());
            blocks.collect::<Vec<usize>>()
        });
        let blocks = thread.join().expect("the thread ends");
        // The ended thread's heap waits for the next: samples are taken beside it.
        left.extend((0..600).map(|i| take(24 + (i + turn) % 900).as_ptr().expose_provenance()));
        for (index, address) in blocks.into_iter().enumerate() {
            if index % 2 == 0 {
                left.push(address);
            } else {
                give_back(address);
            }
        }
    }
    left.into_iter().for_each(give_back);
    let live: u64 = by_size(&profile()).values().map(|s| s.live).sum();
    assert_eq!(live, 0);
}

fn give_back(address: usize) {
    let block = core::ptr::with_exposed_provenance_mut(address);
    free(NonNull::new(block).expect("a block"));
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let case = again::case();
    if case.is_some() {
        // The allocator starts with the first block.
        free(take(1));
    }
    match case.as_deref() {
        Some("estimates") => estimates_have_the_right_mean_and_scatter(),
        Some("every block") => every_block_of_a_rate_of_one_is_known(),
        Some("ended threads") => blocks_of_ended_threads_are_no_samples(),
        Some("resizing") => resizing_keeps_the_count_of_what_lives(),
        Some("off") => {
            free(take(1 << 20));
            let found = heap_profile(&Own, root()).expect("our own memory can be read");
            assert_eq!(found, None);
        }
        Some(other) => panic!("no case is named {other}"),
        None => {}
    }
}

fn passes(case: &str, rate: &str) {
    let output = again::command("profile::child", case)
        .env("BEDPLATE_MALLOC_PROFILE", rate)
        .output()
        .expect("the test starts again");
    again::must_pass(case, &output);
}

#[test]
fn estimates_are_unbiased_in_every_pattern() {
    passes("estimates", "16K");
}

#[test]
fn a_rate_of_one_notes_everything() {
    passes("every block", "1");
}

#[test]
fn slabs_of_ended_threads_serve_no_samples() {
    passes("ended threads", "2K");
}

#[test]
fn resized_blocks_are_followed() {
    passes("resizing", "4K");
}

#[test]
fn nothing_is_noted_unless_asked() {
    passes("off", "off");
}
