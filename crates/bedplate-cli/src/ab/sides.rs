//! The sides of a comparison.
//!
//! # Role
//! Two finished commands, or one command on two builds of a cargo project.

use alloc::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use bedplate_evidence::RunError;
use bedplate_evidence::ab::Side;
use bedplate_evidence::run::program::inspect_program;
use bedplate_evidence::sides::difference::Choice;
use bedplate_evidence::sides::execution::{Background, Elsewhere, Step0, Unwitnessed};
use bedplate_evidence::sides::words::{Artefact, Template};
use bedplate_evidence::sides::worktree::{Worktrees, checked_out};
use bedplate_evidence::sides::{Built, Copies, Difference, Execution, Layouts, Project, Recipe};
use bedplate_evidence::trial::document::BuildReport;
use bedplate_evidence::trial::limit::Limit;
use bedplate_evidence::trial::surroundings::Surroundings;
use bedplate_evidence::trial::{Contestant, Metric};
use bedplate_evidence::versus::Interrupts;

use super::arguments::{
    CompareOptions, DifferenceOptions, MeasureOptions, ProjectOptions, WITNESS_S,
};
use super::compare::{Failure, Place};
use crate::talk::say;

/// Parts the two commands.
pub(super) const PARTING: &str = "--vs";

/// Directory below the project's target directory that sides are built in.
pub(super) const TARGETS: &str = "bedplate-ab";

/// The sides.
pub(crate) struct Sides {
    pub(super) a: Contestant,
    pub(super) b: Contestant,
    pub(super) here: Option<BuiltHere>,
}

/// What was built for a comparison.
pub(super) struct BuiltHere {
    built: [Built; 2],
    pub(super) layouts: Layouts,
    pub(super) report: BuildReport,
    questions: Option<Questions>,
    /// Where else the code in question is, and where not.
    pub(super) elsewhere: Option<Elsewhere>,
    /// Kept until the end: links are repeated in the directory of the sources.
    sources: Option<Sources>,
}

/// Lines in question of A and of B.
pub(crate) type Questions = [BTreeSet<(String, u32)>; 2];

/// Commits that A and B are built from, and the files that differ from the commit.
pub(crate) type Revisions = ([Option<String>; 2], Vec<String>);

/// The commit that the project itself has checked out, for both sides.
pub(crate) fn revisions_of(project: &Project) -> Revisions {
    let (commit, changed) = checked_out(project).unzip();
    ([commit.clone(), commit], changed.unwrap_or_default())
}

/// Sources that last as long as a comparison.
#[expect(dead_code, reason = "kept only to be removed at the end")]
pub(crate) enum Sources {
    /// Revisions, or the project itself.
    Worktrees(Worktrees),
    /// Copies that were changed.
    Copies(Copies),
}

/// Two recipes and what they are for.
pub(crate) struct Plan {
    /// The command.
    pub(crate) template: Template,
    pub(crate) recipes: [Recipe; 2],
    /// In what they differ.
    pub(crate) difference: String,
    /// Lines in question, where they are known.
    pub(crate) questions: Option<Questions>,
    /// Where it is built.
    pub(crate) targets: PathBuf,
    pub(crate) unexecuted_ok: bool,
    pub(crate) sources: Sources,
    /// Commits of A and B, and files that differ from them.
    pub(crate) revisions: Revisions,
    /// How else the sources can be built to tell the code in question from what it shares.
    pub(crate) without: Option<Recipe>,
}

/// What two built sides become a comparison by.
pub(super) struct Setting<'set> {
    /// What is compared, in words.
    pub(super) said: String,
    pub(super) template: &'set Template,
    pub(super) search_path: Option<&'set OsStr>,
    /// For the copies that run.
    pub(super) place: &'set Path,
    pub(super) seed: u64,
    pub(super) unexecuted_ok: bool,
}

/// What is built, besides the difference.
pub(super) fn choice(options: &ProjectOptions) -> Choice {
    Choice {
        package: options.package.clone(),
        profile: options.profile.clone(),
    }
}

/// Builds a side and says so.
pub(super) fn build_side(
    name: &str,
    recipe: &Recipe,
    artefact: &Artefact,
    directory: &Path,
) -> Result<Built, RunError> {
    say(&format!(
        "bedplate: building {name}: package {}, profile {}, {}\n",
        recipe.package, recipe.profile, recipe.said
    ));
    Built::build(recipe, artefact, directory)
}

/// The difference that was asked for, if one was.
pub(super) fn difference(options: &DifferenceOptions) -> Result<Option<Difference>, RunError> {
    if let Some(name) = &options.gate {
        return Ok(Some(Difference::Gate(name.clone())));
    }
    if let (Some(a), Some(b)) = (&options.rev, &options.vs_rev) {
        return Ok(Some(Difference::Revisions(a.clone(), b.clone())));
    }
    options
        .feature
        .as_deref()
        .map(difference_of_feature)
        .transpose()
}

