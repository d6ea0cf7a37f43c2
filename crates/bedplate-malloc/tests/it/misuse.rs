//! Misuse stops the process and says what was wrong.
#![expect(unsafe_code, reason = "misuse is done with pointers")]

use crate::again;
use crate::engine::{Engine, free};
use bedplate_malloc::ops;
use bedplate_testkit::Subject as _;
use core::ptr::NonNull;
use std::os::unix::process::ExitStatusExt as _;

fn block(bytes: usize) -> NonNull<u8> {
    Engine.malloc(bytes).expect("memory is there")
}

fn inside(block: NonNull<u8>, offset: usize) -> NonNull<u8> {
    // SAFETY: the offsets here are inside the blocks.
    unsafe { block.add(offset) }
}

/// Frees in another thread.
fn free_elsewhere(block: NonNull<u8>) {
    let address = block.as_ptr().expose_provenance();
    let other = std::thread::spawn(move || {
        free(NonNull::new(core::ptr::with_exposed_provenance_mut(address)).expect("a block"));
    });
    assert!(other.join().is_ok());
}

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    match case.as_str() {
        "double free" => {
            let one = block(100);
            free(one);
            free(one);
        }
        "double free of a run" => {
            let one = block(100_000);
            free(one);
            free(one);
        }
        "inside a run" => free(inside(block(100_000), 16)),
        "inside a block of another thread" => free_elsewhere(inside(block(100), 16)),
        "inside a medium block of another thread" => {
            // The second of a slab's blocks lies in another slice than its record.
            let _first = block(30_000);
            let _second = block(30_000);
            let third = block(30_000);
            free_elsewhere(inside(third, 16));
        }
        "size of a freed run" => {
            let one = block(100_000);
            free(one);
            // SAFETY: the misuse that is tested; the record is read, not the block.
            let _bytes = unsafe { ops::usable_bytes(one) };
        }
        other => panic!("no case is named {other}"),
    }
}

#[test]
fn each_misuse_aborts_with_its_reason() {
    for (case, reason) in [
        ("double free", "double free of 0x"),
        ("double free of a run", "lies in memory that is not in use"),
        ("inside a run", "is inside a block, not at its start"),
        (
            "inside a block of another thread",
            "is inside a block, not at its start",
        ),
        (
            "inside a medium block of another thread",
            "is inside a block, not at its start",
        ),
        ("size of a freed run", "lies in memory that is not in use"),
    ] {
        let output = again::run("misuse::child", case);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.signal(),
            Some(libc::SIGABRT),
            "{case}: {said}"
        );
        assert!(
            said.contains("bedplate: ") && said.contains(reason),
            "{case}: {said}"
        );
    }
}
