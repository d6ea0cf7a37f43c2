//! The settings of a pool, checked and completed by what the machine has.
//!
//! # Role
//! From [`ThreadPoolBuilder`](crate::ThreadPoolBuilder)'s wishes to numbers.
//!
//! # Invariants
//! - I1: workers are bound to CPUs only where there is exactly one for each CPU that the process
//!   may use: a smaller pool would crowd the first CPUs, a larger one has no CPU for each.

use crate::admission::{SharedBudget, Terms};
use crate::error::BuildError;
use crate::handlers::Handlers;
use crate::tuning;
use alloc::sync::Arc;
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_os::cgroup::Cgroups;
use bedplate_os::fact::Fact;
use bedplate_os::limits::Limits;
use bedplate_os::memory::Memory;
use bedplate_os::source::Machine;
use bedplate_os::topology::Topology;

/// The most workers of a pool.
pub(crate) const WIDTH_MAX: usize = 4096;
/// The most spares of a pool.
pub(crate) const SPARES_MAX: usize = 4096;

/// What a machine lets a process use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Machinery {
    /// CPUs that the process may run on.
    pub(crate) cpus: Vec<u32>,
    /// Workers that can run at a time: the CPUs, or the quota rounded up where that is less.
    pub(crate) width: usize,
    /// The memory limit in force, in bytes, where it can be told.
    pub(crate) memory_bytes: Option<u64>,
}

impl Machinery {
    /// Reads a machine.
    pub(crate) fn read(machine: &Machine) -> Result<Self, BuildError> {
        let topology = Topology::read(machine).map_err(BuildError::Machine)?;
        let memory = Memory::read(machine, &topology.nodes);
        let limits = Limits::read(machine, &Cgroups::read(machine), &memory.total_bytes);
        let cpus: Vec<u32> = match &limits.cpus_allowed {
            Fact::Known(allowed) => allowed
                .iter()
                .filter(|&cpu| topology.online.contains(cpu))
                .collect(),
            Fact::Absent { .. } => topology.online.iter().collect(),
        };
        let whole = limits.millicpus(&topology.online).map_or(cpus.len(), |m| {
            usize::try_from(m.div_ceil(1000)).unwrap_or(cpus.len())
        });
        Ok(Self {
            width: whole.clamp(1, WIDTH_MAX),
            cpus,
            memory_bytes: limits.memory.known().map(|limit| limit.bytes),
        })
    }

    /// A budget for jobs with a footprint: a share of the limit in force, the rest of which is for what
    /// nobody charges.
    pub(crate) fn budget(&self) -> SharedBudget {
        let (share, of) = tuning::ADMISSION_SHARE;
        let limit = self
            .memory_bytes
            .map_or(UNLIMITED, |bytes| bytes / of * share);
        Arc::new(Budget::new(limit, UNLIMITED)).into()
    }
}

/// The settings of a pool.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) width: usize,
    pub(crate) spares: usize,
    pub(crate) queue_jobs: usize,
    /// Events that each thread's ring of the timeline has room for.
    pub(crate) timeline_events: usize,
    /// What jobs with a footprint are admitted by.
    pub(crate) terms: Terms,
    pub(crate) stack_bytes: Option<usize>,
    pub(crate) name: String,
    /// The names of the workers, if the user gave each; else empty.
    pub(crate) names: Vec<String>,
    /// The CPU of each worker; empty if they are not bound.
    pub(crate) cpus: Vec<u32>,
    /// Whether loops are measured and cut by what they cost before.
    pub(crate) predicts: bool,
    pub(crate) handlers: Handlers,
}

impl Plan {
    /// The CPU that a thread is bound to. Spares take the place of any worker and are not bound.
    pub(crate) fn cpu_of(&self, index: usize) -> Option<u32> {
        self.cpus.get(index).copied()
    }

    pub(crate) fn thread_name(&self, index: usize) -> String {
        if let Some(name) = self.names.get(index % self.width) {
            name.clone()
        } else if index < self.width {
            format!("{}-{index}", self.name)
        } else {
            format!("{}-spare-{}", self.name, index - self.width)
        }
    }
}
