//! Sets of CPU and node numbers.
//!
//! # Role
//! The kernel's lists (`0-3,8`) as sorted sets, read strictly and printed the same way.

use crate::fact::{Because, Reason};
use crate::source::Machine;
use crate::text::{line, number};
use alloc::vec::Vec;
use core::fmt;

/// No kernel of today numbers more CPUs or nodes than this; a larger number is garbage, and would
/// otherwise let one line of text ask for all memory.
const LARGEST: u64 = 65_535;

/// A sorted set of CPU or node numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct IdSet {
    ids: Vec<u32>,
}

impl IdSet {
    /// Reads a list as the kernel writes it, without its line break. The empty list is a set.
    ///
    /// # Errors
    /// - [`Reason::Garbage`] where the text is no rising list of numbers and ranges.
    pub fn parse(list: &str) -> Result<Self, Reason> {
        let mut ids: Vec<u32> = Vec::new();
        if list.is_empty() {
            return Ok(Self { ids });
        }
        for part in list.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            let rises = ids.last().is_none_or(|&before| u64::from(before) < first);
            if last > LARGEST || first > last || !rises {
                return Err(Reason::Garbage);
            }
            ids.extend((first..=last).filter_map(|id| u32::try_from(id).ok()));
        }
        Ok(Self { ids })
    }

    /// Reads the list in a one-line file.
    ///
    /// # Errors
    /// - The reason of the reading or of [`parse`](Self::parse), with `path`.
    pub fn read(machine: &Machine, path: &str) -> Result<Self, Because> {
        machine.parse(path, |text| Self::parse(line(text)?))
    }

    /// True if `id` is in the set.
    #[must_use]
    pub fn contains(&self, id: u32) -> bool {
        self.ids.binary_search(&id).is_ok()
    }

    /// How many numbers the set holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// True if the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The numbers, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.ids.iter().copied()
    }

    /// The place of `id` among the numbers of the set.
    #[must_use]
    pub fn rank(&self, id: u32) -> Option<usize> {
        self.ids.binary_search(&id).ok()
    }

    /// The number at a place.
    #[must_use]
    pub fn nth(&self, rank: usize) -> Option<u32> {
        self.ids.get(rank).copied()
    }

    /// True if every number of this set is in `other`.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.iter().all(|id| other.contains(id))
    }
}

impl FromIterator<u32> for IdSet {
    fn from_iter<I: IntoIterator<Item = u32>>(iter: I) -> Self {
        let mut ids: Vec<u32> = iter.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self { ids }
    }
}

impl fmt::Display for IdSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids = self.iter().peekable();
        let mut comma = "";
        while let Some(first) = ids.next() {
            let mut last = first;
            while let Some(next) = ids.next_if_eq(&(last + 1)) {
                last = next;
            }
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::IdSet;

    #[test]
    fn lists_are_read_and_printed_alike() {
        for list in ["", "0", "0-3", "0,2,4-7", "0-1,8"] {
            assert_eq!(
                IdSet::parse(list).map(|s| s.to_string()),
                Ok(list.to_owned())
            );
        }
    }

    #[test]
    fn lists_that_no_kernel_writes_are_garbage() {
        for list in [
            "0-",
            "-1",
            "1-0",
            "0,0",
            "3,1",
            "0-2,2",
            "x",
            "0,,1",
            " 0",
            "0-4294967295",
            "70000",
        ] {
            assert!(IdSet::parse(list).is_err(), "{list}");
        }
    }
}
