//! What a pass knows of each slot.
//!
//! # Role
//! Two bytes for each two words of the heap: what begins there, one mark, and how many references lead
//! to it.
//!
//! # Invariants
//! - I1: slots are two words at least, so that no two slots share an entry; which of the two places it is
//!   the entry says, so that a reference to the other is none to the slot.

use std::collections::HashMap;

/// What begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing.
    Nothing = 0,
    /// A free slot.
    Free = 1,
    /// An object.
    Object = 2,
    /// An object that waits to be freed.
    Dying = 3,
    /// The room of an object.
    Buffer = 4,
    /// A slot that is not used again.
    Shut = 5,
}

const STATES: [State; 8] = [
    State::Nothing,
    State::Free,
    State::Object,
    State::Dying,
    State::Buffer,
    State::Shut,
    State::Nothing,
    State::Nothing,
];

const STATE_SHIFT: u32 = 13;
const ODD: u16 = 1 << 12;
const MARK: u16 = 1 << 11;
/// The count went round at least once.
const MORE: u16 = 1 << 10;
const COUNT: u16 = MORE - 1;
/// What begins, and at which of the two places.
const START: u16 = !(MARK | MORE | COUNT);

/// What a pass knows of each slot.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Vec<u16>,
    /// How often the counts went round that did: each time is 1024 references.
    more: HashMap<u32, u64>,
}

#[inline]
const fn start(place: u32, state: State) -> u16 {
    let odd = if place & 1 == 0 { 0 } else { ODD };
    (state as u16) << STATE_SHIFT | odd
}

impl Ledger {
    /// For a heap of so many words.
    pub(crate) fn new(words: usize) -> Self {
        Self {
            entries: vec![0; words / 2],
            more: HashMap::new(),
        }
    }

    pub(crate) fn set(&mut self, place: u32, state: State) {
        self.entries[(place >> 1) as usize] = start(place, state);
    }

    /// What begins at a place; nothing where the place is outside.
    #[inline]
    pub(crate) fn state(&self, place: u32) -> State {
        match self.entries.get((place >> 1) as usize) {
            Some(entry) => {
                let state = STATES[usize::from(entry >> STATE_SHIFT)];
                let is_here = *entry & START == start(place, state);
                if is_here { state } else { State::Nothing }
            }
            None => State::Nothing,
        }
    }

    /// One reference more to an object; `false` where none is there.
    #[inline]
    pub(crate) fn refer(&mut self, place: u32) -> bool {
        let Some(entry) = self.entries.get_mut((place >> 1) as usize) else {
            return false;
        };
        if *entry & START != start(place, State::Object) {
            return false;
        }
        if *entry & COUNT == COUNT {
            *entry = *entry & !COUNT | MORE;
            *self.more.entry(place).or_default() += 1;
        } else {
            *entry += 1;
        }
        true
    }

    /// Whether an object is there, has its mark, and so many references lead to it.
    #[inline]
    pub(crate) fn is_as_counted(&self, place: u32, count: u32) -> bool {
        let Ok(count) = u16::try_from(count) else {
            return false;
        };
        let expected = start(place, State::Object) | MARK | count;
        count <= COUNT && self.entries[(place >> 1) as usize] == expected
    }

    /// How many references lead to a place.
    #[inline]
    pub(crate) fn references(&self, place: u32) -> u64 {
        let entry = self.entries[(place >> 1) as usize];
        let count = u64::from(entry & COUNT);
        if entry & MORE == 0 {
            return count;
        }
        count + self.more.get(&place).copied().unwrap_or(0) * (u64::from(COUNT) + 1)
    }

    /// Marks what begins at a place; `false` where it has its mark, or something else is there.
    #[inline]
    pub(crate) fn mark(&mut self, place: u32, state: State) -> bool {
        match self.entries.get_mut((place >> 1) as usize) {
            Some(entry) if *entry & (START | MARK) == start(place, state) => {
                *entry |= MARK;
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(crate) fn is_marked(&self, place: u32) -> bool {
        self.entries[(place >> 1) as usize] & MARK != 0
    }
}
