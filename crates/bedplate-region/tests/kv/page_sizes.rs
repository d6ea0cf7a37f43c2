//! OS pages of 16 and 64 KiB, as some processors have.

use super::small::{backing, marks, shape, write};
use bedplate_os::budget::Budget;
use bedplate_os::pages::page_size;
use bedplate_os::sim::faults::Plan;
use bedplate_region::kv::{ContiguousKv, KvCache, KvError, PagedKv, Pages, Settings};

#[test]
fn caches_commit_pages_of_any_size() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    for page in [4_usize << 10, 16 << 10, 64 << 10] {
        // Multiples of the real size are right for the kernel, too.
        let plan = Plan::start_here();
        if !page.is_multiple_of(page_size()) {
            continue;
        }
        plan.fake_page_size(page);
        let less = backing().step_bytes(page / 2);
        let refused = ContiguousKv::new(shape(), 64, less).map(drop);
        assert!(matches!(refused, Err(KvError::Shape(_))), "{refused:?}");
        // Two pages of the values of a layer: 8 bytes a token.
        let tokens = page / 4;
        let all: Vec<u32> = (0..u32::try_from(tokens).unwrap()).collect();
        let backing = backing().budget(&BUDGET);
        let mut paged = PagedKv::new(shape(), Pages::new(2 * tokens), backing).unwrap();
        let id = paged.create(Settings::default()).unwrap();
        write(&mut paged, id, &all);
        assert_eq!(marks(&paged, id), all);
        let committed = paged.stats().committed_bytes;
        assert!(
            committed > 0 && committed.is_multiple_of(page),
            "{committed}"
        );
        assert_eq!(BUDGET.used_bytes(), committed as u64);
        paged.drop_sequence(id).unwrap();
        paged.trim().unwrap();
        assert_eq!((paged.stats().committed_bytes, BUDGET.used_bytes()), (0, 0));
        let mut plain = ContiguousKv::new(shape(), 2 * tokens, backing).unwrap();
        let id = plain.create(Settings::default()).unwrap();
        write(&mut plain, id, &all);
        assert_eq!(marks(&plain, id), all);
        assert!(BUDGET.used_bytes().is_multiple_of(page as u64));
        drop(plain);
        assert_eq!((BUDGET.used_bytes(), BUDGET.over_released_bytes()), (0, 0));
    }
}
