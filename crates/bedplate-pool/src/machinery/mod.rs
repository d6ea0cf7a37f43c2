//! What a machine lets a process use.
//!
//! # Role
//! CPUs, how far they are from each other, the quota, the memory limit: read when a pool is built and
//! when it is configured anew, the quota while it runs.
//!
//! # Invariants
//! - I1: what could not be told is named ([`Degraded`]), and what is done without it is stated; the
//!   CPUs themselves are needed wherever their number is.

use crate::admission::{Gauge, Narrowing, Terms};
use crate::degraded::Degraded;
use crate::distance::Distances;
use crate::error::BuildError;
use crate::plan::WIDTH_MAX;
use crate::tuning;
use alloc::sync::Arc;
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_os::cgroup::{Cgroups, Group};
use bedplate_os::cgroup_limits::GroupCpu;
use bedplate_os::fact::{Because, Fact, Reason};
use bedplate_os::limits::Limits;
use bedplate_os::memory::Memory;
use bedplate_os::source::Machine;
use bedplate_os::topology::Topology;

/// What a machine lets a process use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Machinery {
    /// CPUs that the process may run on.
    pub(crate) cpus: Vec<u32>,
    /// Workers that can run at a time: the CPUs, or the quota rounded up where that is less.
    pub(crate) width: usize,
    /// The memory limit in force, in bytes, where it can be told.
    pub(crate) memory_bytes: Option<u64>,
    /// How far CPUs are from each other.
    pub(crate) distances: Distances,
    /// What could not be told.
    pub(crate) degraded: Vec<Degraded>,
    /// Whose quota is read again.
    group: Option<Group>,
}

impl Machinery {
    /// Reads a machine. Where the number of workers was given, a pool can do without the CPUs.
    pub(crate) fn read_for(machine: &Machine, workers: Option<usize>) -> Result<Self, BuildError> {
        let topology = match Topology::read(machine) {
            Ok(topology) => topology,
            Err(error) => {
                let width = workers.ok_or_else(|| BuildError::Machine(error.clone()))?;
                return Ok(Self {
                    cpus: Vec::new(),
                    width,
                    memory_bytes: None,
                    distances: Distances::unknown(),
                    degraded: vec![Degraded::Cpus(error)],
                    group: None,
                });
            }
        };
        let memory = Memory::read(machine, &topology.nodes);
        let groups = Cgroups::read(machine);
        let limits = Limits::read(machine, &groups, &memory.total_bytes);
        let cpus: Vec<u32> = match &limits.cpus_allowed {
            Fact::Known(allowed) => allowed
                .iter()
                .filter(|&cpu| topology.online.contains(cpu))
                .collect(),
            Fact::Absent { .. } => topology.online.iter().collect(),
        };
        let millicpus = limits.millicpus(&topology.online);
        let quota = match &limits.group_cpu {
            Fact::Known(cpu) => doubt(cpu.quota.because()),
            Fact::Absent { because } => doubt(Some(because)),
        };
        let degraded = [
            limits.cpus_allowed.because().cloned().map(Degraded::Mask),
            quota.map(Degraded::Quota),
            limits.memory.because().cloned().map(Degraded::Memory),
            topology.caches.because().cloned().map(Degraded::Caches),
            doubt(topology.nodes.because()).map(Degraded::Nodes),
        ];
        Ok(Self {
            width: workers_of(millicpus, cpus.len()),
            cpus,
            memory_bytes: limits.memory.known().map(|limit| limit.bytes),
            distances: Distances::of(&topology),
            degraded: degraded.into_iter().flatten().collect(),
            group: groups.cpu.ok().ok(),
        })
    }

    /// The workers that can run at a time by the quota as it is now; the reason where it cannot be told.
    pub(crate) fn width_now(&self, machine: &Machine) -> Result<usize, Because> {
        let Some(group) = &self.group else {
            return Ok(self.width);
        };
        match GroupCpu::read(machine, group).quota {
            Fact::Known(quota) => {
                let whole = self.cpus.len() as u64 * 1000;
                let millicpus = quota.millicpus.map_or(whole, |quota| quota.min(whole));
                Ok(workers_of(Some(millicpus), self.cpus.len()))
            }
            // The root of a tree has no quota.
            Fact::Absent { because } if because.reason == Reason::NotThere => Ok(self.width),
            Fact::Absent { because } => Err(because),
        }
    }

    /// What jobs with a footprint are admitted by unless configured: a share of the limit in force, the
    /// rest of which is for what nobody charges.
    pub(crate) fn terms(&self) -> Terms {
        let (share, of) = tuning::ADMISSION_SHARE;
        let limit = self
            .memory_bytes
            .map_or(UNLIMITED, |bytes| bytes / of * share);
        Terms {
            budget: Arc::new(Budget::new(limit, UNLIMITED)).into(),
            gauge: Arc::new(Gauge::new(None)),
            narrowing: Narrowing::default(),
            room: tuning::QUEUE_JOBS,
        }
    }
}

/// A reason to doubt, where a plain absence is none.
fn doubt(because: Option<&Because>) -> Option<Because> {
    let is_doubt =
        |because: &&Because| because.reason.is_doubtful() || because.reason == Reason::Forbidden;
    because.filter(is_doubt).cloned()
}

/// Workers for so many thousandths of a CPU, rounded up.
fn workers_of(millicpus: Option<u64>, cpus: usize) -> usize {
    let whole = millicpus.map_or(cpus, |m| usize::try_from(m.div_ceil(1000)).unwrap_or(cpus));
    whole.clamp(1, WIDTH_MAX)
}

#[cfg(test)]
mod tests;
