//! What `probe` knows, as text.

use core::fmt::{self, Display, Write as _};

use bedplate_evidence::report::Paint;
use bedplate_evidence::report::units::{counted, whole_bytes};
use bedplate_os::caches::{Cache, CacheKind};
use bedplate_os::cgroup_limits::{Bound, Quota};
use bedplate_os::fact::Fact;
use bedplate_os::facts::MachineFacts;
use bedplate_os::limits::{EffectiveMemory, LimitSource, SoftLimit};
use bedplate_os::memory::{Defrag, HugeMode, Overcommit};
use bedplate_os::psi::Pressures;
use bedplate_os::topology::CoreKind;

use super::document::Document;

/// The whole text.
pub(crate) fn render(document: &Document, paint: Paint) -> String {
    let mut out = Page {
        text: String::new(),
        paint,
    };
    // Writing to a String cannot fail.
    let _written = out.all(document);
    out.text
}

/// The text so far.
struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn all(&mut self, document: &Document) -> fmt::Result {
        let facts = &document.machine;
        self.machine(facts)?;
        self.memory(facts)?;
        self.limits(facts)?;
        self.pressure(facts)?;
        self.counters(facts)?;
        self.gates(document)?;
        self.settings(document)?;
        self.problems(document)
    }

    fn title(&mut self, title: &str) -> fmt::Result {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        writeln!(self.text, "{gap}{}", self.paint.bold(title))
    }

    fn line(&mut self, label: &str, value: impl Display) -> fmt::Result {
        writeln!(self.text, "  {label:<22} {value}")
    }

    /// A fact by its own words, or why there is none.
    fn fact<T>(&mut self, label: &str, fact: &Fact<T>, show: impl Fn(&T) -> String) -> fmt::Result {
        let value = match fact {
            Fact::Known(value) => show(value),
            Fact::Absent { because } => self.paint.dim(&format!("none, because {because}")),
        };
        self.line(label, value)
    }

    fn machine(&mut self, facts: &MachineFacts) -> fmt::Result {
        self.title("machine")?;
        self.fact("kernel", &facts.host.kernel, String::clone)?;
        self.fact("runs on", &facts.host.hypervisor, ToString::to_string)?;
        self.fact("load", &facts.host.load, ToString::to_string)?;
        self.fact("CPU", &facts.features.model, String::clone)?;
        self.fact("x86-64 level", &facts.features.level, ToString::to_string)?;
        let topology = &facts.topology;
        let mut cpus = format!("{} online ({})", topology.online.count(), topology.online);
        for (count, one, many) in [
            (topology.core_count(), "core", "cores"),
            (topology.socket_count(), "socket", "sockets"),
        ] {
            if let Some(count) = count {
                write!(cpus, ", {}", counted(count as u64, one, many))?;
            }
        }
        self.line("CPUs", cpus)?;
        self.kinds(facts)?;
        self.fact("offline CPUs", &topology.offline, |set| {
            if set.is_empty() {
                "no".to_owned()
            } else {
                set.to_string()
            }
        })?;
        self.fact("two CPUs per core", &topology.smt_active, |&active| {
            yes_no(active)
        })?;
        self.fact("caches", &topology.caches, |caches| caches_line(caches))?;
        self.fact("NUMA nodes", &topology.nodes, |nodes| {
            nodes.count().to_string()
        })?;
        for node in topology.node_details.known().into_iter().flatten() {
            let cpus = shown(&node.cpus, ToString::to_string);
            let cpus = if cpus.is_empty() {
                "no CPUs".to_owned()
            } else {
                format!("CPUs {cpus}")
            };
            let distances = shown(&node.distances, |distances| format!("{distances:?}"));
            let label = format!("  node {}", node.logical.0);
            let value = format!(
                "the kernel's node {}, {cpus}, distances {distances}",
                node.physical.0
            );
            self.line(&label, value)?;
        }
        Ok(())
    }

    /// Where a machine has fast and frugal cores, which are which.
    fn kinds(&mut self, facts: &MachineFacts) -> fmt::Result {
        let of = |kind: CoreKind| {
            let cpus = facts.topology.cpus.iter();
            let ids: Vec<String> = cpus
                .filter(|cpu| cpu.kind.known() == Some(&kind))
                .map(|cpu| cpu.id.to_string())
                .collect();
            ids.join(",")
        };
        let (fast, frugal) = (of(CoreKind::Performance), of(CoreKind::Efficient));
        if fast.is_empty() && frugal.is_empty() {
            return Ok(());
        }
        self.line("kinds of cores", format!("fast {fast}; frugal {frugal}"))
    }

    fn memory(&mut self, facts: &MachineFacts) -> fmt::Result {
        let memory = &facts.memory;
        self.title("memory")?;
        self.fact("physical", &memory.total_bytes, bytes)?;
        self.fact("available", &memory.available_bytes, bytes)?;
        self.fact("swap", &memory.swap_total_bytes, bytes)?;
        self.fact("committed", &memory.committed_bytes, bytes)?;
        self.fact("OS page", &facts.page_bytes, bytes)?;
        self.fact("huge pages", &memory.huge.mode, |mode| match mode {
            HugeMode::Always => "for every mapping".to_owned(),
            HugeMode::Madvise => "for mappings that ask (madvise)".to_owned(),
            HugeMode::Never => "never".to_owned(),
        })?;
        self.fact("huge page size", &memory.huge.size_bytes, bytes)?;
        self.fact("huge page effort", &memory.huge.defrag, |defrag| {
            match defrag {
                Defrag::Always => "stalls the program",
                Defrag::Defer => "works in the background",
                Defrag::DeferMadvise => "stalls those that asked, background for others",
                Defrag::Madvise => "stalls those that asked",
                Defrag::Never => "takes what is there",
            }
            .to_owned()
        })?;
        self.fact("overcommit", &memory.overcommit, |overcommit| {
            match overcommit {
                Overcommit::Heuristic => "obvious excess is refused (mode 0)",
                Overcommit::Always => "everything is promised (mode 1)",
                Overcommit::Refused => "only what can be kept is promised (mode 2)",
            }
            .to_owned()
        })?;
        self.fact(
            "mappings at most",
            &memory.mappings_max,
            ToString::to_string,
        )?;
        for node in memory.nodes.known().into_iter().flatten() {
            let label = format!("  node {}", node.node.0);
            let total = shown(&node.total_bytes, bytes);
            let free = shown(&node.free_bytes, bytes);
            self.line(&label, format!("{total}, {free} free"))?;
        }
        Ok(())
    }

    fn limits(&mut self, facts: &MachineFacts) -> fmt::Result {
        let limits = &facts.limits;
        self.title("limits")?;
        self.fact(
            "control groups",
            &facts.cgroups.version,
            ToString::to_string,
        )?;
        self.fact("memory in force", &limits.memory, effective)?;
        match &limits.group_memory {
            Fact::Known(group) => {
                self.fact("group's limit", &group.limit, bound)?;
                self.fact("group slowed from", &group.high, bound)?;
                self.fact("group uses", &group.used_bytes, bytes)?;
                self.fact("killed for memory", &group.oom_kills, ToString::to_string)?;
            }
            Fact::Absent { because } => {
                self.line("group's memory", format!("none, because {because}"))?;
            }
        }
        match &limits.group_cpu {
            Fact::Known(group) => {
                self.fact("CPU quota", &group.quota, quota)?;
                self.fact(
                    "periods throttled",
                    &group.throttled_periods,
                    ToString::to_string,
                )?;
            }
            Fact::Absent { because } => {
                self.line("group's CPU", format!("none, because {because}"))?;
            }
        }
        self.fact("CPUs allowed", &limits.cpus_allowed, ToString::to_string)?;
        self.fact("nodes allowed", &limits.nodes_allowed, ToString::to_string)?;
        let resources = &limits.resources;
        self.fact(
            "address space (-v)",
            &resources.address_space_bytes,
            soft_bytes,
        )?;
        self.fact("data (-d)", &resources.data_bytes, soft_bytes)?;
        self.fact("stack (-s)", &resources.stack_bytes, soft_bytes)?;
        self.fact("locked memory (-l)", &resources.locked_bytes, soft_bytes)?;
        self.fact("open files (-n)", &resources.open_files, soft_count)?;
        self.fact("processes (-u)", &resources.processes, soft_count)
    }

    fn pressure(&mut self, facts: &MachineFacts) -> fmt::Result {
        self.title("pressure: share of time lost waiting, last 10 s, 1 min, 5 min")?;
        self.pressures("machine", &facts.pressure)?;
        self.pressures("own group", &facts.group_pressure)
    }

    fn pressures(&mut self, whose: &str, pressures: &Pressures) -> fmt::Result {
        let resources = [
            ("cpu", &pressures.cpu),
            ("memory", &pressures.memory),
            ("io", &pressures.io),
        ];
        for (what, pressure) in resources {
            self.fact(&format!("{whose}, {what}"), pressure, |pressure| {
                let some = pressure.some;
                format!("{} · {} · {}", some.avg10, some.avg60, some.avg300)
            })?;
        }
        Ok(())
    }

    fn counters(&mut self, facts: &MachineFacts) -> fmt::Result {
        self.title("performance counters")?;
        let works = |_: &u64| "works".to_owned();
        self.fact("instructions", &facts.counters.instructions, works)?;
        self.fact("cycles", &facts.counters.cycles, works)?;
        self.fact("CPU clock", &facts.counters.task_clock_ns, works)?;
        self.fact(
            "perf_event_paranoid",
            &facts.counters.paranoid,
            ToString::to_string,
        )
    }

    fn gates(&mut self, document: &Document) -> fmt::Result {
        self.title("telemetry gates (production library: none; observed library: those marked)")?;
        for gate in &document.gates {
            let mark = if gate.observed { "x" } else { "-" };
            writeln!(self.text, "  {mark} {:<24} {}", gate.name, gate.what)?;
        }
        Ok(())
    }

    fn settings(&mut self, document: &Document) -> fmt::Result {
        self.title("settings of the allocator")?;
        for row in &document.settings {
            let bounds = match (row.min, row.max) {
                ("", "") => String::new(),
                (min, max) => format!(", {min} to {max}"),
            };
            writeln!(
                self.text,
                "  {:<30} {} [{}{bounds}; default {}]",
                row.env, row.text, row.unit, row.default
            )?;
            if let Some(value) = &row.value {
                writeln!(
                    self.text,
                    "  {:<30} {}",
                    "",
                    self.paint.warn(&format!("set to {value}"))
                )?;
            }
        }
        Ok(())
    }

    fn problems(&mut self, document: &Document) -> fmt::Result {
        if document.problems.is_empty() {
            return writeln!(self.text, "\n{}", self.paint.good("no problems found"));
        }
        let count = document.problems.len() as u64;
        let title = counted(count, "problem found", "problems found");
        writeln!(self.text, "\n{}", self.paint.bad(&title))?;
        for problem in &document.problems {
            writeln!(
                self.text,
                "  {} ({})",
                self.paint.warn(&problem.what),
                problem.id
            )?;
            writeln!(self.text, "    why it matters: {}", problem.why)?;
            writeln!(self.text, "    what to do: {}", problem.what_to_do)?;
        }
        Ok(())
    }
}

