//! The tables that readers find.
//!
//! # Role
//! Sites (a stack and a block size, with how many samples were allocated there and how many of
//! them were freed), and which sample lives where. All in one mapping of fixed size, of which only
//! what is used is touched.
//!
//! # Invariants
//! - I1: everything is written under the profile's lock; readers inside and outside the process
//!   take any recent value. A site never moves, and its stack is written before it is counted.
//! - I2: at most three quarters of the places for live samples are used, so every probe ends.
//! - I3: where a table is full the sample is dropped, and counted.

use super::Distances;
use super::known::{KNOWN, Known};
use bedplate_os::pages::{self, Protection};
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Sites.
pub(crate) const SITES: usize = 1 << 16;
/// Words for the frames of all sites.
pub(crate) const FRAMES: usize = 1 << 21;
/// Places of the index of sites: half of them stay empty.
const INDEX: usize = SITES * 2;
/// Places for live samples.
const PLACES: usize = 1 << 20;
/// Heaps that can take part.
const HEAPS: usize = 1 << 13;

/// The tables, as readers outside see them.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Tables {
    /// Bytes for each sample on the average, 0 while off.
    pub(crate) rate: AtomicU64,
    /// The mapping of all tables.
    pub(crate) mapping: AtomicUsize,
    /// Its bytes.
    pub(crate) mapping_bytes: AtomicUsize,
    /// Address of the first [`Site`].
    pub(crate) sites: AtomicUsize,
    /// Sites used.
    pub(crate) sites_used: AtomicUsize,
    /// Address of the first word of frames.
    pub(crate) frames: AtomicUsize,
    /// Words used.
    pub(crate) frames_used: AtomicUsize,
    /// Samples that could not be noted.
    pub(crate) dropped: AtomicU64,
    /// Samples that live.
    pub(crate) places_used: AtomicUsize,
    heaps_used: AtomicUsize,
}

/// A stack and a block size.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Site {
    /// Bytes of a block.
    pub(crate) block_bytes: AtomicU64,
    /// Samples allocated.
    pub(crate) allocated: AtomicU64,
    /// Of these, freed.
    pub(crate) freed: AtomicU64,
    /// Index of the first of its words of frames.
    pub(crate) first_frame: AtomicU32,
    /// How many there are.
    pub(crate) frame_count: AtomicU32,
    hash: AtomicU64,
}

/// Where a live sample is, and whose it is.
#[derive(Debug)]
#[repr(C)]
struct Place {
    /// Address of the block, 0 for an empty place.
    block: AtomicUsize,
    site: AtomicU32,
}

const SITES_BYTES: usize = SITES * size_of::<Site>();
const FRAMES_BYTES: usize = FRAMES * size_of::<AtomicUsize>();
const INDEX_BYTES: usize = INDEX * size_of::<AtomicU32>();
const PLACES_BYTES: usize = PLACES * size_of::<Place>();
const HEAPS_BYTES: usize = HEAPS * size_of::<Distances>();
const FRAMES_AT: usize = SITES_BYTES;
const INDEX_AT: usize = FRAMES_AT + FRAMES_BYTES;
const PLACES_AT: usize = INDEX_AT + INDEX_BYTES;
const HEAPS_AT: usize = PLACES_AT + PLACES_BYTES;
const KNOWN_AT: usize = HEAPS_AT + HEAPS_BYTES;
const ALL_BYTES: usize = KNOWN_AT + KNOWN * size_of::<Known>();

/// The tables of this copy of the allocator.
static TABLES: Tables = Tables {
    rate: AtomicU64::new(0),
    mapping: AtomicUsize::new(0),
    mapping_bytes: AtomicUsize::new(0),
    sites: AtomicUsize::new(0),
    sites_used: AtomicUsize::new(0),
    frames: AtomicUsize::new(0),
    frames_used: AtomicUsize::new(0),
    dropped: AtomicU64::new(0),
    places_used: AtomicUsize::new(0),
    heaps_used: AtomicUsize::new(0),
};

/// True if allocations are sampled.
#[must_use]
#[inline(always)]
pub(crate) fn is_on() -> bool {
    rate() != 0
}

/// Bytes for each sample on the average.
#[must_use]
#[inline(always)]
pub(super) fn rate() -> u64 {
    // Relaxed: set once; whoever misses it samples a little later.
    TABLES.rate.load(Ordering::Relaxed)
}

