//! Values of keys.
//!
//! # Role
//! [`Value`]: a number, a text or an array, read where it lies. Arrays are views: an array of
//! 150,000 texts takes no memory of its own.
//!
//! # Invariants
//! - I1: `check` has seen the bytes of each value before anyone else; what is read again later is
//!   inside the file.

use super::cursor::Cursor;
use super::error::Defect;
use crate::tensor::{Element, Elements};
use core::fmt;
use core::str::Utf8Error;

/// How deep arrays may lie in arrays.
pub const DEPTH_MAX: u32 = 4;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// Float, 32 bits.
    F32,
    /// True or false.
    Bool,
    /// A text.
    Text,
    /// An array.
    Array,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 64 bits.
    I64,
    /// Float, 64 bits.
    F64,
}

/// The types by their number.
const TYPES: [(ValueType, &str, usize); 13] = [
    (ValueType::U8, "u8", 1),
    (ValueType::I8, "i8", 1),
    (ValueType::U16, "u16", 2),
    (ValueType::I16, "i16", 2),
    (ValueType::U32, "u32", 4),
    (ValueType::I32, "i32", 4),
    (ValueType::F32, "f32", 4),
    (ValueType::Bool, "a truth value", 1),
    // An empty text, and an empty array, are so many bytes.
    (ValueType::Text, "a text", 8),
    (ValueType::Array, "an array", 12),
    (ValueType::U64, "u64", 8),
    (ValueType::I64, "i64", 8),
    (ValueType::F64, "f64", 8),
];

impl ValueType {
    fn from_number(number: u32) -> Result<Self, Defect> {
        usize::try_from(number)
            .ok()
            .and_then(|number| TYPES.get(number))
            .map(|(kind, ..)| *kind)
            .ok_or(Defect::ValueType { number })
    }

    fn row(self) -> (&'static str, usize) {
        let row = TYPES.iter().find(|(kind, ..)| *kind == self);
        row.map_or(("", 1), |(_, name, bytes)| (name, *bytes))
    }

    /// Its name, for a message.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The bytes of one, or the fewest that one can have.
    fn least_bytes(self) -> usize {
        self.row().1
    }

    /// Its number in the format.
    #[cfg(feature = "gguf-write")]
    pub(super) fn number(self) -> u32 {
        let place = TYPES.iter().position(|(kind, ..)| *kind == self);
        place
            .and_then(|place| u32::try_from(place).ok())
            .unwrap_or(u32::MAX)
    }
}

/// A text as it stands in the file. The format asks for UTF-8; the tokens of some models are not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text.
    ///
    /// # Errors
    /// - It is no UTF-8.
    pub const fn to_str(self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.0)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// The value of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is what its name says")]
#[non_exhaustive]
pub enum Value<'a> {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    Text(Text<'a>),
    Array(Array<'a>),
    U64(u64),
    I64(i64),
    F64(f64),
}

impl<'a> Value<'a> {
    /// Its type.
    #[must_use]
    pub const fn value_type(&self) -> ValueType {
        match self {
            Self::U8(_) => ValueType::U8,
            Self::I8(_) => ValueType::I8,
            Self::U16(_) => ValueType::U16,
            Self::I16(_) => ValueType::I16,
            Self::U32(_) => ValueType::U32,
            Self::I32(_) => ValueType::I32,
            Self::F32(_) => ValueType::F32,
            Self::Bool(_) => ValueType::Bool,
            Self::Text(_) => ValueType::Text,
            Self::Array(_) => ValueType::Array,
            Self::U64(_) => ValueType::U64,
            Self::I64(_) => ValueType::I64,
            Self::F64(_) => ValueType::F64,
        }
    }

