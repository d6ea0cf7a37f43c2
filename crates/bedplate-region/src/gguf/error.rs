//! GGUF files that are not read.
//!
//! # Role
//! Where in the file ([`Subject`]), what is wrong there ([`Defect`]), and what to do.

use crate::tensor::{DIMENSIONS_MAX, TensorError};
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

/// Names are kept for messages up to so many bytes.
const NAME_BYTES_MAX: usize = 96;

/// A GGUF file that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufError {
    /// Where.
    pub subject: Subject,
    /// What is wrong there.
    pub defect: Defect,
}

/// A place in a GGUF file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The first 24 bytes.
    Header,
    /// A key or its value.
    Key {
        /// Which, from 0.
        index: u64,
        /// Its name, if that could be read; cut off where it is long.
        name: Option<Box<str>>,
    },
    /// A tensor.
    Tensor {
        /// Which, from 0.
        index: u64,
        /// Its name, if that could be read; cut off where it is long.
        name: Option<Box<str>>,
    },
}

/// What is wrong with a GGUF file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// It does not begin with `GGUF`.
    Magic,
    /// Version 1.
    Version1,
    /// The bytes of its numbers are in the other order.
    BigEndian,
    /// A version that is not known.
    Version {
        /// Which.
        version: u32,
    },
    /// The file ends first.
    Truncated {
        /// At which byte something begins.
        at: u64,
        /// How many bytes it takes.
        need: u64,
        /// How many are left.
        left: u64,
    },
    /// A count that the rest of the file has no room for.
    Count {
        /// Of what.
        what: &'static str,
        /// The count.
        count: u64,
        /// How many the bytes that are left could hold.
        most: u64,
    },
    /// A name longer than 65535 bytes.
    NameLength {
        /// Its bytes.
        bytes: u64,
    },
    /// A name that is no UTF-8.
    NameText,
    /// A name that stood before.
    NameTwice,
    /// A type of value that does not exist.
    ValueType {
        /// Its number.
        number: u32,
    },
    /// A truth value that is neither 0 nor 1.
    Truth {
        /// The byte.
        byte: u8,
    },
    /// Arrays within arrays, too deep.
    Depth,
    /// `general.alignment` is no `u32`.
    AlignmentType,
    /// `general.alignment` is no power of two, or more than 1 MiB.
    Alignment {
        /// What it says.
        alignment: u32,
    },
    /// More than four dimensions.
    Dimensions {
        /// How many.
        dimensions: u32,
    },
    /// A type of element that was given up.
    RemovedType {
        /// Its name.
        name: &'static str,
    },
    /// A type of element that is not known.
    ElementType {
        /// Its number.
        number: u32,
    },
    /// The shape does not go with the type, or is larger than any file.
    Shape(TensorError),
    /// The tensor's data does not begin at a multiple of the alignment.
    Misaligned {
        /// Where it begins, counted from the beginning of all data.
        offset: u64,
        /// The alignment.
        alignment: u32,
    },
    /// The tensor's data is not all inside the file.
    Outside {
        /// Where it begins, counted from the beginning of all data.
        offset: u64,
        /// Its bytes.
        bytes: u64,
        /// The bytes of all data in the file.
        have: u64,
    },
    /// The tensor's data is another's too.
    Overlap {
        /// The other's name, cut off where it is long.
        with: Box<str>,
    },
    /// Keys and descriptions of tensors take more than 4 GiB.
    Metadata,
    /// The memory for the index could not be had.
    OutOfMemory {
        /// How much.
        bytes: u64,
    },
}

impl GgufError {
    pub(super) const fn header(defect: Defect) -> Self {
        let subject = Subject::Header;
        Self { subject, defect }
    }

    pub(super) fn key(index: u64, name: Option<&[u8]>, defect: Defect) -> Self {
        let name = name.map(short);
        let subject = Subject::Key { index, name };
        Self { subject, defect }
    }

    pub(super) fn tensor(index: u64, name: Option<&[u8]>, defect: Defect) -> Self {
        let name = name.map(short);
        let subject = Subject::Tensor { index, name };
        Self { subject, defect }
    }
}

/// A name fit for a message.
pub(super) fn short(name: &[u8]) -> Box<str> {
    let kept = name.get(..NAME_BYTES_MAX).unwrap_or(name);
    let mut text = String::from_utf8_lossy(kept).into_owned();
    if kept.len() < name.len() {
        text.push_str("...");
    }
    text.into_boxed_str()
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, index, name) = match self {
            Self::Header => return f.write_str("its header"),
            Self::Key { index, name } => ("key", index, name),
            Self::Tensor { index, name } => ("tensor", index, name),
        };
        match name {
            // Escaped: a name may hold anything.
            Some(name) => write!(f, "{what} {index} {name:?}"),
            None => write!(f, "{what} {index}"),
        }
    }
}

