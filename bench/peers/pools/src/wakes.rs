//! How long after it was spawned a job begins on a sleeping worker: nanoseconds, all samples. The
//! spawner is bound to the first CPU and the worker to the second. `channel` is a thread that sleeps
//! on a channel.

use crate::Plan;
use bedplate_os::affinity::bind_thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

pub fn run(plan: &Plan) {
    let epoch = Instant::now();
    let taken = Arc::new(AtomicU64::new(0));
    let job = {
        let taken = Arc::clone(&taken);
        move || taken.store(epoch.elapsed().as_nanos() as u64, Ordering::Release)
    };
    let bind = || bind_thread(1).expect("a second CPU");
    let send: Box<dyn Fn()> = match plan.pool.as_str() {
        "bedplate" => {
            let builder = bedplate_pool::ThreadPoolBuilder::new().num_threads(1);
            let pool = builder.start_handler(move |_| bind()).build();
            let pool = pool.expect("the pool starts");
            Box::new(move || pool.spawn(job.clone()))
        }
        "rayon" => {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(1);
            let pool = builder.start_handler(move |_| bind()).build();
            let pool = pool.expect("the pool starts");
            Box::new(move || pool.spawn(job.clone()))
        }
        "channel" => {
            let (send, receive) = mpsc::channel::<()>();
            std::thread::spawn(move || {
                bind();
                while receive.recv().is_ok() {
                    job();
                }
            });
            Box::new(move || send.send(()).expect("the thread lives"))
        }
        other => panic!("no pool {other}"),
    };
    bind_thread(0).expect("a first CPU");
    for _ in 0..plan.repeats {
        std::thread::sleep(Duration::from_micros(u64::from(plan.size)));
        taken.store(0, Ordering::Relaxed);
        let sent = epoch.elapsed().as_nanos() as u64;
        send();
        loop {
            let at = taken.load(Ordering::Acquire);
            if at != 0 {
                println!("{}", at - sent);
                break;
            }
            std::hint::spin_loop();
        }
    }
}
