//! The pools of the contenders.

use crate::plan::Plan;
use crate::{quiet, wakes};
use std::sync::mpsc;

impl Plan {
    /// Our pool; free threads are an opt-out.
    pub fn bedplate(&self) -> bedplate_pool::ThreadPool {
        let builder = bedplate_pool::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .bind_workers(self.bound);
        let pool = builder.build().expect("the pool starts");
        // Its workers bind themselves: this thread alone.
        if self.bound {
            bedplate_os::affinity::bind_thread(0).expect("a first CPU");
        }
        pool
    }

    pub fn rayon(&self) -> rayon::ThreadPool {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(self.threads);
        let pool = builder.build().expect("the pool starts");
        self.bind();
        pool
    }

    pub fn chili(&self) -> chili::ThreadPool {
        let pool = chili::ThreadPool::with_config(chili::Config {
            thread_count: self.threads.try_into().ok(),
            ..chili::Config::default()
        });
        self.bind();
        pool
    }
}

/// The pool's way to have a detached job run, after a burst of work; `channel` is a thread that sleeps
/// on one.
pub fn spawner(plan: &Plan) -> Box<dyn Fn(quiet::Job)> {
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
        "channel" => {
            let (send, receive) = mpsc::channel::<quiet::Job>();
            std::thread::spawn(move || receive.into_iter().for_each(|job| job()));
            plan.bind();
            Box::new(move |job| send.send(job).expect("the thread lives"))
        }
        other => panic!("no pool {other}"),
    }
}

/// The pool's way to have this job run, over and over; `channel` is a thread that sleeps on one.
pub fn sender(plan: &Plan, job: wakes::Job) -> Box<dyn Fn()> {
    match plan.pool.as_str() {
        "bedplate" => {
            let builder = bedplate_pool::ThreadPoolBuilder::new().num_threads(plan.threads);
            let pool = builder.build().expect("the pool starts");
            Box::new(move || {
                let job = wakes::Job::clone(&job);
                pool.spawn(move || job());
            })
        }
        "rayon" => {
            let pool = plan.rayon();
            Box::new(move || {
                let job = wakes::Job::clone(&job);
                pool.spawn(move || job());
            })
        }
        "channel" => {
            let (send, receive) = mpsc::channel::<()>();
            std::thread::spawn(move || {
                while receive.recv().is_ok() {
                    job();
                }
            });
            Box::new(move || send.send(()).expect("the thread lives"))
        }
        other => panic!("no pool {other}"),
    }
}
