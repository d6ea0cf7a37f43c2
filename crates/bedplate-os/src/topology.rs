//! The CPUs and how they hang together.
//!
//! # Role
//! Which CPUs there are, which are online, and how they share cores, sockets, caches and nodes.
//!
//! # Not here
//! Caches (`caches.rs`), nodes (`nodes.rs`), which CPUs the process may use (`limits.rs`), and
//! pinning (the pool).
//!
//! # Invariants
//! - I1: every CPU of [`Topology::cpus`] is online, in rising order of number.
//!
//! # Sources
//! Documentation/ABI/stable/sysfs-devices-system-cpu.

use crate::caches::Cache;
use crate::fact::{Because, Fact, Reason};
use crate::ids::IdSet;
use crate::nodes::{self, LogicalNode, Node, NodeMap};
use crate::source::Machine;
use crate::text;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

const CPUS: &str = "/sys/devices/system/cpu";

/// The CPUs, caches and nodes of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Topology {
    /// CPUs that run.
    pub online: IdSet,
    /// CPUs that are plugged in and switched off.
    pub offline: Fact<IdSet>,
    /// The online CPUs, one by one.
    pub cpus: Vec<Cpu>,
    /// Distinct caches of the online CPUs, by level.
    pub caches: Fact<Vec<Cache>>,
    /// True where two CPUs share a core.
    pub smt_active: Fact<bool>,
    /// The node numbers.
    pub nodes: Fact<NodeMap>,
    /// The nodes, in logical order.
    pub node_details: Fact<Vec<Node>>,
}

/// An online CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cpu {
    /// The kernel's number.
    pub id: u32,
    /// The socket it sits in.
    pub socket: Fact<u32>,
    /// The core it belongs to; unique within a socket.
    pub core: Fact<u32>,
    /// CPUs of the same core, itself included.
    pub siblings: Fact<IdSet>,
    /// The node its memory is near to.
    pub node: Fact<LogicalNode>,
    /// What kind of core it is, where the machine has several.
    pub kind: Fact<CoreKind>,
}

/// A kind of core on a hybrid machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CoreKind {
    /// A fast core.
    Performance,
    /// A frugal core.
    Efficient,
}

/// The CPUs of the machine could not be told: nothing that depends on them can be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectError {
    /// What was to be found out.
    pub what: &'static str,
    /// Why it could not.
    pub because: Because,
}

impl fmt::Display for DetectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failed to find out {}: {}; mount /proc and /sys as on a usual system",
            self.what, self.because
        )
    }
}

impl core::error::Error for DetectError {}

impl Topology {
    /// Reads the topology.
    ///
    /// # Errors
    /// - [`DetectError`] where the online CPUs cannot be told; everything else can be absent.
    pub fn read(machine: &Machine) -> Result<Self, DetectError> {
        let failed = |because| DetectError {
            what: "which CPUs are online",
            because,
        };
        let online_file = format!("{CPUS}/online");
        let online = IdSet::read(machine, &online_file).map_err(failed)?;
        if online.is_empty() {
            return Err(failed(Reason::Garbage.at(online_file)));
        }
        let nodes: Fact<NodeMap> = NodeMap::read(machine).into();
        let node_details = nodes
            .clone()
            .map(|map| Node::read_all(machine, &map, &online));
        let kinds = CoreKinds::read(machine);
        let cpus: Vec<Cpu> = online
            .iter()
            .map(|id| Cpu {
                id,
                socket: topology_number(machine, id, "physical_package_id"),
                core: topology_number(machine, id, "core_id"),
                siblings: siblings(machine, id, &online).into(),
                node: nodes::home_of(id, &node_details),
                kind: kinds.of(id),
            })
            .collect();
        Ok(Self {
            offline: offline(machine, &online).into(),
            caches: Cache::read_all(machine, &online).into(),
            smt_active: smt_active(machine, &cpus),
            online,
            cpus,
            nodes,
            node_details,
        })
    }

