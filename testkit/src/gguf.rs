//! Model files in the format GGUF, made from a seed, and damaged from a seed.
//!
//! # Role
//! [`Sample`]: a valid file whose numbers are known by place, and what is in it, written here from the
//! format's description and by no reader's or writer's code. [`Sample::damaged`]: the file with some
//! of it changed where it hurts.
//!
//! # Not here
//! Judging what a reader says of a damaged file: it may refuse it or read it, as long as it does not
//! die and what it says holds together.

use crate::seed::Chance;

/// A valid file.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The bytes before its data.
    pub metadata_bytes: usize,
    /// Names of its keys.
    pub keys: Vec<String>,
    /// Its tensors.
    pub tensors: Vec<SampleTensor>,
    numbers: Vec<Number>,
}

/// A tensor of a sample.
#[derive(Clone, Debug)]
pub struct SampleTensor {
    /// Its name.
    pub name: String,
    /// Its sizes, the fastest first.
    pub sizes: Vec<u64>,
    /// Its type's number.
    pub element: u32,
    /// Its data.
    pub data: Vec<u8>,
}

/// A number of the format that stands at a place in the file.
#[derive(Clone, Copy, Debug)]
struct Number {
    at: usize,
    width: usize,
}

/// Numbers, elements of a block and bytes of a block of some types.
const ELEMENTS: &[(u32, u64, usize)] = &[
    (0, 1, 4),
    (1, 1, 2),
    (2, 32, 18),
    (8, 32, 34),
    (12, 256, 144),
    (24, 1, 1),
    (30, 1, 2),
    (39, 32, 17),
];

/// Bytes of a number by its type, 0 for texts and arrays.
const WIDTHS: [usize; 13] = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const BOOL: usize = 7;
const TEXT: usize = 8;
const ARRAY: usize = 9;

impl Sample {
    /// Makes a file.
    #[must_use]
    pub fn new(chance: &mut Chance) -> Self {
        let mut sample = Self::default();
        sample.bytes.extend(b"GGUF");
        let version = 2 + u64::from(chance.happens(3, 4));
        sample.number(version, 4);
        let alignment = chance.happens(1, 2).then(|| 8_usize << chance.below(6));
        let tensors = chance.below(6);
        let keys = chance.below(8) + usize::from(alignment.is_some());
        sample.number(tensors as u64, 8);
        sample.number(keys as u64, 8);
        for index in 0..keys {
            match alignment {
                // Anywhere among the keys would do; the middle is neither end.
                Some(alignment) if index == keys / 2 => sample.alignment(alignment as u64),
                _ => sample.key(index, chance),
            }
        }
        sample.describe(tensors, alignment.unwrap_or(32), chance);
        sample
    }

