//! Budgets: limits, marks, subscribers, and many threads at once.

use bedplate_os::budget::{Budget, BudgetError, Crossing, SUBSCRIBERS_MAX, UNLIMITED};
use core::sync::atomic::{AtomicU64, Ordering};

static PROCESS_WIDE: Budget = Budget::new(1000, 800);

#[test]
fn a_static_budget_refuses_what_passes_its_limit() {
    assert_eq!(PROCESS_WIDE.charge(999), Ok(()));
    let refused = PROCESS_WIDE.charge(2);
    assert_eq!(
        refused,
        Err(BudgetError::Limit {
            asked_bytes: 2,
            used_bytes: 999,
            limit_bytes: 1000
        })
    );
    assert!(refused.is_err_and(|e| {
        e.to_string()
            .contains("999 of the budget's 1000 are in use")
    }));
    assert_eq!(PROCESS_WIDE.charge(1), Ok(()));
    assert!(PROCESS_WIDE.charge(u64::MAX).is_err());
    PROCESS_WIDE.release(1000);
    assert_eq!(
        (PROCESS_WIDE.used_bytes(), PROCESS_WIDE.peak_bytes()),
        (0, 1000)
    );
    assert_eq!(PROCESS_WIDE.refused_count(), 2);
}

#[test]
fn each_crossing_of_the_mark_is_told_once() {
    static UP: AtomicU64 = AtomicU64::new(0);
    static DOWN: AtomicU64 = AtomicU64::new(0);
    let budget = Budget::new(UNLIMITED, 100);
    let subscription = budget
        .subscribe(
            |context, crossing| {
                assert_eq!(context, 42);
                match crossing {
                    Crossing::Above => UP.fetch_add(1, Ordering::Relaxed),
                    Crossing::Below => DOWN.fetch_add(1, Ordering::Relaxed),
                };
            },
            42,
        )
        .expect("has room");
    for bytes in [60, 60, 60] {
        budget.charge(bytes).expect("has room");
    }
    assert_eq!(
        (UP.load(Ordering::Relaxed), DOWN.load(Ordering::Relaxed)),
        (1, 0)
    );
    budget.release(180);
    assert_eq!(
        (UP.load(Ordering::Relaxed), DOWN.load(Ordering::Relaxed)),
        (1, 1)
    );
    budget.charge(50).expect("has room");
    budget.set(UNLIMITED, 40);
    budget.set(UNLIMITED, 60);
    assert_eq!(
        (UP.load(Ordering::Relaxed), DOWN.load(Ordering::Relaxed)),
        (2, 2)
    );
    budget.unsubscribe(subscription);
    budget.unsubscribe(subscription);
    budget.charge(50).expect("has room");
    assert_eq!(UP.load(Ordering::Relaxed), 2);
    assert_eq!((budget.limit_bytes(), budget.soft_bytes()), (UNLIMITED, 60));
}

#[test]
fn a_subscriber_may_release_inside_the_call() {
    static BUDGET: Budget = Budget::new(100, 50);
    BUDGET
        .subscribe(
            |_, crossing| {
                if crossing == Crossing::Above {
                    BUDGET.release(60);
                }
            },
            0,
        )
        .expect("has room");
    BUDGET.charge(60).expect("has room");
    assert_eq!(BUDGET.used_bytes(), 0);
}

#[test]
fn places_for_subscribers_run_out_and_come_back() {
    let budget = Budget::new(1, 1);
    let all: Vec<_> = (0..SUBSCRIBERS_MAX)
        .map(|n| budget.subscribe(|_, _| {}, n).expect("has room"))
        .collect();
    assert_eq!(
        budget.subscribe(|_, _| {}, 0),
        Err(BudgetError::SubscribersFull)
    );
    budget.unsubscribe(all[3]);
    let again = budget.subscribe(|_, _| {}, 0).expect("has room again");
    // The old name does not end the new subscription.
    budget.unsubscribe(all[3]);
    assert_eq!(
        budget.subscribe(|_, _| {}, 0),
        Err(BudgetError::SubscribersFull)
    );
    budget.unsubscribe(again);
    assert!(budget.subscribe(|_, _| {}, 0).is_ok());
}

#[test]
fn releasing_what_was_never_charged_is_counted() {
    let budget = Budget::new(10, 10);
    budget.charge(3).expect("has room");
    budget.release(5);
    assert_eq!((budget.used_bytes(), budget.over_released_bytes()), (0, 2));
    budget.release(u64::MAX);
    budget.release(u64::MAX);
    assert_eq!(budget.over_released_bytes(), u64::MAX);
}

#[test]
fn a_lowered_limit_refuses_until_use_is_below_it() {
    let budget = Budget::new(100, 90);
    budget.charge(80).expect("has room");
    budget.set(50, 40);
    assert!(budget.charge(1).is_err());
    budget.release(40);
    assert!(budget.charge(10).is_ok());
    assert!(budget.charge(1).is_err());
}

/// Charges and releases, and holds the budget to its limit of 1000 by a count of its own.
fn churn(budget: &Budget, held: &AtomicU64, thread: u64) {
    for turn in 0..5_000 {
        let bytes = (thread * 131 + turn * 17) % 400 + 1;
        if budget.charge(bytes).is_ok() {
            let now = held.fetch_add(bytes, Ordering::Relaxed) + bytes;
            assert!(now <= 1000);
            held.fetch_sub(bytes, Ordering::Relaxed);
            budget.release(bytes);
        }
    }
}

#[test]
fn threads_never_pass_the_limit_together() {
    static CROSSED: AtomicU64 = AtomicU64::new(0);
    let budget = Budget::new(1000, 900);
    let held = AtomicU64::new(0);
    budget
        .subscribe(
            |_, crossing| {
                let step = if crossing == Crossing::Above {
                    1
                } else {
                    u64::MAX
                };
                CROSSED.fetch_add(step, Ordering::Relaxed);
            },
            0,
        )
        .expect("has room");
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (budget, held) = (&budget, &held);
            scope.spawn(move || churn(budget, held, thread));
        }
    });
    assert_eq!(budget.used_bytes(), 0);
    assert!(budget.peak_bytes() <= 1000);
    // As many crossings up as down.
    assert_eq!(CROSSED.load(Ordering::Relaxed), 0);
}

#[test]
fn subscribers_come_and_go_while_others_are_told() {
    fn first(context: usize, _: Crossing) {
        assert_eq!(context, 1);
    }
    fn second(context: usize, _: Crossing) {
        assert_eq!(context, 2);
    }
    let budget = Budget::new(UNLIMITED, 1);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20_000 {
                budget.charge(1).expect("has room");
                budget.release(1);
            }
        });
        for _ in 0..2_000 {
            // A slot that is used by both in turn must never pair one's function with the other's
            // context.
            let a = budget.subscribe(first, 1).expect("has room");
            budget.unsubscribe(a);
            let b = budget.subscribe(second, 2).expect("has room");
            budget.unsubscribe(b);
        }
    });
}
