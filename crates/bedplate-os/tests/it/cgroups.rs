//! Control groups of each kind, and the limits in force.

use crate::machine::{Copy, fixture};
use bedplate_os::cgroup::{Cgroups, Version};
use bedplate_os::cgroup_limits::{GroupCpu, GroupMemory};
use bedplate_os::fact::{Fact, Reason};
use bedplate_os::ids::IdSet;
use bedplate_os::limits::{EffectiveMemory, LimitSource, Limits, SoftLimit};
use bedplate_os::memory::Memory;
use bedplate_os::psi::Pressures;
use bedplate_os::source::Machine;

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

fn limits(machine: &Machine) -> (Cgroups, Limits) {
    let groups = Cgroups::read(machine);
    let none = Fact::Absent {
        because: Reason::NotThere.at("nodes"),
    };
    let total = Memory::read(machine, &none).total_bytes;
    let limits = Limits::read(machine, &groups, &total);
    (groups, limits)
}

fn effective(limits: &Limits) -> &EffectiveMemory {
    limits.memory.known().expect("a limit is known")
}

#[test]
fn version_2_takes_the_least_of_all_levels() {
    let (groups, limits) = limits(&fixture("cgroup-v2-limits"));
    assert_eq!(groups.version, Fact::Known(Version::V2));
    let folder = "/sys/fs/cgroup/app.slice".to_owned();
    let memory = effective(&limits);
    assert_eq!(
        (memory.bytes, &memory.set_by),
        (GIB, &LimitSource::Group(folder))
    );
    assert!(memory.unread.is_empty());
    let group = limits.group_memory.known().expect("has memory files");
    assert_eq!(group.high.known().and_then(|b| b.bytes), Some(900 * MIB));
    assert_eq!(group.working_set_bytes(), Some(972 * MIB));
    assert_eq!(
        (&group.oom_kills, &group.limit_hits),
        (&Fact::Known(2), &Fact::Known(17))
    );
    let cpu = limits.group_cpu.known().expect("has CPU files");
    assert_eq!(cpu.quota.known().and_then(|q| q.millicpus), Some(1500));
    assert_eq!(cpu.throttled_periods, Fact::Known(4));
    let online: IdSet = [0, 1].into_iter().collect();
    assert_eq!(limits.millicpus(&online), Some(1500));
}

#[test]
fn version_1_finds_its_group_at_the_mount_in_a_container() {
    let (groups, limits) = limits(&fixture("cgroup-v1"));
    assert_eq!(groups.version, Fact::Known(Version::V1));
    let group = groups.memory.known().expect("memory has a tree");
    assert_eq!(
        (group.path.as_str(), group.folder.as_str()),
        ("/docker/abc", "/sys/fs/cgroup/memory")
    );
    assert_eq!(effective(&limits).bytes, 512 * MIB);
    let memory = limits.group_memory.known().expect("has memory files");
    assert_eq!(memory.working_set_bytes(), Some(80 * MIB));
    assert_eq!(
        (&memory.limit_hits, &memory.oom_kills),
        (&Fact::Known(3), &Fact::Known(0))
    );
    assert_eq!(
        memory.high.because().map(|b| b.reason),
        Some(Reason::Unsupported)
    );
    let quota = limits.group_cpu.known().and_then(|c| c.quota.known());
    assert_eq!(quota.and_then(|q| q.millicpus), Some(1500));
    // No version 2 tree, so no pressure of the group's own.
    assert_eq!(
        groups.unified.because().map(|b| b.reason),
        Some(Reason::NoController)
    );
}

#[test]
fn hybrid_takes_limits_from_one_and_pressure_from_the_other() {
    let machine = fixture("cgroup-hybrid");
    let (groups, limits) = limits(&machine);
    assert_eq!(groups.version, Fact::Known(Version::Hybrid));
    assert_eq!(
        effective(&limits).set_by,
        LimitSource::Group("/sys/fs/cgroup/memory/jobs".into())
    );
    assert_eq!(effective(&limits).bytes, 4 * GIB);
    let quota = limits.group_cpu.known().and_then(|c| c.quota.known());
    assert_eq!(quota.and_then(|q| q.millicpus), Some(2000));
    let pressure = Pressures::of_group(&machine, &groups.unified);
    assert_eq!(pressure.memory.known().map(|p| p.some.total_us), Some(900));
    // No limit at all on swap and memory together: all levels were read.
    let swap = limits
        .group_memory
        .known()
        .and_then(|g| g.swap_limit.known());
    assert!(matches!(
        swap,
        None | Some(bedplate_os::cgroup_limits::Bound { bytes: None, .. })
    ));
}

#[test]
fn without_groups_the_machine_is_the_limit() {
    let (groups, limits) = limits(&fixture("cgroup-none"));
    assert_eq!(groups.version, Fact::Known(Version::None));
    assert_eq!(
        groups.memory.because().map(|b| b.reason),
        Some(Reason::NotThere)
    );
    assert_eq!(
        (effective(&limits).bytes, &effective(&limits).set_by),
        (16 * GIB, &LimitSource::PhysicalMemory)
    );
    let online: IdSet = [0, 1].into_iter().collect();
    assert_eq!(limits.millicpus(&online), Some(2000));
}

#[test]
fn resource_limits_count_too() {
    let (_, limits) = limits(&fixture("node-gaps"));
    assert_eq!(
        (effective(&limits).bytes, &effective(&limits).set_by),
        (8 * GIB, &LimitSource::AddressSpace)
    );
    assert_eq!(
        limits.resources.stack_bytes,
        Fact::Known(SoftLimit::At(8 * MIB))
    );
    assert_eq!(
        limits.nodes_allowed.known().map(ToString::to_string),
        Some("0,8,17".into())
    );
}

