//! A work-stealing pool whose forks cost next to nothing, and whose waits run related work only.
//!
//! # Role
//! Divide work among threads: [`join`] two halves, spawn jobs that borrow in a [`scope`](scope()), or
//! [`spawn`] jobs that do not. [`Context::join`] is the same without a look-up.
//!
//! # Not here
//! Threads that are nobody's: a [`ThreadPool`] joins what it started when it is dropped. Work that
//! runs inside a wait and has nothing to do with it. A ticker, a clock or a count on a fork.
//!
//! # How it works
//! A join keeps its second half on its own stack and, for the few oldest joins of a thread, offers
//! it in a slot where others can take it; the other joins cost two instructions. A worker with
//! nothing to do looks at the slots and takes an offer that has stood long enough. So the period
//! of a heartbeat is there, measured by those who wait for work, and owners keep no time. The owner
//! of a half that was taken runs halves of that very half meanwhile, or sleeps while a spare thread
//! takes its place. Threads from outside work in the pool themselves, on a guest's seat.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `context.rs` | the right to fork |
//! | `frame.rs` | the second half of a join |
//! | `wait.rs` | waiting for a half that another took |
//! | `fiber/` | stacks for what waits, with the feature `fibers` |
//! | `fiber_disabled.rs` | its twin in a build without them |
//! | `hunt.rs` | how a worker comes to halves |
//! | `worker.rs` | the life of a worker |
//! | `protocol/` | the protocols between threads, modelled |
//! | `seat.rs` | what a thread owns in a pool |
//! | `engine/` | what the threads share |
//! | `activity.rs` | how many threads work |
//! | `queue.rs` | jobs that wait |
//! | `scope/` | jobs that borrow |
//! | `chunk/` | their jobs in chunks that threads share |
//! | `iter/` | parallel iterators |
//! | `sort/` | parallel sorting |
//! | `rayon/` | rayon's plumbing, with the feature `rayon-plumbing` |
//! | `predict/` | what a loop will cost |
//! | `prelude.rs` | the traits of the parallel iterators |
//! | `batch.rs` | one job for a range of items |
//! | `admission/` | jobs that wait for memory |
//! | `job.rs` | detached jobs with a result, a deadline, a way to call them off |
//! | `future.rs` | futures |
//! | `pool.rs` | pools, guests, the pool of the process |
//! | `here.rs` | functions that find their pool themselves |
//! | `current.rs` | the calling thread's seat |
//! | `crew.rs` | threads |
//! | `builder.rs`, `config.rs`, `plan.rs` | settings, as wished and as checked |
//! | `shape.rs` | the configuration that runs, and changes of it |
//! | `machinery/`, `degraded.rs` | what the machine lets a process use, and what could not be told |
//! | `distance.rs` | how far CPUs are from each other |
//! | `handlers.rs` | functions of the user's |
//! | `payload.rs` | panics |
//! | `metrics.rs` | counts |
//! | `root.rs` | where readers from outside begin |
//! | `inspect.rs` | figures from outside |
//! | `timeline/` | what the threads did, and when |
//! | `span.rs` | what work is done for |
//! | `error.rs` | errors |
//! | `tuning.rs` | build-time numbers |
//! | `sync.rs` | the atomics of the protocols |
//!
//! # Platform
//! As bedplate-os.

extern crate alloc;

mod protocol;
mod sync;

mod activity;
mod admission;
mod batch;
mod builder;
mod chunk;
mod config;
mod context;
mod crew;
#[expect(unsafe_code, reason = "a thread-local word names a borrowed seat")]
mod current;
mod degraded;
mod distance;
mod engine;
mod error;
#[cfg(feature = "fibers")]
mod fiber;
#[cfg(not(feature = "fibers"))]
#[path = "fiber_disabled.rs"]
mod fiber;
#[expect(unsafe_code, reason = "frames on the stack are lent to other threads")]
mod frame;
mod future;
mod handlers;
mod here;
mod hunt;
pub mod inspect;
pub mod iter;
mod job;
mod machinery;
mod metrics;
mod payload;
mod plan;
mod pool;
mod predict;
pub mod prelude;
mod queue;
#[cfg(feature = "rayon-plumbing")]
pub mod rayon;
#[expect(unsafe_code, reason = "a page is mapped for readers from outside")]
mod root;
mod scope;
#[expect(unsafe_code, reason = "a seat points at the engine it is part of")]
mod seat;
mod shape;
mod sort;
mod span;
pub mod timeline;
mod tuning;
mod wait;
mod worker;

pub use bedplate_os::nodes::LogicalNode;

pub use self::{
    admission::{Narrowing, SharedBudget},
    builder::ThreadPoolBuilder,
    config::PoolConfig,
    context::Context,
    degraded::Degraded,
    error::{BuildError, FootprintError, Full, JobError},
    future::block_on,
    here::{
        Yield, blocking, current_num_threads, current_thread_index, in_place_scope, join,
        join_context, scope, spawn, with_context, yield_now,
    },
    job::{CancelToken, JobHandle, JobOptions},
    metrics::{Metrics, PlaceState, WorkerMetrics},
    pool::{ThreadPool, default_pool},
    queue::Priority,
    scope::Scope,
    span::{SpanContext, current_span, span},
    timeline::Timeline,
};
