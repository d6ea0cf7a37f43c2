//! Settings that a pool can change while it runs.
//!
//! # Role
//! Wishes; what they come to on a machine is checked here too, wholly before anything is changed.
//!
//! # Invariants
//! - I1: workers are bound to CPUs only where there is exactly one for each CPU that the process
//!   may use: a smaller pool would crowd the first CPUs, a larger one has no CPU for each.

use crate::admission::{Gauge, Narrowing, SharedBudget, Terms};
use crate::error::BuildError;
use crate::plan::{Machinery, SPARES_MAX, WIDTH_MAX};
use crate::tuning;
use alloc::sync::Arc;
use bedplate_os::pressure::PressureMonitor;

/// Settings that a pool can change while it runs, see
/// [`ThreadPool::update_config`](crate::ThreadPool::update_config).
///
/// # Examples
///
/// ```
/// use bedplate_pool::{PoolConfig, ThreadPoolBuilder};
///
/// let config = PoolConfig::basic().num_threads(2);
/// let pool = ThreadPoolBuilder::new().config(config).max_threads(4).build()?;
/// pool.update_config(pool.config().num_threads(4))?;
/// assert_eq!(pool.current_num_threads(), 4);
/// // More than there is room for: nothing changes.
/// assert!(pool.update_config(pool.config().num_threads(5)).is_err());
/// assert_eq!(pool.current_num_threads(), 4);
/// # Ok::<(), bedplate_pool::BuildError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a configuration does nothing by itself"]
pub struct PoolConfig {
    pub(crate) workers: Option<usize>,
    spares: Option<usize>,
    queue_jobs: Option<usize>,
    bind: Option<bool>,
    budget: Option<SharedBudget>,
    monitor: Option<Arc<PressureMonitor>>,
    narrowing: Narrowing,
}

impl PoolConfig {
    /// For a pool beside other work: as many workers as the process may use CPUs at a time, none bound,
    /// so that the kernel can move them out of the way, and a short queue.
    pub fn basic() -> Self {
        Self::default().bind_workers(false).queue_jobs(1024)
    }

    /// For a pool that has the machine to itself: a worker for each CPU, bound to it. The defaults.
    pub fn performance() -> Self {
        Self::default()
    }

    /// For a pool that is steered while it runs: as [`performance`](Self::performance), with room for a
    /// million jobs, and fewer jobs with a footprint while memory is short.
    pub fn advanced() -> Self {
        Self::default().queue_jobs(1 << 20).narrowing(Narrowing {
            some_percent: 25,
            high_percent: 10,
            critical_percent: 0,
        })
    }

    /// How many workers; zero for the default: as many as the process may use CPUs at a time, also when
    /// its control group's quota changes.
    pub fn num_threads(mut self, workers: usize) -> Self {
        self.workers = (workers > 0).then_some(workers);
        self
    }

    /// How many threads may take the places of workers that wait or block; default twice the
    /// workers, at least 8.
    pub fn spare_threads(mut self, spares: usize) -> Self {
        self.spares = Some(spares);
        self
    }

    /// Room for detached jobs of each priority, beyond which `try_spawn` gives the job back;
    /// default 65,536.
    pub fn queue_jobs(mut self, jobs: usize) -> Self {
        self.queue_jobs = Some(jobs);
        self
    }

    /// Whether each worker is bound to a CPU of its own; default yes, where there are as many
    /// workers as CPUs that the process may use.
    pub fn bind_workers(mut self, bind: bool) -> Self {
        self.bind = Some(bind);
        self
    }

    /// What jobs with a footprint are charged to, beside others who charge it; default a budget of the
    /// pool's own, three quarters of the memory limit in force.
    pub fn memory_budget(mut self, budget: impl Into<SharedBudget>) -> Self {
        self.budget = Some(budget.into());
        self
    }

    /// Who tells how short memory is, which narrows how many jobs with a footprint run; default the
    /// kernel's files, looked at where such jobs wait or end.
    pub fn pressure_monitor(mut self, monitor: Arc<PressureMonitor>) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// How many jobs with a footprint may run at each level of pressure.
    pub fn narrowing(mut self, narrowing: Narrowing) -> Self {
        self.narrowing = narrowing;
        self
    }

    /// What it comes to on a machine, in a pool that has these places.
    pub(crate) fn resolve(
        &self,
        machinery: &Machinery,
        places: Places,
        own: &Terms,
    ) -> Result<Numbers, BuildError> {
        let width = match self.workers {
            Some(workers) => within("num_threads", workers, 1, places.workers)?,
            None => machinery.width.min(places.workers),
        };
        let spares = self
            .spares
            .unwrap_or_else(|| spares_for(width).min(places.spares));
        if !self.narrowing.is_ordered() {
            return Err(BuildError::Narrowing(self.narrowing));
        }
        let queue_jobs = self.queue_jobs.unwrap_or(tuning::QUEUE_JOBS);
        let room = within("queue_jobs", queue_jobs, 1, usize::MAX)?;
        let has_cpu_each = width == machinery.cpus.len();
        let is_bound = self.bind.unwrap_or(true) && has_cpu_each;
        Ok(Numbers {
            width,
            spares: within("spare_threads", spares, 0, places.spares)?,
            cpus: if is_bound {
                machinery.cpus.clone()
            } else {
                Vec::new()
            },
            terms: Terms {
                budget: self.budget.clone().unwrap_or_else(|| own.budget.clone()),
                gauge: match &self.monitor {
                    Some(monitor) => Arc::new(Gauge::new(Some(Arc::clone(monitor)))),
                    None => Arc::clone(&own.gauge),
                },
                narrowing: self.narrowing,
                room,
            },
        })
    }
}

/// What a pool has places for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) workers: usize,
    pub(crate) spares: usize,
}

impl Places {
    /// The most of any pool.
    pub(crate) const MOST: Self = Self {
        workers: WIDTH_MAX,
        spares: SPARES_MAX,
    };
}

/// What a configuration comes to.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) width: usize,
    pub(crate) spares: usize,
    /// The CPU of each worker; empty if they are not bound.
    pub(crate) cpus: Vec<u32>,
    /// What jobs with a footprint are admitted by; its room is also that of the queue.
    pub(crate) terms: Terms,
}

/// How many spares a pool of so many workers has by default.
fn spares_for(workers: usize) -> usize {
    (2 * workers).clamp(8, SPARES_MAX)
}

/// A number that must be within its bounds.
pub(crate) fn within(
    name: &'static str,
    value: usize,
    min: usize,
    max: usize,
) -> Result<usize, BuildError> {
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(BuildError::Setting {
            name,
            value,
            min,
            max,
        })
    }
}