#[test]
fn a_level_that_cannot_be_believed_is_named_and_never_unlimited() {
    let copy = Copy::of("cgroup-v2-limits", "levels");
    copy.write("sys/fs/cgroup/app.slice/memory.max", "10737");
    let (_, read) = limits(&copy.machine());
    let bound = read
        .group_memory
        .known()
        .and_then(|g| g.limit.known())
        .expect("the own level is known");
    assert_eq!((bound.bytes, bound.unread.len()), (Some(2 * GIB), 1));
    assert_eq!(bound.unread[0].reason, Reason::Truncated);
    assert_eq!(effective(&read).unread, bound.unread);
    // With no other level to go by, nothing is claimed.
    copy.write("sys/fs/cgroup/app.slice/web.service/memory.max", "max\n");
    let (_, read) = limits(&copy.machine());
    let limit = &read.group_memory.known().expect("has files").limit;
    assert_eq!(limit.because().map(|b| b.reason), Some(Reason::Truncated));
    assert_eq!(effective(&read).set_by, LimitSource::PhysicalMemory);
    assert_eq!(effective(&read).unread.len(), 1);
    // Files that a limited group always has, missing.
    for level in ["app.slice", "app.slice/web.service"] {
        copy.remove(&format!("sys/fs/cgroup/{level}/memory.max"));
    }
    let (_, read) = limits(&copy.machine());
    let limit = &read.group_memory.known().expect("has files").limit;
    assert_eq!(limit.because().map(|b| b.reason), Some(Reason::NotThere));
}

#[test]
fn a_version_1_quota_needs_its_period() {
    let copy = Copy::of("cgroup-v1", "quota");
    let quota = |copy: &Copy| -> Fact<bedplate_os::cgroup_limits::Quota> {
        let groups = Cgroups::read(&copy.machine());
        GroupCpu::read(&copy.machine(), groups.cpu.known().expect("has a tree")).quota
    };
    copy.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "0\n");
    assert_eq!(
        quota(&copy).because().map(|b| b.reason),
        Some(Reason::Garbage)
    );
    copy.remove("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us");
    assert!(matches!(
        quota(&copy).because().map(|b| b.reason),
        Some(Reason::Contradicts { .. })
    ));
    copy.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-2\n");
    assert_eq!(
        quota(&copy).because().map(|b| b.reason),
        Some(Reason::Garbage)
    );
    copy.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    assert_eq!(quota(&copy).known().map(|q| q.millicpus), Some(None));
}

#[test]
fn odd_memberships_are_named() {
    let copy = Copy::of("cgroup-v2-limits", "member");
    let memory = |text: &str| {
        copy.write("proc/self/cgroup", text);
        Cgroups::read(&copy.machine())
            .memory
            .because()
            .map(|b| b.reason)
    };
    assert_eq!(memory("0::/../elsewhere\n"), Some(Reason::OutsideMount));
    assert_eq!(memory("1:memory:/x\n"), Some(Reason::NotThere));
    assert_eq!(memory("0::relative\n"), Some(Reason::Garbage));
    assert_eq!(memory("nonsense\n"), Some(Reason::Garbage));
    assert_eq!(memory("x::/\n"), Some(Reason::Garbage));
    assert!(matches!(
        memory("0::/\n0::/a\n"),
        Some(Reason::Contradicts { .. })
    ));
    assert_eq!(memory("0::/app.slice\n"), None);
    copy.write("sys/fs/cgroup/app.slice/cgroup.controllers", "cpu pids\n");
    copy.write("sys/fs/cgroup/cgroup.controllers", "cpu pids\n");
    assert_eq!(memory("0::/app.slice\n"), Some(Reason::NoController));
    copy.write(
        "proc/self/mountinfo",
        "22 27 0:21 / /proc rw - proc proc rw\n",
    );
    assert_eq!(
        Cgroups::read(&copy.machine())
            .version
            .because()
            .map(|b| b.reason),
        Some(Reason::NotListed)
    );
    copy.write("proc/self/mountinfo", "22 27 0:21 / /proc rw\n");
    assert_eq!(
        Cgroups::read(&copy.machine())
            .version
            .because()
            .map(|b| b.reason),
        Some(Reason::Garbage)
    );
}

#[test]
fn a_mount_point_with_a_space_is_found() {
    let copy = Copy::of("cgroup-v2-limits", "space");
    copy.write("proc/self/cgroup", "0::/a\n");
    copy.write(
        "proc/self/mountinfo",
        "31 23 0:28 / /sys/my\\040groups rw - cgroup2 cgroup2 rw\n",
    );
    let folder = copy.root.join("sys/my groups/a");
    std::fs::create_dir_all(&folder).expect("makes folders");
    std::fs::write(folder.join("cgroup.controllers"), "memory\n").expect("writes");
    std::fs::write(folder.join("memory.max"), "4096\n").expect("writes");
    let groups = Cgroups::read(&copy.machine());
    let group = groups.memory.known().expect("has the controller");
    let limit = GroupMemory::read(&copy.machine(), group).limit;
    assert_eq!(limit.known().and_then(|b| b.bytes), Some(4096));
}

#[test]
fn the_running_machine_has_a_limit() {
    let (_, limits) = limits(&Machine::running());
    assert!(effective(&limits).bytes >= 16 * MIB);
}
