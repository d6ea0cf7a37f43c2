//! The file that `pprof` reads.
//!
//! # Role
//! Writes a profile as gzipped protocol buffer, with the sample types of Go's heap profile and two
//! more for the peak, and reads such files.
//!
//! # Sources
//! The layout is that of `profile.proto` in google/pprof.

use alloc::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use prost::Message as _;

use super::stacks::{Frame, Profile};

/// Sample types, in the order of the values.
const TYPES: [(&str, &str); 6] = [
    ("alloc_objects", "count"),
    ("alloc_space", "bytes"),
    ("inuse_objects", "count"),
    ("inuse_space", "bytes"),
    ("peak_objects", "count"),
    ("peak_space", "bytes"),
];

/// Messages of the layout, with the fields that are written or read here.
mod layout {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Profile {
        #[prost(message, repeated, tag = "1")]
        pub(super) sample_type: Vec<ValueType>,
        #[prost(message, repeated, tag = "2")]
        pub(super) sample: Vec<Sample>,
        #[prost(message, repeated, tag = "3")]
        pub(super) mapping: Vec<Mapping>,
        #[prost(message, repeated, tag = "4")]
        pub(super) location: Vec<Location>,
        #[prost(message, repeated, tag = "5")]
        pub(super) function: Vec<Function>,
        #[prost(string, repeated, tag = "6")]
        pub(super) string_table: Vec<String>,
        #[prost(int64, tag = "9")]
        pub(super) time_nanos: i64,
        #[prost(message, optional, tag = "11")]
        pub(super) period_type: Option<ValueType>,
        #[prost(int64, tag = "12")]
        pub(super) period: i64,
        #[prost(int64, tag = "14")]
        pub(super) default_sample_type: i64,
    }
    #[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
    pub(super) struct ValueType {
        #[prost(int64, tag = "1")]
        pub(super) kind: i64,
        #[prost(int64, tag = "2")]
        pub(super) unit: i64,
    }
    #[derive(Clone, PartialEq, Eq, prost::Message)]
    pub(super) struct Sample {
        #[prost(uint64, repeated, tag = "1")]
        pub(super) location_id: Vec<u64>,
        #[prost(int64, repeated, tag = "2")]
        pub(super) value: Vec<i64>,
        #[prost(message, repeated, tag = "3")]
        pub(super) label: Vec<Label>,
    }
    #[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
    pub(super) struct Label {
        #[prost(int64, tag = "1")]
        pub(super) key: i64,
        #[prost(int64, tag = "3")]
        pub(super) number: i64,
        #[prost(int64, tag = "4")]
        pub(super) unit: i64,
    }
    #[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
    pub(super) struct Mapping {
        #[prost(uint64, tag = "1")]
        pub(super) id: u64,
        #[prost(uint64, tag = "2")]
        pub(super) memory_start: u64,
        #[prost(uint64, tag = "3")]
        pub(super) memory_limit: u64,
        #[prost(uint64, tag = "4")]
        pub(super) file_offset: u64,
        #[prost(int64, tag = "5")]
        pub(super) filename: i64,
        #[prost(bool, tag = "7")]
        pub(super) has_functions: bool,
        #[prost(bool, tag = "8")]
        pub(super) has_filenames: bool,
        #[prost(bool, tag = "9")]
        pub(super) has_line_numbers: bool,
        #[prost(bool, tag = "10")]
        pub(super) has_inline_frames: bool,
    }
    #[derive(Clone, PartialEq, Eq, prost::Message)]
    pub(super) struct Location {
        #[prost(uint64, tag = "1")]
        pub(super) id: u64,
        #[prost(uint64, tag = "2")]
        pub(super) mapping_id: u64,
        #[prost(uint64, tag = "3")]
        pub(super) address: u64,
        #[prost(message, repeated, tag = "4")]
        pub(super) line: Vec<Line>,
    }
    #[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
    pub(super) struct Line {
        #[prost(uint64, tag = "1")]
        pub(super) function_id: u64,
        #[prost(int64, tag = "2")]
        pub(super) line: i64,
    }
    #[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
    pub(super) struct Function {
        #[prost(uint64, tag = "1")]
        pub(super) id: u64,
        #[prost(int64, tag = "2")]
        pub(super) name: i64,
        #[prost(int64, tag = "3")]
        pub(super) system_name: i64,
        #[prost(int64, tag = "4")]
        pub(super) filename: i64,
    }
}

