//! `ab campaign`.
//!
//! # Role
//! Builds a base, each member and all members together, compares each with the base under its share
//! of one error budget, and publishes what there is after each comparison.
//!
//! # Not here
//! The shares and the report (`bedplate_evidence::campaign`).
//!
//! # Invariants
//! I1. Whatever ends a campaign leaves the comparisons that were made: files are written anew after
//!     each.

use core::time::Duration;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bedplate_evidence::RunError;
use bedplate_evidence::ab::{Verdict, spending};
use bedplate_evidence::campaign::report::{Built as BuiltFacts, CAMPAIGN_VERSION};
use bedplate_evidence::campaign::shares::time_of_next;
use bedplate_evidence::campaign::{Campaign, Member, Shares, text};
use bedplate_evidence::sides::build::CodeLines;
use bedplate_evidence::sides::execution::{Background, Elsewhere};
use bedplate_evidence::sides::words::Template;
use bedplate_evidence::sides::worktree::checked_out;
use bedplate_evidence::sides::{Built, Difference, Family, Project};
use bedplate_evidence::trial::conduct::{Given, TrialPlan};
use bedplate_evidence::trial::document::{Before, Document};
use bedplate_evidence::trial::fitness::{self, Host};
use bedplate_evidence::trial::ledger::{self, Event, Ledger, Share};
use bedplate_evidence::trial::limit::Limit;
use bedplate_evidence::trial::surroundings::Surroundings;
use bedplate_evidence::versus::Interrupts;
use bedplate_os::facts::MachineFacts;

use super::arguments::CampaignArguments;
use super::compare::{
    Failure, STEPS, Terms, counter, is_refused, judged, ledger_of, rules, surroundings, witnessed,
};
use super::outputs::Outputs;
use super::sides::{
    Setting, Sides, TARGETS, build_side, choice, difference_of_feature, measure_words,
};
use super::{machine_facts, seed_from_clock, temporary, unix_s};
use crate::exit::Exit;
use crate::talk::say;

/// What all members together are called.
const JOINT: &str = "all together";

/// Runs the command.
pub(super) fn campaign(arguments: &CampaignArguments) -> Exit {
    match try_campaign(arguments) {
        Ok(exit) => exit,
        Err(failure) => failure.told(),
    }
}

fn try_campaign(arguments: &CampaignArguments) -> Result<Exit, Failure> {
    let started = Instant::now();
    let search_path = std::env::var_os("PATH");
    let template = Template::of(&arguments.command).map_err(Failure::Usage)?;
    let project = Project::read(arguments.project.manifest_path.as_deref())?;
    let differences = differences(arguments, &project)?;
    let family = Family::of(&project, &choice(&arguments.project), &differences)?;
    let earlier = arguments.resume.as_deref().map(earlier).transpose()?;
    let earlier_seed = earlier
        .as_ref()
        .map(|it| it.joint.seed)
        .filter(|&it| it > 0);
    let seed = arguments.measure.rules.seed.or(earlier_seed);
    let facts = machine_facts()?;
    let mut outputs = Outputs::open(&arguments.measure)?;
    let unfit = fitness::unfit(&facts);
    if is_refused(&unfit, &arguments.measure) {
        for unfit in &unfit {
            say(&format!("{}: {}\n", unfit.what, unfit.what_to_do));
        }
        return Ok(Exit::Compared(16));
    }
    let directory = temporary()?;
    let mut work = Work {
        arguments,
        started,
        seed: seed.unwrap_or_else(seed_from_clock),
        search_path: search_path.as_deref(),
        template: &template,
        surroundings: &surroundings(&arguments.measure),
        facts: &facts,
        interrupts: &Interrupts::catch()?,
        directory: directory.path(),
        ledger: ledger_of(&arguments.measure),
        shares: Shares::of(family.members.len()),
        background: Background::default(),
        names: differences.iter().map(Difference::name).collect(),
        key: String::new(),
    };
    let builds = match work.build(&project, &family) {
        // An interrupt from a terminal ends cargo too.
        Err(_cut) if work.interrupts.signal().is_some() => None,
        builds => Some(builds?),
    };
    let builds_s = started.elapsed().as_secs_f64();
    let mut campaign = work.begun(&project, &family);
    if let Some(builds) = builds {
        work.compare_all(
            &mut campaign,
            &family,
            &builds,
            earlier.as_ref(),
            &mut outputs,
        )?;
    }
    campaign.interrupted_by = work.interrupts.signal();
    campaign.took_s = started.elapsed().as_secs_f64();
    campaign.no_sum = Campaign::no_sum_of(&campaign.joint);
    campaign.note_late(builds_s);
    work.record(&campaign)?;
    Ok(if outputs.publish(&campaign)? {
        Exit::Compared(campaign.exit_code())
    } else {
        Exit::Failed
    })
}