/// Maps the tables and switches sampling on. False where the kernel refuses.
pub(super) fn make(rate: u64) -> bool {
    if TABLES.mapping.load(Ordering::Relaxed) != 0 {
        return true;
    }
    let Some(bytes) = pages::round_up(ALL_BYTES) else {
        return false;
    };
    let Ok(at) = pages::map(0, bytes, Protection::ReadWrite) else {
        crate::counters::COUNTERS.failed_maps.add(1);
        return false;
    };
    let start = at.as_ptr().expose_provenance();
    TABLES.sites.store(start, Ordering::Relaxed);
    TABLES.frames.store(start + FRAMES_AT, Ordering::Relaxed);
    TABLES.mapping_bytes.store(bytes, Ordering::Relaxed);
    TABLES.mapping.store(start, Ordering::Relaxed);
    TABLES.rate.store(rate, Ordering::Release);
    crate::root::tell_profile((&raw const TABLES).expose_provenance() as u64);
    true
}

/// A table of the mapping; empty before there is one.
fn table<T>(offset: usize, count: usize) -> &'static [T] {
    let start = TABLES.mapping.load(Ordering::Relaxed);
    if start == 0 {
        return &[];
    }
    let first: *const T = core::ptr::with_exposed_provenance(start + offset);
    // SAFETY: the mapping is never unmapped and large enough for each of the tables, which consist
    // of atomics, for which zero pages are valid; offsets are multiples of 8.
    unsafe { core::slice::from_raw_parts(first, count) }
}

fn sites() -> &'static [Site] {
    table(0, SITES)
}

fn frames() -> &'static [AtomicUsize] {
    table(FRAMES_AT, FRAMES)
}

fn places() -> &'static [Place] {
    table(PLACES_AT, PLACES)
}

/// Stacks seen before.
pub(super) fn known() -> &'static [Known] {
    table(KNOWN_AT, KNOWN)
}

/// Counts a sample that is lost.
pub(super) fn dropped() {
    TABLES.dropped.fetch_add(1, Ordering::Relaxed);
}

/// Distances for one more heap.
pub(super) fn new_distances() -> Option<&'static Distances> {
    let index = TABLES.heaps_used.load(Ordering::Relaxed);
    let start = TABLES.mapping.load(Ordering::Relaxed);
    if start == 0 || index == HEAPS {
        return None;
    }
    TABLES.heaps_used.store(index + 1, Ordering::Relaxed);
    let at = start + HEAPS_AT + index * size_of::<Distances>();
    let place: *mut Distances = core::ptr::with_exposed_provenance_mut(at);
    let seed = bedplate_os::clock::monotonic_ns() ^ (at as u64).rotate_left(32);
    // SAFETY: inside the mapping, aligned, and nobody's before.
    unsafe { place.write(Distances::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))) };
    // SAFETY: just written, and never unmapped.
    Some(unsafe { &*place })
}

fn hash_of(frames: &[usize], bytes: u64) -> u64 {
    let start = bytes ^ 0x51_7c_c1_b7_27_22_0a_95;
    frames.iter().fold(start, |hash, frame| {
        (hash.rotate_left(5) ^ *frame as u64).wrapping_mul(0x51_7c_c1_b7_27_22_0a_95)
    })
}

/// The site of a stack and size, found or made. `None` where a table is full.
pub(super) fn site(stack: &[usize], bytes: u64) -> Option<u32> {
    if TABLES.places_used.load(Ordering::Relaxed) >= PLACES / 4 * 3 {
        return None;
    }
    let hash = hash_of(stack, bytes);
    let index: &[AtomicU32] = table(INDEX_AT, INDEX);
    let mut at = (hash >> 32) as usize % INDEX;
    // Bounded: half of the index is empty.
    loop {
        let place = index.get(at)?;
        let known = place.load(Ordering::Relaxed);
        if known == 0 {
            let made = new_site(stack, bytes, hash)?;
            place.store(made + 1, Ordering::Relaxed);
            return Some(made);
        }
        if is_site(known - 1, stack, bytes, hash) {
            return Some(known - 1);
        }
        at = (at + 1) % INDEX;
    }
}

fn is_site(number: u32, stack: &[usize], bytes: u64, hash: u64) -> bool {
    let Some(site) = sites().get(number as usize) else {
        return false;
    };
    if site.hash.load(Ordering::Relaxed) != hash
        || site.block_bytes.load(Ordering::Relaxed) != bytes
        || site.frame_count.load(Ordering::Relaxed) as usize != stack.len()
    {
        return false;
    }
    let first = site.first_frame.load(Ordering::Relaxed) as usize;
    let kept = frames().get(first..first + stack.len()).unwrap_or(&[]);
    kept.iter()
        .zip(stack)
        .all(|(kept, frame)| kept.load(Ordering::Relaxed) == *frame)
}

