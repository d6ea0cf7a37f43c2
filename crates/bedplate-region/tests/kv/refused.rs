//! What a cache refuses, and what it says of it.

use super::small::{backing, contiguous, marks, paged, shape, write};
use bedplate_region::kv::{ContiguousKv, KvCache, KvError, Settings};

fn windowed(window_tokens: usize) -> Settings {
    Settings {
        window_tokens: Some(window_tokens),
        ..Settings::default()
    }
}

#[test]
fn a_window_of_no_tokens_is_none() {
    let refused = KvError::Shape("a window has a token at least");
    assert_eq!(paged(64).create(windowed(0)), Err(refused));
    assert_eq!(paged(64).attach(windowed(0), &[]), Err(refused));
    assert_eq!(contiguous(64).create(windowed(0)), Err(refused));
}

#[test]
fn sequences_too_long_for_an_address_space_are_refused_before_there_is_one() {
    for tokens in [usize::MAX, usize::MAX / 8] {
        let error = ContiguousKv::new(shape(), tokens, backing()).unwrap_err();
        assert!(matches!(error, KvError::Shape(_)), "{error}");
    }
}

#[test]
fn a_full_cache_names_what_was_asked_for() {
    fn asked(cache: &mut impl KvCache, tokens: usize) -> Option<KvError> {
        let id = cache.create(Settings::default()).unwrap();
        cache.append(id, 64).unwrap();
        cache.append(id, tokens).err()
    }
    for tokens in [1, 65, usize::MAX] {
        let full = Some(KvError::Full {
            need_tokens: tokens,
            capacity_tokens: 64,
        });
        assert_eq!(asked(&mut paged(64), tokens), full);
        assert_eq!(asked(&mut contiguous(64), tokens), full);
        let mut cache = contiguous(64);
        let id = cache.create(Settings::default()).unwrap();
        cache.append(id, 64).unwrap();
        assert_eq!(cache.prepare(id, tokens).err(), full);
    }
}

#[test]
fn what_is_not_committed_is_not_published() {
    let mut cache = paged(64);
    let id = cache.create(Settings::default()).unwrap();
    write(&mut cache, id, &[1, 2, 3, 4]);
    let refused = KvError::Uncommitted {
        asked_tokens: 4,
        committed_tokens: 0,
    };
    assert_eq!(cache.publish(id, &[1, 2, 3, 4]), Err(refused));
    cache.commit(id).unwrap();
    assert_eq!(cache.publish(id, &[1, 2, 3, 4]), Ok(4));
}

#[test]
fn an_id_of_another_cache_names_nothing() {
    fn strangers(one: &mut impl KvCache, other: &mut impl KvCache) {
        let id = one.create(Settings::default()).unwrap();
        let theirs = other.create(Settings::default()).unwrap();
        assert_ne!(id, theirs);
        assert_eq!(other.truncate(id, 0), Err(KvError::Unknown));
        assert_eq!(other.drop_sequence(id), Err(KvError::Unknown));
        other.pin(theirs, false).unwrap();
        assert_eq!(other.evict(), Some(theirs));
        assert_eq!(other.state(theirs), Err(KvError::Evicted));
        assert_eq!(one.state(theirs), Err(KvError::Unknown));
        one.state(id).unwrap();
    }
    strangers(&mut paged(64), &mut paged(64));
    strangers(&mut contiguous(64), &mut paged(64));
}

#[test]
fn what_was_dropped_at_the_front_is_no_loss_of_the_window() {
    fn dropped(cache: &mut impl KvCache) {
        let id = cache.create(windowed(6)).unwrap();
        write(cache, id, &[1, 2, 3, 4, 5]);
        cache.commit(id).unwrap();
        cache.drop_front(id, 2).unwrap();
        cache.truncate(id, 2).unwrap();
        assert_eq!(marks(cache, id), [3, 4]);
        // The window turns: what it had is lost for shorter lengths, whoever drops what.
        write(cache, id, &[5, 6, 7, 8, 9]);
        cache.commit(id).unwrap();
        assert_eq!(marks(cache, id), [4, 5, 6, 7, 8, 9]);
        cache.drop_front(id, 1).unwrap();
        let refused = KvError::Overwritten {
            asked_tokens: 4,
            window_tokens: 6,
        };
        assert_eq!(cache.truncate(id, 4), Err(refused));
        cache.truncate(id, 5).unwrap();
        assert_eq!(marks(cache, id), [5, 6, 7, 8, 9]);
    }
    dropped(&mut paged(64));
    dropped(&mut contiguous(64));
}
