//! The host: kernel, hypervisor, load.
//!
//! # Role
//! What a report says of the machine beside its CPUs and memory.

use crate::fact::{Because, Fact, Reason};
use crate::features::Features;
use crate::source::Machine;
use crate::text::{self, hundredths};
use alloc::string::String;
use core::fmt;

/// The host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Host {
    /// The kernel's release.
    pub kernel: Fact<String>,
    /// What the kernel runs on.
    pub hypervisor: Fact<Hypervisor>,
    /// Tasks that run or wait, averaged.
    pub load: Fact<Load>,
}

/// What is beneath the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Hypervisor {
    /// The hardware, as far as the CPU says.
    None,
    /// A hypervisor that gives a name.
    Named(String),
    /// A hypervisor without a name.
    Unnamed,
}

impl fmt::Display for Hypervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no hypervisor"),
            Self::Named(name) => f.write_str(name),
            Self::Unnamed => f.write_str("a hypervisor that gives no name"),
        }
    }
}

/// The load averages, in hundredths of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Load {
    /// Over one minute.
    pub minute_1_hundredths: u32,
    /// Over five minutes.
    pub minutes_5_hundredths: u32,
    /// Over fifteen minutes.
    pub minutes_15_hundredths: u32,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loads = [
            self.minute_1_hundredths,
            self.minutes_5_hundredths,
            self.minutes_15_hundredths,
        ];
        for (i, load) in loads.iter().enumerate() {
            write!(
                f,
                "{}{}.{:02}",
                if i == 0 { "" } else { " " },
                load / 100,
                load % 100
            )?;
        }
        Ok(())
    }
}

impl Host {
    /// Reads the host; `features` tells whether the CPU knows of a hypervisor.
    #[must_use]
    pub fn read(machine: &Machine, features: &Features) -> Self {
        Self {
            kernel: word(machine, "/proc/sys/kernel/osrelease").into(),
            hypervisor: hypervisor(machine, features),
            load: machine.parse("/proc/loadavg", load).into(),
        }
    }
}

fn word(machine: &Machine, path: &str) -> Result<String, Because> {
    machine.parse(path, |text| match text::line(text)?.trim() {
        "" => Err(Reason::Garbage),
        word => Ok(word.to_owned()),
    })
}

fn load(text: &str) -> Result<Load, Reason> {
    let mut words = text::line(text)?.split(' ');
    let mut next = || hundredths(words.next().ok_or(Reason::Truncated)?);
    Ok(Load {
        minute_1_hundredths: next()?,
        minutes_5_hundredths: next()?,
        minutes_15_hundredths: next()?,
    })
}

fn hypervisor(machine: &Machine, features: &Features) -> Fact<Hypervisor> {
    if let Ok(name) = word(machine, "/sys/hypervisor/type") {
        return Fact::Known(Hypervisor::Named(name));
    }
    match features.has("hypervisor") {
        Some(false) => Fact::Known(Hypervisor::None),
        Some(true) => Fact::Known(name_of_hypervisor(machine)),
        None => Fact::Absent {
            because: features
                .flags
                .because()
                .cloned()
                .unwrap_or(Reason::NotListed.at("/proc/cpuinfo")),
        },
    }
}

fn name_of_hypervisor(machine: &Machine) -> Hypervisor {
    let signature = if machine.is_running() {
        crate::linux::cpuid::hypervisor_signature()
    } else {
        None
    };
    let signature = signature
        .as_ref()
        .and_then(|bytes| core::str::from_utf8(bytes).ok());
    match signature
        .map(|s| s.trim_matches(['\0', ' ']))
        .filter(|s| !s.is_empty())
    {
        Some("KVMKVMKVM") => Hypervisor::Named("KVM".to_owned()),
        Some("Microsoft Hv") => Hypervisor::Named("Hyper-V".to_owned()),
        Some("VMwareVMware") => Hypervisor::Named("VMware".to_owned()),
        Some("XenVMMXenVMM") => Hypervisor::Named("Xen".to_owned()),
        Some(other) => Hypervisor::Named(other.to_owned()),
        None => word(machine, "/sys/class/dmi/id/sys_vendor")
            .map_or(Hypervisor::Unnamed, Hypervisor::Named),
    }
}

#[cfg(test)]
mod tests {
    use super::{Hypervisor, load};

    #[test]
    fn loads_are_hundredths() {
        let read = load("1.50 0.04 12.00 1/87 4784\n").map(|l| l.to_string());
        assert_eq!(read, Ok("1.50 0.04 12.00".to_owned()));
        assert!(load("1.5").is_err());
        assert!(load("1.50 0.04\n").is_err());
    }

    #[test]
    fn hypervisors_have_names_or_none() {
        let names = [
            Hypervisor::None,
            Hypervisor::Named("KVM".into()),
            Hypervisor::Unnamed,
        ]
        .map(|h| h.to_string());
        assert_eq!(
            names,
            ["no hypervisor", "KVM", "a hypervisor that gives no name"]
        );
    }
}
