//! The compact form of a trace.
//!
//! # Role
//! Three streams, each small after compression: the operations, the sizes, and the ages of what is
//! freed or resized (how many blocks were allocated since). Young blocks die first, so ages are small
//! numbers. The whole is one gzip file: four words of lengths, then the streams.

use super::{ALIGNED, CALLOC, FREE, MALLOC, RESIZE, Step};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read as _, Write as _};

/// Writes a trace compactly.
///
/// # Errors
/// Of the compressor; it writes to memory.
pub(super) fn write(steps: &[Step]) -> std::io::Result<Vec<u8>> {
    let mut operations = Vec::with_capacity(steps.len());
    let (mut sizes, mut ages) = (Vec::new(), Vec::new());
    let mut blocks = 0_u32;
    for step in steps {
        let (operation, bytes, block) = match *step {
            Step::Malloc { bytes } => (MALLOC, Some(bytes), None),
            Step::Calloc { bytes } => (CALLOC, Some(bytes), None),
            Step::Aligned { bytes, .. } => (ALIGNED, Some(bytes), None),
            Step::Resize { block, bytes } => (RESIZE, Some(bytes), Some(block)),
            Step::Free { block } => (FREE, None, Some(block)),
        };
        operations.push(operation);
        sizes.extend(bytes.into_iter().flat_map(packed));
        if let Step::Aligned { alignment, .. } = *step {
            sizes.extend(packed(alignment));
        }
        match block {
            Some(block) => ages.extend(packed(blocks - block)),
            None => blocks += 1,
        }
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for stream in [&operations, &sizes, &ages] {
        encoder.write_all(&(stream.len() as u64).to_le_bytes())?;
    }
    for stream in [&operations, &sizes, &ages] {
        encoder.write_all(stream)?;
    }
    encoder.finish()
}

/// Reads a compact trace.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(file: &[u8]) -> Result<Vec<Step>, String> {
    let mut decoder = GzDecoder::new(file);
    let mut lengths = [[0_u8; 8]; 3];
    let mut streams = [const { Vec::new() }; 3];
    let failed = |error: std::io::Error| format!("it does not unpack: {error}");
    for length in &mut lengths {
        decoder.read_exact(length).map_err(failed)?;
    }
    for (stream, length) in streams.iter_mut().zip(lengths) {
        let length = u64::from_le_bytes(length);
        let read = decoder.by_ref().take(length).read_to_end(stream);
        if read.map_err(failed)? as u64 != length {
            return Err("it is cut off".to_owned());
        }
    }
    let [operations, sizes, ages] = streams;
    steps(&operations, &sizes, &ages).ok_or_else(|| "its streams do not fit together".to_owned())
}

fn steps(operations: &[u8], mut sizes: &[u8], mut ages: &[u8]) -> Option<Vec<Step>> {
    let mut steps = Vec::with_capacity(operations.len());
    let mut blocks = 0_u32;
    for operation in operations {
        let step = match *operation {
            MALLOC => Step::Malloc {
                bytes: unpacked(&mut sizes)?,
            },
            CALLOC => Step::Calloc {
                bytes: unpacked(&mut sizes)?,
            },
            ALIGNED => Step::Aligned {
                bytes: unpacked(&mut sizes)?,
                alignment: unpacked(&mut sizes)?,
            },
            RESIZE => Step::Resize {
                block: blocks.checked_sub(unpacked(&mut ages)?)?,
                bytes: unpacked(&mut sizes)?,
            },
            FREE => Step::Free {
                block: blocks.checked_sub(unpacked(&mut ages)?)?,
            },
            _ => return None,
        };
        if !matches!(step, Step::Resize { .. } | Step::Free { .. }) {
            blocks += 1;
        }
        steps.push(step);
    }
    (sizes.is_empty() && ages.is_empty()).then_some(steps)
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn packed(number: u32) -> impl Iterator<Item = u8> {
    let bytes = (32 - number.leading_zeros()).div_ceil(7).max(1);
    (0..bytes).map(move |index| {
        let seven = (number >> (7 * index)) & 127;
        let more = if index + 1 < bytes { 128 } else { 0 };
        u8::try_from(seven | more).unwrap_or(u8::MAX)
    })
}

fn unpacked(stream: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for index in 0..5 {
        let (byte, rest) = stream.split_first()?;
        *stream = rest;
        number |= u32::from(byte & 127) << (7 * index);
        if byte & 128 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut steps = Vec::new();
        for index in 0..1000_u32 {
            steps.push(Step::Malloc { bytes: index * 77 });
            steps.push(Step::Aligned {
                bytes: u32::MAX - index,
                alignment: 4096,
            });
            steps.push(Step::Resize {
                block: index,
                bytes: index << 20,
            });
            steps.push(Step::Free { block: index });
            steps.push(Step::Calloc { bytes: 0 });
        }
        let file = write(&steps).unwrap();
        assert_eq!(read(&file), Ok(steps));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let file = write(&[Step::Malloc { bytes: 9 }]).unwrap();
        assert!(read(&file[..file.len() / 2]).is_err());
        assert!(read(b"no trace").is_err());
    }

    #[test]
    fn numbers_take_few_bytes() {
        for (number, bytes) in [(0, 1), (127, 1), (128, 2), (u32::MAX, 5)] {
            let written: Vec<u8> = packed(number).collect();
            assert_eq!(written.len(), bytes);
            assert_eq!(unpacked(&mut written.as_slice()), Some(number));
        }
    }
}
