//! The half of the labels that rules are made with.
//!
//! The sources are packages of the registry: where they are not, the test says so and which command
//! measures all of it.

use std::path::Path;

use bedplate_audit::golden::{Figures, Half, corpora, registry_folders, score};

#[test]
fn no_correctness_of_the_rules_half_is_lost() {
    let home = std::env::var_os("CARGO_HOME")
        .map(std::path::PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let folders = home.map_or_else(Vec::new, |home| registry_folders(&home));
    let mut scored = Vec::new();
    for corpus in corpora().unwrap().iter().filter(|corpus| !corpus.kept_out) {
        match score(corpus, &folders) {
            Ok(found) => scored.extend(found.into_iter().filter(|s| s.half == Half::Rules)),
            Err(error) => println!(
                "{}: {error}; then run `bedplate audit --golden`",
                corpus.tree
            ),
        }
    }
    let figures = Figures::of(&scored);
    assert_eq!(figures.correctness_lost, 0, "{figures:?}");
    if scored.len() > 100 {
        assert!(figures.unknown_share().unwrap() <= 10.0, "{figures:?}");
        assert!(figures.telemetry_recall().unwrap() >= 70.0, "{figures:?}");
    }
}

#[test]
fn sources_that_are_not_here_are_named() {
    let corpus = &corpora().unwrap()[0];
    let error = score(corpus, &[]).unwrap_err();
    assert!(
        error.to_string().contains("libmimalloc-sys-0.1.49"),
        "{error}"
    );
}
