//! Objects: a header and a value in one allocation.
//!
//! # Role
//! The only place that makes, reaches and frees allocations.
//!
//! # Invariants
//! - I1: an [`Object`] is made from a live allocation, and not used after [`Object::free`]: whoever keeps one has a reason why
//!   it lives (a reference counted in it; a list that it is taken out of before; a trial, during which nothing is freed).
//! - I2: the header is the first field of the allocation, and the table fits the value's type.
//! - I3: the value is dropped once, by [`Object::drop_value`]; a [`Boxed`] never drops it.
//! - I4: while a word says `LENT` the value is borrowed mutably by a [`Lent`] and nobody else reaches it.

use crate::ledger::Ledger;
use crate::trace::{Trace, Tracer};
use crate::word::{self, DROPPED, GONE, LENT, ONE, UNTRACKED};
use alloc::rc::Rc;
use core::alloc::Layout;
use core::cell::{Cell, UnsafeCell};
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

/// What is known of a type where only the object is.
#[derive(Debug)]
pub(crate) struct Table {
    trace: unsafe fn(NonNull<Header>, &mut Tracer<'_>),
    drop_value: unsafe fn(NonNull<Header>),
    layout: Layout,
    name: fn() -> &'static str,
}

/// What stands before a value.
#[derive(Debug)]
pub(crate) struct Header {
    word: Cell<u64>,
    /// Weak references; the greatest number sticks.
    weak: Cell<u32>,
    /// Its place in the list that the word names, or its number in a trial.
    slot: Cell<u32>,
    table: &'static Table,
    ledger: ManuallyDrop<Rc<Ledger>>,
}

/// A header with its value. Public for [`crate::cc_dyn`] only.
#[doc(hidden)]
#[repr(C)]
pub struct Boxed<T: ?Sized> {
    header: Header,
    value: UnsafeCell<ManuallyDrop<T>>,
}

impl<T: ?Sized> core::fmt::Debug for Boxed<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Boxed").finish_non_exhaustive()
    }
}

struct Of<T>(core::marker::PhantomData<T>);

impl<T: Trace> Of<T> {
    const TABLE: Table = Table {
        trace: trace_value::<T>,
        drop_value: drop_value::<T>,
        layout: Layout::new::<Boxed<T>>(),
        name: core::any::type_name::<T>,
    };
}

/// # Safety
/// `header` is that of a live `Boxed<T>` whose value is neither dropped nor lent.
unsafe fn trace_value<T: Trace>(header: NonNull<Header>, tracer: &mut Tracer<'_>) {
    let whole: NonNull<Boxed<T>> = header.cast();
    // SAFETY: I2, and the caller's promise.
    let value = unsafe { value_of(whole) };
    // SAFETY: the value lives and is not borrowed mutably, says the caller.
    let value: &T = unsafe { value.as_ref() };
    value.trace(tracer);
}

/// # Safety
/// As [`trace_value`]; and the value is not used afterwards.
unsafe fn drop_value<T: Trace>(header: NonNull<Header>) {
    let whole: NonNull<Boxed<T>> = header.cast();
    // SAFETY: I2, and the caller's promise.
    let value = unsafe { value_of(whole) };
    // SAFETY: the value is initialised, and dropped here only (I3).
    unsafe { value.drop_in_place() };
}

/// Where the value of an object is.
///
/// # Safety
/// `whole` points to a live allocation.
#[inline]
pub(crate) unsafe fn value_of<T: ?Sized>(whole: NonNull<Boxed<T>>) -> NonNull<T> {
    // SAFETY: the field is inside the allocation; no reference is made on the way.
    let cell = unsafe { &raw const (*whole.as_ptr()).value };
    let value = UnsafeCell::raw_get(cell) as *mut T;
    // SAFETY: a field of an allocation is not at null.
    unsafe { NonNull::new_unchecked(value) }
}

/// A new object with one reference, which is the caller's.
pub(crate) fn make<T: Trace>(value: T, ledger: Rc<Ledger>, is_tracked: bool) -> NonNull<Boxed<T>> {
    let flags = if is_tracked { 0 } else { UNTRACKED };
    ledger.note_made(is_tracked);
    let whole = Box::new(Boxed {
        header: Header {
            word: Cell::new(ONE | flags),
            weak: Cell::new(0),
            slot: Cell::new(0),
            table: &Of::<T>::TABLE,
            ledger: ManuallyDrop::new(ledger),
        },
        value: UnsafeCell::new(ManuallyDrop::new(value)),
    });
    NonNull::from(Box::leak(whole))
}

/// An object of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Object(NonNull<Header>);

