//! Free OS pages inside slabs in use.
//!
//! # Role
//! Give back the pages of a slab on which no block is handed out, and put their blocks back on the
//! slab's list when they are needed.
//!
//! # Not here
//! Which slabs, and when: `sparse.rs`.
//!
//! # How it works
//! A page goes back when every block that lies on it, in part or whole, is free. The blocks that
//! begin on it lose their links by that, so they leave the list first: they are as blocks that were
//! never on it, and `extended` counts them no more. What of other blocks lies on the page has no
//! link: those stay on the list. A miss puts the blocks of one page at a time back.
//!
//! # Invariants
//! - I1: a block is off the list of a hollow slab, and free, if and only if it begins on a page
//!   whose bit is set.
//! - I2: only slabs of which every block was on the list become hollow; so `extended` of a hollow
//!   slab is its capacity less those blocks, and below its capacity until the last page is back:
//!   the common miss leaves such a slab alone.
//! - I3: the caller owns the slab: it is the owner's thread or the holder of the heaps lock.

use crate::counters::COUNTERS;
use crate::raw::{self, Block};
use crate::slab::Slab;
use crate::tuning::SLICE_BYTES;
use bedplate_os::pages;
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

/// Words of a map of a slab's blocks.
const WORDS: usize = SLICE_BYTES / 16 / 64;

/// A set of a slab's blocks.
struct Blocks([u64; WORDS]);

impl Blocks {
    const fn none() -> Self {
        Self([0; WORDS])
    }

