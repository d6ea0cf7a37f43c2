//! The machine's memory and the kernel's rules for it.
//!
//! # Role
//! Physical memory and swap, the memory of each node, huge pages, overcommit, mapping counts.
//!
//! # Not here
//! What the process may use of it: `limits.rs`.

use crate::fact::{Because, Fact, Reason};
use crate::nodes::{LogicalNode, NodeMap};
use crate::source::Machine;
use crate::text::{self, choice, field, number};
use alloc::format;
use alloc::vec::Vec;

const MEMINFO: &str = "/proc/meminfo";
const THP: &str = "/sys/kernel/mm/transparent_hugepage";

/// The machine's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Memory {
    /// Physical memory in bytes.
    pub total_bytes: Fact<u64>,
    /// Bytes that can be had without swapping.
    pub available_bytes: Fact<u64>,
    /// Swap space in bytes.
    pub swap_total_bytes: Fact<u64>,
    /// Swap space not in use, in bytes.
    pub swap_free_bytes: Fact<u64>,
    /// Bytes that programs were promised.
    pub committed_bytes: Fact<u64>,
    /// The most that may be promised where overcommit is refused.
    pub commit_limit_bytes: Fact<u64>,
    /// Memory of each node, in logical order.
    pub nodes: Fact<Vec<NodeMemory>>,
    /// Transparent huge pages.
    pub huge: HugePages,
    /// The rule for promises beyond physical memory.
    pub overcommit: Fact<Overcommit>,
    /// The most mappings that a process may have.
    pub mappings_max: Fact<u64>,
    /// Mappings that this process has.
    pub mappings: Fact<u64>,
}

/// The memory of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NodeMemory {
    /// The node.
    pub node: LogicalNode,
    /// Its memory in bytes.
    pub total_bytes: Fact<u64>,
    /// Of these, free.
    pub free_bytes: Fact<u64>,
}

/// Transparent huge pages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HugePages {
    /// Who gets them.
    pub mode: Fact<HugeMode>,
    /// How hard the kernel works for one at a page fault, in the kernel's word.
    pub defrag: Fact<Defrag>,
    /// The size of one in bytes.
    pub size_bytes: Fact<u64>,
}

/// Who gets transparent huge pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum HugeMode {
    /// Every mapping.
    Always,
    /// Mappings that ask.
    Madvise,
    /// None.
    Never,
}

/// How hard the kernel works for a huge page at a page fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Defrag {
    /// It stalls the program.
    Always,
    /// It works in the background.
    Defer,
    /// It stalls those that asked and works in the background for others.
    DeferMadvise,
    /// It stalls those that asked.
    Madvise,
    /// It takes what is there.
    Never,
}

/// The rule for promising more memory than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Overcommit {
    /// Obvious excess is refused (mode 0).
    Heuristic,
    /// Everything is promised (mode 1).
    Always,
    /// Only what can be kept is promised (mode 2).
    Refused,
}

impl Memory {
    /// Reads the machine's memory; `nodes` is the map of its nodes.
    #[must_use]
    pub fn read(machine: &Machine, nodes: &Fact<NodeMap>) -> Self {
        let meminfo = machine.read(MEMINFO);
        let get = |key: &str| -> Result<u64, Because> {
            let text = meminfo.as_ref().map_err(Clone::clone)?;
            field(text, "", key).map_err(|reason| reason.at(format!("{MEMINFO} ({key})")))
        };
        let total = get("MemTotal").and_then(|bytes| match bytes {
            0 => Err(Reason::Garbage.at(format!("{MEMINFO} (MemTotal)"))),
            bytes => Ok(bytes),
        });
        let available = get("MemAvailable");
        let at_most = |part: Result<u64, Because>, whole: &Result<u64, Because>, key: &str| match (
            part, whole,
        ) {
            (Ok(part), Ok(whole)) if part > *whole => Err(Reason::Contradicts {
                what: "a part is larger than the whole",
            }
            .at(format!("{MEMINFO} ({key})"))),
            (part, _) => part,
        };
        let swap_total = get("SwapTotal");
        Self {
            available_bytes: at_most(available, &total, "MemAvailable").into(),
            swap_free_bytes: at_most(get("SwapFree"), &swap_total, "SwapFree").into(),
            total_bytes: total.into(),
            swap_total_bytes: swap_total.into(),
            committed_bytes: get("Committed_AS").into(),
            commit_limit_bytes: get("CommitLimit").into(),
            nodes: nodes.clone().map(|map| node_memory(machine, &map)),
            huge: HugePages::read(machine),
            overcommit: machine
                .parse("/proc/sys/vm/overcommit_memory", overcommit)
                .into(),
            mappings_max: one_number(machine, "/proc/sys/vm/max_map_count"),
            mappings: machine.parse("/proc/self/maps", count_mappings).into(),
        }
    }
}

