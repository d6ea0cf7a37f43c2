//! What the process may use.
//!
//! # Role
//! The limits in force: resource limits, the control group's and the machine's own size, brought
//! together into one effective memory limit and one effective number of CPUs.
//!
//! # Invariants
//! - I1: the effective limit is the least of all that were read. Sources that could not be
//!   believed stand in `unread`; they never count as "no limit".

use crate::cgroup::Cgroups;
use crate::cgroup_limits::{GroupCpu, GroupMemory};
use crate::fact::{Because, Fact, Reason};
use crate::ids::IdSet;
use crate::source::Machine;
use crate::text::{lines, number};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const RLIMITS: &str = "/proc/self/limits";
const STATUS: &str = "/proc/self/status";

/// A soft resource limit: a number, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SoftLimit {
    /// `unlimited`.
    Unlimited,
    /// At most this.
    At(u64),
}

/// The process's resource limits (`ulimit`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ResourceLimits {
    /// Address space in bytes (`-v`).
    pub address_space_bytes: Fact<SoftLimit>,
    /// Data in bytes (`-d`): the heap and private mappings.
    pub data_bytes: Fact<SoftLimit>,
    /// The main thread's stack in bytes (`-s`).
    pub stack_bytes: Fact<SoftLimit>,
    /// Memory locked against swapping in bytes (`-l`).
    pub locked_bytes: Fact<SoftLimit>,
    /// Open files (`-n`).
    pub open_files: Fact<SoftLimit>,
    /// Processes and threads of the user (`-u`).
    pub processes: Fact<SoftLimit>,
}

/// All limits of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Limits {
    /// The least of all limits on memory.
    pub memory: Fact<EffectiveMemory>,
    /// The control group's memory.
    pub group_memory: Fact<GroupMemory>,
    /// The control group's CPU time.
    pub group_cpu: Fact<GroupCpu>,
    /// The resource limits.
    pub resources: ResourceLimits,
    /// CPUs that the process may run on, by the kernel's numbers.
    pub cpus_allowed: Fact<IdSet>,
    /// Nodes that the process may take memory from, by the kernel's numbers.
    pub nodes_allowed: Fact<IdSet>,
}

/// The memory limit in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EffectiveMemory {
    /// The limit in bytes.
    pub bytes: u64,
    /// Who sets it.
    pub set_by: LimitSource,
    /// Sources that could not be believed: the limit may be lower.
    pub unread: Vec<Because>,
}

/// Who sets a memory limit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum LimitSource {
    /// The machine's size.
    PhysicalMemory,
    /// A control group: its folder.
    Group(String),
    /// `ulimit -v`.
    AddressSpace,
    /// `ulimit -d`.
    Data,
}

impl Limits {
    /// Reads all limits; `total` is the machine's physical memory in bytes.
    #[must_use]
    pub fn read(machine: &Machine, groups: &Cgroups, total: &Fact<u64>) -> Self {
        let group_memory = groups
            .memory
            .clone()
            .map(|group| GroupMemory::read(machine, &group));
        let group_cpu = groups
            .cpu
            .clone()
            .map(|group| GroupCpu::read(machine, &group));
        let resources = ResourceLimits::read(machine);
        Self {
            memory: effective(total, &group_memory, &resources),
            group_memory,
            group_cpu,
            resources,
            cpus_allowed: allowed(machine, "Cpus_allowed_list"),
            nodes_allowed: allowed(machine, "Mems_allowed_list"),
        }
    }

    /// Thousandths of a CPU that the process can use: the allowed CPUs that are `online`, or the
    /// quota where that is less. `None` where neither is known.
    #[must_use]
    pub fn millicpus(&self, online: &IdSet) -> Option<u64> {
        let allowed = self.cpus_allowed.known().map_or_else(
            || online.count(),
            |set| set.iter().filter(|&cpu| online.contains(cpu)).count(),
        );
        let quota = self
            .group_cpu
            .known()
            .and_then(|c| c.quota.known())
            .and_then(|q| q.millicpus);
        let whole = (allowed as u64).saturating_mul(1000);
        let least = quota.map_or(whole, |quota| quota.min(whole));
        (least > 0).then_some(least)
    }
}

