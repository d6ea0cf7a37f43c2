//! What rayon's pools take from the environment, and what they do with panics that nobody catches.

use crate::ThreadPoolBuilder;
use crate::payload;
use core::any::Any;
use std::env;

/// The most workers of a pool.
pub const THREADS_MAX: usize = crate::plan::WIDTH_MAX;

/// How many workers `RAYON_NUM_THREADS` asks for, else the older `RAYON_RS_NUM_CPUS`; zero for the default.
#[must_use]
pub fn threads_wished() -> usize {
    ["RAYON_NUM_THREADS", "RAYON_RS_NUM_CPUS"]
        .into_iter()
        .find_map(number)
        .unwrap_or(0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "rayon's own setting, in programs that are not ours to configure"
)]
fn number(name: &str) -> Option<usize> {
    env::var(name).ok()?.parse().ok()
}

/// Ends the process, as rayon does on the panic of a detached job where there is no handler.
#[expect(clippy::print_stderr, reason = "the last words of the process")]
pub fn report_and_abort(panic: Box<dyn Any + Send>) {
    payload::discard(panic);
    eprintln!(
        "a detached job panicked and the pool has no panic handler: as with rayon, this ends the process"
    );
    std::process::abort();
}

/// The settings of the pool of the process where it stands in for rayon's.
pub(crate) fn default_builder() -> ThreadPoolBuilder {
    ThreadPoolBuilder::new()
        .num_threads(threads_wished())
        .panic_handler(report_and_abort)
}
