//! The gates: one table for all crates.
//!
//! # Role
//! Name every telemetry point that can be built in or out.
//!
//! # Invariants
//! - I1: [`TABLE`] has one row per [`Gate`], in the order of their numbers.
//! - I2: with [`Off`] no gated code is compiled, since `SET` is a constant.

/// A telemetry point that can be built in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Gate {
    /// Allocations by size class.
    ClassStats,
    /// Frees by size class, own and remote apart.
    FreeStats,
    /// Diagnostic: frees of the largest class.
    DiagLargestClass,
    /// Diagnostic: frees whose segment header is not ours.
    DiagForeignHeader,
    /// Diagnostic: frees whose slab record contradicts itself.
    DiagMetadataMismatch,
    /// Diagnostic: frees whose slab record names a class that does not exist.
    DiagBadClass,
    /// Diagnostic: frees that the fast path took although the pointer is not at a block's start.
    DiagFastPathMismatch,
    /// How often the current slab serves an allocation, and how often not.
    FrontCache,
    /// Slabs and runs taken from and returned to the segment pool.
    PoolStats,
    /// The last freed addresses.
    FreeTrace,
    /// Calls of `free`, null included.
    FreeCalls,
    /// The last events of the slow paths.
    EventRing,
    /// Frees of addresses behind the used part of their slab.
    OutOfBoundsLog,
    /// Calls to the operating system, and their bytes.
    OsStats,
    /// Remote frees: chains, blocks, retries.
    RemoteQueue,
    /// Each batch of fresh blocks put on a slab's list.
    WarmPrefillLog,
    /// Adoption of heaps and slabs that other threads left.
    SharedPoolDiag,
}

/// A row of the table of gates.
#[derive(Clone, Copy, Debug)]
pub struct GateRow {
    /// Which gate.
    pub gate: Gate,
    /// Its name in `BEDPLATE_GATES` and on the command line.
    pub name: &'static str,
    /// What it records.
    pub what: &'static str,
}

const fn row(gate: Gate, name: &'static str, what: &'static str) -> GateRow {
    GateRow { gate, name, what }
}

/// Every gate there is.
pub const TABLE: &[GateRow] = &[
    row(Gate::ClassStats, "class_stats", "allocations by size class"),
    row(
        Gate::FreeStats,
        "free_stats",
        "frees by size class, own and remote apart",
    ),
    row(
        Gate::DiagLargestClass,
        "diag_largest_class",
        "frees of the largest size class",
    ),
    row(
        Gate::DiagForeignHeader,
        "diag_foreign_header",
        "frees whose segment header is not ours",
    ),
    row(
        Gate::DiagMetadataMismatch,
        "diag_metadata_mismatch",
        "frees whose slab record contradicts itself",
    ),
    row(
        Gate::DiagBadClass,
        "diag_bad_class",
        "frees whose slab record names no size class",
    ),
    row(
        Gate::DiagFastPathMismatch,
        "diag_fast_path_mismatch",
        "fast frees of addresses inside a block",
    ),
    row(
        Gate::FrontCache,
        "front_cache",
        "allocations served by the current slab, and misses",
    ),
    row(
        Gate::PoolStats,
        "pool_stats",
        "slabs and runs taken from and returned to the segment pool",
    ),
    row(Gate::FreeTrace, "free_trace", "the last freed addresses"),
    row(
        Gate::FreeCalls,
        "free_calls",
        "calls of free, null included",
    ),
    row(
        Gate::EventRing,
        "event_ring",
        "the last events of the slow paths",
    ),
    row(
        Gate::OutOfBoundsLog,
        "out_of_bounds_log",
        "frees of addresses behind the used part of a slab",
    ),
    row(
        Gate::OsStats,
        "os_stats",
        "calls to the operating system and their bytes",
    ),
    row(
        Gate::RemoteQueue,
        "remote_queue",
        "chains, blocks and retries of remote frees",
    ),
    row(
        Gate::WarmPrefillLog,
        "warm_prefill_log",
        "batches of fresh blocks put on a slab's list",
    ),
    row(
        Gate::SharedPoolDiag,
        "shared_pool_diag",
        "heaps and slabs adopted from threads that ended",
    ),
];

/// A set of gates, known at build time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateSet(u32);

impl GateSet {
    /// No gate: production.
    pub const NONE: Self = Self(0);
    /// Every gate.
    pub const ALL: Self = Self((1 << TABLE.len()) - 1);

    /// True if the gate is in the set.
    #[must_use]
    #[inline(always)]
    pub const fn has(self, gate: Gate) -> bool {
        self.0 & (1 << gate as u32) != 0
    }

    /// The set as bits, by the gates' numbers.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// A set from its bits; bits of no gate are dropped.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// A set from names with commas between; `all` and `none` are names too.
    ///
    /// # Panics
    /// On a name that is in no row: used in a constant, that is a build error.
    #[must_use]
    pub const fn parse(list: &str) -> Self {
        let text = list.as_bytes();
        let mut bits = 0;
        let mut start = 0;
        while start <= text.len() {
            let mut end = start;
            while end < text.len() && text[end] != b',' {
                end += 1;
            }
            bits |= named(text, start, end);
            start = end + 1;
        }
        Self(bits)
    }
}

const fn same(text: &[u8], start: usize, end: usize, name: &str) -> bool {
    let name = name.as_bytes();
    if end - start != name.len() {
        return false;
    }
    let mut i = 0;
    while i < name.len() {
        if text[start + i] != name[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn named(text: &[u8], start: usize, end: usize) -> u32 {
    if start == end || same(text, start, end, "none") {
        return 0;
    }
    if same(text, start, end, "all") {
        return GateSet::ALL.0;
    }
    let mut i = 0;
    while i < TABLE.len() {
        if same(text, start, end, TABLE[i].name) {
            return 1 << TABLE[i].gate as u32;
        }
        i += 1;
    }
    panic!("BEDPLATE_GATES names a gate that does not exist; see bedplate_telemetry::TABLE")
}

/// Which gates a leaf library or binary is built with.
pub trait Gates: 'static {
    /// The set.
    const SET: GateSet;
}

/// Production: nothing is recorded.
#[derive(Debug)]
pub struct Off;

impl Gates for Off {
    const SET: GateSet = GateSet::NONE;
}

/// Everything is recorded.
#[derive(Debug)]
pub struct All;

impl Gates for All {
    const SET: GateSet = GateSet::ALL;
}

#[cfg(test)]
mod tests {
    use super::{GateSet, TABLE};

    #[test]
    fn rows_stand_in_the_order_of_their_numbers() {
        for (i, row) in TABLE.iter().enumerate() {
            assert_eq!(row.gate as usize, i);
            assert_eq!(GateSet::parse(row.name).bits(), 1 << i);
        }
    }

    #[test]
    fn lists_are_unions() {
        assert_eq!(GateSet::parse(""), GateSet::NONE);
        assert_eq!(GateSet::parse("all"), GateSet::ALL);
        assert_eq!(GateSet::parse("class_stats,free_stats").bits(), 3);
    }

    #[test]
    #[should_panic(expected = "does not exist")]
    fn an_unknown_name_is_refused() {
        let _set = GateSet::parse("class_stat");
    }
}
