//! The parts that a resident set is divided into.

use serde::{Deserialize, Serialize};

/// One part of a resident set; every resident page belongs to exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartKind {
    /// Blocks the program holds.
    MallocLive,
    /// Free blocks in slabs that are in use.
    MallocFree,
    /// Free slabs and runs kept for reuse, not yet given back.
    MallocRetained,
    /// The allocator's own records.
    MallocMetadata,
    /// Never used or given back by the allocator, and yet resident: not taken by the kernel yet, or
    /// the rest of a huge page.
    MallocUntouched,
    /// Code and constants of the program and its libraries (file pages).
    Code,
    /// Data of the program and its libraries (private pages and zero-initialised data).
    Data,
    /// Thread stacks.
    Stacks,
    /// The `brk` area, which the allocator does not use.
    Brk,
    /// Anonymous mappings the program made itself.
    Anonymous,
    /// Files the program mapped as data.
    Files,
    /// Shared memory.
    Shared,
    /// Pages the kernel puts into every process.
    Kernel,
}

impl PartKind {
    /// All parts, in the order of the report.
    pub const ALL: [Self; 13] = [
        Self::MallocLive,
        Self::MallocFree,
        Self::MallocRetained,
        Self::MallocMetadata,
        Self::MallocUntouched,
        Self::Brk,
        Self::Anonymous,
        Self::Stacks,
        Self::Data,
        Self::Code,
        Self::Files,
        Self::Shared,
        Self::Kernel,
    ];

    /// What the report calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::MallocLive => "malloc: live blocks",
            Self::MallocFree => "malloc: free blocks in slabs",
            Self::MallocRetained => "malloc: kept for reuse",
            Self::MallocMetadata => "malloc: metadata",
            Self::MallocUntouched => "malloc: not in use, yet resident",
            Self::Code => "program and libraries: code, constants",
            Self::Data => "program and libraries: data",
            Self::Stacks => "stacks",
            Self::Brk => "[heap] (brk)",
            Self::Anonymous => "program's own anonymous mappings",
            Self::Files => "mapped files",
            Self::Shared => "shared memory",
            Self::Kernel => "kernel's pages (vdso)",
        }
    }

    /// Whether the allocator is responsible for it.
    #[must_use]
    pub const fn is_malloc(self) -> bool {
        matches!(
            self,
            Self::MallocLive
                | Self::MallocFree
                | Self::MallocRetained
                | Self::MallocMetadata
                | Self::MallocUntouched
        )
    }
}

/// Bytes per part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartSizes([u64; PartKind::ALL.len()]);

impl PartSizes {
    /// Adds `bytes` to part `kind`.
    pub fn add(&mut self, kind: PartKind, bytes: u64) {
        self.0[position(kind)] += bytes;
    }

    /// Bytes of part `kind`.
    #[must_use]
    pub fn of(&self, kind: PartKind) -> u64 {
        self.0[position(kind)]
    }

    /// Bytes of all parts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

fn position(kind: PartKind) -> usize {
    PartKind::ALL
        .iter()
        .position(|&each| each == kind)
        .unwrap_or(0)
}
