//! When so many objects were made, told by the counts of each kind.
//!
//! # Role
//! A sum of all kinds would be a second addition for each object. So what may be made until the next tick
//! is dealt out to the kinds, by what each made lately, and allocation compares the count of its kind with
//! its own share. A kind that used its share up asks for another one of what is left.
//!
//! # Invariants
//! - I1: the shares together are never more than what is left: no tick is late by a single object.

use super::by_kind::ByKind;
use crate::Kind;

const KINDS: usize = Kind::ALL.len();
/// A tick may come so much of its distance too early: dealing out the last few would cost more.
const EARLY: u64 = 16;
/// No greater distance is dealt out at once, so that products fit.
const ROOM_MAX: u64 = 1 << 32;
/// Bits of a share behind the point.
const SHIFT: u32 = 16;

#[derive(Clone, Debug)]
pub(crate) struct Ticks {
    /// By kind, the count at which it has used its share up.
    at: ByKind,
    /// The sum at which a tick is due, and how much earlier it may come.
    due_at: u64,
    early: u64,
    /// What each made, as far back as matters, and the counts up to which that goes.
    weights: [u64; KINDS],
    weighed: ByKind,
}

impl Ticks {
    /// The first tick is due when so many objects were made.
    pub(crate) fn new(due_at: u64) -> Self {
        Self {
            at: ByKind::default(),
            due_at,
            early: 0,
            weights: [0; KINDS],
            weighed: ByKind::default(),
        }
    }

    /// The count at which a kind has used up its share.
    #[inline]
    pub(crate) const fn at(&self, kind: Kind) -> u64 {
        self.at.of(kind)
    }

    pub(crate) const fn is_due(&self, made: u64) -> bool {
        made.saturating_add(self.early) >= self.due_at
    }

    /// The next tick is due after so many objects more; exactly then, or a little earlier.
    pub(crate) fn set(&mut self, made: &ByKind, objects: u64, is_exact: bool) {
        self.due_at = made.total().saturating_add(objects);
        self.early = if is_exact { 0 } else { objects / EARLY };
        self.deal(made, None);
    }

    /// Deals out what is left, some of it to the kind that asks.
    #[cold]
    pub(crate) fn deal(&mut self, made: &ByKind, asking: Option<Kind>) {
        let room = self.due_at.saturating_sub(made.total()).min(ROOM_MAX);
        let mut all = 0;
        for (kind, weight) in self.weights.iter_mut().enumerate() {
            let lately = made.words()[kind].saturating_sub(self.weighed.words()[kind]);
            *weight = (*weight / 2 + lately).min(ROOM_MAX >> 8);
            all += *weight;
        }
        self.weighed = *made;
        if let Some(asking) = asking {
            self.weights[asking as usize] += 1;
            all += 1;
        }
        // A product, for a division takes as long as the rest of this.
        let each = (room << SHIFT) / all.max(1);
        let mut shares: [u64; KINDS] = self.weights.map(|weight| (weight * each) >> SHIFT);
        let left = room - shares.iter().sum::<u64>();
        let rich = shares.iter_mut().max();
        match (asking, rich) {
            (Some(asking), _) if left > 0 => shares[asking as usize] += left,
            (None, Some(rich)) => *rich += left,
            // Rounding left nothing: who has nothing has one of another's.
            (Some(asking), Some(rich)) if *rich > 0 => {
                *rich -= 1;
                shares[asking as usize] += 1;
            }
            _ => {}
        }
        self.at = ByKind::of_words(core::array::from_fn(|kind| {
            made.words()[kind] + shares[kind]
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::{EARLY, Ticks};
    use crate::Kind;
    use crate::figures::ByKind;

    /// Makes objects as `next` says: how many between ticks that are `distance` apart, and how often
    /// shares were dealt out.
    fn run(distance: u64, is_exact: bool, next: impl Fn(u64) -> Kind) -> (Vec<u64>, u64) {
        let (mut made, mut between, mut dealt) = (ByKind::default(), Vec::new(), 0);
        let mut ticks = Ticks::new(0);
        let mut last = 0;
        for number in 0..50 * distance {
            let kind = next(number);
            if made.of(kind) >= ticks.at(kind) {
                if ticks.is_due(made.total()) {
                    between.push(made.total() - last);
                    last = made.total();
                    ticks.set(&made, distance, is_exact);
                }
                if made.of(kind) >= ticks.at(kind) {
                    ticks.deal(&made, Some(kind));
                }
                dealt += 1;
            }
            assert!(made.of(kind) < ticks.at(kind));
            made.add(kind);
        }
        (between, dealt)
    }

    #[test]
    fn ticks_are_exact_whatever_is_made() {
        let kinds = [Kind::Cell, Kind::Pair, Kind::Table, Kind::Host, Kind::Bytes];
        let turn = |number: u64| kinds[usize::try_from(number % 5).unwrap_or(0)];
        let mixed = |number: u64| kinds[usize::try_from(number * number % 7 % 5).unwrap_or(0)];
        for distance in [1, 2, 3, 10, 64, 4096] {
            for next in [&turn as &dyn Fn(u64) -> Kind, &mixed, &|_| Kind::Node] {
                let (between, _) = run(distance, true, next);
                assert!(between[1..].iter().all(|objects| *objects == distance));
                let (between, _) = run(distance, false, next);
                let least = distance - distance / EARLY;
                assert!(
                    between[1..]
                        .iter()
                        .all(|objects| (least..=distance).contains(objects))
                );
            }
        }
    }

    #[test]
    fn shares_are_seldom_dealt_out() {
        let even = |number: u64| [Kind::Cell, Kind::Pair][usize::from(number % 2 == 1)];
        let seldom = |number: u64| [Kind::Cell, Kind::Pair][usize::from(number % 500 == 1)];
        assert!(run(4096, false, even).1 < 50 * 6);
        assert!(run(4096, false, seldom).1 < 50 * 10);
        assert!(run(4096, false, |_| Kind::Cell).1 < 50 * 2);
    }
}
