//! Every refusal of the system, in turn and in pairs.

use bedplate_os::Operation;
use bedplate_os::budget::Budget;
use bedplate_os::pages;
use bedplate_os::sim::faults::Plan;
use bedplate_region::{Arena, ArenaBuilder, ArenaError, BuildError};

fn builder(budget: &'static Budget) -> ArenaBuilder {
    Arena::builder(40 << 10)
        .base_bytes(4096)
        .huge_pages(true)
        .prefault(true)
        .commit_steps(8 << 10)
        .budget(budget)
}

/// Makes an arena, fills it in steps, trims it, fills it again. Returns how far it came.
fn life(budget: &'static Budget) -> Result<usize, String> {
    let mut arena = builder(budget).build().map_err(|e| e.to_string())?;
    let mut done = 1;
    for _round in 0..2 {
        for _ in 0..5 {
            let before = arena.used_bytes();
            match arena.alloc_filled(8000, 3_u8) {
                Ok(bytes) => assert!(bytes.iter().all(|byte| *byte == 3)),
                Err(ArenaError::Os(_)) => {
                    assert_eq!(arena.used_bytes(), before);
                    // What failed once may go well the next time.
                    if let Ok(bytes) = arena.alloc_filled(8000, 4_u8) {
                        assert_eq!(bytes[7999], 4);
                    }
                }
                Err(error) => return Err(error.to_string()),
            }
            done += 1;
        }
        arena.reset();
        let committed = arena.committed_bytes();
        match arena.trim() {
            Ok(bytes) => assert_eq!(arena.committed_bytes(), committed - bytes),
            Err(_) => assert_eq!(arena.committed_bytes(), committed),
        }
        let base = pages::page_size() as u64;
        assert_eq!(budget.used_bytes(), base + arena.committed_bytes() as u64);
    }
    Ok(done)
}

const KINDS: [Operation; 5] = [
    Operation::Reserve,
    Operation::Commit,
    Operation::Decommit,
    Operation::Release,
    Operation::Advise,
];

#[test]
fn every_refusal_is_an_error_and_nothing_stays_charged() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    for kind in KINDS {
        for nth in 1.. {
            let plan = Plan::start_here();
            plan.fail(kind, nth, nth);
            let outcome = life(&BUDGET);
            let seen = plan.seen(kind);
            drop(plan);
            let held = if kind == Operation::Release && seen >= nth {
                1
            } else {
                0
            };
            // What the kernel did not take back is still held, and says so.
            let charged = BUDGET.used_bytes();
            assert!(charged == 0 || held == 1, "{kind:?} {nth}: {charged}");
            BUDGET.release(charged);
            assert_eq!(BUDGET.over_released_bytes(), 0);
            if seen < nth {
                assert_eq!(outcome, Ok(11), "{kind:?} {nth}");
                break;
            }
            assert!(outcome.is_ok() || nth < 8, "{kind:?} {nth}: {outcome:?}");
        }
    }
}

#[test]
fn pairs_of_refusals_leave_an_arena_in_order() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    for first in 1..12 {
        for second in first..first + 6 {
            for (one, other) in [
                (Operation::Commit, Operation::Commit),
                (Operation::Commit, Operation::Decommit),
                (Operation::Decommit, Operation::Release),
            ] {
                let plan = Plan::start_here();
                plan.fail(other, second - first + 1, second - first + 1);
                plan.fail(one, first, second);
                let _outcome = life(&BUDGET);
                drop(plan);
                BUDGET.release(BUDGET.used_bytes());
                assert_eq!(BUDGET.over_released_bytes(), 0);
            }
        }
    }
}

#[test]
fn an_arena_that_cannot_be_made_says_why() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    for (kind, word) in [
        (Operation::Reserve, "reserve address space"),
        (Operation::Commit, "commit pages"),
        (Operation::Advise, "advise on pages"),
    ] {
        let plan = Plan::start_here();
        plan.fail(kind, 1, 1);
        let made = builder(&BUDGET).build();
        drop(plan);
        assert!(matches!(made, Err(BuildError::Os(_))), "{made:?}");
        let text = made.map_or_else(|e| e.to_string(), |_| String::new());
        assert!(text.contains(word), "{text}");
        assert_eq!(BUDGET.used_bytes(), 0);
    }
}

#[test]
fn what_a_failed_prefault_backed_goes_back_or_stays_charged() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    let step = 2 * pages::page_size();
    let arena = Arena::builder(8 * step)
        .prefault(true)
        .commit_steps(step)
        .budget(&BUDGET);
    let mut arena = arena.build().expect("an arena");
    // The second of the two calls to commit is the one that backs.
    let plan = Plan::start_here();
    plan.fail(Operation::Commit, 2, 2);
    assert!(matches!(arena.alloc(1_u8), Err(ArenaError::Os(_))));
    assert_eq!(plan.seen(Operation::Decommit), 1);
    drop(plan);
    assert_eq!((BUDGET.used_bytes(), arena.committed_bytes()), (0, 0));
    for _round in 0..2 {
        let plan = Plan::start_here();
        plan.fail(Operation::Commit, 2, 2);
        plan.fail(Operation::Decommit, 1, 1);
        let three = 3 * step;
        assert!(matches!(
            arena.alloc_uninit::<u8>(three),
            Err(ArenaError::Os(_))
        ));
        drop(plan);
        assert_eq!(BUDGET.used_bytes(), three as u64);
        assert_eq!(arena.committed_bytes(), three);
        // What is charged already is not charged again.
        arena.alloc(1_u8).expect("the kernel is well again");
        assert_eq!(BUDGET.used_bytes(), three as u64);
        arena.alloc_filled(three, 5_u8).expect("fits");
        assert_eq!(BUDGET.used_bytes(), 4 * step as u64);
        arena.reset();
        assert_eq!(arena.trim(), Ok(4 * step));
        assert_eq!(BUDGET.used_bytes(), 0);
    }
    drop(arena);
    assert_eq!(BUDGET.over_released_bytes(), 0);
}
