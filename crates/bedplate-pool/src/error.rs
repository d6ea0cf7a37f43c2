//! Errors.

use crate::admission::Narrowing;
use core::any::Any;
use core::fmt;

/// A pool could not be made or changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// A setting is out of its bounds.
    Setting {
        /// Its name.
        name: &'static str,
        /// What it was set to.
        value: usize,
        /// The least it may be.
        min: usize,
        /// The most it may be.
        max: usize,
    },
    /// A higher level of pressure would let more jobs with a footprint run than a lower one.
    Narrowing(Narrowing),
    /// The name of the threads has a NUL byte, which the name of a thread cannot have.
    Name(String),
    /// A worker thread could not be started.
    Thread {
        /// Which worker.
        index: usize,
        /// What the system said.
        error: std::io::Error,
    },
    /// The CPUs of the machine could not be told.
    Machine(bedplate_os::topology::DetectError),
    /// The handler for forked children could not be registered.
    ForkHook(bedplate_os::OsError),
    /// The pool of the process exists already.
    DefaultExists,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting {
                name,
                value,
                min,
                max,
            } => write!(f, "setting {name} is {value}; give {min} to {max}"),
            Self::Narrowing(narrowing) => write!(
                f,
                "setting narrowing is {} %, {} %, {} %; give percentages up to 100, none above the one before",
                narrowing.some_percent, narrowing.high_percent, narrowing.critical_percent
            ),
            Self::Name(name) => write!(f, "name {name:?} has a NUL byte; give one without"),
            Self::Thread { index, error } if error.kind() == std::io::ErrorKind::InvalidInput => {
                write!(
                    f,
                    "failed to start worker {index}: {error}; no thread can have such a stack, ask for another \
                     stack_size"
                )
            }
            Self::Thread { index, error } => write!(
                f,
                "failed to start worker {index}: {error}; raise the limit on threads (ulimit -u, \
                 pids.max) or ask for fewer workers"
            ),
            Self::Machine(error) => write!(f, "{error}; or set the number of workers"),
            Self::ForkHook(error) => error.fmt(f),
            Self::DefaultExists => f.write_str(
                "the pool of the process exists already; build it before anything uses it",
            ),
        }
    }
}

impl core::error::Error for BuildError {}

/// A job came to no result.
pub enum JobError {
    /// It was called off before it began, or before it went on where it is a future.
    Cancelled,
    /// It had not begun by its deadline.
    DeadlinePassed,
    /// It panicked, with this payload.
    Panicked(Box<dyn Any + Send>),
    /// It was never to run: its footprint is larger than the whole budget.
    TooLarge {
        /// What it said that it holds.
        footprint_bytes: u64,
        /// The limit of the budget.
        limit_bytes: u64,
    },
}

impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "Cancelled",
            Self::DeadlinePassed => "DeadlinePassed",
            Self::Panicked(_) => "Panicked(..)",
            Self::TooLarge { .. } => "TooLarge { .. }",
        })
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the job was called off"),
            Self::DeadlinePassed => f.write_str(
                "the job had not begun by its deadline; give it more time or a higher priority",
            ),
            Self::Panicked(_) => f.write_str("the job panicked"),
            Self::TooLarge {
                footprint_bytes,
                limit_bytes,
            } => too_large(f, *footprint_bytes, *limit_bytes),
        }
    }
}

impl core::error::Error for JobError {}

/// The queue has no room: the job comes back.
pub struct Full<F>(pub F);

impl<F> fmt::Debug for Full<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Full(..)")
    }
}

impl<F> fmt::Display for Full<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed to queue the job: no room; run it here, wait, or raise queue_jobs")
    }
}

impl<F> core::error::Error for Full<F> {}

fn too_large(f: &mut fmt::Formatter<'_>, footprint: u64, limit: u64) -> fmt::Result {
    write!(
        f,
        "failed to admit the job: its {footprint} bytes are more than the whole budget of {limit}; \
         raise the budget or divide the job"
    )
}

/// A job with a footprint was not taken in: it comes back.
#[non_exhaustive]
pub enum FootprintError<F> {
    /// It is larger than the whole budget.
    TooLarge {
        /// The job.
        job: F,
        /// What it was said to hold.
        footprint_bytes: u64,
        /// The limit of the budget.
        limit_bytes: u64,
    },
    /// There is no room for one more that waits.
    Full(F),
}

impl<F> FootprintError<F> {
    /// The job.
    pub fn into_job(self) -> F {
        match self {
            Self::TooLarge { job, .. } | Self::Full(job) => job,
        }
    }
}

impl<F> fmt::Debug for FootprintError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge { .. } => "TooLarge { .. }",
            Self::Full(_) => "Full(..)",
        })
    }
}

impl<F> fmt::Display for FootprintError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge {
                footprint_bytes,
                limit_bytes,
                ..
            } => too_large(f, *footprint_bytes, *limit_bytes),
            Self::Full(_) => f.write_str(
                "failed to queue the job: as many wait as may; run it here, wait, or raise queue_jobs",
            ),
        }
    }
}

impl<F> core::error::Error for FootprintError<F> {}
