//! What a pool is built from.
//!
//! # Role
//! From [`ThreadPoolBuilder`](crate::ThreadPoolBuilder)'s wishes: what stays as it is while the pool
//! lives, and the first configuration.

use crate::admission::Terms;
use crate::config::{Numbers, PoolConfig};
use crate::handlers::Handlers;
pub(crate) use crate::machinery::Machinery;
use bedplate_os::source::Machine;

/// The most workers of a pool.
pub(crate) const WIDTH_MAX: usize = 4096;
/// The most spares of a pool.
pub(crate) const SPARES_MAX: usize = 4096;

/// What a pool is built from.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Places for workers; how many run is the configuration's.
    pub(crate) width: usize,
    /// Places for spares.
    pub(crate) spares: usize,
    /// The first configuration.
    pub(crate) config: PoolConfig,
    /// What it comes to.
    pub(crate) numbers: Numbers,
    /// What jobs with a footprint are admitted by where nothing is configured.
    pub(crate) own: Terms,
    pub(crate) machine: Machine,
    pub(crate) machinery: Machinery,
    /// Events that each thread's ring of the timeline has room for.
    pub(crate) timeline_events: usize,
    pub(crate) stack_bytes: Option<usize>,
    /// The stack of each fiber; none where the pool has no fibers.
    pub(crate) fiber_stack_bytes: Option<usize>,
    pub(crate) name: String,
    /// The names of the workers, if the user gave each; else empty.
    pub(crate) names: Vec<String>,
    /// Whether loops are measured and cut by what they cost before.
    pub(crate) predicts: bool,
    /// A drop does not wait for the threads' end.
    pub(crate) is_let_go: bool,
    pub(crate) handlers: Handlers,
}

impl Plan {
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
