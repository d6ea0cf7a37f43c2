//! Measuring.
//!
//! # Role
//! [`Measure`]: goes through a program's allocations without any memory and says what capacity
//! would have been enough.
//!
//! # Invariants
//! - I1: the arithmetic is the arena's own (`place.rs`), so that the figure is exact: an arena of
//!   [`Measure::high_water_bytes`] holds the program, one of 64 bytes less does not.

use super::items::layout_of;
use super::place::{ALIGN_MAX, place};
use crate::ArenaError;
use core::alloc::Layout;

/// What an arena would have to hold.
///
/// # Examples
/// ```
/// use bedplate_region::{Arena, Measure};
///
/// let mut measure = Measure::new();
/// measure.slice::<f32>(1000)?;
/// measure.scope(|inner| inner.slice::<f32>(500))?;
/// measure.slice::<u8>(10)?;
/// let arena = Arena::new(measure.high_water_bytes())?;
/// assert_eq!(arena.capacity_bytes(), 4032 + 2048);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Measure {
    head: usize,
    high: usize,
}

impl Measure {
    /// Nothing is taken yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { head: 0, high: 0 }
    }

    /// As an arena's allocation for a layout.
    ///
    /// # Errors
    /// - [`ArenaError::Alignment`]: no arena aligns so.
    /// - [`ArenaError::Length`]: no address space holds so much.
    pub fn layout(&mut self, layout: Layout) -> Result<(), ArenaError> {
        let asked_bytes = layout.align();
        if asked_bytes > ALIGN_MAX {
            return Err(ArenaError::Alignment { asked_bytes });
        }
        let place = place(self.head, layout).ok_or_else(|| ArenaError::Length {
            items: layout.size(),
            item_bytes: 1,
        })?;
        self.head = place.next;
        self.high = self.high.max(self.head);
        Ok(())
    }

    /// As an arena's allocation of a slice, or of one value as a slice of one.
    ///
    /// # Errors
    /// - As [`layout`](Self::layout).
    pub fn slice<T>(&mut self, len: usize) -> Result<(), ArenaError> {
        let layout = layout_of::<T>(len)?;
        if size_of::<T>() == 0 && layout.align() <= ALIGN_MAX {
            return Ok(());
        }
        self.layout(layout)
    }

    /// As a scope of an arena, or what is done between a savepoint and its rewind.
    pub fn scope<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let mark = self.head;
        let result = work(self);
        self.head = mark;
        result
    }

    /// As an arena's reset.
    pub const fn reset(&mut self) {
        self.head = 0;
    }

    /// The bytes that are taken now.
    #[must_use]
    pub const fn used_bytes(&self) -> usize {
        self.head
    }

    /// The capacity that is enough.
    #[must_use]
    pub const fn high_water_bytes(&self) -> usize {
        self.high
    }
}
