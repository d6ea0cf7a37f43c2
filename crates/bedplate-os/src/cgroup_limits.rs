//! What a control group allows and has used.
//!
//! # Role
//! The memory and CPU limits in force for a group: the least of its own and its ancestors', from
//! version 2 files or version 1 files, and the use beside them.
//!
//! # Invariants
//! - I1: "unlimited" is said only where every level was read and none has a limit. A level that
//!   could not be believed makes the answer absent, unless another level gives a limit: then the
//!   answer is an upper bound and the level stands in `unread`.

use crate::cgroup::Group;
use crate::fact::{Because, Fact, Reason};
use crate::source::Machine;
use crate::text::{self, flat, number};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A limit in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Bound {
    /// The least value over the levels, `None` where no level limits.
    pub bytes: Option<u64>,
    /// The folder of the group that sets it.
    pub set_by: Option<String>,
    /// Levels whose value could not be believed.
    pub unread: Vec<Because>,
}

/// A limit on CPU time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Quota {
    /// Thousandths of a CPU that the group may use, `None` where no level limits.
    pub millicpus: Option<u64>,
    /// The folder of the group that sets it.
    pub set_by: Option<String>,
    /// Levels whose value could not be believed.
    pub unread: Vec<Because>,
}

/// Memory in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GroupMemory {
    /// Beyond it the kernel kills.
    pub limit: Fact<Bound>,
    /// Beyond it the kernel slows the group down (version 2 only).
    pub high: Fact<Bound>,
    /// The limit on swap (version 2) or on memory and swap together (version 1).
    pub swap_limit: Fact<Bound>,
    /// Bytes that the group uses, file cache included.
    pub used_bytes: Fact<u64>,
    /// Of these, file cache that the kernel can drop at once.
    pub inactive_file_bytes: Fact<u64>,
    /// The most bytes it ever used.
    pub peak_bytes: Fact<u64>,
    /// How often the limit was hit.
    pub limit_hits: Fact<u64>,
    /// How many of the group's processes the kernel killed for want of memory.
    pub oom_kills: Fact<u64>,
}

/// CPU time in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GroupCpu {
    /// The quota in force.
    pub quota: Fact<Quota>,
    /// Periods in which the group was stopped for having used its quota.
    pub throttled_periods: Fact<u64>,
}

/// What one level says.
enum Level {
    Unlimited,
    Limited(u64),
}

/// Version 1 writes "no limit" as the largest count of pages; with 64 KiB pages that is this
/// number and with smaller pages more.
const V1_UNLIMITED_FROM: u64 = (i64::MAX as u64) & !0xffff;

impl GroupMemory {
    /// Reads the memory files of a group.
    #[must_use]
    pub fn read(machine: &Machine, group: &Group) -> Self {
        let file =
            |v2: &str, v1: &str| format!("{}/{}", group.folder, if group.is_v2 { v2 } else { v1 });
        let single = |v2, v1| -> Fact<u64> {
            machine
                .parse(&file(v2, v1), |t| number(text::line(t)?))
                .into()
        };
        let keyed = |v2, v1, key_v2, key_v1| -> Fact<u64> {
            let key = if group.is_v2 { key_v2 } else { key_v1 };
            machine.parse(&file(v2, v1), |t| flat(t, key)).into()
        };
        let bound = |name: &str| least(machine, group, |text| level(text, group.is_v2), name);
        Self {
            limit: bound(if group.is_v2 {
                "memory.max"
            } else {
                "memory.limit_in_bytes"
            }),
            high: if group.is_v2 {
                bound("memory.high")
            } else {
                Fact::Absent {
                    because: Reason::Unsupported.at("memory.high in a version 1 group"),
                }
            },
            swap_limit: bound(if group.is_v2 {
                "memory.swap.max"
            } else {
                "memory.memsw.limit_in_bytes"
            }),
            used_bytes: single("memory.current", "memory.usage_in_bytes"),
            inactive_file_bytes: keyed(
                "memory.stat",
                "memory.stat",
                "inactive_file",
                "total_inactive_file",
            ),
            peak_bytes: single("memory.peak", "memory.max_usage_in_bytes"),
            limit_hits: if group.is_v2 {
                keyed("memory.events", "", "max", "")
            } else {
                single("", "memory.failcnt")
            },
            oom_kills: keyed(
                "memory.events",
                "memory.oom_control",
                "oom_kill",
                "oom_kill",
            ),
        }
    }

    /// Bytes in use that the kernel cannot drop at once.
    #[must_use]
    pub fn working_set_bytes(&self) -> Option<u64> {
        let used = *self.used_bytes.known()?;
        Some(used.saturating_sub(self.inactive_file_bytes.known().copied().unwrap_or(0)))
    }
}

impl GroupCpu {
    /// Reads the CPU files of a group.
    #[must_use]
    pub fn read(machine: &Machine, group: &Group) -> Self {
        let bound = if group.is_v2 {
            least(machine, group, quota_v2, "cpu.max")
        } else {
            quota_v1(machine, group)
        };
        let stat = format!("{}/cpu.stat", group.folder);
        Self {
            quota: bound.map(|b| Quota {
                millicpus: b.bytes,
                set_by: b.set_by,
                unread: b.unread,
            }),
            throttled_periods: machine.parse(&stat, |t| flat(t, "nr_throttled")).into(),
        }
    }
}

