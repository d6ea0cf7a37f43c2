//! The one reading of all metadata.
//!
//! # Role
//! Reads header, keys and descriptions front to back, and checks what no single one can know: that
//! names are unique and that no two tensors share bytes.

use super::cursor::Cursor;
use super::description::{Description, LEAST_BYTES, Wrong};
use super::error::{Defect, GgufError, short};
use super::value::Value;
use super::{ALIGNMENT_DEFAULT, ALIGNMENT_KEY, ALIGNMENT_MAX, Gguf};
use alloc::vec::Vec;

/// The fewest bytes of a key: no name, a type, and a byte.
const KEY_LEAST_BYTES: usize = 13;
/// The longest name that the format allows for a key. For tensors it says 64, which is what C readers
/// have room for; here a name is no array.
const NAME_BYTES_MAX: usize = 65_535;

/// The first numbers of a file.
struct Header {
    version: u32,
    tensors: u64,
    keys: u64,
}

/// Reads a file's metadata.
pub(super) fn read(bytes: &[u8]) -> Result<Gguf<'_>, GgufError> {
    let mut cursor = Cursor::new(bytes, 0);
    let header = header(&mut cursor).map_err(GgufError::header)?;
    let (mut keys, alignment) = read_keys(&mut cursor, header.keys)?;
    sort_by_name(bytes, &mut keys, |at| *at);
    check_keys(bytes, &keys)?;
    // What is left must hold the descriptions: checked once more behind the keys.
    cursor
        .check_count("tensors", header.tensors, LEAST_BYTES)
        .map_err(GgufError::header)?;
    let tensors = read_tensors(&mut cursor, header.tensors)?;
    let metadata_bytes = cursor.at();
    // A file without tensors may end with its metadata.
    let data = metadata_bytes
        .checked_next_multiple_of(alignment as usize)
        .and_then(|start| bytes.get(start..))
        .unwrap_or(&[]);
    let mut numbers = Vec::new();
    for number in (0..).take(tensors.len()) {
        add(&mut numbers, number).map_err(GgufError::header)?;
    }
    check_places(bytes, data, alignment, &tensors, &mut numbers)?;
    let at = |number: &u32| tensors.get(*number as usize).copied().unwrap_or(0);
    sort_by_name(bytes, &mut numbers, at);
    check_names(bytes, &numbers, at)?;
    Ok(Gguf {
        bytes,
        version: header.version,
        alignment,
        keys,
        tensors,
        by_name: numbers,
        metadata_bytes,
        data,
    })
}

fn header(cursor: &mut Cursor<'_>) -> Result<Header, Defect> {
    match cursor.take(4).map_err(|_| Defect::Magic)? {
        b"GGUF" => {}
        b"FUGG" => return Err(Defect::BigEndian),
        _ => return Err(Defect::Magic),
    }
    let version = cursor.u32()?;
    match version {
        2 | 3 => {}
        1 => return Err(Defect::Version1),
        // Known versions are small: a number whose lower half is empty is one the other way round.
        _ if version & 0xFFFF == 0 && version != 0 => return Err(Defect::BigEndian),
        _ => return Err(Defect::Version { version }),
    }
    let tensors = cursor.count("tensors", LEAST_BYTES)?;
    let keys = cursor.count("keys", KEY_LEAST_BYTES)?;
    Ok(Header {
        version,
        tensors,
        keys,
    })
}

/// Adds to a list. It grows by doubling with what was read, and not to a count at once: a count is
/// bounded by the whole file, and the memory shall be by the metadata.
fn add(list: &mut Vec<u32>, item: u32) -> Result<(), Defect> {
    if list.len() == list.capacity() && list.try_reserve(1).is_err() {
        let bytes = (list.len() as u64 + 1) * size_of::<u32>() as u64;
        return Err(Defect::OutOfMemory { bytes });
    }
    list.push(item);
    Ok(())
}

fn place(cursor: &Cursor<'_>) -> Result<u32, Defect> {
    u32::try_from(cursor.at()).map_err(|_| Defect::Metadata)
}

/// A name as the format wants it.
pub(super) fn check_name(name: &[u8]) -> Result<&str, Defect> {
    if name.len() > NAME_BYTES_MAX {
        let bytes = name.len() as u64;
        return Err(Defect::NameLength { bytes });
    }
    core::str::from_utf8(name).map_err(|_| Defect::NameText)
}

/// The name that begins at a place of the index, and the cursor behind it. Bytes: they have the order
/// of the text, and need not be checked again.
pub(super) fn name_at(bytes: &[u8], at: u32) -> (&[u8], Cursor<'_>) {
    let mut cursor = Cursor::new(bytes, at as usize);
    let name = cursor.text().unwrap_or(&[]);
    (name, cursor)
}

