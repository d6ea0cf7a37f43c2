//! All facts of each described machine, and the problems found.

use crate::machine::{Copy, fixture};
use bedplate_os::fact::{Fact, Reason};
use bedplate_os::facts::MachineFacts;
use bedplate_os::features::X86Level;
use bedplate_os::host::Hypervisor;
use bedplate_os::memory::{HugeMode, Overcommit};
use bedplate_os::source::Machine;

fn read(name: &str) -> MachineFacts {
    MachineFacts::read(&fixture(name)).expect("the CPUs are listed")
}

fn problems(name: &str) -> Vec<&'static str> {
    read(name).problems().iter().map(|p| p.id).collect()
}

#[test]
fn sound_machines_have_no_problems() {
    for name in ["two-nodes", "hybrid-cores", "offline-cpus"] {
        assert_eq!(problems(name), [""; 0], "{name}");
        assert!(read(name).doubts().is_empty(), "{name}");
    }
}

#[test]
fn each_faked_machine_shows_its_problems() {
    assert_eq!(
        problems("cgroup-v2-limits"),
        [
            "memory-limit-near",
            "memory-limit-killed",
            "cpu-quota-below-cores",
            "cpu-throttled",
        ]
    );
    assert_eq!(
        problems("cgroup-v1"),
        ["cpu-quota-below-cores", "cpu-throttled"]
    );
    assert_eq!(problems("cgroup-hybrid"), [""; 0]);
    assert_eq!(problems("cgroup-none"), ["no-control-groups"]);
    assert_eq!(problems("no-psi"), ["no-stall-figures"]);
    assert_eq!(
        problems("node-gaps"),
        [
            "overcommit-refused",
            "mapping-count-low",
            "mapping-count-near",
            "huge-pages-always",
            "address-space-limited",
            "memory-low",
            "load-above-cores",
        ]
    );
}

#[test]
fn every_problem_says_what_why_and_what_to_do() {
    for name in [
        "cgroup-v2-limits",
        "node-gaps",
        "garbage",
        "contradictory",
        "no-psi",
    ] {
        for problem in read(name).problems() {
            let parts = [&problem.what, &problem.why, &problem.what_to_do];
            assert!(
                parts
                    .iter()
                    .all(|part| part.len() > 10 && !part.ends_with('.')),
                "{problem}"
            );
        }
    }
}

#[test]
fn the_rules_for_memory_are_read() {
    let facts = read("node-gaps");
    assert_eq!(facts.memory.overcommit, Fact::Known(Overcommit::Refused));
    assert_eq!(facts.memory.huge.mode, Fact::Known(HugeMode::Always));
    assert_eq!(facts.memory.mappings_max, Fact::Known(1000));
    let nodes = facts.memory.nodes.known().expect("nodes are described");
    assert_eq!(nodes[2].total_bytes, Fact::Known(16 << 30));
    let facts = read("two-nodes");
    assert_eq!(facts.features.level, Fact::Known(X86Level::V3));
    assert_eq!(facts.host.hypervisor, Fact::Known(Hypervisor::None));
    assert_eq!(facts.features.has("avx2"), Some(true));
}

#[test]
fn garbage_is_disbelieved_and_nothing_is_zero() {
    let facts = read("garbage");
    assert!(problems("garbage").contains(&"reading-disbelieved"));
    assert_eq!(
        facts.memory.total_bytes.because().map(|b| b.reason),
        Some(Reason::NotListed)
    );
    assert!(facts.memory.overcommit.known().is_none() && facts.limits.memory.known().is_none());
    assert!(facts.cgroups.version.known().is_none() && facts.pressure.memory.known().is_none());
    assert!(facts.host.load.known().is_none() && facts.topology.caches.known().is_none());
    assert!(facts.limits.cpus_allowed.known().is_none());
    let facts = read("truncated");
    assert!(facts.memory.total_bytes.known().is_none() && facts.limits.memory.known().is_none());
    assert!(facts.doubts().iter().any(|b| b.reason == Reason::Truncated));
}

#[test]
fn contradictions_are_surfaced() {
    let facts = read("contradictory");
    let doubts = facts.doubts();
    let contradicts = |place: &str| {
        doubts
            .iter()
            .any(|b| b.place.contains(place) && matches!(b.reason, Reason::Contradicts { .. }))
    };
    for place in [
        "MemAvailable",
        "SwapFree",
        "transparent_hugepage/enabled",
        "/proc/pressure/memory",
        "Max stack size",
        "/proc/self/cgroup",
        "node1/cpulist",
        "node0/distance",
        "node1/meminfo",
        "cpu/present",
        "smt/active",
    ] {
        assert!(contradicts(place), "{place} is not among {doubts:#?}");
    }
    assert!(problems("contradictory").contains(&"nodes-disagree"));
}

#[test]
fn a_machine_without_cpus_is_an_error() {
    let error = MachineFacts::read(&fixture("no-cpus")).expect_err("nothing to go by");
    assert!(error.to_string().contains("/sys/devices/system/cpu/online"));
}

