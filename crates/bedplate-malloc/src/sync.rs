//! Atomics: the machine's, or loom's when the remote-free and adoption protocols are modelled.
//!
//! # Role
//! One place to switch; every protocol in `remote.rs` names atomics, and its way to wait, from here.

#[cfg(not(bedplate_loom))]
pub(crate) use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(bedplate_loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};

/// Turns of a wait that only yield.
#[cfg(not(bedplate_loom))]
const YIELDS: u32 = 64;
/// How long the later ones sleep, in nanoseconds.
#[cfg(not(bedplate_loom))]
const NAP_NS: u64 = 50_000;

/// Lets another thread run, in the given turn of a wait for it. Sleeps after a while: to a thread of
/// lower priority on the same processor a yield gives nothing.
#[cold]
pub(crate) fn wait(turn: u32) {
    #[cfg(not(bedplate_loom))]
    if turn < YIELDS {
        bedplate_os::rawio::yield_now();
    } else {
        nap();
    }
    #[cfg(bedplate_loom)]
    {
        let _ = turn;
        loom::thread::yield_now();
    }
}

/// Lets a thread that was just woken run.
#[cold]
#[cfg(not(bedplate_loom))]
pub(crate) fn nap() {
    bedplate_os::lock::Parking::new().park(0, Some(NAP_NS));
}
