//! How far CPUs are from each other.
//!
//! # Role
//! Classes of distance from the topology, and the order in which a hunter looks at the others.
//!
//! # Not here
//! Where threads run: their seats know.
//!
//! # Invariants
//! - I1: a nearer class comes first; within a class the order goes round from where the last half was
//!   found. A thread whose CPU is not known is taken for one of the same node.

use alloc::collections::{BTreeMap, BTreeSet};
use bedplate_os::fact::Fact;
use bedplate_os::ids::IdSet;
use bedplate_os::nodes::LogicalNode;
use bedplate_os::topology::Topology;

/// How far a CPU is from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Distance {
    /// The same core.
    Core,
    /// They share the last cache.
    Cache,
    /// The same node, or not known.
    Node,
    /// Another node.
    Far,
}

/// What a CPU is part of; each part is named by its first CPU or its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    core: Option<u32>,
    cache: Option<u32>,
    node: Option<LogicalNode>,
}

/// How far the CPUs of a machine are from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Distances {
    places: BTreeMap<u32, Place>,
    /// All CPUs are equally far from each other.
    is_flat: bool,
}

impl Distances {
    /// Nothing is known: all are equally far.
    pub(crate) fn unknown() -> Self {
        Self {
            places: BTreeMap::new(),
            is_flat: true,
        }
    }

    /// Those of a machine.
    pub(crate) fn of(topology: &Topology) -> Self {
        let first = |set: &IdSet| set.nth(0);
        // Caches are listed by rising level: the last one that a CPU shares is the widest.
        let caches = topology.caches.known();
        let cache_of = |cpu: u32| {
            let shared = caches.into_iter().flatten();
            let mut rising = shared.filter(|cache| cache.shared_by.contains(cpu));
            let last = rising.next_back();
            last.and_then(|cache| first(&cache.shared_by))
        };
        let places: BTreeMap<u32, Place> = topology
            .cpus
            .iter()
            .map(|cpu| {
                let place = Place {
                    core: cpu.siblings.known().and_then(first),
                    cache: cache_of(cpu.id),
                    node: match &cpu.node {
                        Fact::Known(node) => Some(*node),
                        Fact::Absent { .. } => None,
                    },
                };
                (cpu.id, place)
            })
            .collect();
        let mut distances = Self {
            places,
            is_flat: false,
        };
        distances.is_flat = distances.all_alike();
        distances
    }

    /// Either all are one part of a kind, or each is a part of its own.
    fn all_alike(&self) -> bool {
        let count = self.places.len();
        let distinct = |part: fn(&Place) -> Option<u32>, unknown: usize| {
            let parts: Option<BTreeSet<u32>> = self.places.values().map(part).collect();
            parts.map_or(unknown, |parts| parts.len())
        };
        let nodes = distinct(|place| place.node.map(|node| node.0), 1);
        let cores = distinct(|place| place.core, count);
        let caches = distinct(|place| place.cache, count);
        let is_all_or_none = |parts: usize| parts <= 1 || parts == count;
        match (nodes, cores) {
            (0..=1, 0..=1) => true,
            (0..=1, cores) => cores == count && is_all_or_none(caches),
            (nodes, _) => nodes == count,
        }
    }

    /// True where no order is better than another.
    pub(crate) const fn is_flat(&self) -> bool {
        self.is_flat
    }

    /// How far two CPUs are from each other.
    pub(crate) fn between(&self, a: Option<u32>, b: Option<u32>) -> Distance {
        let place = |cpu: Option<u32>| self.places.get(&cpu?);
        let (Some(a), Some(b)) = (place(a), place(b)) else {
            return Distance::Node;
        };
        let same = |a: Option<u32>, b: Option<u32>| a.is_some() && a == b;
        match (a.node, b.node) {
            (Some(a), Some(b)) if a != b => Distance::Far,
            _ if same(a.core, b.core) => Distance::Core,
            _ if same(a.cache, b.cache) => Distance::Cache,
            _ => Distance::Node,
        }
    }

    /// How many nodes have CPUs; zero where that is not known.
    pub(crate) fn nodes(&self) -> usize {
        let numbers = self.places.values().filter_map(|place| place.node);
        numbers.max().map_or(0, |last| last.0 as usize + 1)
    }

    /// The node of a CPU.
    pub(crate) fn node(&self, cpu: u32) -> Option<LogicalNode> {
        self.places.get(&cpu)?.node
    }