fn differences(
    arguments: &CampaignArguments,
    project: &Project,
) -> Result<Vec<Difference>, RunError> {
    if arguments.all_gates {
        return Family::all_gates(project);
    }
    let gates = arguments.gate.iter().cloned().map(Difference::Gate);
    let mut differences: Vec<Difference> = gates.collect();
    for feature in &arguments.feature {
        differences.push(difference_of_feature(feature)?);
    }
    Ok(differences)
}

/// The campaign that is to go on.
fn earlier(path: &Path) -> Result<Campaign, RunError> {
    let failed = |source| RunError::Unread {
        what: "the campaign to go on with",
        path: path.to_owned(),
        source,
        advice: "name the file that --json of that campaign wrote, or leave --resume out",
    };
    let text = fs::read_to_string(path).map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| failed(error.into()))
}

/// All that was built, members in their order.
struct Builds {
    base: Built,
    members: Vec<Built>,
    joint: Built,
    /// Lines of members and joint, where gates share code.
    lines: Option<(Vec<CodeLines>, CodeLines)>,
}

impl Builds {
    /// How the code of a member is told from what gates share.
    fn elsewhere(&self, index: usize) -> Option<Elsewhere> {
        let (members, joint) = self.lines.as_ref()?;
        let mut without = members.clone();
        without.remove(index);
        Some(Elsewhere {
            with: vec![joint.clone()],
            without,
        })
    }
}

/// What all comparisons need.
struct Work<'work> {
    arguments: &'work CampaignArguments,
    started: Instant,
    seed: u64,
    search_path: Option<&'work OsStr>,
    template: &'work Template,
    surroundings: &'work Surroundings,
    facts: &'work MachineFacts,
    interrupts: &'work Interrupts,
    directory: &'work Path,
    ledger: Option<Ledger>,
    shares: Shares,
    background: Background,
    /// The members' names.
    names: Vec<String>,
    /// The campaign's name in the ledger.
    key: String,
}

/// A comparison to be made.
struct Next<'next> {
    said: String,
    built: [&'next Built; 2],
    /// Its place in the campaign.
    index: usize,
    elsewhere: Option<Elsewhere>,
    of_error: f64,
    /// When it is to end.
    deadline: Option<Instant>,
}

