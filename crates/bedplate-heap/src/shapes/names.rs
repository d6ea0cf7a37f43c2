//! Names of fields.
//!
//! # Role
//! A name has a key while the host holds the key, or a shape has the field. So a program that makes names up, uses them and gives
//! their keys back is bounded by the shapes that are there.
//!
//! # Invariants
//! - I1: a name is there as long as the host holds its key, or a shape adds a field of it to the one before.
//! - I2: no two names ever have one key: numbers are used once; where they are used up, the heap's number in keys is another.

use super::Key;
use crate::bits::{high, join, low};
use alloc::sync::Arc;
use std::collections::HashMap;

/// About what a name takes beside its text.
const NAME_BYTES: u64 = 128;

#[derive(Debug)]
struct Name {
    text: Arc<str>,
    /// How often the host holds its key.
    held: u32,
    /// Shapes that add a field of it.
    shapes: u32,
}

#[derive(Debug)]
pub(crate) struct Names {
    keys: HashMap<Arc<str>, Key>,
    names: HashMap<Key, Name>,
    /// The last key that was given.
    last: Key,
}

impl Names {
    /// The heap's number is in the upper half.
    pub(super) fn new(heap: u64) -> Self {
        Self {
            keys: HashMap::new(),
            names: HashMap::new(),
            last: Key(heap),
        }
    }

    pub(super) fn key(&self, name: &str) -> Option<Key> {
        self.keys.get(name).copied()
    }

    pub(super) fn text(&self, key: Key) -> Option<&str> {
        self.names.get(&key).map(|name| &*name.text)
    }

    pub(super) fn is_key(&self, key: Key) -> bool {
        self.names.contains_key(&key)
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// What a name is charged.
    pub(super) const fn bytes(name: &str) -> u64 {
        NAME_BYTES + name.len() as u64
    }

    /// A key for a name that has none, which is not held yet. `next_heap` gives numbers that no heap has.
    pub(super) fn add(&mut self, name: &str, next_heap: impl FnOnce() -> u64) -> Key {
        let heap = if low(self.last.0) == u32::MAX {
            next_heap()
        } else {
            self.last.0
        };
        let number = low(self.last.0).wrapping_add(1);
        let key = Key(join(number, high(heap)));
        self.last = key;
        let text: Arc<str> = name.into();
        self.keys.insert(Arc::clone(&text), key);
        let name = Name {
            text,
            held: 0,
            shapes: 0,
        };
        self.names.insert(key, name);
        key
    }

    /// The host asked for a key.
    pub(super) fn hold(&mut self, key: Key) {
        if let Some(name) = self.names.get_mut(&key) {
            name.held = name.held.saturating_add(1);
        }
    }

    /// The host gives a key up; what a name was charged that is no more.
    pub(super) fn give_up(&mut self, key: Key) -> u64 {
        match self.names.get_mut(&key) {
            Some(name) if name.held > 0 && name.held < u32::MAX => name.held -= 1,
            _ => return 0,
        }
        self.remove_unused(key)
    }

    /// A shape adds a field.
    pub(super) fn join_shape(&mut self, key: Key) {
        if let Some(name) = self.names.get_mut(&key) {
            name.shapes += 1;
        }
    }

    /// A shape that added a field is no more; what a name was charged that is no more.
    pub(super) fn leave_shape(&mut self, key: Key) -> u64 {
        if let Some(name) = self.names.get_mut(&key) {
            name.shapes = name.shapes.saturating_sub(1);
        }
        self.remove_unused(key)
    }

    fn remove_unused(&mut self, key: Key) -> u64 {
        let is_unused = |name: &Name| name.held == 0 && name.shapes == 0;
        if !self.names.get(&key).is_some_and(is_unused) {
            return 0;
        }
        let Some(name) = self.names.remove(&key) else {
            return 0;
        };
        self.keys.remove(&name.text);
        Self::bytes(&name.text)
    }

    /// How many there is room for.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.names.capacity()
    }

    /// Gives back what the tables have too much since many names went.
    pub(super) fn shrink(&mut self) {
        if self.names.len() < self.names.capacity() / 4 {
            self.names.shrink_to(self.names.len() * 2);
            self.keys.shrink_to(self.keys.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Names};
    use crate::bits::join;

    #[test]
    fn keys_whose_numbers_are_used_up_go_on_under_another_number_of_the_heap() {
        let mut names = Names::new(join(0, 7));
        let first = names.add("first", || 0);
        names.last = Key(join(u32::MAX - 1, 7));
        let last = names.add("last", || 0);
        let next = names.add("next", || join(0, 9));
        assert_eq!([first.0, last.0], [join(1, 7), join(u32::MAX, 7)]);
        assert_eq!(next.0, join(0, 9));
        assert_eq!(names.add("more", || 0).0, join(1, 9));
        for (name, key) in [("first", first), ("last", last), ("next", next)] {
            assert_eq!((names.key(name), names.text(key)), (Some(key), Some(name)));
        }
        names.hold(first);
        assert_eq!(names.give_up(first), Names::bytes("first"));
        assert_eq!((names.key("first"), names.count()), (None, 3));
    }
}
