//! Writing a GGUF file.
//!
//! # Role
//! [`Writer`]: keys and tensors in, a file of version 3 out. For tools that make small models, and
//! for tests.
//!
//! # Not here
//! Changing a file; sharding; versions before 3.
//!
//! # Examples
//! ```
//! use bedplate_region::gguf::Gguf;
//! use bedplate_region::gguf::write::{Field, Writer};
//! use bedplate_region::tensor::{ElementType, Shape};
//!
//! let mut writer = Writer::new();
//! writer.key("general.architecture", Field::Text("llama"));
//! writer.key("llama.block_count", Field::U32(2));
//! let ones = 1.0_f32.to_le_bytes().repeat(4);
//! writer.tensor("norm.weight", ElementType::F32, Shape::new(&[4])?, &ones)?;
//! let mut bytes = Vec::new();
//! writer.write(&mut bytes)?;
//!
//! let file = Gguf::parse(&bytes)?;
//! assert_eq!(file.text("general.architecture")?, "llama");
//! assert_eq!(file.tensor("norm.weight").map(|t| t.row_count()), Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::value::ValueType;
use super::{ALIGNMENT_DEFAULT, ALIGNMENT_KEY};
use crate::tensor::{ElementType, Shape, Tensor, TensorError};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::io;

/// The value of a key to be written.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is what its name says")]
#[non_exhaustive]
pub enum Field<'a> {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    U64(u64),
    I64(i64),
    F32(f32),
    F64(f64),
    Bool(bool),
    Text(&'a str),
    U32s(&'a [u32]),
    I32s(&'a [i32]),
    F32s(&'a [f32]),
    Bools(&'a [bool]),
    Texts(&'a [&'a str]),
}

/// A file to be written.
#[derive(Clone, Debug)]
pub struct Writer<'a> {
    alignment: u32,
    is_aligned: bool,
    names: Vec<String>,
    keys: Vec<u8>,
    tensors: Vec<(String, ElementType, Shape, &'a [u8])>,
}

impl Default for Writer<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Writer<'a> {
    /// A file without keys and tensors, its data at multiples of 32 bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            alignment: ALIGNMENT_DEFAULT,
            is_aligned: false,
            names: Vec::new(),
            keys: Vec::new(),
            tensors: Vec::new(),
        }
    }

    /// Puts the data of tensors at multiples of `bytes`, a power of two, and writes the key that says
    /// so.
    pub fn align(&mut self, bytes: u32) {
        self.alignment = bytes;
        self.is_aligned = true;
        self.key(ALIGNMENT_KEY, Field::U32(bytes));
    }

    /// Adds a key.
    pub fn key(&mut self, name: &str, value: Field<'_>) {
        self.names.push(String::from(name));
        put_text(&mut self.keys, name);
        put(&mut self.keys, value);
    }

    /// Adds a tensor.
    ///
    /// # Errors
    /// - [`TensorError`]: the bytes do not go with shape and type, or the type is none of GGUF's.
    pub fn tensor(
        &mut self,
        name: &str,
        element: ElementType,
        shape: Shape,
        bytes: &'a [u8],
    ) -> Result<(), TensorError> {
        Tensor::new("", element, shape, bytes)?;
        let dimensions = shape.sizes().len();
        if dimensions > super::DIMENSIONS {
            return Err(TensorError::Dimensions { dimensions });
        }
        if element.gguf_number().is_none() {
            return Err(TensorError::Unreadable { is: element });
        }
        self.tensors
            .push((String::from(name), element, shape, bytes));
        Ok(())
    }

    /// Writes the file.
    ///
    /// # Errors
    /// - [`io::ErrorKind::InvalidInput`]: what a reader refuses. A key or a tensor is there twice, or the
    ///   alignment is no power of two, or was written as a key and not by [`align`](Self::align). Nothing
    ///   is written.
    /// - As `target`.
    pub fn write(&self, target: &mut impl io::Write) -> io::Result<()> {
        self.check()
            .map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, what))?;
        let mut metadata = b"GGUF\x03\0\0\0".to_vec();
        metadata.extend((self.tensors.len() as u64).to_le_bytes());
        metadata.extend((self.names.len() as u64).to_le_bytes());
        metadata.extend(&self.keys);
        let mut offset = 0_u64;
        for (name, element, shape, bytes) in &self.tensors {
            put_text(&mut metadata, name);
            let sizes = shape.sizes();
            // At most four.
            metadata.extend(u32::try_from(sizes.len()).unwrap_or(u32::MAX).to_le_bytes());
            for &size in sizes.iter().rev() {
                metadata.extend((size as u64).to_le_bytes());
            }
            let number = element.gguf_number().unwrap_or(u32::MAX);
            metadata.extend(number.to_le_bytes());
            metadata.extend(offset.to_le_bytes());
            offset += bytes.len() as u64 + self.gap(bytes.len()) as u64;
        }
        target.write_all(&metadata)?;
        self.write_gap(target, metadata.len())?;
        for (.., bytes) in &self.tensors {
            target.write_all(bytes)?;
            self.write_gap(target, bytes.len())?;
        }
        Ok(())
    }

    /// Says what a reader would refuse.
    fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        if let Some(name) = self.names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(format!(
                "failed to write a GGUF file: the key \"{name}\" is there twice; write it once"
            ));
        }
        if seen.contains(ALIGNMENT_KEY) != self.is_aligned {
            return Err(format!(
                "failed to write a GGUF file: the key \"{ALIGNMENT_KEY}\" does not move the data; use align"
            ));
        }
        if !self.alignment.is_power_of_two() {
            return Err(format!(
                "failed to write a GGUF file: an alignment of {} bytes is no power of two",
                self.alignment
            ));
        }
        let mut seen = BTreeSet::new();
        let mut tensors = self.tensors.iter().map(|(name, ..)| name);
        match tensors.find(|name| !seen.insert(name.as_str())) {
            Some(name) => Err(format!(
                "failed to write a GGUF file: the tensor \"{name}\" is there twice; write it once"
            )),
            None => Ok(()),
        }
    }

    /// The bytes from a length to the next multiple of the alignment.
    const fn gap(&self, length: usize) -> usize {
        let alignment = self.alignment as usize;
        (alignment - length % alignment) % alignment
    }

    fn write_gap(&self, target: &mut impl io::Write, length: usize) -> io::Result<()> {
        let mut gap = self.gap(length);
        while gap > 0 {
            let step = gap.min(64);
            target.write_all([0; 64].get(..step).unwrap_or(&[]))?;
            gap -= step;
        }
        Ok(())
    }
}

