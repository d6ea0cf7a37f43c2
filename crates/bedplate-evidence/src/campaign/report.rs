//! A campaign as data.
//!
//! # Role
//! The layout of `ab campaign --json`, described in docs/ab.md. It can be read again, so that a
//! campaign that was stopped goes on where it was.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Shares;
use crate::ab::{Calibration, Verdict};
use crate::report::units::seconds;
use crate::trial::document::{BuildReport, Document};
use crate::trial::fitness::{Host, Unfit};
use crate::trial::ledger::NO_SUMS;
use crate::trial::measure::Metric;

/// Version of the layout.
pub const CAMPAIGN_VERSION: u32 = 1;

/// A campaign that took so many times its budget is said to have exceeded it: "about so long" was
/// asked for.
const LATE: f64 = 1.25;

/// A campaign.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Campaign {
    /// Version of the layout.
    pub version: u32,
    /// Version of bedplate.
    pub bedplate: String,
    /// When it began, in seconds since 1970.
    pub started_unix_s: u64,
    /// Name of the campaign in the ledger.
    pub key: String,
    /// What is built, and how the base was.
    pub built: Built,
    /// The command, as given.
    pub command: Vec<String>,
    /// What is judged.
    pub metric: Metric,
    /// Differences below count as none, in percent.
    pub margin_percent: f64,
    /// Chance of any wrong verdict in the first run of the campaign, in percent.
    pub error_percent: f64,
    /// What of it each comparison may spend.
    pub shares: Shares,
    /// Seconds that all of it may take, if that was limited.
    pub budget_s: Option<f64>,
    /// Each gate or feature against the base, in the order they were asked for.
    pub members: Vec<Member>,
    /// All of them against the base: the answer to what they cost together.
    pub joint: Member,
    /// Why there is no sum of the members.
    pub no_sum: String,
    /// The signal that ended it.
    pub interrupted_by: Option<i32>,
    /// The machine, at the start.
    pub host: Host,
    /// Why it was unfit then.
    pub unfit: Vec<Unfit>,
    /// Whether it was told to go on all the same.
    pub unfit_ok: bool,
    /// Variables that every run got.
    pub environment: BTreeMap<String, String>,
    /// Names of variables that no run got.
    pub environment_left_out: Vec<String>,
    /// Seconds it took, builds included.
    pub took_s: f64,
    /// The command that runs it again with the same seed.
    pub replay: Vec<String>,
}

/// What is built for a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// The package.
    pub package: String,
    /// The profile.
    pub profile: String,
    /// How the base was built.
    pub base: String,
    /// The commit that was checked out, where the project is in a repository of git.
    pub revision: Option<String>,
    /// Files of the project that differ from it.
    pub changed: Vec<String>,
}

/// One comparison of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it does, where that is known.
    pub what: Option<String>,
    /// The verdict; none where there is none yet.
    pub verdict: Option<Verdict>,
    /// The verdict, or why there is none, in words.
    pub meaning: String,
    /// By how many percent the build with it takes more.
    pub change_percent: Option<f64>,
    /// Its interval; all intervals of a campaign hold at once.
    pub interval_percent: [Option<f64>; 2],
    /// How sure this interval is by itself, in percent.
    pub sure_percent: f64,
    /// Scale of the base against itself, in percent.
    pub noise_percent: Option<f64>,
    /// By how many percent the build with it executes more instructions.
    pub instructions_percent: Option<f64>,
    /// What counted them, or why nothing did.
    pub instructions_by: String,
    /// Pairs of runs.
    pub pairs: usize,
    /// Layouts that each side had.
    pub layouts: u64,
    /// Why there is only one.
    pub one_layout_because: Option<String>,
    /// Whether its code ran, in words.
    pub execution: String,
    /// Lines in question, and those of them that ran.
    pub lines: [usize; 2],
    /// Size of the code of both sides.
    pub code_bytes: [Option<u64>; 2],
    /// SHA-256 of both sides as built.
    pub sha256: [String; 2],
    /// Start of all random choices.
    pub seed: u64,
    /// Name of the comparison in the ledger.
    pub key: String,
    /// Which rerun of this comparison it is.
    pub rerun: Option<u32>,
    /// Whatever a reader must know before believing it.
    pub warnings: Vec<String>,
    /// Seconds it took, builds not included.
    pub took_s: f64,
    /// The whole comparison, as `ab --json` writes it; null where nothing was run.
    pub comparison: Value,
}

