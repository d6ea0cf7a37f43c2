//! A list of places that grows without moving.
//!
//! # Role
//! [`Pile`]: last in, first out, in blocks of 4 KiB. A vector that doubles would copy all of a list of
//! a million in one go, which is longer than any pause may be.
//!
//! # Invariants
//! - I1: the top block is empty only where the whole pile is.

/// The places of a block.
const BLOCK: usize = 1024;

/// A list of places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pile {
    /// [`BLOCK`] places, or none at first.
    top: Box<[u32]>,
    used: usize,
    full: Vec<Box<[u32]>>,
    /// A block that is not needed now, so that a pile that swings at a block's edge allocates nothing.
    spare: Option<Box<[u32]>>,
}

impl Pile {
    #[inline]
    pub(crate) fn push(&mut self, place: u32) {
        let Some(entry) = self.top.get_mut(self.used) else {
            return self.push_slow(place);
        };
        *entry = place;
        self.used += 1;
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&mut self, place: u32) {
        let mut block = self
            .spare
            .take()
            .unwrap_or_else(|| vec![0; BLOCK].into_boxed_slice());
        if let Some(entry) = block.first_mut() {
            *entry = place;
        }
        let full = core::mem::replace(&mut self.top, block);
        if !full.is_empty() {
            self.full.push(full);
        }
        self.used = 1;
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<u32> {
        let last = self.used.checked_sub(1)?;
        let place = self.top.get(last).copied();
        self.used = last;
        if last == 0 {
            self.refill();
        }
        place
    }

    /// Takes the next full block, if there is one (I1).
    fn refill(&mut self) {
        if let Some(block) = self.full.pop() {
            self.used = block.len();
            self.spare = Some(core::mem::replace(&mut self.top, block));
        }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub(crate) const fn len(&self) -> usize {
        self.full.len() * BLOCK + self.used
    }

    pub(crate) fn clear(&mut self) {
        self.full.clear();
        self.used = 0;
    }

    /// Keeps those that `is_kept` says, in their order.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        let all = core::mem::take(self);
        let blocks = all.full.iter().map(|block| &block[..]);
        for block in blocks.chain([&all.top[..all.used]]) {
            let kept = block.iter().filter(|place| is_kept(**place));
            kept.for_each(|place| self.push(*place));
        }
    }

    /// All of them, the newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &u32> {
        let top = self.top.iter().take(self.used).rev();
        let full = self.full.iter().rev().flat_map(|block| block.iter().rev());
        top.chain(full)
    }
}

#[cfg(test)]
mod tests {
    use super::Pile;

    #[test]
    fn a_pile_gives_back_what_it_took_in_turn() {
        let mut pile = Pile::default();
        assert_eq!((pile.pop(), pile.len()), (None, 0));
        for round in 1..4_u32 {
            (0..1000 * round).for_each(|place| pile.push(place));
        }
        assert_eq!(pile.len(), 6000);
        let all: Vec<u32> = pile.iter().copied().collect();
        let mut popped = Vec::new();
        while let Some(place) = pile.pop() {
            popped.push(place);
        }
        assert!(all == popped && pile.is_empty());
        assert_eq!(popped.last(), Some(&0));
    }

    #[test]
    fn what_is_kept_of_a_pile_keeps_its_order() {
        let mut pile = Pile::default();
        (0..5000).for_each(|place| pile.push(place));
        pile.retain(|place| place.is_multiple_of(2));
        let kept: Vec<u32> = core::iter::from_fn(|| pile.pop()).collect();
        assert!(kept.iter().rev().copied().eq((0..5000).step_by(2)));
    }

    #[test]
    fn a_pile_that_was_cleared_is_empty() {
        let mut pile = Pile::default();
        (0..5000).for_each(|place| pile.push(place));
        pile.clear();
        assert!(pile.is_empty() && pile.iter().next().is_none());
        pile.push(7);
        assert_eq!(pile.pop(), Some(7));
    }
}
