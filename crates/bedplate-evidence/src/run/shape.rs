//! Heaps of objects over the time of a run.
//!
//! # Role
//! Finds the heaps for language machines of a process and keeps what they held, in a bounded number of points
//! for a run of any length: when it is full, neighbours are joined.
//!
//! # Invariants
//! I1. Of two joined points the one with more bytes is kept, so peaks never vanish.

use core::time::Duration;

use crate::process::object_heaps::{capture_object_heaps, object_heap_pages};
use crate::process::{Process, calls};
use crate::report::object_heaps::{ObjectHeapReport, ObjectPoint};

/// Least time between two searches for heaps, in milliseconds.
const SEARCHES_APART_MS: f64 = 500.0;
/// Searches take at most one of so many parts of a processor's time.
const SEARCH_SHARE: f64 = 200.0;

/// What the heaps of objects in a process held.
#[derive(Debug)]
pub(super) struct Shape {
    points: Vec<ObjectPoint>,
    capacity: usize,
    /// Distance that a new point must have from the one before, in milliseconds.
    distance_ms: f64,
    /// The heaps when any were seen last.
    heaps: Vec<ObjectHeapReport>,
    pages: Vec<u64>,
    search_at_ms: f64,
}

impl Shape {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            points: Vec::new(),
            capacity: capacity.max(4),
            distance_ms: 0.0,
            heaps: Vec::new(),
            pages: Vec::new(),
            search_at_ms: 0.0,
        }
    }

    /// Another program was executed in the process: its heaps are others.
    pub(super) fn forget_pages(&mut self) {
        self.pages.clear();
        self.search_at_ms = 0.0;
    }

    /// Looks at the heaps; for new ones every now and then, or now.
    pub(super) fn look(&mut self, process: &Process, ms: f64, search_now: bool) {
        if search_now || ms >= self.search_at_ms {
            self.search(process, ms);
        }
        if self.pages.is_empty() {
            return;
        }
        // What cannot be read now may be read the next time.
        let Ok((heaps, _unread)) = capture_object_heaps(process, &self.pages) else {
            return self.forget_pages();
        };
        if heaps.is_empty() {
            return self.forget_pages();
        }
        self.heaps = heaps.iter().map(ObjectHeapReport::of).collect();
        self.add(ObjectPoint::of(ms, &self.heaps));
    }

    fn search(&mut self, process: &Process, ms: f64) {
        let before = calls::thread_cpu_time();
        if let Ok(mappings) = process.maps() {
            self.pages = object_heap_pages(&mappings);
        }
        let cost: Duration = calls::thread_cpu_time().saturating_sub(before);
        let rest_ms = cost.as_secs_f64() * 1e3 * SEARCH_SHARE;
        self.search_at_ms = ms + rest_ms.max(SEARCHES_APART_MS);
    }

    /// Adds a point; of one too near to the last the larger is kept.
    fn add(&mut self, point: ObjectPoint) {
        match self.points.last_mut() {
            Some(last) if point.ms - last.ms < self.distance_ms => {
                if point.bytes > last.bytes {
                    let ms = last.ms;
                    *last = ObjectPoint { ms, ..point };
                }
            }
            _ => self.points.push(point),
        }
        if self.points.len() >= self.capacity {
            self.halve();
        }
    }

    fn halve(&mut self) {
        let span = self.points.last().map_or(0.0, |last| last.ms);
        self.distance_ms = (self.distance_ms * 2.0).max(span / self.capacity as f64);
        let mut joined: Vec<ObjectPoint> = Vec::with_capacity(self.capacity);
        for (number, point) in self.points.drain(..).enumerate() {
            match joined.last_mut() {
                Some(first) if number % 2 == 1 => {
                    if point.bytes > first.bytes {
                        let ms = first.ms;
                        *first = ObjectPoint { ms, ..point };
                    }
                }
                _ => joined.push(point),
            }
        }
        self.points = joined;
    }

    /// The points, and the heaps as they were seen last.
    pub(super) fn into_parts(self) -> (Vec<ObjectPoint>, Vec<ObjectHeapReport>) {
        (self.points, self.heaps)
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::process::Process;
    use crate::report::object_heaps::ObjectPoint;
    use bedplate_heap::{Heap, Value};

    #[test]
    fn a_run_of_any_length_stays_bounded_and_keeps_its_peak() {
        let mut shape = Shape::new(64);
        for step in 0..100_000_u32 {
            shape.add(ObjectPoint {
                ms: f64::from(step),
                bytes: if step == 31_415 { 9_999 } else { 100 },
                ..ObjectPoint::default()
            });
        }
        let (points, _) = shape.into_parts();
        assert!((16..=64).contains(&points.len()));
        assert!(points.iter().any(|point| point.bytes == 9_999));
        assert!(points.is_sorted_by(|one, other| one.ms < other.ms));
    }

    #[test]
    fn heaps_that_end_leave_what_they_held() {
        let process = Process::open(std::process::id()).expect("this process");
        let mut shape = Shape::new(64);
        let mut heap = Heap::new().expect("memory");
        heap.show_as("the shape of a run");
        let own = |shape: &Shape| {
            let heaps = shape.heaps.iter();
            heaps
                .map(|heap| heap.name.clone())
                .any(|name| name == "the shape of a run")
        };
        shape.look(&process, 1.0, false);
        assert!(own(&shape));
        let before = shape.points.len();
        for _ in 0..100 {
            heap.new_cell(Value::NIL).expect("memory");
        }
        heap.observe();
        shape.look(&process, 2.0, false);
        assert_eq!(shape.points.len(), before + 1);
        let last = shape.points.last().expect("two");
        assert!(last.live_objects >= 100 && last.kinds["cell"] >= 100);
        drop(heap);
        shape.look(&process, 3.0, true);
        let (points, _) = shape.into_parts();
        assert!(points.len() > before);
    }
}
