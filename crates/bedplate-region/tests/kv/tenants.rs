//! What one tenant wrote is never read by another.

use super::small::{contiguous, paged, write};
use bedplate_region::kv::{KvCache, SequenceId, Settings, Tenant};

fn create<C: KvCache>(cache: &mut C, tenant: u64) -> SequenceId {
    let tenant = Tenant(tenant);
    cache
        .create(Settings {
            tenant,
            ..Settings::default()
        })
        .unwrap()
}

/// Whether any byte of a sequence is not zero.
fn shows<C: KvCache>(cache: &C, id: SequenceId) -> bool {
    (0..2).any(|layer| {
        let mut runs = cache.runs(id, layer).unwrap();
        runs.any(|run| run.keys.iter().chain(run.values).any(|byte| *byte != 0))
    })
}

/// Writes a secret, frees it, and has others take all of the memory. Returns whether a tenant of its own
/// sees what it wrote.
fn secret<C: KvCache>(cache: &mut C) -> bool {
    let secret: Vec<u32> = (1000..1040).collect();
    for trimmed in [false, true] {
        let spy = create(cache, 2);
        cache.append(spy, 3).unwrap();
        let own = create(cache, 1);
        write(cache, own, &secret);
        cache.drop_sequence(own).unwrap();
        if trimmed {
            cache.trim().unwrap();
        }
        // Takes what was freed without writing it.
        cache.append(spy, 37).unwrap();
        assert!(!shows(cache, spy));
        // What was rolled back and dropped at the front is another's too.
        cache.drop_sequence(spy).unwrap();
    }
    let own = create(cache, 1);
    write(cache, own, &secret);
    cache.truncate(own, 1).unwrap();
    let spy = create(cache, 2);
    cache.append(spy, 36).unwrap();
    assert!(!shows(cache, spy));
    cache.append(own, 2).unwrap();
    shows(cache, own)
}

#[test]
fn a_secret_that_was_freed_does_not_show_in_a_paged_cache() {
    let mut cache = paged(44);
    assert!(secret(&mut cache));
    assert!(cache.stats().blocks_zeroed > 0);
}

#[test]
fn a_secret_that_was_freed_does_not_show_in_a_contiguous_cache() {
    assert!(secret(&mut contiguous(40)));
}

#[test]
fn a_prefix_is_found_by_its_own_tenant_alone() {
    let mut cache = paged(64);
    let own = create(&mut cache, 1);
    let tokens: Vec<u32> = (1..=8).collect();
    write(&mut cache, own, &tokens);
    cache.commit(own).unwrap();
    assert_eq!(cache.publish(own, &tokens), Ok(8));
    let with = |tenant| Settings {
        tenant: Tenant(tenant),
        ..Settings::default()
    };
    assert_eq!(cache.attach(with(1), &tokens).unwrap().1, 8);
    assert_eq!(cache.attach(with(2), &tokens).unwrap().1, 0);
}
