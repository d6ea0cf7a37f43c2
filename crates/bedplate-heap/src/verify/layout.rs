//! Whether an object fits its slot.
//!
//! # Invariants
//! - I1: where an object fits, its references lie inside its slot and its buffer: what walks them needs
//!   no other test.

use super::fault::Misfit;
use crate::Heap;
use crate::bits::{high, low};
use crate::header::{self, IN_TRIAL, Kind, LEAF};
use crate::slots::Slots;

impl Heap {
    /// Whether the object at a place fits the slot of so many words there. `is_buffer` says whether a
    /// place is a buffer that may be this object's.
    #[inline]
    pub(crate) fn layout(
        &self,
        at: u32,
        words: u32,
        is_buffer: impl FnMut(u32) -> bool,
    ) -> Result<(), Misfit> {
        let header = self.words.load(at);
        let kind = header::kind(header);
        // Only trials put objects into their sets, and no trial is under way.
        if kind.is_leaf() != (header & LEAF != 0) || header & IN_TRIAL != 0 {
            return Err(Misfit::Flags);
        }
        let need = match kind {
            Kind::Cell | Kind::Integer | Kind::Weak => 2,
            Kind::Pair | Kind::Node => 3,
            _ => return self.layout_other(at, words, is_buffer),
        };
        if Slots::is_size(need, words) {
            Ok(())
        } else {
            Err(Misfit::Kind)
        }
    }

    fn layout_other(
        &self,
        at: u32,
        words: u32,
        mut is_buffer: impl FnMut(u32) -> bool,
    ) -> Result<(), Misfit> {
        let first = self.words.load(at + 1);
        let size = |need: u32| {
            Slots::is_size(need, words)
                .then_some(())
                .ok_or(Misfit::Kind)
        };
        let mut room = |buffer: u32| match buffer {
            0 => Ok(0),
            buffer if is_buffer(buffer) => Ok(self.room(buffer)),
            _ => Err(Misfit::Buffer),
        };
        match header::kind(self.words.load(at)) {
            Kind::Closure if high(first) > words => Err(Misfit::Length),
            Kind::Closure => size(high(first) + 2),
            Kind::Bytes if low(first).div_ceil(8) > words => Err(Misfit::Length),
            Kind::Bytes => size(low(first).div_ceil(8) + 2),
            Kind::Record => {
                let shape = low(first);
                if shape == 0 || !self.shapes.is_shape(shape) {
                    return Err(Misfit::Shape);
                }
                let (inline, more) = self.shapes.room(shape);
                size(inline + 2)?;
                if room(high(first))? < more {
                    return Err(Misfit::Length);
                }
                Ok(())
            }
            Kind::Array => {
                size(3)?;
                let buffers = self.words.load(at + 2);
                let (length, unmoved) = (low(first), high(first));
                let rooms = (room(low(buffers))?, room(high(buffers))?);
                let is_moving = unmoved > 0;
                let fits = rooms.0 >= length && rooms.1 >= unmoved && unmoved <= length;
                if !fits || is_moving != (high(buffers) != 0) {
                    return Err(Misfit::Length);
                }
                Ok(())
            }
            Kind::Table => {
                size(3)?;
                self.table_layout(at, room)
            }
            Kind::Host => {
                size(2)?;
                let object = self.hosts.objects.0.get(low(first) as usize);
                object
                    .and_then(Option::as_ref)
                    .map(|_| ())
                    .ok_or(Misfit::Host)
            }
            _ => Err(Misfit::Kind),
        }
    }
}
