//! Misuse stops the process and says what was wrong.
#![expect(unsafe_code, reason = "misuse is done with pointers")]

use crate::again;
use crate::engine::{Engine, free};
use bedplate_malloc::entry::family;
use bedplate_malloc::{ops, process};
use bedplate_telemetry::Off;
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

/// Runs `work` in a thread that then ends.
fn in_a_thread(work: impl FnOnce() + Send + 'static) {
    assert!(std::thread::spawn(work).join().is_ok());
}

/// Writes over the first word of a block.
fn write_over_link(block: NonNull<u8>) {
    // SAFETY: the misuse that is tested; the memory is mapped.
    unsafe { block.as_ptr().write_bytes(0x41, 8) };
}

fn free_sized(bytes: usize, given: usize) {
    // SAFETY: the misuse that is tested; the size is looked at first.
    unsafe { family::free_sized::<Off>(block(bytes).as_ptr(), given) };
}

fn delete_sized(bytes: usize, given: usize) {
    // SAFETY: as above.
    unsafe { family::delete_sized::<Off>(block(bytes).as_ptr(), given) };
}

fn usable(block: NonNull<u8>) {
    // SAFETY: the misuse that is tested; the record is read, not the block.
    let _bytes = unsafe { ops::usable_bytes(block) };
}

fn resize(block: NonNull<u8>) {
    // SAFETY: the misuse that is tested; it is stopped before anything is copied.
    let _moved = unsafe { ops::reallocate::<Off>(block, 3000) };
}

/// Frees a block, then another, then the first again: nothing sees that at once.
fn free_in_turn(bytes: usize) {
    let (one, other) = (block(bytes), block(bytes));
    free(one);
    free(other);
    free(one);
}

