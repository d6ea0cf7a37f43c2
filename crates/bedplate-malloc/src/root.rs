//! The root page: where readers from outside begin.
//!
//! # Role
//! One private page that `/proc/PID/maps` shows as `/memfd:bedplate-malloc`, with the addresses
//! of everything a reader needs. A program that links the allocator and is preloaded too has two.
//!
//! # Invariants
//! - I1: the page is written by `make` and `describe` only; its layout is [`Root`], its version
//!   changes with the layout of anything it leads to.

use crate::counters::{COUNTERS, CountersSnapshot};
use crate::huge::HUGE;
use crate::owners::HEAPS;
use crate::pool::POOL;
use bedplate_os::pages;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// What the page begins with: "bedproot" in bytes.
pub const ROOT_MAGIC: u64 = u64::from_le_bytes(*b"bedproot");
/// The layout's version.
pub const ROOT_VERSION: u64 = 3;
/// The name of the mapping.
pub const ROOT_NAME: &core::ffi::CStr = c"bedplate-malloc";

/// How the allocator came into the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Library {
    /// Linked by the program as its global allocator.
    Linked = 0,
    /// Preloaded: the production library.
    Preload = 1,
    /// Preloaded: the observed library.
    Observed = 2,
    /// Preloaded: the hardened library.
    Hardened = 3,
}

/// The page.
#[derive(Debug)]
#[repr(C)]
pub struct Root {
    /// [`ROOT_MAGIC`], written last.
    pub magic: AtomicU64,
    /// [`ROOT_VERSION`].
    pub version: AtomicU64,
    /// A [`Library`].
    pub library: AtomicU64,
    /// Gates built in, as bits.
    pub gates: AtomicU64,
    /// Address of the word that holds the newest segment.
    pub newest_segment: AtomicU64,
    /// Address of the word that holds the first huge block.
    pub first_huge: AtomicU64,
    /// Address of the word that holds the newest heap.
    pub newest_heap: AtomicU64,
    /// Address of the counters.
    pub counters: AtomicU64,
    /// How many counters there are.
    pub counter_words: AtomicU64,
    /// Address of the telemetry block, 0 for none.
    pub telemetry: AtomicU64,
    /// Size of a heap in bytes.
    pub heap_bytes: AtomicU64,
    /// Address of the cache of freed huge mappings.
    pub huge_cache: AtomicU64,
    /// What links of free blocks are coded with besides their address, 0 where they are plain.
    pub link_key: AtomicU64,
    /// Address of the tables of the heap profile, 0 while nothing is sampled.
    pub profile: AtomicU64,
}

static ROOT: AtomicPtr<Root> = AtomicPtr::new(core::ptr::null_mut());

/// Makes the page. Where the kernel refuses, the process cannot be seen from outside; it works
/// all the same, and `bedplate run` says so.
pub fn make() {
    if get().is_some() {
        return;
    }
    let Ok(at) = pages::map_named(ROOT_NAME, pages::page_size()) else {
        COUNTERS.failed_maps.add(1);
        return;
    };
    let root: *mut Root = at.as_ptr().cast();
    ROOT.store(root, Ordering::Release);
    let Some(root) = get() else { return };
    let address = |p: *const u8| p.expose_provenance() as u64;
    root.version.store(ROOT_VERSION, Ordering::Relaxed);
    root.newest_segment
        .store(address((&raw const POOL.newest).cast()), Ordering::Relaxed);
    root.first_huge
        .store(address((&raw const HUGE.first).cast()), Ordering::Relaxed);
    root.newest_heap
        .store(address((&raw const HEAPS.newest).cast()), Ordering::Relaxed);
    root.counters
        .store(address((&raw const COUNTERS).cast()), Ordering::Relaxed);
    root.counter_words
        .store(CountersSnapshot::WORDS as u64, Ordering::Relaxed);
    root.heap_bytes
        .store(size_of::<crate::heap::Heap>() as u64, Ordering::Relaxed);
    root.huge_cache
        .store(HUGE.cache_address(), Ordering::Relaxed);
    root.link_key
        .store(crate::harden::link_key() as u64, Ordering::Relaxed);
    root.magic.store(ROOT_MAGIC, Ordering::Release);
}

fn get() -> Option<&'static Root> {
    // SAFETY: null, or the page made above, which is never unmapped and reads as zero.
    unsafe { ROOT.load(Ordering::Acquire).as_ref() }
}

/// Says how the allocator came here and what is built in.
pub fn describe(library: Library, gates: u32, telemetry: u64) {
    if let Some(root) = get() {
        root.library.store(library as u64, Ordering::Relaxed);
        root.gates.store(u64::from(gates), Ordering::Relaxed);
        root.telemetry.store(telemetry, Ordering::Relaxed);
    }
}

/// Says where the tables of the heap profile are.
#[cfg(not(bedplate_unprofiled))]
pub(crate) fn tell_profile(tables: u64) {
    if let Some(root) = get() {
        // Release: whoever reads the address finds tables.
        root.profile.store(tables, Ordering::Release);
    }
}

/// The page's address, 0 if there is none.
#[must_use]
pub fn address() -> u64 {
    ROOT.load(Ordering::Acquire).expose_provenance() as u64
}