#[expect(clippy::cast_possible_truncation, reason = "tables are far below 2^32")]
fn new_site(stack: &[usize], bytes: u64, hash: u64) -> Option<u32> {
    let number = TABLES.sites_used.load(Ordering::Relaxed);
    let first = TABLES.frames_used.load(Ordering::Relaxed);
    let site = sites().get(number)?;
    let words = frames().get(first..first + stack.len())?;
    for (word, frame) in words.iter().zip(stack) {
        word.store(*frame, Ordering::Relaxed);
    }
    site.hash.store(hash, Ordering::Relaxed);
    site.block_bytes.store(bytes, Ordering::Relaxed);
    site.first_frame.store(first as u32, Ordering::Relaxed);
    site.frame_count
        .store(stack.len() as u32, Ordering::Relaxed);
    TABLES
        .frames_used
        .store(first + stack.len(), Ordering::Relaxed);
    // Release: a reader in this process that sees the count sees the site.
    TABLES.sites_used.store(number + 1, Ordering::Release);
    Some(number as u32)
}

/// Where probing for a block begins. Sampled blocks lie side by side in few slabs: so do their
/// places, while slices are spread.
fn first_place(block: usize) -> usize {
    ((block >> 4) + (block >> 16).wrapping_mul(0x9e37_79b9)) % PLACES
}

/// The place of a block, or the empty one where it would be.
fn place_of(block: usize) -> usize {
    let places = places();
    let mut at = first_place(block);
    // Bounded: a quarter of the places is empty (I2).
    while let Some(place) = places.get(at) {
        let found = place.block.load(Ordering::Relaxed);
        if found == block || found == 0 {
            break;
        }
        at = (at + 1) % PLACES;
    }
    at
}

/// A sample lives from now on.
pub(super) fn enlist(block: usize, site: u32) {
    occupy(block, site);
    if let Some(site) = sites().get(site as usize) {
        add(&site.allocated, 1);
    }
}

/// A sample that was ended lives on.
pub(super) fn relist(block: usize, site: u32) {
    occupy(block, site);
    if let Some(site) = sites().get(site as usize) {
        add(&site.freed, u64::MAX);
    }
}

/// Adds to a word that only the lock's holder writes.
fn add(word: &AtomicU64, count: u64) {
    let now = word.load(Ordering::Relaxed).wrapping_add(count);
    word.store(now, Ordering::Relaxed);
}

fn occupy(block: usize, site: u32) {
    if let Some(place) = places().get(place_of(block)) {
        place.site.store(site, Ordering::Relaxed);
        place.block.store(block, Ordering::Relaxed);
        let used = TABLES.places_used.load(Ordering::Relaxed);
        TABLES.places_used.store(used + 1, Ordering::Relaxed);
    }
}

/// A block's sample lives no more: its site, `None` if the block is no live sample.
pub(super) fn delist(block: usize) -> Option<u32> {
    let places = places();
    let mut hole = place_of(block);
    let place = places.get(hole)?;
    if place.block.load(Ordering::Relaxed) != block {
        return None;
    }
    let site = place.site.load(Ordering::Relaxed);
    let used = TABLES.places_used.load(Ordering::Relaxed);
    TABLES.places_used.store(used - 1, Ordering::Relaxed);
    if let Some(site) = sites().get(site as usize) {
        add(&site.freed, 1);
    }
    // Whoever was pushed beyond the hole moves into it, so that no probe ends too early.
    let mut at = hole;
    loop {
        at = (at + 1) % PLACES;
        let Some(next) = places.get(at) else { break };
        let other = next.block.load(Ordering::Relaxed);
        if other == 0 {
            break;
        }
        let home = first_place(other);
        let from_home = (at + PLACES - home) % PLACES;
        let from_hole = (at + PLACES - hole) % PLACES;
        if from_home >= from_hole
            && let Some(empty) = places.get(hole)
        {
            empty
                .site
                .store(next.site.load(Ordering::Relaxed), Ordering::Relaxed);
            empty.block.store(other, Ordering::Relaxed);
            hole = at;
        }
    }
    if let Some(empty) = places.get(hole) {
        empty.block.store(0, Ordering::Relaxed);
    }
    Some(site)
}

/// What was allocated and freed before is forgotten; what lives stays.
pub(super) fn forget_freed() {
    let used = TABLES.sites_used.load(Ordering::Relaxed);
    for site in sites().get(..used).unwrap_or(&[]) {
        let freed = site.freed.load(Ordering::Relaxed);
        if freed > 0 {
            add(&site.allocated, freed.wrapping_neg());
            site.freed.store(0, Ordering::Relaxed);
        }
    }
    TABLES.dropped.store(0, Ordering::Relaxed);
}
