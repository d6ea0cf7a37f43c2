//! What only the paged cache does: sharing, ids, the index, running full.

use super::small::{backing, marks, paged, shape, write};
use bedplate_region::kv::{
    Backing, BlockError, BlockPool, KvCache, KvError, PagedKv, Pages, SequenceId, Settings, Tenant,
};

fn begun(cache: &mut PagedKv, tokens: u32) -> SequenceId {
    let id = cache.create(Settings::default()).unwrap();
    write(cache, id, &(1..=tokens).collect::<Vec<_>>());
    cache.commit(id).unwrap();
    id
}

#[test]
fn a_block_that_is_freed_twice_is_an_error_in_every_build() {
    let mut pool = BlockPool::new(&shape(), 16, 4, backing()).unwrap();
    let tenant = Tenant::default();
    let one = pool.take(tenant).unwrap();
    pool.retain(one).unwrap();
    pool.release(one).unwrap();
    pool.release(one).unwrap();
    assert_eq!(pool.release(one), Err(BlockError::Free));
    assert_eq!(pool.retain(one), Err(BlockError::Free));
    // The next user of the same block is safe from the old id.
    let other = pool.take(tenant).unwrap();
    assert_ne!(one, other);
    assert_eq!(pool.release(one), Err(BlockError::Free));
    assert_eq!(pool.used_count(), 1);
    let mut stranger = BlockPool::new(&shape(), 16, 4, backing()).unwrap();
    assert_eq!(stranger.release(other), Err(BlockError::Unknown));
    for error in [BlockError::Free, BlockError::Unknown, BlockError::Shared] {
        assert!(KvError::from(error).to_string().starts_with("failed to"));
    }
}

#[test]
fn a_fork_copies_nothing_and_a_write_to_a_shared_block_copies_that_block() {
    let mut cache = paged(64);
    let one = begun(&mut cache, 10);
    let other = cache.fork(one).unwrap();
    let stats = cache.stats();
    assert_eq!((stats.blocks_used, stats.blocks_copied), (3, 0));
    write(&mut cache, other, &[90]);
    write(&mut cache, one, &[91, 92]);
    let stats = cache.stats();
    assert_eq!((stats.blocks_used, stats.blocks_copied), (4, 1));
    let begin: Vec<u32> = (1..=10).collect();
    assert_eq!(marks(&cache, one), [&begin[..], &[91, 92]].concat());
    assert_eq!(marks(&cache, other), [&begin[..], &[90]].concat());
    // A fork at a block's end shares all and copies none.
    cache.truncate(one, 8).unwrap();
    let third = cache.fork(one).unwrap();
    write(&mut cache, third, &[93]);
    assert_eq!(cache.stats().blocks_copied, 1);
}

#[test]
fn neighbouring_blocks_are_one_run() {
    let mut cache = paged(64);
    let one = begun(&mut cache, 18);
    assert_eq!(cache.runs(one, 1).unwrap().count(), 1);
    let other = begun(&mut cache, 4);
    write(&mut cache, one, &[50; 10]);
    assert_eq!(cache.runs(one, 1).unwrap().count(), 2);
    cache.drop_front(one, 5).unwrap();
    assert_eq!(
        cache
            .runs(one, 0)
            .unwrap()
            .map(|run| run.tokens)
            .sum::<usize>(),
        23
    );
    cache.drop_sequence(other).unwrap();
}

#[test]
fn an_append_that_does_not_fit_takes_nothing() {
    let mut cache = paged(16);
    let one = begun(&mut cache, 6);
    let other = begun(&mut cache, 4);
    let before = cache.stats();
    for tokens in [7, 100, usize::MAX] {
        assert!(matches!(
            cache.append(one, tokens),
            Err(KvError::Full { .. })
        ));
        let after = cache.stats();
        assert_eq!(
            (after.blocks_used, after.committed_bytes),
            (before.blocks_used, before.committed_bytes)
        );
    }
    assert_eq!(marks(&cache, one), [1, 2, 3, 4, 5, 6]);
    write(&mut cache, one, &[7, 8, 9]);
    // What is not pinned makes room; the sequence that wants it is never its own victim.
    cache.pin(other, false).unwrap();
    cache.pin(one, false).unwrap();
    write(&mut cache, one, &[10, 11, 12, 13]);
    assert_eq!(cache.state(other), Err(KvError::Evicted));
    assert_eq!(cache.runs(other, 0).err(), Some(KvError::Evicted));
    assert_eq!(marks(&cache, one).len(), 13);
    assert_eq!(cache.stats().sequences_evicted, 1);
}