struct Case {
    name: &'static str,
    commit: fn(),
    reason: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "double free",
        commit: || {
            let one = block(100);
            free(one);
            free(one);
        },
        reason: "double free of 0x",
    },
    Case {
        name: "double free in turn, found after the thread's end",
        commit: || {
            in_a_thread(|| free_in_turn(100));
            let _bytes = ops::trim::<Off>();
        },
        reason: "double free of 0x",
    },
    Case {
        name: "double free in turn, found when the process ends",
        commit: || {
            free_in_turn(100);
            process::unload::<Off>();
        },
        reason: "double free of 0x",
    },
    Case {
        name: "double free by another thread",
        commit: || {
            let one = block(100).as_ptr().expose_provenance();
            in_a_thread(move || {
                let one =
                    NonNull::new(core::ptr::with_exposed_provenance_mut(one)).expect("a block");
                free(one);
                free(one);
            });
        },
        reason: "double free of 0x",
    },
    Case {
        name: "double free of a run",
        commit: || {
            let one = block(102_400);
            free(one);
            free(one);
        },
        reason: "a block of 102400 bytes: it is already free",
    },
    Case {
        name: "double free of a huge block",
        commit: || {
            let one = block(8_000_000);
            free(one);
            free(one);
        },
        reason: "double free of 0x",
    },
    Case {
        name: "double free of a huge block between freed ones",
        commit: || {
            // One mapping begins where another ends, unless the kernel has it otherwise.
            let all = [block(8_000_000), block(8_000_000), block(8_000_000)];
            all.into_iter().for_each(free);
            free(all[1]);
        },
        reason: "double free",
    },
    Case {
        name: "double free where the whole slab is free",
        commit: || {
            let all: Vec<_> = (0..200).map(|_| block(1000)).collect();
            all.iter().copied().for_each(free);
            free(all[10]);
        },
        reason: "double free of 0x",
    },
    Case {
        name: "inside a run",
        commit: || free(inside(block(100_000), 16)),
        reason: "is inside a large block, not at its start",
    },
    Case {
        name: "inside a huge block",
        commit: || free(inside(block(8_000_000), 4096)),
        reason: "is inside a large block, not at its start",
    },
    Case {
        name: "far inside a huge block whose contents look like records",
        commit: || {
            let huge = block(3_900_000);
            // SAFETY: the block is that long.
            unsafe { huge.as_ptr().write_bytes(2, 3_900_000) };
            free(inside(huge, 0x38_0000));
        },
        reason: "is inside a large block, not at its start",
    },
    Case {
        name: "inside a block of another thread",
        commit: || free_elsewhere(inside(block(100), 16)),
        reason: "of another thread, not at its start",
    },
    Case {
        name: "inside a medium block",
        commit: || {
            // The third of a slab's blocks lies in another slice than its record.
            let all: Vec<_> = (0..3).map(|_| block(30_000)).collect();
            free_elsewhere(inside(all[2], 16));
        },
        reason: "is inside a block of 30720 bytes",
    },
    Case {
        name: "inside an own block, found when the process ends",
        commit: || {
            free(inside(block(100), 16));
            process::unload::<Off>();
        },
        reason: "invalid free of 0x",
    },
    Case {
        name: "where no block is",
        commit: || free(inside(block(100), 1 << 20)),
        reason: "memory that is not in use, where no block began",
    },
    Case {
        name: "size of a freed block",
        commit: || {
            let one = block(100);
            free(one);
            usable(one);
        },
        reason: "use after free: malloc_usable_size of 0x",
    },
    Case {
        name: "size of a freed run",
        commit: || {
            let one = block(100_000);
            free(one);
            usable(one);
        },
        reason: "use after free: malloc_usable_size of 0x",
    },
    Case {
        name: "resize of a freed block",
        commit: || {
            let one = block(100);
            free(one);
            resize(one);
        },
        reason: "use after free: realloc of 0x",
    },
    Case {
        name: "half the size",
        commit: || free_sized(400, 200),
        reason: "wrong size: free of 0x",
    },
    Case {
        name: "twice the size",
        commit: || delete_sized(400, 800),
        reason: "as 800 bytes, which would be in another class",
    },
    Case {
        name: "another class of a medium block",
        commit: || delete_sized(20_000, 16_000),
        reason: "wrong size: free of 0x",
    },
    Case {
        name: "half the size of a run",
        commit: || free_sized(200_000, 100_000),
        reason: "wrong size: free of 0x",
    },
    Case {
        name: "half the size of an aligned block",
        // SAFETY: the misuse that is tested; the size is looked at first.
        commit: || unsafe {
            let one = family::memalign::<Off>(64, 1000);
            family::free_aligned_sized::<Off>(one, 64, 500);
        },
        reason: "wrong size: free of 0x",
    },
    Case {
        name: "a written link, found after the thread's end",
        commit: || {
            in_a_thread(|| {
                let (one, other) = (block(100), block(100));
                free(one);
                free(other);
                write_over_link(one);
            });
            let _bytes = ops::trim::<Off>();
        },
        reason: "use after free, or overflow of the block before: 0x",
    },
    Case {
        name: "a written link, found by a trim",
        commit: || {
            let one = block(100);
            free(one);
            write_over_link(one);
            let _bytes = ops::trim::<Off>();
        },
        reason: "use after free, or overflow of the block before: 0x",
    },
];

