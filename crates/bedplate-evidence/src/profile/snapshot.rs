//! The samples of a process at one moment.
//!
//! # Role
//! Reads the allocator's notes and the process's executable mappings, by which addresses are named
//! later, when the process may be gone.

use bedplate_malloc::inspect::{HeapProfile, heap_profile};

use crate::process::{Mapping, Process};

/// Samples and mappings, read at about one time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What the allocator noted; of two allocators in one process, both.
    pub heap: HeapProfile,
    /// Mappings that hold code.
    pub code: Vec<Mapping>,
}

impl Snapshot {
    /// Takes a snapshot of the allocators whose root pages are at `roots`; `None` where nothing is
    /// sampled, or the process is gone.
    #[must_use]
    pub fn take(process: &Process, roots: &[u64]) -> Option<Self> {
        let mut found: Option<HeapProfile> = None;
        for root in roots {
            let Ok(Some(heap)) = heap_profile(process, *root) else {
                continue;
            };
            match &mut found {
                Some(all) => {
                    all.dropped += heap.dropped;
                    all.sites.extend(heap.sites);
                }
                None => found = Some(heap),
            }
        }
        let heap = found?;
        let mut code = process.maps().ok()?;
        code.retain(|mapping| mapping.executable && mapping.path.starts_with('/'));
        Some(Self { heap, code })
    }

    /// Samples in it.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.heap.sites.iter().map(|site| site.allocated).sum()
    }
}
