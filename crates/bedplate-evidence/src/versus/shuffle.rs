//! Random order from a seed that the report names.

/// A small generator (`SplitMix64`) for orders; not for secrets.
#[derive(Clone, Debug)]
pub struct Shuffle(u64);

impl Shuffle {
    /// The same seed gives the same orders.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The numbers below `count`, each once, in random order.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let bound = last as u64 + 1;
            // The bias of the remainder is below 2^-60 for counts like ours.
            let pick = usize::try_from(self.next() % bound).unwrap_or(0);
            order.swap(last, pick);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_up_about_as_often() {
        let mut shuffle = Shuffle::new(7);
        let mut first = [0_u32; 3];
        for _round in 0..3000 {
            let order = shuffle.order(3);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
            first[order[0]] += 1;
        }
        assert!(
            first.iter().all(|&count| (850..1150).contains(&count)),
            "{first:?}"
        );
    }
}
