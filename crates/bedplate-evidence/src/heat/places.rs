//! From instructions to the lines they come from.
//!
//! # Invariants
//! I1. Counts of locked instructions are exact: every copy of a line, inlined or unrolled, is added
//!     up. Where two operations share a line, each is given the line's count, which bounds it.

use alloc::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use object::{Object as _, ObjectSection as _};

use super::counted::Counted;
use super::instruction::{Code, Kind};
use crate::error::RunError;
use crate::sides::lines::{Lines, Place};

/// How often a line's instructions ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// All executions of instructions that lock.
    pub locked: u64,
    /// All executions of calls, and of jumps without a condition.
    pub leaving: u64,
    /// Executions of the instruction that ran most often.
    pub most: u64,
}

/// The lines of a tree that have code in what ran.
#[derive(Clone, Debug, Default)]
pub struct Places {
    lines: BTreeMap<Place, LineCounts>,
    files: BTreeSet<String>,
    /// Object files whose lines are known.
    pub seen: Vec<String>,
    /// Object files without line tables, and how many instructions ran in each.
    pub blind: Vec<(String, u64)>,
}

impl Places {
    /// Of the sources below `root`.
    ///
    /// # Errors
    /// An object file cannot be read, or none of those that ran has line tables for sources there.
    pub fn of(counted: &Counted, root: &Path) -> Result<Self, RunError> {
        let mut places = Self::default();
        for (object, counts) in &counted.objects {
            if !object.is_file() {
                continue;
            }
            let name = object.display().to_string();
            let is_known = places
                .add(object, counts, root)
                .map_err(|source| RunError::System {
                    what: "read the lines of what ran",
                    source,
                })?;
            if is_known {
                places.seen.push(name);
            } else {
                places.blind.push((name, counts.values().sum()));
            }
        }
        places
            .blind
            .sort_by_key(|object| core::cmp::Reverse(object.1));
        if places.lines.is_empty() {
            return Err(places.nothing_seen(root));
        }
        Ok(places)
    }

    /// Adds the lines of an object file; false if it has none.
    fn add(&mut self, object: &Path, counts: &BTreeMap<u64, u64>, root: &Path) -> io::Result<bool> {
        if !has_line_tables(object)? {
            return Ok(false);
        }
        let Some(code) = Code::read(object)? else {
            return Ok(false);
        };
        let lines = Lines::open(object, root)?;
        for place in lines.all().into_iter().filter(is_below) {
            self.files.insert(place.0.clone());
            self.lines.entry(place).or_default();
        }
        for (&address, &count) in counts {
            let kind = code.kind_at(address);
            let places: BTreeSet<Place> = lines.places(address).into_iter().collect();
            for place in places.into_iter().filter(is_below) {
                let line = self.lines.entry(place).or_default();
                line.most = line.most.max(count);
                match kind {
                    Kind::Locked => line.locked += count,
                    Kind::Leaving => line.leaving += count,
                    Kind::Other => {}
                }
            }
        }
        Ok(true)
    }

    fn nothing_seen(&self, root: &Path) -> RunError {
        let without = self.blind.iter().take(3).map(|object| object.0.as_str());
        let without: Vec<&str> = without.collect();
        let without = if without.is_empty() {
            String::new()
        } else {
            format!("; without line tables ran {}", without.join(", "))
        };
        RunError::Senseless {
            message: format!(
                "the profile cannot see the source: nothing that ran has line tables for files below \
                 {}{without}. Build the program from these sources with line tables and without \
                 stripping: for cargo set CARGO_PROFILE_RELEASE_DEBUG=line-tables-only and \
                 CARGO_PROFILE_RELEASE_STRIP=none, for C and C++ give -g",
                root.display()
            ),
        }
    }

    /// The counts of a line; none if it has no code in what ran.
    #[must_use]
    pub fn line(&self, file: &str, line: u32) -> Option<LineCounts> {
        self.lines.get(&(file.to_owned(), line)).copied()
    }

    /// Whether any line of this file has code in what ran.
    #[must_use]
    pub fn has_file(&self, file: &str) -> bool {
        self.files.contains(file)
    }
}

fn is_below(place: &Place) -> bool {
    !Path::new(&place.0).is_absolute()
}

/// Whether an object file says which lines its code comes from.
fn has_line_tables(path: &Path) -> io::Result<bool> {
    let content = fs::read(path)?;
    let Ok(file) = object::File::parse(&*content) else {
        return Ok(false);
    };
    let table = file.section_by_name(".debug_line");
    Ok(table.is_some_and(|section| section.size() > 0) && file.section_by_name(".text").is_some())
}
