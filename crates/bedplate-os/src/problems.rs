//! What is wrong with a machine, and what to do about it.
//!
//! # Role
//! Looks through the facts for what makes programs fail, slow or wrongly measured.
//!
//! # Not here
//! Facts that are merely different: a missing second node is no problem.

use crate::cgroup::Version;
use crate::fact::{Fact, Reason};
use crate::facts::MachineFacts;
use crate::limits::SoftLimit;
use crate::memory::{HugeMode, Overcommit};
use crate::psi::Share;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

/// The kernel's default for `vm.max_map_count`.
const MAPPINGS_USUAL: u64 = 65_530;
/// From this share of a limit on, use is near it.
const NEAR: Share = Share::percent(90);
/// From this share of time lost on, a resource is short now.
const STALLED: Share = Share::percent(10);

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Problem {
    /// A stable name for scripts.
    pub id: &'static str,
    /// What is the case.
    pub what: String,
    /// Why that is bad.
    pub why: String,
    /// What to do about it.
    pub what_to_do: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}.", self.what, self.why, self.what_to_do)
    }
}

impl MachineFacts {
    /// The machine's problems, the ones that make programs fail first.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        self.memory_rules(&mut found);
        self.memory_limits(&mut found);
        self.cpu_limits(&mut found);
        self.pressure_now(&mut found);
        self.measuring(&mut found);
        self.disbelieved(&mut found);
        found
    }

    fn memory_rules(&self, found: &mut Vec<Problem>) {
        if self.memory.overcommit.known() == Some(&Overcommit::Refused) {
            found.push(Problem {
                id: "overcommit-refused",
                what: "the kernel refuses overcommit (vm.overcommit_memory is 2)".into(),
                why: "address space that is only reserved counts against the commit limit, so reservations fail early"
                    .into(),
                what_to_do: "set vm.overcommit_memory to 0, or raise vm.overcommit_ratio, or use smaller reservations"
                    .into(),
            });
        }
        if let Some(&most) = self.memory.mappings_max.known() {
            if most < MAPPINGS_USUAL {
                found.push(Problem {
                    id: "mapping-count-low",
                    what: format!("a process may have {most} mappings (vm.max_map_count)"),
                    why: "giving memory back splits mappings; at the limit the kernel refuses with ENOMEM while memory is free"
                        .into(),
                    what_to_do: format!("set vm.max_map_count to {MAPPINGS_USUAL} or more"),
                });
            }
            if let Some(&own) = self.memory.mappings.known()
                && Share::of(own, most) >= NEAR
            {
                found.push(Problem {
                    id: "mapping-count-near",
                    what: format!("this process has {own} of at most {most} mappings"),
                    why: "at the limit the kernel refuses with ENOMEM while memory is free".into(),
                    what_to_do: "raise vm.max_map_count, or find what maps so many ranges".into(),
                });
            }
        }
        if self.memory.huge.mode.known() == Some(&HugeMode::Always) {
            found.push(Problem {
                id: "huge-pages-always",
                what: "transparent huge pages go to every mapping (transparent_hugepage/enabled is always)".into(),
                why: "sparsely used heaps grow to whole huge pages, and the kernel may stall programs to make them"
                    .into(),
                what_to_do: "set it to madvise, so that only mappings that ask get them".into(),
            });
        }
    }

    fn memory_limits(&self, found: &mut Vec<Problem>) {
        if let Fact::Known(SoftLimit::At(bytes)) = self.limits.resources.address_space_bytes {
            found.push(Problem {
                id: "address-space-limited",
                what: format!("address space is limited to {} (ulimit -v)", Bytes(bytes)),
                why: "reservations count, used or not".into(),
                what_to_do: "limit memory by a control group instead, or expect smaller reservations".into(),
            });
        }
        if let (Some(used), Some(limit)) = (self.group_used(), self.group_limit())
            && Share::of(used, limit) >= NEAR
        {
            found.push(Problem {
                id: "memory-limit-near",
                what: format!(
                    "the control group uses {} of its {}",
                    Bytes(used),
                    Bytes(limit)
                ),
                why: "at the limit the kernel kills one of its processes".into(),
                what_to_do: "raise the group's limit or run less in it".into(),
            });
        }
        if let Some(kills) = self
            .limits
            .group_memory
            .known()
            .and_then(|g| g.oom_kills.known())
            && *kills > 0
        {
            found.push(Problem {
                id: "memory-limit-killed",
                what: format!("the kernel has killed {kills} processes of this control group for want of memory"),
                why: "it will do so again under the same load".into(),
                what_to_do: "raise the group's limit or run less in it".into(),
            });
        }
        if let (Some(&available), Some(&total)) = (
            self.memory.available_bytes.known(),
            self.memory.total_bytes.known(),
        ) && Share::of(total.saturating_sub(available), total) >= NEAR
        {
            found.push(Problem {
                id: "memory-low",
                what: format!(
                    "{} of {} memory are available",
                    Bytes(available),
                    Bytes(total)
                ),
                why: "programs will be slowed by reclaim, and killed when it finds nothing".into(),
                what_to_do: "end what is not needed or add memory".into(),
            });
        }
    }

    fn group_used(&self) -> Option<u64> {
        self.limits.group_memory.known()?.working_set_bytes()
    }

    fn group_limit(&self) -> Option<u64> {
        self.limits.group_memory.known()?.limit.known()?.bytes
    }

    fn cpu_limits(&self, found: &mut Vec<Problem>) {
        let online = self.topology.online.count() as u64;
        let cpu = self.limits.group_cpu.known();
        if let Some(quota) = cpu.and_then(|c| c.quota.known()).and_then(|q| q.millicpus)
            && quota < online * 1000
        {
            found.push(Problem {
                id: "cpu-quota-below-cores",
                what: format!(
                    "the control group may use {} of {online} CPUs",
                    Thousandths(quota)
                ),
                why: "threads for every CPU are stopped together when the quota is used up".into(),
                what_to_do: format!(
                    "start at most {} threads, or raise the quota",
                    quota.div_ceil(1000)
                ),
            });
        }
        if let Some(&periods) = cpu.and_then(|c| c.throttled_periods.known())
            && periods > 0
        {
            found.push(Problem {
                id: "cpu-throttled",
                what: format!("the control group was stopped in {periods} periods for having used its CPU quota"),
                why: "times measured here contain the stops".into(),
                what_to_do: "raise the quota or use fewer threads".into(),
            });
        }
        if let Some(load) = self.host.load.known()
            && u64::from(load.minute_1_hundredths) > online * 100
        {
            found.push(Problem {
                id: "load-above-cores",
                what: format!("the load is {load} on {online} CPUs"),
                why: "programs wait for each other, and times measured now are too long".into(),
                what_to_do: "wait until the machine is quiet before measuring".into(),
            });
        }
    }

    fn pressure_now(&self, found: &mut Vec<Problem>) {
        match &self.pressure.memory {
            Fact::Absent { because } if !because.reason.is_doubtful() => found.push(Problem {
                id: "no-stall-figures",
                what: format!("the kernel gives no stall figures for memory: {because}"),
                why: "pressure is then told from use alone, later and less surely".into(),
                what_to_do: match because.reason {
                    Reason::SwitchedOff => "start the kernel with psi=1",
                    Reason::Forbidden => "let the process read /proc/pressure",
                    _ => "use a kernel with CONFIG_PSI (4.20 or later), or go without",
                }
                .into(),
            }),
            _ => {}
        }
        for (name, pressure) in [
            ("CPU", &self.pressure.cpu),
            ("memory", &self.pressure.memory),
            ("disk", &self.pressure.io),
        ] {
            if let Some(pressure) = pressure.known()
                && pressure.some.avg10 >= STALLED
            {
                found.push(Problem {
                    id: match name {
                        "CPU" => "cpu-stalled",
                        "memory" => "memory-stalled",
                        _ => "disk-stalled",
                    },
                    what: format!(
                        "in the last 10 seconds tasks waited {} of the time for {name}",
                        pressure.some.avg10
                    ),
                    why: "programs are slow now, and times measured now are too long".into(),
                    what_to_do: "wait until the machine is quiet, or find what keeps it busy"
                        .into(),
                });
            }
        }
    }

    fn measuring(&self, found: &mut Vec<Problem>) {
        if self.cgroups.version.known() == Some(&Version::None) {
            found.push(Problem {
                id: "no-control-groups",
                what: "there are no control groups".into(),
                why: "no limit can be told apart from the machine's own size".into(),
                what_to_do: "mount cgroup2 at /sys/fs/cgroup, or go without".into(),
            });
        }
        if let Fact::Absent { because } = &self.counters.instructions {
            let what_to_do = match because.reason {
                // A description of a machine says nothing of its counters.
                Reason::NotThisMachine => return,
                Reason::Forbidden => {
                    "set kernel.perf_event_paranoid to 2 or less, or run with CAP_PERFMON"
                }
                _ => {
                    "measure by time and by simulated instruction counts, or use a machine that offers counters"
                }
            };
            found.push(Problem {
                id: "no-perf-counters",
                what: format!("instructions cannot be counted: {because}"),
                why: "measurements lack their second witness".into(),
                what_to_do: what_to_do.into(),
            });
        }
    }

    fn disbelieved(&self, found: &mut Vec<Problem>) {
        for because in self.doubts() {
            found.push(Problem {
                id: "reading-disbelieved",
                what: because.to_string(),
                why: "what depends on it counts as not known".into(),
                what_to_do: format!(
                    "look at {} and mount /proc and /sys as on a usual system",
                    because.place
                ),
            });
        }
        self.nodes_against_total(found);
    }

    /// The memory of the nodes should be about the memory of the machine.
    fn nodes_against_total(&self, found: &mut Vec<Problem>) {
        let (Some(nodes), Some(&total)) =
            (self.memory.nodes.known(), self.memory.total_bytes.known())
        else {
            return;
        };
        let Some(sum) = nodes
            .iter()
            .map(|node| node.total_bytes.known().copied())
            .sum::<Option<u64>>()
        else {
            return;
        };
        if sum.abs_diff(total) > total / 10 {
            found.push(Problem {
                id: "nodes-disagree",
                what: format!("the nodes' memory adds up to {} of the machine's {}", Bytes(sum), Bytes(total)),
                why: "memory that came or went while the system ran is not in both; node figures are then no guide".into(),
                what_to_do: "go by the machine's total".into(),
            });
        }
    }
}

/// Bytes for people.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        for (unit, name) in UNITS {
            if self.0 >= unit {
                let tenths = (self.0 % unit) * 10 / unit;
                return write!(f, "{}.{tenths} {name}", self.0 / unit);
            }
        }
        write!(f, "{} bytes", self.0)
    }
}

/// Thousandths for people.
struct Thousandths(u64);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 1000, self.0 % 1000 / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Thousandths};

    #[test]
    fn figures_read_well() {
        assert_eq!(Bytes(1536 << 20).to_string(), "1.5 GiB");
        assert_eq!(Bytes(12).to_string(), "12 bytes");
        assert_eq!(Thousandths(1500).to_string(), "1.50");
    }
}
