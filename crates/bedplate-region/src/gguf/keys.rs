//! Keys with the kind and range that a model needs.
//!
//! # Role
//! A model's layer count sizes its tables, and a token's number is a place in its vocabulary: a file
//! that says -1, or a billion, must end in an error and not in an index. So whoever asks says the
//! range.

use super::Gguf;
use super::error::{KeyError, KeyFault};
use super::value::{Array, Value};
use alloc::boxed::Box;
use core::ops::RangeInclusive;

impl<'a> Gguf<'a> {
    /// A number without fractions, of any type, in a range.
    ///
    /// # Errors
    /// - [`KeyFault::Missing`], [`KeyFault::Kind`], [`KeyFault::Range`].
    pub fn integer(&self, key: &str, range: RangeInclusive<u64>) -> Result<u64, KeyError> {
        let value = self.need(key)?;
        let number = value
            .as_integer()
            .ok_or_else(|| wrong_kind(key, &value, "a number without fractions"))?;
        u64::try_from(number)
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (least, most) = (*range.start(), *range.end());
                wrong(
                    key,
                    KeyFault::Range {
                        number,
                        least,
                        most,
                    },
                )
            })
    }

    /// A float; an `f64` is rounded.
    ///
    /// # Errors
    /// - [`KeyFault::Missing`], [`KeyFault::Kind`].
    pub fn float(&self, key: &str) -> Result<f32, KeyError> {
        match self.need(key)? {
            Value::F32(number) => Ok(number),
            #[expect(clippy::cast_possible_truncation, reason = "rounded, as documented")]
            Value::F64(number) => Ok(number as f32),
            value => Err(wrong_kind(key, &value, "a float")),
        }
    }

    /// A truth value.
    ///
    /// # Errors
    /// - [`KeyFault::Missing`], [`KeyFault::Kind`].
    pub fn truth(&self, key: &str) -> Result<bool, KeyError> {
        match self.need(key)? {
            Value::Bool(truth) => Ok(truth),
            value => Err(wrong_kind(key, &value, "a truth value")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// - [`KeyFault::Missing`], [`KeyFault::Kind`], [`KeyFault::Text`].
    pub fn text(&self, key: &str) -> Result<&'a str, KeyError> {
        match self.need(key)? {
            Value::Text(text) => text.to_str().map_err(|_| wrong(key, KeyFault::Text)),
            value => Err(wrong_kind(key, &value, "a text")),
        }
    }

    /// An array.
    ///
    /// # Errors
    /// - [`KeyFault::Missing`], [`KeyFault::Kind`].
    pub fn array(&self, key: &str) -> Result<Array<'a>, KeyError> {
        match self.need(key)? {
            Value::Array(array) => Ok(array),
            value => Err(wrong_kind(key, &value, "an array")),
        }
    }

    fn need(&self, key: &str) -> Result<Value<'a>, KeyError> {
        self.get(key).ok_or_else(|| wrong(key, KeyFault::Missing))
    }
}

fn wrong(key: &str, fault: KeyFault) -> KeyError {
    let key = Box::from(key);
    KeyError { key, fault }
}

fn wrong_kind(key: &str, value: &Value<'_>, wanted: &'static str) -> KeyError {
    let is = value.value_type().name();
    wrong(key, KeyFault::Kind { is, wanted })
}