fn effective(
    total: &Fact<u64>,
    group: &Fact<GroupMemory>,
    resources: &ResourceLimits,
) -> Fact<EffectiveMemory> {
    let mut least: Option<(u64, LimitSource)> = None;
    let mut unread = Vec::new();
    let mut consider = |bytes: u64, set_by: LimitSource| {
        if least.as_ref().is_none_or(|(least, _)| bytes < *least) {
            least = Some((bytes, set_by));
        }
    };
    match total {
        Fact::Known(bytes) => consider(*bytes, LimitSource::PhysicalMemory),
        Fact::Absent { because } => unread.push(because.clone()),
    }
    match group.known().map(|g| &g.limit) {
        Some(Fact::Known(bound)) => {
            unread.extend(bound.unread.iter().cloned());
            if let (Some(bytes), Some(folder)) = (bound.bytes, &bound.set_by) {
                consider(bytes, LimitSource::Group(folder.clone()));
            }
        }
        Some(Fact::Absent { because }) => unread.push(because.clone()),
        // No group at all is no limit; a group that could not be read may have one.
        None => unread.extend(group.because().filter(|b| b.reason.is_doubtful()).cloned()),
    }
    let soft = [
        (&resources.address_space_bytes, LimitSource::AddressSpace),
        (&resources.data_bytes, LimitSource::Data),
    ];
    for (limit, set_by) in soft {
        match limit {
            Fact::Known(SoftLimit::At(bytes)) => consider(*bytes, set_by),
            Fact::Known(SoftLimit::Unlimited) => {}
            Fact::Absent { because } => unread.push(because.clone()),
        }
    }
    match (least, unread.first()) {
        (Some((bytes, set_by)), _) => Fact::Known(EffectiveMemory {
            bytes,
            set_by,
            unread,
        }),
        (None, Some(because)) => Fact::Absent {
            because: because.clone(),
        },
        (None, None) => Fact::Absent {
            because: Reason::NotListed.at("every source of a memory limit"),
        },
    }
}

impl ResourceLimits {
    fn read(machine: &Machine) -> Self {
        let text = machine.read(RLIMITS);
        let get = |name: &str| -> Fact<SoftLimit> {
            let text = text.as_ref().map_err(Clone::clone);
            text.and_then(|text| {
                soft_limit(text, name).map_err(|r| r.at(format!("{RLIMITS} ({name})")))
            })
            .into()
        };
        Self {
            address_space_bytes: get("Max address space"),
            data_bytes: get("Max data size"),
            stack_bytes: get("Max stack size"),
            locked_bytes: get("Max locked memory"),
            open_files: get("Max open files"),
            processes: get("Max processes"),
        }
    }
}

fn soft_limit(text: &str, name: &str) -> Result<SoftLimit, Reason> {
    for line in lines(text)? {
        let Some(rest) = line.strip_prefix(name) else {
            continue;
        };
        // Soft limit, hard limit, unit: a line without all three was cut or is no kernel's.
        let mut words = rest.split_ascii_whitespace();
        let (Some(soft), Some(hard), Some(_unit)) = (words.next(), words.next(), words.next())
        else {
            return Err(Reason::Garbage);
        };
        let (soft, hard) = (limit_word(soft)?, limit_word(hard)?);
        let above = match (soft, hard) {
            (SoftLimit::Unlimited, SoftLimit::At(_)) => true,
            (SoftLimit::At(soft), SoftLimit::At(hard)) => soft > hard,
            _ => false,
        };
        return if above {
            Err(Reason::Contradicts {
                what: "the soft limit is above the hard one",
            })
        } else {
            Ok(soft)
        };
    }
    Err(Reason::NotListed)
}

fn limit_word(word: &str) -> Result<SoftLimit, Reason> {
    if word == "unlimited" {
        Ok(SoftLimit::Unlimited)
    } else {
        number(word).map(SoftLimit::At)
    }
}

/// A list of the process's status file.
pub(crate) fn allowed(machine: &Machine, key: &str) -> Fact<IdSet> {
    let parser = |text: &str| -> Result<IdSet, Reason> {
        for line in lines(text)? {
            if let Some(list) = line.strip_prefix(key).and_then(|l| l.strip_prefix(":\t")) {
                let set = IdSet::parse(list)?;
                return if set.is_empty() {
                    Err(Reason::Garbage)
                } else {
                    Ok(set)
                };
            }
        }
        Err(Reason::NotListed)
    };
    machine
        .parse(STATUS, parser)
        .map_err(|b| b.reason.at(format!("{STATUS} ({key})")))
        .into()
}

#[cfg(test)]
mod tests {
    use super::{SoftLimit, soft_limit};
    use crate::fact::Reason;

    const TEXT: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
        Max data size             unlimited            unlimited            bytes     \n\
        Max address space         1048576              unlimited            bytes     \n\
        Max stack size            2                    1                    bytes     \n";

    #[test]
    fn soft_limits_are_read() {
        assert_eq!(soft_limit(TEXT, "Max data size"), Ok(SoftLimit::Unlimited));
        assert_eq!(
            soft_limit(TEXT, "Max address space"),
            Ok(SoftLimit::At(1 << 20))
        );
        assert_eq!(soft_limit(TEXT, "Max open files"), Err(Reason::NotListed));
        assert!(matches!(
            soft_limit(TEXT, "Max stack size"),
            Err(Reason::Contradicts { .. })
        ));
    }
}
