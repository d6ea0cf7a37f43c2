//! What could not be told of the machine, and what a pool does without it.
//!
//! # Role
//! Named modes for reports: a pool that runs with less than the machine has says so.

use bedplate_os::OsError;
use bedplate_os::fact::Because;
use bedplate_os::topology::DetectError;
use core::fmt;

/// Something of the machine that a pool does without.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Degraded {
    /// The CPUs: as many workers as were asked for, none bound, no distances.
    Cpus(DetectError),
    /// The CPUs that the process may run on: all that are online are taken for allowed.
    Mask(Because),
    /// The quota of the control group: the CPUs alone decide the number of workers.
    Quota(Because),
    /// The memory limit: jobs with a footprint have no limit but the pressure.
    Memory(Because),
    /// Which CPUs share caches: halves are taken without regard to them.
    Caches(Because),
    /// Which node CPUs are near to: halves are taken without regard to it.
    Nodes(Because),
    /// A worker could not be bound to its CPU and runs where the kernel puts it.
    Binding {
        /// The worker's place.
        index: usize,
        /// What the kernel said.
        error: OsError,
    },
}

impl fmt::Display for Degraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpus(error) => write!(f, "{error}; workers are not bound"),
            Self::Mask(because) => {
                write!(f, "{because}: all online CPUs are taken for allowed")
            }
            Self::Quota(because) => {
                write!(f, "{because}: the quota is not known, the CPUs alone count")
            }
            Self::Memory(because) => write!(
                f,
                "{because}: the memory limit is not known; give a memory_budget for jobs with a footprint"
            ),
            Self::Caches(because) => {
                write!(f, "{because}: halves are taken without regard to caches")
            }
            Self::Nodes(because) => {
                write!(f, "{because}: halves are taken without regard to nodes")
            }
            Self::Binding { index, error } => {
                write!(f, "worker {index} is not bound: {error}")
            }
        }
    }
}