    fn number(&mut self, number: u64, width: usize) {
        let at = self.bytes.len();
        self.numbers.push(Number { at, width });
        self.bytes.extend(&number.to_le_bytes()[..width]);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64, 8);
        self.bytes.extend(text.as_bytes());
    }

    fn alignment(&mut self, alignment: u64) {
        self.text("general.alignment");
        self.keys.push("general.alignment".to_owned());
        self.number(4, 4);
        self.number(alignment, 4);
    }

    fn key(&mut self, index: usize, chance: &mut Chance) {
        let name = format!(
            "{}.key.{index}",
            chance.pick(&["general", "llama", "a", ""])
        );
        self.text(&name);
        self.keys.push(name);
        let kind = chance.below(WIDTHS.len());
        self.number(kind as u64, 4);
        self.value(kind, 0, chance);
    }

    fn value(&mut self, kind: usize, depth: usize, chance: &mut Chance) {
        match kind {
            TEXT => {
                let length = chance.below(20);
                self.number(length as u64, 8);
                // Any bytes: the tokens of some models are no UTF-8.
                let bytes = (0..length).map(|_| chance.bits().to_le_bytes()[0]);
                self.bytes.extend(bytes);
            }
            ARRAY => {
                let mut item = chance.below(WIDTHS.len());
                if item == ARRAY && depth == 3 {
                    item = BOOL;
                }
                let count = chance.below(if item == ARRAY { 4 } else { 12 });
                self.number(item as u64, 4);
                self.number(count as u64, 8);
                for _ in 0..count {
                    self.value(item, depth + 1, chance);
                }
            }
            BOOL => self.number(u64::from(chance.happens(1, 2)), 1),
            _ => self.number(chance.bits(), WIDTHS[kind]),
        }
    }

    fn describe(&mut self, count: usize, alignment: usize, chance: &mut Chance) {
        let mut data = Vec::new();
        for index in 0..count {
            let name = format!("blk.{index}.{}", chance.pick(&["attn_q.weight", "w", ""]));
            let (element, block, block_bytes) = chance.pick(ELEMENTS);
            let dimensions = chance.below(5);
            let element = if dimensions == 0 { 0 } else { element };
            let sizes: Vec<u64> = (0..dimensions)
                .map(|place| {
                    let few = chance.below(4) as u64;
                    if place == 0 { few * block } else { few }
                })
                .collect();
            let elements: u64 = sizes.iter().product();
            let bytes = if dimensions == 0 {
                4
            } else {
                usize::try_from(elements / block).expect("small") * block_bytes
            };
            self.text(&name);
            self.number(dimensions as u64, 4);
            for &size in &sizes {
                self.number(size, 8);
            }
            self.number(element.into(), 4);
            self.number(data.len() as u64, 8);
            let start = data.len();
            data.extend((0..bytes).map(|_| chance.bits().to_le_bytes()[0]));
            self.tensors.push(SampleTensor {
                name,
                sizes,
                element,
                data: data[start..].to_vec(),
            });
            data.resize(data.len().next_multiple_of(alignment), 0);
        }
        self.metadata_bytes = self.bytes.len();
        self.bytes
            .resize(self.bytes.len().next_multiple_of(alignment), 0);
        self.bytes.extend(data);
    }

    /// The file, damaged at one to four places, into `bytes`.
    pub fn damaged(&self, chance: &mut Chance, bytes: &mut Vec<u8>) {
        bytes.clear();
        bytes.extend(&self.bytes);
        for _ in 0..=chance.below(4) {
            self.damage(chance, bytes);
        }
    }

    fn damage(&self, chance: &mut Chance, bytes: &mut Vec<u8>) {
        match chance.below(12) {
            0..=5 => {
                let number = chance.pick(&self.numbers);
                let value = self.bad_number(number, chance);
                let end = (number.at + number.width).min(bytes.len());
                let start = number.at.min(end);
                bytes[start..end].copy_from_slice(&value.to_le_bytes()[..end - start]);
            }
            6 => {
                // One number's bytes for another's: types as counts, offsets as sizes.
                let (one, other) = (chance.pick(&self.numbers), chance.pick(&self.numbers));
                let width = one.width.min(other.width);
                if one.at.max(other.at) + width <= bytes.len() {
                    bytes.copy_within(one.at..one.at + width, other.at);
                }
            }
            7 => {
                let at = chance.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            8 => bytes.truncate(chance.below(bytes.len() + 1)),
            9 => bytes.truncate(self.metadata_bytes.min(bytes.len())),
            10 => {
                let range = some_range(chance, bytes.len());
                let to = chance.below(bytes.len() - range.len() + 1);
                bytes.copy_within(range, to);
            }
            _ => {
                let range = some_range(chance, bytes.len());
                bytes.drain(range);
            }
        }
    }

    fn bad_number(&self, number: Number, chance: &mut Chance) -> u64 {
        let mut before = [0; 8];
        let there = &self.bytes[number.at..number.at + number.width];
        before[..number.width].copy_from_slice(there);
        let before = u64::from_le_bytes(before);
        match chance.below(8) {
            0 => before.wrapping_add(1),
            1 => before.wrapping_sub(1),
            2 => 1 << chance.below(64),
            3 => (1_u64 << chance.below(64)).wrapping_sub(1),
            4 => u64::MAX - chance.below(70) as u64,
            5 => chance.below(64) as u64,
            6 => (self.bytes.len() as u64).wrapping_sub(chance.below(70) as u64),
            _ => chance.bits(),
        }
    }
}

fn some_range(chance: &mut Chance, length: usize) -> core::ops::Range<usize> {
    let start = chance.below(length + 1);
    let end = start + chance.below((length - start).min(64) + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::Sample;
    use crate::seed::Chance;

    #[test]
    fn a_seed_names_the_same_file_and_the_same_damage() {
        for seed in 0..50 {
            let make = || {
                let mut chance = Chance::new(seed);
                let sample = Sample::new(&mut chance);
                let mut damaged = Vec::new();
                sample.damaged(&mut chance, &mut damaged);
                (sample.bytes, damaged)
            };
            assert_eq!(make(), make());
        }
    }

    #[test]
    fn damage_never_panics_and_mostly_changes_the_file() {
        let mut chance = Chance::new(1);
        let mut damaged = Vec::new();
        let mut changed = 0;
        for _ in 0..200 {
            let sample = Sample::new(&mut chance);
            for _ in 0..20 {
                sample.damaged(&mut chance, &mut damaged);
                changed += usize::from(damaged != sample.bytes);
            }
        }
        assert!(changed > 3000, "{changed}");
    }
}