#[test]
fn slots_are_checked_and_open_until_the_next_fork_or_commit() {
    let mut cache = paged(64);
    let id = cache.create(Settings::default()).unwrap();
    write(&mut cache, id, &[1, 2]);
    let mut slots = cache.append(id, 1).unwrap();
    assert_eq!(slots.position(0), 2);
    let layer = KvError::Layer {
        layer: 2,
        layers: 2,
    };
    assert_eq!(slots.keys_mut(2, 0).err(), Some(layer));
    assert_eq!(slots.runs(2).err(), Some(layer));
    assert!(matches!(
        slots.values_mut(0, 1),
        Err(KvError::Length { .. })
    ));
    assert_eq!(
        slots.runs(0).unwrap().map(|run| run.tokens).sum::<usize>(),
        3
    );
    assert_eq!(cache.slots(id).unwrap().count(), 3);
    assert_eq!(
        cache.runs(id, 9).err(),
        Some(KvError::Layer {
            layer: 9,
            layers: 2
        })
    );
    let fork = cache.fork(id).unwrap();
    assert_eq!(cache.slots(id).unwrap().count(), 0);
    assert_eq!(cache.slots(fork).unwrap().count(), 0);
    // The fork keeps what a roll back of the other forgets.
    cache.roll_back(id).unwrap();
    cache.roll_back(fork).unwrap();
    assert_eq!(
        (
            cache.state(id).unwrap().tokens,
            cache.state(fork).unwrap().tokens
        ),
        (0, 3)
    );
}

