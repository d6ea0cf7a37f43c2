//! The model accepts a correct allocator and rejects planted faults.
#![expect(unsafe_code, reason = "subjects are allocators")]

use crate::compiled::library;
use bedplate_testkit::{
    Block, Global, Nulls, Shape, Subject, SystemMalloc, Violation, check, generator, play, shrink,
};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;
use std::env::current_exe;
use std::process::Command;

const THREADED: Shape = Shape {
    step_count: 1500,
    slot_count: 120,
    lane_count: 4,
    size_max: 8 << 20,
    align_log2_max: 22,
    live_bytes_max: 64 << 20,
};

#[test]
fn the_systems_own_malloc_passes() {
    check::seeds(&SystemMalloc, &Shape::default(), 0..10);
    check::seeds(&SystemMalloc, &THREADED, 100..105);
}

/// This program again, with the shipped library preloaded: the test above is then about ours.
#[test]
fn the_shipped_library_passes_the_same_programs() {
    let output = Command::new(current_exe().expect("this program has a path"))
        .args([
            "--exact",
            "model::the_systems_own_malloc_passes",
            "--nocapture",
        ])
        .env("LD_PRELOAD", library())
        .output()
        .expect("this program starts again");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{said}"
    );
}

#[test]
fn a_global_allocator_passes() {
    check::seeds(&Global(System), &THREADED, 0..5);
}

/// The system's malloc with one planted fault.
struct Faulty {
    fault: Fault,
    calls: AtomicUsize,
}

#[derive(Clone, Copy)]
enum Fault {
    /// Every fifth malloc below 1 KiB is the one before it.
    Twice,
    /// Every fifth calloc is dirty.
    Dirty,
    /// Every fifth realloc forgets the last byte.
    Forgets,
    /// Usable sizes are one too small.
    Usable,
    /// Every fifth memalign is only aligned to 16.
    Align,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            calls: AtomicUsize::new(0),
        }
    }

    fn due(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) % 5 == 4
    }
}

static LAST: AtomicUsize = AtomicUsize::new(0);

impl Subject for Faulty {
    fn malloc(&self, size: usize) -> Option<NonNull<u8>> {
        if matches!(self.fault, Fault::Twice) && (1..1024).contains(&size) {
            if self.due() {
                return NonNull::new(LAST.load(Ordering::Relaxed) as *mut u8);
            }
            // Leaked on purpose: the model must find it twice before the process does.
            let block = SystemMalloc.malloc(2048)?;
            LAST.store(block.as_ptr() as usize, Ordering::Relaxed);
            return Some(block);
        }
        SystemMalloc.malloc(size)
    }

    fn calloc(&self, count: usize, size: usize) -> Option<NonNull<u8>> {
        let block = SystemMalloc.calloc(count, size)?;
        if matches!(self.fault, Fault::Dirty) && count * size > 0 && self.due() {
            // SAFETY: the block has at least one byte.
            unsafe { block.write(1) };
        }
        Some(block)
    }

    fn memalign(&self, align: usize, size: usize) -> Option<NonNull<u8>> {
        let blunt = matches!(self.fault, Fault::Align) && self.due();
        SystemMalloc.memalign(if blunt { 16 } else { align }, size)
    }

    unsafe fn realloc(&self, block: Block, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: as the caller promises.
        let moved = unsafe { SystemMalloc.realloc(block, size) }?;
        if matches!(self.fault, Fault::Forgets) && self.due() {
            // SAFETY: within the block.
            let last = unsafe { moved.add(size.min(block.size) - usize::from(block.size > 0)) };
            // SAFETY: as above.
            let byte = unsafe { last.read() };
            // SAFETY: as above.
            unsafe { last.write(!byte) };
        }
        Some(moved)
    }

    unsafe fn free(&self, block: Block) {
        if !matches!(self.fault, Fault::Twice) {
            // SAFETY: as the caller promises.
            unsafe { SystemMalloc.free(block) }
        }
    }

    unsafe fn usable_size(&self, block: Block) -> Option<usize> {
        if matches!(self.fault, Fault::Usable) {
            return Some(block.size.saturating_sub(1));
        }
        None
    }
}

fn caught(fault: Fault) -> Violation {
    let shape = Shape {
        step_count: 3000,
        size_max: 64 << 10,
        align_log2_max: 16,
        ..Shape::default()
    };
    let program = generator::generate(1, &shape);
    let failure = play(&Faulty::new(fault), &program, Nulls::Forbidden)
        .expect_err("a planted fault went unseen");
    failure.violation
}

#[test]
fn planted_faults_are_seen_and_named() {
    assert!(matches!(caught(Fault::Twice), Violation::Overlap { .. }));
    assert!(matches!(
        caught(Fault::Dirty),
        Violation::NotZero { offset: 0, .. }
    ));
    assert!(matches!(
        caught(Fault::Forgets),
        Violation::LostByRealloc { .. }
    ));
    assert!(matches!(
        caught(Fault::Usable),
        Violation::UsableTooSmall { .. }
    ));
    assert!(matches!(caught(Fault::Align), Violation::Misaligned { .. }));
}

#[test]
fn a_planted_fault_shrinks_to_its_steps() {
    let program = generator::generate(1, &Shape::default());
    let fails =
        |candidate: &_| play(&Faulty::new(Fault::Usable), candidate, Nulls::Forbidden).is_err();
    let small = shrink::shrink(&program, 2000, fails);
    assert_eq!(small.0.len(), 1, "{small}");
}

#[test]
fn a_refusal_is_a_violation_only_where_it_must_deliver() {
    struct Empty;
    impl Subject for Empty {
        fn malloc(&self, _: usize) -> Option<NonNull<u8>> {
            None
        }
        fn calloc(&self, _: usize, _: usize) -> Option<NonNull<u8>> {
            None
        }
        fn memalign(&self, _: usize, _: usize) -> Option<NonNull<u8>> {
            None
        }
        unsafe fn realloc(&self, _: Block, _: usize) -> Option<NonNull<u8>> {
            None
        }
        unsafe fn free(&self, _: Block) {}
        unsafe fn usable_size(&self, _: Block) -> Option<usize> {
            None
        }
    }
    let program = generator::generate(2, &Shape::default());
    assert_eq!(play(&Empty, &program, Nulls::Allowed), Ok(()));
    let refused = play(&Empty, &program, Nulls::Forbidden).map_err(|failure| failure.violation);
    assert!(
        matches!(refused, Err(Violation::Refused { .. })),
        "{refused:?}"
    );
}
