//! Several gates or features of one project: what is built for each, and for all together.
//!
//! # Role
//! One base without any of them, the base with one of them for each, and the base with all.
//!
//! # Not here
//! How the chance of being wrong is shared among them (`crate::campaign`).
//!
//! # Invariants
//! I1. All recipes differ from the base only in what they switch on.

use alloc::collections::BTreeMap;

use super::difference::{
    Choice, Difference, Recipe, base, flags_without, no_such_gate, own_names, own_recipe, owner_of,
};
use super::project::{GateRule, Project, senseless};
use crate::error::RunError;

/// What is built for a campaign.
#[derive(Clone, Debug)]
pub struct Family {
    /// Without any.
    pub base: Recipe,
    /// With one each, in the order they were asked for.
    pub members: Vec<FamilyMember>,
    /// With all.
    pub joint: Recipe,
    /// Whether they are bedplate's own gates, which share code and only ever add some.
    pub is_own: bool,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct FamilyMember {
    /// As it was asked for.
    pub difference: Difference,
    /// What it does, where a table says so.
    pub what: Option<&'static str>,
    /// How it is built.
    pub recipe: Recipe,
}

/// Fewest members: one alone is a comparison.
const LEAST_MEMBERS: usize = 2;

/// What switches a member on.
enum Switch {
    Own(&'static str),
    Feature { package: String, feature: String },
    Variable { name: String, value: String },
}

impl Family {
    /// Of these differences.
    ///
    /// # Errors
    /// The project has no such gate or feature, or they cannot be built alone and together.
    pub fn of(
        project: &Project,
        choice: &Choice,
        differences: &[Difference],
    ) -> Result<Self, RunError> {
        refuse_few_or_double(differences)?;
        let switches: Vec<Switch> = differences
            .iter()
            .map(|difference| switch(project, difference))
            .collect::<Result<_, _>>()?;
        let own: Vec<&'static str> = switches.iter().filter_map(Switch::own).collect();
        let (base, recipes, joint) = if own.is_empty() {
            by_project(project, choice, &switches)?
        } else if own.len() == switches.len() {
            let side = |gates: &str| own_recipe(project, choice, gates);
            let members = own.iter().map(|name| side(name));
            let members = members.collect::<Result<Vec<_>, _>>()?;
            (side("none")?, members, side(&own.join(","))?)
        } else {
            return Err(senseless(
                "bedplate's own gates and those of a manifest are built from different packages: make \
                 a campaign of each"
                    .to_owned(),
            ));
        };
        let members = differences.iter().zip(&switches).zip(recipes);
        Ok(Self {
            base,
            joint,
            is_own: !own.is_empty(),
            members: members
                .map(|((difference, switch), recipe)| FamilyMember {
                    difference: difference.clone(),
                    what: switch.own().and_then(what_of),
                    recipe,
                })
                .collect(),
        })
    }

    /// All gates of the project's manifests; where there are none, bedplate's own, if their library
    /// is in it.
    ///
    /// # Errors
    /// The project has neither.
    pub fn all_gates(project: &Project) -> Result<Vec<Difference>, RunError> {
        let gate = |name: &str| Difference::Gate(name.to_owned());
        let named = project.gate_names();
        if !named.is_empty() {
            return Ok(named.into_iter().map(gate).collect());
        }
        own_recipe(project, &Choice::default(), "none").map_err(|_absent| {
            senseless(
                "no manifest of the project names a gate: name them under \
                 [package.metadata.bedplate.gates]"
                    .to_owned(),
            )
        })?;
        Ok(own_names().map(gate).collect())
    }
}

impl Switch {
    fn own(&self) -> Option<&'static str> {
        match self {
            Self::Own(name) => Some(name),
            _ => None,
        }
    }
}

fn what_of(name: &str) -> Option<&'static str> {
    let mut rows = bedplate_telemetry::TABLE.iter();
    rows.find(|row| row.name == name).map(|row| row.what)
}

fn refuse_few_or_double(differences: &[Difference]) -> Result<(), RunError> {
    if differences.len() < LEAST_MEMBERS {
        return Err(senseless(
            "a campaign is of two or more gates or features; one alone is: bedplate ab --gate NAME"
                .to_owned(),
        ));
    }
    for (index, difference) in differences.iter().enumerate() {
        if differences[..index].contains(difference) {
            return Err(senseless(format!("{} is named twice", difference.said())));
        }
    }
    Ok(())
}

fn switch(project: &Project, difference: &Difference) -> Result<Switch, RunError> {
    match difference {
        Difference::Feature { package, feature } => Ok(Switch::Feature {
            package: package.clone(),
            feature: feature.clone(),
        }),
        Difference::Gate(name) => match project.gate(name)? {
            Some(GateRule::Feature { package, feature }) => {
                Ok(Switch::Feature { package, feature })
            }
            Some(GateRule::Variable { name, value }) => Ok(Switch::Variable { name, value }),
            None => own_names()
                .find(|own| own == name)
                .map(Switch::Own)
                .ok_or_else(|| no_such_gate(project, name)),
        },
        Difference::Revisions(..) => Err(senseless(
            "revisions do not add up to a joint one: compare the last with the first".to_owned(),
        )),
    }
}

