//! Lines that have code, and how often they ran.
//!
//! # Role
//! From a program's line tables the lines that instructions come from, with every call that was
//! inlined; from callgrind's files how often each instruction ran.
//!
//! # Invariants
//! I1. A line counts as run if an instruction of it did, or one of what was inlined there.
//! I2. Of the compiler's own library no line is named, only the lines that called it.
//!
//! # Sources
//! A probe on an instruction with a lock prefix counts nothing; callgrind counted it exactly.

use alloc::collections::{BTreeMap, BTreeSet};
use core::iter;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use addr2line::Loader;
use object::{Object as _, ObjectSection as _};

/// A file, relative to the root where it lies below it, and a line.
pub(crate) type Place = (String, u32);

/// Reads lines of one object file.
pub(crate) struct Lines {
    loader: Loader,
    /// Where the sources lie, as given and without links.
    roots: [PathBuf; 2],
    /// Address and size of the code.
    code: (u64, u64),
}

impl Lines {
    /// Of this file, whose sources lie in `root`.
    pub(crate) fn open(path: &Path, root: &Path) -> io::Result<Self> {
        let content = fs::read(path)?;
        let file = object::File::parse(&*content).map_err(io::Error::other)?;
        let section = file
            .section_by_name(".text")
            .ok_or_else(|| io::Error::other("no code in it"))?;
        let loader = Loader::new(path).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self {
            loader,
            roots: [root.to_owned(), root.canonicalize()?],
            code: (section.address(), section.size()),
        })
    }

    /// All lines that have code.
    pub(crate) fn all(&self) -> BTreeSet<Place> {
        let (start, bytes) = self.code;
        let mut places = BTreeSet::new();
        let Ok(rows) = self.loader.find_location_range(start, start + bytes) else {
            return places;
        };
        for (address, _bytes, _location) in rows {
            places.extend(self.places(address));
        }
        places
    }

    /// How often lines ran, by how often their instructions did.
    pub(super) fn executed(&self, counts: &BTreeMap<u64, u64>) -> BTreeMap<Place, u64> {
        let mut executed = BTreeMap::new();
        for (&address, &count) in counts {
            for place in self.places(address) {
                let most = executed.entry(place).or_insert(0);
                *most = count.max(*most);
            }
        }
        executed
    }

    /// Lines that an instruction belongs to.
    pub(crate) fn places(&self, address: u64) -> Vec<Place> {
        let Ok(mut frames) = self.loader.find_frames(address) else {
            return Vec::new();
        };
        iter::from_fn(|| frames.next().ok().flatten())
            .filter_map(|frame| {
                let location = frame.location?;
                let (file, line) = (location.file?, location.line?);
                let is_own =
                    line > 0 && !file.starts_with("/rustc/") && !file.contains("/rustlib/");
                let file = &without_dots(Path::new(file));
                let mut below = self
                    .roots
                    .iter()
                    .filter_map(|it| file.strip_prefix(it).ok());
                let file = below.next().unwrap_or(file);
                is_own.then(|| (file.display().to_string(), line))
            })
            .collect()
    }
}

/// A path as C compilers write it ("build/../source/x.c") without its dots.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => _ = plain.pop(),
            other => plain.push(other),
        }
    }
    plain
}

/// How often each instruction of `object` ran, by callgrind's files (`--dump-instr=yes`).
pub(super) fn count_instructions(text: &str, object: &Path, counts: &mut BTreeMap<u64, u64>) {
    let object = object.canonicalize().unwrap_or_else(|_| object.into());
    let mut by_object = BTreeMap::new();
    count_by_object(text, &mut by_object);
    let ours = by_object
        .into_iter()
        .filter(|(name, _counts)| Path::new(name) == object);
    for (address, count) in ours.flat_map(|(_name, counts)| counts) {
        *counts.entry(address).or_insert(0) += count;
    }
}

/// How often each instruction of each object file ran, likewise.
pub(crate) fn count_by_object(text: &str, counts: &mut BTreeMap<String, BTreeMap<u64, u64>>) {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut current = counts.entry("???".to_owned()).or_default();
    let mut address = 0;
    let mut is_call = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("ob=").or(line.strip_prefix("cob=")) {
            let name = named(rest, &mut names);
            if line.starts_with("ob=") {
                current = counts.entry(name.to_owned()).or_default();
            }
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if let Some((at, count)) = cost(line, address) {
            address = at;
            if !is_call {
                *current.entry(at).or_insert(0) += count;
            }
            is_call = false;
        }
    }
}

/// A name, given as "(1) name" the first time and as "(1)" later.
fn named<'text>(rest: &'text str, names: &mut BTreeMap<&'text str, &'text str>) -> &'text str {
    match rest.split_once(' ') {
        Some((number, name)) if number.starts_with('(') => {
            names.insert(number, name);
            name
        }
        _ => names.get(rest).copied().unwrap_or(rest),
    }
}

/// Address and cost in a line of costs: "+4 0 17", where the address may be relative.
fn cost(line: &str, before: u64) -> Option<(u64, u64)> {
    let mut words = line.split_ascii_whitespace();
    let (at, _line, count) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let at = if at == "*" {
        before
    } else if let Some(by) = at.strip_prefix('+') {
        before.checked_add(number(by)?)?
    } else if let Some(by) = at.strip_prefix('-') {
        before.checked_sub(number(by)?)?
    } else if at.starts_with("0x") {
        number(at)?
    } else {
        return None;
    };
    Some((at, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_dots() {
        let plain = |path| without_dots(Path::new(path));
        assert_eq!(plain("/a/build/../src/./x.c"), Path::new("/a/src/x.c"));
        assert_eq!(plain("../x.c"), Path::new("../x.c"));
    }

    #[test]
    fn instructions_are_counted_from_callgrinds_lines() {
        let text = "summary: 9\n\nob=(1) /other\nfn=(1) f\n0x10 1 5\n\nob=(2) /none/such\nfn=(2) g\n\
                    0x100 5 7\nfi=(3)\n+4 +10 7\n+3 * 7\ncob=(1)\ncfn=(1)\ncalls=7 0x10 1\n* 15 35\n\
                    -7 15 1\n\nob=(1)\n0x20 1 1\n";
        let mut counts = BTreeMap::new();
        count_instructions(text, Path::new("/none/such"), &mut counts);
        let expected = [(0x100, 8), (0x104, 7), (0x107, 7)];
        let mut all = BTreeMap::new();
        count_by_object(text, &mut all);
        assert_eq!(all["/other"][&0x20], 1);
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
    }
}
