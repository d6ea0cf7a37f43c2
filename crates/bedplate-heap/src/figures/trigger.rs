//! Why collections began.

use core::fmt;

/// What began a trial, a full pass or a whole collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Trigger {
    /// A trial: candidates were enough.
    Candidates = 0,
    /// Trials: deferred objects were enough.
    Deferred = 1,
    /// A trial: large objects that were made were enough.
    Large = 2,
    /// A pass: objects that no trial could decide were enough.
    Undecided = 3,
    /// A pass: the heap has grown, and something was undecided.
    Growth = 4,
    /// A pass: the heap became several times as large, and nothing was undecided.
    Untold = 5,
    /// A pass: pressure, the soft mark of a budget, or whoever holds a [`crate::Relief`].
    Relief = 6,
    /// A collection: there was no memory.
    NoRoom = 7,
    /// A collection each so many allocations ([`crate::Limits::collect_each`]).
    Each = 8,
    /// Trials, a pass or a collection that the host asked for.
    Host = 9,
    /// A pass: shapes that were made were enough.
    Shapes = 10,
}

impl Trigger {
    /// Every reason, by its number.
    pub const ALL: [Self; 11] = [
        Self::Candidates,
        Self::Deferred,
        Self::Large,
        Self::Undecided,
        Self::Growth,
        Self::Untold,
        Self::Relief,
        Self::NoRoom,
        Self::Each,
        Self::Host,
        Self::Shapes,
    ];

    /// Its name, as data has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Candidates => "candidates",
            Self::Deferred => "deferred",
            Self::Large => "large",
            Self::Undecided => "undecided",
            Self::Growth => "growth",
            Self::Untold => "untold",
            Self::Relief => "relief",
            Self::NoRoom => "no_room",
            Self::Each => "each",
            Self::Host => "host",
            Self::Shapes => "shapes",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Candidates => "candidates were enough",
            Self::Deferred => "deferred objects were enough",
            Self::Large => "large objects were enough",
            Self::Undecided => "undecided objects were enough",
            Self::Growth => "the heap had grown",
            Self::Untold => "the heap had become several times as large",
            Self::Relief => "memory was short",
            Self::NoRoom => "there was no memory",
            Self::Each => "a collection is due each so many allocations",
            Self::Host => "the host asked",
            Self::Shapes => "shapes that were made were enough",
        })
    }
}

/// How often each reason began something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByTrigger([u64; Trigger::ALL.len()]);

impl ByTrigger {
    /// How often a reason did.
    #[must_use]
    pub const fn of(&self, trigger: Trigger) -> u64 {
        self.0[trigger as usize]
    }

    /// The reasons that began anything.
    pub fn iter(&self) -> impl Iterator<Item = (Trigger, u64)> + '_ {
        let all = Trigger::ALL.into_iter().zip(self.0);
        all.filter(|(_, count)| *count > 0)
    }

    pub(crate) const fn add(&mut self, trigger: Trigger) {
        self.0[trigger as usize] += 1;
    }

    pub(crate) const fn words(&self) -> &[u64; Trigger::ALL.len()] {
        &self.0
    }

    pub(crate) const fn of_words(words: [u64; Trigger::ALL.len()]) -> Self {
        Self(words)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ByTrigger {
    /// The reasons by name.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(trigger, count)| (trigger.name(), count)))
    }
}
