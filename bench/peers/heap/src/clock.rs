//! The thread's time, and the process's memory.

/// Measures the time that this thread was running.
pub struct Watch(u64);

impl Watch {
    pub fn start() -> Self {
        Self(thread_ns())
    }

    pub fn ns(&self) -> u64 {
        thread_ns() - self.0
    }
}

/// The time that this thread was running so far.
pub fn thread_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the place is a timespec of this function's.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(code, 0);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Memory that a deed made resident, huge pages off: they come in lumps.
pub fn growth_of_memory(deed: impl FnOnce()) -> u64 {
    // SAFETY: a flag of this process; it takes no address.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) };
    let before = resident();
    deed();
    resident() - before
}

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("a number");
    pages * 4096
}
