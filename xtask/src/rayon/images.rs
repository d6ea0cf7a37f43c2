//! Images to be made smaller.
//!
//! # Role
//! PNG files of several kinds, the same each time, stored without compression so that there is much to do.

use crate::failure::Failure;
use std::fs;
use std::path::Path;

/// How the bytes of a pixel come of its place.
type Pixel = fn(u32, u32) -> [u8; 4];

struct Image {
    name: &'static str,
    /// PNG's colour type, and bytes of a pixel.
    kind: (u8, usize),
    pixel: Pixel,
}

const IMAGES: &[Image] = &[
    Image {
        name: "gradient",
        kind: (2, 3),
        pixel: |x, y| [low(x), low(y), low(x * y / 64), 0],
    },
    Image {
        name: "board",
        kind: (0, 1),
        pixel: |x, y| [low((x / 8 + y / 8) % 2 * 255), 0, 0, 0],
    },
    Image {
        name: "noise",
        kind: (6, 4),
        pixel: |x, y| {
            let bits = mix(x * 7919 + y);
            [low(bits), low(x * 3), low(bits >> 8) & 31, 255]
        },
    },
    Image {
        name: "veil",
        kind: (4, 2),
        pixel: |x, y| [low((x * x + y * y) >> 8), low(x.max(y)), 0, 0],
    },
];

/// Writes images of `side` pixels into `folder`.
pub(super) fn write(folder: &Path, side: u32) -> Result<(), Failure> {
    for image in IMAGES {
        let path = folder.join(format!("{}.png", image.name));
        let bytes = encoded(image, side, side * 3 / 4);
        fs::write(&path, bytes).map_err(|error| Failure::file(&path, error))?;
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "the lowest byte is meant")]
fn low(number: u32) -> u8 {
    number as u8
}

fn mix(seed: u32) -> u32 {
    let bits = seed.wrapping_mul(0x9e37_79b1);
    (bits ^ (bits >> 15)).wrapping_mul(0x85eb_ca77) >> 3
}

fn encoded(image: &Image, width: u32, height: u32) -> Vec<u8> {
    let (colour, depth) = image.kind;
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0); // No filter.
        for x in 0..width {
            rows.extend(&(image.pixel)(x, y)[..depth]);
        }
    }
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, colour, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", &stored(&rows));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    let begin = file.len();
    file.extend(name);
    file.extend(content);
    let sum = crc32(&file[begin..]);
    file.extend(sum.to_be_bytes());
}

/// A zlib stream of stored blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(bytes).to_be_bytes());
    stream
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65521;
        b = (b + a) % 65521;
    }
    b << 16 | a
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for &byte in bytes {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            let is_odd = sum & 1 == 1;
            sum >>= 1;
            if is_odd {
                sum ^= 0xedb8_8320;
            }
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::{adler32, crc32};

    #[test]
    fn sums_are_those_of_the_formats() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
