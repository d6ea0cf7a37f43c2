//! One item again and again.

use crate::indexed::same;
use crate::{LENGTHS, everywhere};
use bedplate_pool::iter::{repeat, repeat_n};
use bedplate_pool::prelude::*;
use core::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn as_often_as_said() {
    everywhere(|| {
        for len in LENGTHS {
            same(repeat_n("x", len), core::iter::repeat_n("x", len));
            same(repeat(7).take(len), core::iter::repeat_n(7, len));
            let numbers = 0..len;
            same(
                repeat('a').zip(numbers.clone()),
                core::iter::repeat('a').zip(numbers),
            );
        }
        let most = repeat_n(1, usize::MAX).zip(vec![1, 2, 3]);
        assert_eq!(most.collect::<Vec<_>>(), [(1, 1), (1, 2), (1, 3)]);
    });
}

#[test]
fn without_end() {
    everywhere(|| {
        assert_eq!(repeat(4).find_any(|x| x % 2 == 0), Some(4));
        let seen = AtomicUsize::new(0);
        let found = repeat(()).find_any(|()| seen.fetch_add(1, Ordering::Relaxed) == 50_000);
        assert_eq!(found, Some(()));
        let some =
            repeat(Some(3)).map(|x| x.filter(|_| seen.fetch_add(1, Ordering::Relaxed) < 90_000));
        assert!(some.while_some().all(|x| x == 3));
    });
}

/// Counts its clones and its drops.
struct Counted<'a> {
    clones: &'a AtomicUsize,
    drops: &'a AtomicUsize,
}

impl Clone for Counted<'_> {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::Relaxed);
        Self { ..*self }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn no_clone_is_made_in_vain() {
    everywhere(|| {
        for len in LENGTHS {
            let (clones, drops) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let item = || Counted {
                clones: &clones,
                drops: &drops,
            };
            assert_eq!(repeat_n(item(), len).count(), len);
            assert_eq!(clones.load(Ordering::Relaxed), len.saturating_sub(1));
            assert_eq!(drops.load(Ordering::Relaxed), len.max(1));
            drop(repeat_n(item(), len));
            assert_eq!(clones.load(Ordering::Relaxed), len.saturating_sub(1));
            assert_eq!(drops.load(Ordering::Relaxed), len.max(1) + 1);
        }
    });
}
