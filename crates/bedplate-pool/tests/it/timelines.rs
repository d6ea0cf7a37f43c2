//! What a timeline shows.

use crate::{pool, until};
use bedplate_pool::timeline::{MarkKind, PlaceKind, Slice, SliceKind, Timeline, Track};
use bedplate_pool::{
    Context, JobOptions, ThreadPool, ThreadPoolBuilder, block_on, blocking, join, scope, span,
};
use core::sync::atomic::{AtomicBool, Ordering};

/// A join whose second half another thread runs for sure.
fn shared(pool: &ThreadPool) {
    let begun = AtomicBool::new(false);
    pool.install(|| {
        span("shared", || {
            join(
                || until("the other runs", || begun.load(Ordering::Relaxed)),
                || begun.store(true, Ordering::Relaxed),
            )
        })
    });
}

fn slices(timeline: &Timeline, kind: SliceKind) -> Vec<(&Track, &Slice)> {
    let of = |track| move |slice| (track, slice);
    let tracks = timeline.tracks.iter();
    tracks
        .flat_map(|track| track.slices.iter().map(of(track)))
        .filter(|(_, slice)| slice.kind == kind)
        .collect()
}

/// Slices are in order, and each lies inside the one before it that has not ended, or behind it.
fn nested(timeline: &Timeline) {
    for track in &timeline.tracks {
        let mut open: Vec<&Slice> = Vec::new();
        let mut last = 0;
        for slice in &track.slices {
            assert!(slice.begin_ns >= last && slice.begin_ns <= slice.end_ns);
            assert!(slice.end_ns <= timeline.lasted_ns);
            last = slice.begin_ns;
            while open.last().is_some_and(|o| o.end_ns <= slice.begin_ns) {
                open.pop();
            }
            let inside = open.last().is_none_or(|o| slice.end_ns <= o.end_ns);
            assert!(inside, "{}: {slice:?} in {open:?}", track.name);
            open.push(slice);
        }
        assert!(track.marks.is_sorted_by_key(|mark| mark.at_ns));
    }
}

#[test]
fn nothing_is_recorded_unless_asked_for() {
    let pool = pool(2);
    shared(&pool);
    assert!(pool.take_timeline().tracks.is_empty());
    pool.start_timeline();
    shared(&pool);
    assert!(!slices(&pool.take_timeline(), SliceKind::Span).is_empty());
    shared(&pool);
    assert!(slices(&pool.take_timeline(), SliceKind::Span).is_empty());
    pool.start_timeline();
    assert!(slices(&pool.take_timeline(), SliceKind::Span).is_empty());
}

#[test]
fn a_taken_half_and_its_wait_are_shown() {
    let pool = pool(2);
    pool.start_timeline();
    shared(&pool);
    let timeline = pool.take_timeline();
    nested(&timeline);
    assert_eq!(timeline.lost(), 0);
    let [(guest, span)] = slices(&timeline, SliceKind::Span)[..] else {
        panic!("one span: {timeline:?}");
    };
    assert_eq!((span.name, guest.kind), ("shared", PlaceKind::Guest));
    let halves = slices(&timeline, SliceKind::Half);
    let [(worker, half)] = halves[..] else {
        panic!("one half: {timeline:?}");
    };
    assert_eq!(worker.kind, PlaceKind::Worker);
    assert_eq!((half.from, half.span), (Some(guest.place), span.span));
    assert!(half.begin_ns >= span.begin_ns && half.end_ns <= span.end_ns);
    let [(waiter, wait)] = slices(&timeline, SliceKind::Wait)[..] else {
        panic!("one wait: {timeline:?}");
    };
    assert_eq!((waiter.place, wait.span), (guest.place, span.span));
    assert_eq!(slices(&timeline, SliceKind::Inside).len(), 1);
}

