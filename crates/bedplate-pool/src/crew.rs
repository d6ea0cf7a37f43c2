//! The threads of a pool.
//!
//! # Role
//! Starts workers and spares, binds them to CPUs, joins all of them at the end.
//!
//! # Invariants
//! - I1: every thread that was started is joined by [`Crew::join`], which no thread of the pool calls.
//! - I2: in a forked child there are no threads: nothing is joined there.
//!
//! A spare that cannot be started is counted; the pool then runs fewer threads than it may. Its place is
//! tried again by whoever wants a spare next.

use crate::engine::Engine;
use crate::error::BuildError;
use crate::worker;
use alloc::sync::Arc;
use bedplate_os::{OsError, threads};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::io::{self, Error};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

/// How often this process is a forked child's child.
static FORKS: AtomicU64 = AtomicU64::new(0);
/// Whether [`forked`] is registered.
static HOOKED: OnceLock<Result<(), OsError>> = OnceLock::new();

extern "C" fn forked() {
    // Relaxed: the child has one thread.
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// The threads of a pool.
#[derive(Debug)]
pub(crate) struct Crew {
    handles: Mutex<Vec<JoinHandle<()>>>,
    /// Threads that live.
    living: AtomicUsize,
    /// Workers that were started.
    workers: AtomicUsize,
    /// Places of spares that were given to one, be it one that could not be started.
    spares: AtomicUsize,
    /// Those of them that could not be started: their numbers are given again, first.
    refused: Mutex<Vec<usize>>,
    spares_failed: AtomicU64,
    /// [`FORKS`] when the pool was made.
    forks: u64,
}

impl Default for Crew {
    fn default() -> Self {
        Self {
            handles: Mutex::default(),
            living: AtomicUsize::new(0),
            workers: AtomicUsize::new(0),
            spares: AtomicUsize::new(0),
            refused: Mutex::default(),
            spares_failed: AtomicU64::new(0),
            forks: FORKS.load(Ordering::Relaxed),
        }
    }
}

impl Crew {
    /// Starts workers until there are so many. One caller at a time: the builder, or whoever changes
    /// the configuration.
    pub(crate) fn start_workers(&self, engine: &Engine, count: usize) -> Result<(), BuildError> {
        // Relaxed, here and below: one caller at a time.
        let started = self.workers.load(Ordering::Relaxed);
        let Some(engine) = engine.counted().filter(|_| !self.is_forked()) else {
            return Ok(());
        };
        for index in started..count {
            self.start(&engine, index)
                .map_err(|error| BuildError::Thread { index, error })?;
            self.workers.store(index + 1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Workers that were started.
    pub(crate) fn workers_started(&self) -> usize {
        self.workers.load(Ordering::Relaxed)
    }

    /// The word that has the number of workers that were started.
    pub(crate) fn workers_word(&self) -> &AtomicUsize {
        &self.workers
    }

    fn start(&self, engine: &Arc<Engine>, index: usize) -> io::Result<()> {
        threads::may_start().map_err(|error| Error::from_raw_os_error(error.code))?;
        let mut builder = std::thread::Builder::new().name(engine.plan.thread_name(index));
        if let Some(bytes) = engine.plan.stack_bytes {
            builder = builder.stack_size(bytes);
        }
        let own = Arc::clone(engine);
        // Relaxed, here and below: a figure; the start of a thread orders what matters.
        self.living.fetch_add(1, Ordering::Relaxed);
        let started = builder.spawn(move || live(&own, index));
        match started {
            Ok(handle) => {
                self.lock().push(handle);
                Ok(())
            }
            Err(error) => {
                self.living.fetch_sub(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// Starts a spare, if fewer threads than `wanted` were started and there is one left; its place if it
    /// did.
    #[cold]
    pub(crate) fn start_spare(&self, engine: &Engine, wanted: usize) -> Option<usize> {
        // A forked child has none of the other threads, and gets no spare either.
        let engine = engine.counted().filter(|_| !self.is_forked())?;
        let spares_wanted = wanted.saturating_sub(self.workers_started());
        let number = self.give_number(engine.shape.spares().min(spares_wanted))?;
        let index = engine.plan.width + number;
        if self.start(&engine, index).is_err() {
            self.spares_failed.fetch_add(1, Ordering::Relaxed);
            self.lock_refused().push(number);
            return None;
        }
        Some(index)
    }

    /// The number of a spare that is to be started, while fewer than `max` are; given to one caller, so that
    /// two do not start two for one.
    fn give_number(&self, max: usize) -> Option<usize> {
        let mut refused = self.lock_refused();
        // Relaxed, here and below: written under this lock.
        let given = self.spares.load(Ordering::Relaxed);
        if given.saturating_sub(refused.len()) >= max {
            return None;
        }
        refused.pop().or_else(|| {
            self.spares.store(given + 1, Ordering::Relaxed);
            Some(given)
        })
    }

    fn lock_refused(&self) -> MutexGuard<'_, Vec<usize>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Threads that live.
    pub(crate) fn living(&self) -> usize {
        self.living.load(Ordering::Relaxed)
    }

    /// Spares that were started.
    pub(crate) fn spares_started(&self) -> usize {
        self.spares.load(Ordering::Relaxed)
    }

    /// The word that has the number of threads that live.
    pub(crate) fn living_word(&self) -> &AtomicUsize {
        &self.living
    }

    /// The word that has the number of spares that were started.
    pub(crate) fn started_word(&self) -> &AtomicUsize {
        &self.spares
    }

    /// Spares that could not be started.
    pub(crate) fn spares_failed(&self) -> u64 {
        self.spares_failed.load(Ordering::Relaxed)
    }

    /// True in a child that was forked after the pool was made.
    pub(crate) fn is_forked(&self) -> bool {
        self.forks != FORKS.load(Ordering::Relaxed)
    }

    /// Waits for the end of all threads.
    pub(crate) fn join(&self) {
        // Bounded: a thread starts spares while it works, and each is here before it has ended.
        loop {
            let handles: Vec<_> = self.lock().drain(..).collect();
            if handles.is_empty() {
                return;
            }
            for handle in handles {
                self.join_one(handle);
            }
        }
    }

    fn join_one(&self, handle: JoinHandle<()>) {
        if self.is_forked() {
            // The thread is not in this process: there is nothing to wait for or to give back.
            #[expect(
                clippy::mem_forget,
                reason = "dropping it would detach a thread that is not here"
            )]
            core::mem::forget(handle);
        } else {
            // A worker catches every panic of a job; one of its own has been printed.
            let _ended = handle.join();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread of the pool does from its start to its end.
fn live(engine: &Engine, index: usize) {
    engine.bind(engine.seat(index));
    engine.plan.handlers.start(told_index(engine, index));
    worker::work(engine, index);
    engine.plan.handlers.exit(told_index(engine, index));
    engine.crew.living.fetch_sub(1, Ordering::Relaxed);
}

/// What handlers are told: rayon's are promised an index below the number of threads.
fn told_index(engine: &Engine, index: usize) -> usize {
    if cfg!(feature = "rayon-plumbing") {
        index % engine.plan.width
    } else {
        index
    }
}

/// Where it stands how often this process is a forked child's child, and how often it is now.
pub(crate) fn forks() -> (u64, u64) {
    let word = (&raw const FORKS).expose_provenance() as u64;
    (word, FORKS.load(Ordering::Relaxed))
}

/// Sees to it that forked children know that they are.
pub(crate) fn watch_forks() -> Result<(), BuildError> {
    let hook = || bedplate_os::fork::register(None, None, Some(forked));
    (*HOOKED.get_or_init(hook)).map_err(BuildError::ForkHook)
}