    /// How many sockets the online CPUs sit in, where every CPU says.
    #[must_use]
    pub fn socket_count(&self) -> Option<usize> {
        let sockets: Option<IdSet> = self
            .cpus
            .iter()
            .map(|c| c.socket.known().copied())
            .collect();
        sockets.map(|s| s.count())
    }

    /// How many cores the online CPUs belong to, where every CPU says.
    #[must_use]
    pub fn core_count(&self) -> Option<usize> {
        let firsts: Option<IdSet> = self
            .cpus
            .iter()
            .map(|c| c.siblings.known().and_then(|s| s.nth(0)))
            .collect();
        firsts.map(|s| s.count())
    }
}

fn topology_number(machine: &Machine, cpu: u32, name: &str) -> Fact<u32> {
    machine
        .parse(&format!("{CPUS}/cpu{cpu}/topology/{name}"), |text| {
            // Some virtual machines write -1 for "not known".
            match text::signed(text::line(text)?)? {
                -1 => Err(Reason::NotListed),
                id => u32::try_from(id).map_err(|_| Reason::Garbage),
            }
        })
        .into()
}

fn siblings(machine: &Machine, cpu: u32, online: &IdSet) -> Result<IdSet, Because> {
    let path = format!("{CPUS}/cpu{cpu}/topology/thread_siblings_list");
    let set = IdSet::read(machine, &path)?;
    if !set.contains(cpu) {
        return Err(Reason::Contradicts {
            what: "a CPU is not of its own core",
        }
        .at(path));
    }
    if !set.is_within(online) {
        return Err(Reason::Contradicts {
            what: "a sibling is not online",
        }
        .at(path));
    }
    Ok(set)
}

fn offline(machine: &Machine, online: &IdSet) -> Result<IdSet, Because> {
    let path = format!("{CPUS}/present");
    let present = IdSet::read(machine, &path)?;
    if !online.is_within(&present) {
        return Err(Reason::Contradicts {
            what: "an online CPU is not present",
        }
        .at(path));
    }
    Ok(present
        .iter()
        .filter(|&cpu| !online.contains(cpu))
        .collect())
}

fn smt_active(machine: &Machine, cpus: &[Cpu]) -> Fact<bool> {
    let path = format!("{CPUS}/smt/active");
    let said = machine.parse(&path, |text| match text::line(text)? {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(Reason::Garbage),
    });
    let shared = cpus
        .iter()
        .any(|c| c.siblings.known().is_some_and(|s| s.count() > 1));
    match said {
        Ok(false) if shared => Fact::Absent {
            because: Reason::Contradicts {
                what: "CPUs share a core without SMT",
            }
            .at(path),
        },
        said => said.into(),
    }
}

/// Intel names the CPUs of each kind in two lists.
struct CoreKinds {
    performance: Result<IdSet, Because>,
    efficient: Result<IdSet, Because>,
}

impl CoreKinds {
    fn read(machine: &Machine) -> Self {
        Self {
            performance: IdSet::read(machine, "/sys/devices/cpu_core/cpus"),
            efficient: IdSet::read(machine, "/sys/devices/cpu_atom/cpus"),
        }
    }

    fn of(&self, cpu: u32) -> Fact<CoreKind> {
        let known = |set: &Result<IdSet, Because>| {
            set.as_ref().map(|s| s.contains(cpu)).map_err(Clone::clone)
        };
        let kind = match (known(&self.performance), known(&self.efficient)) {
            (Ok(true), Ok(true)) => Err(Reason::Contradicts {
                what: "a CPU is of two kinds",
            }
            .at("/sys/devices/cpu_core/cpus")),
            (Ok(true), _) => Ok(CoreKind::Performance),
            (_, Ok(true)) => Ok(CoreKind::Efficient),
            (Err(because), _) | (_, Err(because)) => Err(because),
            (Ok(false), Ok(false)) => Err(Reason::NotListed.at("/sys/devices/cpu_core/cpus")),
        };
        kind.into()
    }
}
