//! Where a plan puts each tensor.
//!
//! # Role
//! Offline fit: tensors are placed one after the other into the gaps between those that are in use
//! with them. The order decides; a few are tried, and the best is mended where it is highest.
//!
//! # Not here
//! The best plan for certain: that is as hard as packing. How far from it plans are: docs/numbers.md.
//!
//! # Invariants
//! - I1: the result depends on the items only.
//! - I2: the search ends: it is bounded by [`WORK`] and by the lower bound.

use alloc::vec::Vec;
use core::cmp::Reverse;

/// Comparisons of two tensors that mending may take: a tenth of a second.
const WORK: usize = 1 << 26;
/// The most rounds of mending.
const ROUNDS_MAX: usize = 256;

/// A tensor: whole grains, and its steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) bytes: usize,
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Item {
    const fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    const fn steps(&self) -> u64 {
        (self.last - self.first) as u64 + 1
    }
}

/// A place for every item.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    pub(super) offsets: Vec<usize>,
    pub(super) bytes: usize,
}

/// Which of the gaps that are wide enough.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// The narrowest.
    Best,
    /// The first from below.
    Lowest,
}

/// Places all items; none of the orders is tried once the lower bound is reached.
pub(super) fn fit(items: &[Item], bound: usize) -> Fitted {
    let mut best: Option<(Fitted, Vec<usize>, Choice)> = None;
    'all: for order in orders(items) {
        for choice in [Choice::Best, Choice::Lowest] {
            let fitted = place_all(items, &order, choice);
            if best.as_ref().is_none_or(|(b, ..)| fitted.bytes < b.bytes) {
                best = Some((fitted, order.clone(), choice));
            }
            if best.as_ref().is_some_and(|(b, ..)| b.bytes <= bound) {
                break 'all;
            }
        }
    }
    match best {
        Some((fitted, order, choice)) => mend(items, (fitted, order, choice), bound),
        None => Fitted {
            offsets: Vec::new(),
            bytes: 0,
        },
    }
}

/// Orders that do well on graphs: large ones first, those that are large for long, those that live
/// long, and as they come.
fn orders(items: &[Item]) -> [Vec<usize>; 4] {
    let steps = |item: &Item| u128::from(item.steps());
    [
        heaviest_first(items, |item| item.bytes as u128),
        heaviest_first(items, |item| item.bytes as u128 * steps(item)),
        heaviest_first(items, |item| (steps(item) << 64) + item.bytes as u128),
        heaviest_first(items, |item| u128::from(u32::MAX - item.first)),
    ]
}

/// Of equal weight, as they come.
fn heaviest_first(items: &[Item], weight: impl Fn(&Item) -> u128) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| Reverse(weight(&items[*at])));
    order
}

/// Puts what stands highest in front of the order, and tries again.
fn mend(items: &[Item], from: (Fitted, Vec<usize>, Choice), bound: usize) -> Fitted {
    let (mut best, mut order, choice) = from;
    let square = items.len().saturating_mul(items.len()).max(1);
    let rounds = (WORK / square).min(ROUNDS_MAX);
    let mut last = best.clone();
    for _ in 0..rounds {
        if best.bytes <= bound {
            break;
        }
        let is_highest = |at: &usize| last.offsets[*at] + items[*at].bytes == last.bytes;
        let (mut front, rest): (Vec<usize>, Vec<usize>) =
            order.iter().copied().partition(is_highest);
        front.extend(rest);
        if front == order {
            break;
        }
        order = front;
        last = place_all(items, &order, choice);
        if last.bytes < best.bytes {
            best = last.clone();
        }
    }
    best
}

fn place_all(items: &[Item], order: &[usize], choice: Choice) -> Fitted {
    let mut offsets = alloc::vec![0; items.len()];
    // What is placed, from below: offset, end, item.
    let mut placed: Vec<(usize, usize, Item)> = Vec::with_capacity(items.len());
    let mut bytes = 0;
    for &at in order {
        let item = items[at];
        if item.bytes == 0 {
            continue;
        }
        let offset = gap(&placed, &item, choice);
        let end = offset + item.bytes;
        offsets[at] = offset;
        bytes = bytes.max(end);
        let place = placed.partition_point(|(other, ..)| *other <= offset);
        placed.insert(place, (offset, end, item));
    }
    Fitted { offsets, bytes }
}