/// The file of a profile.
///
/// # Errors
/// What compressing gave.
pub fn encode(profile: &Profile) -> io::Result<Vec<u8>> {
    let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
    zipped.write_all(&message(profile).encode_to_vec())?;
    zipped.finish()
}

fn message(profile: &Profile) -> layout::Profile {
    let mut tables = Tables::default();
    tables.string("");
    let sample_type = TYPES.map(|(kind, unit)| layout::ValueType {
        kind: tables.string(kind),
        unit: tables.string(unit),
    });
    let (bytes_key, bytes_unit) = (tables.string("bytes"), tables.string("bytes"));
    let sample = profile.stacks.iter().map(|stack| layout::Sample {
        location_id: stack.locations.iter().map(|i| *i as u64 + 1).collect(),
        value: [stack.blocks.allocated, stack.blocks.live, stack.blocks.peak]
            .into_iter()
            .flat_map(|blocks| [whole(blocks), whole(stack.bytes(blocks))])
            .collect(),
        label: vec![layout::Label {
            key: bytes_key,
            number: stack.block_bytes.cast_signed(),
            unit: bytes_unit,
        }],
    });
    let sample = sample.collect();
    let location = profile
        .locations
        .iter()
        .enumerate()
        .map(|(index, location)| layout::Location {
            id: index as u64 + 1,
            mapping_id: location.mapping.map_or(0, |m| m as u64 + 1),
            address: location.address,
            line: location.frames.iter().map(|f| tables.line(f)).collect(),
        })
        .collect();
    let mapping = profile
        .code
        .iter()
        .enumerate()
        .map(|(index, mapping)| layout::Mapping {
            id: index as u64 + 1,
            memory_start: mapping.start,
            memory_limit: mapping.end,
            file_offset: mapping.offset,
            filename: tables.string(&mapping.path),
            has_functions: true,
            has_filenames: true,
            has_line_numbers: true,
            has_inline_frames: true,
        })
        .collect();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let period_type = layout::ValueType {
        kind: tables.string("space"),
        unit: tables.string("bytes"),
    };
    let default_sample_type = tables.string("peak_space");
    layout::Profile {
        sample_type: sample_type.to_vec(),
        sample,
        mapping,
        location,
        function: tables.functions,
        string_table: tables.strings,
        time_nanos: i64::try_from(now.as_nanos()).unwrap_or(0),
        period_type: Some(period_type),
        period: profile.rate_bytes.cast_signed(),
        default_sample_type,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an estimate, rounded")]
fn whole(estimate: f64) -> i64 {
    estimate.round() as i64
}

#[derive(Default)]
struct Tables {
    strings: Vec<String>,
    known: BTreeMap<String, i64>,
    functions: Vec<layout::Function>,
    known_functions: BTreeMap<(i64, i64), u64>,
}

impl Tables {
    fn string(&mut self, text: &str) -> i64 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let index = i64::try_from(self.strings.len()).unwrap_or(0);
        self.strings.push(text.to_owned());
        self.known.insert(text.to_owned(), index);
        index
    }

    fn line(&mut self, frame: &Frame) -> layout::Line {
        let name = self.string(&frame.function);
        let filename = self.string(frame.file.as_deref().unwrap_or(""));
        let next = self.functions.len() as u64 + 1;
        let id = *self.known_functions.entry((name, filename)).or_insert(next);
        if id == next {
            self.functions.push(layout::Function {
                id,
                name,
                system_name: name,
                filename,
            });
        }
        layout::Line {
            function_id: id,
            line: i64::from(frame.line),
        }
    }
}

/// A profile as read: for each sample type its stacks, outermost function first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Names of the sample types.
    pub types: Vec<String>,
    /// Stacks, joined by `;`, and their values by type.
    pub stacks: BTreeMap<String, Vec<i64>>,
}

