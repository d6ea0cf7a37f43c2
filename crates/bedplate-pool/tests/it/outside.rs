//! What a reader from outside finds: this process is read as if it were another.

use crate::{pool, until};
use bedplate_pool::inspect::{CaptureError, PoolCapture, ROOT_MAPPING, capture};
use bedplate_pool::timeline::PlaceKind;
use bedplate_pool::{PlaceState, ThreadPoolBuilder, WorkerMetrics, blocking};
use core::sync::atomic::{AtomicBool, Ordering};
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt as _;

/// Addresses of root pages.
fn roots() -> Vec<u64> {
    let maps = read_to_string("/proc/self/maps").expect("mappings");
    maps.lines()
        .filter(|line| line.contains(ROOT_MAPPING))
        .filter_map(|line| line.split_once('-'))
        .filter_map(|(start, _)| u64::from_str_radix(start, 16).ok())
        .collect()
}

fn read(root: u64) -> Result<PoolCapture, CaptureError> {
    let memory = File::open("/proc/self/mem").expect("its own memory");
    capture(&|at, into| memory.read_exact_at(into, at).is_ok(), root)
}

fn named(name: &str) -> Option<(u64, PoolCapture)> {
    roots().into_iter().find_map(|root| {
        let found = read(root).ok()?;
        (found.name == name).then_some((root, found))
    })
}

#[test]
fn a_pool_is_found_by_its_name_and_gone_after_its_end() {
    let name = "the pool that is looked at from outside, by a name that is too long to be kept";
    let cut = &name[..64];
    let pool = ThreadPoolBuilder::new()
        .num_threads(2)
        .spare_threads(3)
        .bind_workers(false)
        .name(name)
        .build()
        .expect("a pool can be made here");
    let other = crate::pool(1);
    let (root, found) = named(cut).expect("it is found");
    assert_eq!((found.workers, found.spares, found.threads), (2, 3, 2));
    assert!(!found.is_forked && found.began_ns < found.taken_ns);
    assert!(roots().len() >= 2);
    assert_eq!(pool.metrics().hidden, 0);
    drop(pool);
    assert!(named(cut).is_none());
    // Another test's pool may have the address by now.
    assert!(read(root).map_or_else(|e| e == CaptureError::Gone, |found| found.name != cut));
    drop(other);
}

#[test]
fn places_are_shown_with_what_their_threads_do() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .bind_workers(false)
        .name("busy")
        .build()
        .expect("a pool can be made here");
    let look = || named("busy").expect("it is found").1;
    let state = |kind: PlaceKind| {
        let places = look().places;
        places.iter().find(|m| m.kind == kind).map(|m| m.state)
    };
    until("the worker sleeps", || {
        state(PlaceKind::Worker) == Some(PlaceState::Sleeps)
    });
    assert_eq!(state(PlaceKind::Guest), None);
    let (waits, end) = (AtomicBool::new(false), AtomicBool::new(false));
    pool.scope(|s| {
        s.spawn(|_| {
            blocking(|| {
                waits.store(true, Ordering::Relaxed);
                until("it was seen", || end.load(Ordering::Relaxed));
            });
        });
        until("the job waits", || waits.load(Ordering::Relaxed));
        assert_eq!(state(PlaceKind::Worker), Some(PlaceState::Waits));
        assert_eq!(state(PlaceKind::Guest), Some(PlaceState::Runs));
        end.store(true, Ordering::Relaxed);
    });
    let inside = pool.worker_metrics();
    let outside = look().places;
    assert_eq!(inside[0].jobs, outside[0].jobs);
    assert!(outside[0].jobs > 0 && outside[0].waited_ns > 0);
    assert_eq!(state(PlaceKind::Guest), Some(PlaceState::Empty));
}

#[test]
fn a_pool_that_can_grow_shows_the_threads_that_it_has() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(2)
        .max_threads(5)
        .bind_workers(false)
        .name("can grow")
        .build()
        .expect("a pool can be made here");
    let (_, found) = named("can grow").expect("it is found");
    assert_eq!((found.workers, found.threads), (2, 2));
    let workers = |places: &[WorkerMetrics]| {
        let of = |m: &&WorkerMetrics| m.kind == PlaceKind::Worker;
        places.iter().filter(of).count()
    };
    assert_eq!(workers(&found.places), 2);
    assert_eq!(workers(&pool.worker_metrics()), 2);
}

#[test]
fn what_is_no_pool_is_not_read_as_one() {
    let pool = pool(1);
    let (page, version) = (vec![0_u64; 64], vec![u64::from_le_bytes(*b"bedppool"); 64]);
    let at = |words: &[u64]| words.as_ptr().expose_provenance() as u64;
    assert_eq!(read(at(&page)), Err(CaptureError::Gone));
    let found = u64::from_le_bytes(*b"bedppool");
    assert_eq!(
        read(at(&version)),
        Err(CaptureError::OtherVersion { found })
    );
    assert_eq!(read(8), Err(CaptureError::Gone));
    drop(pool);
}
