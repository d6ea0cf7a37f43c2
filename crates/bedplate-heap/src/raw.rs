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
//! - I1: `mask + 1` words from `base` on are committed, readable and writable, and initialised (the
//!   kernel gives zeros); it is a power of two.
//! - I2: `base` is the start of a reservation of `capacity` words that only this owns.

use crate::HeapError;
use crate::bits::narrow;
use bedplate_os::pages;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// What is committed at first: 1 MiB.
const START_WORDS: usize = 1 << 17;

/// Words by index.
#[derive(Debug)]
pub(crate) struct Words {
    base: NonNull<u64>,
    mask: u32,
    capacity: usize,
    /// Not `Sync`, as its twin.
    single: PhantomData<Cell<()>>,
}

impl Words {
    /// Reserves `capacity` words, rounded up to a power of two.
    pub(crate) fn new(capacity: usize) -> Result<Self, HeapError> {
        let capacity = capacity.clamp(START_WORDS, 1 << 32).next_power_of_two();
        let base = pages::reserve(capacity * 8, 1 << 16).map_err(HeapError::Os)?;
        // Drops, and so unmaps, where the first commit fails.
        let mut words = Self {
            base: base.cast(),
            mask: 0,
            capacity,
            single: PhantomData,
        };
        words.commit(START_WORDS)?;
        Ok(words)
    }

    /// Makes `words` words usable, a power of two.
    fn commit(&mut self, words: usize) -> Result<(), HeapError> {
        // SAFETY: the range is a part of the reservation (I2), from its start on, and stays what it is
        // where it is committed already.
        unsafe { pages::commit(self.base.cast(), words * 8) }.map_err(HeapError::Os)?;
        self.mask = narrow(words - 1);
        Ok(())
    }

    /// How many words can be used now.
    pub(crate) const fn len(&self) -> usize {
        self.mask as usize + 1
    }

    /// Makes at least `need` words usable.
    pub(crate) fn grow(&mut self, need: usize) -> Result<(), HeapError> {
        if need <= self.len() {
            return Ok(());
        }
        if need > self.capacity {
            return Err(HeapError::Full {
                capacity_bytes: self.capacity * 8,
            });
        }
        self.commit(need.next_power_of_two())
    }

    #[inline]
    fn at(&self, index: u32) -> NonNull<u64> {
        let offset = (index & self.mask) as usize;
        // SAFETY: at most `mask` words behind the base (I1).
        unsafe { self.base.add(offset) }
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
        // SAFETY: the reservation is this value's alone (I2), and it ends here. That it fails means
        // that the address space stays reserved, which nobody can act on.
        let unmapped = unsafe { pages::release(self.base.cast(), self.capacity * 8) };
        debug_assert!(unmapped.is_ok());
    }
}

// SAFETY: the memory is this value's alone (I2) and no thread's own.
unsafe impl Send for Words {}
