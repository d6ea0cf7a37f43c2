//! Merge sort whose halves are sorted, and merged, in parallel.
//!
//! # Role
//! Decides what is sorted where; `merge.rs` moves the items.

use super::merge::{Items, merge_back, merge_out};
use super::{SERIAL_LEN_MAX, piece_len_max};
use crate::{Context, with_context};
use core::cmp::Ordering;

/// Sorts `items`; equal ones keep their order.
pub(crate) fn stable<T, F>(items: &mut [T], compare: &F)
where
    T: Send,
    F: Fn(&T, &T) -> Ordering + Sync,
{
    if items.len() <= SERIAL_LEN_MAX || size_of::<T>() == 0 {
        items.sort_by(compare);
        return;
    }
    if items.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return;
    }
    with_context(|cx| {
        if cx.width() < 2 {
            items.sort_by(compare);
            return;
        }
        let piece_len_max = piece_len_max(cx, items.len());
        let mut room = Vec::new();
        let items = Items::with_room(items, &mut room);
        sort_in_place(cx, items, piece_len_max, compare);
    });
}

/// Sorts where the items are.
fn sort_in_place<T, F>(cx: Context<'_>, mut items: Items<'_, T>, piece_len_max: usize, compare: &F)
where
    T: Send,
    F: Fn(&T, &T) -> Ordering + Sync,
{
    if items.len() <= piece_len_max {
        items.as_slice().sort_by(compare);
        return;
    }
    let middle = items.len() / 2;
    let (left, right) = items.halves(middle);
    cx.join(
        move |cx| sort_out(cx, left, piece_len_max, compare),
        move |cx| sort_out(cx, right, piece_len_max, compare),
    );
    merge_back(cx, &mut items, middle, compare);
}

/// Sorts into the room; the items also stay where they are, in some order.
fn sort_out<T, F>(cx: Context<'_>, mut items: Items<'_, T>, piece_len_max: usize, compare: &F)
where
    T: Send,
    F: Fn(&T, &T) -> Ordering + Sync,
{
    let middle = items.len() / 2;
    if items.len() <= piece_len_max {
        items.as_slice().sort_by(compare);
        items.copy_out();
        return;
    }
    let (left, right) = items.halves(middle);
    cx.join(
        move |cx| sort_in_place(cx, left, piece_len_max, compare),
        move |cx| sort_in_place(cx, right, piece_len_max, compare),
    );
    merge_out(cx, &mut items, middle, compare);
}
