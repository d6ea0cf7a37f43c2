//! Links between documents lead somewhere.

use super::tree::{Complaint, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let documents = tree
        .files()
        .filter(|(path, _)| path.ends_with(".md") && !is_generated(path));
    let mut complaints = Vec::new();
    for (path, text) in documents {
        for (index, line) in text.lines().enumerate() {
            let broken = targets(line).filter(|target| !leads_somewhere(tree, path, target));
            complaints.extend(broken.map(|target| {
                Complaint::line(path, index, format!("the link to `{target}` leads nowhere"))
            }));
        }
    }
    complaints
}

/// Notices hold the texts of others.
fn is_generated(path: &str) -> bool {
    path == super::notices::LIST
}

/// Targets of `[text](target)` that are paths.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let after = line.split("](").skip(1);
    after
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or(target);
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    let folder = format!("{path}/");
    // Licences have no ending and are not read.
    tree.files()
        .any(|(file, _)| file == path || file.starts_with(&folder))
        || path.starts_with("LICENSE-")
        || path.starts_with(".ci/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_from_where_they_stand() {
        let text = "[a](../README.md) [b](design/) [c](https://example.com) [d](#here)\n";
        let files = [
            ("docs/x.md", text),
            ("README.md", ""),
            ("docs/design/0001-x.md", ""),
        ];
        assert_eq!(check(&Tree::of(&files)), []);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        assert_eq!(
            check(&Tree::of(&[("docs/x.md", "[a](gone.md)\n")])).len(),
            1
        );
    }
}