/// The difference that a feature, given as `PACKAGE/FEATURE`, makes.
pub(super) fn difference_of_feature(feature: &str) -> Result<Difference, RunError> {
    let (package, feature) = feature.split_once('/').ok_or_else(|| RunError::Senseless {
        message: format!(
            "{feature}: name the package of the feature too: --feature PACKAGE/{feature}"
        ),
    })?;
    Ok(Difference::Feature {
        package: package.to_owned(),
        feature: feature.to_owned(),
    })
}

impl BuiltHere {
    /// Puts lines in question; where both sides are the same, no code stands for them.
    fn ask(&mut self, questions: Option<Questions>) {
        if let Some(questions) = questions.as_ref().filter(|_| self.layouts.are_same()) {
            self.report.execution = Execution::without_code(questions);
        }
        self.questions = questions;
    }
}

impl Sides {
    /// Of two commands with the parting word between them; none if there are not two.
    pub(super) fn of_commands(
        words: &[OsString],
        search_path: Option<&OsStr>,
    ) -> Result<Option<Self>, Failure> {
        let Some((a, b)) = parted(words) else {
            return Ok(None);
        };
        let find = |side, words| {
            Contestant::find(words, search_path).map_err(|error| Failure::Side(side, error))
        };
        Ok(Some(Self {
            a: find('A', a)?,
            b: find('B', b)?,
            here: None,
        }))
    }

    /// Builds both sides of a difference; what lasts no longer than the comparison goes to
    /// `directory`.
    pub(super) fn build(
        options: &DifferenceOptions,
        difference: &Difference,
        words: &[OsString],
        search_path: Option<&OsStr>,
        (directory, seed): Place<'_>,
    ) -> Result<Self, Failure> {
        let template = Template::of(words).map_err(Failure::Usage)?;
        let project = Project::read(options.project.manifest_path.as_deref())?;
        let mut worktrees = Worktrees::within(directory);
        let choice = choice(&options.project);
        let recipes = difference.recipes(&project, &choice, &mut worktrees)?;
        // Another place of the sources makes another package of them: what was built of it would
        // stay in the project's target directory for good.
        let targets = if worktrees.is_empty() {
            project.target_directory.join(TARGETS)
        } else {
            directory.join("targets")
        };
        let without = difference.without(&project, &choice)?;
        let revisions = match worktrees.commits() {
            Some(commits) => (commits.map(Some), Vec::new()),
            None => revisions_of(&project),
        };
        Self::of_plan(
            Plan {
                template,
                recipes,
                difference: difference.said(),
                questions: None,
                targets,
                unexecuted_ok: options.project.unexecuted_ok,
                sources: Sources::Worktrees(worktrees),
                revisions,
                without,
            },
            search_path,
            (directory, seed),
        )
    }

    /// Builds both sides by their recipes.
    pub(crate) fn of_plan(
        plan: Plan,
        search_path: Option<&OsStr>,
        (directory, seed): Place<'_>,
    ) -> Result<Self, Failure> {
        let Plan {
            template,
            recipes,
            difference,
            questions,
            targets,
            unexecuted_ok,
            sources,
            revisions,
            without,
        } = plan;
        let artefact = &template.artefact;
        let built = [
            build_side("A", &recipes[0], artefact, &targets.join("a"))?,
            build_side("B", &recipes[1], artefact, &targets.join("b"))?,
        ];
        let elsewhere = without.map(|recipe| {
            let built = build_side(
                "B's sources without it",
                &recipe,
                artefact,
                &targets.join("o"),
            )?;
            Ok::<Elsewhere, RunError>(Elsewhere {
                with: Vec::new(),
                without: vec![built.lines()?],
            })
        });
        let setting = Setting {
            said: difference,
            template: &template,
            search_path,
            place: &directory.join("sides"),
            seed,
            unexecuted_ok,
        };
        let mut sides = Self::of_built(built, &setting)?;
        if let Some(here) = &mut sides.here {
            here.elsewhere = elsewhere.transpose()?;
            here.ask(questions);
            here.sources = Some(sources);
            (here.report.revisions, here.report.changed) = revisions;
        }
        Ok(sides)
    }

    /// Of two sides that were built.
    pub(super) fn of_built(built: [Built; 2], setting: &Setting<'_>) -> Result<Self, Failure> {
        let layouts = Layouts::prepare([&built[0], &built[1]], setting.place, setting.seed)?;
        let template = setting.template;
        let side = |name, index: usize| {
            let words = template.with(&layouts.paths()[index]);
            let path = &built[index].path;
            Contestant::of_built(&words, &template.words, path, setting.search_path)
                .map_err(|error| Failure::Side(name, error))
        };
        let (a, b) = (side('A', 0)?, side('B', 1)?);
        let recipes = [&built[0].recipe, &built[1].recipe];
        let report = BuildReport {
            difference: setting.said.clone(),
            a: recipes[0].said.clone(),
            b: recipes[1].said.clone(),
            package: recipes[0].package.clone(),
            profile: recipes[0].profile.clone(),
            revisions: [None, None],
            changed: Vec::new(),
            layouts: layouts.count(),
            one_layout_because: layouts.absent().map(str::to_owned),
            execution: Execution::unknown("nothing was run"),
            unexecuted_ok: setting.unexecuted_ok,
        };
        Ok(Self {
            a,
            b,
            here: Some(BuiltHere {
                built,
                layouts,
                report,
                questions: None,
                elsewhere: None,
                sources: None,
            }),
        })
    }

