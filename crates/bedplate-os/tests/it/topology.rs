//! CPUs, caches and nodes of described machines.

use crate::machine::{Copy, fixture};
use bedplate_os::caches::CacheKind;
use bedplate_os::fact::{Fact, Reason};
use bedplate_os::nodes::{LogicalNode, PhysicalNode};
use bedplate_os::source::Machine;
use bedplate_os::topology::{CoreKind, Topology};

fn read(name: &str) -> Topology {
    Topology::read(&fixture(name)).expect("the CPUs are listed")
}

#[test]
fn two_sockets_with_threads_are_told_apart() {
    let t = read("two-nodes");
    assert_eq!(
        (t.cpus.len(), t.socket_count(), t.core_count()),
        (8, Some(2), Some(4))
    );
    assert_eq!(t.smt_active, Fact::Known(true));
    assert_eq!(
        t.cpus[5].siblings.known().map(ToString::to_string),
        Some("1,5".into())
    );
    assert_eq!(t.cpus[6].node, Fact::Known(LogicalNode(1)));
    let caches = t.caches.known().expect("caches are described");
    let of = |level, kind| {
        caches
            .iter()
            .filter(|c| (c.level, c.kind) == (level, kind))
            .count()
    };
    assert_eq!(
        (
            of(1, CacheKind::Data),
            of(2, CacheKind::Unified),
            of(3, CacheKind::Unified)
        ),
        (4, 4, 2)
    );
    let last = caches.last().expect("is not empty");
    assert_eq!(
        (last.size_bytes.clone(), last.shared_by.to_string()),
        (Fact::Known(32 << 20), "2-3,6-7".into())
    );
    let nodes = t.node_details.known().expect("nodes are described");
    assert_eq!(nodes[0].distances, Fact::Known(vec![10, 21]));
}

#[test]
fn logical_and_physical_numbers_differ_and_map() {
    let t = read("node-gaps");
    let map = t.nodes.known().expect("nodes are described");
    assert_eq!(map.count(), 3);
    assert_eq!(map.physical(LogicalNode(2)), Some(PhysicalNode(17)));
    assert_eq!(t.cpus[3].node, Fact::Known(LogicalNode(1)));
    let nodes = t.node_details.known().expect("nodes are described");
    assert_eq!(
        (nodes[1].logical, nodes[1].physical),
        (LogicalNode(1), PhysicalNode(8))
    );
    assert_eq!(
        nodes[2].cpus.known().map(bedplate_os::ids::IdSet::is_empty),
        Some(true)
    );
}

#[test]
fn kinds_of_cores_are_told_apart() {
    let t = read("hybrid-cores");
    let kinds: Vec<_> = t.cpus.iter().map(|c| c.kind.known().copied()).collect();
    assert_eq!(kinds[3], Some(CoreKind::Performance));
    assert_eq!(kinds[4], Some(CoreKind::Efficient));
    assert_eq!(t.core_count(), Some(4));
    // A machine with one kind says why there is none to tell.
    assert!(
        matches!(&read("offline-cpus").cpus[0].kind, Fact::Absent { because } if because.reason == Reason::NotThere)
    );
}

#[test]
fn cpus_that_are_off_are_listed_and_not_described() {
    let t = read("offline-cpus");
    assert_eq!(
        (t.online.to_string(), t.offline.map(|s| s.to_string())),
        ("0,2".into(), Fact::Known("1,3".into()))
    );
    assert_eq!(t.cpus.iter().map(|c| c.id).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn contradictions_are_absent_by_name() {
    let t = read("contradictory");
    let doubt = |because: Option<&bedplate_os::fact::Because>| {
        matches!(because.map(|b| b.reason), Some(Reason::Contradicts { .. }))
    };
    assert!(doubt(t.offline.because()), "an online CPU is not present");
    assert!(
        doubt(t.caches.because()),
        "a CPU does not share its own cache"
    );
    assert!(doubt(t.smt_active.because()), "siblings without SMT");
    assert!(doubt(t.cpus[0].siblings.because()) && doubt(t.cpus[1].siblings.because()));
    assert!(doubt(t.cpus[2].kind.because()), "two kinds");
    let nodes = t.node_details.known().expect("nodes are listed");
    assert!(doubt(nodes[0].distances.because()) && doubt(nodes[1].cpus.because()));
    assert_eq!(t.cpus[2].node, Fact::Known(LogicalNode(0)));
    assert!(
        doubt(t.cpus[3].node.because()),
        "its node cannot be believed"
    );
}

#[test]
fn without_a_list_of_cpus_there_is_no_topology() {
    let error = Topology::read(&fixture("no-cpus")).expect_err("nothing to go by");
    assert_eq!(error.because.reason, Reason::NotThere);
    assert!(error.to_string().contains("which CPUs are online"));
    let copy = Copy::of("offline-cpus", "cpus");
    for text in ["", "\n", "0-", "x\n", "3-1\n"] {
        copy.write("sys/devices/system/cpu/online", text);
        assert!(Topology::read(&copy.machine()).is_err(), "{text:?}");
    }
}

#[test]
fn a_kernel_without_nodes_is_no_error() {
    let copy = Copy::of("offline-cpus", "nodes");
    copy.remove("sys/devices/system/node/online");
    let t = Topology::read(&copy.machine()).expect("the CPUs are listed");
    assert!(matches!(&t.nodes, Fact::Absent { because } if because.reason == Reason::NotThere));
    assert!(t.cpus[0].node.known().is_none());
    copy.write(
        "sys/devices/system/cpu/cpu0/topology/physical_package_id",
        "-1\n",
    );
    let t = Topology::read(&copy.machine()).expect("the CPUs are listed");
    assert!(
        matches!(&t.cpus[0].socket, Fact::Absent { because } if because.reason == Reason::NotListed)
    );
    assert_eq!(t.socket_count(), None);
}

#[test]
fn cpus_and_nodes_must_fit_together() {
    let copy = Copy::of("offline-cpus", "fit");
    let read = || Topology::read(&copy.machine()).expect("the CPUs are listed");
    let contradicts = |because: Option<&bedplate_os::fact::Because>, what: &str| {
        assert!(
            because.is_some_and(|b| b.to_string().contains(what)),
            "{because:?}"
        );
    };
    copy.write("sys/devices/system/node/node0/cpulist", "0\n");
    contradicts(read().cpus[1].node.because(), "an online CPU is in no node");
    copy.write("sys/devices/system/node/node0/cpulist", "0-2\n");
    let nodes = read().node_details;
    contradicts(
        nodes.known().and_then(|n| n[0].cpus.because()),
        "a node has a CPU that is not online",
    );
    copy.write("sys/devices/system/node/online", "\n");
    assert_eq!(
        read().nodes.because().map(|b| b.reason),
        Some(Reason::Garbage)
    );
}

#[test]
fn the_running_machine_can_be_read() {
    let t = Topology::read(&Machine::running()).expect("this machine has /sys");
    let here = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
    assert!(t.cpus.len() >= here);
}
