//! What the CPUs can do.
//!
//! # Role
//! Vendor, model, and the instruction sets that *every* CPU has, as the kernel lists them, and the
//! x86-64 level that follows.
//!
//! # Not here
//! Dispatch at run time: [`level_here`] asks the running CPU for it.

use crate::fact::{Fact, Reason};
use crate::source::Machine;
use crate::text::lines;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

const CPUINFO: &str = "/proc/cpuinfo";

/// The instruction sets of the machine's CPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Features {
    /// Who made the CPU.
    pub vendor: Fact<String>,
    /// What it is called.
    pub model: Fact<String>,
    /// The flags that all CPUs have, sorted, in the kernel's words.
    pub flags: Fact<Vec<String>>,
    /// The x86-64 level that the flags add up to.
    pub level: Fact<X86Level>,
}

/// The levels of the x86-64 psABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum X86Level {
    /// SSE2.
    V1,
    /// SSE4.2 and POPCNT.
    V2,
    /// AVX2, BMI and FMA.
    V3,
    /// AVX-512 F, BW, CD, DQ and VL.
    V4,
}

impl fmt::Display for X86Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "x86-64-v1",
            Self::V2 => "x86-64-v2",
            Self::V3 => "x86-64-v3",
            Self::V4 => "x86-64-v4",
        })
    }
}

/// What each level asks for beyond the one below, in the kernel's words.
const LEVELS: [(X86Level, &[&str]); 4] = [
    (X86Level::V1, &["sse2", "fxsr", "cx8", "cmov"]),
    (
        X86Level::V2,
        &[
            "cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4_1", "sse4_2",
        ],
    ),
    (
        X86Level::V3,
        &[
            "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave",
        ],
    ),
    (
        X86Level::V4,
        &["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"],
    ),
];

impl Features {
    /// Reads what the kernel says of the CPUs.
    #[must_use]
    pub fn read(machine: &Machine) -> Self {
        let text = machine.read(CPUINFO);
        let with = |parser: &dyn Fn(&str) -> Result<String, Reason>| -> Fact<String> {
            let text = text.as_ref().map_err(Clone::clone);
            text.and_then(|text| parser(text).map_err(|r| r.at(CPUINFO)))
                .into()
        };
        let flags = text
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|text| common_flags(text).map_err(|r| r.at(CPUINFO)));
        let level = flags
            .clone()
            .and_then(|flags| level(&flags).map_err(|r| r.at(CPUINFO)));
        Self {
            vendor: with(&|text| first(text, &["vendor_id", "CPU implementer"])),
            model: with(&|text| first(text, &["model name", "CPU part"])),
            flags: flags.into(),
            level: level.into(),
        }
    }

    /// True if all CPUs have a flag; absent where the flags are.
    #[must_use]
    pub fn has(&self, flag: &str) -> Option<bool> {
        self.flags
            .known()
            .map(|flags| flags.iter().any(|f| f == flag))
    }
}

/// The value of a `key : value` line with one of the keys.
fn value<'a>(line: &'a str, keys: &[&str]) -> Option<&'a str> {
    let (key, value) = line.split_once(':')?;
    keys.contains(&key.trim_end()).then(|| value.trim())
}

fn first(text: &str, keys: &[&str]) -> Result<String, Reason> {
    let found = lines(text)?.find_map(|line| value(line, keys));
    found
        .filter(|v| !v.is_empty())
        .map(ToOwned::to_owned)
        .ok_or(Reason::NotListed)
}

/// The flags that stand in every CPU's list.
fn common_flags(text: &str) -> Result<Vec<String>, Reason> {
    let mut common: Option<Vec<&str>> = None;
    for line in lines(text)? {
        let Some(list) = value(line, &["flags", "Features"]) else {
            continue;
        };
        let mut own: Vec<&str> = list.split_ascii_whitespace().collect();
        own.sort_unstable();
        own.dedup();
        match &mut common {
            None => common = Some(own),
            Some(common) => common.retain(|flag| own.binary_search(flag).is_ok()),
        }
    }
    let common = common.ok_or(Reason::NotListed)?;
    if common.is_empty() {
        Err(Reason::Garbage)
    } else {
        Ok(common.into_iter().map(ToOwned::to_owned).collect())
    }
}

/// The highest level of which every part and all levels below are there.
fn level(flags: &[String]) -> Result<X86Level, Reason> {
    let has = |flag: &&str| flags.iter().any(|f| f == flag);
    let mut best = Err(Reason::NotListed);
    for (level, needs) in LEVELS {
        if !needs.iter().all(has) {
            break;
        }
        best = Ok(level);
    }
    best
}

/// The level of the running CPU, as the CPU itself and the kernel's switches say it. `None` on
/// other architectures.
#[must_use]
pub fn level_here() -> Option<X86Level> {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let v2 = has!("cmpxchg16b")
            && has!("popcnt")
            && has!("sse3")
            && has!("ssse3")
            && has!("sse4.1")
            && has!("sse4.2");
        let v3 = v2
            && has!("avx")
            && has!("avx2")
            && has!("bmi1")
            && has!("bmi2")
            && has!("f16c")
            && has!("fma")
            && has!("lzcnt")
            && has!("movbe")
            && has!("xsave");
        let v4 = v3
            && has!("avx512f")
            && has!("avx512bw")
            && has!("avx512cd")
            && has!("avx512dq")
            && has!("avx512vl");
        Some(match (v2, v3, v4) {
            (_, _, true) => X86Level::V4,
            (_, true, _) => X86Level::V3,
            (true, ..) => X86Level::V2,
            _ => X86Level::V1,
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}

#[cfg(test)]
mod tests {
    use super::{Features, X86Level, common_flags, level, level_here};
    use crate::fact::{Fact, Reason};
    use crate::source::Machine;

    #[test]
    fn only_what_every_cpu_has_counts() {
        let text = "flags\t\t: fpu avx2 sse2\nprocessor : 1\nflags : sse2 fpu\n";
        assert_eq!(
            common_flags(text),
            Ok(vec!["fpu".to_owned(), "sse2".to_owned()])
        );
        assert_eq!(common_flags("processor : 0\n"), Err(Reason::NotListed));
        assert_eq!(level(&["sse2".to_owned()]), Err(Reason::NotListed));
    }

    #[test]
    fn the_kernel_and_the_cpu_agree_on_this_machine() {
        let read = Features::read(&Machine::running()).level;
        assert_eq!(read, level_here().map_or(read.clone(), Fact::Known));
        assert!(level_here() >= Some(X86Level::V1));
    }
}
