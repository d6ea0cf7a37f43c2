//! Locks and parking between threads.

use bedplate_os::background::Background;
use bedplate_os::lock::{Lock, Parking};
use core::sync::atomic::{AtomicU32, Ordering};

#[test]
fn a_held_lock_makes_others_sleep_until_it_is_given_up() {
    let lock = Lock::new();
    lock.hold();
    let order = AtomicU32::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = lock.lock();
            assert_eq!(order.load(Ordering::Relaxed), 1);
        });
        assert!(lock.try_lock().is_none());
        order.store(1, Ordering::Relaxed);
        lock.unhold();
    });
    lock.hold();
    lock.reset_in_child();
    assert!(lock.try_lock().is_some());
}

#[test]
fn parking_wakes_on_unpark_and_does_not_miss_one() {
    let parking = Parking::new();
    let work = AtomicU32::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Ends when the other thread has stored its work.
            while work.load(Ordering::Acquire) == 0 {
                let ticket = parking.ticket();
                if work.load(Ordering::Acquire) == 0 {
                    parking.park(ticket, None);
                }
            }
        });
        work.store(1, Ordering::Release);
        parking.unpark_all();
    });
}

#[test]
fn a_helper_thread_that_cannot_start_says_so() {
    use bedplate_os::Operation;
    use bedplate_os::sim::faults::Plan;
    static HELPER: Background = Background::new();
    extern "C" fn entry() {
        HELPER.ended();
    }
    let plan = Plan::start_here();
    plan.fail(Operation::ThreadStart, 1, 1);
    let error = HELPER.start(entry).expect_err("the plan fails it");
    assert_eq!(error.operation, Operation::ThreadStart);
    assert_eq!(HELPER.start(entry), Ok(true));
}
