//! How a pool is asked for, as rayon has it.

use crate::ThreadPool;
use crate::forks::max_num_threads;
use crate::missing::{NoBuildScoped, NoSpawnHandler, NoUseCurrentThread, Nothing};
use bedplate_pool::rayon::{report_and_abort, threads_wished};
use bedplate_pool::{BuildError, ThreadPoolBuilder as Ours};
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type OnPanic = dyn Fn(Box<dyn Any + Send>) + Send + Sync;
type OnThread = Box<dyn Fn(usize) + Send + Sync>;
type Name = Box<dyn FnMut(usize) -> String>;

/// Settings of a pool to be built.
pub struct ThreadPoolBuilder<S = DefaultSpawn> {
    num_threads: usize,
    stack_size: Option<usize>,
    name: Option<Name>,
    on_panic: Option<Arc<OnPanic>>,
    on_start: Option<OnThread>,
    on_exit: Option<OnThread>,
    spawn: PhantomData<S>,
}

/// Threads are started as the pool starts them.
#[derive(Debug)]
pub struct DefaultSpawn;

impl Default for ThreadPoolBuilder {
    fn default() -> Self {
        Self {
            num_threads: 0,
            stack_size: None,
            name: None,
            on_panic: None,
            on_start: None,
            on_exit: None,
            spawn: PhantomData,
        }
    }
}

impl fmt::Debug for ThreadPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolBuilder")
            .field("num_threads", &self.num_threads)
            .field("stack_size", &self.stack_size)
            .finish_non_exhaustive()
    }
}

impl ThreadPoolBuilder {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds the pool.
    ///
    /// # Errors
    /// - where threads cannot be started.
    pub fn build(self) -> Result<ThreadPool, ThreadPoolBuildError> {
        let built = self.ours().build();
        built.map(ThreadPool).map_err(ThreadPoolBuildError)
    }

    /// Builds the pool of the process.
    ///
    /// # Errors
    /// - where there is one, or threads cannot be started.
    pub fn build_global(self) -> Result<(), ThreadPoolBuildError> {
        self.ours().build_global().map_err(ThreadPoolBuildError)
    }

    /// How many threads; zero for `RAYON_NUM_THREADS` or as many as the process may use.
    #[must_use]
    pub fn num_threads(mut self, num_threads: usize) -> Self {
        self.num_threads = num_threads;
        self
    }

    /// What the threads are called, given their index. Spares are called as the last one.
    #[must_use]
    pub fn thread_name<F>(mut self, name: F) -> Self
    where
        F: FnMut(usize) -> String + 'static,
    {
        self.name = Some(Box::new(name));
        self
    }

    /// The stack of each thread in bytes.
    #[must_use]
    pub fn stack_size(mut self, stack_size: usize) -> Self {
        self.stack_size = Some(stack_size);
        self
    }

    /// What is done with the panic of a detached job or of a handler.
    #[must_use]
    pub fn panic_handler<H>(mut self, handler: H) -> Self
    where
        H: Fn(Box<dyn Any + Send>) + Send + Sync + 'static,
    {
        self.on_panic = Some(Arc::new(handler));
        self
    }

    /// What each thread does first.
    #[must_use]
    pub fn start_handler<H>(mut self, handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.on_start = Some(Box::new(handler));
        self
    }

    /// What each thread does last.
    #[must_use]
    pub fn exit_handler<H>(mut self, handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.on_exit = Some(Box::new(handler));
        self
    }

    /// As rayon, without effect on what runs when: every order of detached jobs is one that rayon may take, too.
    #[deprecated(note = "use `scope_fifo` and `spawn_fifo` for similar effect")]
    #[must_use]
    pub fn breadth_first(self) -> Self {
        self
    }

    /// Not offered.
    pub fn spawn_handler<F: NoSpawnHandler>(self, _spawn: F) -> Self {
        self
    }

    /// Not offered.
    pub fn build_scoped<W: NoBuildScoped, F, R>(
        self,
        _wrapper: W,
        _with_pool: F,
    ) -> Result<R, ThreadPoolBuildError> {
        Err(ThreadPoolBuildError(BuildError::DefaultExists))
    }

    /// Not offered.
    #[must_use]
    pub fn use_current_thread(self) -> Self
    where
        for<'a> Nothing<'a>: NoUseCurrentThread,
    {
        self
    }

    fn ours(self) -> Ours {
        let wished = match self.num_threads {
            0 => threads_wished(),
            wished => wished,
        };
        // Rayon's pools end in their own time, and programs may rely on that.
        let mut ours = Ours::new()
            .num_threads(wished.min(max_num_threads()))
            .wait_on_drop(false);
        if let Some(bytes) = self.stack_size {
            ours = ours.stack_size(bytes);
        }
        if let Some(name) = self.name {
            ours = ours.thread_name(name);
        }
        let on_panic = self.on_panic.unwrap_or_else(|| Arc::new(report_and_abort));
        if let Some(handler) = self.on_start {
            ours = ours.start_handler(guarded(handler, Arc::clone(&on_panic)));
        }
        if let Some(handler) = self.on_exit {
            ours = ours.exit_handler(guarded(handler, Arc::clone(&on_panic)));
        }
        ours.panic_handler(move |panic| on_panic(panic))
    }
}

/// A handler whose panics go to `on_panic`.
fn guarded(handler: OnThread, on_panic: Arc<OnPanic>) -> impl Fn(usize) + Send + Sync + 'static {
    move |index| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| handler(index))) {
            on_panic(panic);
        }
    }
}

/// Why a pool could not be built.
pub struct ThreadPoolBuildError(BuildError);

impl fmt::Debug for ThreadPoolBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadPoolBuildError")
            .field(&self.0)
            .finish()
    }
}

impl fmt::Display for ThreadPoolBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            BuildError::DefaultExists => {
                f.write_str("The global thread pool has already been initialized.")
            }
            other => other.fmt(f),
        }
    }
}

impl Error for ThreadPoolBuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
