//! Pointers that do not keep their value alive.
//!
//! # Invariants
//! - I1: a `Weak` counts one weak reference of its object, so its memory lives as long.

use crate::cc::Cc;
use crate::object::{Boxed, Object};
use crate::release::end_if_gone;
use crate::trace::Trace;
use crate::word::{CONDEMNED, DROPPED, IN_PASS};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;

/// A pointer to a value that it does not keep alive.
#[repr(transparent)]
pub struct Weak<T: ?Sized>(NonNull<Boxed<T>>);

impl<T: RefUnwindSafe + ?Sized> RefUnwindSafe for Weak<T> {}
impl<T: UnwindSafe + ?Sized> UnwindSafe for Weak<T> {}

impl<T: ?Sized> Weak<T> {
    pub(crate) fn counted(whole: NonNull<Boxed<T>>, object: Object) -> Self {
        object.retain_weak();
        Self(whole)
    }

    const fn object(&self) -> Object {
        // SAFETY: its memory lives (I1).
        unsafe { Object::of(self.0) }
    }

    /// A pointer that keeps the value alive, if it is.
    #[must_use]
    pub fn upgrade(&self) -> Option<Cc<T>> {
        let object = self.object();
        let is_alive = object.count() > 0 && object.word() & (DROPPED | CONDEMNED) == 0;
        if object.word() & IN_PASS != 0 {
            object.ledger().meet(object);
        }
        is_alive.then(|| Cc::retained(self.0, object))
    }

    /// How many pointers keep the value alive.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        usize::try_from(self.object().count()).unwrap_or(usize::MAX)
    }

    /// How many [`Weak`] pointers there are.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.object().weak() as usize
    }

    /// Whether both point to the same value.
    #[must_use]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        core::ptr::addr_eq(this.0.as_ptr(), other.0.as_ptr())
    }
}

impl<T: ?Sized> Clone for Weak<T> {
    fn clone(&self) -> Self {
        Self::counted(self.0, self.object())
    }
}

impl<T: ?Sized> Drop for Weak<T> {
    fn drop(&mut self) {
        let object = self.object();
        if object.release_weak() {
            end_if_gone(object);
        }
    }
}

impl<T: ?Sized> core::fmt::Debug for Weak<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("(Weak)")
    }
}

/// Owns nothing.
impl<T: ?Sized + 'static> Trace for Weak<T> {
    fn is_type_tracked() -> bool {
        false
    }
}