/// The offset of the gap for an item among those that are in use with it.
fn gap(placed: &[(usize, usize, Item)], item: &Item, choice: Choice) -> usize {
    let mut found: Option<(usize, usize)> = None;
    let mut free_from = 0;
    for (offset, end, other) in placed {
        if !other.meets(item) {
            continue;
        }
        if *offset >= free_from + item.bytes {
            let width = offset - free_from;
            if found.is_none_or(|(narrowest, _)| width < narrowest) {
                found = Some((width, free_from));
            }
            if matches!(choice, Choice::Lowest) {
                break;
            }
        }
        free_from = free_from.max(*end);
    }
    found.map_or(free_from, |(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Plan, Use};
    use super::{Choice, Item, place_all};
    use bedplate_testkit::Chance;

    /// The best plan: some order with the lowest gaps gives it, since the best plan's own order from
    /// below puts nothing higher than it stood.
    fn best(items: &[Item]) -> usize {
        fn tried(items: &[Item], order: &mut Vec<usize>, best: &mut usize) {
            if order.len() == items.len() {
                *best = (*best).min(place_all(items, order, Choice::Lowest).bytes);
                return;
            }
            for next in 0..items.len() {
                if !order.contains(&next) {
                    order.push(next);
                    tried(items, order, best);
                    order.pop();
                }
            }
        }
        let mut found = usize::MAX;
        tried(items, &mut Vec::new(), &mut found);
        found
    }

    fn chosen(chance: &mut Chance, count: usize, steps: usize, grains: usize) -> Vec<Use> {
        let step = |chance: &mut Chance, end: usize| u32::try_from(chance.below(end)).unwrap();
        (0..count)
            .map(|_| {
                let first = step(chance, steps);
                Use {
                    bytes: chance.below(grains * 64),
                    first,
                    last: first + step(chance, steps / 2 + 1),
                }
            })
            .collect()
    }

    fn check(uses: &[Use]) -> Plan {
        let plan = Plan::of(uses).expect("uses are in order");
        assert!(plan.live_bytes_peak() <= plan.bytes(), "{uses:?}");
        assert!(plan.bytes() <= plan.bump_bytes(), "{uses:?}");
        for (a, one) in uses.iter().enumerate() {
            let end = plan.offsets()[a] + one.bytes;
            assert!(end <= plan.bytes(), "{uses:?}");
            for (b, other) in uses.iter().enumerate().skip(a + 1) {
                let apart = one.last < other.first || other.last < one.first;
                let other_end = plan.offsets()[b] + other.bytes;
                let disjoint = end <= plan.offsets()[b] || other_end <= plan.offsets()[a];
                assert!(
                    apart || disjoint || one.bytes == 0 || other.bytes == 0,
                    "{uses:?}"
                );
            }
        }
        plan
    }

    #[test]
    fn plans_of_few_tensors_are_the_best_or_close_to_it() {
        let mut chance = Chance::new(3);
        let (mut equal, mut worst) = (0, 1.0_f64);
        let count = 300;
        for _ in 0..count {
            let tensors = 1 + chance.below(6);
            let uses = chosen(&mut chance, tensors, 6, 20);
            let plan = check(&uses);
            let items: Vec<Item> = uses
                .iter()
                .map(|u| Item {
                    bytes: u.bytes.next_multiple_of(64),
                    first: u.first,
                    last: u.last,
                })
                .collect();
            let best = best(&items);
            assert!(plan.bytes() >= best);
            equal += usize::from(plan.bytes() == best);
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let over = plan.bytes() as f64 / best.max(1) as f64;
            worst = worst.max(over);
        }
        println!("{equal} of {count} plans are the best; the worst is {worst:.3} times it");
        assert!(equal * 100 >= count * 97, "{equal} of {count}");
        assert!(worst <= 1.15, "{worst}");
    }

    #[test]
    fn random_graphs_keep_their_tensors_apart_and_within_the_bounds() {
        let mut chance = Chance::new(4);
        for _ in 0..40 {
            let tensors = chance.below(120);
            check(&chosen(&mut chance, tensors, 50, 1000));
        }
    }

    #[test]
    fn an_empty_graph_takes_nothing() {
        let plan = check(&[]);
        assert_eq!(
            (plan.bytes(), plan.bump_bytes(), plan.live_bytes_peak()),
            (0, 0, 0)
        );
    }

    #[test]
    fn tensors_without_bytes_take_nothing() {
        let uses = [Use {
            bytes: 0,
            first: 0,
            last: 9,
        }; 3];
        assert_eq!(check(&uses).bytes(), 0);
    }
}
