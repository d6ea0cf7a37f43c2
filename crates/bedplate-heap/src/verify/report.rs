//! What a verification found.

use super::fault::{Fault, Finding, Severity, What};
use crate::header;
use crate::{Heap, Ref};
use core::fmt;
use core::time::Duration;

/// So many findings are kept; all are counted.
const FINDINGS_MAX: usize = 1000;
/// So many findings of a kind are printed.
const PRINTED_MAX: usize = 5;

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Scope {
    /// Everything, and all references are known.
    Exact,
    /// Everything; what is not known is taken for the host's.
    #[default]
    Whole,
    /// A part.
    Part,
    /// The lists' ends and the figures.
    Quick,
}

/// What a verification found.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// How much was looked at.
    pub scope: Scope,
    /// The objects.
    pub objects: u64,
    /// The references among them and from roots, finalizers and the host.
    pub references: u64,
    /// References that only the host can explain: 0 where the scope is exact.
    pub outside: u64,
    /// The first thousand findings.
    pub findings: Vec<Finding>,
    /// How many there are of each kind, in the order of [`Fault::ALL`].
    pub by_fault: [u64; 9],
    /// How long it took.
    pub duration: Duration,
    /// So many findings are kept.
    #[cfg_attr(feature = "serde", serde(skip))]
    findings_max: usize,
}

impl Report {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            findings_max: FINDINGS_MAX,
            ..Self::default()
        }
    }

    /// Keeps all findings.
    pub(super) const fn keep_all(&mut self) {
        self.findings_max = usize::MAX;
    }

    /// Notes a fault of a place, 0 for the heap itself.
    #[cold]
    pub(super) fn note(&mut self, heap: &Heap, at: u32, what: What) {
        self.by_fault[what.fault() as usize] += 1;
        if self.findings.len() < self.findings_max {
            let is_place = (at as usize) < heap.words.len();
            let header = if is_place { heap.words.load(at) } else { 0 };
            self.findings.push(Finding {
                what,
                object: Ref::at(at),
                kind: header::kind(header),
            });
        }
    }

    /// How many faults of a kind there are.
    #[must_use]
    pub const fn count(&self, fault: Fault) -> u64 {
        self.by_fault[fault as usize]
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.by_fault == [0; 9]
    }

    /// How bad the worst is; none where nothing was found.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let found = Fault::ALL.iter().filter(|fault| self.count(**fault) > 0);
        found.map(|fault| fault.severity()).max()
    }

    /// The heap's health, from 0 to 1. Each fault takes its share of the objects, a serious one half and
    /// a minor one a tenth of it; with a serious fault it is 0.9 at most, with a fatal one 0.5.
    #[must_use]
    pub fn health(&self) -> f64 {
        let weight = |fault: &Fault| match fault.severity() {
            Severity::Minor => 1,
            Severity::Serious => 5,
            Severity::Fatal => 10,
        };
        let tenths: u64 = Fault::ALL
            .iter()
            .map(|fault| weight(fault) * self.count(*fault))
            .sum();
        let tenths = u32::try_from(tenths).unwrap_or(u32::MAX);
        let objects = u32::try_from(self.objects.max(1)).unwrap_or(u32::MAX);
        let rest = (1.0 - f64::from(tenths) / 10.0 / f64::from(objects)).max(0.0);
        match self.worst() {
            Some(Severity::Fatal) => rest.min(0.5),
            Some(Severity::Serious) => rest.min(0.9),
            _ => rest,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.scope {
            Scope::Exact => "everything, each count exactly",
            Scope::Whole => "everything but the host's own references",
            Scope::Part => "a part",
            Scope::Quick => "the quick check",
        };
        writeln!(
            f,
            "heap: health {:.3} of 1 ({scope}; {} objects, {} references, {:?})",
            self.health(),
            self.objects,
            self.references,
            self.duration
        )?;
        if self.outside > 0 {
            writeln!(f, "  {} references are the host's", self.outside)?;
        }
        for fault in Fault::ALL {
            let count = self.count(fault);
            if count == 0 {
                continue;
            }
            let (name, severity) = (fault.name(), fault.severity());
            writeln!(f, "  {count} x {name} ({severity:?}): {}", fault.advice())?;
            let found = self.findings.iter();
            let mut printed = 0;
            for finding in found.filter(|finding| finding.what.fault() == fault) {
                if printed == PRINTED_MAX {
                    break;
                }
                printed += 1;
                writeln!(f, "    {finding}")?;
            }
            let more = count - printed as u64;
            if more > 0 {
                writeln!(f, "    and {more} more")?;
            }
        }
        if self.is_healthy() {
            writeln!(f, "  nothing is wrong")?;
        }
        Ok(())
    }
}