/// A fact inside a line.
fn shown<T>(fact: &Fact<T>, show: impl Fn(&T) -> String) -> String {
    match fact {
        Fact::Known(value) => show(value),
        Fact::Absent { because } => format!("(none, because {because})"),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a face for facts, which lend their value"
)]
fn bytes(bytes: &u64) -> String {
    whole_bytes(*bytes)
}

fn yes_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

fn soft_bytes(limit: &SoftLimit) -> String {
    match limit {
        SoftLimit::Unlimited => "unlimited".to_owned(),
        SoftLimit::At(bytes) => whole_bytes(*bytes),
    }
}

fn soft_count(limit: &SoftLimit) -> String {
    match limit {
        SoftLimit::Unlimited => "unlimited".to_owned(),
        SoftLimit::At(count) => count.to_string(),
    }
}

fn effective(memory: &EffectiveMemory) -> String {
    let by = match &memory.set_by {
        LimitSource::PhysicalMemory => "physical memory".to_owned(),
        LimitSource::Group(folder) => format!("the control group {folder}"),
        LimitSource::AddressSpace => "ulimit -v".to_owned(),
        LimitSource::Data => "ulimit -d".to_owned(),
    };
    format!("{}, set by {by}", whole_bytes(memory.bytes))
}

fn bound(bound: &Bound) -> String {
    match (bound.bytes, &bound.set_by) {
        (None, _) => "unlimited".to_owned(),
        (Some(bytes), Some(folder)) => format!("{}, set by {folder}", whole_bytes(bytes)),
        (Some(bytes), None) => whole_bytes(bytes),
    }
}

fn quota(quota: &Quota) -> String {
    match quota.millicpus {
        None => "unlimited".to_owned(),
        Some(millicpus) => format!("{}.{:03} CPUs", millicpus / 1000, millicpus % 1000),
    }
}

/// Distinct caches: size and kind by level, with how many there are.
fn caches_line(caches: &[Cache]) -> String {
    let mut kinds: Vec<(String, u64)> = Vec::new();
    for cache in caches {
        let kind = match cache.kind {
            CacheKind::Data => "d",
            CacheKind::Instruction => "i",
            CacheKind::Unified => "",
        };
        let name = format!("L{}{kind} {}", cache.level, shown(&cache.size_bytes, bytes));
        match kinds.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => kinds.push((name, 1)),
        }
    }
    let parts: Vec<String> = kinds
        .into_iter()
        .map(|(name, count)| {
            if count > 1 {
                format!("{count} x {name}")
            } else {
                name
            }
        })
        .collect();
    parts.join(", ")
}
