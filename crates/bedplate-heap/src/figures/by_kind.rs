//! A number for each kind.

use crate::Kind;

const KINDS: usize = Kind::ALL.len();

/// A number for each kind of object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByKind([u64; KINDS]);

impl ByKind {
    /// The number of a kind.
    #[must_use]
    #[inline]
    pub const fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }

    /// The sum of all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The kinds whose number is not zero.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, u64)> + '_ {
        let all = Kind::ALL.into_iter().zip(self.0);
        all.filter(|(_, number)| *number > 0)
    }

    #[inline]
    pub(crate) const fn add(&mut self, kind: Kind) {
        self.0[kind as usize] += 1;
    }

    pub(crate) const fn words(&self) -> &[u64; KINDS] {
        &self.0
    }

    pub(crate) const fn of_words(words: [u64; KINDS]) -> Self {
        Self(words)
    }

    /// What is left of each when another's is taken away.
    pub(crate) fn less(&self, other: &Self) -> Self {
        Self(core::array::from_fn(|kind| {
            self.0[kind].saturating_sub(other.0[kind])
        }))
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(core::array::from_fn(|kind| self.0[kind] + other.0[kind]))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ByKind {
    /// The kinds by name.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(kind, number)| (kind.name(), number)))
    }
}
