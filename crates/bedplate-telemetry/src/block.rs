//! All telemetry memory of a library, in one place.
//!
//! # Role
//! One static in a section of its own, so that a disassembly check can see whether a function
//! touches telemetry. A binary that has no gate on does not contain it.
//!
//! # Invariants
//! - I1: the layout is `repr(C)` words of 64 bits, read from outside by
//!   [`Metric::name`] and the constants here.

use crate::counter::Counter;
use crate::ring::Ring;

/// Size classes plus large and huge.
pub const CLASS_SLOTS: usize = 80;
/// Events kept by each ring.
pub const RING_EVENTS: usize = 256;

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// A single figure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Metric { $($(#[$doc])* $name),* }

        impl Metric {
            /// Every figure in the order of the words.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

metrics! {
    /// Frees by the owner.
    FreesOwn = "frees_own",
    /// Frees by another thread.
    FreesRemote = "frees_remote",
    /// Frees of the largest class.
    LargestClassFrees = "largest_class_frees",
    /// Frees whose segment header is not ours.
    ForeignHeaders = "foreign_headers",
    /// Frees whose slab record contradicts itself.
    MetadataMismatches = "metadata_mismatches",
    /// Frees whose slab record names no class.
    BadClasses = "bad_classes",
    /// Fast frees of addresses inside a block.
    FastPathMismatches = "fast_path_mismatches",
    /// Allocations served by the current slab.
    FrontHits = "front_hits",
    /// Allocations that needed a refill.
    FrontMisses = "front_misses",
    /// Slices taken from the pool.
    PoolSlicesTaken = "pool_slices_taken",
    /// Slices returned to the pool.
    PoolSlicesReturned = "pool_slices_returned",
    /// Calls of free.
    FreeCalls = "free_calls",
    /// Frees behind the used part of a slab.
    OutOfBounds = "out_of_bounds",
    /// Mappings made.
    OsMaps = "os_maps",
    /// Bytes mapped.
    OsMapBytes = "os_map_bytes",
    /// Purge calls.
    OsPurges = "os_purges",
    /// Bytes purged.
    OsPurgeBytes = "os_purge_bytes",
    /// Chains of remote frees published.
    RemoteChains = "remote_chains",
    /// Blocks in those chains.
    RemoteBlocks = "remote_blocks",
    /// Publishing attempts that had to be repeated.
    RemoteRetries = "remote_retries",
    /// Batches of fresh blocks.
    PrefillBatches = "prefill_batches",
    /// Blocks in those batches.
    PrefillBlocks = "prefill_blocks",
    /// Heaps adopted.
    SharedHeapsAdopted = "shared_heaps_adopted",
    /// Slabs adopted.
    SharedSlabsAdopted = "shared_slabs_adopted",
    /// Looks for a slab to adopt that found none.
    SharedLooksInVain = "shared_looks_in_vain",
}

/// How many single figures there are.
pub const METRICS: usize = Metric::ALL.len();

/// All telemetry memory.
#[derive(Debug)]
#[repr(C)]
pub struct Telemetry {
    figures: [Counter; METRICS],
    class_allocations: [Counter; CLASS_SLOTS],
    class_frees: [Counter; CLASS_SLOTS],
    /// Events of slow paths and diagnostics.
    pub events: Ring<RING_EVENTS>,
    /// The last freed addresses.
    pub frees: Ring<RING_EVENTS>,
}

/// The one telemetry block of a library; referenced by gated code only.
#[unsafe(link_section = ".bdptelemetry")]
#[expect(
    unsafe_code,
    reason = "the section name is an attribute that the compiler calls unsafe"
)]
pub static TELEMETRY: Telemetry = Telemetry {
    figures: [const { Counter::new(0) }; METRICS],
    class_allocations: [const { Counter::new(0) }; CLASS_SLOTS],
    class_frees: [const { Counter::new(0) }; CLASS_SLOTS],
    events: Ring::new(),
    frees: Ring::new(),
};

impl Telemetry {
    /// Adds to a figure.
    #[inline]
    pub fn add(&self, metric: Metric, n: u64) {
        if let Some(c) = self.figures.get(metric as usize) {
            c.add(n);
        }
    }

    /// Counts an allocation of a class.
    #[inline]
    pub fn class_allocation(&self, class: usize) {
        if let Some(c) = self.class_allocations.get(class) {
            c.add(1);
        }
    }

    /// Counts a free of a class.
    #[inline]
    pub fn class_free(&self, class: usize) {
        if let Some(c) = self.class_frees.get(class) {
            c.add(1);
        }
    }

    /// A figure's value.
    #[must_use]
    pub fn figure(&self, metric: Metric) -> u64 {
        self.figures.get(metric as usize).map_or(0, Counter::get)
    }

    /// Allocations of a class.
    #[must_use]
    pub fn allocations_of(&self, class: usize) -> u64 {
        self.class_allocations.get(class).map_or(0, Counter::get)
    }

    /// Frees of a class.
    #[must_use]
    pub fn frees_of(&self, class: usize) -> u64 {
        self.class_frees.get(class).map_or(0, Counter::get)
    }
}
