//! The audited original's allocation, and each of the changes to it that its audit proposed and that
//! concern speed, one at a time.
//!
//! Written anew from the description of its checks: is there a context, is there memory, is the size
//! sane, does rounding wrap, is the head aligned, does it fit.

use crate::scratch::Scratch;
use std::cell::Cell;
use std::ptr::NonNull;

/// What the original holds: a block of the heap at a multiple of 64, and an offset.
struct Context {
    base: *mut u8,
    size: usize,
    head: Cell<usize>,
    base_offset: usize,
}

impl Context {
    fn new(capacity: usize) -> Self {
        let layout = std::alloc::Layout::from_size_align(capacity, 64).expect("small");
        // SAFETY: the size is not zero.
        let base = unsafe { std::alloc::alloc(layout) };
        Self {
            base,
            size: capacity,
            head: Cell::new(0),
            base_offset: 0,
        }
    }
}

macro_rules! original {
    ($(#[$doc:meta])* $name:ident, |$context:ident, $wanted:ident| $body:block) => {
        $(#[$doc])*
        pub struct $name(Option<Box<Context>>);

        impl Scratch for $name {
            fn new(capacity: usize) -> Self {
                Self(Some(Box::new(Context::new(capacity))))
            }

            // A call, as it is in C from another file.
            #[inline(never)]
            fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
                let context: *const Context = self.0.as_deref().map_or(std::ptr::null(), |c| c);
                let $context = std::hint::black_box(context);
                let $wanted = size;
                $body
            }

            #[inline]
            fn reset(&mut self) {
                if let Some(context) = &self.0 {
                    context.head.set(context.base_offset);
                }
            }
        }
    };
}

original!(
    /// As audited.
    Original,
    |context, size| {
        if context.is_null() {
            return None;
        }
        // SAFETY: it is not null, and then a context.
        let context = unsafe { &*context };
        if context.base.is_null() {
            return None;
        }
        if size == 0 || size > usize::MAX - 63 {
            return None;
        }
        let aligned = (size + 63) & !63;
        if context.head.get() % 64 != 0 {
            return None;
        }
        let head = context.head.get();
        let next = head.checked_add(aligned)?;
        if next > context.size {
            return None;
        }
        context.head.set(next);
        NonNull::new(context.base.wrapping_add(head))
    }
);

original!(
    /// Proposal 1: the checks for null in one expression.
    Consolidated,
    |context, size| {
        // SAFETY: the second question is asked of a context only.
        if context.is_null() || unsafe { &*context }.base.is_null() || size == 0 {
            return None;
        }
        // SAFETY: it is not null, and then a context.
        let context = unsafe { &*context };
        if size > usize::MAX - 63 {
            return None;
        }
        let aligned = (size + 63) & !63;
        if context.head.get() % 64 != 0 {
            return None;
        }
        let head = context.head.get();
        let next = head.checked_add(aligned)?;
        if next > context.size {
            return None;
        }
        context.head.set(next);
        NonNull::new(context.base.wrapping_add(head))
    }
);

original!(
    /// Proposal 2: the head in a variable of its own.
    HeadOnce,
    |context, size| {
        if context.is_null() {
            return None;
        }
        // SAFETY: it is not null, and then a context.
        let context = unsafe { &*context };
        if context.base.is_null() {
            return None;
        }
        let head = context.head.get();
        if size == 0 || size > usize::MAX - 63 {
            return None;
        }
        let aligned = (size + 63) & !63;
        if head % 64 != 0 {
            return None;
        }
        let next = head.checked_add(aligned)?;
        if next > context.size {
            return None;
        }
        context.head.set(next);
        NonNull::new(context.base.wrapping_add(head))
    }
);

original!(
    /// Proposal 3: sizes that are multiples of 64 skip the checks of the size.
    AlignedFirst,
    |context, size| {
        if context.is_null() {
            return None;
        }
        // SAFETY: it is not null, and then a context.
        let context = unsafe { &*context };
        if context.base.is_null() {
            return None;
        }
        let aligned = if size & 63 == 0 {
            size
        } else {
            if size > usize::MAX - 63 {
                return None;
            }
            (size + 63) & !63
        };
        if context.head.get() % 64 != 0 {
            return None;
        }
        let head = context.head.get();
        let next = head.checked_add(aligned)?;
        if next > context.size {
            return None;
        }
        context.head.set(next);
        NonNull::new(context.base.wrapping_add(head))
    }
);

original!(
    /// Proposal 4: the head's alignment is assumed, not asked.
    AlignmentAssumed,
    |context, size| {
        if context.is_null() {
            return None;
        }
        // SAFETY: it is not null, and then a context.
        let context = unsafe { &*context };
        if context.base.is_null() {
            return None;
        }
        if size == 0 || size > usize::MAX - 63 {
            return None;
        }
        let aligned = (size + 63) & !63;
        let head = context.head.get();
        // SAFETY: heads are sums of multiples of 64.
        unsafe { std::hint::assert_unchecked(head % 64 == 0) };
        let next = head.checked_add(aligned)?;
        if next > context.size {
            return None;
        }
        context.head.set(next);
        NonNull::new(context.base.wrapping_add(head))
    }
);
