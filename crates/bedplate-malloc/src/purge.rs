//! Giving freed memory back to the kernel.
//!
//! # Role
//! Decide when: in slow paths once the decay time has passed, and by a helper thread when much
//! waits, so that a process that went quiet gives its memory back too.
//!
//! # Not here
//! What is given back: `pool.rs`, `huge.rs`, `sparse.rs` and `quiet.rs` do it.

use crate::counters::COUNTERS;
use crate::huge::HUGE;
use crate::pool::POOL;
use crate::quiet::{self, Found};
use crate::tuning::{DECAY_MS, PURGE_THREAD_BYTES, SPARSE_DECAY_MS};
use crate::{config, owners, sparse};
use bedplate_os::background::Background;
use bedplate_os::clock;
use bedplate_telemetry::Off;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

static HELPER: Background = Background::new();
/// True while the helper sleeps for longer than [`LOOK_MS`].
static DOZES: AtomicBool = AtomicBool::new(false);
/// When somebody last purged what was due, the helper or another, or the helper was started. Not a
/// mark that it runs: a child made without the fork handlers would find one that is not there.
static LAST_MS: AtomicU64 = AtomicU64::new(0);
static TOLD_PARKED: AtomicU32 = AtomicU32::new(0);

/// False where no thread may be started: in the fork handlers of a child, and in programs that run
/// with more rights than their user (the thread would keep rights that the program gives up).
static HELPER_ALLOWED: AtomicBool = AtomicBool::new(true);

/// Slabs of parked heaps told of, for each time the parked heaps are looked through.
const TOLD_A_LOOK: u32 = 32;
/// How often the helper looks, in milliseconds.
pub(crate) const LOOK_MS: u64 = 50;
/// How long it sleeps at most, in milliseconds, while threads sleep over slabs that are partly
/// free: only somebody else's free makes more of them free, and tells nobody.
const DOZE_MS: u64 = 128 * LOOK_MS;

/// Bytes that wait to be given back. A snapshot.
#[must_use]
pub(crate) fn waiting_bytes() -> usize {
    POOL.dirty_bytes() + HUGE.cached_bytes() + owners::HEAPS.kept_bytes()
}

/// The same with pages that a look may find free in slabs in use.
fn pending_bytes() -> usize {
    waiting_bytes() + sparse::waiting_bytes()
}

/// Something was released: starts the helper if much waits, or purges if it is time and no helper is
/// there to do it: who releases may hold the heaps lock, and to give a gigabyte back takes tens of
/// milliseconds.
pub(crate) fn after_release() {
    let waiting = waiting_bytes();
    if waiting == 0 {
        return;
    }
    if waiting > PURGE_THREAD_BYTES {
        start_helper();
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
}

/// Starts the helper, or sees to it that it looks soon.
pub(crate) fn start_helper() {
    if !HELPER_ALLOWED.load(Ordering::Relaxed) || !config::current().purge_thread() {
        return;
    }
    match HELPER.start(helper) {
        Ok(true) => {
            COUNTERS.purge_threads.add(1);
            helper_was_there();
        }
        Ok(false) => {
            // Relaxed first: frees come here often, and the helper seldom dozes.
            if DOZES.load(Ordering::Relaxed) && DOZES.swap(false, Ordering::SeqCst) {
                HELPER.wake();
            }
        }
        Err(_) => {
            // Named degraded mode: purging then happens in slow paths only.
            config::current().set_purge_thread(false);
            COUNTERS.purge_thread_refused.add(1);
        }
    }
}

/// The helper is at work: what is due is not the others' to purge for now.
///
/// Apart, so that `helper` asks for the time in one place and no compiler keeps the call's target in a
/// register.
#[inline(never)]
fn helper_was_there() {
    LAST_MS.store(clock::coarse_ms(), Ordering::Relaxed);
}

fn due() {
    POOL.purge(false);
    HUGE.purge(false);
}

/// A slab of a parked heap got remote frees: now and then somebody must take them up.
pub(crate) fn told_parked() {
    // Relaxed: a count orders nothing.
    if TOLD_PARKED.fetch_add(1, Ordering::Relaxed) % TOLD_A_LOOK == TOLD_A_LOOK - 1 {
        owners::try_drain_parked::<Off>(DECAY_MS);
    }
}

/// Gives back everything that can be, now. Returns the bytes.
pub(crate) fn all() -> usize {
    owners::drain_parked::<Off>(0);
    sparse::purge(0) + POOL.purge(true) + HUGE.purge(true)
}

/// The helper thread: purges while something waits, then ends. Uses nothing thread-local.
extern "C" fn helper() {
    let mut nap = LOOK_MS;
    // Bounded by the program: ends when nothing waits.
    loop {
        sleep(nap);
        owners::drain_parked::<Off>(DECAY_MS);
        let _bytes = sparse::purge(SPARSE_DECAY_MS);
        helper_was_there();
        due();
        helper_was_there();
        let found = quiet::look();
        nap = if pending_bytes() > 0 || found == Found::Waiting {
            LOOK_MS
        } else {
            (nap * 2).min(DOZE_MS)
        };
        if pending_bytes() == 0 && found == Found::Nothing {
            HELPER.ended();
            // What was released between the look and the end found a helper that still ran.
            if pending_bytes() == 0 || !HELPER.go_on() {
                return;
            }
        }
    }
}

fn sleep(nap: u64) {
    let ticket = HELPER.ticket();
    if nap > LOOK_MS {
        DOZES.store(true, Ordering::SeqCst);
        // What was released before the line above woke nobody.
        if pending_bytes() > PURGE_THREAD_BYTES {
            DOZES.store(false, Ordering::Relaxed);
            return;
        }
    }
    HELPER.sleep_ms(ticket, nap);
    DOZES.store(false, Ordering::Relaxed);
}

/// In a forked child, first: the helper is gone, and none is started until the child's handlers
/// are through.
pub(crate) fn reset_in_child() {
    HELPER.reset_in_child();
    DOZES.store(false, Ordering::Relaxed);
    HELPER_ALLOWED.store(false, Ordering::Relaxed);
}

/// Says whether the helper may be started.
pub(crate) fn allow_helper(allowed: bool) {
    HELPER_ALLOWED.store(allowed, Ordering::Relaxed);
}
