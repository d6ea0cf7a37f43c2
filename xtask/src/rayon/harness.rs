//! Rayon's test files made into tests of the package in rayon's place.
//!
//! # Role
//! Changes the imports, cuts a file into its items, and leaves out those that do not compile.
//!
//! # Invariants
//! - I1: the bodies of tests are as they are but for the paths of rayon's names.

/// A test file of rayon's.
#[derive(Debug)]
pub(super) struct Subject {
    /// What the file is called here.
    pub(super) name: String,
    /// Its items, in order.
    items: Vec<Item>,
}

/// An item at the outer level of a file.
#[derive(Debug)]
struct Item {
    text: String,
    /// Its name, if it is a test.
    test: Option<String>,
    /// Why it is left out.
    left_out: Option<String>,
}

/// What tests inside of rayon's source use of it beyond its face; written anew.
const INSIDE: &str = "
#[allow(dead_code)]
mod unwind {
    pub fn halt_unwinding<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(f))
    }
}
#[allow(dead_code)]
mod registry {
    pub fn in_worker<R: Send>(f: impl FnOnce(&(), bool) -> R + Send) -> R {
        rayon::scope(|_| f(&(), false))
    }
}
";

impl Subject {
    /// The file `name` with `text`; `glob` is what `super` means in it.
    pub(super) fn new(name: &str, text: &str, glob: Option<&str>) -> Self {
        let mut text = text
            .replace("use crate::unwind;", "")
            .replace("crate::unwind", "self::unwind")
            .replace("crate::registry", "self::registry")
            .replace("rayon_core::", "rayon::")
            .replace("crate::", "rayon::");
        if let Some(glob) = glob {
            text = text.replace("super::", &format!("{glob}::"));
        }
        let items = items(&text);
        Self {
            name: name.to_owned(),
            items,
        }
    }

    /// The names of all tests.
    pub(super) fn tests(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| item.test.as_deref())
    }

    /// The tests that are left out, and why.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items
            .iter()
            .filter_map(|item| Some((item.test.as_deref()?, item.left_out.as_deref()?)))
    }

    /// The file as it is compiled, without what is left out. Lines keep their numbers.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for item in &self.items {
            if item.left_out.is_none() {
                text.push_str(&item.text);
            } else {
                text.extend(item.text.lines().map(|_| '\n'));
            }
        }
        text.push_str(INSIDE);
        text
    }

    /// Leaves out the item that line `number` is of; false if that is none, or is out already.
    pub(super) fn leave_out(&mut self, number: usize, why: &str) -> bool {
        let mut end = 0;
        for item in &mut self.items {
            end += item.text.lines().count();
            if number <= end {
                let is_news = item.left_out.is_none();
                item.left_out.get_or_insert_with(|| why.to_owned());
                return is_news;
            }
        }
        false
    }
}

/// Cuts a formatted file where lines begin that are of the outer level: an item ends with the line that closes it.
fn items(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut current = String::new();
    for line in text.lines() {
        // What is inside or about a test stays; what is about a whole crate does not.
        let line = if line.starts_with("#![") { "" } else { line };
        current.push_str(line);
        current.push('\n');
        // Empty lines are of the item they stand in or before.
        if line.starts_with(['}', ';']) || is_one_line(line) {
            items.push(item(core::mem::take(&mut current)));
        }
    }
    if !current.is_empty() {
        items.push(item(current));
    }
    items
}

/// True for a line at the outer level that is an item of its own.
fn is_one_line(line: &str) -> bool {
    !line.starts_with([' ', '\t', '/', '#']) && line.ends_with(['}', ';'])
}

fn item(text: String) -> Item {
    let is_test = text.lines().any(|line| line == "#[test]");
    let name = text.lines().find_map(|line| {
        let rest = line.strip_prefix("fn ")?;
        rest.split(['(', '<']).next()
    });
    Item {
        test: name.filter(|_| is_test).map(str::to_owned),
        left_out: None,
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::Subject;

    const FILE: &str = "#![cfg(test)]\n\nuse crate::join;\nuse super::*;\n\n#[test]\n#[should_panic]\nfn first() {\n    join(|| {\n        1\n\n    }, || 2);\n}\n\nfn helper<T>() {}\n\n#[test]\nfn second() {\n    helper::<u8>();\n}\n";

    #[test]
    fn a_test_is_left_out_by_any_of_its_lines() {
        let mut subject = Subject::new("x", FILE, Some("rayon::iter"));
        assert_eq!(subject.tests().collect::<Vec<_>>(), ["first", "second"]);
        let before = subject.text();
        assert!(before.contains("use rayon::join;\nuse rayon::iter::*;"));
        assert!(subject.leave_out(11, "no such thing"));
        assert!(!subject.leave_out(8, "again"));
        let after = subject.text();
        assert!(!after.contains("fn first"), "{after}");
        let line = |text: &str| text.lines().position(|line| line == "fn second() {");
        assert_eq!(line(&before), line(&after));
        let left_out: Vec<_> = subject.left_out().collect();
        assert_eq!(left_out, [("first", "no such thing")]);
    }
}