#[test]
fn jobs_polls_and_what_blocks_are_shown() {
    let pool = pool(1);
    pool.start_timeline();
    let parks = pool.metrics().parks;
    let job = pool.spawn_job(JobOptions::new(), || {
        span("outer", || span("inner", || blocking(|| {})));
    });
    job.expect("there is room").wait().expect("it runs");
    block_on(pool.spawn_future(JobOptions::new(), async {})).expect("it runs");
    pool.scope(|s| s.spawn(|_| {}));
    until("the worker sleeps", || pool.metrics().parks > parks);
    let job = pool.spawn_job(JobOptions::new(), || {});
    job.expect("there is room").wait().expect("it runs");
    let timeline = pool.take_timeline();
    nested(&timeline);
    let spans = slices(&timeline, SliceKind::Span);
    let [(_, outer), (_, inner)] = spans[..] else {
        panic!("two spans: {timeline:?}");
    };
    assert_eq!((outer.name, inner.name), ("outer", "inner"));
    assert!(outer.parent.is_none());
    assert_eq!(inner.parent, outer.span);
    let [(_, blocked)] = slices(&timeline, SliceKind::Blocking)[..] else {
        panic!("one block: {timeline:?}");
    };
    assert_eq!(blocked.span, inner.span);
    assert_eq!(slices(&timeline, SliceKind::Job).len(), 2);
    assert_eq!(slices(&timeline, SliceKind::Poll).len(), 1);
    assert_eq!(slices(&timeline, SliceKind::ScopeJob).len(), 1);
    assert!(!slices(&timeline, SliceKind::Park).is_empty());
    // A thread from outside waits in no pool: it has no place to be shown at.
    assert!(slices(&timeline, SliceKind::Wait).is_empty());
}

#[test]
fn a_spare_is_marked_where_it_was_needed() {
    let pool = pool(2);
    pool.start_timeline();
    let ran = AtomicBool::new(false);
    let block = || blocking(|| until("a spare runs the third", || ran.load(Ordering::Relaxed)));
    pool.scope(|s| {
        s.spawn(|_| block());
        s.spawn(|_| block());
        s.spawn(|_| ran.store(true, Ordering::Relaxed));
        // The opener runs none of them before.
        until("the third has run", || ran.load(Ordering::Relaxed));
    });
    let timeline = pool.take_timeline();
    nested(&timeline);
    let marks = timeline.tracks.iter().flat_map(|track| &track.marks);
    let spares: Vec<usize> = marks
        .filter(|mark| mark.kind == MarkKind::SpareStarted)
        .map(|mark| mark.place)
        .collect();
    // A worker that blocks before the other has woken is replaced, too.
    assert!(spares.contains(&2) && spares.iter().all(|place| (2..4).contains(place)));
    let by_place = pool.worker_metrics();
    assert!(by_place.iter().any(|m| m.kind == PlaceKind::Spare));
    assert!(pool.metrics().waited_ns > 0);
}

