//! Memory of a thread that sleeps goes back once others have freed all of it.

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

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
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
fn an_owner_that_wakes_meanwhile_finds_every_block() {
    for _ in 0..3 {
        again::passes("quiet::child", "raced");
    }
}
