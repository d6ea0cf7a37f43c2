//! Merge sort whose halves are sorted, and merged, in parallel.
//!
//! # Role
//! Decides what is sorted where; `merge.rs` moves the items.

use super::merge::{Items, merge_back, merge_out};
use super::{SERIAL_LEN_MAX, Sharing, by_forecast};
use crate::Context;
use core::cmp::Ordering;

/// Sorts `items`; equal ones keep their order.
pub(crate) fn stable<T, F>(items: &mut [T], compare: &F)
where
    T: Send,
    F: Fn(&T, &T) -> Ordering + Sync,
{
    if items.len() > SERIAL_LEN_MAX && items.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return;
    }
    by_forecast::<Sorting<'_, (T, F)>, T>(
        items,
        |items| items.sort_by(compare),
        |cx, sharing, items| {
            let mut room = Vec::new();
            let items = Items::with_room(items, &mut room);
            Sorting { compare, sharing }.in_place(cx, items);
        },
    );
}

struct Sorting<'a, F> {
    compare: &'a F,
    sharing: Sharing<'a>,
}

impl<F> Sorting<'_, F> {
    /// Sorts where the items are.
    fn in_place<T>(&self, cx: Context<'_>, mut items: Items<'_, T>)
    where
        T: Send,
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        if items.len() <= self.sharing.piece_len_max {
            items.as_slice().sort_by(self.compare);
            return;
        }
        let middle = items.len() / 2;
        let (left, right) = items.halves(middle);
        let (home, ledger) = (cx.index(), self.sharing.ledger);
        cx.join(
            move |cx| self.out(cx, left),
            move |cx| ledger.part(cx, home, || self.out(cx, right)),
        );
        merge_back(cx, &mut items, middle, self.compare, ledger);
    }

    /// Sorts into the room; the items also stay where they are, in some order.
    fn out<T>(&self, cx: Context<'_>, mut items: Items<'_, T>)
    where
        T: Send,
        F: Fn(&T, &T) -> Ordering + Sync,
    {
        let middle = items.len() / 2;
        if items.len() <= self.sharing.piece_len_max {
            items.as_slice().sort_by(self.compare);
            items.copy_out();
            return;
        }
        let (left, right) = items.halves(middle);
        let (home, ledger) = (cx.index(), self.sharing.ledger);
        cx.join(
            move |cx| self.in_place(cx, left),
            move |cx| ledger.part(cx, home, || self.in_place(cx, right)),
        );
        merge_out(cx, &mut items, middle, self.compare, ledger);
    }
}
