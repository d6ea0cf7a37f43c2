//! What a pool costs that has little or nothing to do.
//!
//! `trickle` prints microseconds of processor time a job above the same loop without jobs; `idle`
//! and `busy` print context switches of the pool's threads.

use crate::Plan;
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

type Job = Box<dyn FnOnce() + Send>;

/// The pool's way to have a detached job run, and a burst of work to begin with.
fn spawner(plan: &Plan) -> Box<dyn Fn(Job)> {
    match plan.pool.as_str() {
        "bedplate" => {
            let pool = plan.bedplate();
            pool.enter(|cx| cx.join(|_| (), |_| ()));
            Box::new(move |job| pool.spawn(job))
        }
        "rayon" => {
            let pool = plan.rayon();
            pool.install(|| rayon::join(|| (), || ()));
            Box::new(move |job| pool.spawn(job))
        }
        other => panic!("no pool {other}"),
    }
}

pub fn trickle(plan: &Plan) {
    let spawn = spawner(plan);
    for _ in 0..plan.repeats {
        let mut loops = [0, 0];
        for (ns, with_jobs) in loops.iter_mut().zip([false, true]) {
            let before = ran_ns();
            for _ in 0..plan.size {
                if with_jobs {
                    spawn(Box::new(|| {}));
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            *ns = ran_ns() - before;
        }
        println!(
            "{}",
            (loops[1] as f64 - loops[0] as f64) / 1000.0 / f64::from(plan.size)
        );
    }
}

pub fn idle(plan: &Plan) {
    let spawn = spawner(plan);
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

pub fn busy(plan: &Plan) {
    let spawn = spawner(plan);
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
