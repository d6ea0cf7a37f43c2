//! Scopes.
//!
//! # Role
//! [`Scope`]: its allocations live as long as the scope, and scopes inside it come and go meanwhile.
//!
//! # Invariants
//! - I1: there is one handle at a time through which a space allocates. A scope's methods lend it
//!   (`&mut self`) to a scope inside, so that nothing is allocated outside behind the inner mark.
//! - I2: `'s` of an inner scope is known to nobody but the closure, so that nothing of it gets out.

use super::savepoint::Savepoint;
use super::space::Space;
use crate::{ArenaError, Plain};
use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// Memory for as long as `'s`.
///
/// # Examples
/// What is allocated outside stays in use while a scope inside is open:
///
/// ```
/// use bedplate_region::Arena;
///
/// let mut arena = Arena::new(1 << 20)?;
/// let mut outer = arena.as_scope();
/// let sums = outer.alloc_zeroed::<f32>(8)?;
/// for sum in &mut *sums {
///     outer.scope(|inner| {
///         let row = inner.alloc_filled(100, 0.5_f32)?;
///         *sum = row.iter().sum();
///         Ok::<(), bedplate_region::ArenaError>(())
///     })?;
/// }
/// assert_eq!(sums, [50.0; 8]);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Nothing of a scope gets out of it:
///
/// ```compile_fail
/// # use bedplate_region::Arena;
/// let mut arena = Arena::new(1 << 20)?;
/// let escaped = arena.scope(|scope| scope.alloc_zeroed::<f32>(8))?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// ```compile_fail,E0521
/// # use bedplate_region::Arena;
/// let mut arena = Arena::new(1 << 20)?;
/// let mut outside: Option<&mut [f32]> = None;
/// arena.scope(|scope| outside = scope.alloc_zeroed::<f32>(8).ok());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Nothing is allocated outside while a scope inside is open:
///
/// ```compile_fail,E0502
/// # use bedplate_region::Arena;
/// let mut arena = Arena::new(1 << 20)?;
/// let mut outer = arena.as_scope();
/// outer.scope(|_inner| { outer.alloc(1_u8).ok(); });
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scope<'s> {
    space: &'s Space,
}

impl<'s> Scope<'s> {
    /// A scope over a space that the caller has borrowed alone for `'s` (I1).
    #[inline]
    pub(super) const fn over(space: &'s Space) -> Self {
        Self { space }
    }

    /// Runs `work` with memory that is given back when it ends, also by a panic.
    #[inline]
    pub fn scope<R>(&mut self, work: impl FnOnce(&mut Scope<'_>) -> R) -> R {
        let point = Savepoint::of(self.space);
        work(&mut Scope::over(&point))
    }

    /// A place to come back to; what this scope has allocated so far stays in use.
    #[inline]
    pub const fn savepoint(&mut self) -> Savepoint<'_> {
        Savepoint::of(self.space)
    }

    /// As [`Space::alloc_layout`], for as long as the scope.
    ///
    /// # Errors
    /// - As there.
    #[inline]
    pub fn alloc_layout(&self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        self.space.alloc_layout(layout)
    }

    /// As [`Space::alloc_uninit`], for as long as the scope.
    ///
    /// # Errors
    /// - As there.
    #[inline]
    pub fn alloc_uninit<T: Copy>(
        &self,
        len: usize,
    ) -> Result<&'s mut [MaybeUninit<T>], ArenaError> {
        self.space.alloc_uninit(len)
    }

    /// As [`Space::alloc_zeroed`], for as long as the scope.
    ///
    /// # Errors
    /// - As there.
    #[inline]
    pub fn alloc_zeroed<T: Plain>(&self, len: usize) -> Result<&'s mut [T], ArenaError> {
        self.space.alloc_zeroed(len)
    }

    /// As [`Space::alloc_copy`], for as long as the scope.
    ///
    /// # Errors
    /// - As there.
    #[inline]
    pub fn alloc_copy<T: Copy>(&self, source: &[T]) -> Result<&'s mut [T], ArenaError> {
        self.space.alloc_copy(source)
    }

    /// As [`Space::alloc_filled`], for as long as the scope.
    ///
    /// # Errors
    /// - As there.
    #[inline]
    pub fn alloc_filled<T: Copy>(&self, len: usize, value: T) -> Result<&'s mut [T], ArenaError> {
        self.space.alloc_filled(len, value)
    }

    /// As [`Space::alloc_with`], for as long as the scope.
    ///
    /// # Errors
    /// - As there.
    #[inline]
    pub fn alloc_with<T: Copy>(
        &self,
        len: usize,
        make: impl FnMut(usize) -> T,
    ) -> Result<&'s mut [T], ArenaError> {
        self.space.alloc_with(len, make)
    }

    /// As [`Space::alloc`], for as long as the scope.
    ///
    /// # Errors
    /// - As there.
    #[inline]
    pub fn alloc<T: Copy>(&self, value: T) -> Result<&'s mut T, ArenaError> {
        self.space.alloc(value)
    }

    /// What the scope allocates from, for as long as nothing is opened inside it.
    #[cfg(feature = "allocator-api2")]
    pub(super) const fn space(&self) -> &Space {
        self.space
    }

    /// The bytes that are taken now, those of what is around the scope among them.
    #[must_use]
    pub const fn used_bytes(&self) -> usize {
        self.space.used_bytes()
    }

    /// The bytes that are free.
    #[must_use]
    pub const fn free_bytes(&self) -> usize {
        self.space.free_bytes()
    }
}