fn level(text: &str, is_v2: bool) -> Result<Level, Reason> {
    match (is_v2, text::line(text)?) {
        (true, "max") => Ok(Level::Unlimited),
        (true, line) => number(line).map(Level::Limited),
        (false, line) => number(line).map(|n| {
            if n >= V1_UNLIMITED_FROM {
                Level::Unlimited
            } else {
                Level::Limited(n)
            }
        }),
    }
}

/// The least limit over the levels of a group.
fn least(
    machine: &Machine,
    group: &Group,
    parser: impl Fn(&str) -> Result<Level, Reason>,
    name: &str,
) -> Fact<Bound> {
    gather(
        group,
        |folder| machine.parse(&format!("{folder}/{name}"), &parser),
        name,
    )
}

fn gather(group: &Group, read: impl Fn(&str) -> Result<Level, Because>, name: &str) -> Fact<Bound> {
    let mut bound = Bound {
        bytes: None,
        set_by: None,
        unread: Vec::new(),
    };
    let mut heard = false;
    for folder in group.levels() {
        match read(folder) {
            Ok(Level::Unlimited) => heard = true,
            Ok(Level::Limited(value)) => {
                heard = true;
                if bound.bytes.is_none_or(|least| value < least) {
                    bound.bytes = Some(value);
                    bound.set_by = Some(folder.to_owned());
                }
            }
            // The root of a tree has no limit files, nor has a level without the controller.
            Err(because) if because.reason == Reason::NotThere => {}
            Err(because) => bound.unread.push(because),
        }
    }
    if bound.bytes.is_some() {
        return Fact::Known(bound);
    }
    match bound.unread.first() {
        Some(because) => Fact::Absent {
            because: because.clone(),
        },
        // Only the root of the tree may be silent and still mean "no limit".
        None if heard || group.folder == group.mount => Fact::Known(bound),
        None => Fact::Absent {
            because: Reason::NotThere.at(format!("{}/{name}", group.folder)),
        },
    }
}

/// `max 100000` or `150000 100000`, as thousandths of a CPU.
fn quota_v2(text: &str) -> Result<Level, Reason> {
    let (quota, period) = text::line(text)?.split_once(' ').ok_or(Reason::Garbage)?;
    let period = number(period)?;
    if quota == "max" && period > 0 {
        return Ok(Level::Unlimited);
    }
    millicpus(number(quota)?, period).map(Level::Limited)
}

fn quota_v1(machine: &Machine, group: &Group) -> Fact<Bound> {
    let read = |folder: &str| -> Result<Level, Because> {
        let quota_file = format!("{folder}/cpu.cfs_quota_us");
        let quota = machine.parse(&quota_file, |t| text::signed(text::line(t)?))?;
        let Ok(quota) = u64::try_from(quota) else {
            return if quota == -1 {
                Ok(Level::Unlimited)
            } else {
                Err(Reason::Garbage.at(quota_file))
            };
        };
        let period_file = format!("{folder}/cpu.cfs_period_us");
        let period = machine
            .parse(&period_file, |t| number(text::line(t)?))
            .map_err(|because| {
                // A quota without its period is no absent limit.
                match because.reason {
                    Reason::NotThere => Reason::Contradicts {
                        what: "a quota without a period",
                    }
                    .at(quota_file.clone()),
                    _ => because,
                }
            })?;
        millicpus(quota, period)
            .map(Level::Limited)
            .map_err(|reason| reason.at(quota_file))
    };
    gather(group, read, "cpu.cfs_quota_us")
}

/// A quota of zero or a period of zero is nothing that a kernel accepts.
fn millicpus(quota_us: u64, period_us: u64) -> Result<u64, Reason> {
    if quota_us == 0 || period_us == 0 {
        return Err(Reason::Garbage);
    }
    // Rounded up, so that the least quota is never "no CPU at all".
    quota_us
        .checked_mul(1000)
        .map(|m| m.div_ceil(period_us))
        .ok_or(Reason::Garbage)
}

#[cfg(test)]
mod tests {
    use super::{Level, level, quota_v2};

    #[test]
    fn no_limit_is_told_apart_from_a_large_one() {
        assert!(matches!(level("max\n", true), Ok(Level::Unlimited)));
        assert!(matches!(
            level("9223372036854771712\n", false),
            Ok(Level::Unlimited)
        ));
        assert!(matches!(
            level("1073741824\n", false),
            Ok(Level::Limited(0x4000_0000))
        ));
        assert!(level("max\n", false).is_err());
        assert!(level("\n", true).is_err());
    }

    #[test]
    fn quotas_are_thousandths_of_a_cpu() {
        assert!(matches!(
            quota_v2("150000 100000\n"),
            Ok(Level::Limited(1500))
        ));
        assert!(matches!(quota_v2("1 1000000\n"), Ok(Level::Limited(1))));
        assert!(matches!(quota_v2("max 100000\n"), Ok(Level::Unlimited)));
        for text in [
            "0 100000\n",
            "1 0\n",
            "max 0\n",
            "max\n",
            "1 2",
            "-1 100000\n",
        ] {
            assert!(quota_v2(text).is_err(), "{text}");
        }
    }
}
