//! Rounds of verification and repair.
//!
//! # Role
//! A repair of a structure changes references, one of a reference changes counts. So each round
//! mends the deepest kind that it finds: what objects are, then what they refer to, then counts and
//! lists.

use super::repair::{Recovery, Repair};
use crate::verify::Pass;
use crate::{Checkpoint, Finding, Heap, HeapError, Report, Scope, Value, What};

/// So many rounds are enough for what one pass finds: three, and what a repair brings to light.
const ROUNDS_MAX: usize = 8;
/// From this round on, what still does not fit is set aside.
const PATIENCE: usize = 2;

/// What was reported and is accounted for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acknowledged {
    pub(super) underflows: u64,
}

/// How deep a finding lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Object,
    Reference,
    List,
}

const fn depth(what: What) -> Depth {
    match what {
        What::Misfit(_) => Depth::Object,
        What::RefersTo { .. }
        | What::HeldPlace { .. }
        | What::Generation { .. }
        | What::TargetGone { .. } => Depth::Reference,
        _ => Depth::List,
    }
}

impl Heap {
    /// Mends what [`Heap::verify`] finds. Counts that are too high are taken for the host's.
    ///
    /// # Cost
    /// A few verifications.
    pub fn recover(&mut self) -> Recovery {
        self.mend(Scope::Whole, &[])
    }

    /// Mends what [`Heap::verify_with`] finds. A reference of the host to what is no object cannot be
    /// mended: it is in the report afterwards.
    ///
    /// # Cost
    /// A few verifications.
    pub fn recover_with(&mut self, held: impl IntoIterator<Item = Value>) -> Recovery {
        let held: Vec<Value> = held.into_iter().collect();
        self.mend(Scope::Exact, &held)
    }

    /// Mends what can be mended without loss, else goes back to a checkpoint. Where it did, the host's
    /// own references are those of the checkpoint, and the report afterwards is [`Heap::verify`]'s.
    ///
    /// # Errors
    /// - [`HeapError::ForeignCheckpoint`]: the checkpoint is of another heap.
    /// - [`HeapError::HostObject`]: an object of the host cannot be copied any more.
    /// - [`HeapError::Budget`]: memory that was given back since is needed again, and the budget has none.
    pub fn recover_or_restore(
        &mut self,
        held: impl IntoIterator<Item = Value>,
        checkpoint: &Checkpoint,
    ) -> Result<Recovery, HeapError> {
        let mut recovery = self.recover_with(held);
        if !recovery.is_lossless() || !recovery.after.is_healthy() {
            self.restore(checkpoint)?;
            recovery.went_back = true;
            recovery.after = self.verify();
        }
        Ok(recovery)
    }

    /// Releases that were refused since the last recovery.
    pub(crate) const fn unseen_underflows(&self) -> u64 {
        let seen = self.acknowledged.underflows;
        self.stats.underflows.saturating_sub(seen)
    }

    pub(super) const fn acknowledge_underflows(&mut self) {
        self.acknowledged.underflows = self.stats.underflows;
    }

    fn look(&self, scope: Scope, held: &[Value]) -> Report {
        Pass::new(self, scope).complete(held.iter().copied())
    }

    fn mend(&mut self, scope: Scope, held: &[Value]) -> Recovery {
        // A collection could not know of what is mended. One that is freeing garbage is brought to its
        // end, but not before what it frees is sound.
        if self.cycles.pass.is_marking() {
            self.abandon_pass();
        }
        let before = self.look(scope, held);
        let mut repairs = Vec::new();
        let mut report = before.clone();
        for round in 0..ROUNDS_MAX {
            let deepest = report.findings.iter().map(|finding| depth(finding.what));
            let Some(deepest) = deepest.min() else { break };
            if deepest == Depth::List && self.is_collecting() {
                self.abandon_pass();
                report = self.look(scope, held);
                continue;
            }
            let is_of_round = |finding: &&Finding| depth(finding.what) == deepest;
            let findings: Vec<Finding> = report
                .findings
                .iter()
                .filter(is_of_round)
                .copied()
                .collect();
            match deepest {
                Depth::Object => self.mend_objects(&findings, round < PATIENCE, &mut repairs),
                Depth::Reference => self.mend_references(&findings, &mut repairs),
                Depth::List => self.mend_lists(&findings, &mut repairs),
            }
            report = self.look(scope, held);
            if deepest == Depth::Reference && report.findings == findings {
                // Only the host's own references are left.
                break;
            }
        }
        if !repairs.is_empty() {
            // A damage or its repair may have given a table's entries other numbers.
            self.tables.forget_all();
            self.count_objects(report.objects);
        }
        Recovery {
            before,
            repairs,
            went_back: false,
            after: report,
        }
    }

    pub(super) fn repaired(
        repairs: &mut Vec<Repair>,
        finding: &Finding,
        action: super::repair::Action,
    ) {
        repairs.push(Repair {
            fault: finding.what.fault(),
            action,
            object: finding.object,
        });
    }
}
