//! Budget and pressure.

use super::small::{backing, contiguous, marks, shape, write};
use bedplate_os::budget::Budget;
use bedplate_os::pages::page_size;
use bedplate_region::kv::{ContiguousKv, KvCache, KvError, PagedKv, Pages, SequenceId, Settings};

fn begun(cache: &mut PagedKv, tokens: &[u32]) -> SequenceId {
    let id = cache.create(Settings::default()).unwrap();
    write(cache, id, tokens);
    cache.commit(id).unwrap();
    id
}

#[test]
fn memory_is_charged_when_it_is_committed_and_not_when_it_is_reserved() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    let pages = Pages::new(1 << 30).block_tokens(64);
    let mut cache = PagedKv::new(shape(), pages, backing().budget(&BUDGET)).unwrap();
    assert_eq!(BUDGET.used_bytes(), 0);
    assert!(cache.stats().reserved_bytes > 1 << 30);
    let one = begun(&mut cache, &[1, 2, 3]);
    assert_eq!(BUDGET.used_bytes(), cache.stats().committed_bytes as u64);
    cache.drop_sequence(one).unwrap();
    assert!(cache.trim().unwrap() > 0);
    assert_eq!(BUDGET.used_bytes(), 0);
    begun(&mut cache, &[1, 2, 3]);
    drop(cache);
    assert_eq!((BUDGET.used_bytes(), BUDGET.over_released_bytes()), (0, 0));
}

#[test]
fn a_budget_that_is_used_up_is_an_error_and_nothing_is_lost() {
    static BUDGET: Budget = Budget::new(0, u64::MAX);
    let bytes = page_size() as u64;
    // One step of each of the four planes, and no running ahead.
    BUDGET.set(4 * bytes, u64::MAX);
    let tokens: Vec<u32> = (0..512).collect();
    let mut paged = PagedKv::new(
        shape(),
        Pages::new(1 << 14).block_tokens(64),
        backing().budget(&BUDGET),
    )
    .unwrap();
    // Values are 8 bytes a token: 512 tokens fill a page of 4096.
    let fits = page_size() / 8;
    let one = begun(&mut paged, &tokens[..fits.min(512)]);
    if fits == 512 {
        assert!(matches!(paged.append(one, 64), Err(KvError::Budget(_))));
    }
    assert_eq!(marks(&paged, one).len(), fits.min(512));
    drop(paged);
    assert_eq!(BUDGET.used_bytes(), 0);
    let mut other = ContiguousKv::new(shape(), 1 << 14, backing().budget(&BUDGET)).unwrap();
    let id = other.create(Settings::default()).unwrap();
    write(&mut other, id, &tokens[..fits.min(512)]);
    if fits == 512 {
        assert!(matches!(other.append(id, 64), Err(KvError::Budget(_))));
        assert!(matches!(other.prepare(id, 64), Err(KvError::Budget(_))));
    }
    assert_eq!(marks(&other, id).len(), fits.min(512));
    BUDGET.set(64 * bytes, u64::MAX);
    other.prepare(id, 64).unwrap();
    write(&mut other, id, &tokens[..64]);
    drop(other);
    assert_eq!((BUDGET.used_bytes(), BUDGET.over_released_bytes()), (0, 0));
}

