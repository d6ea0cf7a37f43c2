//! The form of a trace that `replay.c` reads.
//!
//! # Role
//! Words of fixed size, and slots in place of blocks: a slot is used again as soon as its block is
//! freed, so that the table of the replayer is as small as the number of blocks alive at once.

use super::{ALIGNED, CALLOC, FREE, MALLOC, RESIZE, Step, compact};
use crate::failure::Failure;
use crate::program;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A trace that is ready to be replayed.
#[derive(Debug)]
pub(crate) struct Unpacked {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Slots that its blocks need.
    pub(crate) slots: u32,
}

/// Unpacks the trace shipped as `bench/traces/NAME.trace.gz`.
///
/// # Errors
/// - [`Failure::File`]: it cannot be read, or the unpacked one not be written.
/// - [`Failure::Output`]: it is damaged.
pub(crate) fn unpack(name: &str) -> Result<Unpacked, Failure> {
    let packed = path_of(name);
    let file = fs::read(&packed).map_err(|error| Failure::file(&packed, &error))?;
    let steps = compact::read(&file).map_err(|what| Failure::Output {
        program: packed.display().to_string(),
        what,
    })?;
    let (bytes, slots) = flatten(&steps);
    let path = program::output_directory()?.join(format!("{name}.trace"));
    fs::write(&path, bytes).map_err(|error| Failure::file(&path, &error))?;
    Ok(Unpacked { path, slots })
}

/// Where a trace is shipped.
pub(super) fn path_of(name: &str) -> PathBuf {
    directory().join(format!("{name}.trace.gz"))
}

/// Where traces and what is recorded lie.
pub(super) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces")
}

/// The bytes of the unpacked form, and the number of slots.
fn flatten(steps: &[Step]) -> (Vec<u8>, u32) {
    let mut slots = Slots::default();
    let mut bytes = Vec::with_capacity(steps.len() * 8);
    let mut put = |operation: u8, slot: u32, size: u32| {
        bytes.extend((u32::from(operation) | slot << 3).to_le_bytes());
        bytes.extend(size.to_le_bytes());
    };
    for step in steps {
        match *step {
            Step::Malloc { bytes } => put(MALLOC, slots.take(), bytes),
            Step::Calloc { bytes } => put(CALLOC, slots.take(), bytes),
            Step::Aligned { bytes, alignment } => {
                put(ALIGNED, slots.take(), bytes);
                put(0, 0, alignment);
            }
            Step::Resize { block, bytes } => put(RESIZE, slots.of(block), bytes),
            Step::Free { block } => put(FREE, slots.give(block), 0),
        }
    }
    (bytes, slots.made)
}

/// Slots by block; the one freed last is used first.
#[derive(Default)]
struct Slots {
    of_block: HashMap<u32, u32>,
    free: Vec<u32>,
    blocks: u32,
    made: u32,
}

impl Slots {
    fn take(&mut self) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.made += 1;
            self.made - 1
        });
        self.of_block.insert(self.blocks, slot);
        self.blocks += 1;
        slot
    }

    fn of(&self, block: u32) -> u32 {
        // A trace names living blocks only; another slot would be refused by the replayer.
        self.of_block.get(&block).copied().unwrap_or(u32::MAX >> 3)
    }

    fn give(&mut self, block: u32) -> u32 {
        let slot = self.of(block);
        self.of_block.remove(&block);
        self.free.push(slot);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again() {
        let steps = [
            Step::Malloc { bytes: 1 },
            Step::Malloc { bytes: 2 },
            Step::Free { block: 0 },
            Step::Calloc { bytes: 3 },
            Step::Resize { block: 2, bytes: 4 },
        ];
        let (bytes, slots) = flatten(&steps);
        assert_eq!(slots, 2);
        let words: Vec<u32> = bytes
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect();
        assert_eq!(words, [1, 1, 1 | 1 << 3, 2, 5, 0, 2, 3, 3, 4]);
    }

    #[test]
    fn every_shipped_trace_unpacks() {
        for name in ["redis", "python", "compiler"] {
            let file = fs::read(path_of(name)).unwrap();
            assert!(compact::read(&file).unwrap().len() > 1_000_000, "{name}");
        }
    }
}
