//! The hot-path check finds each planted defect, by its own reason, and nothing in a clean library.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What the check said about a fixture.
struct Checked {
    exit: Option<i32>,
    report: Value,
}

impl Checked {
    fn findings(&self) -> Vec<(&str, &str, &str)> {
        let Some(findings) = self.report.get("findings").and_then(Value::as_array) else {
            return Vec::new();
        };
        findings
            .iter()
            .map(|finding| {
                let field = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or("");
                (field("kind"), field("part"), field("function"))
            })
            .collect()
    }
}

/// Compiles the fixture with one defect and checks it.
fn check(defect: &str, more: &[&str]) -> Checked {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let library = directory.path().join("library.so");
    let json = directory.path().join("report.json");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/library.c");
    let compiled = Command::new("cc")
        .args([
            "-O2",
            "-shared",
            "-fPIC",
            "-fno-builtin",
            "-fvisibility=hidden",
            "-w",
        ])
        .arg(format!("-DDEFECT_{defect}"))
        .args(more)
        .arg("-o")
        .arg(&library)
        .arg(&source)
        .output()
        .expect("xtask starts");
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    let checked = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("hotcheck")
        .arg(&library)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("xtask starts");
    let text = std::fs::read(&json).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&checked.stderr));
    });
    Checked {
        exit: checked.status.code(),
        report: serde_json::from_slice(&text).expect("the report is JSON"),
    }
}

/// Checks that a defect is found for its own reason, in its own function, and nothing else is.
fn assert_found(defect: &str, expected: (&str, &str, &str)) {
    let checked = check(defect, &[]);
    let findings = checked.findings();
    assert_eq!(checked.exit, Some(10), "{findings:?}");
    assert!(!findings.is_empty());
    assert!(
        findings.iter().all(|found| *found == expected),
        "{findings:?}"
    );
}

#[test]
fn a_clean_library_passes() {
    let checked = check("NONE", &[]);
    assert_eq!(checked.findings(), []);
    assert_eq!(checked.exit, Some(0));
}

#[test]
fn lengths_of_the_hit_paths_are_counted() {
    let checked = check("NONE", &[]);
    let length = |entry: &str| checked.report["straight_line"][entry].as_u64().unwrap();
    assert!(
        (8..=25).contains(&length("malloc")),
        "{}",
        checked.report["straight_line"]
    );
    assert!(
        (4..=10).contains(&length("free")),
        "{}",
        checked.report["straight_line"]
    );
}

#[test]
fn a_jump_table_inside_its_function_is_followed() {
    let checked = check("SWITCH", &["-O2", "-fno-tree-switch-conversion"]);
    assert_eq!(checked.findings(), []);
    assert_eq!(checked.exit, Some(0));
}

#[test]
fn an_outlined_lock_is_found() {
    assert_found("LOCKED", ("locked", "hit", "note"));
}

#[test]
fn an_exchange_with_memory_is_found() {
    assert_found("EXCHANGE", ("exchange", "hit", "note"));
}

#[test]
fn a_fence_is_found() {
    assert_found("FENCE", ("fence", "hit", "note"));
}

#[test]
fn a_system_call_is_found() {
    assert_found("SYSTEM_CALL", ("system-call", "hit", "note"));
}

#[test]
fn a_lock_under_an_alias_is_found() {
    assert_found("ALIASED", ("locked", "hit", "free"));
}

#[test]
fn a_call_that_cannot_be_followed_is_found() {
    assert_found("INDIRECT", ("unfollowed", "hit", "note"));
}

#[test]
fn a_panic_is_found() {
    assert_found("PANIC", ("panic", "hit", "note"));
}

#[test]
fn a_call_of_another_library_is_found() {
    assert_found("IMPORT", ("import", "hit", "note"));
}

#[test]
fn telemetry_on_the_hit_path_is_found() {
    assert_found("TELEMETRY_HIT", ("telemetry", "hit", "note"));
}

#[test]
fn telemetry_in_a_cold_function_is_found() {
    assert_found("TELEMETRY_COLD", ("telemetry", "cold", "record_slow"));
}

#[test]
fn telemetry_behind_a_pointer_is_found() {
    let checked = check("TELEMETRY_POINTER", &[]);
    let expected = [("telemetry", "", ""), ("telemetry", "hit", "note")];
    assert_eq!(checked.findings(), expected);
    assert_eq!(checked.exit, Some(10));
}

#[test]
fn a_hit_path_that_is_all_cold_is_found() {
    assert_found("DECLARED_AWAY", ("no-hit-path", "hit", "malloc"));
}

#[test]
fn a_missing_symbol_is_found() {
    assert_found("MISSING", ("missing-symbol", "", ""));
}

#[test]
fn a_stripped_library_is_found() {
    let checked = check("NONE", &["-s"]);
    assert_eq!(checked.exit, Some(10));
    assert!(
        checked.findings().contains(&("stripped", "", "")),
        "{:?}",
        checked.findings()
    );
}
