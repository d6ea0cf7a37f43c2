//! Giving freed memory back to the kernel.
//!
//! # Role
//! Decide when: in slow paths once the decay time has passed, and by a helper thread when much
//! waits, so that a process that went quiet gives its memory back too.
//!
//! # Not here
//! What is given back: `pool.rs` and `huge.rs` do it.

use crate::counters::COUNTERS;
use crate::huge::HUGE;
use crate::pool::POOL;
use crate::tuning::{DECAY_MS, PURGE_THREAD_BYTES};
use crate::{config, owners};
use bedplate_os::background::Background;
use bedplate_os::clock;
use bedplate_telemetry::Off;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

static HELPER: Background = Background::new();
static LAST_MS: AtomicU64 = AtomicU64::new(0);
static TOLD_PARKED: AtomicU32 = AtomicU32::new(0);

/// Slabs of parked heaps told of, for each time the parked heaps are looked through.
const TOLD_A_LOOK: u32 = 32;
/// How often the helper looks, in milliseconds.
const LOOK_MS: u64 = 100;

/// Bytes that wait to be given back. A snapshot.
#[must_use]
pub(crate) fn waiting_bytes() -> usize {
    POOL.dirty_bytes() + HUGE.cached_bytes()
}

/// Something was released: purges if it is time, and starts the helper if much waits.
pub(crate) fn after_release() {
    let waiting = waiting_bytes();
    if waiting == 0 {
        return;
    }
    let now = clock::coarse_ms();
    // Relaxed: at worst two threads purge at once, which the locks allow.
    let last = LAST_MS.load(Ordering::Relaxed);
    if now.saturating_sub(last) >= DECAY_MS / 2
        && LAST_MS
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
        && last != 0
    {
        due();
    }
    if waiting > PURGE_THREAD_BYTES && config::current().purge_thread() {
        match HELPER.start(helper) {
            Ok(true) => COUNTERS.purge_threads.add(1),
            Ok(false) => {}
            Err(_) => {
                // Named degraded mode: purging then happens in slow paths only.
                config::current().set_purge_thread(false);
                COUNTERS.purge_thread_refused.add(1);
            }
        }
    }
}

fn due() {
    POOL.purge(false);
    HUGE.purge(false);
}

/// A slab of a parked heap got remote frees: now and then somebody must take them up.
pub(crate) fn told_parked() {
    // Relaxed: a count orders nothing.
    if TOLD_PARKED.fetch_add(1, Ordering::Relaxed) % TOLD_A_LOOK == TOLD_A_LOOK - 1 {
        owners::drain_parked::<Off>();
    }
}

/// Gives back everything that can be, now. Returns the bytes.
pub(crate) fn all() -> usize {
    owners::drain_parked::<Off>();
    POOL.purge(true) + HUGE.purge(true)
}

/// The helper thread: purges while something waits, then ends. Uses nothing thread-local.
extern "C" fn helper() {
    // Bounded by the program: ends when nothing waits.
    loop {
        HELPER.sleep_ms(LOOK_MS);
        owners::drain_parked::<Off>();
        due();
        if waiting_bytes() == 0 {
            break;
        }
    }
    HELPER.ended();
}

/// In a forked child: the helper is gone.
pub(crate) fn reset_in_child() {
    HELPER.reset_in_child();
}
