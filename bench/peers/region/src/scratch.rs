//! What every arena does here.

use bedplate_region::Arena;
use bump_scope::traits::BumpAllocatorTyped;
use std::alloc::Layout;
use std::ptr::NonNull;

/// An arena under comparison.
pub trait Scratch {
    fn new(capacity: usize) -> Self;
    /// Takes memory at a multiple of 64.
    fn alloc(&self, size: usize) -> Option<NonNull<u8>>;
    fn reset(&mut self);

    /// The same for a size that the compiler knows.
    #[inline]
    fn alloc_64(&self) -> Option<NonNull<u8>> {
        self.alloc(64)
    }
}

#[inline]
pub fn layout(size: usize) -> Layout {
    // SAFETY: sizes here are small, and 64 is a power of two.
    unsafe { Layout::from_size_align_unchecked(size, 64) }
}

/// The loop alone.
pub struct Nothing;

impl Scratch for Nothing {
    fn new(_: usize) -> Self {
        Self
    }

    #[inline]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        // The address stands for the size, which is thereby read and kept, as an address is.
        // SAFETY: no size here is zero.
        Some(unsafe { NonNull::new_unchecked(std::ptr::without_provenance_mut(size)) })
    }

    fn reset(&mut self) {}
}

/// No question asked: what an arena cannot go below.
pub struct Limit {
    head: std::cell::Cell<*mut u8>,
    base: Vec<u8>,
}

impl Scratch for Limit {
    fn new(capacity: usize) -> Self {
        let mut base = Vec::with_capacity(capacity + 64);
        let head = std::cell::Cell::new(base.as_mut_ptr());
        Self { head, base }
    }

    #[inline]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        let at = self.head.get();
        self.head.set(at.wrapping_add((size + 63) & !63));
        // SAFETY: the vector's memory is not at address zero.
        Some(unsafe { NonNull::new_unchecked(at) })
    }

    #[inline]
    fn reset(&mut self) {
        self.head.set(self.base.as_mut_ptr());
    }
}

pub struct Ours(Arena);

impl Scratch for Ours {
    fn new(capacity: usize) -> Self {
        Self(Arena::new(capacity).expect("an arena"))
    }

    #[inline]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        self.0.alloc_layout(layout(size)).ok()
    }

    #[inline]
    fn reset(&mut self) {
        self.0.reset();
    }
}

/// Ours by a slice of bytes.
pub struct OurBytes(Arena);

impl Scratch for OurBytes {
    fn new(capacity: usize) -> Self {
        Self(Arena::new(capacity).expect("an arena"))
    }

    #[inline]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        let bytes = self.0.alloc_uninit::<u8>(size).ok()?;
        Some(NonNull::from(bytes).cast())
    }

    #[inline]
    fn reset(&mut self) {
        self.0.reset();
    }
}

/// Ours by a slice of floats, a quarter as many.
pub struct OurFloats(Arena);

impl Scratch for OurFloats {
    fn new(capacity: usize) -> Self {
        Self(Arena::new(4 * capacity).expect("an arena"))
    }

    #[inline]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        let floats = self.0.alloc_uninit::<f32>(size).ok()?;
        Some(NonNull::from(floats).cast())
    }

    #[inline]
    fn reset(&mut self) {
        self.0.reset();
    }
}

/// Ours by a call.
pub struct OursOutlined(Arena);

impl Scratch for OursOutlined {
    fn new(capacity: usize) -> Self {
        Self(Arena::new(capacity).expect("an arena"))
    }

    #[inline(never)]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        self.0.alloc_layout(layout(size)).ok()
    }

    #[inline]
    fn reset(&mut self) {
        self.0.reset();
    }
}

impl<const MIN_ALIGN: usize> Scratch for bumpalo::Bump<MIN_ALIGN> {
    fn new(capacity: usize) -> Self {
        Self::with_min_align_and_capacity(capacity)
    }

    #[inline]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        self.try_alloc_layout(layout(size)).ok()
    }

    #[inline]
    fn reset(&mut self) {
        Self::reset(self);
    }
}

impl Scratch for bump_scope::Bump {
    fn new(capacity: usize) -> Self {
        Self::with_capacity(Layout::from_size_align(capacity, 64).expect("small"))
    }

    #[inline]
    fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        self.try_allocate_layout(layout(size)).ok()
    }

    #[inline]
    fn reset(&mut self) {
        Self::reset(self);
    }
}