impl HugePages {
    fn read(machine: &Machine) -> Self {
        let mode = machine.parse(&format!("{THP}/enabled"), |text| match choice(text)? {
            "always" => Ok(HugeMode::Always),
            "madvise" => Ok(HugeMode::Madvise),
            "never" => Ok(HugeMode::Never),
            _ => Err(Reason::Garbage),
        });
        let defrag = machine.parse(&format!("{THP}/defrag"), |text| match choice(text)? {
            "always" => Ok(Defrag::Always),
            "defer" => Ok(Defrag::Defer),
            "defer+madvise" => Ok(Defrag::DeferMadvise),
            "madvise" => Ok(Defrag::Madvise),
            "never" => Ok(Defrag::Never),
            _ => Err(Reason::Garbage),
        });
        let size = machine.parse(&format!("{THP}/hpage_pmd_size"), |text| {
            let size = number(text::line(text)?)?;
            if size.is_power_of_two() {
                Ok(size)
            } else {
                Err(Reason::Garbage)
            }
        });
        Self {
            mode: mode.into(),
            defrag: defrag.into(),
            size_bytes: size.into(),
        }
    }
}

/// Lines of the form `start-end rights ...`.
fn count_mappings(text: &str) -> Result<u64, Reason> {
    let mut count = 0;
    for line in text::lines(text)? {
        let range = line.split(' ').next().and_then(|word| word.split_once('-'));
        let (start, end) = range.ok_or(Reason::Garbage)?;
        let hexadecimal = |word: &str| u64::from_str_radix(word, 16).map_err(|_| Reason::Garbage);
        hexadecimal(start)?;
        hexadecimal(end)?;
        count += 1;
    }
    Ok(count)
}

fn overcommit(text: &str) -> Result<Overcommit, Reason> {
    match text::line(text)? {
        "0" => Ok(Overcommit::Heuristic),
        "1" => Ok(Overcommit::Always),
        "2" => Ok(Overcommit::Refused),
        _ => Err(Reason::Garbage),
    }
}

fn one_number(machine: &Machine, path: &str) -> Fact<u64> {
    machine.parse(path, |text| number(text::line(text)?)).into()
}

fn node_memory(machine: &Machine, map: &NodeMap) -> Vec<NodeMemory> {
    map.iter()
        .map(|(node, physical)| {
            let path = format!("/sys/devices/system/node/node{}/meminfo", physical.0);
            let prefix = format!("Node {} ", physical.0);
            let text = machine.read(&path);
            let get = |key: &str| -> Fact<u64> {
                let read = text.as_ref().map_err(Clone::clone);
                read.and_then(|text| {
                    field(text, &prefix, key).map_err(|r| r.at(format!("{path} ({key})")))
                })
                .into()
            };
            let (total_bytes, mut free_bytes) = (get("MemTotal"), get("MemFree"));
            if let (Fact::Known(total), Fact::Known(free)) = (&total_bytes, &free_bytes)
                && free > total
            {
                let reason = Reason::Contradicts {
                    what: "a part is larger than the whole",
                };
                free_bytes = Fact::Absent {
                    because: reason.at(path.clone()),
                };
            }
            NodeMemory {
                node,
                total_bytes,
                free_bytes,
            }
        })
        .collect()
}