impl Work<'_> {
    /// Builds everything, so that what cannot be built is known before the first run.
    fn build(&self, project: &Project, family: &Family) -> Result<Builds, RunError> {
        let targets: PathBuf = project.target_directory.join(TARGETS).join("campaign");
        let total = family.members.len() + 2;
        let build = |number: usize, recipe, place: &str| {
            build_side(
                &format!("{} of {total}", number + 1),
                recipe,
                &self.template.artefact,
                &targets.join(place),
            )
        };
        let base = build(0, &family.base, "base")?;
        let joint = build(1, &family.joint, "all")?;
        let members = family.members.iter().enumerate();
        let members = members
            .map(|(index, member)| build(index + 2, &member.recipe, &index.to_string()))
            .collect::<Result<Vec<Built>, RunError>>()?;
        let lines = if family.is_own {
            let lines = members.iter().map(Built::lines);
            Some((lines.collect::<Result<_, _>>()?, joint.lines()?))
        } else {
            None
        };
        Ok(Builds {
            base,
            members,
            joint,
            lines,
        })
    }

    /// The campaign before its first comparison.
    fn begun(&self, project: &Project, family: &Family) -> Campaign {
        let (arguments, measure) = (self.arguments, &self.arguments.measure);
        let (revision, changed) = checked_out(project).unzip();
        let joint = Member::not_reached(JOINT, None);
        let members = family.members.iter();
        Campaign {
            version: CAMPAIGN_VERSION,
            bedplate: env!("CARGO_PKG_VERSION").to_owned(),
            started_unix_s: unix_s() - self.started.elapsed().as_secs(),
            key: String::new(),
            built: BuiltFacts {
                package: family.base.package.clone(),
                profile: family.base.profile.clone(),
                base: family.base.said.clone(),
                revision,
                changed: changed.unwrap_or_default(),
            },
            command: shown(&self.template.words),
            metric: measure.rules.metric.into(),
            margin_percent: measure.rules.margin,
            error_percent: 100.0 * spending::error_of_rerun(0),
            shares: self.shares,
            budget_s: arguments.budget.map(|budget| budget.as_secs_f64()),
            members: members
                .map(|member| Member::not_reached(&member.difference.name(), member.what))
                .collect(),
            no_sum: Campaign::no_sum_of(&joint),
            joint,
            interrupted_by: None,
            host: Host::of(self.facts),
            unfit: fitness::unfit(self.facts),
            unfit_ok: measure.unfit_ok,
            environment: self.surroundings.kept(),
            environment_left_out: self.surroundings.left_out(),
            took_s: 0.0,
            replay: replay(arguments, self.seed),
        }
    }

    /// Compares every member and then all together, until something ends it.
    fn compare_all(
        &mut self,
        campaign: &mut Campaign,
        family: &Family,
        builds: &Builds,
        earlier: Option<&Campaign>,
        outputs: &mut Outputs,
    ) -> Result<(), Failure> {
        let count = family.members.len();
        for index in 0..=count {
            if self.interrupts.signal().is_some() {
                return Ok(());
            }
            let is_joint = index == count;
            let next = Next {
                said: if is_joint {
                    format!("{JOINT}: {count} of them")
                } else {
                    family.members[index].difference.said()
                },
                built: [
                    &builds.base,
                    builds.members.get(index).unwrap_or(&builds.joint),
                ],
                index,
                elsewhere: if is_joint {
                    // Code of a member that waits for a variable does not keep the others from
                    // being measured together: it was named with the member.
                    Some(Elsewhere::default())
                } else {
                    builds.elsewhere(index)
                },
                of_error: if is_joint {
                    self.shares.joint
                } else {
                    self.shares.member
                },
                deadline: self.deadline(count.saturating_sub(index + 1), is_joint),
            };
            let member = campaign
                .members
                .get_mut(index)
                .unwrap_or(&mut campaign.joint);
            say(&format!(
                "bedplate: {} of {}: {}\n",
                index + 1,
                count + 1,
                next.said
            ));
            match self.compared(member.clone(), &next, earlier) {
                Ok(compared) => *member = compared,
                // Nothing of it was measured; what was before stays.
                Err(_cut) if self.interrupts.signal().is_some() => return Ok(()),
                Err(Failure::Side(side, error)) => {
                    member.meaning = format!("side {side} failed: {error}");
                }
                Err(failure) => return Err(failure),
            }
            say(&format!("bedplate: {}\n", text::line(member)));
            if is_joint {
                campaign.note_unexecuted();
            }
            campaign.key.clone_from(&self.key);
            campaign.took_s = self.started.elapsed().as_secs_f64();
            outputs.keep(campaign)?;
        }
        Ok(())
    }

    /// When the next comparison is to end, before so many further members.
    fn deadline(&self, members_after: usize, is_joint: bool) -> Option<Instant> {
        let left = self
            .arguments
            .budget?
            .saturating_sub(self.started.elapsed());
        let time: Duration = time_of_next(left, members_after, is_joint);
        Some(Instant::now() + time)
    }

    /// One comparison, or what an earlier campaign found for the same.
    fn compared(
        &mut self,
        member: Member,
        next: &Next<'_>,
        earlier: Option<&Campaign>,
    ) -> Result<Member, Failure> {
        let begun = Instant::now();
        let setting = Setting {
            said: next.said.clone(),
            template: self.template,
            search_path: self.search_path,
            place: &self.directory.join("sides"),
            seed: self.seed.wrapping_add(next.index as u64),
            unexecuted_ok: self.arguments.project.unexecuted_ok,
        };
        let mut sides = Sides::of_built(next.built.map(Clone::clone), &setting)?;
        let key = ledger::key(&sides.a, &sides.b, self.surroundings);
        if self.key.is_empty() {
            let names = self.names.iter().map(String::as_str);
            self.key = ledger::campaign_key(&sides.a, self.surroundings, names);
        }
        let known = earlier.and_then(|earlier| {
            let is_same = |known: &&Member| known.is_done() && known.key == key;
            earlier.all().find(is_same)
        });
        if let Some(known) = known {
            say("bedplate: taken from the earlier campaign\n");
            return Ok(known.clone());
        }
        let document = self.document(&mut sides, key, next, setting.seed)?;
        Ok(member.of(&document, begun.elapsed().as_secs_f64()))
    }

    fn document(
        &mut self,
        sides: &mut Sides,
        key: String,
        next: &Next<'_>,
        seed: u64,
    ) -> Result<Document, Failure> {
        let measure = &self.arguments.measure;
        let mut background = core::mem::take(&mut self.background).after();
        background.elsewhere.clone_from(&next.elsewhere);
        let limit = Limit::asked(measure.timeout);
        let unrun = if sides.are_same() {
            Some(Some(Verdict::Identical))
        } else {
            witnessed(
                sides,
                self.surroundings,
                (self.interrupts, limit),
                (self.directory, self.search_path),
                (STEPS.witness, &mut background),
            )?
        };
        let counted = background.counted();
        self.background = background;
        let before = Before {
            bedplate: env!("CARGO_PKG_VERSION").to_owned(),
            started_unix_s: unix_s(),
            rerun: None,
            key,
            host: Host::of(self.facts),
            // The campaign says it once.
            unfit: Vec::new(),
            unfit_ok: measure.unfit_ok,
            replay: replay(self.arguments, self.seed),
            build: sides.here.as_ref().map(|here| here.report.clone()),
        };
        let mut plan = TrialPlan {
            a: &sides.a,
            b: &sides.b,
            surroundings: self.surroundings,
            rules: rules(&measure.rules, seed),
            metric: measure.rules.metric.into(),
            counter: counter(measure, self.facts, self.search_path),
            witness_s_max: measure.witness_seconds,
            directory: self.directory,
            interrupts: self.interrupts,
            layouts: sides.here.as_ref().map(|here| &here.layouts),
        };
        let terms = Terms {
            share: Share {
                of_error: next.of_error,
                campaign: Some(self.key.clone()),
            },
            given: Given {
                deadline: next.deadline,
                counted,
                limit,
            },
            name: format!("{}:", next.said),
        };
        Ok(match unrun {
            Some(verdict) => Document::without_runs(&plan, before, verdict),
            None => judged(&mut plan, before, self.ledger.as_ref(), self.facts, &terms)?,
        })
    }

    /// Puts the campaign into the ledger.
    fn record(&self, campaign: &Campaign) -> Result<(), RunError> {
        let Some(ledger) = self.ledger.as_ref().filter(|_ledger| !self.key.is_empty()) else {
            return Ok(());
        };
        let named = |member: &Member| (member.name.clone(), member.key.clone());
        let reached = campaign.members.iter().filter(|it| !it.key.is_empty());
        let event = Event::Campaign {
            members: reached.map(named).collect(),
            joint: Some(campaign.joint.key.clone()).filter(|key| !key.is_empty()),
            verdict: campaign.joint.verdict,
            change_percent: campaign.joint.change_percent,
        };
        ledger.end(&self.key, 0, unix_s(), event)
    }
}

fn shown(words: &[std::ffi::OsString]) -> Vec<String> {
    let shown = |word: &std::ffi::OsString| word.to_string_lossy().into_owned();
    words.iter().map(shown).collect()
}

/// The command that runs the campaign again with the same seed.
fn replay(arguments: &CampaignArguments, seed: u64) -> Vec<String> {
    let mut words: Vec<String> = ["bedplate", "ab", "campaign"].map(str::to_owned).to_vec();
    words.extend(arguments.all_gates.then(|| "--all-gates".to_owned()));
    for (option, names) in [
        ("--gate", &arguments.gate),
        ("--feature", &arguments.feature),
    ] {
        for name in names {
            words.extend([option.to_owned(), name.clone()]);
        }
    }
    if let Some(budget) = arguments.budget {
        words.extend(["--budget".to_owned(), format!("{}s", budget.as_secs())]);
    }
    words.extend(arguments.project.words());
    words.extend(measure_words(&arguments.measure, seed, &arguments.command));
    words
}