/// Reads a file that [`encode`] or another tool wrote, gzipped or not.
///
/// # Errors
/// It is no such file.
pub fn decode(file: &[u8]) -> io::Result<Decoded> {
    let mut plain = Vec::new();
    if file.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(file).read_to_end(&mut plain)?;
    } else {
        plain.extend_from_slice(file);
    }
    let message = layout::Profile::decode(plain.as_slice())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    if message.sample_type.is_empty() {
        let empty = "it has no sample types: it is no profile in the layout of pprof";
        return Err(io::Error::new(io::ErrorKind::InvalidData, empty));
    }
    let string = |index: i64| {
        let text = usize::try_from(index)
            .ok()
            .and_then(|i| message.string_table.get(i));
        text.map_or("", String::as_str)
    };
    let functions: BTreeMap<u64, &str> = message
        .function
        .iter()
        .map(|function| (function.id, string(function.name)))
        .collect();
    let locations: BTreeMap<u64, &layout::Location> =
        message.location.iter().map(|l| (l.id, l)).collect();
    let name = |line: &layout::Line| functions.get(&line.function_id).copied().unwrap_or("?");
    let mut decoded = Decoded {
        types: message
            .sample_type
            .iter()
            .map(|kind| string(kind.kind).to_owned())
            .collect(),
        stacks: BTreeMap::new(),
    };
    for sample in &message.sample {
        let outermost_first: Vec<String> = sample
            .location_id
            .iter()
            .rev()
            .filter_map(|id| locations.get(id))
            .flat_map(|location| match location.line.as_slice() {
                [] => vec![format!("{:#x}", location.address)],
                lines => lines
                    .iter()
                    .rev()
                    .map(|l| name(l).replace(';', ":"))
                    .collect(),
            })
            .collect();
        let values = decoded
            .stacks
            .entry(outermost_first.join(";"))
            .or_insert_with(|| vec![0; message.sample_type.len()]);
        for (sum, value) in values.iter_mut().zip(&sample.value) {
            *sum += value;
        }
    }
    Ok(decoded)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::profile::stacks::{Blocks, Location, Stack};

    pub(in crate::profile) fn example(peak: f64) -> Profile {
        let location = |address, function: &str| Location {
            address,
            mapping: None,
            frames: vec![Frame {
                function: function.to_owned(),
                file: Some("a.c".to_owned()),
                line: 7,
            }],
        };
        Profile {
            rate_bytes: 512,
            samples: 3,
            dropped: 0,
            locations: vec![location(16, "ask"), location(32, "main")],
            code: Vec::new(),
            stacks: vec![Stack {
                locations: vec![0, 1],
                block_bytes: 64,
                blocks: Blocks {
                    allocated: 100.0,
                    live: 5.0,
                    peak,
                },
            }],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let file = encode(&example(40.0)).unwrap();
        assert!(file.starts_with(&[0x1f, 0x8b]));
        let decoded = decode(&file).unwrap();
        assert_eq!(decoded.types[3], "inuse_space");
        assert_eq!(
            decoded.stacks.into_iter().collect::<Vec<_>>(),
            [("main;ask".to_owned(), vec![100, 6400, 5, 320, 40, 2560])]
        );
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        assert!(decode(b"").is_err());
        assert!(decode(b"hello there, this is no profile").is_err());
        assert!(decode(&[0x1f, 0x8b, 1, 2, 3]).is_err());
    }
}
