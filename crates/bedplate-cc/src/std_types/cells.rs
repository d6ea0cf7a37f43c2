//! Cells. What is borrowed mutably cannot be looked at: it counts as held by whoever borrows it.

use crate::{Acyclic, Trace, Tracer};
use core::cell::{Cell, LazyCell, OnceCell, RefCell};
use std::sync::{Mutex, OnceLock, RwLock, TryLockError};

impl<T: Copy + Trace> Trace for Cell<T> {
    fn trace(&self, _: &mut Tracer<'_>) {
        // A value that can be copied owns no counted pointer.
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

impl<T: Trace> Trace for RefCell<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Ok(value) = self.try_borrow() {
            value.trace(tracer);
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

impl<T: Trace> Trace for OnceCell<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(value) = self.get() {
            value.trace(tracer);
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

impl<T: Trace> Trace for OnceLock<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(value) = self.get() {
            value.trace(tracer);
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

impl<T: Trace> Trace for Mutex<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        match self.try_lock() {
            Ok(value) => value.trace(tracer),
            Err(TryLockError::Poisoned(value)) => value.get_ref().trace(tracer),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

impl<T: Trace> Trace for RwLock<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        match self.try_read() {
            Ok(value) => value.trace(tracer),
            Err(TryLockError::Poisoned(value)) => value.get_ref().trace(tracer),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    #[inline]
    fn is_type_tracked() -> bool {
        T::is_type_tracked()
    }
}

/// A cell that was not read yet owns nothing that is known; it is not looked at.
impl<T: Acyclic, F: 'static> Trace for LazyCell<T, F> {
    #[inline]
    fn is_type_tracked() -> bool {
        false
    }
}

macro_rules! acyclic_as_content {
    ($($cell:ident),*) => {
        $(
            // SAFETY: no promise that memory depends on.
            unsafe impl<T: Acyclic> Acyclic for $cell<T> {}
        )*
    };
}
acyclic_as_content!(RefCell, OnceCell, OnceLock, Mutex, RwLock);

// SAFETY: no promise that memory depends on.
unsafe impl<T: Acyclic + Copy> Acyclic for Cell<T> {}
