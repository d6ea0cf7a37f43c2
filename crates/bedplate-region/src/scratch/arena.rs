//! The arena.
//!
//! # Role
//! [`Arena`]: owns the memory, and goes back to its front in one store.
//!
//! # Invariants
//! - I1: the spaces lie in the mapping, which is given back when the arena is dropped; whatever
//!   borrows from a space borrows from the arena.

use super::builder::ArenaBuilder;
use super::extent::Refusal;
use super::mapping::Mapping;
use super::savepoint::Savepoint;
use super::scope::Scope;
use super::space::Space;
use crate::BuildError;
use bedplate_os::OsError;
use core::ops::Deref;

/// Memory of a fixed capacity that is taken piece by piece and given back all at once.
///
/// Allocation takes `&self` (the methods of [`Space`]), and [`reset`](Self::reset) takes `&mut self`:
/// what was allocated cannot be used after a reset.
///
/// # Examples
/// ```
/// use bedplate_region::Arena;
///
/// let mut arena = Arena::new(1 << 20)?;
/// let doubled = arena.alloc_with(4, |i| i * 2)?;
/// let copy = arena.alloc_copy(doubled)?;
/// assert_eq!(copy, [0, 2, 4, 6]);
/// arena.reset();
/// assert_eq!(arena.used_bytes(), 0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Types with something to drop do not go in:
///
/// ```compile_fail,E0277
/// # use bedplate_region::Arena;
/// let arena = Arena::new(4096)?;
/// arena.alloc(String::from("lost"))?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// One thread at a time: an arena goes to another thread, but is not shared.
///
/// ```compile_fail,E0277
/// # use bedplate_region::Arena;
/// fn shared<T: Sync>(_: &T) {}
/// shared(&Arena::new(4096)?);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
// In this order, so that what an allocation reads has no offset (see `Space`).
#[derive(Debug)]
#[repr(C)]
pub struct Arena {
    scratch: Space,
    base: Space,
    mapping: Mapping,
}

impl Arena {
    /// An arena of at least `capacity_bytes`, committed at once and charged to nobody.
    ///
    /// # Errors
    /// - As [`ArenaBuilder::build`].
    pub fn new(capacity_bytes: usize) -> Result<Self, BuildError> {
        Self::builder(capacity_bytes).build()
    }

    /// The settings of an arena of at least `capacity_bytes`, rounded up to 64.
    pub const fn builder(capacity_bytes: usize) -> ArenaBuilder {
        ArenaBuilder::new(capacity_bytes)
    }

    pub(super) const fn over(mapping: Mapping, base: Space, scratch: Space) -> Self {
        Self {
            base,
            scratch,
            mapping,
        }
    }

    /// Commits the base part, and the rest where it is not to wait.
    pub(super) fn begin(&self, huge: bool, at_once: bool) -> Result<(), Refusal> {
        if huge {
            self.mapping.advise_huge().map_err(Refusal::Os)?;
        }
        self.base.commit_all()?;
        if at_once {
            self.scratch.commit_all()?;
        }
        Ok(())
    }

    /// Gives everything back but the base part: nothing allocated before is in use any more.
    ///
    /// # Cost
    /// Constant, no system call. Debug builds overwrite what was in use.
    #[inline]
    pub fn reset(&mut self) {
        self.scratch.reset();
    }

    /// The base part, which no reset touches, and the scratch beside it.
    ///
    /// What is allocated in the base part lives as long as this borrow of the arena: a model is set
    /// up there once, and each token's scratch goes by [`Savepoint::rewind`].
    ///
    /// # Examples
    /// ```
    /// use bedplate_region::Arena;
    ///
    /// let mut arena = Arena::builder(1 << 20).base_bytes(4096).build()?;
    /// let (base, mut scratch) = arena.split();
    /// let norms = base.alloc_filled(64, 1.0_f32)?;
    /// for _token in 0..3 {
    ///     let scores = scratch.alloc_copy(norms)?;
    ///     scores[0] += norms[0];
    ///     scratch.rewind();
    /// }
    /// assert_eq!(norms[0], 1.0);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn split(&mut self) -> (Scope<'_>, Savepoint<'_>) {
        (Scope::over(&self.base), Savepoint::of(&self.scratch))
    }

    /// A place to come back to, again and again.
    #[inline]
    pub fn savepoint(&mut self) -> Savepoint<'_> {
        Savepoint::of(&self.scratch)
    }

    /// Runs `work` with memory that is given back when it ends, also by a panic.
    #[inline]
    pub fn scope<R>(&mut self, work: impl FnOnce(&mut Scope<'_>) -> R) -> R {
        self.as_scope().scope(work)
    }

    /// The arena as a scope that lives as long as this borrow.
    #[inline]
    pub const fn as_scope(&mut self) -> Scope<'_> {
        Scope::over(&self.scratch)
    }

    /// The base part's figures.
    #[must_use]
    pub const fn base(&self) -> &Space {
        &self.base
    }

    /// Gives memory that is not in use back to the kernel, in whole OS pages, or in whole steps, which
    /// are then no longer charged. Returns how many bytes. They read as zero when they are used again.
    ///
    /// # Errors
    /// - The system's refusal; nothing has changed then.
    pub fn trim(&mut self) -> Result<usize, OsError> {
        self.scratch.trim()
    }
}

impl Deref for Arena {
    type Target = Space;

    #[inline]
    fn deref(&self) -> &Space {
        &self.scratch
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // What the kernel refuses to take back stays charged: it is still held.
        if self.mapping.release().is_ok() {
            self.base.end();
            self.scratch.end();
        }
    }
}