/// What only the hardened build catches, or catches at once.
#[cfg(feature = "hardened")]
const HARDENED: &[Case] = &[
    Case {
        name: "hardened: double free in turn",
        commit: || free_in_turn(100),
        reason: "double free of 0x",
    },
    Case {
        name: "hardened: double free by another thread",
        commit: || {
            let one = block(100);
            free(one);
            free_elsewhere(one);
        },
        reason: "of another thread: it is already free",
    },
    Case {
        name: "hardened: double free of a huge block that was unmapped",
        commit: || {
            let one = block(100 << 20);
            free(one);
            assert!(ops::trim::<Off>() > 0);
            free(one);
        },
        reason: "a huge block that was freed and unmapped",
    },
    Case {
        name: "hardened: inside an own block",
        commit: || free(inside(block(100), 16)),
        reason: "of this thread, not at its start",
    },
    Case {
        name: "hardened: on the stack",
        commit: || {
            let mut here = [0_u8; 64];
            free(NonNull::from(&mut here).cast());
        },
        reason: "the address is not one of this allocator's",
    },
    Case {
        name: "hardened: size of a block of another thread that is free",
        commit: || {
            let one = block(100);
            free(one);
            let address = one.as_ptr().expose_provenance();
            in_a_thread(move || {
                let one = core::ptr::with_exposed_provenance_mut(address);
                usable(NonNull::new(one).expect("a block"));
            });
        },
        reason: "use after free: malloc_usable_size of 0x",
    },
    Case {
        name: "hardened: a byte past the end",
        commit: || {
            let one = block(100);
            write_past(one, 1);
            free(one);
        },
        reason: "overflow of 0x",
    },
    Case {
        name: "hardened: before the start",
        commit: || {
            let mut all: Vec<_> = (0..100).map(|_| block(100)).collect();
            all.sort();
            let neighbours = all
                .windows(2)
                .find(|pair| pair[1].addr().get() - pair[0].addr().get() == 112);
            let high = neighbours.expect("a slab is filled")[1];
            // SAFETY: the misuse that is tested; the memory is mapped.
            unsafe { high.as_ptr().wrapping_sub(1).write(0x41) };
            all.into_iter().for_each(free);
        },
        reason: "overflow of 0x",
    },
    Case {
        name: "hardened: past the end of a live block, found when the process ends",
        commit: || {
            write_past(block(100), 8);
            process::unload::<Off>();
        },
        reason: "overflow of 0x",
    },
    Case {
        name: "hardened: past the end of a run",
        commit: || {
            let one = block(100_000);
            write_past(one, 1);
            free(one);
        },
        reason: "overflow of 0x",
    },
    Case {
        name: "hardened: past the end of a huge block",
        commit: || {
            let one = block(8_000_000);
            write_past(one, 1);
            free(one);
        },
        reason: "overflow of 0x",
    },
    Case {
        name: "hardened: before the start of a huge block",
        commit: || {
            let one = block(8_000_000);
            // SAFETY: the misuse that is tested; the memory is mapped.
            unsafe { one.as_ptr().wrapping_sub(1).write(0x41) };
            free(one);
        },
        reason: "underflow of 0x",
    },
    Case {
        name: "hardened: a written link, found by an allocation",
        commit: || {
            let one = block(100);
            free(one);
            write_over_link(one);
            (0..600).for_each(|_| {
                let _block = block(100);
            });
        },
        reason: "use after free, or overflow of the block before: 0x",
    },
    Case {
        name: "hardened: past the end of a guarded block",
        commit: || write_past(guarded_block(), 1),
        reason: "overflow of 0x",
    },
    Case {
        name: "hardened: a write to a guarded block that is free",
        commit: || {
            let one = guarded_block();
            free(one);
            write_over_link(one);
        },
        reason: "use after free of 0x",
    },
    Case {
        name: "hardened: double free of a guarded block",
        commit: || {
            let one = guarded_block();
            free(one);
            free(one);
        },
        reason: "a guarded block: it is already free",
    },
    Case {
        name: "hardened: inside a guarded block",
        commit: || free(inside(guarded_block(), 16)),
        reason: "is inside a guarded block, not at its start",
    },
];

/// A block that was sampled: its usable bytes are those asked for, not a class's.
#[cfg(feature = "hardened")]
fn guarded_block() -> NonNull<u8> {
    // SAFETY: Rust's own handler goes, as in a program that has none.
    let _old = unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
    let mut blocks = (0..100_000).map(|_| block(100));
    // SAFETY: live blocks.
    let found = blocks.find(|one| unsafe { ops::usable_bytes(*one) } == 112);
    found.expect("one block in many is guarded")
}

