//! The nodes of the machine and their numbers.
//!
//! # Role
//! The one map between the kernel's (physical) node numbers and ours (logical: 0, 1, 2 without
//! gaps), and what each node holds.
//!
//! # Not here
//! Placing memory on a node: `numa.rs`.
//!
//! # Invariants
//! - I1: logical node `n` is the `n`-th online physical node; nobody else numbers nodes.
//!
//! # Sources
//! Documentation/ABI/stable/sysfs-devices-node.

use crate::fact::{Because, Fact, Reason};
use crate::ids::IdSet;
use crate::source::Machine;
use crate::text;
use alloc::format;
use alloc::vec::Vec;

const NODES: &str = "/sys/devices/system/node";

/// A node's place in the one numbering: 0 to the count of nodes, without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct LogicalNode(pub u32);

/// A node's number in the kernel, which may leave gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PhysicalNode(pub u32);

/// The one map between logical and physical nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct NodeMap {
    physical: IdSet,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Node {
    /// Our number.
    pub logical: LogicalNode,
    /// The kernel's number.
    pub physical: PhysicalNode,
    /// Its CPUs; empty for a node of memory alone.
    pub cpus: Fact<IdSet>,
    /// How far each node is, in logical order; 10 is near.
    pub distances: Fact<Vec<u32>>,
}

impl NodeMap {
    /// Reads the online nodes.
    ///
    /// # Errors
    /// - The reason where the kernel has no nodes or its list is not to be believed.
    pub fn read(machine: &Machine) -> Result<Self, Because> {
        let physical = IdSet::read(machine, &format!("{NODES}/online"))?;
        if physical.is_empty() {
            return Err(Reason::Garbage.at(format!("{NODES}/online")));
        }
        Ok(Self { physical })
    }

    /// A map of the given physical numbers, for described machines.
    #[must_use]
    pub fn of(physical: impl IntoIterator<Item = u32>) -> Self {
        Self {
            physical: physical.into_iter().collect(),
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.physical.count()
    }

    /// The kernel's number of a node.
    #[must_use]
    pub fn physical(&self, node: LogicalNode) -> Option<PhysicalNode> {
        self.physical
            .nth(usize::try_from(node.0).ok()?)
            .map(PhysicalNode)
    }

    /// Our number of a node.
    #[must_use]
    pub fn logical(&self, node: PhysicalNode) -> Option<LogicalNode> {
        let rank = self.physical.rank(node.0)?;
        u32::try_from(rank).ok().map(LogicalNode)
    }

    /// All nodes in logical order.
    pub fn iter(&self) -> impl Iterator<Item = (LogicalNode, PhysicalNode)> + '_ {
        (0..)
            .map(LogicalNode)
            .zip(self.physical.iter().map(PhysicalNode))
    }
}

impl Node {
    /// Reads the nodes of a map.
    pub(crate) fn read_all(machine: &Machine, map: &NodeMap, online: &IdSet) -> Vec<Self> {
        let mut taken: Vec<u32> = Vec::new();
        map.iter()
            .map(|(logical, physical)| {
                let path = format!("{NODES}/node{}/cpulist", physical.0);
                let cpus = IdSet::read(machine, &path).and_then(|cpus| {
                    if cpus.iter().any(|cpu| taken.contains(&cpu)) {
                        return Err(Reason::Contradicts {
                            what: "a CPU is in two nodes",
                        }
                        .at(path.clone()));
                    }
                    if !cpus.is_within(online) {
                        return Err(Reason::Contradicts {
                            what: "a node has a CPU that is not online",
                        }
                        .at(path.clone()));
                    }
                    taken.extend(cpus.iter());
                    Ok(cpus)
                });
                let distances = distances(machine, physical, map.count());
                Self {
                    logical,
                    physical,
                    cpus: cpus.into(),
                    distances: distances.into(),
                }
            })
            .collect()
    }
}

fn distances(machine: &Machine, node: PhysicalNode, count: usize) -> Result<Vec<u32>, Because> {
    let path = format!("{NODES}/node{}/distance", node.0);
    machine.parse(&path, |text| {
        let row: Result<Vec<u32>, Reason> = text::line(text)?
            .split(' ')
            .map(|word| u32::try_from(text::positive(word)?).map_err(|_| Reason::Garbage))
            .collect();
        let row = row?;
        if row.len() == count {
            Ok(row)
        } else {
            Err(Reason::Contradicts {
                what: "there are not as many distances as nodes",
            })
        }
    })
}

/// The node that a CPU is near to.
pub(crate) fn home_of(cpu: u32, nodes: &Fact<Vec<Node>>) -> Fact<LogicalNode> {
    let nodes = match nodes {
        Fact::Known(nodes) => nodes,
        Fact::Absent { because } => {
            return Fact::Absent {
                because: because.clone(),
            };
        }
    };
    let home = nodes
        .iter()
        .find(|n| n.cpus.known().is_some_and(|set| set.contains(cpu)));
    let doubt = nodes.iter().find_map(|n| n.cpus.because());
    match (home, doubt) {
        (Some(node), _) => Fact::Known(node.logical),
        (None, Some(because)) => Fact::Absent {
            because: because.clone(),
        },
        (None, None) => Fact::Absent {
            because: Reason::Contradicts {
                what: "an online CPU is in no node",
            }
            .at(format!("{NODES}/node*/cpulist (CPU {cpu})")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{LogicalNode, NodeMap, PhysicalNode};

    #[test]
    fn logical_numbers_have_no_gaps() {
        let map = NodeMap::of([0, 8, 17]);
        assert_eq!(map.physical(LogicalNode(1)), Some(PhysicalNode(8)));
        assert_eq!(map.logical(PhysicalNode(17)), Some(LogicalNode(2)));
        assert_eq!(map.logical(PhysicalNode(1)), None);
        assert_eq!(map.physical(LogicalNode(3)), None);
    }
}
