//! Sorting by keys that are made once per item.

use super::unstable;
use crate::iter::{
    IndexedParallelIterator as _, IntoParallelRefMutIterator as _, ParallelIterator as _,
};
use core::mem;

/// Sorts `items` by `key`, stably.
pub(crate) fn by_cached_key<T, K, F>(items: &mut [T], key: &F)
where
    T: Send,
    K: Ord + Send,
    F: Fn(&T) -> K + Sync,
{
    let keyed = items.par_iter_mut().enumerate();
    let mut keys: Vec<(K, usize)> = keyed.map(|(place, item)| (key(item), place)).collect();
    // The place makes every key different, so any sort is stable.
    unstable(&mut keys, &Ord::cmp);
    let mut sources: Vec<usize> = keys.into_iter().map(|(_, place)| place).collect();
    permute(items, &mut sources);
}

/// Brings the item at `sources[i]` to place `i`, for all places.
fn permute<T>(items: &mut [T], sources: &mut [usize]) {
    for start in 0..items.len() {
        // Around the ring of places that `start` is in; each is then its own source.
        let mut at = start;
        loop {
            let source = mem::replace(&mut sources[at], at);
            if source == start || source == at {
                break;
            }
            items.swap(at, source);
            at = source;
        }
    }
}
