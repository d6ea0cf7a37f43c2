//! What changed between two profiles.
//!
//! # Role
//! Compares the stacks of two files of [`pprof`](super::pprof) by one sample type: as a table of
//! the functions that asked, and as folded stacks with both figures, which tools for differential
//! flame graphs read.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;

use super::pprof::Decoded;

/// Figures of one function or stack in both profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The function that asked, or the whole stack.
    pub name: String,
    /// In the first profile.
    pub before: i64,
    /// In the second.
    pub after: i64,
}

impl Change {
    /// After less before.
    #[must_use]
    pub const fn difference(&self) -> i64 {
        self.after - self.before
    }
}

/// All changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// By the function that asked, the largest change first.
    pub functions: Vec<Change>,
    /// By stack, in order of name.
    pub stacks: Vec<Change>,
}

/// Compares two profiles by a sample type that both have; `None` if one has not.
#[must_use]
pub fn diff(before: &Decoded, after: &Decoded, sample_type: &str) -> Option<Diff> {
    let before = values(before, sample_type)?;
    let after = values(after, sample_type)?;
    let mut stacks: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    before
        .iter()
        .for_each(|(stack, value)| stacks.entry(stack).or_default().0 += value);
    after
        .iter()
        .for_each(|(stack, value)| stacks.entry(stack).or_default().1 += value);
    let mut functions: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (stack, (one, other)) in &stacks {
        let asker = stack.rsplit(';').next().unwrap_or(stack);
        let sums = functions.entry(asker).or_default();
        sums.0 += one;
        sums.1 += other;
    }
    let mut functions = changes(functions);
    functions.retain(|change| change.before != 0 || change.after != 0);
    functions.sort_by_key(|change| core::cmp::Reverse(change.difference().unsigned_abs()));
    Some(Diff {
        functions,
        stacks: changes(stacks),
    })
}

fn values<'profile>(
    profile: &'profile Decoded,
    sample_type: &str,
) -> Option<Vec<(&'profile str, i64)>> {
    let index = profile.types.iter().position(|name| name == sample_type)?;
    let value = |(stack, values): (&'profile String, &Vec<i64>)| {
        (stack.as_str(), values.get(index).copied().unwrap_or(0))
    };
    Some(profile.stacks.iter().map(value).collect())
}

fn changes(sums: BTreeMap<&str, (i64, i64)>) -> Vec<Change> {
    let change = |(name, (before, after)): (&str, (i64, i64))| Change {
        name: name.to_owned(),
        before,
        after,
    };
    sums.into_iter().map(change).collect()
}

/// Folded stacks with both figures.
#[must_use]
pub fn folded(diff: &Diff) -> String {
    let told = diff.stacks.iter().filter(|c| c.before != 0 || c.after != 0);
    told.fold(String::new(), |mut text, change| {
        // Writing to a string does not fail.
        let _written = writeln!(text, "{} {} {}", change.name, change.before, change.after);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::pprof::tests::example;
    use crate::profile::pprof::{decode, encode};

    #[test]
    fn growth_is_found_by_function_and_by_stack() {
        let read = |peak| decode(&encode(&example(peak)).unwrap()).unwrap();
        let found = diff(&read(10.0), &read(40.0), "peak_space").unwrap();
        assert_eq!(found.functions[0].name, "ask");
        assert_eq!(found.functions[0].difference(), 30 * 64);
        assert_eq!(folded(&found), "main;ask 640 2560\n");
        assert_eq!(diff(&read(1.0), &read(1.0), "cpu"), None);
        let same = diff(&read(10.0), &read(10.0), "peak_space").unwrap();
        assert_eq!(same.functions[0].difference(), 0);
    }
}
