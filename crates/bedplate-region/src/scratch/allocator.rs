//! Collections in an arena.
//!
//! # Role
//! The trait of allocator-api2 0.2, which hashbrown and others speak, for shared borrows of what
//! allocates.
//!
//! # Not here
//! An allocator that outlives the borrow: a collection that could grow while a scope inside is open
//! would get memory of that scope.
//!
//! # Invariants
//! - I1: a collection borrows what it allocates from, so that its memory stays its own while it
//!   lives.

use super::arena::Arena;
use super::savepoint::Savepoint;
use super::scope::Scope;
use super::space::Space;
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::ptr::NonNull;

// SAFETY: memory from a space stays as it is while the borrow lives (I1), and copies of a borrow
// name the same space.
unsafe impl Allocator for &Space {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let at = if layout.size() == 0 {
            layout.dangling_ptr()
        } else {
            self.alloc_layout(layout).map_err(|_| AllocError)?
        };
        Ok(NonNull::slice_from_raw_parts(at, layout.size()))
    }

    #[inline]
    unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            self.shorten_last(ptr, layout.size(), 0);
        }
    }

    unsafe fn grow(
        &self,
        ptr: NonNull<u8>,
        old_layout: Layout,
        new_layout: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let is_placed =
            old_layout.size() > 0 && ptr.addr().get().is_multiple_of(new_layout.align());
        if is_placed && self.extend_last(ptr, old_layout.size(), new_layout.size()) {
            return Ok(NonNull::slice_from_raw_parts(ptr, new_layout.size()));
        }
        // SAFETY: the caller's duty: `ptr` holds a block of the old layout, and the new one is no smaller.
        unsafe { moved(self, ptr, new_layout, old_layout.size()) }
    }

    unsafe fn shrink(
        &self,
        ptr: NonNull<u8>,
        old_layout: Layout,
        new_layout: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if ptr.addr().get().is_multiple_of(new_layout.align()) {
            if old_layout.size() > 0 {
                self.shorten_last(ptr, old_layout.size(), new_layout.size());
            }
            return Ok(NonNull::slice_from_raw_parts(ptr, new_layout.size()));
        }
        // SAFETY: the caller's duty: `ptr` holds a block of the old layout, which is no smaller than the new.
        unsafe { moved(self, ptr, new_layout, new_layout.size()) }
    }
}

/// A new block with the first bytes of an old one.
///
/// # Safety
/// - `at` holds `bytes`, and `new` is no smaller.
unsafe fn moved(
    space: &&Space,
    at: NonNull<u8>,
    new: Layout,
    bytes: usize,
) -> Result<NonNull<[u8]>, AllocError> {
    let block = space.allocate(new)?;
    let to = block.cast::<u8>();
    // SAFETY: the old block holds the bytes by the caller's word, the new one was just made, and so
    // they do not overlap.
    unsafe { to.copy_from_nonoverlapping(at, bytes) };
    Ok(block)
}

/// Passes everything on to the space of something that allocates.
macro_rules! by_its_space {
    ($name:ty, $space:expr) => {
        // SAFETY: as for `&Space`, which it passes everything on to.
        unsafe impl Allocator for &$name {
            #[inline]
            fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                $space(self).allocate(layout)
            }

            #[inline]
            unsafe fn deallocate(&self, ptr: NonNull<u8>, layout: Layout) {
                // SAFETY: the caller's duty, passed on.
                unsafe { $space(self).deallocate(ptr, layout) }
            }

            #[inline]
            unsafe fn grow(
                &self,
                ptr: NonNull<u8>,
                old_layout: Layout,
                new_layout: Layout,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's duty, passed on.
                unsafe { $space(self).grow(ptr, old_layout, new_layout) }
            }

            #[inline]
            unsafe fn shrink(
                &self,
                ptr: NonNull<u8>,
                old_layout: Layout,
                new_layout: Layout,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's duty, passed on.
                unsafe { $space(self).shrink(ptr, old_layout, new_layout) }
            }
        }
    };
}

by_its_space!(Arena, of_arena);
by_its_space!(Savepoint<'_>, of_savepoint);
by_its_space!(Scope<'_>, of_scope);

fn of_arena(arena: &Arena) -> &Space {
    arena
}

fn of_savepoint<'a>(point: &'a Savepoint<'_>) -> &'a Space {
    point
}

const fn of_scope<'a>(scope: &'a Scope<'_>) -> &'a Space {
    scope.space()
}
