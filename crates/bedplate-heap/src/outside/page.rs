//! The page that readers outside find.
//!
//! # Invariants
//! - I1: the page is mapped, zeroed at first and a whole OS page from `make` to the drop; nothing else has
//!   its address.

use super::shown::WORDS;
use bedplate_os::pages;
use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;

/// The name of the mapping.
const PAGE_NAME: &core::ffi::CStr = c"bedplate-heap";

/// A page that is mapped.
#[derive(Debug)]
pub(crate) struct Page {
    at: NonNull<[AtomicU64; WORDS]>,
}

// SAFETY: the page is a mapping of its own, which no thread owns.
unsafe impl Send for Page {}

impl Page {
    /// Maps the page. `None` where the kernel refuses: the heap works all the same and cannot be seen
    /// from outside.
    pub(crate) fn make() -> Option<Self> {
        const { assert!(size_of::<[AtomicU64; WORDS]>() == 4096) };
        let at = pages::map_named(PAGE_NAME, pages::page_size()).ok()?;
        Some(Self { at: at.cast() })
    }

    pub(crate) fn words(&self) -> &[AtomicU64; WORDS] {
        // SAFETY: mapped at a multiple of the page size and zeroed (I1); no OS page is less than 4096
        // bytes.
        unsafe { self.at.as_ref() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // A page that stays mapped has no magic any more: `Showing` took it away.
        // SAFETY: mapped by `make` with this size (I1).
        let _gone = unsafe { pages::release(self.at.cast(), pages::page_size()) };
    }
}
