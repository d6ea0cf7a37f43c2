//! Whether the calling thread runs an admitted job.
//!
//! # Role
//! An admitted job that waits for a tagged one gives nothing back until that one has run: the gate
//! must know, lest both wait for ever.

use super::gate::Gate;
use alloc::sync::Arc;
use core::cell::Cell;

thread_local! {
    /// The gate that admitted the job which the thread runs.
    static INSIDE: Cell<Option<Arc<Gate>>> = const { Cell::new(None) };
}

/// Runs an admitted job's body.
pub(crate) fn admitted<R>(gate: &Arc<Gate>, body: impl FnOnce() -> R) -> R {
    let _restores = Restores(INSIDE.replace(Some(Arc::clone(gate))));
    body()
}

/// What was there before, put back also after a panic.
struct Restores(Option<Arc<Gate>>);

impl Drop for Restores {
    fn drop(&mut self) {
        INSIDE.set(self.0.take());
    }
}

/// What a thread knows of its job, for a fiber that leaves it or comes back.
#[cfg(feature = "fibers")]
#[derive(Debug)]
pub(crate) struct Inside(Option<Arc<Gate>>);

#[cfg(feature = "fibers")]
impl Inside {
    /// Takes it from the calling thread.
    pub(crate) fn take() -> Self {
        Self(INSIDE.take())
    }

    pub(crate) fn put_back(self) {
        INSIDE.set(self.0);
    }
}

/// True if the thread runs an admitted job.
pub(super) fn is_admitted() -> bool {
    current().is_some()
}

fn current() -> Option<Arc<Gate>> {
    let gate = INSIDE.take();
    INSIDE.set(gate.clone());
    gate
}

/// Runs a wait for something tagged: the job that the thread runs, if it was admitted, gives nothing
/// back meanwhile.
pub(crate) fn held<R>(wait: impl FnOnce() -> R) -> R {
    let Some(gate) = current() else {
        return wait();
    };
    gate.hold();
    let _goes_on = GoesOn(gate);
    wait()
}

/// The end of a wait.
struct GoesOn(Arc<Gate>);

impl Drop for GoesOn {
    fn drop(&mut self) {
        self.0.go_on();
    }
}
