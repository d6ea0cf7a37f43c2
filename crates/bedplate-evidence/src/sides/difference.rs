//! From a difference to two recipes.
//!
//! # Role
//! What cargo is told for A and for B: flags, variables, and which sources.

use std::path::PathBuf;

use bedplate_telemetry::TABLE;

use super::project::{GateRule, Package, Project, senseless};
use super::worktree::Worktrees;
use crate::error::RunError;

/// The variable that names the gates of bedplate's own observed library.
const OWN_GATES: &str = "BEDPLATE_GATES";

/// Package and profile that bedplate's own gates are built with, unless others are named.
const OWN_PACKAGE: (&str, &str) = ("bedplate-preload-observed", "preload");

/// In what the sides differ; A comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Without and with a feature.
    Feature {
        /// Whose.
        package: String,
        /// Its name.
        feature: String,
    },
    /// Without and with a gate.
    Gate(String),
    /// Two revisions of git.
    Revisions(String, String),
}

/// What is built, besides the difference.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The package.
    pub package: Option<String>,
    /// The profile.
    pub profile: Option<String>,
}

/// How a side is built.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// What is particular about it, in words.
    pub said: String,
    /// The manifest that is built.
    pub manifest: PathBuf,
    /// The directory that its sources lie in.
    pub root: PathBuf,
    /// Which package.
    pub package: String,
    /// Which profile.
    pub profile: String,
    /// What else cargo is told.
    pub flags: Vec<String>,
    /// Variables of the build; unset without a value.
    pub variables: Vec<(String, Option<String>)>,
}

impl Difference {
    /// What is compared, in words.
    #[must_use]
    pub fn said(&self) -> String {
        match self {
            Self::Feature { package, feature } => format!("feature {package}/{feature}"),
            Self::Gate(name) => format!("gate {name}"),
            Self::Revisions(a, b) => format!("revisions {a} and {b}"),
        }
    }

    /// What is tried out, by its name alone.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Feature { package, feature } => format!("{package}/{feature}"),
            Self::Gate(name) => name.clone(),
            Self::Revisions(_a, b) => b.clone(),
        }
    }

    /// Of one of bedplate's own gates, a build with all others: code that it has too is no gate's own.
    ///
    /// # Errors
    /// The project does not have the package.
    pub fn without(&self, project: &Project, choice: &Choice) -> Result<Option<Recipe>, RunError> {
        match self {
            Self::Gate(name)
                if project.gate(name)?.is_none() && own_names().any(|own| own == name) =>
            {
                own_recipe(project, choice, &own_names_but(name)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The recipes of A and B.
    ///
    /// # Errors
    /// The project does not have what was named, or a revision cannot be checked out.
    pub fn recipes(
        &self,
        project: &Project,
        choice: &Choice,
        worktrees: &mut Worktrees,
    ) -> Result<[Recipe; 2], RunError> {
        match self {
            Self::Feature { package, feature } => by_feature(project, choice, package, feature),
            Self::Gate(name) => match project.gate(name)? {
                Some(GateRule::Feature { package, feature }) => {
                    by_feature(project, choice, &package, &feature)
                }
                Some(GateRule::Variable { name, value }) => {
                    let base = base(project, choice, None)?;
                    Ok(by_variable(&base, &name, &value))
                }
                None => by_own_gate(project, choice, name),
            },
            Self::Revisions(a, b) => {
                let base = base(project, choice, None)?;
                let mut side = |name: &'static str, revision: &str| {
                    let (root, manifest) = worktrees.add(project, name, revision)?;
                    Ok::<_, RunError>(Recipe {
                        said: format!("revision {revision}"),
                        root,
                        manifest,
                        ..base.clone()
                    })
                };
                Ok([side("a", a)?, side("b", b)?])
            }
        }
    }
}

pub(super) fn base(
    project: &Project,
    choice: &Choice,
    usual_package: Option<&str>,
) -> Result<Recipe, RunError> {
    let package = match choice.package.as_deref().or(usual_package) {
        Some(name) => project.package(name)?,
        None => project.own_package()?,
    };
    Ok(Recipe {
        said: String::new(),
        manifest: project.manifest.clone(),
        root: project.workspace_root.clone(),
        package: package.name.clone(),
        profile: choice.profile.clone().unwrap_or_else(|| "release".into()),
        flags: Vec::new(),
        variables: Vec::new(),
    })
}

fn by_variable(base: &Recipe, name: &str, value: &str) -> [Recipe; 2] {
    let side = |said: String, value: Option<&str>| Recipe {
        said,
        variables: vec![(name.to_owned(), value.map(str::to_owned))],
        ..base.clone()
    };
    [
        side(format!("built without {name}"), None),
        side(format!("built with {name}={value}"), Some(value)),
    ]
}

fn by_own_gate(project: &Project, choice: &Choice, name: &str) -> Result<[Recipe; 2], RunError> {
    let is_named = own_names().chain(["all"]).any(|own| own == name);
    if !is_named || (choice.package.is_none() && !has_own_library(project)) {
        return Err(no_such_gate(project, name));
    }
    // Unset, this library has all of them.
    let side = |gates: &str| own_recipe(project, choice, gates);
    Ok([side("none")?, side(name)?])
}

/// Whether a project builds bedplate's own observed library, and so has our gates.
fn has_own_library(project: &Project) -> bool {
    project.package(OWN_PACKAGE.0).is_ok()
}

/// Names of bedplate's own gates.
pub(super) fn own_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.name)
}

