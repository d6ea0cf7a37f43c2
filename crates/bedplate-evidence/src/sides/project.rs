//! A cargo project: packages, features, gates.
//!
//! # Role
//! What `cargo metadata` says of the workspace's own packages, and the gates that manifests name.
//!
//! # Invariants
//! I1. A gate is named in a manifest, under `[package.metadata.bedplate.gates]` or
//!     `[workspace.metadata.bedplate.gates]`, as `NAME = { feature = "F" }` or
//!     `NAME = { env = "VARIABLE=VALUE" }` (a variable that the build reads).

use alloc::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::error::RunError;

/// A workspace.
#[derive(Clone, Debug, Deserialize)]
pub struct Project {
    packages: Vec<Package>,
    /// Where the workspace's own manifest is.
    pub workspace_root: PathBuf,
    /// Where cargo builds.
    pub target_directory: PathBuf,
    #[serde(default)]
    metadata: Value,
    /// The manifest that was asked for.
    #[serde(skip)]
    pub manifest: PathBuf,
}

/// A package of the workspace.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its manifest.
    pub manifest_path: PathBuf,
    /// Features, and what each switches on.
    pub features: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    metadata: Value,
}

/// How a gate is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateRule {
    /// By a feature of a package.
    Feature {
        /// The package.
        package: String,
        /// The feature.
        feature: String,
    },
    /// By a variable of the build's environment.
    Variable {
        /// Its name.
        name: String,
        /// Its value where the gate is on; it is unset where the gate is off.
        value: String,
    },
}

/// The cargo that called us, or the usual one.
pub(super) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// An error about what was asked for.
pub(super) fn senseless(message: String) -> RunError {
    RunError::Senseless { message }
}

impl Project {
    /// The project of a manifest, or of the current directory.
    ///
    /// # Errors
    /// There is no cargo, no project, or its manifest has errors.
    pub fn read(manifest: Option<&Path>) -> Result<Self, RunError> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        if let Some(manifest) = manifest {
            command.arg("--manifest-path").arg(manifest);
        }
        let output = command
            .stdin(Stdio::null())
            .output()
            .map_err(|source| senseless(format!("cargo could not be started: {source}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(senseless(format!(
                "no cargo project (--manifest-path names one): {}",
                said.trim()
            )));
        }
        let mut project: Self = serde_json::from_slice(&output.stdout).map_err(|error| {
            senseless(format!("cargo's metadata could not be understood: {error}"))
        })?;
        project.manifest = match manifest {
            Some(manifest) => manifest.canonicalize().unwrap_or_else(|_| manifest.into()),
            None => project.nearest_manifest(),
        };
        Ok(project)
    }

    /// The manifest that cargo means in the current directory.
    fn nearest_manifest(&self) -> PathBuf {
        let here = std::env::current_dir().unwrap_or_default();
        here.ancestors()
            .map(|directory| directory.join("Cargo.toml"))
            .find(|manifest| manifest.is_file())
            .unwrap_or_else(|| self.workspace_root.join("Cargo.toml"))
    }

    /// The package of this name.
    ///
    /// # Errors
    /// The workspace has none.
    pub fn package(&self, name: &str) -> Result<&Package, RunError> {
        let found = self.packages.iter().find(|package| package.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.packages.iter().map(|it| it.name.as_str()).collect();
            senseless(format!(
                "the workspace has no package {name}: it has {}",
                names.join(", ")
            ))
        })
    }

    /// The package whose manifest was asked for.
    ///
    /// # Errors
    /// It is the workspace's manifest, and there are several packages.
    pub fn own_package(&self) -> Result<&Package, RunError> {
        let own = self
            .packages
            .iter()
            .find(|package| package.manifest_path == self.manifest);
        match (own, self.packages.as_slice()) {
            (Some(package), _) | (None, [package]) => Ok(package),
            _ => Err(senseless(
                "the workspace has several packages: name the one that is built with --package"
                    .to_owned(),
            )),
        }
    }

    /// How the manifests say that a gate is built in.
    ///
    /// # Errors
    /// The rule makes no sense.
    pub fn gate(&self, name: &str) -> Result<Option<GateRule>, RunError> {
        let of_packages = self
            .packages
            .iter()
            .map(|package| (&package.metadata, Some(package.name.as_str())));
        for (metadata, package) in of_packages.chain([(&self.metadata, None)]) {
            let rule = &metadata["bedplate"]["gates"][name];
            if !rule.is_null() {
                return gate_rule(rule, package).map(Some).ok_or_else(|| {
                    senseless(format!(
                        "gate {name} is {rule} in the manifest: write {{ feature = \"F\" }} (in a \
                         workspace's manifest \"PACKAGE/F\") or {{ env = \"VARIABLE=VALUE\" }}"
                    ))
                });
            }
        }
        Ok(None)
    }

    /// Names of all gates in the manifests.
    #[must_use]
    pub fn gate_names(&self) -> Vec<&str> {
        self.packages
            .iter()
            .map(|package| &package.metadata)
            .chain([&self.metadata])
            .filter_map(|metadata| metadata["bedplate"]["gates"].as_object())
            .flat_map(|gates| gates.keys().map(String::as_str))
            .collect()
    }
}

fn gate_rule(rule: &Value, package: Option<&str>) -> Option<GateRule> {
    match (rule["feature"].as_str(), rule["env"].as_str()) {
        (Some(feature), None) => {
            let (package, feature) = match feature.split_once('/') {
                Some((package, feature)) => (package, feature),
                None => (package?, feature),
            };
            Some(GateRule::Feature {
                package: package.to_owned(),
                feature: feature.to_owned(),
            })
        }
        (None, Some(variable)) => {
            let (name, value) = variable.split_once('=')?;
            Some(GateRule::Variable {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn gates_are_features_or_variables() {
        let feature = |package: &str, feature: &str| {
            Some(GateRule::Feature {
                package: package.to_owned(),
                feature: feature.to_owned(),
            })
        };
        let rule = json!({ "feature": "counts" });
        assert_eq!(gate_rule(&rule, Some("p")), feature("p", "counts"));
        assert_eq!(gate_rule(&rule, None), None);
        assert_eq!(
            gate_rule(&json!({ "feature": "q/counts" }), None),
            feature("q", "counts")
        );
        let variable = gate_rule(&json!({ "env": "TRACE=1" }), None);
        assert!(matches!(variable, Some(GateRule::Variable { name, value })
            if name == "TRACE" && value == "1"));
        assert_eq!(gate_rule(&json!({ "env": "TRACE" }), None), None);
    }
}
