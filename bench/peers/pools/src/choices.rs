//! Whom to wake and who runs what: what a pool could gain by choosing.
//!
//! `chosen` prints nanoseconds from a wake until both the waker and the woken thread have done a piece
//! of work: `elsewhere` wakes a thread bound to another CPU, as our pool prefers, `here` one bound to the waker's own.
//! `kept` prints nanoseconds a pass of two threads over two halves of some memory: `own` has each
//! thread keep its half, `swapped` has them change halves at each pass; SIZE is KiB a half. `moved`
//! prints the percentage of a loop's items that another thread runs than in the pass before.
//! `pick` prints nanoseconds to pick one of SIZE sleepers: `bitmap` takes the first, `score` the best by
//! distance, by what it ran last and by how much.

use crate::plan::Plan;
use bedplate_os::affinity::bind_thread;
use bedplate_pool::prelude::*;
use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Some hundred microseconds of work.
fn piece() {
    (0..PIECE).for_each(|turn| _ = black_box(turn));
}

/// Turns of a piece of work.
const PIECE: u64 = 1_000_000;

pub fn chosen(plan: &Plan) {
    let cpu = match plan.pool.as_str() {
        "elsewhere" => 1,
        "here" => 0,
        other => panic!("no choice {other}"),
    };
    let epoch = Instant::now();
    let ended = Arc::new(AtomicU64::new(0));
    let (send, receive) = mpsc::channel::<()>();
    let note = Arc::clone(&ended);
    std::thread::spawn(move || {
        bind_thread(cpu).expect("a CPU");
        while receive.recv().is_ok() {
            piece();
            note.store(epoch.elapsed().as_nanos() as u64, Ordering::Release);
        }
    });
    bind_thread(0).expect("a first CPU");
    for _ in 0..plan.repeats {
        std::thread::sleep(Duration::from_millis(1));
        ended.store(0, Ordering::Relaxed);
        let sent = epoch.elapsed().as_nanos() as u64;
        send.send(()).expect("the thread lives");
        piece();
        let own = epoch.elapsed().as_nanos() as u64;
        while ended.load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
        println!("{}", ended.load(Ordering::Acquire).max(own) - sent);
    }
}

pub fn kept(plan: &Plan) {
    let swaps = match plan.pool.as_str() {
        "own" => false,
        "swapped" => true,
        other => panic!("no choice {other}"),
    };
    let words = plan.size as usize * 1024 / 8;
    let halves: Arc<[Vec<AtomicU64>; 2]> =
        Arc::new([(); 2].map(|()| (0..words as u64).map(AtomicU64::new).collect()));
    let turn = Arc::new(AtomicUsize::new(0));
    let passes = plan.repeats as usize;
    let pass = move |halves: &[Vec<AtomicU64>; 2], thread: usize, number: usize| {
        let half = if swaps { (thread + number) % 2 } else { thread };
        for word in &halves[half] {
            word.store(word.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    };
    let meet = |turn: &AtomicUsize, number: usize| {
        turn.fetch_add(1, Ordering::AcqRel);
        while turn.load(Ordering::Acquire) < 2 * (number + 1) {
            spin_loop();
        }
    };
    let other = {
        let (halves, turn) = (Arc::clone(&halves), Arc::clone(&turn));
        std::thread::spawn(move || {
            bind_thread(1).expect("a second CPU");
            for number in 0..passes {
                pass(&halves, 1, number);
                meet(&turn, number);
            }
        })
    };
    bind_thread(0).expect("a first CPU");
    for number in 0..passes {
        let began = Instant::now();
        pass(&halves, 0, number);
        meet(&turn, number);
        println!("{}", began.elapsed().as_nanos());
    }
    other.join().expect("no panic");
}

/// Items of the loop that is passed over again and again, and turns of each.
const ITEMS: usize = 1000;
const TURNS: u64 = 1000;

pub fn moved(plan: &Plan) {
    let ran_by: Vec<AtomicUsize> = (0..ITEMS).map(|_| AtomicUsize::new(0)).collect();
    let changes = AtomicUsize::new(0);
    plan.bedplate().install(|| {
        for pass in 0..plan.repeats {
            changes.store(0, Ordering::Relaxed);
            ran_by.par_iter().for_each(|ran_by| {
                let here = bedplate_pool::current_thread_index().expect("inside the pool");
                if ran_by.swap(here, Ordering::Relaxed) != here {
                    changes.fetch_add(1, Ordering::Relaxed);
                }
                (0..TURNS).for_each(|turn| _ = black_box(turn));
            });
            if pass > 0 {
                println!(
                    "{}",
                    changes.load(Ordering::Relaxed) as f64 * 100.0 / ITEMS as f64
                );
            }
        }
    });
}

/// What is known of a worker that could be woken.
struct Candidate {
    distance: u32,
    last_site: AtomicU64,
    runs: AtomicU64,
}

pub fn pick(plan: &Plan) {
    let count = plan.size as usize;
    assert!((1..=64).contains(&count));
    let idle = AtomicU64::new(u64::MAX >> (64 - count));
    let candidates: Vec<Candidate> = (0..count)
        .map(|n| Candidate {
            distance: n as u32 / 8,
            last_site: AtomicU64::new(n as u64 % 7),
            runs: AtomicU64::new(n as u64),
        })
        .collect();
    // Each taken bit is given back at once, so that all are there again for the next.
    let claim = |at: u32| {
        idle.fetch_and(!(1 << at), Ordering::AcqRel);
        idle.fetch_or(1 << at, Ordering::AcqRel);
        at
    };
    let first = || claim(idle.load(Ordering::Relaxed).trailing_zeros());
    let best = |site: u64| {
        let bits = idle.load(Ordering::Relaxed);
        let score = |n: &u32| {
            let candidate = &candidates[*n as usize];
            let is_warm = candidate.last_site.load(Ordering::Relaxed) == site;
            let load = candidate.runs.load(Ordering::Relaxed) as f64;
            let near = 1.0 / f64::from(1 + candidate.distance);
            (0.5 * near + if is_warm { 0.4 } else { 0.0 } + 0.1 / (1.0 + load)).clamp(0.0, 1.0)
        };
        let idle = (0..64).filter(|n| bits >> n & 1 == 1);
        let best = idle.max_by(|a, b| score(a).total_cmp(&score(b)));
        claim(best.expect("an idle one"))
    };
    const PICKS: u64 = 10_000;
    for _ in 0..plan.repeats {
        let began = Instant::now();
        let picked: u64 = match plan.pool.as_str() {
            "bitmap" => (0..PICKS).map(|_| u64::from(black_box(first()))).sum(),
            "score" => (0..PICKS).map(|n| u64::from(black_box(best(n % 7)))).sum(),
            other => panic!("no choice {other}"),
        };
        black_box(picked);
        println!("{}", began.elapsed().as_nanos() as f64 / PICKS as f64);
    }
}