fn put_type(bytes: &mut Vec<u8>, kind: ValueType) {
    bytes.extend(kind.number().to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn put_array<T>(bytes: &mut Vec<u8>, kind: ValueType, items: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_type(bytes, ValueType::Array);
    put_type(bytes, kind);
    bytes.extend((items.len() as u64).to_le_bytes());
    for item in items {
        put(bytes, item);
    }
}

fn put(bytes: &mut Vec<u8>, value: Field<'_>) {
    macro_rules! number {
        ($kind:ident, $number:expr) => {{
            put_type(bytes, ValueType::$kind);
            bytes.extend($number.to_le_bytes());
        }};
    }
    match value {
        Field::U8(n) => number!(U8, n),
        Field::I8(n) => number!(I8, n),
        Field::U16(n) => number!(U16, n),
        Field::I16(n) => number!(I16, n),
        Field::U32(n) => number!(U32, n),
        Field::I32(n) => number!(I32, n),
        Field::U64(n) => number!(U64, n),
        Field::I64(n) => number!(I64, n),
        Field::F32(n) => number!(F32, n),
        Field::F64(n) => number!(F64, n),
        Field::Bool(truth) => number!(Bool, u8::from(truth)),
        Field::Text(text) => {
            put_type(bytes, ValueType::Text);
            put_text(bytes, text);
        }
        Field::U32s(items) => {
            put_array(bytes, ValueType::U32, items, |b, n| {
                b.extend(n.to_le_bytes());
            });
        }
        Field::I32s(items) => {
            put_array(bytes, ValueType::I32, items, |b, n| {
                b.extend(n.to_le_bytes());
            });
        }
        Field::F32s(items) => {
            put_array(bytes, ValueType::F32, items, |b, n| {
                b.extend(n.to_le_bytes());
            });
        }
        Field::Bools(items) => {
            put_array(bytes, ValueType::Bool, items, |b, &n| b.push(n.into()));
        }
        Field::Texts(items) => {
            put_array(bytes, ValueType::Text, items, |b, text| put_text(b, text));
        }
    }
}
