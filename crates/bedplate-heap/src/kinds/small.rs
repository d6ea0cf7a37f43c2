//! Cells, integers, pairs, nodes, closures.
//!
//! # Role
//! The kinds whose size never changes.

use crate::bits::{high, join, low, narrow};
use crate::slots::SLOT_WORDS_MAX;
use crate::{Heap, HeapError, Kind, Ref, Value, View};

impl Heap {
    /// A cell that holds one value, taken over: what closures share. 16 bytes.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    #[inline]
    pub fn new_cell(&mut self, value: Value) -> Result<Ref, HeapError> {
        let cell = self.make(Kind::Cell, 2)?;
        self.put_near::<1>(cell, value);
        Ok(cell)
    }

    /// What a cell holds, lent.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no cell.
    #[inline]
    pub fn cell(&self, cell: Ref) -> Result<Value, HeapError> {
        Ok(self.value_near::<1>(self.expect(cell, Kind::Cell)?))
    }

    /// Changes a cell; the value is taken over, what it held is released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no cell.
    #[inline]
    pub fn set_cell(&mut self, cell: Ref, value: Value) -> Result<(), HeapError> {
        let at = self.expect(cell, Kind::Cell)?;
        self.replace_near::<1>(at, value);
        Ok(())
    }

    /// An integer of 64 bits: in the value where it fits, else an object of 16 bytes.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_integer(&mut self, number: i64) -> Result<Value, HeapError> {
        if let Some(value) = Value::integer(number) {
            return Ok(value);
        }
        let object = self.make(Kind::Integer, 2)?;
        self.words.store(object.index() + 1, number.cast_unsigned());
        Ok(object.into())
    }

    /// The integer of an object.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no integer.
    pub fn integer(&self, object: Ref) -> Result<i64, HeapError> {
        let at = self.expect(object, Kind::Integer)?;
        Ok(self.words.load(at + 1).cast_signed())
    }

    /// The integer that a value is, or that its object has.
    ///
    /// # Errors
    /// - [`HeapError::NotObject`], [`HeapError::Kind`]: it is no integer.
    pub fn integer_of(&self, value: Value) -> Result<i64, HeapError> {
        match value.view() {
            View::Integer(number) => Ok(number),
            _ => self.integer(value.try_into()?),
        }
    }

    /// A pair of values, both taken over. 24 bytes.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    #[inline]
    pub fn new_pair(&mut self, first: Value, second: Value) -> Result<Ref, HeapError> {
        let pair = self.make(Kind::Pair, 3)?;
        self.put_near::<1>(pair, first);
        self.put_near::<2>(pair, second);
        Ok(pair)
    }

    /// The first value of a pair, lent.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no pair.
    #[inline]
    pub fn first(&self, pair: Ref) -> Result<Value, HeapError> {
        Ok(self.value_near::<1>(self.expect(pair, Kind::Pair)?))
    }

    /// The second value of a pair, lent.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no pair.
    #[inline]
    pub fn second(&self, pair: Ref) -> Result<Value, HeapError> {
        Ok(self.value_near::<2>(self.expect(pair, Kind::Pair)?))
    }

    /// Changes the first value; the new one is taken over, the old one released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no pair.
    #[inline]
    pub fn set_first(&mut self, pair: Ref, value: Value) -> Result<(), HeapError> {
        let at = self.expect(pair, Kind::Pair)?;
        self.replace_near::<1>(at, value);
        Ok(())
    }

    /// Changes the second value; the new one is taken over, the old one released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no pair.
    #[inline]
    pub fn set_second(&mut self, pair: Ref, value: Value) -> Result<(), HeapError> {
        let at = self.expect(pair, Kind::Pair)?;
        self.replace_near::<2>(at, value);
        Ok(())
    }

    /// A node: two handles of four bytes, taken over, and a word of the program's own. 24 bytes.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    #[inline]
    pub fn new_node(&mut self, links: [Option<Ref>; 2], word: u64) -> Result<Ref, HeapError> {
        let node = self.make(Kind::Node, 3)?;
        let [left, right] = links.map(|link| link.map_or(0, Ref::index));
        self.words.store_near::<1>(node.index(), join(left, right));
        self.words.store_near::<2>(node.index(), word);
        Ok(node)
    }

    /// The handles of a node, lent, and its word.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no node.
    #[inline]
    pub fn node(&self, node: Ref) -> Result<([Option<Ref>; 2], u64), HeapError> {
        let at = self.expect(node, Kind::Node)?;
        let links = self.words.load_near::<1>(at);
        let links = [Ref::at(low(links)), Ref::at(high(links))];
        Ok((links, self.words.load_near::<2>(at)))
    }

    /// Changes a node's handles: the new ones are taken over, the old ones released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no node.
    #[inline]
    pub fn set_node(&mut self, node: Ref, links: [Option<Ref>; 2]) -> Result<(), HeapError> {
        let at = self.expect(node, Kind::Node)?;
        let old = self.words.load_near::<1>(at);
        let [left, right] = links.map(|link| link.map_or(0, Ref::index));
        self.words.store_near::<1>(at, join(left, right));
        if old != 0 {
            self.release(Ref::at(low(old)).into());
            self.release(Ref::at(high(old)).into());
        }
        Ok(())
    }

    /// A closure: a number that names code, and what it captured, taken over. 16 bytes and 8 for each.
    ///
    /// # Errors
    /// - [`HeapError::TooLong`]: more captures than an object can hold.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_closure(&mut self, code: u32, captured: &[Value]) -> Result<Ref, HeapError> {
        let max = SLOT_WORDS_MAX as usize - 2;
        let asked = captured.len();
        if asked > max {
            return Err(HeapError::TooLong { asked, max });
        }
        let count = narrow(asked);
        let closure = self.make(Kind::Closure, count + 2)?;
        let at = closure.index();
        self.words.store(at + 1, join(code, count));
        for (place, value) in (at + 2..).zip(captured) {
            self.put(place, *value);
        }
        Ok(closure)
    }

    /// The code of a closure and how many values it captured.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no closure.
    pub fn closure(&self, closure: Ref) -> Result<(u32, u32), HeapError> {
        let word = self.words.load(self.expect(closure, Kind::Closure)? + 1);
        Ok((low(word), high(word)))
    }

    /// What a closure captured, lent.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no closure.
    /// - [`HeapError::Index`]: it captured less.
    pub fn captured(&self, closure: Ref, index: u32) -> Result<Value, HeapError> {
        Ok(self.value(self.capture_place(closure, index)?))
    }

    /// Changes what a closure captured: the value is taken over, the old one released.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no closure.
    /// - [`HeapError::Index`]: it captured less.
    pub fn set_captured(
        &mut self,
        closure: Ref,
        index: u32,
        value: Value,
    ) -> Result<(), HeapError> {
        let at = self.capture_place(closure, index)?;
        self.replace(at, value);
        Ok(())
    }

    fn capture_place(&self, closure: Ref, index: u32) -> Result<u32, HeapError> {
        let (_, length) = self.closure(closure)?;
        if index >= length {
            return Err(HeapError::Index { index, length });
        }
        Ok(closure.index() + 2 + index)
    }
}