#[test]
fn what_goes_on_is_cut_at_both_ends() {
    let pool = pool(1);
    let (go, end) = (AtomicBool::new(false), AtomicBool::new(false));
    pool.scope(|s| {
        s.spawn(|_| {
            pool.start_timeline();
            span("long", || {
                go.store(true, Ordering::Relaxed);
                until("it was looked at", || end.load(Ordering::Relaxed));
            });
        });
        until("the job runs", || go.load(Ordering::Relaxed));
        let timeline = pool.take_timeline();
        nested(&timeline);
        let [(_, long)] = slices(&timeline, SliceKind::Span)[..] else {
            panic!("one span: {timeline:?}");
        };
        assert!(long.is_cut);
        assert_eq!(long.end_ns, timeline.lasted_ns);
        end.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_full_ring_keeps_the_last_and_counts_the_others() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .bind_workers(false)
        .timeline_events(10)
        .build()
        .expect("a pool can be made here");
    pool.start_timeline();
    pool.install(|| {
        for _ in 0..100 {
            span("early", || {});
        }
        span("late", || {});
    });
    let timeline = pool.take_timeline();
    nested(&timeline);
    // 101 spans and the entry have two events each.
    assert_eq!(timeline.lost(), 194);
    let late = slices(&timeline, SliceKind::Span)
        .last()
        .map(|(_, s)| s.name);
    assert_eq!(late, Some("late"));
}

#[test]
fn threads_that_work_while_it_is_taken_do_not_disturb_it() {
    fn tree(cx: Context<'_>, depth: u32) {
        if depth > 0 {
            cx.join(|cx| tree(cx, depth - 1), |cx| tree(cx, depth - 1));
        }
    }
    let pool = pool(3);
    let stop = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                pool.enter(|cx| tree(cx, 8));
                pool.install(|| scope(|s| (0..20).for_each(|_| s.spawn(|_| {}))));
            }
        });
        for _ in 0..50 {
            pool.start_timeline();
            std::thread::yield_now();
            nested(&pool.take_timeline());
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn places_are_counted_apart_and_add_up() {
    let pool = pool(2);
    for _ in 0..10 {
        shared(&pool);
        pool.scope(|s| s.spawn(|_| {}));
    }
    until("all sleep", || pool.metrics().asleep_ns > 0);
    let places = pool.worker_metrics();
    let workers = places.iter().filter(|m| m.kind == PlaceKind::Worker);
    assert_eq!(workers.count(), 2);
    assert_eq!(places.iter().map(|m| m.steals).sum::<u64>(), 10);
    assert_eq!(pool.metrics().steals, 10);
    assert!(places.iter().all(|m| m.cpu.is_none()));
    assert_eq!(places[1].name, "bedplate-pool-1");
}

#[cfg(feature = "chrome")]
mod chrome {
    use super::{shared, span};
    use crate::pool;
    use alloc::collections::BTreeMap;
    use bedplate_pool::{ThreadPoolBuilder, Timeline};
    use serde_json::Value;
    use std::io;

    fn written(timeline: &Timeline) -> Value {
        let mut bytes = Vec::new();
        timeline.write_chrome(&mut bytes).expect("room");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// Whole nanoseconds of a time in microseconds.
    fn ns(value: &Value) -> u64 {
        let text = value.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let padded = format!("{part:0<3}");
        whole.parse::<u64>().expect("digits") * 1000 + padded.parse::<u64>().expect("digits")
    }

    /// What Perfetto's reader asks of each kind of event.
    fn check(document: &Value) -> Vec<Value> {
        let events = document["traceEvents"].as_array().expect("events");
        let mut last = 0;
        let mut open: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for event in events {
            assert!(event["name"].is_string(), "{event}");
            assert_eq!(event["pid"], std::process::id());
            let tid = event["tid"].as_u64().expect("a thread");
            let at = ns(&event["ts"]);
            match event["ph"].as_str().expect("a phase") {
                "M" => assert!(
                    event["args"]["name"].is_string() || event["args"]["sort_index"].is_u64()
                ),
                "i" => assert_eq!(event["s"], "t"),
                "X" => {
                    assert!(at >= last, "sorted");
                    last = at;
                    let end = at + ns(&event["dur"]);
                    let open = open.entry(tid).or_default();
                    while open.last().is_some_and(|&e| e <= at) {
                        open.pop();
                    }
                    assert!(open.last().is_none_or(|&e| end <= e), "nested");
                    open.push(end);
                    assert!(event["args"]["span"].is_string());
                }
                other => panic!("phase {other}"),
            }
        }
        events.clone()
    }

    #[test]
    fn the_document_has_what_perfetto_reads() {
        let pool = pool(2);
        pool.start_timeline();
        for _ in 0..20 {
            shared(&pool);
        }
        pool.install(|| span("a \"name\"\n\\ é", || {}));
        let timeline = pool.take_timeline();
        let events = check(&written(&timeline));
        let named = |phase: &str, name: &str| {
            let of = |e: &&Value| e["ph"] == phase && e["name"] == name;
            events.iter().filter(of).collect::<Vec<_>>()
        };
        assert_eq!(named("X", "half").len(), 20);
        assert_eq!(named("X", "a \"name\"\n\\ é").len(), 1);
        let threads = named("M", "thread_name");
        assert_eq!(threads.len(), timeline.tracks.len());
        assert!(threads.iter().any(|e| e["args"]["name"] == "guest 0"));
        let slices: usize = timeline.tracks.iter().map(|t| t.slices.len()).sum();
        assert_eq!(events.iter().filter(|e| e["ph"] == "X").count(), slices);
    }

    #[test]
    fn lost_events_are_shown() {
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .timeline_events(4)
            .build()
            .expect("a pool can be made here");
        pool.start_timeline();
        pool.install(|| (0..10).for_each(|_| span("s", || {})));
        let document = written(&pool.take_timeline());
        assert_eq!(document["otherData"]["lost_events"], "18");
        let events = check(&document);
        let lost = |e: &&Value| e["name"] == "18 earlier events are lost";
        assert_eq!(events.iter().filter(lost).count(), 1);
    }

    /// A writer that has room for so many bytes.
    struct Short(usize);

    impl io::Write for Short {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            let taken = buf.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_that_fails_says_so() {
        let pool = pool(1);
        pool.start_timeline();
        pool.install(|| span("s", || {}));
        let timeline = pool.take_timeline();
        let mut all = Vec::new();
        timeline.write_chrome(&mut all).expect("room");
        for room in 0..all.len() {
            assert!(timeline.write_chrome(&mut Short(room)).is_err(), "{room}");
        }
        assert!(timeline.write_chrome(&mut Short(all.len())).is_ok());
    }
}
