//! What the recorder wrote.
//!
//! # Role
//! Reads the file of `record.c` and replaces addresses by numbers of blocks.
//!
//! # Invariants
//! I1. A step names only blocks that are alive: frees and resizes of blocks from before the recording
//!     are left out, as `free` alone or with an allocation in place of the resize.

use super::{ALIGNED, CALLOC, FREE, MALLOC, RESIZE, Step};
use std::collections::HashMap;

/// Bytes of the header: magic and count.
const HEADER: usize = 16;
/// Bytes of an entry: three words.
const ENTRY: usize = 24;

/// The first `most` steps of a recording.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read(file: &[u8], most: usize) -> Result<Vec<Step>, String> {
    let (header, entries) = file
        .split_at_checked(HEADER)
        .filter(|(header, _)| header.starts_with(b"bedtrace"))
        .ok_or("it is not the recorder's")?;
    let count = usize::try_from(word(header, 1)).unwrap_or(usize::MAX);
    let mut reader = Reader::default();
    for entry in entries.chunks_exact(ENTRY).take(count.min(most)) {
        reader.entry(word(entry, 0), word(entry, 1), word(entry, 2))?;
    }
    if reader.steps.is_empty() {
        return Err("no operation was recorded".to_owned());
    }
    Ok(reader.steps)
}

fn word(words: &[u8], index: usize) -> u64 {
    let bytes = words.chunks_exact(8).nth(index).unwrap_or_default();
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[derive(Default)]
struct Reader {
    steps: Vec<Step>,
    /// Numbers of living blocks by address.
    alive: HashMap<u64, u32>,
    blocks: u32,
}

impl Reader {
    fn entry(&mut self, what: u64, out: u64, into: u64) -> Result<(), String> {
        let size = u32::try_from(what >> 16);
        let bytes = size.map_err(|_| "a block is larger than 4 GiB".to_owned())?;
        match u8::try_from(what & 15).unwrap_or(0) {
            MALLOC => self.allocated(out, Step::Malloc { bytes }),
            CALLOC => self.allocated(out, Step::Calloc { bytes }),
            ALIGNED => {
                let alignment = u32::try_from(into).map_err(|_| "a huge alignment".to_owned())?;
                self.allocated(out, Step::Aligned { bytes, alignment });
            }
            RESIZE => match self.alive.remove(&into) {
                Some(block) => {
                    self.steps.push(Step::Resize { block, bytes });
                    self.alive.insert(out, block);
                }
                None => self.allocated(out, Step::Malloc { bytes }),
            },
            FREE => {
                if let Some(block) = self.alive.remove(&out) {
                    self.steps.push(Step::Free { block });
                }
            }
            other => return Err(format!("operation {other} is unknown")),
        }
        Ok(())
    }

    fn allocated(&mut self, address: u64, step: Step) {
        // Written down late by the other of two threads: the address was free by then.
        if let Some(block) = self.alive.insert(address, self.blocks) {
            self.steps.push(Step::Free { block });
        }
        self.steps.push(step);
        self.blocks += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(entries: &[[u64; 3]]) -> Vec<u8> {
        let mut bytes = b"bedtrace".to_vec();
        bytes.extend((entries.len() as u64).to_le_bytes());
        bytes.extend(entries.iter().flatten().flat_map(|word| word.to_le_bytes()));
        bytes
    }

    #[test]
    fn addresses_become_numbers_of_blocks() {
        let what = |operation: u8, bytes: u64| u64::from(operation) | bytes << 16;
        let file = file(&[
            [what(FREE, 0), 0x10, 0],
            [what(MALLOC, 40), 0x20, 0],
            [what(RESIZE, 80), 0x30, 0x20],
            [what(MALLOC, 8), 0x20, 0],
            [what(FREE, 0), 0x30, 0],
            [what(ALIGNED, 64), 0x40, 32],
        ]);
        let steps = [
            Step::Malloc { bytes: 40 },
            Step::Resize {
                block: 0,
                bytes: 80,
            },
            Step::Malloc { bytes: 8 },
            Step::Free { block: 0 },
            Step::Aligned {
                bytes: 64,
                alignment: 32,
            },
        ];
        assert_eq!(read(&file, 100), Ok(steps.to_vec()));
        assert_eq!(read(&file, 3), Ok(steps[..2].to_vec()));
    }

    #[test]
    fn another_file_is_refused() {
        assert!(read(b"something else, long enough", 10).is_err());
        assert!(read(b"short", 10).is_err());
        assert!(read(&file(&[[9, 0, 0]]), 10).is_err());
    }
}
