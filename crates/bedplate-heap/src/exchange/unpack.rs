//! Into a heap.

use super::parcel::{Content, Packed, Parcel};
use crate::{Heap, HeapError, InlineCache, Key, Ref, Value};

/// The objects of a parcel as far as they are made, each with a reference that is given back in the
/// end, and the keys of its names, likewise.
struct Made {
    objects: Vec<Ref>,
    keys: Vec<Key>,
}

impl Made {
    /// A value with a reference for whoever takes it over.
    fn content(&self, heap: &mut Heap, content: Content) -> Value {
        match content {
            Content::Plain(value) => value,
            Content::Object(number) => {
                let value = Value::from(self.objects[number as usize]);
                heap.retain(value);
                value
            }
        }
    }

    fn link(&self, heap: &mut Heap, content: Content) -> Option<Ref> {
        self.content(heap, content).as_object()
    }
}

impl Heap {
    /// Makes objects of a parcel's; the reference to the first is the caller's.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory; what was made is released.
    /// - [`HeapError::TooLong`]: a shape of this heap has too many fields.
    ///
    /// # Cost
    /// The graph, without recursion.
    pub fn unpack(&mut self, parcel: &Parcel) -> Result<Value, HeapError> {
        let keys = parcel.names.iter().map(|name| self.key(name));
        let mut made = Made {
            keys: keys.collect(),
            objects: Vec::with_capacity(parcel.objects.len()),
        };
        let result = self
            .make_all(parcel, &mut made)
            .and_then(|()| self.fill_all(parcel, &made));
        let root = match result {
            Ok(()) => Ok(made.content(self, parcel.root)),
            Err(error) => Err(error),
        };
        for object in made.objects {
            self.release(object.into());
        }
        for key in made.keys {
            self.release_key(key);
        }
        root
    }

    /// Each object, and what in it is no reference.
    fn make_all(&mut self, parcel: &Parcel, made: &mut Made) -> Result<(), HeapError> {
        for object in &parcel.objects {
            let object = match object {
                Packed::Cell(_) => self.new_cell(Value::NIL)?,
                Packed::Integer(number) => self.new_long_integer(*number)?,
                Packed::Pair(_) => self.new_pair(Value::NIL, Value::NIL)?,
                Packed::Node(_, word) => self.new_node([None, None], *word)?,
                Packed::Record(inline, fields) => {
                    let names = fields.iter().map(|(name, _)| *name as usize);
                    let keys: Vec<Key> = names.map(|name| made.keys[name]).collect();
                    let shape = self.shape_for(*inline, &keys)?;
                    self.new_record(self.shapes.own(shape))?
                }
                Packed::Array(_) => self.new_array()?,
                Packed::Closure(code, captured) => {
                    let empty = vec![Value::NIL; captured.len()];
                    self.new_closure(*code, &empty)?
                }
                Packed::Bytes(bytes) => self.new_bytes(bytes)?,
                Packed::Text(text) => self.new_long_text(text)?,
                Packed::Table(..) => self.new_table()?,
                // What it is of may not be made yet.
                Packed::Weak(_) => self.new_cell(Value::NIL)?,
            };
            made.objects.push(object);
        }
        self.make_weak(parcel, made)
    }

    /// Puts weak references in the place of what was made for them.
    fn make_weak(&mut self, parcel: &Parcel, made: &mut Made) -> Result<(), HeapError> {
        for (number, object) in parcel.objects.iter().enumerate() {
            let Packed::Weak(target) = object else {
                continue;
            };
            let stand_in = made.objects[number];
            let target = match target {
                Content::Object(target) => made.objects[*target as usize],
                Content::Plain(_) => stand_in,
            };
            // One to the stand-in is dead as soon as that goes.
            made.objects[number] = self.new_weak(target)?;
            self.release(stand_in.into());
        }
        Ok(())
    }

    /// The references.
    fn fill_all(&mut self, parcel: &Parcel, made: &Made) -> Result<(), HeapError> {
        for (object, &place) in parcel.objects.iter().zip(&made.objects) {
            self.fill(made, object, place)?;
        }
        Ok(())
    }

    fn fill(&mut self, made: &Made, object: &Packed, at: Ref) -> Result<(), HeapError> {
        match object {
            Packed::Cell(content) => {
                let value = made.content(self, *content);
                self.set_cell(at, value)
            }
            Packed::Pair([first, second]) => {
                let value = made.content(self, *first);
                self.set_first(at, value)?;
                let value = made.content(self, *second);
                self.set_second(at, value)
            }
            Packed::Node(links, _) => {
                let links = links.map(|link| made.link(self, link));
                self.set_node(at, links)
            }
            Packed::Record(_, fields) => {
                for (name, content) in fields {
                    let key = made.keys[*name as usize];
                    let value = made.content(self, *content);
                    let result = self.set_field(at, key, value, &mut InlineCache::default());
                    self.taken([value], result)?;
                }
                Ok(())
            }
            Packed::Array(items) => {
                for content in items {
                    let value = made.content(self, *content);
                    let result = self.push(at, value);
                    self.taken([value], result)?;
                }
                Ok(())
            }
            Packed::Closure(_, captured) => {
                for (index, content) in (0..).zip(captured) {
                    let value = made.content(self, *content);
                    self.set_captured(at, index, value)?;
                }
                Ok(())
            }
            Packed::Table(entries, meta) => {
                for (key, value) in entries {
                    let key = made.content(self, *key);
                    let value = made.content(self, *value);
                    let result = self.set(at, key, value);
                    self.taken([key, value], result)?;
                }
                let meta = made.link(self, *meta);
                self.set_meta(at, meta)
            }
            Packed::Integer(_) | Packed::Bytes(_) | Packed::Text(_) | Packed::Weak(_) => Ok(()),
        }
    }

    /// What was not taken over is given back.
    fn taken<const N: usize>(
        &mut self,
        values: [Value; N],
        result: Result<(), HeapError>,
    ) -> Result<(), HeapError> {
        if result.is_err() {
            self.release_all(values);
        }
        result
    }

    /// An object, though it would fit into a value: places in a parcel are objects.
    fn new_long_integer(&mut self, number: i64) -> Result<Ref, HeapError> {
        let value = self.new_integer(number)?;
        value
            .as_object()
            .ok_or(HeapError::NotMovable { object: None })
    }

    fn new_long_text(&mut self, text: &str) -> Result<Ref, HeapError> {
        let value = self.new_text(text)?;
        value
            .as_object()
            .ok_or(HeapError::NotMovable { object: None })
    }
}
