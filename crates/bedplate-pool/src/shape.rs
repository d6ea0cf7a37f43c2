//! The configuration that a pool runs by now.
//!
//! # Role
//! The numbers that decisions are made by, each a word of its own; the whole configuration beside
//! them; changing both at once; and the control group's quota, which changes them by itself.
//!
//! # Invariants
//! - I1: nothing is changed before everything was checked and every thread that is needed has started.
//! - I2: changes come one after the other: the lock of `settings` is held throughout,
//!   and while the first workers are started.
//!
//! # Concurrency
//! A thread sees a new number at its next decision. No decision takes two of them that must fit each
//! other: workers, spares, rooms of queues and terms of admission are each good with any other.

use crate::admission::Terms;
use crate::config::{Numbers, Places, PoolConfig};
use crate::degraded::Degraded;
use crate::engine::Engine;
use crate::error::BuildError;
use crate::plan::{Machinery, Plan};
use crate::seat::Seat;
use crate::tuning;
use bedplate_os::{affinity, clock};
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The configuration that a pool runs by now.
#[derive(Debug)]
pub(crate) struct Shape {
    width: AtomicUsize,
    spares: AtomicUsize,
    /// Goes up when threads have to look where they are bound.
    epoch: AtomicU64,
    /// Threads are bound, or were.
    bound: AtomicBool,
    /// Changes made.
    changes: AtomicU64,
    /// When the quota was last looked at.
    looked_ns: AtomicU64,
    settings: Mutex<Settings>,
}

/// Read and written under the lock.
#[derive(Debug)]
struct Settings {
    config: PoolConfig,
    machinery: Machinery,
    /// The CPU of each worker; empty if they are not bound.
    cpus: Vec<u32>,
    /// What the binding of threads came to.
    unbound: Vec<Degraded>,
}

impl Shape {
    /// As a pool is built.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            width: AtomicUsize::new(plan.numbers.width),
            spares: AtomicUsize::new(plan.numbers.spares),
            epoch: AtomicU64::new(0),
            bound: AtomicBool::new(!plan.numbers.cpus.is_empty()),
            changes: AtomicU64::new(0),
            looked_ns: AtomicU64::new(0),
            settings: Mutex::new(Settings {
                config: plan.config.clone(),
                machinery: plan.machinery.clone(),
                cpus: plan.numbers.cpus.clone(),
                unbound: Vec::new(),
            }),
        }
    }

    /// Workers that run at a time.
    #[inline]
    pub(crate) fn width(&self) -> usize {
        // Relaxed, here and below: settings, each by itself.
        self.width.load(Ordering::Relaxed)
    }

    /// The word that has the width.
    pub(crate) fn width_word(&self) -> &AtomicUsize {
        &self.width
    }

    /// Spares that may be started.
    pub(crate) fn spares(&self) -> usize {
        self.spares.load(Ordering::Relaxed)
    }

    /// Changes when threads have to look where they are bound.
    pub(crate) fn epoch(&self) -> u64 {
        // Acquire pairs with the Release in `Engine::apply`: the binding is read after it.
        self.epoch.load(Ordering::Acquire)
    }

    /// Changes made.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Settings> {
        // A panic in the middle leaves numbers that are good with each other.
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration.
    pub(crate) fn config(&self) -> PoolConfig {
        self.lock().config.clone()
    }

    /// How many things could not be told of the machine or done on it.
    pub(crate) fn degraded_count(&self) -> usize {
        let settings = self.lock();
        settings.machinery.degraded.len() + settings.unbound.len()
    }

    /// What could not be told of the machine or done on it.
    pub(crate) fn degraded(&self) -> Vec<Degraded> {
        let settings = self.lock();
        let told = settings.machinery.degraded.iter();
        told.chain(&settings.unbound).cloned().collect()
    }
}

impl Engine {
    /// Starts the workers of a pool that is built. A change of the configuration waits meanwhile, as
    /// one starts workers too, and a seat must not be given twice; so does a worker that is bound.
    pub(crate) fn start(&self) -> Result<(), BuildError> {
        let _settings = self.shape.lock();
        self.crew.start_workers(self, self.width())
    }