impl Object {
    /// The object of an allocation.
    ///
    /// # Safety
    /// I1 is the caller's to keep.
    #[inline]
    pub(crate) const unsafe fn of<T: ?Sized>(whole: NonNull<Boxed<T>>) -> Self {
        Self(whole.cast())
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: I1 and I2.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    pub(crate) fn word(self) -> u64 {
        self.header().word.get()
    }

    #[inline]
    pub(crate) fn set_word(self, word: u64) {
        self.header().word.set(word);
    }

    pub(crate) fn set(self, flags: u64) {
        self.set_word(self.word() | flags);
    }

    pub(crate) fn clear(self, flags: u64) {
        self.set_word(self.word() & !flags);
    }

    pub(crate) fn count(self) -> u64 {
        word::count(self.word())
    }

    pub(crate) fn slot(self) -> usize {
        self.header().slot.get() as usize
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "lists of four thousand million objects need more memory than there is"
    )]
    pub(crate) fn set_slot(self, slot: usize) {
        self.header().slot.set(slot as u32);
    }

    pub(crate) fn weak(self) -> u32 {
        self.header().weak.get()
    }

    pub(crate) fn retain_weak(self) {
        let weak = self.weak();
        self.header().weak.set(weak.saturating_add(1));
    }

    /// Whether it was the last weak reference.
    pub(crate) fn release_weak(self) -> bool {
        let weak = self.weak();
        if weak == u32::MAX {
            return false;
        }
        self.header().weak.set(weak - 1);
        weak == 1
    }

    pub(crate) fn ledger(&self) -> &Rc<Ledger> {
        &self.header().ledger
    }

    /// Whether it belongs to a ledger.
    pub(crate) fn is_of(self, ledger: &Ledger) -> bool {
        core::ptr::eq(Rc::as_ptr(self.ledger()), ledger)
    }

    /// The name of the value's type.
    pub(crate) fn type_name(self) -> &'static str {
        (self.header().table.name)()
    }

    /// Where it lies: the value itself, and what stands before it.
    pub(crate) fn place(self) -> core::ops::Range<usize> {
        let start = self.0.addr().get();
        start..start + self.header().table.layout.size()
    }

    /// Asks the value for its references; nothing where it may not be looked at.
    pub(crate) fn trace(self, tracer: &mut Tracer<'_>) {
        if self.word() & (DROPPED | LENT | UNTRACKED) == 0 {
            // SAFETY: the object lives (I1), its value is neither dropped nor lent.
            unsafe { (self.header().table.trace)(self.0, tracer) };
        }
    }

    /// Drops the value, if it was not.
    pub(crate) fn drop_value(self) {
        let word = self.word();
        if word & DROPPED == 0 {
            self.set_word(word | DROPPED);
            self.ledger().note_gone(word & UNTRACKED == 0);
            // SAFETY: the object lives (I1), its value was not dropped, and nobody reaches a value that is marked as dropped.
            unsafe { (self.header().table.drop_value)(self.0) };
        }
    }

    /// Marks the value as gone, and frees the memory where no weak reference and no reference is left. The books it was in, which
    /// may be the object's to keep alive.
    ///
    /// # Safety
    /// Where it has neither, no [`Object`] of it is used any more.
    #[inline]
    pub(crate) unsafe fn end(self) -> Rc<Ledger> {
        let word = self.word() | GONE;
        if self.weak() == 0 && word::count(word) == 0 {
            // SAFETY: nothing leads to it, and the caller uses it no more.
            unsafe { self.free() }
        } else {
            self.set_word(word);
            Rc::clone(self.ledger())
        }
    }

    /// Gives the memory back, and the books to the caller.
    ///
    /// # Safety
    /// The value is gone, and neither a reference nor an [`Object`] of it is used any more.
    #[inline]
    pub(crate) unsafe fn free(self) -> Rc<Ledger> {
        let layout = self.header().table.layout;
        let place = &raw const self.header().ledger;
        // SAFETY: the header is read for the last time, so its count of the ledger moves out.
        let ledger = ManuallyDrop::into_inner(unsafe { place.read() });
        // SAFETY: made by `Box` with the layout of the table (I2), and not used any more.
        unsafe { alloc::alloc::dealloc(self.0.as_ptr().cast(), layout) };
        ledger
    }
}

/// A value that is borrowed mutably by the owner of the only reference.
#[derive(Debug)]
pub(crate) struct Lent<'a, T: ?Sized> {
    object: Object,
    value: &'a mut T,
}

impl<'a, T: ?Sized> Lent<'a, T> {
    /// Borrows a value.
    ///
    /// # Safety
    /// `whole` lives for `'a`, its value was not dropped, and the caller owns the only reference to it, strong and weak ones.
    pub(crate) unsafe fn new(whole: NonNull<Boxed<T>>) -> Self {
        // SAFETY: it lives longer than this.
        let object = unsafe { Object::of(whole) };
        object.set(LENT);
        // SAFETY: it lives.
        let mut value = unsafe { value_of(whole) };
        // SAFETY: nobody else has a reference, and the collector keeps off what is lent (I4).
        let value = unsafe { value.as_mut() };
        Self { object, value }
    }

    pub(crate) const fn value(&mut self) -> &mut T {
        self.value
    }
}

impl<T: ?Sized> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        self.object.clear(LENT);
    }
}
