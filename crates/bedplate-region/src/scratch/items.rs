//! Typed allocations.
//!
//! # Role
//! Slices and values in a [`Space`]: uninitialised, zeroed, copied, filled.
//!
//! # Not here
//! Types with something to drop: `Copy` keeps them out, so that a drop that never runs cannot be
//! missed.

use super::place::ALIGN_MAX;
use super::poison;
use super::space::Space;
use crate::{ArenaError, Plain};
use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

#[expect(
    clippy::mut_from_ref,
    reason = "each call hands out other memory than all before it"
)]
impl Space {
    /// Takes memory for a layout, at a multiple of 64 bytes at least. No bytes take no room, and
    /// their address may be the next allocation's.
    ///
    /// The pointer is good as long as a shared borrow of this space: until the arena is reset or
    /// the savepoint rewound.
    ///
    /// # Errors
    /// - [`ArenaError::OutOfMemory`]: it does not fit.
    /// - [`ArenaError::Alignment`]: above [`super::ALIGN_MAX`].
    /// - [`ArenaError::Budget`], [`ArenaError::Os`]: a step of an arena that commits in steps failed.
    ///
    /// # Cost
    /// Seven instructions and no call where it fits.
    #[inline]
    pub fn alloc_layout(&self, layout: Layout) -> Result<NonNull<u8>, ArenaError> {
        match self.take(layout) {
            Some(at) => Ok(at),
            None => self.take_slow(layout),
        }
    }

    /// A slice of items that hold nothing yet.
    ///
    /// # Errors
    /// - As [`alloc_layout`](Self::alloc_layout), and [`ArenaError::Length`] where no address space
    ///   holds so many items.
    #[inline]
    pub fn alloc_uninit<T: Copy>(&self, len: usize) -> Result<&mut [MaybeUninit<T>], ArenaError> {
        let at = match self.take_items::<T>(len) {
            Some(at) => at.cast::<T>(),
            None => self.take_items_slow::<T>(len)?,
        };
        // SAFETY: memory for so many items, aligned, that nobody else has (space I2) until the
        // borrow of this space ends; nothing is asked of their contents.
        Ok(unsafe { core::slice::from_raw_parts_mut(at.as_ptr().cast(), len) })
    }

    /// A slice of zeros. Memory that the kernel gave and nobody had is not written again.
    ///
    /// # Errors
    /// - As [`alloc_uninit`](Self::alloc_uninit).
    ///
    /// # Examples
    /// ```
    /// # use bedplate_region::Arena;
    /// let arena = Arena::new(4096)?;
    /// assert_eq!(arena.alloc_zeroed::<f32>(3)?, [0.0; 3]);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[inline]
    pub fn alloc_zeroed<T: Plain>(&self, len: usize) -> Result<&mut [T], ArenaError> {
        let items = self.alloc_uninit::<T>(len)?;
        let bytes = size_of_val(items);
        let at = NonNull::from(&mut *items).cast::<u8>();
        if bytes > 0 {
            let unclean = self.unclean_bytes(at, bytes);
            poison::zeroed(at, bytes);
            // SAFETY: at most the bytes of the slice, which is ours alone.
            unsafe { at.write_bytes(0, unclean) };
        }
        // SAFETY: every byte is zero, by the line above or since the kernel gave it (space I3), and
        // zero is a value of a plain type.
        Ok(unsafe { items.assume_init_mut() })
    }

    /// A copy of a slice.
    ///
    /// # Errors
    /// - As [`alloc_uninit`](Self::alloc_uninit).
    #[inline]
    pub fn alloc_copy<T: Copy>(&self, source: &[T]) -> Result<&mut [T], ArenaError> {
        let items = self.alloc_uninit::<T>(source.len())?;
        Ok(items.write_copy_of_slice(source))
    }

    /// A slice of one value, many times.
    ///
    /// # Errors
    /// - As [`alloc_uninit`](Self::alloc_uninit).
    #[inline]
    pub fn alloc_filled<T: Copy>(&self, len: usize, value: T) -> Result<&mut [T], ArenaError> {
        self.alloc_with(len, |_| value)
    }

    /// A slice whose items are made one by one. Where `make` panics, the memory stays taken.
    ///
    /// # Errors
    /// - As [`alloc_uninit`](Self::alloc_uninit).
    #[inline]
    pub fn alloc_with<T: Copy>(
        &self,
        len: usize,
        mut make: impl FnMut(usize) -> T,
    ) -> Result<&mut [T], ArenaError> {
        let items = self.alloc_uninit::<T>(len)?;
        for (index, item) in items.iter_mut().enumerate() {
            item.write(make(index));
        }
        // SAFETY: the loop wrote every item.
        Ok(unsafe { items.assume_init_mut() })
    }

    /// One value.
    ///
    /// # Errors
    /// - As [`alloc_uninit`](Self::alloc_uninit).
    #[inline]
    pub fn alloc<T: Copy>(&self, value: T) -> Result<&mut T, ArenaError> {
        let items = self.alloc_filled(1, value)?;
        Ok(&mut items[0])
    }
}

impl Space {
    /// What does not fit, has no size, or is aligned more than a grain.
    #[cold]
    #[inline(never)]
    fn take_items_slow<T>(&self, len: usize) -> Result<NonNull<T>, ArenaError> {
        if size_of::<T>() == 0 && align_of::<T>() <= ALIGN_MAX {
            return Ok(NonNull::dangling());
        }
        Ok(self.alloc_layout(layout_of::<T>(len)?)?.cast())
    }
}

pub(super) fn layout_of<T>(items: usize) -> Result<Layout, ArenaError> {
    Layout::array::<T>(items).map_err(|_| ArenaError::Length {
        items,
        item_bytes: size_of::<T>(),
    })
}