/// Base, members and joint of features and variables of a project.
fn by_project(
    project: &Project,
    choice: &Choice,
    switches: &[Switch],
) -> Result<(Recipe, Vec<Recipe>, Recipe), RunError> {
    let mut of_packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut variables: Vec<(String, Option<String>)> = Vec::new();
    for switch in switches {
        match switch {
            Switch::Feature { package, feature } => {
                of_packages.entry(package).or_default().push(feature);
            }
            Switch::Variable { name, .. } => {
                if variables.iter().any(|known| known.0 == *name) {
                    return Err(senseless(format!(
                        "two gates set the variable {name}, so there is no build with both"
                    )));
                }
                variables.push((name.clone(), None));
            }
            // The caller keeps them apart.
            Switch::Own(_) => {}
        }
    }
    let usual_package = match (of_packages.len(), of_packages.keys().next()) {
        (1, Some(package)) => Some(*package),
        _ => None,
    };
    let mut base = Recipe {
        variables,
        ..base(project, choice, usual_package)?
    };
    for (package, features) in &of_packages {
        for feature in features {
            owner_of(project, package, feature)?;
        }
        let flags = flags_without(project.package(package)?, features, &base.package)?;
        base.flags.extend(flags);
    }
    "built without any of them".clone_into(&mut base.said);
    let members: Vec<Recipe> = switches
        .iter()
        .map(|switch| with(&base, core::slice::from_ref(switch)))
        .collect();
    let mut joint = with(&base, switches);
    "built with all of them".clone_into(&mut joint.said);
    Ok((base, members, joint))
}

/// The base with these switched on.
fn with(base: &Recipe, switches: &[Switch]) -> Recipe {
    let mut recipe = base.clone();
    for switch in switches {
        match switch {
            Switch::Feature { package, feature } => {
                recipe.said = format!("with {package}/{feature}");
                recipe
                    .flags
                    .extend(["--features".to_owned(), format!("{package}/{feature}")]);
            }
            Switch::Variable { name, value } => {
                recipe.said = format!("built with {name}={value}");
                let known = recipe.variables.iter_mut().find(|known| known.0 == *name);
                if let Some(known) = known {
                    known.1 = Some(value.clone());
                }
            }
            Switch::Own(_) => {}
        }
    }
    recipe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn project() -> Project {
        let mut project: Project = serde_json::from_value(json!({
            "packages": [{
                "name": "p",
                "manifest_path": "/p/Cargo.toml",
                "features": { "default": ["x"], "x": [], "y": [] },
                "metadata": { "bedplate": { "gates": {
                    "counts": { "feature": "y" },
                    "trace": { "env": "P_TRACE=1" },
                    "again": { "env": "P_TRACE=2" },
                } } },
            }],
            "workspace_root": "/p",
            "target_directory": "/p/target",
        }))
        .unwrap();
        project.manifest = "/p/Cargo.toml".into();
        project
    }

    fn gate(name: &str) -> Difference {
        Difference::Gate(name.to_owned())
    }

    fn family(differences: &[Difference]) -> Result<Family, RunError> {
        Family::of(&project(), &Choice::default(), differences)
    }

    #[test]
    fn members_differ_from_one_base_in_what_they_switch_on() {
        let feature = Difference::Feature {
            package: "p".to_owned(),
            feature: "x".to_owned(),
        };
        let family = family(&[feature, gate("counts"), gate("trace")]).unwrap();
        let trace = |value: Option<&str>| {
            let value = value.map(str::to_owned);
            vec![("P_TRACE".to_owned(), value)]
        };
        assert_eq!(family.base.flags, ["--no-default-features"]);
        assert_eq!(family.base.variables, trace(None));
        let flags: Vec<String> = family
            .members
            .iter()
            .map(|it| it.recipe.flags.join(" "))
            .collect();
        assert_eq!(
            flags,
            [
                "--no-default-features --features p/x",
                "--no-default-features --features p/y",
                "--no-default-features",
            ]
        );
        assert_eq!(family.members[2].recipe.variables, trace(Some("1")));
        assert_eq!(
            family.joint.flags.join(" "),
            "--no-default-features --features p/x --features p/y"
        );
        assert_eq!(family.joint.variables, trace(Some("1")));
        assert!(!family.is_own);
    }

    #[test]
    fn what_cannot_be_built_together_is_refused() {
        for (differences, said) in [
            (vec![gate("counts")], "two or more"),
            (vec![gate("counts"), gate("counts")], "named twice"),
            (vec![gate("trace"), gate("again")], "two gates set"),
            (
                vec![gate("counts"), gate("class_stats")],
                "different packages",
            ),
            (vec![gate("counts"), gate("none-such")], "there is no gate"),
        ] {
            let error = family(&differences).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let names = Family::all_gates(&project()).unwrap();
        assert_eq!(names.len(), 3);
    }
}