/// Guarded blocks may be resized, freed with their size, and be as many as there are.
#[cfg(feature = "hardened")]
#[test]
fn guarded_blocks_are_blocks() {
    let blocks: Vec<_> = (0..200_000).map(|_| block(100)).collect();
    // SAFETY: live blocks.
    let is_guarded = |one: &NonNull<u8>| unsafe { ops::usable_bytes(*one) } == 112;
    assert!(blocks.iter().filter(|one| is_guarded(one)).count() > 1);
    for (index, one) in blocks.into_iter().enumerate() {
        // SAFETY: the usable bytes of a live block.
        unsafe { one.as_ptr().write_bytes(1, 100) };
        if index % 3 == 0 {
            // SAFETY: a live block of that size.
            unsafe { family::free_sized::<Off>(one.as_ptr(), 100) };
            continue;
        }
        // SAFETY: a live block.
        let moved = unsafe { ops::reallocate::<Off>(one, 300 * (index % 2) + 90) };
        // SAFETY: a live block.
        unsafe { ops::free::<Off>(moved) };
    }
}

/// The case that the parent asked for; nothing when run by itself.
#[cfg(feature = "hardened")]
#[test]
fn signalled_child() {
    if again::case().is_some() {
        let _one = guarded_block();
        // SAFETY: asks for a number.
        let this = unsafe { libc::getpid() };
        // SAFETY: a signal to this process.
        let _sent = unsafe { libc::kill(this, libc::SIGSEGV) };
        std::thread::sleep(core::time::Duration::from_secs(1));
    }
}

/// The handler that tells of guards is in nobody's way.
#[cfg(feature = "hardened")]
#[test]
fn a_fault_that_a_process_sends_ends_this_one() {
    let output = again::run("misuse::signalled_child", "sent");
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV));
}

/// Writes past the bytes of a block that may be used.
#[cfg(feature = "hardened")]
fn write_past(block: NonNull<u8>, bytes: usize) {
    // SAFETY: a live block.
    let usable = unsafe { ops::usable_bytes(block) };
    // SAFETY: the misuse that is tested; the memory is mapped.
    unsafe { block.as_ptr().wrapping_add(usable).write_bytes(0x41, bytes) };
}

#[cfg(not(feature = "hardened"))]
const HARDENED: &[Case] = &[];

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(name) = again::case() else { return };
    let mut cases = CASES.iter().chain(HARDENED);
    let case = cases.find(|case| case.name == name);
    (case.expect("the case is in the table").commit)();
}

#[test]
fn each_misuse_aborts_with_its_reason() {
    for Case { name, reason, .. } in CASES.iter().chain(HARDENED) {
        let output = again::run("misuse::child", name);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.signal(),
            Some(libc::SIGABRT),
            "{name}: {said}"
        );
        assert!(
            said.contains("bedplate: ") && said.contains(reason),
            "{name}: {said}"
        );
    }
}

/// Every size that a block may rightly be freed with.
#[test]
fn right_sizes_pass() {
    for bytes in (0..2000).chain([
        4000,
        8191,
        8192,
        8193,
        20_000,
        32_768,
        32_769,
        200_000,
        8 << 20,
    ]) {
        delete_sized(bytes, bytes);
        free_sized(bytes, bytes);
        for align in [1, 16, 64, 4096] {
            let one = family::memalign::<Off>(align, bytes);
            // SAFETY: a live block of that size and alignment.
            unsafe { family::free_aligned_sized::<Off>(one, align, bytes) };
        }
        for smaller in [1, bytes / 2 + 1, bytes.saturating_sub(20)] {
            let had = block(bytes).as_ptr();
            // SAFETY: a live block.
            let now = unsafe { family::realloc::<Off>(had, smaller.max(1)) };
            // SAFETY: a live block of that size.
            unsafe { family::free_sized::<Off>(now, smaller.max(1)) };
        }
    }
}
