//! What a heap shows to readers outside of the process.

use bedplate_heap::inspect::{CaptureError, PAGE_MAPPING, capture};
use bedplate_heap::{Heap, Kind, Ref, Value, Work};

/// A ring of three pairs that is dropped by its last holder.
fn drop_ring(heap: &mut Heap) {
    let pair = |heap: &mut Heap, to: Option<Ref>| {
        let to = to.map_or(Value::NIL, Value::from);
        heap.new_pair(to, Value::NIL).expect("memory")
    };
    let first = pair(heap, None);
    heap.retain(first.into());
    let second = pair(heap, Some(first));
    let third = pair(heap, Some(second));
    heap.set_first(first, third.into()).expect("a pair");
    heap.release(first.into());
}

/// The pages of heaps that this process shows, by address.
fn pages() -> Vec<u64> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
    let pages = maps.lines().filter(|line| line.contains(PAGE_MAPPING));
    pages
        .filter_map(|line| u64::from_str_radix(line.split('-').next()?, 16).ok())
        .collect()
}

/// Reads this process as one from outside would.
fn read(at: u64, into: &mut [u8]) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let Ok(mut memory) = std::fs::File::open("/proc/self/mem") else {
        return false;
    };
    memory.seek(SeekFrom::Start(at)).is_ok() && memory.read_exact(into).is_ok()
}

#[test]
fn a_heap_is_read_from_outside_until_it_ends() {
    let mut heap = Heap::new().expect("memory");
    heap.show_as("read from outside");
    let found = |name: &str| {
        let captures = pages().into_iter();
        let mut captures = captures.filter_map(|page| Some((page, capture(&read, page).ok()?)));
        captures.find(|(_, capture)| capture.name == name)
    };
    let (page, empty) = found("read from outside").expect("it is shown");
    assert_eq!(empty.stats.allocated_objects, 0);
    for _ in 0..1000 {
        drop_ring(&mut heap);
    }
    let gauges = heap.observe();
    let capture_now = capture(&read, page).expect("it is there");
    assert_eq!(capture_now.stats, heap.stats());
    assert_eq!(capture_now.gauges, gauges);
    assert_eq!(capture_now.pauses(Work::Trial), heap.pauses(Work::Trial));
    assert!(capture_now.began_ns <= capture_now.taken_ns);
    assert!(capture_now.taken_ns <= capture_now.read_ns);
    // One that works shows itself.
    drop(heap);
    assert!(found("read from outside").is_none());
    assert_eq!(capture(&read, 8), Err(CaptureError::Gone));
}

#[test]
fn another_layout_and_an_endless_write_are_told() {
    let mut heap = Heap::new().expect("memory");
    heap.show_as("other layouts");
    let own = |page: &u64| capture(&read, *page).is_ok_and(|heap| heap.name == "other layouts");
    let page = pages().into_iter().find(own).expect("it is shown");
    let changed = |word: u64, value: u64| {
        let read = move |at: u64, into: &mut [u8]| {
            let is_read = read(at, into);
            if let Some(place) = (page + word * 8).checked_sub(at)
                && let Some(bytes) = usize::try_from(place)
                    .ok()
                    .and_then(|at| into.get_mut(at..at + 8))
            {
                bytes.copy_from_slice(&value.to_ne_bytes());
            }
            is_read
        };
        capture(&read, page)
    };
    assert_eq!(changed(0, 0), Err(CaptureError::Gone));
    assert_eq!(changed(1, 9), Err(CaptureError::OtherVersion { found: 9 }));
    assert_eq!(changed(2, 3), Err(CaptureError::Busy));
    for error in [
        CaptureError::Gone,
        CaptureError::Busy,
        CaptureError::OtherVersion { found: 9 },
    ] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_heap_that_works_shows_itself() {
    let mut heap = Heap::new().expect("memory");
    let before = pages().len();
    let is_shown = |heap: &Heap| {
        let made = heap.stats().allocated_objects;
        pages().into_iter().any(|page| {
            capture(&read, page).is_ok_and(|capture| {
                let seen = capture.stats.allocated_by_kind.of(Kind::Closure);
                capture.name.is_empty() && seen > 0 && seen <= made
            })
        })
    };
    // Some ten looks at a clock in a second; nobody else makes closures only and has no name.
    for _ in 0..2000 {
        for _ in 0..5000 {
            let object = heap.new_closure(1, &[]).expect("memory");
            heap.release(object.into());
        }
        if pages().len() > before && is_shown(&heap) {
            return;
        }
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    unreachable!("it made ten million objects and was not seen");
}
