//! Forks: handlers run, and a monitor in the child knows that it has no thread.

use bedplate_os::fact::{Fact, Reason};
use bedplate_os::fork;
use bedplate_os::pressure::{PressureError, PressureMonitor, Settings};
use bedplate_os::sim::pressure::FakePressure;
use core::sync::atomic::{AtomicU32, Ordering};

static ORDER: AtomicU32 = AtomicU32::new(0);

extern "C" fn prepare() {
    ORDER.store(1, Ordering::Relaxed);
}

extern "C" fn parent() {
    ORDER.store(ORDER.load(Ordering::Relaxed) * 10 + 2, Ordering::Relaxed);
}

extern "C" fn child() {
    ORDER.store(ORDER.load(Ordering::Relaxed) * 10 + 3, Ordering::Relaxed);
}

/// Runs `work` in a forked child and returns what it returned.
fn in_child(work: impl FnOnce() -> u8) -> i32 {
    // SAFETY: the child makes only calls that need no lock of the parent's other threads.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let code = work();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(code)) }
    }
    assert!(pid > 0);
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert!(libc::WIFEXITED(status), "the child died: {status}");
    libc::WEXITSTATUS(status)
}

#[test]
fn handlers_and_monitors_know_which_side_they_are_on() {
    fork::register(Some(prepare), Some(parent), Some(child)).expect("registers");
    let (fake, source) = FakePressure::new().expect("has a descriptor");
    fake.group_percent(1, 10);
    let mut monitor = PressureMonitor::start(source, Settings::default()).expect("starts");
    let seen = in_child(|| {
        let order = ORDER.load(Ordering::Relaxed) == 13;
        let level = monitor.snapshot().level
            == Fact::Absent {
                because: Reason::Forked,
            };
        let stopped = monitor.stop() == Err(PressureError::Forked) && monitor.stop() == Ok(());
        u8::from(order) | u8::from(level) << 1 | u8::from(stopped) << 2
    });
    assert_eq!(seen, 0b111);
    assert_eq!(ORDER.load(Ordering::Relaxed), 12);
    assert!(monitor.snapshot().level.known().is_some());
    assert_eq!(monitor.stop(), Ok(()));
}
