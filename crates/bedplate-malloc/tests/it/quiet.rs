//! Memory of a thread that sleeps goes back once others have freed all of it.
#![expect(unsafe_code, reason = "locks pages")]

use crate::again;
use crate::engine::{Engine, bytes_of, fill, free};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_malloc::info;
use bedplate_testkit::Subject as _;
use core::ptr::NonNull;
use core::time::Duration;
use std::sync::mpsc;
use std::time::Instant;

const SIZES: [usize; 4] = [80, 1000, 6000, 20_000];
const BYTES_A_SIZE: usize = 16 << 20;

fn blocks() -> Vec<(usize, usize)> {
    SIZES
        .iter()
        .flat_map(|bytes| (0..BYTES_A_SIZE / bytes).map(|_| *bytes))
        .map(|bytes| {
            let block = Engine.malloc(bytes).expect("memory is there");
            fill(block, bytes, 3);
            (block.expose_provenance().get(), bytes)
        })
        .collect()
}

fn block_at(at: usize) -> NonNull<u8> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(at)).expect("blocks are not null")
}

fn is_whole(at: usize, bytes: usize) -> bool {
    bytes_of(block_at(at), bytes).iter().all(|byte| *byte == 3)
}

fn free_all(blocks: &[(usize, usize)]) {
    for (at, bytes) in blocks {
        assert!(is_whole(*at, *bytes), "nobody else wrote to it");
        free(block_at(*at));
    }
}

/// Pages in the middle of slabs are locked: the kernel takes what lies before them, and no more.
fn the_kernel_refuses_halfway() {
    let (give, taken) = mpsc::channel();
    let (wake, sleeps) = mpsc::channel::<()>();
    let owner = std::thread::spawn(move || {
        let given: Vec<usize> = (0..30_000)
            .map(|_| Engine.malloc(1000).expect("memory is there"))
            .map(|block| {
                fill(block, 1000, 3);
                block.expose_provenance().get()
            })
            .collect();
        give.send(given).expect("the test listens");
        sleeps.recv().expect("the test speaks");
        // Takes up what was freed, so that the slabs go back to the pool.
        free(Engine.malloc(40).expect("memory is there"));
        for _ in 0..200 {
            let block = Engine.calloc(1, 200_000).expect("memory is there");
            let is_zero = bytes_of(block, 200_000).iter().all(|byte| *byte == 0);
            assert!(is_zero, "calloc gives zeros");
        }
    });
    let given = taken.recv().expect("the owner sends");
    let mut locked = 0;
    for at in given.iter().skip(40).step_by(3000) {
        // SAFETY: locks the page of a live block; the contents stay.
        locked += u32::from(unsafe { libc::mlock(block_at(*at).as_ptr().cast(), 1000) } == 0);
    }
    let refused = || CountersSnapshot::own().failed_advice;
    let before = refused();
    given.iter().for_each(|at| free(block_at(*at)));
    let began = Instant::now();
    // Where nothing may be locked, nothing is refused.
    while locked > 0 && refused() == before {
        assert!(began.elapsed() < Duration::from_secs(60), "it was tried");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    wake.send(()).expect("the owner listens");
    owner.join().expect("no panic");
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    if case == "locked" {
        return the_kernel_refuses_halfway();
    }
    let (give, taken) = mpsc::channel();
    let (wake, sleeps) = mpsc::channel::<()>();
    let owner = std::thread::spawn(move || {
        give.send(blocks()).expect("the test listens");
        // Allocates nothing until it is told to.
        sleeps.recv().expect("the test speaks");
        let again = blocks();
        assert!(
            again.iter().all(|(at, bytes)| is_whole(*at, *bytes)),
            "blocks do not overlap"
        );
        free_all(&again);
    });
    let given = taken.recv().expect("the owner sends");
    let purged = || CountersSnapshot::own().purged_bytes;
    let before = purged();
    free_all(&given);
    let began = Instant::now();
    if case == "purged" {
        while purged() - before < 50 << 20 {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{} bytes went back",
                purged() - before
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    } else {
        // Wakes the owner while its slabs are being claimed.
        std::thread::sleep(Duration::from_millis(990));
    }
    wake.send(()).expect("the owner listens");
    owner.join().expect("no panic");
    let live = info::totals().live_bytes;
    assert!(live < 8 << 20, "{live} bytes are live");
}

#[test]
fn of_a_sleeping_thread_it_goes_back_and_is_used_again() {
    again::passes("quiet::child", "purged");
}

#[test]
fn locked_pages_stay_and_lose_no_block() {
    again::passes("quiet::child", "locked");
}

#[test]
fn an_owner_that_wakes_meanwhile_finds_every_block() {
    for _ in 0..3 {
        again::passes("quiet::child", "raced");
    }
}