impl fmt::Display for Defect {
    #[expect(clippy::too_many_lines, reason = "a line per defect")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("does not begin with GGUF; name a GGUF file"),
            Self::Version1 => f.write_str("is of version 1, of 2023; convert the model anew"),
            Self::BigEndian => {
                f.write_str("is big-endian; convert the model for this machine's order of bytes")
            }
            Self::Version { version } => write!(
                f,
                "is of version {version}, and 2 and 3 are known; use a newer reader"
            ),
            Self::Truncated { at, need, left } => write!(
                f,
                "takes {need} bytes from byte {at} on, and the file has {left} more; it was cut short, fetch it again"
            ),
            Self::Count { what, count, most } => write!(
                f,
                "says {count} {what}, and the rest of the file holds {most} at most; it is damaged, fetch it again"
            ),
            Self::NameLength { bytes } => {
                write!(f, "has a name of {bytes} bytes, and 65535 are the most")
            }
            Self::NameText => f.write_str("has a name that is no UTF-8"),
            Self::NameTwice => f.write_str(
                "has the name of another; which is meant cannot be known, convert the model anew",
            ),
            Self::ValueType { number } => {
                write!(f, "has a value of type {number}, and 0 to 12 are known")
            }
            Self::Truth { byte } => write!(f, "has a truth value of {byte}, and it is 0 or 1"),
            Self::Depth => write!(
                f,
                "has arrays within arrays more than {} deep",
                super::DEPTH_MAX
            ),
            Self::AlignmentType => f.write_str("is the alignment, and no u32"),
            Self::Alignment { alignment } => write!(
                f,
                "is an alignment of {alignment}: it must be a power of two, at most {}",
                super::ALIGNMENT_MAX
            ),
            Self::Dimensions { dimensions } => write!(
                f,
                "has {dimensions} dimensions, and {} are the most (a tensor here has at most {DIMENSIONS_MAX})",
                super::DIMENSIONS
            ),
            Self::RemovedType { name } => write!(
                f,
                "has elements of type {name}, which was given up; quantise the model anew"
            ),
            Self::ElementType { number } => write!(
                f,
                "has elements of type {number}, which is not known; use a newer reader"
            ),
            Self::Shape(error) => write!(f, "has {error}"),
            Self::Misaligned { offset, alignment } => write!(
                f,
                "begins at byte {offset} of the data, which is no multiple of the alignment {alignment}"
            ),
            Self::Outside {
                offset,
                bytes,
                have,
            } => write!(
                f,
                "takes {bytes} bytes from byte {offset} of the data on, and the file has {have}; it was cut short, \
                 fetch it again"
            ),
            Self::Overlap { with } => {
                write!(f, "shares bytes with {with:?}; the file is damaged")
            }
            Self::Metadata => f.write_str("lies beyond 4 GiB of metadata, which is the most"),
            Self::OutOfMemory { bytes } => {
                write!(
                    f,
                    "needs an index of {bytes} bytes, and there is no memory for it"
                )
            }
        }
    }
}

impl fmt::Display for GgufError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failed to read the GGUF file: {} {}",
            self.subject, self.defect
        )
    }
}

impl core::error::Error for GgufError {}

/// A key whose value is not as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError {
    /// The key.
    pub key: Box<str>,
    /// What is wrong with it.
    pub fault: KeyFault,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// The file has no such key.
    Missing,
    /// The value is of another kind.
    Kind {
        /// What it is.
        is: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The number is not in the range that was asked for.
    Range {
        /// The number.
        number: i128,
        /// The least that is allowed.
        least: u64,
        /// The most that is allowed.
        most: u64,
    },
    /// The text is no UTF-8.
    Text,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to use the model's key {:?}: ", self.key)?;
        match self.fault {
            KeyFault::Missing => {
                f.write_str("the file has none; it is no model of the kind that was asked for")
            }
            KeyFault::Kind { is, wanted } => write!(f, "it is {is}, and not {wanted}"),
            KeyFault::Range {
                number,
                least,
                most,
            } => write!(f, "{number} is not in {least} to {most}"),
            KeyFault::Text => f.write_str("its text is no UTF-8"),
        }
    }
}

impl core::error::Error for KeyError {}