#[test]
fn a_window_that_has_turned_cannot_be_truncated_into() {
    let mut cache = paged(64);
    let settings = Settings {
        window_tokens: Some(6),
        ..Settings::default()
    };
    let id = cache.create(settings).unwrap();
    write(&mut cache, id, &[1, 2, 3, 4, 5]);
    cache.commit(id).unwrap();
    cache.truncate(id, 4).unwrap();
    write(&mut cache, id, &[5, 6, 7, 8, 9]);
    // Speculation goes back whatever the window.
    cache.roll_back(id).unwrap();
    assert_eq!(marks(&cache, id), [1, 2, 3, 4]);
    write(&mut cache, id, &[5, 6, 7, 8, 9]);
    cache.commit(id).unwrap();
    assert_eq!(marks(&cache, id), [4, 5, 6, 7, 8, 9]);
    let refused = KvError::Overwritten {
        asked_tokens: 5,
        window_tokens: 6,
    };
    assert_eq!(cache.truncate(id, 5), Err(refused));
    assert_eq!(marks(&cache, id), [4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_prefix_stays_when_its_sequence_has_gone_and_is_evicted_end_first() {
    let mut cache = paged(24);
    let tokens: Vec<u32> = (1..=14).collect();
    let one = begun(&mut cache, 14);
    assert_eq!(cache.publish(one, &tokens), Ok(12));
    cache.drop_sequence(one).unwrap();
    assert_eq!(cache.stats().blocks_kept, 3);
    let (other, found) = cache.attach(Settings::default(), &tokens).unwrap();
    assert_eq!(found, 12);
    assert_eq!(marks(&cache, other), tokens[..12]);
    // Another prompt shares the first two blocks.
    let mut others = tokens.clone();
    others[9] = 99;
    let (third, found) = cache.attach(Settings::default(), &others).unwrap();
    assert_eq!(found, 8);
    write(&mut cache, third, &[99]);
    assert_eq!(marks(&cache, other), tokens[..12]);
    cache.drop_sequence(third).unwrap();
    cache.drop_sequence(other).unwrap();
    // 24 tokens are six blocks; four for another leave two of the prefix.
    let fourth = begun(&mut cache, 16);
    assert_eq!(cache.stats().blocks_evicted, 1);
    assert_eq!(cache.attach(Settings::default(), &tokens).unwrap().1, 8);
    assert_eq!(marks(&cache, fourth).len(), 16);
    assert_eq!(cache.stats().prefix_hits, 3 + 2 + 2);
    assert_eq!(cache.stats().prefix_lookups, 3);
}

#[test]
fn a_published_block_is_never_written_again() {
    let mut cache = paged(64);
    let tokens: Vec<u32> = (1..=8).collect();
    let one = begun(&mut cache, 8);
    cache.publish(one, &tokens).unwrap();
    assert_eq!(cache.slots(one).unwrap().count(), 0);
    // Back into the second block: it is this sequence's alone, and leaves the index.
    cache.truncate(one, 6).unwrap();
    write(&mut cache, one, &[70, 80]);
    let (other, found) = cache.attach(Settings::default(), &tokens).unwrap();
    assert_eq!((found, marks(&cache, other)), (4, tokens[..4].to_vec()));
    // Shared, it is copied, and the index keeps the old one.
    let mut again = tokens.clone();
    (again[6], again[7]) = (70, 80);
    cache.commit(one).unwrap();
    assert_eq!(cache.publish(one, &again), Ok(8));
    let (third, _) = cache.attach(Settings::default(), &again).unwrap();
    cache.truncate(third, 5).unwrap();
    write(&mut cache, third, &[60]);
    let (fourth, found) = cache.attach(Settings::default(), &again).unwrap();
    assert_eq!((found, marks(&cache, fourth)), (8, again));
    // The same tokens twice: the first entry stays.
    let fifth = begun(&mut cache, 8);
    cache.publish(fifth, &tokens).unwrap();
    cache.publish(fifth, &tokens).unwrap();
}

#[test]
fn only_what_is_whole_and_committed_is_published() {
    let mut cache = paged(64);
    let one = begun(&mut cache, 8);
    write(&mut cache, one, &[9]);
    let tokens: Vec<u32> = (1..=9).collect();
    let refused = KvError::Uncommitted {
        asked_tokens: 9,
        committed_tokens: 8,
    };
    assert_eq!(cache.publish(one, &tokens), Err(refused));
    cache.shift(one, 1).unwrap();
    assert_eq!(cache.publish(one, &tokens[..8]), Err(KvError::NoPrefix));
    cache.shift(one, -1).unwrap();
    cache.drop_front(one, 4).unwrap();
    assert_eq!(cache.publish(one, &tokens[4..8]), Err(KvError::NoPrefix));
}

#[test]
fn settings_that_are_none_are_refused_and_secrets_are_not_printed() {
    let pages = Pages::new(64).key([0xdead, 0xbeef]);
    for (pages, backing) in [
        (Pages::new(0), backing()),
        (pages.block_tokens(3), backing()),
        (Pages::new(usize::MAX), backing()),
        (Pages::new(usize::MAX - 7).block_tokens(1 << 62), backing()),
        (
            Pages::new(1 << 50).block_tokens(1 << 30),
            backing().step_bytes(1 << 62),
        ),
        (pages, backing().step_bytes(0)),
        (pages, Backing::new().step_bytes(6000)),
    ] {
        let refused = PagedKv::new(shape(), pages, backing);
        assert!(matches!(refused, Err(KvError::Shape(_))), "{refused:?}");
    }
    let cache = PagedKv::new(shape(), pages, backing()).unwrap();
    assert_eq!((cache.block_tokens(), cache.shape()), (64, shape()));
    let text = format!("{pages:?} {cache:?}");
    assert!(!text.contains("dead") && !text.contains(&0xdead.to_string()));
    // A random secret is another each time, and works.
    let mut cache = PagedKv::new(
        shape(),
        Pages::new(64).block_tokens(4),
        Backing::default().huge_pages(false),
    )
    .unwrap();
    let one = begun(&mut cache, 4);
    assert_eq!(cache.publish(one, &[1, 2, 3, 4]), Ok(4));
    assert_eq!(
        cache.attach(Settings::default(), &[1, 2, 3, 4]).unwrap().1,
        4
    );
}