    /// True if a thread that ran on one CPU and runs on another has changed its node.
    pub(crate) fn is_migration(&self, before: Option<u32>, now: Option<u32>) -> bool {
        let node = |cpu: Option<u32>| self.node(cpu?);
        node(before).is_some() && node(now).is_some() && node(before) != node(now)
    }

    /// Writes the order in which a hunter on the CPU `here` looks at others, by place and CPU, the
    /// nearest first; within a class from the place `first` on.
    pub(crate) fn order(
        &self,
        here: Option<u32>,
        others: impl Iterator<Item = (usize, Option<u32>)>,
        first: usize,
        order: &mut Vec<(usize, Distance)>,
    ) {
        order.clear();
        order.extend(others.map(|(index, cpu)| (index, self.between(here, cpu))));
        order.sort_unstable_by_key(|&(index, distance)| (distance, index < first, index));
    }
}

#[cfg(test)]
mod tests {
    use super::{Distance, Distances};
    use bedplate_os::nodes::LogicalNode;
    use bedplate_os::source::Machine;
    use bedplate_os::topology::Topology;
    use std::path::Path;

    fn distances(name: &str) -> Distances {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bedplate-os/fixtures");
        let machine = Machine::described_by(root.join(name));
        Distances::of(&Topology::read(&machine).expect("the CPUs are listed"))
    }

    fn between(distances: &Distances, a: u32, b: u32) -> Distance {
        distances.between(Some(a), Some(b))
    }

    #[test]
    fn two_sockets_with_threads_have_all_classes_but_one() {
        let d = distances("two-nodes");
        assert!(!d.is_flat());
        assert_eq!(between(&d, 1, 5), Distance::Core);
        assert_eq!(between(&d, 1, 0), Distance::Cache);
        assert_eq!(between(&d, 1, 2), Distance::Far);
        assert_eq!(d.between(Some(1), None), Distance::Node);
        assert_eq!(d.between(Some(1), Some(99)), Distance::Node);
        // A thread that is not bound goes from one socket to the other, or to its core's other half.
        assert!(d.is_migration(Some(1), Some(2)) && !d.is_migration(Some(1), Some(5)));
        assert!(!d.is_migration(None, Some(2)) && !d.is_migration(Some(1), Some(99)));
    }

    #[test]
    fn a_hunter_looks_at_the_nearest_first_and_goes_round() {
        let d = distances("two-nodes");
        let mut order = Vec::new();
        // Worker n on CPU n, as a pool of eight binds them, and a guest.
        let others = || (0..8).map(|n| (n as usize, Some(n))).chain([(8, None)]);
        d.order(Some(5), others(), 0, &mut order);
        let places: Vec<_> = order.iter().map(|&(place, _)| place).collect();
        assert_eq!(places, [1, 5, 0, 4, 8, 2, 3, 6, 7]);
        d.order(Some(5), others(), 4, &mut order);
        let places: Vec<_> = order.iter().map(|&(place, _)| place).collect();
        assert_eq!(places, [5, 1, 4, 0, 8, 6, 7, 2, 3]);
    }

    #[test]
    fn cpus_that_are_off_are_nowhere() {
        let d = distances("offline-cpus");
        assert_eq!(between(&d, 0, 1), Distance::Node);
        assert!(d.node(1).is_none());
    }

    #[test]
    fn kinds_of_cores_do_not_change_distances() {
        let d = distances("hybrid-cores");
        assert_eq!(between(&d, 0, 1), Distance::Core);
        assert!(between(&d, 0, 4) > Distance::Core);
        assert_ne!(between(&d, 4, 5), Distance::Far);
    }

    #[test]
    fn nodes_go_by_their_logical_numbers() {
        let d = distances("node-gaps");
        assert_eq!(d.node(3), Some(LogicalNode(1)));
        assert_eq!(between(&d, 0, 3), Distance::Far);
    }

    #[test]
    fn nodes_are_counted() {
        let count = |name: &str| distances(name).nodes();
        assert_eq!([count("two-nodes"), count("node-gaps")], [2, 2]);
        assert_eq!(Distances::unknown().nodes(), 0);
    }

    #[test]
    fn what_is_not_known_is_flat() {
        assert!(Distances::unknown().is_flat());
        assert_eq!(between(&Distances::unknown(), 0, 1), Distance::Node);
    }
}
