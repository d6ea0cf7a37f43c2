//! The heap's memory.
//!
//! # Role
//! [`Words`]: words by 32-bit index, in one reservation that never moves. Any index is safe: it is cut
//! to what is committed, which costs one instruction and makes a wrong handle harmless to memory.
//!
//! # Not here
//! What the words mean. The checked twin, `checked.rs`, has the same functions over a vector.
//!
//! # Invariants
//! - I1: `mask + 1 + SLACK` words from `base` on are committed, readable and writable, and initialised
//!   (the kernel gives zeros); `mask + 1` is a power of two.
//! - I2: `base` is the start of a reservation of `capacity + SLACK` words that only this owns.
//! - I3: the budget, if there is one, was charged `charged` bytes: what is committed and not given.

use crate::HeapError;
use crate::bits::narrow;
use crate::slots::CHUNK_SHIFT;
use crate::trim::Given;
use bedplate_os::budget::Budget;
use bedplate_os::pages;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// What is committed at first: 1 MiB.
const START_WORDS: usize = 1 << 17;

/// Words behind what an index can reach: the words near an object are read by the object's place, cut
/// once, and a constant. One OS page.
const SLACK: usize = 512;

/// Words by index.
#[derive(Debug)]
pub(crate) struct Words {
    base: NonNull<u64>,
    mask: u32,
    capacity: usize,
    budget: Option<&'static Budget>,
    charged: usize,
    given: Given,
    /// Not `Sync`, as its twin.
    single: PhantomData<Cell<()>>,
}

impl Words {
    /// Reserves `capacity` words, rounded up to a power of two, whose commits a budget is charged for.
    pub(crate) fn new(capacity: usize, budget: Option<&'static Budget>) -> Result<Self, HeapError> {
        let capacity = capacity.clamp(START_WORDS, 1 << 32).next_power_of_two();
        let base = pages::reserve((capacity + SLACK) * 8, 1 << 16).map_err(HeapError::Os)?;
        // Drops, and so unmaps, where the first commit fails.
        let mut words = Self {
            base: base.cast(),
            mask: 0,
            capacity,
            budget,
            charged: 0,
            given: Given::default(),
            single: PhantomData,
        };
        words.commit(START_WORDS)?;
        Ok(words)
    }

    /// Makes `words` words usable, a power of two.
    fn commit(&mut self, words: usize) -> Result<(), HeapError> {
        let bytes = (words + SLACK) * 8;
        let before = self.charge(bytes - self.given.bytes())?;
        // SAFETY: the range is a part of the reservation (I2), from its start on, and stays what it is
        // where it is committed already.
        if let Err(error) = unsafe { pages::commit(self.base.cast(), bytes) } {
            self.give_back(before);
            return Err(HeapError::Os(error));
        }
        self.mask = narrow(words - 1);
        Ok(())
    }

    /// Charges the budget so that it stands at `bytes`; where it stood.
    fn charge(&mut self, bytes: usize) -> Result<usize, HeapError> {
        let before = self.charged;
        if let Some(budget) = self.budget {
            // Held before it is made: where a subscriber panics, the drop gives it back.
            self.charged = bytes;
            if let Err(error) = budget.charge((bytes - before) as u64) {
                self.charged = before;
                return Err(HeapError::Budget(error));
            }
        }
        Ok(before)
    }

    /// Gives back what the budget was charged beyond `bytes`.
    fn give_back(&mut self, bytes: usize) {
        if let Some(budget) = self.budget {
            let more = self.charged - bytes.min(self.charged);
            self.charged -= more;
            budget.release(more as u64);
        }
    }

    /// Chunks whose memory the kernel has.
    pub(crate) const fn given(&self) -> &Given {
        &self.given
    }

    /// Gives the memory of chunks back, whose words are zero from now on; how many bytes it was, none where
    /// the system refused.
    pub(crate) fn discard(&mut self, first: u32, count: u32) -> usize {
        let (start, words) = (
            (first as usize) << CHUNK_SHIFT,
            (count as usize) << CHUNK_SHIFT,
        );
        if start + words > self.len() {
            return 0;
        }
        // SAFETY: a word that is committed, or the end of them (I1).
        let at = unsafe { self.base.add(start) };
        // SAFETY: the range is committed and this value's alone (I1, I2); it stays readable and zero, and
        // this borrows all words.
        if unsafe { pages::decommit(at.cast(), words * 8) }.is_err() {
            return 0;
        }
        let bytes = words * 8 - self.given.bytes_in(first, count);
        self.given.set(first, count, true);
        self.give_back(self.charged.saturating_sub(bytes));
        bytes
    }