    /// Whether both would do the same.
    pub(super) fn are_same(&self) -> bool {
        match &self.here {
            None => self.a.is_same_as(&self.b),
            Some(here) => here.layouts.are_same(),
        }
    }

    /// Step 0: whether the code in question runs.
    pub(super) fn step0(
        &self,
        here: &BuiltHere,
        surroundings: &Surroundings,
        (interrupts, limit): (&Interrupts, Limit),
        (directory, search_path): (&Path, Option<&OsStr>),
        (name, background): (&str, &mut Background),
    ) -> Result<Execution, Failure> {
        let Ok(valgrind) = inspect_program(OsStr::new("valgrind"), search_path) else {
            let because = "valgrind, which counts it, is not installed (on Debian: apt-get install \
                           valgrind)";
            if here.report.unexecuted_ok {
                return Ok(Execution::unknown(because));
            }
            return Err(Failure::Other(RunError::Senseless {
                message: format!(
                    "whether the code in question runs cannot be told: {because}, or go on with \
                     --unexecuted-ok"
                ),
            }));
        };
        say(&format!(
            "bedplate: {name}: counting by callgrind whether the code in question runs\n"
        ));
        let step = Step0 {
            built: [&here.built[0], &here.built[1]],
            contestants: [&self.a, &self.b],
            layouts: &here.layouts,
            surroundings,
            interrupts,
            valgrind: &valgrind.path,
            directory,
            questions: here.questions.clone(),
            limit,
        };
        step.find_with(background).map_err(|error| match error {
            Unwitnessed::Run { side, how } => Failure::Side(
                if side == Side::A { 'A' } else { 'B' },
                RunError::Senseless {
                    message: format!("counting its instructions: {how}"),
                },
            ),
            Unwitnessed::Interrupted(signal) => Failure::Other(RunError::Senseless {
                message: format!("interrupted by signal {signal}"),
            }),
            Unwitnessed::Error(error) => Failure::Other(error),
        })
    }
}

/// The words before and after the first parting word; both sides need some.
fn parted(sides: &[OsString]) -> Option<(&[OsString], &[OsString])> {
    let at = sides.iter().position(|word| word == PARTING)?;
    let (a, b) = (&sides[..at], &sides[at + 1..]);
    (!a.is_empty() && !b.is_empty()).then_some((a, b))
}

/// The command that runs a comparison again with the same seed.
pub(super) fn replay(
    options: &CompareOptions,
    seed: u64,
    command: &[OsString],
    sides: &Sides,
) -> Vec<String> {
    let mut words: Vec<String> = ["bedplate", "ab"].map(str::to_owned).to_vec();
    // A name may stand for another commit by then.
    let commits = sides
        .here
        .as_ref()
        .map(|here| here.report.revisions.clone());
    words.extend(options.difference.words(commits));
    words.extend(measure_words(&options.measure, seed, command));
    words
}

/// The words that ask for the same measuring of this command.
pub(super) fn measure_words(
    options: &MeasureOptions,
    seed: u64,
    command: &[OsString],
) -> Vec<String> {
    let rules = &options.rules;
    let shown = |word: &OsStr| word.to_string_lossy().into_owned();
    let metric: Metric = rules.metric.into();
    let mut words = Vec::new();
    let values = [
        ("--metric", metric.name().to_owned()),
        ("--margin", rules.margin.to_string()),
        ("--pairs-max", rules.pairs_max.to_string()),
        ("--calibration", rules.calibration_pairs().to_string()),
        ("--seed", seed.to_string()),
    ];
    for (name, value) in values {
        words.extend([name.to_owned(), value]);
    }
    if rules.sequential == super::arguments::SequentialName::Group {
        words.extend(["--sequential".to_owned(), "group".to_owned()]);
    }
    for name in &options.keep_env {
        words.extend(["--keep-env".to_owned(), shown(name)]);
    }
    if let Some(input) = &options.input {
        words.extend(["--input".to_owned(), input.display().to_string()]);
    }
    if options.witness_seconds.to_bits() != WITNESS_S.to_bits() {
        let seconds = options.witness_seconds.to_string();
        words.extend(["--witness-seconds".to_owned(), seconds]);
    }
    if let Some(seconds) = options.timeout {
        words.extend(["--timeout".to_owned(), seconds.to_string()]);
    }
    words.extend(ledger_words(options.ledger.as_deref()));
    if options.unfit_ok {
        words.push("--unfit-ok".to_owned());
    }
    words.push("--".to_owned());
    words.extend(command.iter().map(|word| shown(word)));
    words
}

/// The words that name the ledger: in another one a rerun would be a first run again.
pub(crate) fn ledger_words(ledger: Option<&Path>) -> Vec<String> {
    ledger.map_or_else(Vec::new, |path| {
        vec!["--ledger".to_owned(), path.display().to_string()]
    })
}
