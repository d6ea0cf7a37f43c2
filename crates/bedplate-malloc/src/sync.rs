//! Atomics: the machine's, or loom's when the remote-free and adoption protocols are modelled.
//!
//! # Role
//! One place to switch; every protocol in `remote.rs` names atomics, and its way to wait, from here.

#[cfg(not(bedplate_loom))]
pub(crate) use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(bedplate_loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};

/// Lets another thread run.
pub(crate) fn yield_now() {
    #[cfg(not(bedplate_loom))]
    bedplate_os::rawio::yield_now();
    #[cfg(bedplate_loom)]
    loom::thread::yield_now();
}