impl Member {
    /// One that nothing is known of yet.
    #[must_use]
    pub fn not_reached(name: &str, what: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            what: what.map(str::to_owned),
            verdict: None,
            meaning: "not reached".to_owned(),
            change_percent: None,
            interval_percent: [None, None],
            sure_percent: 0.0,
            noise_percent: None,
            instructions_percent: None,
            instructions_by: "not reached".to_owned(),
            pairs: 0,
            layouts: 0,
            one_layout_because: None,
            execution: "not reached".to_owned(),
            lines: [0, 0],
            code_bytes: [None, None],
            sha256: [String::new(), String::new()],
            seed: 0,
            key: String::new(),
            rerun: None,
            warnings: Vec::new(),
            took_s: 0.0,
            comparison: Value::Null,
        }
    }

    /// What its comparison found; it took so many seconds with step 0.
    #[must_use]
    pub fn of(self, document: &Document, took_s: f64) -> Self {
        let build = document.build.as_ref();
        let (percent, by) = match (&document.instructions, &document.instructions_absent) {
            (Some(witness), _) => (Some(witness.change_percent), witness.counter.to_owned()),
            (None, because) => (None, because.clone().unwrap_or_default()),
        };
        Self {
            verdict: document.verdict,
            meaning: document.meaning.clone(),
            change_percent: document.change_percent,
            interval_percent: document.interval_percent,
            sure_percent: document.sure_percent,
            noise_percent: document.calibration.as_ref().map(Calibration::percent),
            instructions_percent: percent,
            instructions_by: by,
            pairs: document.pairs.len(),
            layouts: build.map_or(1, |build| build.layouts),
            one_layout_because: build.and_then(|build| build.one_layout_because.clone()),
            execution: build.map_or_else(String::new, |build| build.execution.said.clone()),
            lines: build.map_or([0, 0], lines),
            code_bytes: [document.a.file.text_bytes, document.b.file.text_bytes],
            sha256: [&document.a, &document.b].map(|side| side.file.sha256.clone()),
            seed: document.rules.seed,
            key: document.key.clone(),
            rerun: document.rerun,
            warnings: document.warnings.clone(),
            took_s,
            // A document is made of what JSON has.
            comparison: serde_json::to_value(document).unwrap_or(Value::Null),
            ..self
        }
    }

    /// Whether nothing more is to be done for it; one that there was no time for a pair for is to be made.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let was_compared = self.pairs > 0 || self.verdict != Some(Verdict::Inconclusive);
        self.verdict.is_some() && was_compared
    }
}

fn lines(build: &BuildReport) -> [usize; 2] {
    let sum = |sides: [usize; 2]| sides.iter().sum();
    [
        sum(build.execution.lines_in_question),
        sum(build.execution.lines_that_ran),
    ]
}

