//! How a pool is asked for.
//!
//! # Role
//! Wishes, checked when the pool is built.

use crate::admission::{Narrowing, SharedBudget};
use crate::config::{Places, PoolConfig, within};
use crate::error::BuildError;
use crate::handlers::{Handlers, Namer};
use crate::plan::{Machinery, Plan, WIDTH_MAX};
use crate::pool::{self, ThreadPool};
use crate::tuning;
use alloc::sync::Arc;
use bedplate_os::pressure::PressureMonitor;
use bedplate_os::source::Machine;
use core::any::Any;

/// Settings of a pool to be built.
///
/// # Examples
///
/// ```
/// use bedplate_pool::ThreadPoolBuilder;
///
/// let pool = ThreadPoolBuilder::new().num_threads(2).build()?;
/// let (a, b) = pool.install(|| bedplate_pool::join(|| 1, || 2));
/// assert_eq!(a + b, 3);
/// # Ok::<(), bedplate_pool::BuildError>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ThreadPoolBuilder {
    config: PoolConfig,
    places: Option<usize>,
    machine: Option<Machine>,
    timeline_events: Option<usize>,
    stack_bytes: Option<usize>,
    fiber_stack_bytes: Option<usize>,
    name: Option<String>,
    namer: Namer,
    predicts: Option<bool>,
    is_let_go: bool,
    handlers: Handlers,
}

impl ThreadPoolBuilder {
    /// The defaults: as many workers as the process may use CPUs at a time, each bound to one.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many workers; zero for the default.
    pub fn num_threads(mut self, workers: usize) -> Self {
        self.config = self.config.num_threads(workers);
        self
    }

    /// Settings that can be changed while the pool runs, all at once; the methods of the same names
    /// set them one by one.
    pub fn config(mut self, config: PoolConfig) -> Self {
        self.config = config;
        self
    }

    /// How many workers there may ever be, see [`ThreadPool::update_config`]; default as many as there
    /// are, and as the process may use CPUs where that is left to the pool.
    pub fn max_threads(mut self, workers: usize) -> Self {
        self.places = Some(workers);
        self
    }

    /// The machine whose CPUs and limits the pool goes by; default the running one.
    pub fn machine(mut self, machine: Machine) -> Self {
        self.machine = Some(machine);
        self
    }

    /// How many threads may take the places of workers that wait or block; default twice the
    /// workers, at least 8.
    pub fn spare_threads(mut self, spares: usize) -> Self {
        self.config = self.config.spare_threads(spares);
        self
    }

    /// Room for detached jobs of each priority, beyond which `try_spawn` gives the job back;
    /// default 65,536.
    pub fn queue_jobs(mut self, jobs: usize) -> Self {
        self.config = self.config.queue_jobs(jobs);
        self
    }

    /// How many events of each thread a timeline keeps, the last ones; default 16,384, which take
    /// half a megabyte a thread once it has written one. See
    /// [`ThreadPool::start_timeline`].
    pub fn timeline_events(mut self, events: usize) -> Self {
        self.timeline_events = Some(events);
        self
    }

