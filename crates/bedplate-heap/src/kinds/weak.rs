//! Weak references.
//!
//! # Role
//! A handle and the generation of the object that it was made for. The object's end is the generation's:
//! nothing is searched, nothing is written to the weak references.

use crate::bits::{high, join, low};
use crate::header::HAS_WEAK;
use crate::{Heap, HeapError, Kind, Ref, Value};

impl Heap {
    /// A weak reference to an object; the caller's reference stays the caller's. 16 bytes.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: the object is freed.
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_weak(&mut self, target: Ref) -> Result<Ref, HeapError> {
        // A handle of another heap may lead behind the last chunk.
        if self.kind(target) == Kind::Free || !self.slots.holds(target.index()) {
            return Err(Self::freed(target));
        }
        let weak = self.make(Kind::Weak, 2)?;
        let at = target.index();
        let generation = self.slots.track(at);
        let word = self.words.load(at);
        self.words.store(at, word | HAS_WEAK);
        self.words.store(weak.index() + 1, join(at, generation));
        Ok(weak)
    }

    /// The object of a weak reference with a reference of the caller's; nil where it is no more.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no weak reference.
    pub fn upgrade(&mut self, weak: Ref) -> Result<Value, HeapError> {
        let word = self.words.load(self.expect(weak, Kind::Weak)? + 1);
        let (at, generation) = (low(word), high(word));
        if self.slots.generation(at) != generation {
            return Ok(Value::NIL);
        }
        if self.is_condemned(self.words.load(at)) {
            return Ok(Value::NIL);
        }
        let value = Value::from(Ref::at(at));
        self.taken_out(at);
        self.retain(value);
        Ok(value)
    }
}
