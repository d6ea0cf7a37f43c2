//! Objects and bytes by kind, records by shape.

use crate::bits::{high, low};
use crate::header::{self, Kind};
use crate::{Heap, Shape};
use alloc::collections::BTreeMap;
use core::fmt;

/// The objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KindRow {
    /// The kind.
    pub kind: Kind,
    /// How many there are.
    pub objects: u64,
    /// Their slots and the buffers behind them.
    pub bytes: u64,
}

/// The records of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ShapeRow {
    /// The shape.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub shape: Shape,
    /// How many records have it.
    pub objects: u64,
    /// Their slots and the buffers behind them.
    pub bytes: u64,
}

/// What a heap holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Census {
    /// By kind, the most bytes first; kinds without objects are left out.
    pub kinds: Vec<KindRow>,
    /// By shape, the most bytes first.
    pub shapes: Vec<ShapeRow>,
    /// Bytes that are committed for objects.
    pub committed_bytes: u64,
}

impl Census {
    /// All objects.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.kinds.iter().map(|row| row.objects).sum()
    }

    /// All their bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.kinds.iter().map(|row| row.bytes).sum()
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10} {:>10} {:>14}", "kind", "objects", "bytes")?;
        for row in &self.kinds {
            let kind = format!("{:?}", row.kind);
            writeln!(f, "{kind:<10} {:>10} {:>14}", row.objects, row.bytes)?;
        }
        let (objects, bytes) = (self.objects(), self.bytes());
        writeln!(f, "{:<10} {objects:>10} {bytes:>14}", "all")
    }
}

impl Heap {
    /// What the heap holds now. Objects that wait to be freed are not counted.
    ///
    /// # Cost
    /// One pass over all slots.
    #[must_use]
    pub fn census(&self) -> Census {
        let mut kinds: BTreeMap<u64, KindRow> = BTreeMap::new();
        let mut shapes: BTreeMap<u32, ShapeRow> = BTreeMap::new();
        for at in self.live_places() {
            let word = self.words.load(at);
            let kind = header::kind(word);
            let bytes = self.bytes_of(at);
            let row = kinds.entry(kind as u64).or_insert(KindRow {
                kind,
                objects: 0,
                bytes: 0,
            });
            row.objects += 1;
            row.bytes += bytes;
            if kind == Kind::Record {
                let shape = low(self.words.load(at + 1));
                let row = shapes.entry(shape).or_insert(ShapeRow {
                    shape: self.shapes.own(shape),
                    objects: 0,
                    bytes: 0,
                });
                row.objects += 1;
                row.bytes += bytes;
            }
        }
        let mut kinds: Vec<KindRow> = kinds.into_values().collect();
        kinds.sort_by_key(|row| core::cmp::Reverse(row.bytes));
        let mut shapes: Vec<ShapeRow> = shapes.into_values().collect();
        shapes.sort_by_key(|row| core::cmp::Reverse(row.bytes));
        Census {
            kinds,
            shapes,
            committed_bytes: self.committed_bytes(),
        }
    }

    /// Every place of an object that is not about to be freed.
    pub(super) fn live_places(&self) -> impl Iterator<Item = u32> {
        let places = self.slots.places();
        places.filter(|at| {
            let word = self.words.load(*at);
            header::count(word) > 0 && !self.is_condemned(word)
        })
    }

    /// The bytes of an object's slot, and of the buffer behind it.
    pub(super) fn bytes_of(&self, at: u32) -> u64 {
        let buffer = match header::kind(self.words.load(at)) {
            Kind::Array | Kind::Table => low(self.words.load(at + 2)),
            Kind::Record => high(self.words.load(at + 1)),
            _ => 0,
        };
        let buffers = [buffer, self.other_buffer(at)].into_iter();
        let rooms = buffers.filter(|buffer| *buffer != 0);
        let rooms: u32 = rooms.map(|buffer| self.slots.words(buffer)).sum();
        u64::from(self.slots.words(at) + rooms) * 8
    }
}