#[test]
fn the_running_machine_is_read_whole() {
    let facts = MachineFacts::read(&Machine::running()).expect("this machine has /sys");
    assert!(facts.memory.total_bytes.known().is_some_and(|&b| b > 0));
    assert!(facts.host.kernel.known().is_some());
    assert_eq!(
        facts.page_bytes,
        Fact::Known(bedplate_os::pages::page_size() as u64)
    );
    // The counters were tried: there is a count, or a reason.
    for counter in [
        &facts.counters.instructions,
        &facts.counters.cycles,
        &facts.counters.task_clock_ns,
    ] {
        assert!(counter.known().is_none_or(|&n| n > 0));
    }
}

#[test]
fn hypervisors_are_named_by_what_there_is() {
    let copy = Copy::of("no-psi", "hypervisor");
    let named = || {
        MachineFacts::read(&copy.machine())
            .expect("the CPUs are listed")
            .host
            .hypervisor
    };
    copy.write("proc/cpuinfo", "flags : fpu hypervisor\n");
    assert_eq!(named(), Fact::Known(Hypervisor::Unnamed));
    std::fs::create_dir_all(copy.root.join("sys/class/dmi/id")).expect("makes folders");
    copy.write("sys/class/dmi/id/sys_vendor", "QEMU\n");
    assert_eq!(named(), Fact::Known(Hypervisor::Named("QEMU".into())));
    std::fs::create_dir_all(copy.root.join("sys/hypervisor")).expect("makes folders");
    copy.write("sys/hypervisor/type", "xen\n");
    assert_eq!(named(), Fact::Known(Hypervisor::Named("xen".into())));
    copy.remove("sys/hypervisor/type");
    copy.remove("proc/cpuinfo");
    assert_eq!(named().because().map(|b| b.reason), Some(Reason::NotThere));
}

#[test]
fn pressure_and_forbidden_services_are_problems_too() {
    let copy = Copy::of("hybrid-cores", "stalled");
    let stalled = "some avg10=40.00 avg60=1.00 avg300=1.00 total=9\n";
    for name in ["cpu", "memory", "io"] {
        copy.write(&format!("proc/pressure/{name}"), stalled);
    }
    let facts = MachineFacts::read(&copy.machine()).expect("the CPUs are listed");
    let ids: Vec<_> = facts.problems().iter().map(|p| p.id).collect();
    assert_eq!(ids, ["cpu-stalled", "memory-stalled", "disk-stalled"]);
    let mut facts = facts;
    for (reason, advice) in [
        (Reason::SwitchedOff, "psi=1"),
        (Reason::Forbidden, "let the process read"),
    ] {
        facts.pressure.memory = Fact::Absent {
            because: reason.at("/proc/pressure/memory"),
        };
        let told = facts
            .problems()
            .into_iter()
            .find(|p| p.id == "no-stall-figures");
        assert!(told.is_some_and(|p| p.what_to_do.contains(advice)));
    }
    for (reason, advice) in [
        (Reason::Forbidden, "perf_event_paranoid"),
        (Reason::NotThere, "measure by time"),
    ] {
        facts.counters.instructions = Fact::Absent {
            because: reason.at("the CPU's instruction counter"),
        };
        let told = facts
            .problems()
            .into_iter()
            .find(|p| p.id == "no-perf-counters");
        assert!(told.is_some_and(|p| p.what_to_do.contains(advice)));
    }
}

#[test]
fn every_reason_reads_as_a_sentence() {
    for reason in [
        Reason::NotThere,
        Reason::NotListed,
        Reason::Forbidden,
        Reason::SwitchedOff,
        Reason::Failed { code: 5 },
        Reason::TooLong,
        Reason::Truncated,
        Reason::Garbage,
        Reason::Contradicts { what: "it does" },
        Reason::NoController,
        Reason::OutsideMount,
        Reason::NotThisMachine,
        Reason::Unlimited,
        Reason::Forked,
        Reason::Unsupported,
    ] {
        let fact: Fact<u64> = Fact::Absent {
            because: reason.at("the file"),
        };
        let text = fact.to_string();
        assert!(
            text.starts_with("none, because the file ") && text.len() > 30,
            "{text}"
        );
    }
    assert_eq!(Reason::of_code(libc::ENOSYS), Reason::Unsupported);
    assert_eq!(Reason::of_code(libc::EOPNOTSUPP), Reason::SwitchedOff);
    assert_eq!(Reason::of_code(libc::EACCES), Reason::Forbidden);
}

#[test]
fn facts_are_data() {
    let json = serde_json::to_value(read("cgroup-v2-limits")).expect("is data");
    assert_eq!(json["cgroups"]["version"]["known"], "v2");
    assert_eq!(json["limits"]["memory"]["known"]["bytes"], 1_u64 << 30);
    assert_eq!(
        json["group_pressure"]["memory"]["known"]["some"]["avg10"],
        12.0
    );
    let absent = &json["page_bytes"]["absent"]["because"];
    assert_eq!(absent["reason"], "not_this_machine");
    assert_eq!(
        absent["text"],
        "the size of an OS page can only be asked of the running kernel"
    );
}
