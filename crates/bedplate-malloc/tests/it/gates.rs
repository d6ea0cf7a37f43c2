//! Telemetry, where it is built in.
#![expect(unsafe_code, reason = "an allocator is called by pointers")]

use crate::again;
use crate::inspect::captured;
use bedplate_malloc::ops;
use bedplate_telemetry::{All, Metric, Snapshot, TABLE, TELEMETRY};
use core::ptr::NonNull;

fn allocate(bytes: usize) -> NonNull<u8> {
    NonNull::new(ops::allocate::<All>(bytes)).expect("memory is there")
}

fn free(block: NonNull<u8>) {
    // SAFETY: the tests free what they allocated, once.
    unsafe { ops::free::<All>(block.as_ptr()) }
}

/// What a piece of work added to a figure.
struct Added {
    before: Snapshot,
    after: Snapshot,
}

impl Added {
    fn by(work: impl FnOnce()) -> Self {
        let before = Snapshot::of(&TELEMETRY);
        work();
        Self {
            before,
            after: Snapshot::of(&TELEMETRY),
        }
    }

    fn of(&self, metric: Metric) -> u64 {
        self.after.figures[metric as usize] - self.before.figures[metric as usize]
    }
}

/// In a process of its own: the figures are the process's.
#[test]
fn child() {
    if again::case().is_none() {
        return;
    }
    own_frees();
    remote_frees();
    large_blocks();
    threads_that_ended();
    nothing_is_wrong();
    readers_see_the_figures();
}

fn own_frees() {
    let added = Added::by(|| {
        let blocks: Vec<_> = (0..100).map(|_| allocate(48)).collect();
        blocks.into_iter().for_each(free);
        // SAFETY: null is nothing.
        unsafe { ops::free::<All>(core::ptr::null_mut()) };
    });
    assert_eq!(added.of(Metric::FreeCalls), 101);
    assert_eq!(added.of(Metric::FreesOwn), 100);
    assert_eq!(added.of(Metric::FreesRemote), 0);
    assert_eq!(
        added.of(Metric::FrontHits) + added.of(Metric::FrontMisses),
        100
    );
    assert!(added.of(Metric::FrontMisses) >= 1, "the first of its class");
    assert!(added.of(Metric::PrefillBlocks) >= 100);
    assert!(added.of(Metric::PoolSlicesTaken) >= 1);
    let (mut allocated, mut freed) = (0, 0);
    for class in 0..added.after.class_frees.len() {
        allocated += added.after.class_allocations[class] - added.before.class_allocations[class];
        freed += added.after.class_frees[class] - added.before.class_frees[class];
    }
    assert_eq!((allocated, freed), (100, 100));
}

fn remote_frees() {
    let added = Added::by(|| {
        let blocks: Vec<usize> = (0..300)
            .map(|_| allocate(200).as_ptr().expose_provenance())
            .collect();
        let other = std::thread::spawn(move || {
            for address in blocks {
                let block = core::ptr::with_exposed_provenance_mut(address);
                free(NonNull::new(block).expect("a block"));
            }
        });
        other.join().expect("it frees");
    });
    assert_eq!(added.of(Metric::FreesRemote), 300);
    assert_eq!(added.of(Metric::RemoteBlocks), 300);
    let chains = added.of(Metric::RemoteChains);
    assert!((1..=300).contains(&chains), "{chains}");
}

fn large_blocks() {
    let added = Added::by(|| {
        [32_000, 100_000, 5 << 20]
            .map(allocate)
            .into_iter()
            .for_each(free);
        let _bytes = ops::trim::<All>();
    });
    assert_eq!(added.of(Metric::LargestClassFrees), 1);
    assert_eq!(added.of(Metric::OsMaps), 2);
    assert_eq!(added.of(Metric::OsMapBytes), 100_000 + (5 << 20));
    assert_eq!(added.of(Metric::OsPurges), 1);
    assert!(added.of(Metric::PoolSlicesReturned) >= 2);
    assert!(added.of(Metric::OsPurgeBytes) > 0);
}

fn threads_that_ended() {
    let added = Added::by(|| {
        for _ in 0..3 {
            let thread = std::thread::spawn(|| free(allocate(700)));
            thread.join().expect("it allocates");
        }
    });
    assert!(added.of(Metric::SharedHeapsAdopted) >= 2);
}

fn nothing_is_wrong() {
    let now = Snapshot::of(&TELEMETRY);
    for metric in [
        Metric::ForeignHeaders,
        Metric::MetadataMismatches,
        Metric::BadClasses,
        Metric::FastPathMismatches,
        Metric::OutOfBounds,
    ] {
        assert_eq!(now.figures[metric as usize], 0, "{}", metric.name());
    }
}

fn readers_see_the_figures() {
    let capture = captured();
    assert_eq!(capture.gates.len(), TABLE.len(), "{:?}", capture.gates);
    let calls = TELEMETRY.figure(Metric::FreeCalls);
    assert!(
        capture
            .telemetry
            .contains(&("free_calls".to_owned(), calls)),
        "{:?}",
        capture.telemetry
    );
}

#[test]
fn every_gate_counts() {
    again::passes("gates::child", "all");
}
