//! Threads that may fail to start.
//!
//! # Role
//! The standard library's threads, named, deaf to signals, with a typed error, and a place where a
//! fault plan steps in.
//!
//! # Not here
//! A thread that is started from inside an allocator: that is `background.rs`.

use crate::fault::check as fault;
use crate::linux::events;
use crate::{Operation, OsError};
use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

/// Starts a thread.
///
/// # Errors
/// - [`Operation::ThreadStart`] with the kernel's code.
pub fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, OsError> {
    fault(Operation::ThreadStart)?;
    let builder = Builder::new().name(name.to_owned());
    deaf(|| builder.spawn(work))
}

/// Whether a fault plan lets a thread start now: asked by who starts one with settings of its own. Without
/// the feature `sim` always.
///
/// # Errors
/// - [`Operation::ThreadStart`] with the plan's code.
pub fn may_start() -> Result<(), OsError> {
    fault(Operation::ThreadStart)
}

/// Starts a thread that ends before its scope does.
///
/// # Errors
/// - [`Operation::ThreadStart`] with the kernel's code.
pub fn start_scoped<'scope, 'env, T: Send + 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, OsError> {
    fault(Operation::ThreadStart)?;
    let builder = Builder::new().name(name.to_owned());
    deaf(|| builder.spawn_scoped(scope, work))
}

/// The program's signals are for the program's threads; the new one inherits the mask.
fn deaf<T>(start: impl FnOnce() -> io::Result<T>) -> Result<T, OsError> {
    let mask = events::block_signals();
    let started = start();
    events::restore_signals(mask);
    started.map_err(|error| {
        // The library's own errors have no code: it too had not the memory for a thread.
        let code = error.raw_os_error().unwrap_or(libc::EAGAIN);
        OsError::new(Operation::ThreadStart, code)
    })
}
