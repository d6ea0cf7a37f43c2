//! The heap's memory, checked.
//!
//! # Role
//! The twin of `raw.rs` without unsafe code: a vector. An index outside is a panic, so that a test sees
//! what the other makes harmless.

use crate::HeapError;
use core::cell::Cell;
use core::marker::PhantomData;

/// What is there at first.
const START_WORDS: usize = 1 << 17;

/// Words by index.
#[derive(Debug)]
pub(crate) struct Words {
    words: Vec<[u8; 8]>,
    capacity: usize,
    single: PhantomData<Cell<()>>,
}

impl Words {
    pub(crate) fn new(capacity: usize) -> Result<Self, HeapError> {
        let mut words = Self {
            words: Vec::new(),
            capacity: capacity.clamp(START_WORDS, 1 << 32).next_power_of_two(),
            single: PhantomData,
        };
        words.grow(START_WORDS)?;
        Ok(words)
    }

    pub(crate) const fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn grow(&mut self, need: usize) -> Result<(), HeapError> {
        if need > self.capacity {
            return Err(HeapError::Full {
                capacity_bytes: self.capacity * 8,
            });
        }
        if need > self.len() {
            self.words.resize(need.next_power_of_two(), [0; 8]);
        }
        Ok(())
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
