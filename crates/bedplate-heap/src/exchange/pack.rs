//! Out of a heap.

use super::parcel::{Content, Packed, Parcel};
use crate::bits::low;
use crate::header::{self, FINALIZER, Kind, STICKY};
use crate::{Heap, HeapError, Key, Ref, TablePosition, Value};
use std::collections::HashMap;

/// What is being packed.
#[derive(Default)]
struct Packing {
    /// The number of each object.
    numbers: HashMap<u32, u32>,
    places: Vec<u32>,
    names: HashMap<Key, u32>,
    texts: Vec<Box<str>>,
}

impl Packing {
    fn content(&self, value: Value) -> Content {
        value.as_object().map_or_else(
            || Content::plain(value),
            |object| {
                self.numbers
                    .get(&object.index())
                    .map_or(Content::NIL, |number| Content::Object(*number))
            },
        )
    }

    fn name(&mut self, heap: &Heap, key: Key) -> u32 {
        let next = crate::bits::narrow(self.texts.len());
        *self.names.entry(key).or_insert_with(|| {
            self.texts
                .push(heap.key_name(key).unwrap_or_default().into());
            next
        })
    }
}

impl Heap {
    /// A copy of what a value leads to. Weak references to what is not in it are dead in the copy.
    ///
    /// # Errors
    /// - [`HeapError::NotMovable`]: an object of the host, or one with a finalizer, is in it.
    ///
    /// # Cost
    /// The graph, without recursion.
    pub fn copy_out(&self, value: Value) -> Result<Parcel, HeapError> {
        let mut packing = self.gather_graph(value)?;
        let places = core::mem::take(&mut packing.places);
        let objects = places.iter().map(|at| self.packed(&mut packing, *at));
        let objects: Result<Vec<Packed>, HeapError> = objects.collect();
        Ok(Parcel {
            root: packing.content(value),
            objects: objects?,
            names: packing.texts,
        })
    }

    /// Moves what a value leads to out of the heap: a copy, after which the caller's reference, which
    /// must be the only one from outside to any of the objects, is released. Cycles in it are freed by
    /// the next trial that meets them.
    ///
    /// # Errors
    /// - [`HeapError::NotClosed`]: something else holds one of the objects, too; nothing was changed.
    /// - [`HeapError::NotMovable`]: as for [`Heap::copy_out`].
    pub fn move_out(&mut self, value: Value) -> Result<Parcel, HeapError> {
        let packing = self.gather_graph(value)?;
        self.expect_closed(&packing.places)?;
        let parcel = self.copy_out(value)?;
        self.release(value);
        Ok(parcel)
    }

    /// The test of any set: what has more references than those from inside is held from outside. The
    /// first has the caller's.
    fn expect_closed(&self, places: &[u32]) -> Result<(), HeapError> {
        let mut inside: HashMap<u32, u32> = HashMap::new();
        for &at in places {
            self.each_edge(at, |child| *inside.entry(child).or_default() += 1);
        }
        for (number, &at) in places.iter().enumerate() {
            let count = header::count(self.words.load(at));
            let known = inside.get(&at).copied().unwrap_or(0) + u32::from(number == 0);
            if (count > known || count == STICKY)
                && let Some(object) = Ref::at(at)
            {
                return Err(HeapError::NotClosed { object });
            }
        }
        Ok(())
    }

    /// Numbers what a value leads to.
    fn gather_graph(&self, value: Value) -> Result<Packing, HeapError> {
        let mut packing = Packing::default();
        let join = |packing: &mut Packing, at: u32| {
            let next = crate::bits::narrow(packing.places.len());
            packing.numbers.entry(at).or_insert_with(|| {
                packing.places.push(at);
                next
            });
        };
        if let Some(object) = value.as_object() {
            if self.kind(object) == Kind::Free {
                return Err(Self::freed(object));
            }
            join(&mut packing, object.index());
        }
        let mut next = 0;
        while let Some(&at) = packing.places.get(next) {
            next += 1;
            let word = self.words.load(at);
            if header::kind(word) == Kind::Host || word & FINALIZER != 0 {
                let object = Ref::at(at);
                return Err(HeapError::NotMovable { object });
            }
            self.each_edge(at, |child| join(&mut packing, child));
        }
        Ok(packing)
    }

    fn packed(&self, packing: &mut Packing, at: u32) -> Result<Packed, HeapError> {
        let object = Ref::at(at).ok_or(HeapError::NotMovable { object: None })?;
        let row = |first: u32, count: u32| -> Vec<Content> {
            let values = (first..first + count).map(|place| self.value(place));
            values.map(|value| packing.content(value)).collect()
        };
        Ok(match header::kind(self.words.load(at)) {
            Kind::Cell => Packed::Cell(packing.content(self.cell(object)?)),
            Kind::Integer => Packed::Integer(self.integer(object)?),
            Kind::Pair => Packed::Pair([
                packing.content(self.first(object)?),
                packing.content(self.second(object)?),
            ]),
            Kind::Node => {
                let (links, word) = self.node(object)?;
                Packed::Node(links.map(|link| packing.content(link.into())), word)
            }
            Kind::Array => {
                let items = (0..self.array_length(object)?).map(|index| self.item(object, index));
                let items: Result<Vec<Value>, HeapError> = items.collect();
                let items = items?.into_iter();
                Packed::Array(items.map(|item| packing.content(item)).collect())
            }
            Kind::Closure => {
                let (code, count) = self.closure(object)?;
                Packed::Closure(code, row(at + 2, count))
            }
            Kind::Bytes => match self.long_text(object)? {
                Some(text) => Packed::Text(text.into()),
                None => Packed::Bytes(self.bytes(object)?.into()),
            },
            Kind::Record => self.packed_record(packing, object)?,
            Kind::Table => self.packed_table(packing, object)?,
            Kind::Weak => {
                let target = self.weak_target(at);
                Packed::Weak(packing.content(target))
            }
            Kind::Free | Kind::Buffer | Kind::Host => {
                return Err(HeapError::NotMovable {
                    object: Some(object),
                });
            }
        })
    }

    /// What a weak reference is of now, lent.
    fn weak_target(&self, at: u32) -> Value {
        let word = self.words.load(at + 1);
        let (target, generation) = (low(word), crate::bits::high(word));
        if self.slots.generation(target) == generation {
            Ref::at(target).into()
        } else {
            Value::NIL
        }
    }

    fn packed_record(&self, packing: &mut Packing, record: Ref) -> Result<Packed, HeapError> {
        let shape = self.shape_of(record)?;
        let (inline, _) = self.shapes.room(low(shape.0));
        let keys = self.shape_keys(shape).to_vec();
        let mut fields = Vec::with_capacity(keys.len());
        for key in keys {
            let value = self.field(record, key, &mut crate::InlineCache::default())?;
            fields.push((packing.name(self, key), packing.content(value)));
        }
        let inline = u8::try_from(inline).unwrap_or(u8::MAX);
        Ok(Packed::Record(inline, fields))
    }

    fn packed_table(&self, packing: &Packing, table: Ref) -> Result<Packed, HeapError> {
        let mut entries = Vec::new();
        let mut position = TablePosition::default();
        while let Some((next, key, value)) = self.next_entry(table, position)? {
            entries.push((packing.content(key), packing.content(value)));
            position = next;
        }
        let meta = packing.content(self.meta(table)?.into());
        Ok(Packed::Table(entries, meta))
    }
}
