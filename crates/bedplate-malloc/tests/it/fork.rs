//! Children by `fork` allocate and free like anybody.
#![expect(unsafe_code, reason = "forks")]

use crate::again;
use crate::engine::{Engine, bytes_of, fill, free};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_testkit::Subject as _;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

const SIZES: [usize; 6] = [24, 500, 9000, 30_000, 200_000, 3 << 20];

struct Parcel(NonNull<u8>, usize);
// SAFETY: a parcel is a block that one thread at a time uses.
unsafe impl Send for Parcel {}

fn filled(value: u8) -> Vec<Parcel> {
    let block = |i: usize| {
        let bytes = SIZES[i % SIZES.len()];
        let block = Engine.malloc(bytes).expect("memory is there");
        fill(block, bytes, value);
        Parcel(block, bytes)
    };
    (0..60).map(block).collect()
}

fn emptied(parcels: Vec<Parcel>, value: u8) {
    for Parcel(block, bytes) in parcels {
        assert!(bytes_of(block, bytes).iter().all(|b| *b == value));
        free(block);
    }
}

/// Forks; returns how the child ended. A panic in the child ends it with 101.
fn forked(work: impl FnOnce()) -> i32 {
    // SAFETY: the child runs `work` and ends.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "a fork");
    if pid == 0 {
        // One that hangs is ended by a signal, which the parent sees.
        // SAFETY: asks the kernel for a signal.
        unsafe { libc::alarm(60) };
        let ended = std::panic::catch_unwind(core::panic::AssertUnwindSafe(work));
        // SAFETY: ends the process; `exit` and not `_exit`, so that a profile is written.
        unsafe { libc::exit(if ended.is_ok() { 0 } else { 101 }) }
    }
    let mut status = 0;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    status
}

/// In a process of its own: the other tests' threads would be in the middle of something.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    let mine = filled(1);
    // Another thread with blocks of its own, that waits while we fork.
    let (hand_over, theirs) = mpsc::channel();
    let (go_on, waits) = mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        hand_over.send(filled(2)).expect("the main thread waits");
        waits.recv().expect("the main thread lives");
        emptied(filled(3), 3);
    });
    let theirs = theirs.recv().expect("the thread hands over");
    let before = CountersSnapshot::own();
    let status = match case.as_str() {
        "blocks" => forked(|| {
            emptied(filled(4), 4);
            // The thread that made these does not exist here.
            emptied(theirs, 2);
            emptied(mine, 1);
            assert_eq!(CountersSnapshot::own().forks, before.forks + 1);
        }),
        "threads" => forked(|| {
            // A thread of the child takes up the heap that the lost thread left.
            let thread = std::thread::spawn(|| emptied(filled(5), 5));
            thread.join().expect("blocks are whole");
            emptied(theirs, 2);
            let now = CountersSnapshot::own();
            if cfg!(feature = "hardened") {
                assert!(now.heaps_lost_in_fork > 0, "{now:?}");
            } else {
                assert!(now.heaps_adopted > before.heaps_adopted, "{now:?}");
                assert_eq!(now.heaps_lost_in_fork, 0);
            }
        }),
        "grandchild" => forked(|| assert_eq!(forked(|| emptied(filled(6), 6)), 0)),
        "purge" => forked(|| {
            // More than the helper thread waits for: it is started anew here.
            let blocks = |_| Engine.malloc(1 << 20).expect("memory is there");
            let blocks: Vec<_> = (0..64).map(blocks).collect();
            blocks.iter().for_each(|b| fill(*b, 1 << 20, 1));
            blocks.into_iter().for_each(free);
            assert!(CountersSnapshot::own().purge_threads > before.purge_threads);
        }),
        other => panic!("no case is named {other}"),
    };
    assert_eq!(status, 0, "the child ended well");
    go_on.send(()).expect("the thread waits");
    other.join().expect("the parent's thread goes on");
    emptied(filled(7), 7);
    assert_eq!(
        CountersSnapshot::own().forks,
        before.forks,
        "forks are counted in children"
    );
}

fn taken_and_freed(bytes: usize) {
    let take = |_| Engine.malloc(bytes).expect("memory is there");
    let blocks: Vec<_> = (0..200).map(take).collect();
    blocks.into_iter().for_each(free);
}

/// Threads that take up the heaps that lost threads left: four at once, each another one.
fn threads_of_a_child() {
    let work = || {
        for bytes in [9, 48] {
            (0..50).for_each(|_| taken_and_freed(bytes));
        }
    };
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(work)).collect();
    for thread in threads {
        thread.join().expect("blocks are whole");
    }
}

/// Forks while other threads allocate without a pause: each is in the middle of something.
fn children_of_a_busy_process() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let busy = |bytes: usize| {
        std::thread::spawn(move || {
            while !STOP.load(Ordering::Relaxed) {
                taken_and_freed(bytes);
            }
        })
    };
    let threads: Vec<_> = [9, 48, 48].into_iter().map(busy).collect();
    for _ in 0..30 {
        assert_eq!(forked(threads_of_a_child), 0, "the child ended well");
    }
    STOP.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().expect("the parent's threads go on");
    }
}

/// Forks while other threads allocate for the first time: one of them is setting the allocator up.
/// `spins` says how long after their start.
fn children_of_a_starting_process(spins: u32) {
    static READY: AtomicUsize = AtomicUsize::new(0);
    let first_use = || {
        READY.fetch_add(1, Ordering::SeqCst);
        while READY.load(Ordering::SeqCst) < 2 {
            core::hint::spin_loop();
        }
        taken_and_freed(48);
    };
    let threads = [(); 2].map(|()| std::thread::spawn(first_use));
    while READY.load(Ordering::SeqCst) < 2 {
        core::hint::spin_loop();
    }
    (0..spins).for_each(|_| core::hint::spin_loop());
    assert_eq!(forked(threads_of_a_child), 0, "the child ended well");
    for thread in threads {
        thread.join().expect("the parent's threads go on");
    }
}

#[test]
fn starting_child() {
    if let Some(case) = again::case() {
        children_of_a_starting_process(case.parse().expect("a number"));
    }
}

#[test]
fn a_start_that_a_fork_cuts_off_is_made_again_in_the_child() {
    for case in 0..200 {
        again::passes("fork::starting_child", &(case * 5).to_string());
    }
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn busy_child() {
    if again::case().is_some() {
        children_of_a_busy_process();
    }
}

#[test]
fn what_other_threads_had_begun_is_ended_in_a_child() {
    again::passes("fork::busy_child", "busy");
}

#[test]
fn a_child_has_a_whole_allocator() {
    for case in ["blocks", "threads", "grandchild", "purge"] {
        again::passes("fork::child", case);
    }
}
