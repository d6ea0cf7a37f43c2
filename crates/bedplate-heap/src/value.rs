//! Values and handles.
//!
//! # Role
//! [`Value`]: a word that is nil, a boolean, an integer of 48 bits, a float, a text of up to five
//! bytes, or a handle. [`Ref`]: the handle of an object, four bytes.
//!
//! # Not here
//! Counts: values are `Copy`, and who holds one that the heap counts is the holder's to say
//! ([`crate::Heap::retain`]).
//!
//! # Invariants
//! - I1: zero is nil, so that fresh memory holds nils.
//! - I2: words at and above [`HANDLE`] are handles, and no others are: one compare.
//! - I3: floats are stored with an offset that keeps them between the special words and the tags; a
//!   NaN is stored as one pattern.

use crate::HeapError;
use crate::bits::{join, low};
use core::fmt;
use core::num::NonZeroU32;

/// Where handles begin.
const HANDLE: u64 = 0xffff << 48;
const INTEGER: u64 = 0xfffe << 48;
const TEXT: u64 = 0xfffd << 48;
/// What is added to a float's bits.
const OFFSET: u64 = 2 << 48;
const FALSE: u64 = 1;
const TRUE: u64 = 2;
const PAYLOAD: u64 = (1 << 48) - 1;
/// The longest text that lives in the value.
pub(crate) const TEXT_BYTES_MAX: usize = 5;

/// The handle of an object: it says nothing without its heap.
///
/// A handle that outlived its object, or of another heap, is never a danger to memory: what it is used
/// for fails, or meets another object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ref(NonZeroU32);

impl Ref {
    #[inline]
    pub(crate) const fn at(index: u32) -> Option<Self> {
        match NonZeroU32::new(index) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    /// The object's place, for listings: eight-byte words from the heap's start.
    #[must_use]
    #[inline]
    pub const fn index(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// A text of up to five bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text {
    bytes: [u8; TEXT_BYTES_MAX],
    length: u8,
}

impl Text {
    /// The text, where it is short enough.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; TEXT_BYTES_MAX];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).ok()?;
        Some(Self { bytes, length })
    }

    /// Its bytes, which are UTF-8.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let length = usize::from(self.length).min(TEXT_BYTES_MAX);
        &self.bytes[..length]
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let chunk = self.bytes().utf8_chunks().next();
        chunk.map_or("", |chunk| chunk.valid())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A value as its cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View {
    /// Nothing.
    Nil,
    /// A truth.
    Bool(bool),
    /// An integer of 48 bits.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A text of up to five bytes.
    Text(Text),
    /// An object of the heap.
    Object(Ref),
}

/// One word of a program: eight bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(u64);

impl Value {
    /// Nothing.
    pub const NIL: Self = Self(0);
    /// The least integer that a value holds.
    pub const INTEGER_MIN: i64 = -(1 << 47);
    /// The greatest integer that a value holds.
    pub const INTEGER_MAX: i64 = (1 << 47) - 1;

    /// A truth.
    #[must_use]
    #[inline]
    pub const fn bool(truth: bool) -> Self {
        Self(if truth { TRUE } else { FALSE })
    }

    /// An integer; `None` where it wants more than 48 bits (those are objects:
    /// [`crate::Heap::new_integer`]).
    #[must_use]
    #[inline]
    pub const fn integer(number: i64) -> Option<Self> {
        if number < Self::INTEGER_MIN || number > Self::INTEGER_MAX {
            return None;
        }
        Some(Self(INTEGER | number.cast_unsigned() & PAYLOAD))
    }

    /// A float. All NaNs become one.
    #[must_use]
    #[inline]
    pub const fn float(number: f64) -> Self {
        let bits = if number.is_nan() {
            f64::NAN.to_bits() & !(1 << 63)
        } else {
            number.to_bits()
        };
        Self(bits + OFFSET)
    }

    /// A text of up to five bytes; `None` where it is longer.
    #[must_use]
    pub fn text(text: &str) -> Option<Self> {
        let short = Text::new(text)?;
        let mut word = u64::from(short.length) << 40;
        for (place, byte) in short.bytes.iter().enumerate() {
            word |= u64::from(*byte) << (8 * place);
        }
        Some(Self(TEXT | word))
    }

    /// An object.
    #[must_use]
    #[inline]
    pub const fn object(object: Ref) -> Self {
        Self(HANDLE | join(object.index(), 0))
    }

    /// The value as its cases.
    #[must_use]
    pub fn view(self) -> View {
        if let Some(object) = self.as_object() {
            return View::Object(object);
        }
        match self.0 {
            0 => View::Nil,
            FALSE => View::Bool(false),
            TRUE => View::Bool(true),
            word if word >= INTEGER => View::Integer((word << 16).cast_signed() >> 16),
            word if word >= TEXT => {
                let [bytes @ .., length, _, _] = word.to_le_bytes();
                View::Text(Text { bytes, length })
            }
            word => View::Float(f64::from_bits(word.wrapping_sub(OFFSET))),
        }
    }

    /// The object, if it is one.
    #[must_use]
    #[inline]
    pub const fn as_object(self) -> Option<Ref> {
        Ref::at(self.link())
    }

    /// Whether it is nil.
    #[must_use]
    #[inline]
    pub const fn is_nil(self) -> bool {
        self.0 == 0
    }

    /// The place of the object, 0 where it is none (I2).
    #[inline]
    pub(crate) const fn link(self) -> u32 {
        if self.is_object() { self.place() } else { 0 }
    }

    /// Whether it is an object (I2).
    #[inline]
    pub(crate) const fn is_object(self) -> bool {
        self.0 >= HANDLE
    }

    /// The place of what is an object.
    #[inline]
    pub(crate) const fn place(self) -> u32 {
        low(self.0)
    }

    #[inline]
    pub(crate) const fn from_word(word: u64) -> Self {
        Self(word)
    }

    #[inline]
    pub(crate) const fn word(self) -> u64 {
        self.0
    }
}

impl From<Ref> for Value {
    fn from(object: Ref) -> Self {
        Self::object(object)
    }
}

impl From<Option<Ref>> for Value {
    fn from(object: Option<Ref>) -> Self {
        object.map_or(Self::NIL, Self::object)
    }
}

/// Fails with what the value is.
impl TryFrom<Value> for Ref {
    type Error = HeapError;

    #[inline]
    fn try_from(value: Value) -> Result<Self, HeapError> {
        value
            .as_object()
            .ok_or(HeapError::NotObject { found: value })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}