/// Reads the keys; returns where they begin, and the alignment.
fn read_keys(cursor: &mut Cursor<'_>, count: u64) -> Result<(Vec<u32>, u32), GgufError> {
    let mut keys = Vec::new();
    let mut alignment = ALIGNMENT_DEFAULT;
    for index in 0..count {
        let at = place(cursor).map_err(|defect| GgufError::key(index, None, defect))?;
        let name = cursor
            .text()
            .map_err(|defect| GgufError::key(index, None, defect))?;
        let wrong = |defect| GgufError::key(index, Some(name), defect);
        let text = check_name(name).map_err(wrong)?;
        let value = Value::read(cursor).map_err(wrong)?;
        if text == ALIGNMENT_KEY {
            alignment = check_alignment(value).map_err(wrong)?;
        }
        add(&mut keys, at).map_err(wrong)?;
    }
    Ok((keys, alignment))
}

const fn check_alignment(value: Value<'_>) -> Result<u32, Defect> {
    let Value::U32(alignment) = value else {
        return Err(Defect::AlignmentType);
    };
    if !alignment.is_power_of_two() || alignment > ALIGNMENT_MAX {
        return Err(Defect::Alignment { alignment });
    }
    Ok(alignment)
}

fn sort_by_name<T>(bytes: &[u8], list: &mut [T], at: impl Fn(&T) -> u32) {
    list.sort_unstable_by(|one, other| {
        let (one, _) = name_at(bytes, at(one));
        let (other, _) = name_at(bytes, at(other));
        one.cmp(other)
    });
}

/// Refuses a key that stands twice.
fn check_keys(bytes: &[u8], keys: &[u32]) -> Result<(), GgufError> {
    for (one, other) in keys.iter().zip(keys.iter().skip(1)) {
        let (name, _) = name_at(bytes, *one);
        if name == name_at(bytes, *other).0 {
            let later = (*one).max(*other);
            let index = keys.iter().filter(|&&at| at < later).count() as u64;
            return Err(GgufError::key(index, Some(name), Defect::NameTwice));
        }
    }
    Ok(())
}

/// Reads the descriptions; returns where they begin.
fn read_tensors(cursor: &mut Cursor<'_>, count: u64) -> Result<Vec<u32>, GgufError> {
    let mut tensors = Vec::new();
    for index in 0..count {
        let at = place(cursor).map_err(|defect| GgufError::tensor(index, None, defect))?;
        Description::read(cursor)
            .map_err(|Wrong { name, defect }| GgufError::tensor(index, name, defect))?;
        add(&mut tensors, at).map_err(|defect| GgufError::tensor(index, None, defect))?;
    }
    Ok(tensors)
}

/// Checks that each tensor's data begins where it may and lies inside, and that no two share bytes.
/// Leaves `numbers` sorted by place.
fn check_places(
    bytes: &[u8],
    data: &[u8],
    alignment: u32,
    tensors: &[u32],
    numbers: &mut [u32],
) -> Result<(), GgufError> {
    let describe = |number: u32| {
        let at = tensors.get(number as usize).copied().unwrap_or(0);
        Description::read(&mut Cursor::new(bytes, at as usize)).ok()
    };
    for &number in numbers.iter() {
        let Some(description) = describe(number) else {
            continue;
        };
        description
            .check_place(alignment, data.len() as u64)
            .map_err(|defect| {
                let name = Some(description.name.as_bytes());
                GgufError::tensor(number.into(), name, defect)
            })?;
    }
    // By place, and where that is the same the empty one first: it shares no bytes.
    let key = |number: &u32| describe(*number).map(|d| (d.offset, d.bytes));
    numbers.sort_unstable_by_key(key);
    let mut last: Option<Description<'_>> = None;
    for &number in numbers.iter() {
        let Some(description) = describe(number) else {
            continue;
        };
        if let Some(last) = last
            && description.offset < last.offset.saturating_add(last.bytes)
            && description.bytes > 0
        {
            let with = short(last.name.as_bytes());
            let name = Some(description.name.as_bytes());
            let defect = Defect::Overlap { with };
            return Err(GgufError::tensor(number.into(), name, defect));
        }
        if description.bytes > 0 {
            last = Some(description);
        }
    }
    Ok(())
}

/// Refuses a tensor whose name stands twice.
fn check_names(bytes: &[u8], numbers: &[u32], at: impl Fn(&u32) -> u32) -> Result<(), GgufError> {
    for (one, other) in numbers.iter().zip(numbers.iter().skip(1)) {
        let (name, _) = name_at(bytes, at(one));
        if name == name_at(bytes, at(other)).0 {
            let index = (*one).max(*other).into();
            return Err(GgufError::tensor(index, Some(name), Defect::NameTwice));
        }
    }
    Ok(())
}