    /// Puts a block into the set; false if it was there, or is none.
    fn add(&mut self, index: usize) -> bool {
        let Some(word) = self.0.get_mut(index / 64) else {
            return false;
        };
        let bit = 1 << (index % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn has(&self, index: usize) -> bool {
        self.0
            .get(index / 64)
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Calls `each` for every block of the set, in the order of their addresses.
    fn for_each(&self, mut each: impl FnMut(usize)) {
        for (place, word) in self.0.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                each(place * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

/// Where a slab's blocks and pages lie.
struct Plan {
    block_bytes: usize,
    capacity: usize,
    page_bytes: usize,
    pages: usize,
}

impl Plan {
    fn of(slab: &'static Slab) -> Self {
        let page_bytes = pages::page_size();
        Self {
            block_bytes: slab.block_bytes(),
            capacity: slab.capacity() as usize,
            page_bytes,
            pages: slab.slices() * SLICE_BYTES / page_bytes,
        }
    }

    /// The blocks that begin on a page.
    fn begin_on(&self, page: usize) -> Range<usize> {
        let first = (page * self.page_bytes).div_ceil(self.block_bytes);
        let end = ((page + 1) * self.page_bytes).div_ceil(self.block_bytes);
        first..end.min(self.capacity)
    }

    /// The blocks that lie on a page, in part or whole.
    fn lie_on(&self, page: usize) -> Range<usize> {
        let first = page * self.page_bytes / self.block_bytes;
        let end = ((page + 1) * self.page_bytes).div_ceil(self.block_bytes);
        first..end.min(self.capacity)
    }

    fn page_of(&self, index: usize) -> usize {
        index * self.block_bytes / self.page_bytes
    }
}

/// The pages of a slab that went back, by bit.
fn purged(slab: &'static Slab) -> u128 {
    let [low, high] = &raw::shared(slab).purged;
    // Relaxed: the owner's own words (I3).
    u128::from(low.load(Ordering::Relaxed)) | u128::from(high.load(Ordering::Relaxed)) << 64
}

#[expect(clippy::cast_possible_truncation, reason = "halves")]
fn set_purged(slab: &'static Slab, pages: u128) {
    let [low, high] = &raw::shared(slab).purged;
    // Relaxed: as above.
    low.store(pages as u64, Ordering::Relaxed);
    high.store((pages >> 64) as u64, Ordering::Relaxed);
}

/// A slab comes from the pool, or goes back to it: none of its pages are purged.
pub(crate) fn forget(slab: &'static Slab) {
    set_purged(slab, 0);
}

/// How many of a slab's blocks, from its start on, may ever have been handed out.
#[must_use]
pub(crate) fn reach(slab: &'static Slab) -> u32 {
    if purged(slab) == 0 {
        slab.extended()
    } else {
        slab.capacity()
    }
}

/// Puts the blocks of one purged page back on the empty list of a slab. Returns how many.
#[inline(always)]
pub(crate) fn relink(slab: &'static Slab) -> u32 {
    match purged(slab) {
        0 => 0,
        pages => relink_slow(slab, pages),
    }
}

#[cold]
#[inline(never)]
fn relink_slow(slab: &'static Slab, mut pages: u128) -> u32 {
    let plan = Plan::of(slab);
    let mut blocks = 0..0;
    // Bounded by the bits. In the middle of a large block no block begins.
    while pages != 0 && blocks.is_empty() {
        blocks = plan.begin_on(pages.trailing_zeros() as usize);
        pages &= pages - 1;
    }
    set_purged(slab, pages);
    #[expect(clippy::cast_possible_truncation, reason = "at most 4096 blocks")]
    let (count, extended) = (blocks.len() as u32, (blocks.len() as u16));
    if count > 0 {
        let first = raw::start_of(slab) + blocks.start * plan.block_bytes;
        // SAFETY: these blocks are free and on no list (I1), and the slab is ours (I3).
        let head = unsafe { raw::chain(first, plan.block_bytes, count, core::ptr::null_mut()) };
        slab.free.set(head);
        let before = slab.extended.load(Ordering::Relaxed);
        slab.extended.store(before + extended, Ordering::Relaxed);
    }
    count
}

/// Gives the pages of a queued or sparse slab back on which nothing is handed out. Returns the
/// bytes.
///
/// A list that is damaged, or does not have as many blocks as the slab's record says, is left to
/// those who report misuse.
pub(crate) fn purge(slab: &'static Slab) -> usize {
    let before = purged(slab);
    if before == 0 && slab.extended() != slab.capacity() {
        return 0;
    }
    let plan = Plan::of(slab);
    if plan.pages > u128::BITS as usize {
        return 0;
    }
    let Some(listed) = listed(slab, &plan, before) else {
        return 0;
    };
    let is_free = |index: usize| listed.has(index) || before >> plan.page_of(index) & 1 == 1;
    let mut gone = 0_u128;
    for page in (0..plan.pages).filter(|page| before >> page & 1 == 0) {
        let mut blocks = plan.lie_on(page);
        if !blocks.is_empty() && blocks.all(is_free) {
            gone |= 1 << page;
        }
    }
    if gone == 0 {
        return 0;
    }
    let kept = link_all_but(slab, &plan, &listed, gone);
    let out = slab.out();
    #[expect(clippy::cast_possible_truncation, reason = "at most 4096 blocks")]
    slab.extended.store((kept + out) as u16, Ordering::Relaxed);
    set_purged(slab, before | gone);
    give_back(slab, &plan, gone)
}

/// The blocks on a slab's list; `None` where the list is not what it should be.
fn listed(slab: &'static Slab, plan: &Plan, purged: u128) -> Option<Blocks> {
    let start = raw::start_of(slab);
    let mut blocks = Blocks::none();
    let mut count = 0;
    let mut at = slab.free.get();
    // Bounded: a block that comes twice ends it.
    while !at.is_null() {
        let offset = at.expose_provenance().checked_sub(start)?;
        let index = offset / plan.block_bytes.max(1);
        let is_block = index < plan.capacity && index * plan.block_bytes == offset;
        if !is_block || purged >> plan.page_of(index) & 1 == 1 || !blocks.add(index) {
            return None;
        }
        count += 1;
        // SAFETY: the start of a block of the slab, on a page that is there; the list is ours (I3).
        at = unsafe { raw::link(at) };
    }
    (count + slab.out() == slab.extended()).then_some(blocks)
}

/// Makes a slab's list anew, in the order of addresses, without the blocks that begin on some
/// pages. Returns how many it has.
fn link_all_but(slab: &'static Slab, plan: &Plan, listed: &Blocks, pages: u128) -> u32 {
    let start = raw::start_of(slab);
    let mut last: *mut Block = core::ptr::null_mut();
    let mut count = 0;
    listed.for_each(|index| {
        if pages >> plan.page_of(index) & 1 == 1 {
            return;
        }
        let at = start + index * plan.block_bytes;
        let block: *mut Block = core::ptr::with_exposed_provenance_mut(at);
        if last.is_null() {
            slab.free.set(block);
        } else {
            // SAFETY: a free block of the slab, which is ours (I3).
            unsafe { raw::set_link(last, block) };
        }
        last = block;
        count += 1;
    });
    if last.is_null() {
        slab.free.set(core::ptr::null_mut());
    } else {
        // SAFETY: as above.
        unsafe { raw::set_link(last, core::ptr::null_mut()) };
    }
    count
}

/// Where the kernel refuses (locked pages) it may have taken a part: the blocks stay off the list
/// in any case.
fn give_back(slab: &'static Slab, plan: &Plan, gone: u128) -> usize {
    let mut bytes = 0;
    let mut page = 0;
    while page < plan.pages {
        let first = page;
        while page < plan.pages && gone >> page & 1 == 1 {
            page += 1;
        }
        let count = page - first;
        page += 1;
        let at = raw::start_of(slab) + first * plan.page_bytes;
        let at: *mut u8 = core::ptr::with_exposed_provenance_mut(at);
        let Some(at) = NonNull::new(at).filter(|_| count > 0) else {
            continue;
        };
        // SAFETY: whole pages of the slab, which is ours (I3), without a block that is handed out,
        // and without a link of one that is on the list.
        match unsafe { pages::decommit(at, count * plan.page_bytes) } {
            Ok(()) => bytes += count * plan.page_bytes,
            Err(_) => COUNTERS.failed_advice.add(1),
        }
    }
    COUNTERS.purged_bytes.add(bytes as u64);
    bytes
}
