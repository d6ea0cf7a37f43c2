//! UNSAFE.md lists exactly the modules that opted in.
//!
//! # Invariants
//! - I1: a module opts in on its `mod` line; a file opts in at its top or for one item in it. Unit
//!   tests may opt in too and are not listed.

use super::tree::{Complaint, Tree};
use std::collections::BTreeMap;

const LIST: &str = "UNSAFE.md";

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut opted_in = BTreeMap::new();
    for (path, text) in tree.sources() {
        collect(tree, path, text, &mut opted_in);
    }
    let mut complaints = Vec::new();
    let listed = listed(tree.text(LIST).unwrap_or_default());
    for (module, (path, line)) in &opted_in {
        if !listed.contains_key(module) {
            let what = format!("opts `{module}` in to unsafe code; {LIST} has no row for it");
            complaints.push(Complaint::line(path, *line, what));
        }
    }
    for (module, line) in &listed {
        if !opted_in.contains_key(module) {
            let what = format!("`{module}` is listed, but does not opt in to unsafe code");
            complaints.push(Complaint::line(LIST, *line, what));
        }
    }
    complaints
}

/// Rows `| `path` | ...`, with their lines.
fn listed(text: &str) -> BTreeMap<String, usize> {
    let rows = text.lines().enumerate().filter_map(|(index, line)| {
        let (path, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some((path.to_owned(), index))
    });
    rows.collect()
}

fn collect(tree: &Tree, path: &str, text: &str, opted_in: &mut BTreeMap<String, (String, usize)>) {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (index, line) in lines.iter().enumerate() {
        let is_opt_in = (line.starts_with("#[") || line.starts_with("#!["))
            && attribute(&lines, index).contains("unsafe_code")
            && !line.contains("forbid")
            && !line.contains("deny");
        if !is_opt_in {
            continue;
        }
        if line.starts_with("#![") {
            opted_in.insert(path.to_owned(), (path.to_owned(), index));
            continue;
        }
        match opened_module(&lines, index) {
            Some("tests") => {}
            Some(module) => {
                let found = module_path(tree, path, module);
                opted_in.insert(found, (path.to_owned(), index));
            }
            None => {
                opted_in.insert(path.to_owned(), (path.to_owned(), index));
            }
        }
    }
}

/// An attribute that begins at a line, to its closing bracket.
fn attribute(lines: &[&str], index: usize) -> String {
    let mut text = String::new();
    for line in lines.iter().skip(index) {
        text.push_str(line);
        if line.ends_with(']') {
            break;
        }
    }
    text
}

/// The module that the item after an attribute is.
fn opened_module<'a>(lines: &[&'a str], index: usize) -> Option<&'a str> {
    let closing = lines
        .iter()
        .skip(index)
        .position(|line| line.ends_with(']'))?
        + index;
    let item = lines
        .iter()
        .skip(closing + 1)
        .find(|line| !line.starts_with("#[") && !line.starts_with("//") && !line.is_empty())?;
    let after = item
        .split_once("mod ")
        .filter(|(before, _)| before.is_empty() || before.starts_with("pub"))?;
    after.1.split([';', ' ', '{']).next()
}

fn module_path(tree: &Tree, door: &str, module: &str) -> String {
    let (folder, _) = door.rsplit_once('/').unwrap_or(("", door));
    let file = format!("{folder}/{module}.rs");
    if tree.text(&file).is_some() {
        file
    } else {
        format!("{folder}/{module}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: &str = "#[expect(unsafe_code, reason = \"calls\")]\nmod linux;\n#[expect(\n    unsafe_code,\n    reason = \"pointers\"\n)]\npub(crate) mod raw;\n";

    #[test]
    fn listed_modules_are_fine() {
        let list =
            "| module | why |\n|---|---|\n| `x/src/linux/` | calls |\n| `x/src/raw.rs` | p |\n";
        let files = [
            ("x/src/lib.rs", DOOR),
            ("x/src/raw.rs", ""),
            ("UNSAFE.md", list),
        ];
        assert_eq!(check(&Tree::of(&files)), []);
    }

    #[test]
    fn unlisted_and_stale_modules_are_found() {
        let list = "| `x/src/linux/` | calls |\n| `x/src/old.rs` | gone |\n";
        let files = [
            ("x/src/lib.rs", DOOR),
            ("x/src/raw.rs", ""),
            ("UNSAFE.md", list),
        ];
        assert_eq!(check(&Tree::of(&files)).len(), 2);
    }

    #[test]
    fn an_opt_in_of_an_item_counts_for_its_file() {
        let text = "#[expect(unsafe_code, reason = \"x\")]\nfn f() {}\n";
        let list = "| `x/src/lib.rs` | x |\n";
        assert_eq!(check(&Tree::of(&[("x/src/lib.rs", text)])).len(), 1);
        assert_eq!(
            check(&Tree::of(&[("x/src/lib.rs", text), ("UNSAFE.md", list)])),
            []
        );
    }

    #[test]
    fn forbidding_is_no_opt_in() {
        assert_eq!(
            check(&Tree::of(&[("x/src/lib.rs", "#![forbid(unsafe_code)]\n")])),
            []
        );
    }
}
