//! Bytes and text.
//!
//! # Role
//! Bytes that never change, text among them; short text lives in the value.

use crate::bits::{high, join, low, narrow};
use crate::header::Kind;
use crate::{Heap, HeapError, Ref, Value};

/// The longest.
const BYTES_MAX: usize = 1 << 31;

impl Heap {
    /// Bytes. 16 bytes and their own.
    ///
    /// # Errors
    /// - [`HeapError::TooLong`]: more than 2 GiB.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_bytes(&mut self, bytes: &[u8]) -> Result<Ref, HeapError> {
        self.make_bytes(bytes, 0)
    }

    /// A text: in the value up to five bytes, else an object.
    ///
    /// # Errors
    /// - [`HeapError::TooLong`]: more than 2 GiB.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_text(&mut self, text: &str) -> Result<Value, HeapError> {
        if let Some(value) = Value::text(text) {
            return Ok(value);
        }
        self.make_bytes(text.as_bytes(), 1).map(Value::from)
    }

    fn make_bytes(&mut self, bytes: &[u8], is_text: u32) -> Result<Ref, HeapError> {
        let asked = bytes.len();
        if asked > BYTES_MAX {
            let max = BYTES_MAX;
            return Err(HeapError::TooLong { asked, max });
        }
        let object = self.make(Kind::Bytes, narrow(asked.div_ceil(8)) + 2)?;
        let at = object.index();
        self.words.store(at + 1, join(narrow(asked), is_text));
        for (place, part) in (at + 2..).zip(bytes.chunks(8)) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.words.store(place, u64::from_ne_bytes(word));
        }
        Ok(object)
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no bytes.
    pub fn bytes(&self, object: Ref) -> Result<&[u8], HeapError> {
        let at = self.expect(object, Kind::Bytes)?;
        let length = low(self.words.load(at + 1)) as usize;
        Ok(self.words.bytes(at + 2, length))
    }

    /// The text of an object; `None` where it is bytes.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is neither.
    pub fn long_text(&self, object: Ref) -> Result<Option<&str>, HeapError> {
        let bytes = self.bytes(object)?;
        if high(self.words.load(object.index() + 1)) == 0 {
            return Ok(None);
        }
        Ok(core::str::from_utf8(bytes).ok())
    }
}
