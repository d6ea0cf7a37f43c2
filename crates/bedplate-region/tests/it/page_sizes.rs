//! OS pages of 16 and 64 KiB, as some processors have.

use bedplate_os::budget::Budget;
use bedplate_os::pages::page_size;
use bedplate_os::sim::faults::Plan;
use bedplate_region::{Arena, ArenaError};

/// Multiples of the real size, so that the kernel takes them too.
const PAGE_SIZES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

#[test]
fn an_arena_counts_in_pages_of_any_size() {
    static BUDGET: Budget = Budget::new(0, u64::MAX);
    for page in PAGE_SIZES {
        let plan = Plan::start_here();
        if !page.is_multiple_of(page_size()) {
            continue;
        }
        plan.fake_page_size(page);
        BUDGET.set(4 * page as u64, u64::MAX);
        let mut arena = Arena::builder(8 * page)
            .base_bytes(1)
            .commit_steps(1)
            .budget(&BUDGET)
            .build()
            .expect("an arena");
        let first = arena.alloc_filled(page + 1, 7_u8).expect("fits");
        assert_eq!(first.len(), page + 1);
        assert_eq!(arena.committed_bytes(), 2 * page);
        let refused = arena.alloc_filled(2 * page, 8_u8).map(drop);
        assert!(matches!(refused, Err(ArenaError::Budget(_))), "{refused:?}");
        assert_eq!(BUDGET.used_bytes(), 3 * page as u64);
        {
            let mut point = arena.savepoint();
            point.alloc_filled(page, 9_u8).expect("fits");
            point.rewind();
        }
        assert_eq!(arena.committed_bytes(), 3 * page);
        arena.reset();
        assert_eq!(arena.trim().ok(), Some(3 * page));
        let zeroed = arena.alloc_zeroed::<u8>(2 * page).expect("fits");
        assert!(zeroed.iter().all(|byte| *byte == 0));
        drop(arena);
        assert_eq!((BUDGET.used_bytes(), BUDGET.over_released_bytes()), (0, 0));
    }
}
