//! Blocks that other threads free, and threads that end.
#![expect(
    unsafe_code,
    clippy::cast_possible_truncation,
    reason = "blocks cross threads; patterns are low bytes"
)]

use crate::engine::{Engine, bytes_of, fill, free};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_testkit::Subject as _;
use core::ptr::NonNull;
use std::sync::mpsc;

struct Parcel(NonNull<u8>, usize);
// SAFETY: a parcel is a block that one thread at a time uses.
unsafe impl Send for Parcel {}

#[test]
fn a_consumer_that_never_allocates_returns_everything() {
    let (send, receive) = mpsc::sync_channel::<Parcel>(1000);
    let consumer = std::thread::spawn(move || {
        for Parcel(block, bytes) in receive {
            assert!(bytes_of(block, bytes).iter().all(|b| *b == bytes as u8));
            free(block);
        }
    });
    for i in 0..200_000_usize {
        let bytes = 16 + i * 7 % 2000;
        let block = Engine.malloc(bytes).expect("memory is there");
        fill(block, bytes, bytes as u8);
        send.send(Parcel(block, bytes)).expect("the consumer lives");
    }
    drop(send);
    consumer.join().expect("contents were whole");
}

#[test]
fn memory_of_threads_that_ended_is_used_again() {
    let before = CountersSnapshot::own();
    for round in 0..300_usize {
        let blocks = std::thread::spawn(move || {
            (0..200)
                .map(|i| {
                    Parcel(
                        Engine
                            .malloc(500 + (i + round) % 100)
                            .expect("memory is there"),
                        500,
                    )
                })
                .collect::<Vec<_>>()
        })
        .join()
        .expect("no panic");
        for Parcel(block, bytes) in blocks {
            fill(block, bytes, 1);
            free(block);
        }
    }
    let after = CountersSnapshot::own();
    // 300 threads with 100 KB each would fill eight segments if none were adopted.
    assert!(after.segments - before.segments <= 6, "{after:?}");
    assert!(
        after.heaps_adopted + after.slabs_adopted > before.heaps_adopted + before.slabs_adopted
    );
}

#[test]
fn a_thread_that_ends_while_others_free_its_blocks_loses_none() {
    for _ in 0..200 {
        let (send, receive) = mpsc::channel::<Parcel>();
        let owner = std::thread::spawn(move || {
            for i in 0..500_usize {
                let bytes = 16 + i % 700;
                let block = Engine.malloc(bytes).expect("memory is there");
                fill(block, bytes, bytes as u8);
                if send.send(Parcel(block, bytes)).is_err() {
                    return;
                }
            }
        });
        for Parcel(block, bytes) in receive {
            assert!(bytes_of(block, bytes).iter().all(|b| *b == bytes as u8));
            free(block);
        }
        owner.join().expect("no panic");
    }
}
