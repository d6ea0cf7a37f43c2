//! Platform switches, C symbols and forbidden words stand only where they may.

use super::tree::{Complaint, Tree};

/// A text that may stand only in some places.
struct Rule {
    words: &'static [&'static str],
    allowed: &'static [&'static str],
    what: &'static str,
}

// The words are put together from parts, so that this file keeps its own rules.
const RULES: &[Rule] = &[
    Rule {
        words: &[concat!("target", "_os"), concat!("target", "_family")],
        allowed: &["crates/bedplate-os/"],
        what: "only bedplate-os names an operating system",
    },
    Rule {
        words: &[concat!("no", "_mangle"), concat!("export", "_name")],
        allowed: &[
            "crates/bedplate-preload/",
            "crates/bedplate-preload-observed/",
            "crates/bedplate-malloc/src/entry/",
            "bench/peers/",
        ],
        what: "a C symbol in a library takes over every program that names the crate; only the \
               preload libraries and the macro they expand define them",
    },
];

const OPEN_WORK: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, text) in tree.sources() {
        for rule in RULES.iter().filter(|rule| !rule.allows(path)) {
            for (index, line) in code_lines(text) {
                if rule.words.iter().any(|word| line.contains(word)) {
                    complaints.push(Complaint::line(path, index, rule.what));
                }
            }
        }
    }
    for (path, text) in tree.files().filter(|(path, _)| !path.ends_with(".md")) {
        for (index, line) in text.lines().enumerate() {
            if OPEN_WORK.iter().any(|word| line.contains(word)) {
                let what = "open work belongs in an issue or a design note";
                complaints.push(Complaint::line(path, index, what));
            }
        }
    }
    complaints
}

impl Rule {
    fn allows(&self, path: &str) -> bool {
        self.allowed.iter().any(|place| path.starts_with(place))
    }
}

/// Lines that are no comments, with their index.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operating_system_is_named_in_one_crate() {
        let text = concat!("#[cfg(target", "_os = \"linux\")]\n");
        assert_eq!(
            check(&Tree::of(&[("crates/bedplate-os/src/lib.rs", text)])),
            []
        );
        assert_eq!(
            check(&Tree::of(&[("crates/bedplate-malloc/src/lib.rs", text)])).len(),
            1
        );
    }

    #[test]
    fn symbols_are_defined_in_the_preload_libraries() {
        let text = concat!("#[unsafe(no", "_mangle)]\n");
        assert_eq!(
            check(&Tree::of(&[("crates/bedplate-preload/src/lib.rs", text)])),
            []
        );
        assert_eq!(
            check(&Tree::of(&[(
                "crates/bedplate-malloc/src/entry/c.rs",
                text
            )])),
            []
        );
        assert_eq!(
            check(&Tree::of(&[("crates/bedplate-malloc/src/raw.rs", text)])).len(),
            1
        );
    }

    #[test]
    fn comments_may_speak_of_anything_but_open_work() {
        let text = concat!("// target", "_os is for bedplate-os\n");
        assert_eq!(
            check(&Tree::of(&[("crates/bedplate-malloc/src/raw.rs", text)])),
            []
        );
        let text = concat!("// TO", "DO later\n");
        assert_eq!(
            check(&Tree::of(&[("crates/bedplate-malloc/src/raw.rs", text)])).len(),
            1
        );
    }
}
