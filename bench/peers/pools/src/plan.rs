//! How a program is run, and how its figures are printed. Shared with the package of the pool that
//! needs a newer compiler.

use std::time::Instant;

/// How a program is run.
#[derive(Clone)]
pub struct Plan {
    pub program: String,
    pub pool: String,
    pub size: u32,
    pub repeats: u32,
    pub threads: usize,
    /// Threads are bound to CPUs, each to one.
    pub bound: bool,
}

impl Plan {
    /// What the command line says; ends the process if it does not.
    pub fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse().ok());
        let (Some(program), Some(pool), Some(size), Some(repeats)) =
            (words.first(), words.get(1), number(2), number(3))
        else {
            eprintln!("usage: PROGRAM POOL SIZE REPEATS [THREADS|0] [bound|free]");
            std::process::exit(2);
        };
        let cpus = || std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            program: program.clone(),
            pool: pool.clone(),
            size,
            repeats,
            threads: number(4).filter(|n| *n > 0).map_or_else(cpus, |n| n as usize),
            bound: words.get(5).is_none_or(|word| word == "bound"),
        }
    }

    /// Binds this thread to the first CPU and the others of this process to the others, the youngest
    /// to the last, over and over: a pool's own threads to a CPU each, whatever the pool can say of
    /// it itself. Call it when the pool's threads are there.
    pub fn bind(&self) {
        if !self.bound {
            return;
        }
        let own = std::process::id();
        let mut threads: Vec<u32> = std::fs::read_dir("/proc/self/task")
            .expect("threads")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|thread| *thread != own)
            .collect();
        threads.sort_unstable();
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        // The last CPUs first: a pool whose caller works has one thread less.
        for (at, thread) in threads.into_iter().enumerate() {
            bind(thread, cpus - 1 - at % cpus);
        }
        bind(own, 0);
    }

    /// Prints the nanoseconds of each repetition. A result that is not the expected one ends the
    /// process, so that no pool gains by leaving something out.
    pub fn time(&self, expected: u64, run: impl FnMut() -> u64) {
        self.time_with(run, |result| assert_eq!(result, expected, "a wrong result"));
    }

    /// The same with a check of its own, which is not timed.
    pub fn time_with<R>(&self, mut run: impl FnMut() -> R, mut check: impl FnMut(R)) {
        for _ in 0..self.repeats {
            let began = Instant::now();
            let result = std::hint::black_box(run());
            let took = began.elapsed().as_nanos();
            check(result);
            println!("{took}");
        }
    }
}

fn bind(thread: u32, cpu: usize) {
    // SAFETY: a set of CPUs is plain data.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the CPU is below the set's size.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    let size = std::mem::size_of_val(&set);
    // SAFETY: the set is as long as it is said to be.
    let bound = unsafe { libc::sched_setaffinity(thread as libc::pid_t, size, &set) };
    assert_eq!(bound, 0, "thread {thread} cannot be bound to CPU {cpu}");
}
