//! Every refusal of the system, in turn and in pairs.

use super::small::{backing, marks, shape};
use bedplate_os::Operation;
use bedplate_os::budget::Budget;
use bedplate_os::pages::page_size;
use bedplate_os::sim::faults::Plan;
use bedplate_region::kv::{ContiguousKv, KvCache, KvError, PagedKv, Pages, Settings};

static BUDGET: Budget = Budget::new(1 << 30, u64::MAX);

/// Appends page by page, forks, trims. Whatever is refused, what is held stays.
fn life(cache: &mut impl KvCache) -> Result<(), KvError> {
    let id = cache.create(Settings::default())?;
    let mut held = Vec::new();
    let mut refused = None;
    for round in 0..6 {
        let tokens = page_size() / 16 + round;
        match cache.append(id, tokens) {
            Ok(mut slots) => {
                for token in 0..tokens {
                    for layer in 0..2 {
                        let base = layer as f32 * 3.0 + 8.0;
                        let values = [base + 1.0, base + 2.0];
                        slots.write(layer, token, &[base], &values).unwrap();
                    }
                }
                held.resize(held.len() + tokens, 1);
            }
            Err(error) => {
                assert!(matches!(error, KvError::Os(_)), "{error}");
                assert!(error.to_string().starts_with("failed to"));
                refused = Some(error);
            }
        }
        assert_eq!(marks(cache, id), held);
        // More where the system did not take a dropped sequence's memory back.
        assert!(BUDGET.used_bytes() >= cache.stats().committed_bytes as u64);
    }
    match cache.fork(id) {
        Ok(fork) => {
            assert_eq!(marks(cache, fork), held);
            cache.drop_sequence(fork)?;
        }
        Err(error) => refused = Some(error),
    }
    cache.truncate(id, 1)?;
    if let Err(error) = cache.trim() {
        refused = Some(error);
    }
    assert_eq!(marks(cache, id), &held[..held.len().min(1)]);
    // Memory that went comes back as if nothing had been.
    let rest = cache.append(id, page_size() / 2).err();
    cache.truncate(id, 1)?;
    assert_eq!(marks(cache, id), &held[..held.len().min(1)]);
    refused.or(rest).map_or(Ok(()), Err)
}

fn both(done: &mut [bool; 2]) {
    let tokens = page_size();
    let pages = Pages::new(tokens).block_tokens(16);
    let backing = backing().huge_pages(true).budget(&BUDGET);
    if let Ok(mut cache) = PagedKv::new(shape(), pages, backing) {
        done[0] = life(&mut cache).is_ok();
    }
    if let Ok(mut cache) = ContiguousKv::new(shape(), tokens, backing) {
        done[1] = life(&mut cache).is_ok();
    }
}

#[test]
fn every_refusal_is_an_error_and_nothing_is_lost_or_stays_charged() {
    for kind in [
        Operation::Reserve,
        Operation::Commit,
        Operation::Decommit,
        Operation::Release,
        Operation::Advise,
    ] {
        for span in [0, 1, 5] {
            for nth in 1.. {
                let plan = Plan::start_here();
                plan.fail(kind, nth, nth + span);
                let mut done = [false; 2];
                both(&mut done);
                let seen = plan.seen(kind);
                drop(plan);
                let charged = BUDGET.used_bytes();
                let is_held = kind == Operation::Release && seen >= nth;
                assert!(charged == 0 || is_held, "{kind:?} {nth}: {charged}");
                BUDGET.release(charged);
                assert_eq!(BUDGET.over_released_bytes(), 0);
                if seen < nth {
                    assert_eq!(done, [true; 2], "{kind:?} {nth}");
                    break;
                }
            }
        }
    }
}