impl Campaign {
    /// Exit code of the command line: that of the joint comparison.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.interrupted_by, self.joint.verdict) {
            (Some(_), _) => 1,
            (None, Some(verdict)) => verdict.exit_code(),
            // Something failed, or there was no time left.
            (None, None) => 17,
        }
    }

    /// Why the single estimates are not added up, and what to read instead.
    #[must_use]
    pub fn no_sum_of(joint: &Member) -> String {
        let instead = match joint.change_percent {
            Some(_) => "what all of them do together was measured, in the joint comparison",
            None => "what all of them do together is what the joint comparison is for",
        };
        format!("{NO_SUMS}. Here {instead}")
    }

    /// Says beside the joint verdict which members' code did not run in it.
    pub fn note_unexecuted(&mut self) {
        let idle = self
            .members
            .iter()
            .filter(|member| member.verdict == Some(Verdict::NotExecuted));
        let names: Vec<&str> = idle.map(|member| member.name.as_str()).collect();
        if !names.is_empty() {
            self.joint.warnings.push(format!(
                "code of these members did not run, so what they cost is not in it: {}",
                names.join(", ")
            ));
        }
    }

    /// Says that it took longer than it was to, and what a budget does not cut short; builds took so
    /// many seconds.
    pub fn note_late(&mut self, builds_s: f64) {
        let Some(budget_s) = self.budget_s else {
            return;
        };
        if self.took_s > LATE * budget_s {
            self.joint.warnings.push(format!(
                "BUDGET EXCEEDED: {} of {}: builds took {}, and every comparison has its step 0 and a run of \
                 each side, however little time is left",
                seconds(self.took_s),
                seconds(budget_s),
                seconds(builds_s)
            ));
        }
    }

    /// Members and joint comparison.
    pub fn all(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().chain([&self.joint])
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::trial::words::change_percent;

    /// A campaign of two members.
    pub(crate) fn campaign() -> Campaign {
        let member = |name: &str, verdict, percent: f64| Member {
            verdict: Some(verdict),
            meaning: Verdict::meaning(verdict).to_owned(),
            change_percent: Some(percent),
            interval_percent: [Some(percent - 0.25), Some(percent + 0.25)],
            sure_percent: 99.0,
            noise_percent: Some(change_percent(-0.01)),
            instructions_percent: Some(percent / 2.0),
            instructions_by: "callgrind".to_owned(),
            pairs: 40,
            layouts: 71,
            execution: "the code in question ran: 3 of 4 lines, up to 20 executions".to_owned(),
            lines: [4, 3],
            sha256: ["a".repeat(64), "b".repeat(64)],
            key: name.repeat(64),
            ..Member::not_reached(name, Some("counts | things"))
        };
        let joint = member("all", Verdict::NoGo, 4.5);
        Campaign {
            version: CAMPAIGN_VERSION,
            bedplate: "0.1.0".to_owned(),
            started_unix_s: 1_795_256_930,
            key: "k".repeat(64),
            built: Built {
                package: "p".to_owned(),
                profile: "release".to_owned(),
                base: "built without any of them".to_owned(),
                revision: Some("c0ffee".to_owned()),
                changed: Vec::new(),
            },
            command: vec!["{bin}".to_owned(), "<100>".to_owned()],
            metric: Metric::Cpu,
            margin_percent: 0.5,
            error_percent: 4.0,
            shares: Shares::of(3),
            budget_s: Some(600.0),
            members: vec![
                member("x", Verdict::NoGo, 3.0),
                member("y", Verdict::Equivalent, 0.1),
                Member::not_reached("z", None),
            ],
            no_sum: Campaign::no_sum_of(&joint),
            joint,
            interrupted_by: None,
            host: Host {
                cpu: "a processor".to_owned(),
                cpus: 2,
                kernel: "6.0".to_owned(),
                hypervisor: "none".to_owned(),
                memory_bytes: Some(1 << 30),
                load: "0.1".to_owned(),
                cpu_stalled: None,
            },
            unfit: Vec::new(),
            unfit_ok: false,
            environment: BTreeMap::new(),
            environment_left_out: Vec::new(),
            took_s: 500.0,
            replay: vec![
                "bedplate".to_owned(),
                "ab".to_owned(),
                "campaign".to_owned(),
            ],
        }
    }

    #[test]
    fn a_campaign_can_be_read_again() {
        let written = serde_json::to_string(&campaign()).unwrap();
        let read: Campaign = serde_json::from_str(&written).unwrap();
        assert_eq!(read.members, campaign().members);
        assert_eq!(read.exit_code(), 10);
        let done: Vec<bool> = read.members.iter().map(Member::is_done).collect();
        assert_eq!(done, [true, true, false]);
    }

    #[test]
    fn members_that_did_not_run_are_named_beside_the_joint_verdict() {
        let mut campaign = campaign();
        campaign.note_unexecuted();
        assert!(campaign.joint.warnings.is_empty());
        campaign.members[1].verdict = Some(Verdict::NotExecuted);
        campaign.note_unexecuted();
        assert!(campaign.joint.warnings[0].ends_with(": y"));
    }

    #[test]
    fn a_budget_that_was_not_kept_is_said_with_what_took_the_time() {
        let mut campaign = campaign();
        campaign.budget_s = Some(60.0);
        campaign.took_s = 74.0;
        campaign.note_late(45.0);
        assert_eq!(campaign.joint.warnings, Vec::<String>::new());
        campaign.took_s = 208.0;
        campaign.note_late(45.0);
        let said = &campaign.joint.warnings[0];
        assert!(
            said.contains("3 min 28 s of 60.0 s: builds took 45.0 s"),
            "{said}"
        );
        campaign.budget_s = None;
        campaign.note_late(45.0);
        assert_eq!(campaign.joint.warnings.len(), 1);
    }

    #[test]
    fn estimates_are_not_added_up() {
        let campaign = campaign();
        assert!(campaign.no_sum.contains("not added up"));
        assert!(campaign.no_sum.contains("joint"));
    }
}
