//! Graphs that threads share.
//!
//! # Role
//! A parcel that never changes, behind one count. Threads read it at the same time, in place; a heap
//! refers to it by an object of the host.
//!
//! # Concurrency
//! The count is the only word that is written: one atomic addition for a clone, one subtraction for a
//! drop; no thread ever waits for another. The last drop frees the graph whole.

use super::parcel::{Content, Packed, Parcel};
use crate::header::Kind;
use crate::{Heap, HeapError, HostObject, Ref, Value, Visitor};
#[cfg(not(bedplate_loom))]
use alloc::sync::Arc;
#[cfg(bedplate_loom)]
use loom::sync::Arc;

/// An object of a frozen graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place(u32);

/// What an object of a frozen graph holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    /// No object.
    Value(Value),
    /// An object of the same graph.
    Object(Place),
}

/// A graph that never changes, shared by threads.
#[derive(Clone, Debug)]
pub struct Frozen(Arc<Parcel>);

impl From<Content> for Item {
    fn from(content: Content) -> Self {
        match content {
            Content::Plain(value) => Self::Value(value),
            Content::Object(number) => Self::Object(Place(number)),
        }
    }
}

impl Frozen {
    /// Freezes a parcel.
    #[must_use]
    pub fn new(parcel: Parcel) -> Self {
        Self(Arc::new(parcel))
    }

    /// The parcel, for a heap that wants objects of its own.
    #[must_use]
    pub fn parcel(&self) -> &Parcel {
        &self.0
    }

    /// What was frozen.
    #[must_use]
    pub fn root(&self) -> Item {
        self.0.root.into()
    }

    fn object(&self, place: Place) -> Option<&Packed> {
        self.0.objects.get(place.0 as usize)
    }

    /// What an object is; [`Kind::Free`] where the place is of another graph.
    #[must_use]
    pub fn kind(&self, place: Place) -> Kind {
        self.object(place).map_or(Kind::Free, Packed::kind)
    }

    /// What an object holds by number: the values of a cell, a pair, a node, an array, a closure, the
    /// fields of a record in their order, keys and values of a table in turn. None behind the end.
    #[must_use]
    pub fn item(&self, place: Place, index: usize) -> Option<Item> {
        let content = match self.object(place)? {
            Packed::Cell(content) | Packed::Weak(content) => (index == 0).then_some(*content),
            Packed::Pair(contents) | Packed::Node(contents, _) => contents.get(index).copied(),
            Packed::Array(contents) | Packed::Closure(_, contents) => contents.get(index).copied(),
            Packed::Record(_, fields) => fields.get(index).map(|(_, content)| *content),
            Packed::Table(entries, _) => {
                let (key, value) = entries.get(index / 2)?;
                Some(if index.is_multiple_of(2) {
                    *key
                } else {
                    *value
                })
            }
            Packed::Integer(_) | Packed::Bytes(_) | Packed::Text(_) => None,
        };
        content.map(Item::from)
    }

    /// A record's field; none where there is none.
    #[must_use]
    pub fn field(&self, place: Place, name: &str) -> Option<Item> {
        let Packed::Record(_, fields) = self.object(place)? else {
            return None;
        };
        let is_named = |(number, _): &&(u32, Content)| &*self.0.names[*number as usize] == name;
        fields
            .iter()
            .find(is_named)
            .map(|(_, content)| Item::from(*content))
    }

    /// The bytes of an object, text among them.
    #[must_use]
    pub fn bytes(&self, place: Place) -> Option<&[u8]> {
        match self.object(place)? {
            Packed::Bytes(bytes) => Some(bytes),
            Packed::Text(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// The number of a long integer, the word of a node, the code of a closure.
    #[must_use]
    pub fn number(&self, place: Place) -> Option<u64> {
        match self.object(place)? {
            Packed::Integer(number) => Some(number.cast_unsigned()),
            Packed::Node(_, word) => Some(*word),
            Packed::Closure(code, _) => Some(u64::from(*code)),
            _ => None,
        }
    }
}

/// A heap's reference to an object of a frozen graph.
struct Held {
    graph: Frozen,
    place: Place,
}

impl HostObject for Held {
    /// None: a frozen graph refers to no heap.
    fn children(&self, _: &mut Visitor) {}

    fn copy(&self) -> Option<Box<dyn HostObject>> {
        Some(Box::new(Self {
            graph: self.graph.clone(),
            place: self.place,
        }))
    }
}

impl Heap {
    /// An object that refers to one of a frozen graph and keeps the graph. 16 bytes and a box.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_frozen(&mut self, graph: &Frozen, place: Place) -> Result<Ref, HeapError> {
        let graph = graph.clone();
        self.new_host(Box::new(Held { graph, place }))
    }

    /// The graph and the object in it that an object refers to; none where it is another object of the
    /// host.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no object of the host.
    pub fn frozen(&self, object: Ref) -> Result<Option<(&Frozen, Place)>, HeapError> {
        let held = self.host::<Held>(object)?;
        Ok(held.map(|held| (&held.graph, held.place)))
    }
}