    /// Chunks are to be used again that may be given.
    pub(crate) fn need(&mut self, first: u32, count: u32) -> Result<(), HeapError> {
        let bytes = self.given.bytes_in(first, count);
        if bytes > 0 {
            self.charge(self.charged + bytes)?;
            self.given.set(first, count, false);
        }
        Ok(())
    }

    /// How many words can be used now.
    pub(crate) const fn len(&self) -> usize {
        self.mask as usize + 1
    }

    /// The budget that commits are charged to.
    pub(crate) const fn budget(&self) -> Option<&'static Budget> {
        self.budget
    }

    /// Makes at least `need` words usable.
    pub(crate) fn grow(&mut self, need: usize) -> Result<(), HeapError> {
        if need <= self.len() {
            return Ok(());
        }
        // The last words of 2^32 are never asked for: the place behind an object's end is one, too.
        if need > self.capacity.min(u32::MAX as usize) {
            return Err(HeapError::Full {
                capacity_bytes: self.capacity * 8,
            });
        }
        self.commit(need.next_power_of_two())
    }

    /// The place that an index leads to: itself, but for those behind what is committed.
    #[inline]
    pub(crate) const fn cut(&self, index: u32) -> u32 {
        index & self.mask
    }

    #[inline]
    fn at(&self, index: u32) -> NonNull<u64> {
        let offset = self.cut(index) as usize;
        // SAFETY: at most `mask` words behind the base (I1).
        unsafe { self.base.add(offset) }
    }

    #[inline]
    fn near<const OFFSET: usize>(&self, index: u32) -> NonNull<u64> {
        const { assert!(OFFSET < SLACK) };
        let at = self.at(index);
        // SAFETY: less than `SLACK` words behind one that an index can reach (I1).
        unsafe { at.add(OFFSET) }
    }

    /// The word that is a constant behind an index, without cutting the sum.
    #[inline]
    pub(crate) fn load_near<const OFFSET: usize>(&self, index: u32) -> u64 {
        let at = self.near::<OFFSET>(index);
        // SAFETY: `near` gives a committed, initialised word (I1); stores want `&mut self`.
        unsafe { at.read() }
    }

    /// Changes it.
    #[inline]
    pub(crate) fn store_near<const OFFSET: usize>(&mut self, index: u32, word: u64) {
        let at = self.near::<OFFSET>(index);
        // SAFETY: `near` gives a committed word (I1), and this borrows them all.
        unsafe { at.write(word) };
    }

    /// A word.
    #[inline]
    pub(crate) fn load(&self, index: u32) -> u64 {
        // SAFETY: `at` gives a committed, initialised word (I1); stores want `&mut self`.
        unsafe { self.at(index).read() }
    }

    /// Changes a word.
    #[inline]
    pub(crate) fn store(&mut self, index: u32, word: u64) {
        // SAFETY: `at` gives a committed word (I1), and this borrows them all.
        unsafe { self.at(index).write(word) };
    }

    /// The bytes that begin with a word.
    pub(crate) fn bytes(&self, index: u32, bytes: usize) -> &[u8] {
        let left = (self.len() - (index & self.mask) as usize) * 8;
        let at = self.at(index).cast::<u8>().as_ptr();
        // SAFETY: no more than what is committed behind `at`, initialised (I1); nothing writes while
        // `self` is borrowed.
        unsafe { core::slice::from_raw_parts(at, bytes.min(left)) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        let bytes = (self.capacity + SLACK) * 8;
        // SAFETY: the reservation is this value's alone (I2), and it ends here. That it fails means
        // that the address space stays reserved, which nobody can act on.
        let unmapped = unsafe { pages::release(self.base.cast(), bytes) };
        debug_assert!(unmapped.is_ok());
        self.give_back(0);
    }
}

// SAFETY: the memory is this value's alone (I2) and no thread's own.
unsafe impl Send for Words {}
