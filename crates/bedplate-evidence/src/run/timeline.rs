//! Live and resident bytes over the time of a run.
//!
//! # Role
//! Keeps a bounded number of points for a run of any length: when it is full, neighbours are
//! joined and the distance between points doubles.
//!
//! # Not here
//! When to sample (`pace.rs`).
//!
//! # Invariants
//! I1. Of two joined points the one with the larger resident set is kept, so peaks never vanish.

use crate::report::model::Point;

/// A bounded series of points.
#[derive(Clone, Debug)]
pub struct Timeline {
    points: Vec<Point>,
    capacity: usize,
    /// Distance that a new point must have from the one before, in milliseconds.
    distance_ms: f64,
}

impl Timeline {
    /// An empty series that holds at most `capacity` points.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            points: Vec::new(),
            capacity: capacity.max(4),
            distance_ms: 0.0,
        }
    }

    /// Adds a point; one too near to the last replaces it if it is higher.
    pub fn add(&mut self, point: Point) {
        if let Some(last) = self.points.last_mut()
            && point.ms - last.ms < self.distance_ms
        {
            if point.rss_bytes <= last.rss_bytes {
                last.live_bytes = last.live_bytes.or(point.live_bytes);
            } else {
                last.rss_bytes = point.rss_bytes;
                last.live_bytes = point.live_bytes.or(last.live_bytes);
            }
            return;
        }
        self.points.push(point);
        if self.points.len() >= self.capacity {
            self.halve();
        }
    }

    /// The points.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    fn halve(&mut self) {
        let joined: Vec<Point> = self
            .points
            .chunks(2)
            .map(|pair| match pair {
                [first, second] if second.rss_bytes > first.rss_bytes => Point {
                    ms: first.ms,
                    live_bytes: second.live_bytes.or(first.live_bytes),
                    rss_bytes: second.rss_bytes,
                },
                [first, second] => Point {
                    live_bytes: first.live_bytes.or(second.live_bytes),
                    ..*first
                },
                alone => alone[0],
            })
            .collect();
        let span = self.points.last().map_or(0.0, |last| last.ms);
        self.distance_ms = (self.distance_ms * 2.0).max(span / self.capacity as f64);
        self.points = joined;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_any_length_stays_bounded_and_keeps_its_peak() {
        let mut timeline = Timeline::new(64);
        for step in 0..100_000_u32 {
            let rss_bytes = if step == 31_415 { 9_999 } else { 100 };
            timeline.add(Point {
                ms: f64::from(step),
                live_bytes: None,
                rss_bytes,
            });
        }
        assert!(timeline.points().len() <= 64);
        assert!(timeline.points().len() >= 16);
        assert!(
            timeline
                .points()
                .iter()
                .any(|point| point.rss_bytes == 9_999)
        );
        assert!(timeline.points().is_sorted_by(|a, b| a.ms < b.ms));
    }
}
