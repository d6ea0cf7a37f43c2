//! A fence whose cost one side bears alone.
//!
//! # Role
//! Two threads that each store one word and then load the other's need a full fence each. Where one of
//! them does so a million times as often as the other, the kernel can make the fence of both: the seldom
//! side calls [`heavy`], which has every CPU that runs a thread of this process execute a fence, and
//! [`light`] only keeps the compiler from reordering.
//!
//! # Invariants
//! - I1: of a store before [`light`] and a load after it, and of a store before [`heavy`] and a load after
//!   it, at least one load sees the other side's store, in a process that is registered.
//!
//! # How it works
//! `membarrier(2)`. A process registers once, which a forked child inherits. The kernel lets a grace
//! period pass where the process has more than one thread: some milliseconds.

use crate::fault;
use crate::linux::threads;
use crate::{Operation, OsError};
use core::sync::atomic::{AtomicBool, Ordering, compiler_fence};
use core::time::Duration;
use std::os::unix::fs::MetadataExt as _;

/// The process is registered.
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// Has the kernel make fences for this process. Takes a microsecond in a process of one thread, some
/// milliseconds in another, nothing the second time.
///
/// # Errors
/// - [`Operation::Barrier`]: the kernel has no such call, or a filter of system calls refuses it.
pub fn register() -> Result<(), OsError> {
    fault::check(Operation::Barrier)?;
    if is_registered() {
        return Ok(());
    }
    // A trial, too: what refuses it should do so now.
    threads::register_barrier()
        .and_then(|()| threads::barrier())
        .map_err(|code| OsError::new(Operation::Barrier, code))?;
    // Release pairs with the Acquire in `is_registered`.
    REGISTERED.store(true, Ordering::Release);
    Ok(())
}

/// As [`register`], where the process has one thread; nothing in another.
pub fn register_if_alone() {
    let threads = || std::fs::metadata("/proc/self/task").ok();
    // A link each for the folder, its name in it, and a thread's.
    if !is_registered() && threads().is_some_and(|threads| threads.nlink() == 3) {
        // Without it there is no such fence, as `is_registered` says.
        let _refused = register();
    }
}

/// True where [`register`] has succeeded.
#[inline]
#[must_use]
pub fn is_registered() -> bool {
    // Acquire pairs with the Release in `register`.
    REGISTERED.load(Ordering::Acquire)
}

/// The side that is often passed.
#[inline(always)]
pub fn light() {
    // `SeqCst`, for the compiler alone: the store before it stays before the load after it.
    compiler_fence(Ordering::SeqCst);
}

/// The side that pays: about half a microsecond, more where other CPUs must be interrupted.
pub fn heavy() {
    if threads::barrier().is_err() {
        // A filter that came after the registration. A CPU keeps a store back for less than a microsecond;
        // the kernel, which this calls, passes a fence on this one.
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::{heavy, is_registered, light, register};
    use core::sync::atomic::{AtomicU32, Ordering};

    const ROUNDS: u32 = 300;

    #[test]
    fn one_of_two_sees_the_other() {
        if register().is_err() {
            assert!(!is_registered());
            return;
        }
        let (ours, theirs, turn) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        let meet = |round: u32| {
            turn.fetch_add(1, Ordering::AcqRel);
            while turn.load(Ordering::Acquire) < 2 * round {
                std::thread::yield_now();
            }
        };
        let (seen_here, seen_there) = std::thread::scope(|threads| {
            let other = threads.spawn(|| {
                let seen = (1..=ROUNDS).map(|round| {
                    meet(2 * round - 1);
                    theirs.store(round, Ordering::Relaxed);
                    heavy();
                    let seen = ours.load(Ordering::Relaxed) == round;
                    meet(2 * round);
                    seen
                });
                seen.collect::<Vec<_>>()
            });
            let seen = (1..=ROUNDS).map(|round| {
                meet(2 * round - 1);
                ours.store(round, Ordering::Relaxed);
                light();
                let seen = theirs.load(Ordering::Relaxed) == round;
                meet(2 * round);
                seen
            });
            (seen.collect::<Vec<_>>(), other.join().expect("no panic"))
        });
        let missed = seen_here
            .iter()
            .zip(&seen_there)
            .filter(|(a, b)| !*a && !*b);
        assert_eq!(missed.count(), 0);
    }
}
