//! Text and documents.

use bedplate_audit::report;

use crate::audited;

const TEXT: &str = "static HITS: AtomicUsize = AtomicUsize::new(0);\n\
    fn hit() { HITS.fetch_add(1, Relaxed); }\n\
    fn show() { println!(\"a line that is longer than the eighty columns there are {}\", HITS.load(Relaxed)); }\n\
    static LEFT: AtomicUsize = AtomicUsize::new(0);\n\
    fn f() { if LEFT.fetch_sub(1, AcqRel) == 1 { stop(); } }\n";

#[test]
fn text_fits_eighty_columns_and_names_both() {
    let text = report::text(&audited("src/some/folder/file.rs", TEXT), false);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(
        text.contains("  1. TELEMETRY HITS") && text.contains("\nCORRECTNESS LEFT"),
        "{text}"
    );
    assert!(text.contains("decides: `stop` is called"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn colours_are_there_when_asked_for() {
    let text = report::text(&audited("a.rs", TEXT), true);
    assert!(text.contains("\u{1b}[32mTELEMETRY\u{1b}[0m"));
}

#[test]
fn sarif_holds_the_candidates_alone() {
    let sarif = report::sarif(&audited("a.rs", TEXT));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["ruleId"], "TELEMETRY");
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 1);
}

#[test]
fn a_tree_without_sources_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = bedplate_audit::audit_path(folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("holds no Rust, C or C++ sources")
    );
}

#[test]
fn tests_and_builds_of_a_tree_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["src/lib.rs", "tests/it.rs", "target/out.rs", "src/tests.rs"] {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, TEXT).unwrap();
    }
    let found = bedplate_audit::audit_path(folder.path()).unwrap();
    assert_eq!((found.files, found.locations.len()), (1, 2));
    assert_eq!(found.locations[0].declared.file, "src/lib.rs");
}