    /// Changes the whole configuration, or nothing.
    pub(crate) fn update(&self, config: PoolConfig) -> Result<(), BuildError> {
        let machinery = Machinery::read_for(&self.plan.machine, config.workers)?;
        let mut settings = self.shape.lock();
        let numbers = config.resolve(&machinery, self.places(), &self.plan.own)?;
        self.crew.start_workers(self, numbers.width)?;
        // They may be the last that hold a monitor of pressure: dropped after the lock.
        let _terms = self.apply(&mut settings, &numbers);
        let _config = core::mem::replace(&mut settings.config, config);
        settings.machinery = machinery;
        drop(settings);
        self.wake_all();
        Ok(())
    }

    fn places(&self) -> Places {
        Places {
            workers: self.plan.width,
            spares: self.plan.spares,
        }
    }

    /// The terms of admission until now, which the caller drops after the lock.
    fn apply(&self, settings: &mut Settings, numbers: &Numbers) -> Terms {
        let shape = &self.shape;
        shape.width.store(numbers.width, Ordering::Relaxed);
        shape.spares.store(numbers.spares, Ordering::Relaxed);
        self.queue.set_room(numbers.terms.room);
        self.set_offers_limit(tuning::offers_limit(numbers.width));
        let terms = self.admission.set_terms(numbers.terms.clone());
        if settings.cpus != numbers.cpus {
            settings.cpus.clone_from(&numbers.cpus);
            settings.unbound.clear();
            if !numbers.cpus.is_empty() {
                shape.bound.store(true, Ordering::Relaxed);
            }
            // Release pairs with the Acquire in `epoch`.
            shape.epoch.fetch_add(1, Ordering::Release);
        }
        shape.changes.fetch_add(1, Ordering::Relaxed);
        terms
    }

    /// Looks at the quota if that was long ago and the number of workers is left to the pool. For
    /// threads that have nothing to do just now: it reads files.
    #[cold]
    pub(crate) fn mind_quota(&self) {
        let now_ns = clock::monotonic_ns();
        let looked_ns = self.shape.looked_ns.load(Ordering::Relaxed);
        if now_ns.saturating_sub(looked_ns) < tuning::QUOTA_LOOK_NS {
            return;
        }
        // Whoever holds the lock changes the configuration or looks already.
        let Ok(mut settings) = self.shape.settings.try_lock() else {
            return;
        };
        self.shape.looked_ns.store(now_ns, Ordering::Relaxed);
        if settings.config.workers.is_some() || self.crew.is_forked() {
            return;
        }
        let width = match settings.machinery.width_now(&self.plan.machine) {
            Ok(width) => width,
            // Named, until the next configuration; the last quota stands.
            Err(because) => {
                let modes = &mut settings.machinery.degraded;
                if !modes.iter().any(|mode| matches!(mode, Degraded::Quota(_))) {
                    modes.push(Degraded::Quota(because));
                }
                return;
            }
        };
        if width == settings.machinery.width {
            return;
        }
        settings.machinery.width = width;
        let numbers = settings
            .config
            .resolve(&settings.machinery, self.places(), &self.plan.own);
        let Ok(numbers) = numbers else { return };
        // Fewer threads than the quota allows are no reason to stop: they are counted as spares that
        // failed are.
        if self.crew.start_workers(self, numbers.width).is_ok() {
            let _terms = self.apply(&mut settings, &numbers);
            drop(settings);
            self.wake_all();
        }
    }

    /// Binds the calling thread, the owner of a seat, as the configuration says.
    pub(crate) fn bind(&self, seat: &Seat) {
        if !self.shape.bound.load(Ordering::Relaxed) {
            return;
        }
        let mut settings = self.shape.lock();
        let cpu = settings.cpus.get(seat.index).copied();
        let done = match cpu {
            Some(cpu) => affinity::bind_thread(cpu),
            // Its starter may have been bound, and it may itself.
            None => affinity::bind_thread_to(settings.machinery.cpus.iter().copied()),
        };
        seat.note_cpu(cpu.filter(|_| done.is_ok()));
        if let (Some(_), Err(error)) = (cpu, done) {
            let index = seat.index;
            settings.unbound.push(Degraded::Binding { index, error });
        }
    }
}
