//! The caches of the CPUs.
//!
//! # Role
//! Each distinct cache of the online CPUs: level, kind, size, line, and who shares it.

use crate::fact::{Because, Fact, Reason};
use crate::ids::IdSet;
use crate::source::Machine;
use crate::text::{self, number, positive};
use alloc::format;
use alloc::vec::Vec;

const CPUS: &str = "/sys/devices/system/cpu";
/// No CPU has more cache descriptions than this.
const CACHES_MAX: usize = 16;

/// What a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CacheKind {
    /// Data.
    Data,
    /// Instructions.
    Instruction,
    /// Both.
    Unified,
}

/// One cache.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cache {
    /// 1 is nearest to the core.
    pub level: u32,
    /// What it holds.
    pub kind: CacheKind,
    /// Its size.
    pub size_bytes: Fact<u64>,
    /// The size of a line.
    pub line_bytes: Fact<u64>,
    /// CPUs that share it.
    pub shared_by: IdSet,
}

impl Cache {
    /// Reads the caches of the online CPUs.
    pub(crate) fn read_all(machine: &Machine, online: &IdSet) -> Result<Vec<Self>, Because> {
        let mut caches: Vec<Self> = Vec::new();
        for cpu in online.iter() {
            Self::read_of_cpu(machine, cpu, &mut caches)?;
        }
        if caches.is_empty() {
            return Err(Reason::NotThere.at(format!("{CPUS}/cpu*/cache")));
        }
        caches.sort_by_key(|c| (c.level, c.kind, c.shared_by.nth(0)));
        Ok(caches)
    }

    fn read_of_cpu(machine: &Machine, cpu: u32, caches: &mut Vec<Self>) -> Result<(), Because> {
        for index in 0..CACHES_MAX {
            let folder = format!("{CPUS}/cpu{cpu}/cache/index{index}");
            let cache = match Self::read(machine, &folder, cpu) {
                Ok(cache) => cache,
                // There is no further index.
                Err(because) if because.reason == Reason::NotThere => return Ok(()),
                Err(because) => return Err(because),
            };
            if !caches.iter().any(|known| known.is_same(&cache)) {
                caches.push(cache);
            }
        }
        Ok(())
    }

    /// True where both are one cache that two CPUs describe.
    fn is_same(&self, other: &Self) -> bool {
        (self.level, self.kind) == (other.level, other.kind) && self.shared_by == other.shared_by
    }

    fn read(machine: &Machine, folder: &str, cpu: u32) -> Result<Self, Because> {
        let one = |name: &str, parser: fn(&str) -> Result<u64, Reason>| {
            machine.parse(&format!("{folder}/{name}"), |text| {
                parser(text::line(text)?)
            })
        };
        let level = one("level", number)?;
        let kind = machine.parse(&format!("{folder}/type"), |text| match text::line(text)? {
            "Data" => Ok(CacheKind::Data),
            "Instruction" => Ok(CacheKind::Instruction),
            "Unified" => Ok(CacheKind::Unified),
            _ => Err(Reason::Garbage),
        })?;
        let shared_file = format!("{folder}/shared_cpu_list");
        let shared_by = IdSet::read(machine, &shared_file)?;
        if !shared_by.contains(cpu) {
            return Err(Reason::Contradicts {
                what: "a CPU does not share its own cache",
            }
            .at(shared_file));
        }
        let level =
            u32::try_from(level).map_err(|_| Reason::Garbage.at(format!("{folder}/level")))?;
        Ok(Self {
            level,
            kind,
            size_bytes: one("size", size).into(),
            line_bytes: one("coherency_line_size", positive).into(),
            shared_by,
        })
    }
}

/// `32K`, `1024K`, `32M`.
fn size(text: &str) -> Result<u64, Reason> {
    let (digits, unit) = match text.strip_suffix('K') {
        Some(digits) => (digits, 1024),
        None => (text.strip_suffix('M').ok_or(Reason::Garbage)?, 1024 * 1024),
    };
    positive(digits)?.checked_mul(unit).ok_or(Reason::Garbage)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn cache_sizes_have_units() {
        assert_eq!(size("32K"), Ok(32 << 10));
        assert_eq!(size("2M"), Ok(2 << 20));
        for text in ["", "K", "0K", "32", "32G", "-1K"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
