//! A crate depends on lower layers only.
//!
//! # Invariants
//! - I1: the table is the one of ARCHITECTURE.md; a crate that is not in it is a complaint, so that
//!   a new one is placed by decision.

use super::manifests;
use super::tree::{Complaint, Tree};

/// Every crate with its layer. Programs and chores stand above all.
const LAYERS: &[(&str, u32)] = &[
    ("bedplate-os", 0),
    ("bedplate-telemetry", 0),
    ("bedplate-malloc", 1),
    ("bedplate-region", 1),
    ("bedplate-pool", 1),
    // Builds and carries the preload libraries as bytes; links nothing of them.
    ("bedplate-preload-blob", 1),
    ("bedplate-cc-derive", 1),
    ("bedplate-cc", 2),
    ("bedplate-heap", 2),
    ("bedplate-kernel", 2),
    ("bedplate-audit", 2),
    ("bedplate", 3),
    ("bedplate-evidence", 3),
    ("bedplate-preload", 4),
    ("bedplate-preload-observed", 4),
    ("bedplate-cli", 4),
    // Engines built on the base.
    ("llama", 4),
    ("bedplate-testkit", 5),
    ("bedplate-bench", 5),
    ("xtask", 5),
];

fn layer(name: &str) -> Option<u32> {
    LAYERS
        .iter()
        .find(|(crate_name, _)| *crate_name == name)
        .map(|(_, layer)| *layer)
}

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, text) in tree.members() {
        let Some(name) = package_name(text) else {
            continue;
        };
        let Some(own) = layer(&name) else {
            let what = format!("`{name}` has no layer; place it in xtask/src/tidy/layers.rs");
            complaints.push(Complaint::file(path, what));
            continue;
        };
        let below = manifests::built_dependencies(text);
        for dependency in below
            .iter()
            .filter(|dependency| layer(dependency) >= Some(own))
        {
            let what = format!("`{dependency}` is not below `{name}`: arrows only point down");
            complaints.push(Complaint::file(path, what));
        }
    }
    complaints
}

fn package_name(text: &str) -> Option<String> {
    let manifest: toml::Table = text.parse().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str, dependency: &str) -> Tree {
        let text = format!(
            "[package]\nname = \"{name}\"\n[dependencies]\n{dependency}.workspace = true\n"
        );
        Tree::of(&[("crates/x/Cargo.toml", &text)])
    }

    #[test]
    fn arrows_point_down() {
        assert_eq!(check(&tree("bedplate-malloc", "bedplate-os")), []);
        assert_eq!(check(&tree("bedplate-malloc", "libc")), []);
        assert_eq!(check(&tree("bedplate-os", "bedplate-malloc")).len(), 1);
        assert_eq!(check(&tree("bedplate-os", "bedplate-telemetry")).len(), 1);
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        assert_eq!(check(&tree("bedplate-other", "libc")).len(), 1);
    }
}
