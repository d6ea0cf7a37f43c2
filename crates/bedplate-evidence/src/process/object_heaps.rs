//! Heaps for language machines in another process.
//!
//! # Role
//! Finds heaps by the names of their pages and reads their figures from outside; the process is neither
//! stopped nor called.
//!
//! # Not here
//! The layout of those figures, which `bedplate_heap::inspect` knows. The allocator's heaps (`heap.rs`).

use super::handle::Process;
use super::maps::Mapping;
use super::pages;
use crate::error::LookError;
use bedplate_heap::inspect::{self, CaptureError, HeapCapture, PAGE_MAPPING};

/// Addresses of the heaps' pages among `mappings`.
#[must_use]
pub fn object_heap_pages(mappings: &[Mapping]) -> Vec<u64> {
    pages::named(mappings, PAGE_MAPPING)
}

/// The heaps of a process, and why others could not be read. A heap that ends meanwhile is neither.
///
/// # Errors
/// - `Gone`, `Denied`: the process's memory could not be read.
pub fn capture_object_heaps(
    process: &Process,
    pages: &[u64],
) -> Result<(Vec<HeapCapture>, Vec<String>), LookError> {
    pages::capture_each(process, pages, |read, page| {
        inspect::capture(read, page).map_err(|error| match error {
            CaptureError::Gone => None,
            other => Some(other.to_string()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{capture_object_heaps, object_heap_pages};
    use crate::process::Process;
    use crate::process::maps::parse_maps;
    use crate::report::{Paint, Snapshot};
    use bedplate_heap::{Heap, Value};

    #[test]
    fn pages_are_told_by_their_names() {
        let maps = parse_maps(
            "7f0000500000-7f0000501000 rw-p 0 00:01 77 /memfd:bedplate-pool (deleted)\n\
             7f0000600000-7f0000601000 rw-p 0 00:01 78 /memfd:bedplate-heap (deleted)\n",
        );
        assert_eq!(object_heap_pages(&maps), [0x7f00_0060_0000]);
    }

    #[test]
    fn a_heap_of_this_process_is_read_and_shown() {
        let process = Process::open(std::process::id()).expect("this process");
        let mut heap = Heap::new().expect("memory");
        let pair = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
        heap.show_as("objects read from outside");
        let pages = object_heap_pages(&process.maps().expect("mappings"));
        let (heaps, unread) = capture_object_heaps(&process, &pages).expect("its own memory");
        let own =
            |heap: &&bedplate_heap::inspect::HeapCapture| heap.name == "objects read from outside";
        let found = heaps.iter().find(own).expect("it is shown");
        assert_eq!(found.stats, heap.stats());
        assert!(unread.is_empty());
        let snapshot = Snapshot::take(&process).expect("it has a heap");
        assert!(snapshot.what().contains("object heap"));
        let text = snapshot.render(Paint::default());
        assert!(
            text.contains("object heap objects read from outside: 1 object"),
            "{text}"
        );
        heap.release(pair.into());
        drop(heap);
        // What is not mapped any more has ended.
        let (after, _) = capture_object_heaps(&process, &pages).expect("its own memory");
        assert!(after.iter().find(own).is_none());
    }
}
