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
    // What a build made is no part of the tree at all.
    assert_eq!(found.left_out, ["src/tests.rs", "tests"]);
}

/// A text without its lines.
fn unwrapped(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[test]
fn tests_of_vendored_sources_are_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let text = "#include <atomic>\nstatic std::atomic<int> hits;\nvoid hit() { hits++; }\n";
    let tested = format!("{text}int main() {{ hit(); }}\n");
    write("vendor/src/queue.cpp", text);
    write("vendor/src/test_hooks.c", text);
    write("vendor/src/HitTest.cpp", text);
    write("vendor/src/perf/counters.cpp", text);
    for file in [
        "vendor/perf/throughput.cpp",
        "vendor/unittests/queue.cpp",
        "vendor/builds/fuzz/packet.cpp",
        "vendor/builds/old/test_queue/main.cpp",
        "vendor/builds/old/test_fork.cpp",
        "vendor/src/queue_test.cc",
        "vendor/src/queue_test_util.h",
        "vendor/src/QueueTest.cpp",
        "vendor/src/db_stress_tool/driver.cc",
    ] {
        write(file, &tested);
    }
    let found = bedplate_audit::audit_path(folder.path()).unwrap();
    assert_eq!(found.files, 4, "{:?}", found.left_out);
    assert_eq!(
        found.left_out,
        [
            "vendor/builds/fuzz",
            "vendor/builds/old/test_fork.cpp",
            "vendor/builds/old/test_queue",
            "vendor/perf",
            "vendor/src/QueueTest.cpp",
            "vendor/src/db_stress_tool",
            "vendor/src/queue_test.cc",
            "vendor/src/queue_test_util.h",
            "vendor/unittests",
        ]
    );
    let text = unwrapped(&report::text(&found, false));
    let named = "Left out as tests, benches, examples or code of others: vendor/builds/fuzz,";
    assert!(text.contains(named), "{text}");
    assert!(
        text.contains(" and 3 more (`left_out` in the JSON)"),
        "{text}"
    );
    // What was asked for by its name is read.
    let asked = folder.path().join("vendor/builds/old/test_fork.cpp");
    assert_eq!(bedplate_audit::audit_path(&asked).unwrap().files, 1);
}

#[test]
fn a_tree_of_tests_alone_has_no_sources() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tests")).unwrap();
    std::fs::write(folder.path().join("tests/it.rs"), TEXT).unwrap();
    let error = bedplate_audit::audit_path(folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("holds no Rust, C or C++ sources")
    );
}

#[test]
fn the_table_says_why_it_counts_other_operations_than_the_source_has() {
    let helper = "use std::sync::atomic::{AtomicU64, Ordering};
static A: AtomicU64 = AtomicU64::new(0);
static B: AtomicU64 = AtomicU64::new(0);
fn add(counter: &AtomicU64) { counter.fetch_add(1, Ordering::Relaxed); }
pub fn run(other: &library::Shared) {
    add(&A);
    add(&A);
    add(&B);
    other.inner.fetch_add(1, Ordering::Relaxed);
}
";
    let found = audited("a.rs", helper);
    assert_eq!((found.operations, found.unjoined), (2, 1));
    let text = unwrapped(&report::text(&found, false));
    assert!(
        text.contains("2 atomic operations on 2 locations"),
        "{text}"
    );
    assert!(
        text.contains("Of the operations 1 is on no location of this tree"),
        "{text}"
    );
    assert!(
        text.contains("The table counts 3 for the 1 on locations"),
        "{text}"
    );
    let alike = unwrapped(&report::text(&audited("a.rs", TEXT), false));
    assert!(!alike.contains("The table counts"), "{alike}");
}
