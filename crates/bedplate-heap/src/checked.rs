//! The heap's memory, checked.
//!
//! # Role
//! The twin of `raw.rs` without unsafe code: a vector. An index outside is a panic, so that a test sees
//! what the other makes harmless.

use crate::HeapError;
use crate::slots::CHUNK_SHIFT;
use crate::trim::Given;
use bedplate_os::budget::Budget;
use core::cell::Cell;
use core::marker::PhantomData;

/// What is there at first.
const START_WORDS: usize = 1 << 17;

/// Words by index.
#[derive(Debug)]
pub(crate) struct Words {
    words: Vec<[u8; 8]>,
    capacity: usize,
    budget: Option<&'static Budget>,
    charged: usize,
    given: Given,
    single: PhantomData<Cell<()>>,
}

impl Words {
    pub(crate) fn new(capacity: usize, budget: Option<&'static Budget>) -> Result<Self, HeapError> {
        let mut words = Self {
            words: Vec::new(),
            capacity: capacity.clamp(START_WORDS, 1 << 32).next_power_of_two(),
            budget,
            charged: 0,
            given: Given::default(),
            single: PhantomData,
        };
        words.grow(START_WORDS)?;
        Ok(words)
    }

    pub(crate) const fn given(&self) -> &Given {
        &self.given
    }

    pub(crate) fn discard(&mut self, first: u32, count: u32) -> usize {
        let (start, words) = (
            (first as usize) << CHUNK_SHIFT,
            (count as usize) << CHUNK_SHIFT,
        );
        self.words[start..start + words].fill([0; 8]);
        let bytes = words * 8 - self.given.bytes_in(first, count);
        self.given.set(first, count, true);
        if let Some(budget) = self.budget {
            self.charged -= bytes;
            budget.release(bytes as u64);
        }
        bytes
    }

    pub(crate) fn need(&mut self, first: u32, count: u32) -> Result<(), HeapError> {
        let bytes = self.given.bytes_in(first, count);
        if let Some(budget) = self.budget {
            budget.charge(bytes as u64).map_err(HeapError::Budget)?;
            self.charged += bytes;
        }
        self.given.set(first, count, false);
        Ok(())
    }

    pub(crate) const fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn grow(&mut self, need: usize) -> Result<(), HeapError> {
        // The last words of 2^32 are never asked for: the place behind an object's end is one, too.
        if need > self.capacity.min(u32::MAX as usize) {
            return Err(HeapError::Full {
                capacity_bytes: self.capacity * 8,
            });
        }
        if need > self.len() {
            let words = need.next_power_of_two();
            if let Some(budget) = self.budget {
                let more = (words - self.len()) * 8;
                budget.charge(more as u64).map_err(HeapError::Budget)?;
                self.charged += more;
            }
            self.words.resize(words, [0; 8]);
        }
        Ok(())
    }

    pub(crate) const fn budget(&self) -> Option<&'static Budget> {
        self.budget
    }

    pub(crate) fn cut(&self, index: u32) -> u32 {
        index & crate::bits::narrow(self.len() - 1)
    }

    pub(crate) fn load_near<const OFFSET: usize>(&self, index: u32) -> u64 {
        u64::from_le_bytes(self.words[index as usize + OFFSET])
    }

    pub(crate) fn store_near<const OFFSET: usize>(&mut self, index: u32, word: u64) {
        self.words[index as usize + OFFSET] = word.to_le_bytes();
    }

    pub(crate) fn load(&self, index: u32) -> u64 {
        u64::from_le_bytes(self.words[index as usize])
    }

    pub(crate) fn store(&mut self, index: u32, word: u64) {
        self.words[index as usize] = word.to_le_bytes();
    }

    pub(crate) fn bytes(&self, index: u32, bytes: usize) -> &[u8] {
        &self.words[index as usize..].as_flattened()[..bytes]
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if let Some(budget) = self.budget {
            budget.release(self.charged as u64);
        }
    }
}
