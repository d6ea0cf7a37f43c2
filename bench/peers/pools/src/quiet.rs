//! What a pool costs that has little or nothing to do.
//!
//! `trickle` prints microseconds of processor time a job above the same loop without jobs; `idle`
//! and `busy` print context switches of the pool's threads. A pool is its way to have a detached job
//! run, and had a burst of work before.

use crate::plan::Plan;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Nanoseconds that all threads of this process ran.
fn ran_ns() -> u64 {
    sum("schedstat", |text| {
        text.split(' ').next()?.trim().parse().ok()
    })
}

/// Context switches of all threads of this process but the first and one other.
fn switches(other: u32) -> u64 {
    let left_out = [std::process::id().to_string(), other.to_string()];
    sum("status", |text| {
        let line = |name: &str| text.lines().find_map(|l| l.strip_prefix(name));
        if left_out
            .iter()
            .any(|pid| line("Pid:").is_some_and(|l| l.trim() == pid))
        {
            return Some(0);
        }
        let number = |name| line(name).and_then(|n| n.trim().parse::<u64>().ok());
        Some(number("voluntary_ctxt_switches:")? + number("nonvoluntary_ctxt_switches:")?)
    })
}

fn sum(file: &str, read: impl Fn(&str) -> Option<u64>) -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads");
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join(file)).ok())
        .filter_map(|text| read(&text))
        .sum()
}

pub type Job = Box<dyn FnOnce() + Send>;

/// Runs the program that the plan names.
pub fn run(plan: &Plan, spawn: &dyn Fn(Job)) {
    match plan.program.as_str() {
        "trickle" => trickle(plan, spawn),
        "idle" => idle(plan, spawn),
        "busy" => busy(plan, spawn),
        other => panic!("no program {other}"),
    }
}

fn trickle(plan: &Plan, spawn: &dyn Fn(Job)) {
    let ran = Arc::new(AtomicU32::new(0));
    for _ in 0..plan.repeats {
        let mut loops = [0, 0];
        for (ns, with_jobs) in loops.iter_mut().zip([false, true]) {
            let before = ran_ns();
            for _ in 0..plan.size {
                if with_jobs {
                    let ran = Arc::clone(&ran);
                    spawn(Box::new(move || _ = ran.fetch_add(1, Ordering::Relaxed)));
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            // A pool may be late with the last ones; they count, too.
            for _ in 0..1000 {
                if !with_jobs || ran.load(Ordering::Relaxed) >= plan.size {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            *ns = ran_ns() - before;
        }
        let jobs = ran.swap(0, Ordering::Relaxed);
        assert_eq!(jobs, plan.size, "jobs were left out");
        println!(
            "{}",
            (loops[1] as f64 - loops[0] as f64) / 1000.0 / f64::from(plan.size)
        );
    }
}

fn idle(plan: &Plan, spawn: &dyn Fn(Job)) {
    let ran = Arc::new(AtomicU32::new(0));
    for _ in 0..1000 {
        let ran = Arc::clone(&ran);
        spawn(Box::new(move || _ = ran.fetch_add(1, Ordering::Relaxed)));
    }
    while ran.load(Ordering::Relaxed) < 1000 {
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_millis(300));
    for _ in 0..plan.repeats {
        let before = switches(0);
        std::thread::sleep(Duration::from_secs(u64::from(plan.size)));
        println!("{}", switches(0) - before);
    }
}

fn busy(plan: &Plan, spawn: &dyn Fn(Job)) {
    for _ in 0..plan.repeats {
        // The busy thread's number; its own switches are the machine's doing.
        let begun = Arc::new(AtomicU32::new(0));
        let ended = Arc::new(AtomicBool::new(false));
        let (flag, end) = (Arc::clone(&begun), Arc::clone(&ended));
        spawn(Box::new(move || {
            let own = std::fs::read_link("/proc/thread-self").expect("a thread");
            let number = own.file_name().and_then(|n| n.to_str()?.parse().ok());
            flag.store(number.expect("a number"), Ordering::Relaxed);
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(1200) {
                std::hint::spin_loop();
            }
            end.store(true, Ordering::Relaxed);
        }));
        while begun.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let busy = begun.load(Ordering::Relaxed);
        let before = switches(busy);
        std::thread::sleep(Duration::from_secs(1));
        println!("{}", switches(busy) - before);
        while !ended.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
