//! Whether the calling thread runs an admitted job.
//!
//! # Role
//! An admitted job that waits for a tagged one gives nothing back until that one has run: the gate
//! must know, lest both wait for ever.

use super::gate::Gate;
use alloc::sync::Arc;
use core::cell::Cell;

thread_local! {
    /// The gate that admitted the job which the thread runs. A thread that ends may have none of these words
    /// any more, and still run destructors that use the pool.
    static INSIDE: Cell<Option<Arc<Gate>>> = const { Cell::new(None) };
}

/// Runs an admitted job's body.
pub(crate) fn admitted<R>(gate: &Arc<Gate>, body: impl FnOnce() -> R) -> R {
    let _restores = Restores(replace(Some(Arc::clone(gate))));
    body()
}

/// What was there before, put back also after a panic.
struct Restores(Option<Arc<Gate>>);

impl Drop for Restores {
    fn drop(&mut self) {
        replace(self.0.take());
    }
}

/// Puts another gate in; what was there before.
fn replace(gate: Option<Arc<Gate>>) -> Option<Arc<Gate>> {
    // A destructor of a thread that ends runs on no worker: none waits for it to give bytes back.
    INSIDE
        .try_with(|inside| inside.replace(gate))
        .unwrap_or_default()
}

/// What a thread knows of its job, for a fiber that leaves it or comes back.
#[cfg(feature = "fibers")]
#[derive(Debug)]
pub(crate) struct Inside(Option<Arc<Gate>>);

#[cfg(feature = "fibers")]
impl Inside {
    /// Takes it from the calling thread.
    pub(crate) fn take() -> Self {
        Self(replace(None))
    }

    pub(crate) fn put_back(self) {
        replace(self.0);
    }
}

/// True if the thread runs an admitted job.
pub(super) fn is_admitted() -> bool {
    current().is_some()
}

fn current() -> Option<Arc<Gate>> {
    let gate = replace(None);
    replace(gate.clone());
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
