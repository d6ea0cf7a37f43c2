//! Whether the machine is quiet enough.
//!
//! # Role
//! Of the machine's problems, those that make times measured now untrue.
//!
//! # Not here
//! Finding problems (`bedplate_os::problems`), and refusing to run: that is the caller's.

use bedplate_os::facts::MachineFacts;
use serde::{Deserialize, Serialize};

/// Problems of `bedplate probe` that make a machine unfit. Stops for a used-up quota are counted
/// from the machine's start, so they are judged by whether there were more of them meanwhile.
const UNFIT: [&str; 5] = [
    "cpu-stalled",
    "memory-stalled",
    "disk-stalled",
    "load-above-cores",
    "memory-low",
];

/// Why times measured now would be untrue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfit {
    /// A stable name.
    pub id: String,
    /// What is the case.
    pub what: String,
    /// What to do about it.
    pub what_to_do: String,
}

/// What makes the machine unfit now.
#[must_use]
pub fn unfit(facts: &MachineFacts) -> Vec<Unfit> {
    facts
        .problems()
        .into_iter()
        .filter(|problem| UNFIT.contains(&problem.id))
        .map(|problem| Unfit {
            id: problem.id.to_owned(),
            what: problem.what,
            what_to_do: problem.what_to_do,
        })
        .collect()
}

/// Times the control group was stopped for a used-up quota, where that is known.
#[must_use]
pub fn stops(facts: &MachineFacts) -> Option<u64> {
    let cpu = facts.limits.group_cpu.known()?;
    cpu.throttled_periods.known().copied()
}

/// The machine's facts that belong to a figure; a fact that cannot be had says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The CPU's model.
    pub cpu: String,
    /// CPUs online.
    pub cpus: usize,
    /// The kernel's release.
    pub kernel: String,
    /// What the kernel runs on.
    pub hypervisor: String,
    /// Memory.
    pub memory_bytes: Option<u64>,
    /// Load averages at the start.
    pub load: String,
    /// CPU time lost to waiting over the last ten seconds, at the start.
    pub cpu_stalled: Option<String>,
}

impl Host {
    /// Picks them from all facts.
    #[must_use]
    pub fn of(facts: &MachineFacts) -> Self {
        Self {
            cpu: facts.features.model.to_string(),
            cpus: facts.topology.online.count(),
            kernel: facts.host.kernel.to_string(),
            hypervisor: facts.host.hypervisor.to_string(),
            memory_bytes: facts.memory.total_bytes.known().copied(),
            load: facts.host.load.to_string(),
            cpu_stalled: facts
                .pressure
                .cpu
                .known()
                .map(|pressure| pressure.some.avg10.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedplate_os::source::Machine;

    fn described(name: &str) -> MachineFacts {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../bedplate-os/fixtures");
        MachineFacts::read(&Machine::described_by(format!("{fixtures}/{name}"))).unwrap()
    }

    #[test]
    fn a_limit_alone_does_not_make_a_machine_unfit() {
        for name in ["two-nodes", "cgroup-v2-limits", "hybrid-cores"] {
            let facts = described(name);
            for found in unfit(&facts) {
                assert!(UNFIT.contains(&found.id.as_str()), "{found:?}");
                assert!(!found.what_to_do.is_empty());
            }
            assert!(Host::of(&facts).cpus > 0);
        }
    }

    #[test]
    fn a_busy_machine_is_unfit() {
        let place = tempfile::tempdir().unwrap();
        let fixture = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../bedplate-os/fixtures/two-nodes"
        );
        let copied = std::process::Command::new("cp")
            .args(["-r", &format!("{fixture}/.")])
            .arg(place.path())
            .status();
        assert!(copied.unwrap().success());
        let load = place.path().join("proc/loadavg");
        std::fs::write(load, "99.00 80.00 70.00 90/1000 1234\n").unwrap();
        let facts = MachineFacts::read(&Machine::described_by(place.path())).unwrap();
        let ids: Vec<String> = unfit(&facts).into_iter().map(|it| it.id).collect();
        assert!(ids.contains(&"load-above-cores".to_owned()), "{ids:?}");
    }
}
