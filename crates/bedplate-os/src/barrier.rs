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
///
/// Where the kernel refuses it after the registration, as a filter of system calls may, it takes a
/// millisecond, and [`is_registered`] is false from then on: whoever asks anew does without.
pub fn heavy() {
    if fault::check(Operation::Barrier).is_err() || threads::barrier().is_err() {
        // Relaxed: whoever reads it late pays the millisecond once more.
        REGISTERED.store(false, Ordering::Relaxed);
        // A CPU keeps a store back for less than a microsecond; the kernel, which this calls, passes a
        // fence on this one.
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::{heavy, is_registered, light, register};
    use core::sync::atomic::{AtomicU32, Ordering};
    use core::time::Duration;
    use std::time::Instant;

    /// A word on lines of its own, so that the other's store is not waited for.
    #[repr(align(128))]
    struct Word(AtomicU32);

    /// Rounds, and for how long. Without [`heavy`] some of 4096 rounds miss both stores on two idle CPUs; on
    /// busy ones, where the threads are seldom beside each other, none need be seen to.
    const ROUNDS: u32 = 4096;
    const TIME: Duration = Duration::from_secs(2);
    /// Turns after which the other thread is let run.
    const SPINS: u32 = 20_000;

    /// Waits until both are at a round.
    fn meet(mine: &Word, theirs: &Word, round: u32) {
        mine.0.store(round, Ordering::Release);
        let mut turns = 0_u32;
        while theirs.0.load(Ordering::Acquire) < round {
            turns += 1;
            if turns > SPINS {
                std::thread::yield_now();
            }
            core::hint::spin_loop();
        }
    }

    /// One side's rounds, until `end`: whether it saw the other's store in each.
    fn side(places: [&Word; 2], end: &Word, mut trial: impl FnMut(u32) -> bool) -> Vec<bool> {
        let [mine, theirs] = places;
        let mut saw = Vec::new();
        for round in 1..=ROUNDS {
            meet(mine, theirs, 2 * round - 1);
            saw.push(trial(round));
            meet(mine, theirs, 2 * round);
            if round >= end.0.load(Ordering::Relaxed) {
                break;
            }
        }
        saw
    }

    #[cfg(feature = "sim")]
    #[test]
    fn a_kernel_that_refuses_later_is_not_relied_upon_again() {
        use crate::Operation;
        use crate::sim::faults::Plan;
        let plan = Plan::start_here();
        if register().is_err() {
            return;
        }
        plan.fail(Operation::Barrier, 1, u64::MAX);
        // Tests beside this one may have registered again before it looks.
        let is_refused = (0..1000).any(|_| {
            heavy();
            !is_registered()
        });
        assert!(is_refused);
        drop(plan);
        assert!(register().is_ok() && is_registered());
    }

    #[test]
    fn one_of_two_sees_the_other() {
        if register().is_err() {
            assert!(!is_registered());
            return;
        }
        let word = || Word(AtomicU32::new(0));
        let (ours, theirs, here, there, end) = (word(), word(), word(), word(), word());
        end.0.store(ROUNDS, Ordering::Relaxed);
        let began = Instant::now();
        let skew = |turns: u32| (0..turns % 64).for_each(|turn| _ = core::hint::black_box(turn));
        let seldom = |round: u32| {
            skew(round);
            theirs.0.store(round, Ordering::Relaxed);
            heavy();
            ours.0.load(Ordering::Relaxed) == round
        };
        let often = |round: u32| {
            // Seldom: a look at the clock keeps the two apart.
            let is_late = round.is_multiple_of(256) && began.elapsed() > TIME;
            if is_late && end.0.load(Ordering::Relaxed) == ROUNDS {
                // Read by the other behind the next rendezvous: the same round for both.
                end.0.store(round, Ordering::Relaxed);
            }
            skew(round / 64);
            ours.0.store(round, Ordering::Relaxed);
            light();
            theirs.0.load(Ordering::Relaxed) == round
        };
        let (seen_here, seen_there) = std::thread::scope(|threads| {
            let other = threads.spawn(|| side([&there, &here], &end, seldom));
            let seen = side([&here, &there], &end, often);
            (seen, other.join().expect("no panic"))
        });
        let missed = seen_here
            .iter()
            .zip(&seen_there)
            .filter(|(a, b)| !*a && !*b);
        assert_eq!(missed.count(), 0);
    }
}
