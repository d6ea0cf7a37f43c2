//! Objects of the host.
//!
//! # Role
//! A boxed object of the host's own type behind a handle. What it holds it says through a visitor; a
//! wrong answer leaks, or is refused as one release too many.

use crate::bits::{low, narrow};
use crate::header::Kind;
use crate::{Heap, HeapError, Ref, Visitor};
use core::any::Any;
use core::cell::Cell;
use core::fmt;
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::thread;

/// What a host puts into a heap.
///
/// # Change through `&`
/// References may be put into an object and taken out of it through `&` (a `RefCell` inside) with the `&` of [`Heap::host`], before
/// the heap is used again. A way past the heap (an `Arc` that the host keeps a copy of) must be closed by [`Heap::host`] first: a
/// full pass that is under way wants to know what an object held. Else it may free what was taken out.
///
/// # Panics
/// The object's part of the heap is given back before it is dropped: a panic in its destructor loses nothing, and of several that
/// panic each is dropped; the first panic goes on. One in [`HostObject::children`] goes on, too, once the trial or the pass that asked
/// has been left, as if it had not begun. Where the object is about to be freed it is freed all the same: what it holds then leaks.
pub trait HostObject: Any + Send {
    /// Visits each value that this holds a reference of. They are released when the object is freed,
    /// by the heap: its drop must not.
    fn children(&self, visitor: &mut Visitor);

    /// A copy for a checkpoint, which holds the same references. `None`, as where this is not
    /// implemented, means that it cannot be copied: a heap that holds it gives no checkpoint.
    fn copy(&self) -> Option<Box<dyn HostObject>> {
        None
    }
}

/// What a destructor or a question to the host's code ended with.
type Panic = Box<dyn Any + Send>;

/// Boxes of the host's. Each is dropped, also where others panic.
#[derive(Default)]
pub(crate) struct Boxes(pub(crate) Vec<Option<Box<dyn HostObject>>>);

impl Drop for Boxes {
    fn drop(&mut self) {
        let mut first = None;
        end_all(self.0.drain(..).flatten(), &mut first);
        go_on(first);
    }
}

/// Drops boxes; the first panic is kept.
fn end_all(boxes: impl IntoIterator<Item = Box<dyn HostObject>>, first: &mut Option<Panic>) {
    for object in boxes {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(object))) {
            first.get_or_insert(panic);
        }
    }
}

/// A panic goes on, but not inside another, which would end the process.
fn go_on(panic: Option<Panic>) {
    if let Some(panic) = panic
        && !thread::panicking()
    {
        resume_unwind(panic);
    }
}

/// The host's objects by number.
#[derive(Default)]
pub(crate) struct Hosts {
    pub(crate) objects: Boxes,
    pub(crate) free: Vec<u32>,
    /// The pass in which each was opened last.
    opened: Vec<Cell<u64>>,
    pass: u64,
    /// Of one that was asked for the last time: it goes on when the object is freed.
    panic: Option<Panic>,
}

impl Hosts {
    /// A pass begins: nothing was opened in it.
    pub(crate) fn pass_begins(&mut self) {
        self.pass += 1;
        self.opened.resize(self.objects.0.len(), Cell::new(0));
    }

    /// Whether an object is opened for the first time in this pass.
    pub(crate) fn is_first(&self, number: usize) -> bool {
        let opened = self.opened.get(number);
        opened.is_some_and(|opened| opened.get() != self.pass)
    }

    /// An object was opened in this pass.
    pub(crate) fn note_opened(&self, number: usize) {
        if let Some(opened) = self.opened.get(number) {
            opened.set(self.pass);
        }
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.objects.0.len() - self.free.len();
        f.debug_struct("Hosts").field("count", &count).finish()
    }
}

impl Heap {
    /// An object of the host; the references that it visits are taken over. 16 bytes and the box.
    ///
    /// Where this fails the box is dropped, and the references that it visits are still the caller's.
    ///
    /// # Errors
    /// - [`HeapError::Full`], [`HeapError::Os`]: no memory.
    pub fn new_host(&mut self, object: Box<dyn HostObject>) -> Result<Ref, HeapError> {
        let host = self.make(Kind::Host, 2)?;
        let number = self.hosts.free.pop().unwrap_or_else(|| {
            self.hosts.objects.0.push(None);
            self.hosts.opened.push(Cell::new(0));
            narrow(self.hosts.objects.0.len() - 1)
        });
        self.hosts.objects.0[number as usize] = Some(object);
        self.words.store(host.index() + 1, u64::from(number));
        Ok(host)
    }

    pub(crate) fn host_number(&self, at: u32) -> usize {
        low(self.words.load(at + 1)) as usize
    }

    /// The host's object; `None` where it is of another type.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no object of the host.
    pub fn host<T: HostObject>(&self, host: Ref) -> Result<Option<&T>, HeapError> {
        let number = self.host_number(self.expect(host, Kind::Host)?);
        self.opened(host.index());
        let object = self.hosts.objects.0.get(number).and_then(Option::as_deref);
        Ok(object.and_then(|object| (object as &dyn Any).downcast_ref()))
    }

    /// The same to change. References that it holds afterwards are taken over, those that it holds no
    /// more are the caller's to release.
    ///
    /// # Errors
    /// - [`HeapError::Kind`]: it is no object of the host.
    pub fn host_mut<T: HostObject>(&mut self, host: Ref) -> Result<Option<&mut T>, HeapError> {
        let number = self.host_number(self.expect(host, Kind::Host)?);
        self.opened(host.index());
        let object = self.hosts.objects.0.get_mut(number);
        let object = object.and_then(Option::as_deref_mut);
        Ok(object.and_then(|object| (object as &mut dyn Any).downcast_mut()))
    }

    /// What an object of the host holds.
    pub(crate) fn host_children(&self, at: u32) -> Vec<u32> {
        let mut visitor = Visitor::default();
        if let Some(Some(object)) = self.hosts.objects.0.get(self.host_number(at)) {
            object.children(&mut visitor);
        }
        visitor.found
    }

    /// Takes the host's part out of an object. It is to be dropped last: its destructor may panic.
    #[must_use]
    pub(crate) fn take_host(&mut self, at: u32) -> Option<Box<dyn HostObject>> {
        let number = self.host_number(at);
        let object = self.hosts.objects.0.get_mut(number)?.take();
        self.hosts.free.push(narrow(number));
        object
    }

    /// What an object of the host holds that is about to be freed. Nothing where it panics: that goes on with [`Heap::end_hosts`].
    #[cold]
    #[inline(never)]
    pub(crate) fn last_children(&mut self, at: u32) -> Vec<u32> {
        catch_unwind(AssertUnwindSafe(|| self.host_children(at))).unwrap_or_else(|panic| {
            self.hosts.panic.get_or_insert(panic);
            Vec::new()
        })
    }

    /// Drops what was taken out of objects that are freed, when nothing is left to do.
    #[cold]
    #[inline(never)]
    pub(crate) fn end_hosts(&mut self, objects: impl IntoIterator<Item = Box<dyn HostObject>>) {
        let mut first = self.hosts.panic.take();
        end_all(objects, &mut first);
        go_on(first);
    }
}
