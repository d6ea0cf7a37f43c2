//! Records of the run protocol.
//!
//! # Role
//! What a process tells `bedplate run`: 256 bytes, written by one `write` to a file opened to
//! append, so that records of many processes do not mix.

use bedplate_os::{clock, rawio};

/// Bytes of a record.
pub const RECORD_BYTES: usize = 256;
/// Where the name begins.
const NAME_AT: usize = 64;
/// What a record begins with: "bedprecd" in bytes.
const RECORD_MAGIC: u64 = u64::from_le_bytes(*b"bedprecd");

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum RecordKind {
    /// The library was loaded.
    Start = 1,
    /// A child was forked.
    Fork = 2,
    /// The process ends normally.
    Exit = 3,
}

/// A record as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What happened.
    pub kind: RecordKind,
    /// The process.
    pub pid: u32,
    /// Its parent.
    pub parent: u32,
    /// When, in nanoseconds of the monotonic clock.
    pub time_ns: u64,
    /// Live bytes at exit, else 0.
    pub live_bytes: u64,
    /// Address space mapped for segments.
    pub reserved_bytes: u64,
    /// Largest resident memory at exit, else 0.
    pub peak_rss_bytes: u64,
    /// The program's short name.
    pub name: String,
}

fn put(bytes: &mut [u8; RECORD_BYTES], word: usize, value: u64) {
    if let Some(place) = bytes.get_mut(word * 8..word * 8 + 8) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

/// A record about this process. Allocates nothing.
#[must_use]
pub fn encode(
    kind: RecordKind,
    live_bytes: u64,
    peak_rss_bytes: u64,
    name: &[u8],
) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    let (pid, parent) = rawio::process_ids();
    let words = [
        RECORD_MAGIC,
        kind as u64,
        u64::from(pid),
        u64::from(parent),
        clock::monotonic_ns(),
        live_bytes,
        crate::counters::COUNTERS.reserved_bytes.get(),
        peak_rss_bytes,
    ];
    for (i, word) in words.into_iter().enumerate() {
        put(&mut bytes, i, word);
    }
    let length = name.len().min(RECORD_BYTES - NAME_AT - 1);
    if let (Some(to), Some(from)) = (bytes.get_mut(NAME_AT..NAME_AT + length), name.get(..length)) {
        to.copy_from_slice(from);
    }
    bytes
}

impl Record {
    /// A record from its bytes, `None` if they are none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; RECORD_BYTES] = bytes.first_chunk()?;
        let word = |i: usize| {
            let place = bytes.get(i * 8..i * 8 + 8)?;
            Some(u64::from_le_bytes(*place.first_chunk()?))
        };
        if word(0)? != RECORD_MAGIC {
            return None;
        }
        let kind = match word(1)? {
            1 => RecordKind::Start,
            2 => RecordKind::Fork,
            3 => RecordKind::Exit,
            _ => return None,
        };
        let name = bytes.get(NAME_AT..)?;
        let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
        Some(Self {
            kind,
            pid: u32::try_from(word(2)?).ok()?,
            parent: u32::try_from(word(3)?).ok()?,
            time_ns: word(4)?,
            live_bytes: word(5)?,
            reserved_bytes: word(6)?,
            peak_rss_bytes: word(7)?,
            name: String::from_utf8_lossy(name.get(..end)?).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, RecordKind, encode};

    #[test]
    fn a_record_comes_back() {
        let bytes = encode(RecordKind::Exit, 7, 9, b"python3");
        let record = Record::parse(&bytes).expect("a record");
        assert_eq!(
            (record.kind, record.live_bytes, record.peak_rss_bytes),
            (RecordKind::Exit, 7, 9)
        );
        assert_eq!(
            (record.pid, record.name.as_str()),
            (std::process::id(), "python3")
        );
        assert_eq!(Record::parse(&bytes[..255]), None);
        assert_eq!(Record::parse(&[0; 256]), None);
    }
}
