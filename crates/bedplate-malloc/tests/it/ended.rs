//! Threads whose destructor ran, and that go on.
#![expect(unsafe_code, reason = "a thread key of the C library")]

use crate::again;
use crate::engine::{Engine, bytes_of, fill, free};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_malloc::info;
use bedplate_testkit::Subject as _;
use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

const SIZES: [usize; 5] = [16, 300, 9000, 32_000, 100_000];

/// What the destructors left for the main thread: address, size.
static LEFT: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());
/// A block of the main thread's for the destructor to free, 0 for none.
static FOREIGN: AtomicUsize = AtomicUsize::new(0);

fn at(address: usize) -> NonNull<u8> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(address)).expect("a block")
}

/// Runs after the allocator's own destructor: that key is older.
extern "C" fn late(_value: *mut c_void) {
    let mut left = LEFT.lock().expect("nobody panics with it");
    for bytes in SIZES {
        for round in 0..20 {
            let block = Engine.malloc(bytes).expect("memory is there");
            fill(block, bytes, 7);
            if round % 2 == 0 {
                free(block);
            } else {
                left.push((block.as_ptr().expose_provenance(), bytes));
            }
        }
    }
    let foreign = FOREIGN.swap(0, Ordering::Relaxed);
    if foreign != 0 {
        free(at(foreign));
    }
}

fn thread_with_late_destructor(key: libc::pthread_key_t) {
    let thread = std::thread::spawn(move || {
        let block = Engine.malloc(64).expect("memory is there");
        // SAFETY: the key exists, and the value is not null.
        let code = unsafe { libc::pthread_setspecific(key, block.as_ptr().cast()) };
        assert_eq!(code, 0);
        free(block);
    });
    thread.join().expect("the thread ends well");
}

/// In a process of its own, so that every figure is exact.
#[test]
fn child() {
    if again::case().is_none() {
        return;
    }
    let mine = Engine.malloc(500).expect("memory is there");
    let mut key = 0;
    // SAFETY: the key is writable, the destructor a function of this program.
    let code = unsafe { libc::pthread_key_create(&raw mut key, Some(late)) };
    assert_eq!(code, 0);
    FOREIGN.store(mine.as_ptr().expose_provenance(), Ordering::Relaxed);
    for _ in 0..50 {
        thread_with_late_destructor(key);
        let left = core::mem::take(&mut *LEFT.lock().expect("nobody panics with it"));
        assert_eq!(left.len(), 10 * SIZES.len());
        for (address, bytes) in left {
            assert!(bytes_of(at(address), bytes).iter().all(|b| *b == 7));
            free(at(address));
        }
    }
    let counters = CountersSnapshot::own();
    // The main thread's, one that the threads hand on, and the one they share at their end.
    assert_eq!(counters.heaps_started, 3, "{counters:?}");
    assert!(counters.heaps_parked >= 50, "{counters:?}");
    // The blocks given up by the last round are in the outbox of this thread.
    bedplate_malloc::ops::trim::<bedplate_telemetry::Off>();
    // Each round allocates 2.8 MB; free blocks of the shared heap's current slabs count as live.
    let live = info::totals().live_bytes;
    assert!(live < 1 << 20, "{live} bytes leaked");
}

#[test]
fn they_allocate_and_free_and_nothing_leaks() {
    again::passes("ended::child", "late");
}
