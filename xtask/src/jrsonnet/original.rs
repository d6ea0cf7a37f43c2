//! The collector's own tests, made to compile on ours.
//!
//! # How it works
//! The test modules stand inside the original's crate and name its insides. They are put into a test file of their own whose root has
//! the same names: ours re-exported, and stand-ins for two insides. The log that some tests compare is one of steps
//! of the original's collector: such a test runs with all it asserts but that.

use crate::failure::Failure;
use crate::published::{Source, make, write};
use std::fs;
use std::path::Path;

/// The root of the test file.
const ROOT: &str = r#"
pub use jrsonnet_gcmodule::*;

pub mod collect {
    pub use jrsonnet_gcmodule::{collect_thread_cycles, count_thread_tracked};
}

pub mod debug {
    use std::cell::Cell;

    thread_local!(pub(crate) static NEXT_DEBUG_NAME: Cell<usize> = Cell::new(0));

    /// A log that equals any.
    #[derive(Debug)]
    pub struct Uncompared;

    impl PartialEq<&str> for Uncompared {
        fn eq(&self, _: &&str) -> bool {
            true
        }
    }

    pub fn capture_log(mut run: impl FnMut()) -> Uncompared {
        run();
        Uncompared
    }
}

#[path = "parts/testutil.rs"]
pub mod testutil;
#[path = "parts/tests.rs"]
mod tests;

mod trace_impls {
    pub use jrsonnet_gcmodule::*;
    mod tests {
        include!("parts/impls.rs");
    }
}

#[path = "parts/dyn_cc.rs"]
mod dyn_cc;
"#;

/// Writes the package that the tests are compiled in; the test files are `own` and `derive`, the examples of the documentation
/// are the library's.
pub(super) fn prepare(package: &Path, sources: &[Source], ours: &Path) -> Result<(), Failure> {
    let parts = package.join("tests/parts");
    make(&parts)?;
    make(&package.join("src"))?;
    let [original, derive] = sources else {
        return Err(Failure::content(package, "two packages were asked for"));
    };
    let read = |source: &Source, place: &str| {
        let path = source.folder.join(place);
        fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))
    };
    write(&package.join("tests/own.rs"), ROOT)?;
    write(&parts.join("tests.rs"), &read(original, "src/tests.rs")?)?;
    write(
        &parts.join("testutil.rs"),
        &read(original, "src/testutil.rs")?,
    )?;
    let inside = |place: &str, name: &str| {
        let text = read(original, place)?;
        let found = module(&text, name).map(str::to_owned);
        found.ok_or_else(|| {
            let why = format!("no module `{name}` in it");
            Failure::content(&original.folder.join(place), why)
        })
    };
    write(
        &parts.join("impls.rs"),
        &inside("src/trace_impls.rs", "tests")?,
    )?;
    write(&parts.join("dyn_cc.rs"), &inside("src/lib.rs", "dyn_cc")?)?;
    let derived = read(derive, "tests/trace.rs")?;
    let derived = derived.replace("jrsonnet_gcmodule_derive::", "jrsonnet_gcmodule::");
    write(&package.join("tests/derive.rs"), &derived)?;
    let mut documented = String::new();
    for place in [
        "lib.rs",
        "cc.rs",
        "collect.rs",
        "trace.rs",
        "trace_impls.rs",
        "cc_impls.rs",
    ] {
        let name = place.trim_end_matches(".rs");
        for (index, example) in examples(&read(original, &format!("src/{place}"))?)
            .into_iter()
            .enumerate()
        {
            documented.push_str(&format!("{example}pub fn {name}_{index}() {{}}\n\n"));
        }
    }
    write(&package.join("src/lib.rs"), &documented)?;
    let manifest = format!(
        "[package]\nname = \"gcmodule-tests\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         jrsonnet-gcmodule = {{ path = \"{}\" }}\nquickcheck = {{ version = \"1.0\", default-features = false }}\n",
        ours.display()
    );
    write(&package.join("Cargo.toml"), &manifest)
}

/// What is between the braces of a module at the outermost level, which ends where a line is its closing brace.
fn module<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("\nmod {name} {{\n"))?;
    let (inside, _) = after.split_once("\n}\n")?;
    Some(inside)
}

/// The examples in the documentation of a file, each as documentation. What is for a feature that we do not have stands in
/// another kind of comment, and is not found.
fn examples(text: &str) -> Vec<String> {
    let mut examples = Vec::new();
    // What is between two fences: an example, or text that is none.
    let mut open: Option<Option<String>> = None;
    for line in text.lines() {
        let line = line.trim_start();
        let said = line
            .strip_prefix("//!")
            .or_else(|| line.strip_prefix("///"));
        let Some(said) = said else {
            open = None;
            continue;
        };
        match (&mut open, said.trim().strip_prefix("```")) {
            (None, Some(kind)) => {
                let is_code = !kind.contains("plain");
                open = Some(is_code.then(|| format!("/// ```{kind}\n")));
            }
            (Some(_), Some(_)) => {
                let example = open.take().flatten();
                examples.extend(example.map(|example| example + "/// ```\n"));
            }
            (Some(Some(example)), None) => example.push_str(&format!("///{said}\n")),
            (_, None) => {}
        }
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::{examples, module};

    #[test]
    fn modules_and_examples_are_found() {
        let text = "//! ```\n//! one();\n//! ```\nfn a() {}\n\nmod tests {\n    inside\n}\n/// ```compile_fail\n/// two();\n/// ```\n";
        assert_eq!(module(text, "tests"), Some("    inside"));
        assert_eq!(module(text, "other"), None);
        let found = examples(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], "/// ```compile_fail\n/// two();\n/// ```\n");
    }
}