#[test]
fn an_append_evicts_when_the_budgets_soft_mark_was_crossed() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    let pages = Pages::new(1 << 12).block_tokens(4);
    let mut cache = PagedKv::new(shape(), pages, backing().budget(&BUDGET)).unwrap();
    let tokens: Vec<u32> = (0..2048).collect();
    let idle = begun(&mut cache, &[5; 4]);
    let active = begun(&mut cache, &[6; 4]);
    let one = begun(&mut cache, &tokens);
    cache.publish(one, &tokens).unwrap();
    cache.drop_sequence(one).unwrap();
    cache.pin(idle, false).unwrap();
    let kept = cache.stats().blocks_kept;
    assert_eq!(kept, 512);
    // The mark falls below what is in use: somebody else wants memory.
    let before = BUDGET.used_bytes();
    BUDGET.set(1 << 30, 8);
    for round in 1..=8 {
        cache.append(active, 0).unwrap();
        assert_eq!(cache.stats().blocks_kept, kept - 64 * round);
    }
    assert!(BUDGET.used_bytes() < before);
    assert!(cache.state(idle).is_ok());
    cache.append(active, 0).unwrap();
    assert_eq!(cache.state(idle), Err(KvError::Evicted));
    // Nothing is left to evict: the cache goes on, and is not asked again.
    cache.append(active, 0).unwrap();
    write(&mut cache, active, &[7]);
    assert_eq!(marks(&cache, active), [6, 6, 6, 6, 7]);
}

#[test]
fn whoever_holds_the_relief_can_ask_and_a_mark_that_is_left_again_calms() {
    static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);
    let pages = Pages::new(64).block_tokens(4);
    let mut cache = PagedKv::new(shape(), pages, backing().budget(&BUDGET)).unwrap();
    let one = begun(&mut cache, &[1, 2, 3, 4]);
    cache.publish(one, &[1, 2, 3, 4]).unwrap();
    cache.drop_sequence(one).unwrap();
    let other = cache.create(Settings::default()).unwrap();
    BUDGET.set(1 << 30, 1);
    BUDGET.set(1 << 30, u64::MAX);
    cache.append(other, 0).unwrap();
    assert_eq!(cache.stats().blocks_kept, 1);
    let relief = cache.relief();
    relief.ask();
    cache.append(other, 0).unwrap();
    assert_eq!(cache.stats().blocks_kept, 0);
    assert_eq!(BUDGET.used_bytes(), 0);
    drop(cache);
    relief.ask();
}

#[test]
fn pressure_that_is_high_asks() {
    use bedplate_os::fact::Fact;
    use bedplate_os::pressure::{Level, Listener, PressureMonitor, Settings as Pace};
    use bedplate_os::source::Machine;
    let pages = Pages::new(64).block_tokens(4);
    let mut cache = PagedKv::new(shape(), pages, backing()).unwrap();
    let monitor = PressureMonitor::watch(&Machine::running(), Pace::default()).unwrap();
    let mut snapshot = monitor.snapshot();
    for (level, kept) in [
        (Level::None, 1),
        (Level::Some, 1),
        (Level::High, 0),
        (Level::Critical, 0),
    ] {
        let one = begun(&mut cache, &[1, 2, 3, 4]);
        cache.publish(one, &[1, 2, 3, 4]).unwrap();
        cache.drop_sequence(one).unwrap();
        snapshot.level = Fact::Known(level);
        cache.relief().pressure_changed(&snapshot);
        let other = cache.create(Settings::default()).unwrap();
        cache.append(other, 0).unwrap();
        assert_eq!(cache.stats().blocks_kept, kept, "{level:?}");
        cache.drop_sequence(other).unwrap();
    }
}

#[test]
fn a_contiguous_cache_says_when_it_is_full() {
    let mut cache = contiguous(10);
    let id = cache.create(Settings::default()).unwrap();
    write(&mut cache, id, &[1; 8]);
    let full = KvError::Full {
        need_tokens: 3,
        capacity_tokens: 10,
    };
    assert_eq!(cache.append(id, 3).err(), Some(full));
    cache.drop_front(id, 4).unwrap();
    write(&mut cache, id, &[2; 6]);
    assert_eq!(cache.runs(id, 0).unwrap().count(), 2);
    assert_eq!(cache.slots(id).unwrap().count(), 10);
    assert_eq!(
        cache.runs(id, 2).err(),
        Some(KvError::Layer {
            layer: 2,
            layers: 2
        })
    );
    assert!(ContiguousKv::new(shape(), 0, backing()).is_err());
    assert!(ContiguousKv::new(shape(), 1, backing().step_bytes(1)).is_err());
    assert_eq!(cache.shape(), shape());
}
