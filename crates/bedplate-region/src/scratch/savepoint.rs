//! Places to come back to.
//!
//! # Role
//! [`Savepoint`]: what is allocated through it is given back by a rewind or a drop.
//!
//! # Invariants
//! - I1: while a savepoint lives, its space is reached through it alone; so nothing at or behind
//!   its mark is in use once nothing borrows from the savepoint.

use super::scope::Scope;
use super::space::{Mark, Space};
use core::ops::Deref;

/// A place in an arena to come back to. Allocation as in an arena: the methods of [`Space`].
///
/// # Examples
/// ```
/// use bedplate_region::Arena;
///
/// let mut arena = Arena::new(1 << 20)?;
/// let mut layer = arena.savepoint();
/// for _ in 0..32 {
///     let scores = layer.alloc_zeroed::<f32>(4096)?;
///     scores[0] = 1.0;
///     layer.rewind();
/// }
/// assert_eq!(layer.high_water_bytes(), 4096 * 4);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// ```compile_fail,E0502
/// # use bedplate_region::Arena;
/// let mut arena = Arena::new(1 << 20)?;
/// let mut layer = arena.savepoint();
/// let scores = layer.alloc_zeroed::<f32>(4096)?;
/// layer.rewind();
/// scores[0] = 1.0;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Savepoint<'a> {
    space: &'a Space,
    mark: Mark,
}

impl<'a> Savepoint<'a> {
    /// A savepoint of a space that the caller has borrowed alone for `'a` (I1).
    #[inline]
    pub(super) const fn of(space: &'a Space) -> Self {
        Self {
            space,
            mark: space.mark(),
        }
    }

    /// Gives back what was allocated through this savepoint.
    ///
    /// # Cost
    /// As [`super::Arena::reset`].
    #[inline]
    pub fn rewind(&mut self) {
        self.space.rewind(self.mark);
    }

    /// A savepoint inside this one.
    #[inline]
    pub const fn savepoint(&mut self) -> Savepoint<'_> {
        Savepoint::of(self.space)
    }

    /// Runs `work` with memory that is given back when it ends, also by a panic.
    #[inline]
    pub fn scope<R>(&mut self, work: impl FnOnce(&mut Scope<'_>) -> R) -> R {
        self.as_scope().scope(work)
    }

    /// The savepoint as a scope that lives as long as this borrow.
    #[inline]
    pub const fn as_scope(&mut self) -> Scope<'_> {
        Scope::over(self.space)
    }
}

impl Deref for Savepoint<'_> {
    type Target = Space;

    #[inline]
    fn deref(&self) -> &Space {
        self.space
    }
}

impl Drop for Savepoint<'_> {
    #[inline]
    fn drop(&mut self) {
        self.rewind();
    }
}
