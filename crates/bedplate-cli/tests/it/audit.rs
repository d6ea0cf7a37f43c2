//! Auditing a tree.

use std::process::Command;

fn bedplate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bedplate"))
}

#[test]
fn candidates_end_with_ten_and_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let source = "static HITS: AtomicUsize = AtomicUsize::new(0);\n\
                  fn hit() { HITS.fetch_add(1, Relaxed); }\n";
    std::fs::write(folder.path().join("lib.rs"), source).unwrap();
    let (json, sarif) = (folder.path().join("a.json"), folder.path().join("a.sarif"));
    let output = bedplate()
        .arg("audit")
        .arg(folder.path())
        .arg("--json")
        .arg(&json)
        .arg("--sarif")
        .arg(&sarif)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(10));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1. TELEMETRY HITS"), "{text}");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(written["version"], 1);
    assert_eq!(written["locations"][0]["class"], "TELEMETRY");
    assert!(sarif.is_file());
}

#[test]
fn nothing_to_audit_is_a_wrong_argument() {
    let folder = tempfile::tempdir().unwrap();
    let output = bedplate().arg("audit").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = bedplate().arg("audit").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn labels_without_their_sources_are_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = bedplate()
        .args(["audit", "--golden"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("cargo fetch"), "{text}");
}