    /// The stack of each of the pool's threads in bytes; default the standard library's. A thread from
    /// outside that works in the pool keeps its own.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_bytes = (bytes > 0).then_some(bytes);
        self
    }

    /// Runs each job and each taken half on a stack of its own, of so many bytes: where it waits for a
    /// half, a scope or a job of the pool, it leaves its thread to other work instead of blocking it.
    /// Waits then need no spares, and jobs can wait for jobs as deep as there is memory.
    ///
    /// In return, a wait may end later, since its thread does something else meanwhile, and a thread
    /// has several things begun at a time. **A job that holds a lock, or a borrow of a thread-local,
    /// while it waits can meet another job on the same thread that wants it, and neither goes on.**
    /// Without fibers that is safe. A stack that overflows ends the process by SIGSEGV at its guard
    /// page.
    #[cfg(feature = "fibers")]
    pub fn fibers(mut self, stack_bytes: usize) -> Self {
        self.fiber_stack_bytes = Some(stack_bytes);
        self
    }

    /// What the threads' names begin with; default `bedplate-pool`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What each thread's whole name is, given its index, instead of [`name`](Self::name). Asked for workers only,
    /// when the pool is built; spares are called as workers are.
    pub fn thread_name<F>(mut self, name: F) -> Self
    where
        F: FnMut(usize) -> String + 'static,
    {
        self.namer = Namer(Some(Box::new(name)));
        self
    }

    /// Whether each worker is bound to a CPU of its own; default yes, where there are as many
    /// workers as CPUs that the process may use.
    pub fn bind_workers(mut self, bind: bool) -> Self {
        self.config = self.config.bind_workers(bind);
        self
    }

    /// What jobs with a footprint are charged to, beside others who charge it; default a budget of the
    /// pool's own, three quarters of the memory limit in force.
    pub fn memory_budget(mut self, budget: impl Into<SharedBudget>) -> Self {
        self.config = self.config.memory_budget(budget);
        self
    }

    /// Who tells how short memory is, which narrows how many jobs with a footprint run; default the
    /// kernel's files, looked at where such jobs wait or end.
    pub fn pressure_monitor(mut self, monitor: Arc<PressureMonitor>) -> Self {
        self.config = self.config.pressure_monitor(monitor);
        self
    }

    /// How many jobs with a footprint may run at each level of pressure.
    pub fn narrowing(mut self, narrowing: Narrowing) -> Self {
        self.config = self.config.narrowing(narrowing);
        self
    }

    /// Whether loops are measured and cut by what they cost before; default yes. Without it a loop is
    /// cut for those who come, whatever it costs.
    pub fn prediction(mut self, predict: bool) -> Self {
        self.predicts = Some(predict);
        self
    }

    /// Whether dropping the pool waits for the end of what was spawned and of the threads; default yes. Where not, all
    /// that was spawned runs even so, unless the process ends before, and the threads end by themselves.
    pub fn wait_on_drop(mut self, waits: bool) -> Self {
        self.is_let_go = !waits;
        self
    }

    /// What to do with the panic of a detached job. The panic hook runs before; the worker lives.
    pub fn panic_handler<H>(mut self, handler: H) -> Self
    where
        H: Fn(Box<dyn Any + Send>) + Send + Sync + 'static,
    {
        self.handlers.on_panic = Some(Box::new(handler));
        self
    }

    /// What each thread does first, given its index.
    pub fn start_handler<H>(mut self, handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.handlers.on_start = Some(Box::new(handler));
        self
    }

    /// What each thread does last, given its index.
    pub fn exit_handler<H>(mut self, handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.handlers.on_exit = Some(Box::new(handler));
        self
    }

    /// Builds the pool and starts its workers.
    ///
    /// # Errors
    /// - [`BuildError::Setting`] where a number is out of its bounds.
    /// - [`BuildError::Narrowing`] where a higher level of pressure would let more jobs run.
    /// - [`BuildError::Name`] where the name has a NUL byte.
    /// - [`BuildError::Machine`] where the CPUs cannot be told.
    /// - [`BuildError::Thread`] where a worker cannot be started; those that were are ended.
    /// - [`BuildError::ForkHook`] where there is no memory for the handler.
    pub fn build(self) -> Result<ThreadPool, BuildError> {
        ThreadPool::with_plan(self.plan()?)
    }

    /// Builds the pool of the process, which the free functions use from outside other pools.
    ///
    /// # Errors
    /// - [`BuildError::DefaultExists`] where it exists, by an earlier call or by use.
    /// - Those of [`build`](Self::build).
    pub fn build_global(self) -> Result<(), BuildError> {
        pool::set_default(|| self.build())
    }

    fn plan(self) -> Result<Plan, BuildError> {
        let machine = self.machine.unwrap_or_else(Machine::running);
        let machinery = Machinery::read_for(&machine, self.config.workers)?;
        let own = machinery.terms();
        let numbers = self.config.resolve(&machinery, Places::MOST, &own)?;
        let most = match (self.places, self.config.workers) {
            (Some(most), _) => most,
            (None, Some(_)) => numbers.width,
            (None, None) => numbers.width.max(machinery.cpus.len().min(WIDTH_MAX)),
        };
        let width = within("max_threads", most, numbers.width, WIDTH_MAX)?;
        let name = self.name.unwrap_or_else(|| "bedplate-pool".to_owned());
        let names: Vec<String> = match self.namer.0 {
            Some(name_of) => (0..width).map(name_of).collect(),
            None => Vec::new(),
        };
        let nul = names.iter().find(|name| name.contains('\0'));
        if let Some(bad) = nul.or(Some(&name).filter(|name| name.contains('\0'))) {
            return Err(BuildError::Name(bad.clone()));
        }
        Ok(Plan {
            width,
            spares: numbers.spares,
            numbers,
            own,
            config: self.config,
            machine,
            machinery,
            timeline_events: within(
                "timeline_events",
                self.timeline_events.unwrap_or(tuning::TIMELINE_EVENTS),
                1,
                tuning::TIMELINE_EVENTS_MAX,
            )?,
            stack_bytes: self.stack_bytes,
            #[cfg(not(feature = "fibers"))]
            fiber_stack_bytes: self.fiber_stack_bytes,
            #[cfg(feature = "fibers")]
            fiber_stack_bytes: self
                .fiber_stack_bytes
                .map(|bytes| within("fibers", bytes, tuning::FIBER_STACK_MIN, usize::MAX / 4))
                .transpose()?,
            name,
            names,
            predicts: self.predicts.unwrap_or(true),
            is_let_go: self.is_let_go,
            handlers: self.handlers,
        })
    }
}
