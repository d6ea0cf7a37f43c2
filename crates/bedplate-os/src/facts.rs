//! Everything that can be known of a machine, in one value.
//!
//! # Role
//! What `bedplate probe` shows: read once, each part known or absent because.
//!
//! # Not here
//! What is wrong with it: `problems.rs`.

use crate::cgroup::Cgroups;
use crate::fact::{Because, Fact, Reason};
use crate::features::Features;
use crate::host::Host;
use crate::limits::Limits;
use crate::memory::Memory;
use crate::pages;
use crate::perf::Counters;
use crate::psi::Pressures;
use crate::source::Machine;
use crate::topology::{DetectError, Topology};
use alloc::vec::Vec;

/// The facts of a machine, as this process sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MachineFacts {
    /// Kernel, hypervisor, load.
    pub host: Host,
    /// CPUs, caches, nodes.
    pub topology: Topology,
    /// Instruction sets.
    pub features: Features,
    /// Memory and the kernel's rules for it.
    pub memory: Memory,
    /// The process's control groups.
    pub cgroups: Cgroups,
    /// The limits in force.
    pub limits: Limits,
    /// Pressure on the whole machine.
    pub pressure: Pressures,
    /// Pressure inside the process's control group.
    pub group_pressure: Pressures,
    /// Performance counters.
    pub counters: Counters,
    /// The size of an OS page in bytes.
    pub page_bytes: Fact<u64>,
}

impl MachineFacts {
    /// Reads a machine.
    ///
    /// # Errors
    /// - [`DetectError`] where not even the CPUs that are online can be told: the machine's files
    ///   are not there or not to be believed, and no default would be right.
    pub fn read(machine: &Machine) -> Result<Self, DetectError> {
        let topology = Topology::read(machine)?;
        let features = Features::read(machine);
        let cgroups = Cgroups::read(machine);
        let memory = Memory::read(machine, &topology.nodes);
        let page_bytes = if machine.is_running() {
            Fact::Known(pages::page_size() as u64)
        } else {
            Fact::Absent {
                because: Reason::NotThisMachine.at("the size of an OS page"),
            }
        };
        Ok(Self {
            host: Host::read(machine, &features),
            limits: Limits::read(machine, &cgroups, &memory.total_bytes),
            pressure: Pressures::of_machine(machine),
            group_pressure: Pressures::of_group(machine, &cgroups.unified),
            counters: Counters::read(machine),
            page_bytes,
            topology,
            features,
            memory,
            cgroups,
        })
    }

    /// Readings that are there and cannot be believed, each place once.
    #[must_use]
    pub fn doubts(&self) -> Vec<Because> {
        let mut doubts = Doubts { found: Vec::new() };
        doubts.of_host(self);
        doubts.of_topology(&self.topology);
        doubts.of_memory(&self.memory);
        doubts.of_limits(&self.limits);
        for group in [
            &self.cgroups.memory,
            &self.cgroups.cpu,
            &self.cgroups.unified,
        ] {
            doubts.add(group);
        }
        doubts.add(&self.cgroups.version);
        for pressures in [&self.pressure, &self.group_pressure] {
            for pressure in [&pressures.cpu, &pressures.memory, &pressures.io] {
                doubts.add(pressure);
            }
        }
        doubts.found
    }
}

/// Collects what cannot be believed.
struct Doubts {
    found: Vec<Because>,
}

impl Doubts {
    fn add<T>(&mut self, fact: &Fact<T>) {
        if let Some(because) = fact.because() {
            self.add_because(because);
        }
    }

    fn add_because(&mut self, because: &Because) {
        if because.reason.is_doubtful() && !self.found.contains(because) {
            self.found.push(because.clone());
        }
    }

    fn of_host(&mut self, facts: &MachineFacts) {
        self.add(&facts.host.kernel);
        self.add(&facts.host.hypervisor);
        self.add(&facts.host.load);
        self.add(&facts.features.vendor);
        self.add(&facts.features.model);
        self.add(&facts.features.flags);
        self.add(&facts.features.level);
        self.add(&facts.counters.paranoid);
        self.add(&facts.counters.instructions);
        self.add(&facts.counters.cycles);
        self.add(&facts.counters.task_clock_ns);
    }

    fn of_topology(&mut self, topology: &Topology) {
        self.add(&topology.offline);
        self.add(&topology.caches);
        self.add(&topology.smt_active);
        self.add(&topology.nodes);
        self.add(&topology.node_details);
        for cpu in &topology.cpus {
            self.add(&cpu.socket);
            self.add(&cpu.core);
            self.add(&cpu.siblings);
            self.add(&cpu.node);
            self.add(&cpu.kind);
        }
        for cache in topology.caches.known().into_iter().flatten() {
            self.add(&cache.size_bytes);
            self.add(&cache.line_bytes);
        }
        for node in topology.node_details.known().into_iter().flatten() {
            self.add(&node.cpus);
            self.add(&node.distances);
        }
    }

    fn of_memory(&mut self, memory: &Memory) {
        for fact in [
            &memory.total_bytes,
            &memory.available_bytes,
            &memory.swap_total_bytes,
            &memory.swap_free_bytes,
            &memory.committed_bytes,
            &memory.commit_limit_bytes,
            &memory.huge.size_bytes,
            &memory.mappings_max,
            &memory.mappings,
        ] {
            self.add(fact);
        }
        self.add(&memory.huge.mode);
        self.add(&memory.huge.defrag);
        self.add(&memory.overcommit);
        for node in memory.nodes.known().into_iter().flatten() {
            self.add(&node.total_bytes);
            self.add(&node.free_bytes);
        }
    }

    fn of_limits(&mut self, limits: &Limits) {
        self.add(&limits.memory);
        self.add(&limits.cpus_allowed);
        self.add(&limits.nodes_allowed);
        let resources = &limits.resources;
        for limit in [
            &resources.address_space_bytes,
            &resources.data_bytes,
            &resources.stack_bytes,
            &resources.locked_bytes,
            &resources.open_files,
            &resources.processes,
        ] {
            self.add(limit);
        }
        if let Some(memory) = limits.memory.known() {
            memory
                .unread
                .iter()
                .for_each(|because| self.add_because(because));
        }
        if let Some(group) = limits.group_memory.known() {
            for bound in [&group.limit, &group.high, &group.swap_limit] {
                self.add(bound);
                let unread = bound.known().into_iter().flat_map(|bound| &bound.unread);
                unread.for_each(|because| self.add_because(because));
            }
            for fact in [
                &group.used_bytes,
                &group.inactive_file_bytes,
                &group.peak_bytes,
                &group.limit_hits,
                &group.oom_kills,
            ] {
                self.add(fact);
            }
        }
        if let Some(cpu) = limits.group_cpu.known() {
            self.add(&cpu.quota);
            self.add(&cpu.throttled_periods);
            let unread = cpu
                .quota
                .known()
                .into_iter()
                .flat_map(|quota| &quota.unread);
            unread.for_each(|because| self.add_because(because));
        }
    }
}
