//! Model files in the format GGUF.
//!
//! # Role
//! [`Gguf`]: the keys and tensors of a file's bytes, checked once, read where they lie. Any bytes
//! may come: they are read or refused, and nothing else happens.
//!
//! # Not here
//! Ownership of the bytes (`mapped/`); what the keys mean to a model.
//!
//! # Invariants
//! - I1: no bytes make it panic, and no read goes outside of them.
//! - I2: no count is believed before the rest of the file has room for it. The index takes 4 bytes
//!   for each key and 8 for each tensor, which takes at least 13 and 24 in the file.
//! - I3: names are unique and UTF-8; the data of tensors begins at multiples of the alignment, lies
//!   inside the file, and is no other's.
//! - I4: what is reached by an offset of the index was read without a defect before.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `index.rs` | the one reading of all metadata, with all checks |
//! | `value.rs` | values of keys, arrays as views |
//! | `description.rs` | what a file says of one tensor |
//! | `keys.rs` | keys with the kind and range that a model needs |
//! | `cursor.rs` | bytes taken from the front |
//! | `write.rs` | writing a file (feature `gguf-write`) |
//! | `error.rs` | errors |
//!
//! # Examples
//! ```
//! use bedplate_region::gguf::{Gguf, GgufError};
//! # fn main() -> Result<(), GgufError> {
//! # let mut bytes = b"GGUF\x03\0\0\0".to_vec();
//! # bytes.extend([0; 16]);
//! let file = Gguf::parse(&bytes)?;
//! for tensor in file.tensors() {
//!     println!("{} {:?} {}", tensor.name(), tensor.shape(), tensor.element_type());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//! The description of GGUF in ggml's repository, and the defects that readers of it had, each of
//! which is a test by its name (`tests/files/families.rs`).

mod cursor;
mod description;
mod error;
mod index;
mod keys;
mod value;
#[cfg(feature = "gguf-write")]
pub mod write;

pub use error::{Defect, GgufError, KeyError, KeyFault, Subject};
pub use value::{Array, DEPTH_MAX, Text, Value, ValueType};

use crate::tensor::Tensor;
use alloc::vec::Vec;
use core::fmt;
use cursor::Cursor;
use description::Description;

/// The most dimensions that a tensor has in this format.
pub const DIMENSIONS: usize = 4;
/// The largest alignment that is believed: larger ones only cost address space.
pub const ALIGNMENT_MAX: u32 = 1 << 20;
/// The alignment where the file names none.
pub const ALIGNMENT_DEFAULT: u32 = 32;
/// The key that says at multiples of what the data lies.
const ALIGNMENT_KEY: &str = "general.alignment";

/// A GGUF file's keys and tensors.
#[derive(Clone)]
pub struct Gguf<'a> {
    bytes: &'a [u8],
    version: u32,
    alignment: u32,
    /// Where each key begins, by name.
    keys: Vec<u32>,
    /// Where each tensor's description begins, in the file's order.
    tensors: Vec<u32>,
    /// Numbers of tensors, by name.
    by_name: Vec<u32>,
    metadata_bytes: usize,
    data: &'a [u8],
}

impl fmt::Debug for Gguf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gguf")
            .field("version", &self.version)
            .field("alignment", &self.alignment)
            .field("keys", &self.keys.len())
            .field("tensors", &self.tensors.len())
            .field("data_bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Gguf<'a> {
    /// Reads a file's metadata and checks all of it.
    ///
    /// # Errors
    /// - [`GgufError`] names the first place that is wrong, what is wrong there, and what to do.
    ///
    /// # Cost
    /// One pass over the metadata and two sorts by name; the data is not touched. Memory: I2.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, GgufError> {
        index::read(bytes)
    }

    /// The version of the format: 2 or 3.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What the places of tensors are multiples of, in bytes.
    #[must_use]
    pub const fn alignment(&self) -> u32 {
        self.alignment
    }

    /// The bytes of header, keys and descriptions.
    #[must_use]
    pub const fn metadata_bytes(&self) -> usize {
        self.metadata_bytes
    }

    /// The memory that this index takes, in bytes.
    #[must_use]
    pub const fn index_bytes(&self) -> usize {
        size_of::<u32>()
            * (self.keys.capacity() + self.tensors.capacity() + self.by_name.capacity())
    }

    /// How many keys there are.
    #[must_use]
    pub const fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// The keys with their values, by name.
    #[must_use]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = (&'a str, Value<'a>)> {
        let bytes = self.bytes;
        self.keys.iter().map(move |&at| {
            // I4: neither fails.
            let (name, mut cursor) = index::name_at(bytes, at);
            let name = core::str::from_utf8(name).unwrap_or_default();
            (name, Value::read(&mut cursor).unwrap_or(Value::U8(0)))
        })
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let name = |at: &u32| index::name_at(self.bytes, *at).0;
        let place = self
            .keys
            .binary_search_by(|at| name(at).cmp(key.as_bytes()))
            .ok()?;
        let (_, mut cursor) = index::name_at(self.bytes, *self.keys.get(place)?);
        Value::read(&mut cursor).ok()
    }

    /// How many tensors there are.
    #[must_use]
    pub const fn tensor_count(&self) -> usize {
        self.tensors.len()
    }

    /// The tensors, in the file's order.
    pub fn tensors(&self) -> impl Iterator<Item = Tensor<'a>> {
        self.tensors.iter().filter_map(|&at| self.tensor_at(at))
    }

    /// A tensor by its name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<Tensor<'a>> {
        let at = |number: &u32| self.tensors.get(*number as usize).copied().unwrap_or(0);
        let place = self.by_name.binary_search_by(|number| {
            let (other, _) = index::name_at(self.bytes, at(number));
            other.cmp(name.as_bytes())
        });
        self.tensor_at(at(self.by_name.get(place.ok()?)?))
    }

    fn tensor_at(&self, at: u32) -> Option<Tensor<'a>> {
        let mut cursor = Cursor::new(self.bytes, at as usize);
        // I4: nothing fails here that did not fail before.
        let description = Description::read(&mut cursor).ok()?;
        description.tensor(self.data).ok()
    }
}