    /// The number, if it is one without fractions.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        Some(match *self {
            Self::U8(n) => n.into(),
            Self::I8(n) => n.into(),
            Self::U16(n) => n.into(),
            Self::I16(n) => n.into(),
            Self::U32(n) => n.into(),
            Self::I32(n) => n.into(),
            Self::U64(n) => n.into(),
            Self::I64(n) => n.into(),
            _ => return None,
        })
    }

    /// Reads the type and the value at the cursor.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Defect> {
        let kind = ValueType::from_number(cursor.u32()?)?;
        Self::read_of(kind, cursor, 1)
    }

    fn read_of(kind: ValueType, cursor: &mut Cursor<'a>, depth: u32) -> Result<Self, Defect> {
        if kind == ValueType::Text {
            return cursor.text().map(|text| Self::Text(Text(text)));
        }
        if kind == ValueType::Array {
            return Array::read(cursor, depth).map(Self::Array);
        }
        let bytes = cursor.take(kind.least_bytes() as u64)?;
        Ok(match kind {
            ValueType::U8 => Self::U8(u8::from_file(bytes)),
            ValueType::I8 => Self::I8(i8::from_file(bytes)),
            ValueType::U16 => Self::U16(u16::from_file(bytes)),
            ValueType::I16 => Self::I16(i16::from_file(bytes)),
            ValueType::U32 => Self::U32(u32::from_file(bytes)),
            ValueType::I32 => Self::I32(i32::from_file(bytes)),
            ValueType::F32 => Self::F32(f32::from_file(bytes)),
            ValueType::U64 => Self::U64(u64::from_file(bytes)),
            ValueType::I64 => Self::I64(i64::from_file(bytes)),
            ValueType::F64 => Self::F64(f64::from_file(bytes)),
            ValueType::Bool | ValueType::Text | ValueType::Array => {
                let byte = u8::from_file(bytes);
                check_truth(byte)?;
                Self::Bool(byte == 1)
            }
        })
    }
}

const fn check_truth(byte: u8) -> Result<(), Defect> {
    if byte > 1 {
        return Err(Defect::Truth { byte });
    }
    Ok(())
}

/// An array where it lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Array<'a> {
    kind: ValueType,
    len: usize,
    depth: u32,
    bytes: &'a [u8],
}

impl<'a> Array<'a> {
    /// Reads an array at the cursor and goes through all that is in it.
    fn read(cursor: &mut Cursor<'a>, depth: u32) -> Result<Self, Defect> {
        if depth > DEPTH_MAX {
            return Err(Defect::Depth);
        }
        let kind = ValueType::from_number(cursor.u32()?)?;
        let count = cursor.count("items of an array", kind.least_bytes())?;
        let start = *cursor;
        match kind {
            ValueType::Text => {
                for _ in 0..count {
                    cursor.text()?;
                }
            }
            ValueType::Array => {
                for _ in 0..count {
                    Self::read(cursor, depth + 1)?;
                }
            }
            _ => {
                // No overflow: the count is capped by the bytes that are left.
                let items = cursor.take(count * kind.least_bytes() as u64)?;
                if kind == ValueType::Bool {
                    items.iter().try_for_each(|&byte| check_truth(byte))?;
                }
            }
        }
        let mut inside = start;
        let bytes = inside.take((cursor.at() - start.at()) as u64)?;
        Ok(Self {
            kind,
            len: usize::try_from(count).unwrap_or(usize::MAX),
            depth,
            bytes,
        })
    }

    /// The type of its items.
    #[must_use]
    pub const fn item_type(&self) -> ValueType {
        self.kind
    }

    /// How many items there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// True if there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its numbers, in place where they are aligned; `None` where its items are of another type.
    #[must_use]
    pub fn numbers<T: Element>(&self) -> Option<Elements<'a, T>> {
        // Of the types that both sides know, the names differ by case alone.
        let is_same = T::TYPE.name().eq_ignore_ascii_case(self.kind.name());
        is_same.then(|| Elements::of(self.bytes))
    }

    /// Its texts, front to back: the place of one is known once those before it are read. `None`
    /// where its items are no texts.
    #[must_use]
    pub fn texts(&self) -> Option<impl Iterator<Item = Text<'a>> + use<'a>> {
        let items = self.items();
        (self.kind == ValueType::Text).then(|| {
            items.filter_map(|item| match item {
                Value::Text(text) => Some(text),
                _ => None,
            })
        })
    }

    /// All items, front to back.
    pub fn items(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let (kind, depth) = (self.kind, self.depth);
        let mut cursor = Cursor::new(self.bytes, 0);
        // Each was read before (I1): none fails.
        (0..self.len).map_while(move |_| Value::read_of(kind, &mut cursor, depth + 1).ok())
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}; {}]", self.kind.name(), self.len)
    }
}
