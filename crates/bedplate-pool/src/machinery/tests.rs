//! Described machines, and what a pool would make of them.

use super::Machinery;
use crate::config::{Places, PoolConfig};
use crate::degraded::Degraded;
use bedplate_os::budget::UNLIMITED;
use bedplate_os::source::Machine;
use std::path::Path;

fn read(name: &str) -> Machinery {
    Machinery::read_for(&machine(name), None).expect("the CPUs are listed")
}

fn machine(name: &str) -> Machine {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bedplate-os/fixtures");
    Machine::described_by(root.join(name))
}

fn bound(machinery: &Machinery, config: &PoolConfig) -> (usize, Vec<u32>) {
    let numbers = config.resolve(machinery, Places::MOST, &machinery.terms());
    let numbers = numbers.expect("within bounds");
    (numbers.width, numbers.cpus)
}

#[test]
fn a_worker_for_each_cpu_of_two_sockets() {
    let machinery = read("two-nodes");
    assert_eq!(
        bound(&machinery, &PoolConfig::performance()),
        (8, (0..8).collect())
    );
    assert_eq!(bound(&machinery, &PoolConfig::basic()), (8, vec![]));
    // Fewer workers than CPUs would crowd the first ones.
    assert_eq!(
        bound(&machinery, &PoolConfig::advanced().num_threads(4)),
        (4, vec![])
    );
}

#[test]
fn cpus_that_are_off_get_no_worker() {
    let machinery = read("offline-cpus");
    assert_eq!(bound(&machinery, &PoolConfig::default()), (2, vec![0, 2]));
}

#[test]
fn hybrid_machines_have_a_worker_on_each_kind() {
    let (workers, cpus) = bound(&read("hybrid-cores"), &PoolConfig::default());
    assert_eq!((workers, cpus.len()), (6, 6));
}

#[test]
fn a_quota_of_one_and_a_half_cpus_is_two_workers() {
    for name in ["cgroup-v2-limits", "cgroup-v1"] {
        let machinery = read(name);
        assert_eq!(machinery.width, 2, "{name}");
        assert_eq!(machinery.width_now(&machine(name)), Ok(2), "{name}");
    }
}

#[test]
fn the_budget_is_a_share_of_the_groups_limit() {
    let limit = |name| read(name).terms().budget.limit_bytes();
    assert_eq!(limit("cgroup-v2-limits"), 768 << 20);
    assert_eq!(limit("cgroup-v1"), 384 << 20);
}

#[test]
fn what_cannot_be_believed_is_named() {
    let machinery = read("garbage");
    let modes = &machinery.degraded;
    assert!(
        modes.iter().any(|mode| matches!(mode, Degraded::Mask(_))),
        "{modes:?}"
    );
    assert!(
        modes.iter().any(|mode| matches!(mode, Degraded::Memory(_))),
        "{modes:?}"
    );
    assert!(
        modes.iter().any(|mode| matches!(mode, Degraded::Caches(_))),
        "{modes:?}"
    );
    assert!(modes.iter().all(|mode| mode.to_string().contains(": ")));
    assert_eq!(machinery.terms().budget.limit_bytes(), UNLIMITED);
    assert!(
        read("two-nodes").degraded.is_empty(),
        "{:?}",
        read("two-nodes").degraded
    );
}

#[test]
fn without_cpus_only_a_stated_number_does() {
    let machine = machine("no-cpus");
    let error = Machinery::read_for(&machine, None).expect_err("nothing to go by");
    assert!(
        error.to_string().contains("set the number of workers"),
        "{error}"
    );
    let machinery = Machinery::read_for(&machine, Some(3)).expect("three were asked for");
    assert!(matches!(machinery.degraded[..], [Degraded::Cpus(_)]));
    let config = PoolConfig::default().num_threads(3);
    assert_eq!(bound(&machinery, &config), (3, vec![]));
    assert_eq!(machinery.width_now(&machine), Ok(3));
}
