//! Which processes were on the allocator.
//!
//! # Role
//! Look, from outside, at the memory maps of a process and its descendants while they run: the allocator's page
//! has a name there. It does not believe any report of the product.
//!
//! # Not here
//! Processes that live shorter than a look takes are not seen; the launch's own report names those.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The name of the page in `/proc/PID/maps`.
const PAGE_NAME: &str = "/memfd:bedplate-malloc";
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Children, their children, and so on.
pub(super) fn descendants(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = vec![process];
    while let Some(parent) = next.pop() {
        let Ok(tasks) = fs::read_dir(format!("/proc/{parent}/task")) else {
            continue;
        };
        let children = tasks
            .filter_map(Result::ok)
            .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|text| {
                text.split_whitespace()
                    .filter_map(|id| id.parse().ok())
                    .collect::<Vec<u32>>()
            })
            .collect::<Vec<_>>();
        found.extend(&children);
        next.extend(children);
    }
    found
}

fn is_active(process: u32) -> bool {
    fs::read(format!("/proc/{process}/maps")).is_ok_and(|maps| {
        maps.windows(PAGE_NAME.len())
            .any(|window| window == PAGE_NAME.as_bytes())
    })
}

fn name(process: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/comm"))
        .ok()
        .map(|name| name.trim().to_owned())
}

/// Names of processes, and how many there were of each.
pub(super) type Seen = BTreeMap<String, usize>;

/// A thread that looks until it is dropped.
#[derive(Debug)]
pub(super) struct Witness {
    seen: Arc<Mutex<BTreeSet<(u32, String)>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Witness {
    /// Starts to look at `process` and its descendants.
    pub(super) fn watch(process: u32) -> Self {
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (to, until) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            // Relaxed: the flag carries nothing with it.
            while !until.load(Ordering::Relaxed) {
                look(process, &to);
                thread::sleep(LOOK_EVERY);
            }
        });
        Self {
            seen,
            stop,
            thread: Some(thread),
        }
    }

    /// The names of the processes that were seen with the page, and how many there were of each.
    pub(super) fn seen(&self) -> Seen {
        let seen = lock(&self.seen);
        let mut counts = Seen::new();
        for (_, name) in seen.iter() {
            *counts.entry(name.clone()).or_default() += 1;
        }
        counts
    }
}

fn look(process: u32, seen: &Mutex<BTreeSet<(u32, String)>>) {
    let mut processes = descendants(process);
    processes.push(process);
    for process in processes {
        let is_known = |name: &String| lock(seen).contains(&(process, name.clone()));
        if name(process).as_ref().is_some_and(is_known) || !is_active(process) {
            continue;
        }
        // The name is read after the map: between fork and exec a process has its parent's name.
        if let Some(name) = name(process) {
            lock(seen).insert((process, name));
        }
    }
}

fn lock(seen: &Mutex<BTreeSet<(u32, String)>>) -> MutexGuard<'_, BTreeSet<(u32, String)>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Witness {
    fn drop(&mut self) {
        // Relaxed: as at the load.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the looker loses proofs, never makes one: the launch then fails for want of it.
            drop(thread.join());
        }
    }
}
