//! The pointer.
//!
//! # Invariants
//! - I1: a `Cc` counts one reference of its object, so the object lives as long; a stuck count is more.
//! - I2: a value that was dropped is marked, and no reference to it is given out.

use crate::ledger::Ledger;
use crate::object::{self, Boxed, Lent, Object};
use crate::release::{release_slow, retain_slow};
use crate::space;
use crate::trace::{Trace, Tracer};
use crate::trial;
use crate::weak::Weak;
use crate::word::{self, CONDEMNED, DROPPED, ONE, QUIET, REACHED, SPECIAL};
use alloc::rc::Rc;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;

/// A counted pointer to a value, like `Rc`, whose cycles are found and freed.
///
/// # Threads
/// It stays on its thread:
/// ```compile_fail,E0277
/// let pointer = bedplate_cc::Cc::new(5);
/// std::thread::spawn(move || drop(pointer));
/// ```
#[repr(transparent)]
pub struct Cc<T: ?Sized>(NonNull<Boxed<T>>);

// The pointer gives shared access only, as `Rc` does.
impl<T: RefUnwindSafe + ?Sized> RefUnwindSafe for Cc<T> {}
impl<T: UnwindSafe + ?Sized> UnwindSafe for Cc<T> {}

impl<T: Trace> Cc<T> {
    /// A value of its own, in the thread's space.
    ///
    /// # Cost
    /// One allocation; now and then a trial of the collector, which may run destructors of garbage.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self::new_in(value, space::thread_ledger())
    }

    pub(crate) fn new_in(value: T, ledger: Rc<Ledger>) -> Self {
        let is_tracked = T::is_type_tracked();
        if is_tracked && ledger.spend(size_of::<Boxed<T>>()) {
            trial::look_slow(&ledger);
        }
        Self(object::make(value, ledger, is_tracked))
    }

    /// The same pointer, to a value of any type.
    #[must_use]
    pub fn into_dyn(self) -> Cc<dyn Trace> {
        let whole: NonNull<Boxed<dyn Trace>> = Self::into_boxed(self);
        Cc(whole)
    }

    /// For [`crate::cc_dyn`]: the allocation, with its reference.
    #[doc(hidden)]
    #[must_use]
    pub fn into_boxed(this: Self) -> NonNull<Boxed<T>> {
        // What is taken out of it is its reference.
        ManuallyDrop::new(this).0
    }
}

impl<T: ?Sized> Cc<T> {
    /// For [`crate::cc_dyn`]: a pointer from an allocation and its reference.
    ///
    /// # Safety
    /// `whole` is from [`Cc::into_boxed`], once, its value unsized at most.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn from_boxed(whole: NonNull<Boxed<T>>) -> Self {
        Self(whole)
    }

    #[inline]
    const fn object(&self) -> Object {
        // SAFETY: it lives (I1).
        unsafe { Object::of(self.0) }
    }

    /// One more reference to a living object.
    #[inline]
    pub(crate) fn retained(whole: NonNull<Boxed<T>>, object: Object) -> Self {
        let word = object.word().wrapping_add(ONE);
        if word.cast_signed() >= 0 {
            object.set_word(word);
        } else {
            retain_slow(object);
        }
        Self(whole)
    }

    /// Names this pointer to the collector, where `T` does not say that it can be traced: what it leads to says so itself.
    #[inline]
    pub fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.note(self.object(), core::ptr::from_ref(self).addr());
    }

    /// A pointer that does not keep the value alive.
    #[must_use]
    pub fn downgrade(&self) -> Weak<T> {
        Weak::counted(self.0, self.object())
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

    /// Whether this is the only pointer to the value, weak ones included.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        self.strong_count() == 1 && self.weak_count() == 0
    }
}

impl<T: Trace + Clone> Cc<T> {
    /// Changes the value: in place where this is the only pointer to it, else a copy of it.
    pub fn update_with(&mut self, mut change: impl FnMut(&mut T)) {
        if self.is_unique() && self.object().word() & (SPECIAL | DROPPED) == 0 {
            // SAFETY: the value lives, and this is the only pointer to it, mutably borrowed.
            let mut lent = unsafe { Lent::new(self.0) };
            change(lent.value());
        } else {
            let mut value = T::clone(self);
            change(&mut value);
            *self = Self::new(value);
        }
    }
}

impl<T: ?Sized> Clone for Cc<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self::retained(self.0, self.object())
    }
}

impl<T: ?Sized> Drop for Cc<T> {
    #[inline]
    fn drop(&mut self) {
        let object = self.object();
        let word = object.word();
        let rest = word.wrapping_sub(ONE);
        if word::is_plain(rest) && rest & QUIET != 0 {
            object.set_word(rest);
        } else {
            release_slow(object, core::ptr::from_ref(self).addr());
        }
    }
}

impl<T: ?Sized> Deref for Cc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        if self.object().word() & (DROPPED | CONDEMNED) != 0 {
            reached_slow(self.object());
        }
        // SAFETY: it lives (I1).
        let value = unsafe { object::value_of(self.0) };
        // SAFETY: it was not dropped (I2), and is not lent: that would need the only pointer, mutably borrowed.
        unsafe { value.as_ref() }
    }
}

#[cold]
#[inline(never)]
fn reached_slow(object: Object) {
    object.set(REACHED);
    assert!(
        object.word() & DROPPED == 0,
        "bug: accessing a dropped CcBox detected: the value was dropped as a part of a dead cycle; a destructor reaches \
         others of its cycle, or kept a `Cc` to one"
    );
}
