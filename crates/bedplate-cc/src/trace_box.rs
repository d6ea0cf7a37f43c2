//! A box that may hold any traced value.

use crate::trace::{Acyclic, Trace, Tracer};
use core::borrow::{Borrow, BorrowMut};
use core::ops::{Deref, DerefMut};

/// A `Box` whose content is taken for tracked: also one of a trait object, which cannot say.
#[derive(Debug, Clone, Default)]
pub struct TraceBox<T: ?Sized>(pub Box<T>);

impl<T: Trace + ?Sized> Trace for TraceBox<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.as_ref().trace(tracer);
    }

    fn is_type_tracked() -> bool {
        true
    }
}

// SAFETY: no promise that memory depends on; its content says that it is acyclic.
unsafe impl<T: Acyclic + ?Sized> Acyclic for TraceBox<T> {}

impl<T: ?Sized> From<Box<T>> for TraceBox<T> {
    fn from(inner: Box<T>) -> Self {
        Self(inner)
    }
}

impl<T: ?Sized> Deref for TraceBox<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> DerefMut for TraceBox<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: ?Sized> Borrow<T> for TraceBox<T> {
    fn borrow(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> BorrowMut<T> for TraceBox<T> {
    fn borrow_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: ?Sized> AsRef<T> for TraceBox<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> AsMut<T> for TraceBox<T> {
    fn as_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
