//! Every package inherits versions, lints and dependencies from the root.

use super::tree::{Complaint, Tree};
use toml::{Table, Value};

/// Fields of a package that stand in the root.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
/// Tables of a manifest that list dependencies.
const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    tree.members()
        .flat_map(|(path, text)| check_manifest(path, text))
        .collect()
}

fn check_manifest(path: &str, text: &str) -> Vec<Complaint> {
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Complaint::file(path, format!("not TOML: {error}"))],
    };
    let mut complaints = Vec::new();
    let package = manifest.get("package").and_then(Value::as_table);
    for field in INHERITED {
        if !package
            .and_then(|package| package.get(*field))
            .is_some_and(is_inherited)
        {
            complaints.push(Complaint::file(
                path,
                format!("`{field}.workspace = true` is missing"),
            ));
        }
    }
    if !manifest.get("lints").is_some_and(is_inherited) {
        let what = "`[lints] workspace = true` is missing";
        complaints.push(Complaint::file(path, what));
    }
    for (name, dependency) in dependencies(&manifest) {
        // A package may depend on itself for its tests, with other features.
        let is_itself = dependency.get("path").and_then(Value::as_str) == Some(".");
        if !is_inherited(dependency) && !is_itself {
            let what = format!("`{name}` names its own version; write `{name}.workspace = true`");
            complaints.push(Complaint::file(path, what));
        }
    }
    complaints
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// All dependencies of a manifest, those of single targets included.
fn dependencies(manifest: &Table) -> Vec<(&str, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(|targets| targets.values())
        .filter_map(Value::as_table);
    core::iter::once(manifest)
        .chain(tables)
        .flat_map(|table| {
            DEPENDENCIES
                .iter()
                .filter_map(|kind| table.get(*kind)?.as_table())
        })
        .flatten()
        .map(|(name, dependency)| (name.as_str(), dependency))
        .collect()
}

/// Dependencies that end up in what is built, by name.
pub(super) fn built_dependencies(text: &str) -> Vec<String> {
    let Ok(manifest) = text.parse::<Table>() else {
        return Vec::new();
    };
    let tables = ["dependencies", "build-dependencies"];
    tables
        .iter()
        .filter_map(|kind| manifest.get(*kind)?.as_table())
        .flat_map(Table::keys)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
        publish.workspace = true\n[lints]\nworkspace = true\n[dependencies]\nlibc.workspace = true\n";

    #[test]
    fn a_manifest_that_inherits_all_is_fine() {
        assert_eq!(check(&Tree::of(&[("crates/x/Cargo.toml", GOOD)])), []);
    }

    #[test]
    fn own_versions_and_missing_lints_are_found() {
        let text = GOOD
            .replace("libc.workspace = true", "libc = \"0.2\"")
            .replace("[lints]\nworkspace = true\n", "");
        let complaints = check(&Tree::of(&[("crates/x/Cargo.toml", &text)]));
        assert_eq!(complaints.len(), 2, "{complaints:?}");
    }

    #[test]
    fn dependencies_of_a_target_are_seen() {
        let text = format!("{GOOD}[target.'cfg(unix)'.dev-dependencies]\nnix = \"1\"\n");
        assert_eq!(check(&Tree::of(&[("crates/x/Cargo.toml", &text)])).len(), 1);
    }

    #[test]
    fn peers_are_packages_of_their_own() {
        assert_eq!(
            check(&Tree::of(&[("bench/peers/x/Cargo.toml", "[workspace]\n")])),
            []
        );
    }
}