/// The library with these of bedplate's own gates.
pub(super) fn own_recipe(
    project: &Project,
    choice: &Choice,
    gates: &str,
) -> Result<Recipe, RunError> {
    let (package, profile) = OWN_PACKAGE;
    let choice = Choice {
        package: choice.package.clone(),
        profile: choice.profile.clone().or_else(|| Some(profile.to_owned())),
    };
    Ok(Recipe {
        said: format!("built with {OWN_GATES}={gates}"),
        variables: vec![(OWN_GATES.to_owned(), Some(gates.to_owned()))],
        ..base(project, &choice, Some(package))?
    })
}

/// Names of bedplate's own gates but this one, as the build wants them.
pub(super) fn own_names_but(name: &str) -> String {
    let others: Vec<&str> = own_names().filter(|own| *own != name).collect();
    others.join(",")
}

pub(super) fn no_such_gate(project: &Project, name: &str) -> RunError {
    let mut names = project.gate_names();
    if has_own_library(project) {
        names.extend(own_names().map(|name| -> &str { name }));
    }
    let there = match names.as_slice() {
        [] => "there is none yet".to_owned(),
        names => format!("there are {}", names.join(", ")),
    };
    senseless(format!(
        "there is no gate {name}: name it in a manifest under [package.metadata.bedplate.gates], \
         as {name} = {{ feature = \"F\" }} or {{ env = \"VARIABLE=VALUE\" }}; {there}"
    ))
}

fn by_feature(
    project: &Project,
    choice: &Choice,
    package: &str,
    feature: &str,
) -> Result<[Recipe; 2], RunError> {
    let owner = owner_of(project, package, feature)?;
    let base = base(project, choice, Some(package))?;
    let off = flags_without(owner, &[feature], &base.package)?;
    let mut on = off.clone();
    on.extend(["--features".to_owned(), format!("{package}/{feature}")]);
    let side = |said: String, flags: Vec<String>| Recipe {
        said,
        flags,
        ..base.clone()
    };
    Ok([
        side(format!("without {package}/{feature}"), off),
        side(format!("with {package}/{feature}"), on),
    ])
}

/// The package of a feature, which has it.
pub(super) fn owner_of<'project>(
    project: &'project Project,
    package: &str,
    feature: &str,
) -> Result<&'project Package, RunError> {
    let owner = project.package(package)?;
    if owner.features.contains_key(feature) {
        return Ok(owner);
    }
    let names: Vec<&str> = owner.features.keys().map(String::as_str).collect();
    Err(senseless(format!(
        "package {package} has no feature {feature}: it has {}",
        names.join(", ")
    )))
}

/// Flags that leave the default features but these.
pub(super) fn flags_without(
    owner: &Package,
    features: &[&str],
    built: &str,
) -> Result<Vec<String>, RunError> {
    let usual = owner.features.get("default").cloned().unwrap_or_default();
    let is_on = |names: &[String]| {
        let mut features = features.iter();
        features.find(|feature| switches_on(owner, names, feature))
    };
    if is_on(&usual).is_none() {
        return Ok(Vec::new());
    }
    let usual = usual.into_iter();
    let rest: Vec<String> = usual
        .filter(|name| !features.contains(&name.as_str()))
        .collect();
    let left = is_on(&rest).or(features.first().filter(|_any| built != owner.name));
    if let Some(feature) = left {
        return Err(senseless(format!(
            "{}/{feature} is on by default through other features or another package, so there is no \
             build without it",
            owner.name
        )));
    }
    let mut flags = vec!["--no-default-features".to_owned()];
    for name in rest {
        flags.extend(["--features".to_owned(), name]);
    }
    Ok(flags)
}

/// Whether these features switch another on, whether directly or through others.
fn switches_on(owner: &Package, names: &[String], feature: &str) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = names.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if name == feature {
            return true;
        }
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        open.extend(
            owner
                .features
                .get(name)
                .into_iter()
                .flatten()
                .map(String::as_str),
        );
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(features: &serde_json::Value) -> Package {
        serde_json::from_value(json!({
            "name": "p", "manifest_path": "/p/Cargo.toml", "features": features,
        }))
        .unwrap()
    }

    #[test]
    fn a_default_feature_is_taken_out_alone() {
        let owner = package(&json!({ "default": ["x", "y"], "x": [], "y": [], "z": [] }));
        assert_eq!(
            flags_without(&owner, &["z"], "p").unwrap(),
            Vec::<String>::new()
        );
        assert_eq!(
            flags_without(&owner, &["x"], "p").unwrap(),
            ["--no-default-features", "--features", "y"]
        );
        assert!(flags_without(&owner, &["x"], "q").is_err());
        assert_eq!(
            flags_without(&owner, &["x", "y"], "p").unwrap(),
            ["--no-default-features"]
        );
    }

    #[test]
    fn a_feature_that_another_default_needs_cannot_be_left_out() {
        let owner = package(&json!({ "default": ["x", "y"], "x": [], "y": ["x"] }));
        assert!(flags_without(&owner, &["x"], "p").is_err());
    }
}
