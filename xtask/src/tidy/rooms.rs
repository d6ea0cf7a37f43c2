//! Tables of rooms equal the files; names and depth of files.

use super::tree::{Complaint, Tree};
use std::collections::BTreeSet;

/// Names that say nothing about what is inside.
const BANNED_NAMES: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "types", "global", "manager", "imp",
];
/// Files that hold a room's door and stand in no table.
const DOORS: &[&str] = &["lib.rs", "main.rs", "mod.rs", "tests.rs"];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, text) in tree.sources() {
        check_name(path, &mut complaints);
        check_table(tree, path, text, &mut complaints);
    }
    complaints
}

fn check_name(path: &str, complaints: &mut Vec<Complaint>) {
    let Some((_, inside)) = path.rsplit_once("src/") else {
        return;
    };
    if inside.matches('/').count() > 1 {
        let what = "deeper than one folder below src; make it a crate or two rooms";
        complaints.push(Complaint::file(path, what));
    }
    for part in inside.trim_end_matches(".rs").split('/') {
        if BANNED_NAMES.contains(&part) {
            let what = format!("`{part}` says nothing; name it after its subject");
            complaints.push(Complaint::file(path, what));
        }
    }
}

fn check_table(tree: &Tree, path: &str, text: &str, complaints: &mut Vec<Complaint>) {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    if !DOORS.contains(&file) || file == "tests.rs" {
        return;
    }
    let rooms = rooms_beside(tree, folder);
    let Some((start, listed)) = listed_rooms(text) else {
        if rooms.len() > 1 && file != "mod.rs" {
            complaints.push(Complaint::file(
                path,
                "has rooms, but no table `# Rooms` of them",
            ));
        }
        return;
    };
    for room in rooms
        .iter()
        .filter(|room| !listed.iter().any(|name| is_named(room, name)))
    {
        complaints.push(Complaint::line(
            path,
            start,
            format!("`{room}` is missing in the table"),
        ));
    }
    for name in listed
        .iter()
        .filter(|name| !rooms.iter().any(|room| is_named(room, name)))
    {
        let what = format!("`{name}` is in the table, but not in the folder");
        complaints.push(Complaint::line(path, start, what));
    }
}

/// A table names a file, a folder, or the module that either is.
fn is_named(room: &str, name: &str) -> bool {
    room == name || room.trim_end_matches('/').trim_end_matches(".rs") == name
}

/// Files and folders beside a door.
fn rooms_beside(tree: &Tree, folder: &str) -> BTreeSet<String> {
    let start = format!("{folder}/");
    let inside = tree
        .sources()
        .filter_map(|(path, _)| path.strip_prefix(&start));
    inside
        .map(|path| match path.split_once('/') {
            Some((room, _)) => format!("{room}/"),
            None => path.to_owned(),
        })
        .filter(|room| !DOORS.contains(&room.as_str()) && room != "bin/")
        .collect()
}

/// The names in the first cells of the tables under `# Rooms`, and the line of the heading.
fn listed_rooms(text: &str) -> Option<(usize, BTreeSet<String>)> {
    let start = text
        .lines()
        .position(|line| line.trim_end() == "//! # Rooms")?;
    let section = text
        .lines()
        .skip(start + 1)
        .take_while(|line| line.starts_with("//!") && !line.starts_with("//! # "));
    let cells = section.filter_map(|line| line.strip_prefix("//! |")?.split('|').next());
    // Every second piece between backticks is a name.
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    Some((start, names.map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "//! # Rooms\n//! | file | what |\n//! |---|---|\n//! | `a.rs` | a |\n\
        //! | `b/` | b |\n";

    #[test]
    fn a_table_that_equals_the_files_is_fine() {
        let files = [
            ("x/src/lib.rs", TABLE),
            ("x/src/a.rs", ""),
            ("x/src/b/mod.rs", ""),
        ];
        assert_eq!(check(&Tree::of(&files)), []);
    }

    #[test]
    fn missing_and_stale_rows_are_found() {
        let files = [
            ("x/src/lib.rs", TABLE),
            ("x/src/a.rs", ""),
            ("x/src/c.rs", ""),
        ];
        assert_eq!(check(&Tree::of(&files)).len(), 2);
    }

    #[test]
    fn a_row_may_name_several_rooms_or_a_module() {
        let table = "//! # Rooms\n//! Two tables.\n//! | file | what |\n//! |---|---|\n\
            //! | `a.rs`, `b.rs` | a |\n//!\n//! | m |\n//! |---|\n//! | [`c`] | c |\n\
            //!\n//! # Examples\n//! | `d.rs` |\n";
        let files = [
            ("x/src/lib.rs", table),
            ("x/src/a.rs", ""),
            ("x/src/b.rs", ""),
            ("x/src/c.rs", ""),
        ];
        assert_eq!(check(&Tree::of(&files)), []);
    }

    #[test]
    fn a_library_with_rooms_needs_a_table() {
        let files = [("x/src/lib.rs", ""), ("x/src/a.rs", ""), ("x/src/c.rs", "")];
        assert_eq!(check(&Tree::of(&files)).len(), 1);
    }

    #[test]
    fn empty_names_and_deep_folders_are_found() {
        assert_eq!(check(&Tree::of(&[("x/src/utils.rs", "")])).len(), 1);
        assert_eq!(check(&Tree::of(&[("x/src/a/b/c.rs", "")])).len(), 1);
    }
}
