//! Keys of tables.
//!
//! # Role
//! Which keys are one, and where a key's entry belongs: by a hash that is each table's own.
//!
//! # Invariants
//! - I1: keys that are equal have one form, and where they cannot, one hash: an integral float is an
//!   integer, short text is in the value; an integer of more than 48 bits is an object or a float.
//! - I2: a table's hash never changes. Tables differ, so that a walk through one fills another evenly;
//!   heaps differ by chance, so that nobody can choose keys that collide.

use super::entries::Hash;
use super::order::Orders;
use crate::bits::low;
use crate::header::{self, Kind};
use crate::{Heap, HeapError, Ref, Value, View};
use core::cell::Cell;
use core::hash::{BuildHasher, Hasher};
use std::hash::RandomState;

/// How many tables are remembered that are walked in turn.
const WALKED: usize = 16;
/// What makes tables differ. Odd.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;
/// 2^63: floats from its negative on below it have an integer.
const INTEGERS_END: f64 = 9_223_372_036_854_775_808.0;

/// What tables of a heap share.
#[derive(Debug)]
pub(crate) struct Tables {
    /// Drawn by chance.
    seeds: [u64; 3],
    /// Tables that were walked from their start, each with the entry that came first: it has none below.
    first: [Cell<(u32, u32)>; WALKED],
    pub(super) orders: Orders,
}

impl Tables {
    pub(crate) fn new() -> Self {
        let draw = |_| RandomState::new().build_hasher().finish();
        Self {
            seeds: [0, 1, 2].map(draw),
            first: [const { Cell::new((0, 0)) }; WALKED],
            orders: Orders::default(),
        }
    }

    const fn known(&self, table: u32) -> &Cell<(u32, u32)> {
        &self.first[(table.wrapping_mul(low(STRIDE)) >> 28) as usize % WALKED]
    }

    /// An entry of a table below which it has none.
    pub(super) const fn first(&self, table: u32) -> u32 {
        let (known, first) = self.known(table).get();
        if known == table { first } else { 0 }
    }

    /// Whether it is known that an entry of a table is the first.
    pub(super) fn is_first(&self, table: u32, entry: u32) -> bool {
        self.known(table).get() == (table, entry)
    }

    /// A table has no entry below this one.
    pub(super) fn set_first(&self, table: u32, entry: u32) {
        self.known(table).set((table, entry));
    }

    /// A table's entries are others now.
    pub(super) fn forget(&self, table: u32) {
        if self.known(table).get().0 == table {
            self.known(table).set((0, 0));
        }
    }

    /// All tables are others now.
    pub(crate) fn forget_all(&self) {
        self.first.iter().for_each(|known| known.set((0, 0)));
        self.orders.forget_all();
    }
}

/// The integer that a float is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "exactly the floats that come back the same are integers"
)]
fn whole(number: f64) -> Option<i64> {
    let is_inside = (-INTEGERS_END..INTEGERS_END).contains(&number);
    (is_inside && (number as i64) as f64 == number).then_some(number as i64)
}

/// One form for equal keys (I1).
pub(super) fn normal(key: Value) -> Result<Value, HeapError> {
    match key.view() {
        View::Nil => Err(HeapError::Key),
        View::Float(number) if number.is_nan() => Err(HeapError::Key),
        View::Float(number) => Ok(whole(number).and_then(Value::integer).unwrap_or(key)),
        _ => Ok(key),
    }
}

/// Both halves of a product in one.
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

impl Heap {
    /// Where a key belongs in a table (I2).
    pub(super) fn hash(&self, table: u32, key: Value) -> Hash {
        let word = match key.view() {
            View::Object(object) => self.object_word(object),
            View::Float(number) => whole(number).map_or(key.word(), i64::cast_unsigned),
            _ => key.word(),
        };
        self.hash_of(table, word)
    }

    /// Where a text belongs that is not in a value.
    pub(super) fn text_hash(&self, table: u32, text: &str) -> Hash {
        self.hash_of(table, self.bytes_word(text.as_bytes()))
    }

    #[inline(always)]
    fn hash_of(&self, table: u32, word: u64) -> Hash {
        let [add, factor, _] = self.tables.seeds;
        let own = add.wrapping_add(u64::from(table).wrapping_mul(STRIDE));
        Hash::new(fold(word ^ factor, own))
    }

    /// What stands for an object in its hash.
    fn object_word(&self, object: Ref) -> u64 {
        if let Some(number) = self.long_integer(object) {
            return number.cast_unsigned();
        }
        match self.bytes(object) {
            Ok(bytes) => self.bytes_word(bytes),
            Err(_) => Value::from(object).word(),
        }
    }

    #[inline(always)]
    fn bytes_word(&self, bytes: &[u8]) -> u64 {
        let [_, factor, start] = self.tables.seeds;
        bytes
            .chunks(8)
            .fold(start ^ bytes.len() as u64, |hash, part| {
                let mut word = [0; 8];
                word[..part.len()].copy_from_slice(part);
                fold(hash ^ u64::from_ne_bytes(word), factor)
            })
    }

    fn long_integer(&self, object: Ref) -> Option<i64> {
        let at = object.index();
        header::is_kind(self.words.load(at), Kind::Integer)
            .then(|| self.words.load(at + 1).cast_signed())
    }

    /// The integer of a key that has more than one form (I1).
    fn long_number(&self, key: Value) -> Option<i64> {
        match key.view() {
            View::Object(object) => self.long_integer(object),
            View::Float(number) => whole(number),
            _ => None,
        }
    }

    /// Whether two keys are one: the same word, the same bytes in two objects, or the same number.
    pub(super) fn same_key(&self, one: Value, other: Value) -> bool {
        if one == other {
            return true;
        }
        // Two that are no objects have one form each.
        if !one.is_object() && !other.is_object() {
            return false;
        }
        if let Some(number) = self.long_number(one) {
            return self.long_number(other) == Some(number);
        }
        let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else {
            return false;
        };
        match (self.bytes(one), self.bytes(other)) {
            (Ok(bytes), Ok(others)) => bytes == others && self.is_text(one) == self.is_text(other),
            _ => false,
        }
    }

    fn is_text(&self, bytes: Ref) -> bool {
        crate::bits::high(self.words.load(bytes.index() + 1)) != 0
    }
}
