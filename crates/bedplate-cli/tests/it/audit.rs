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

/// A folder with one counter in `one.rs`.
fn one_file() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder with one file");
    let source = "static HITS: AtomicUsize = AtomicUsize::new(0);\n\
                  fn hit() { HITS.fetch_add(1, Relaxed); }\n";
    std::fs::write(folder.path().join("one.rs"), source).expect("a folder with one file");
    folder
}

#[test]
fn findings_of_one_file_name_the_path_that_was_given() {
    let folder = one_file();
    let output = bedplate()
        .current_dir(folder.path().parent().unwrap())
        .arg("audit")
        .arg(folder.path().join("one.rs"))
        .args(["--sarif", "-"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON alone");
    let place = &found["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert_eq!(uri, folder.path().join("one.rs").to_str().unwrap());
}

#[test]
fn json_goes_to_standard_output_alone() {
    let folder = one_file();
    let run = |words: &[&str]| {
        let mut command = bedplate();
        command.arg("audit").arg(folder.path()).args(words);
        command.output().unwrap()
    };
    let found: serde_json::Value =
        serde_json::from_slice(&run(&["--json", "-"]).stdout).expect("JSON alone");
    assert_eq!(found["files"], 1);
    let text = String::from_utf8(run(&[]).stdout).unwrap();
    assert!(
        text.starts_with("1 file, 1 atomic operation on 1 location\n"),
        "{text}"
    );
    let both = run(&["--json", "-", "--sarif", "-"]);
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

#[test]
fn what_cannot_be_read_ends_with_eleven_and_the_rest_is_audited() {
    let folder = one_file();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("two.rs"), b"fn f() {}\0").unwrap();
    std::fs::write(at("three.rs"), vec![b' '; (4 << 20) + 1]).unwrap();
    // Whoever may read everything reads this one too.
    std::fs::write(at("four.rs"), "fn g() {}\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o0);
    std::fs::set_permissions(at("four.rs"), mode).unwrap();
    let is_closed = std::fs::read(at("four.rs")).is_err();

    let output = bedplate().arg("audit").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1. TELEMETRY HITS"), "{text}");
    assert!(text.contains("Not read"), "{text}");

    let json = ["--json", "-"];
    let output = bedplate()
        .arg("audit")
        .arg(folder.path())
        .args(json)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let missing = found["not_read"].as_array().unwrap();
    let names: Vec<&str> = missing
        .iter()
        .filter_map(|it| it["file"].as_str())
        .collect();
    let mut expected = vec!["three.rs", "two.rs"];
    if is_closed {
        expected.insert(0, "four.rs");
    }
    assert_eq!(names, expected, "{found}");
    assert!(missing.iter().all(|it| it["why"].is_string()), "{found}");
}

#[test]
fn a_candidate_that_is_named_where_nothing_was_read_is_no_candidate() {
    let folder = one_file();
    let broken = "))) if HITS.load( [[[ ))) { spawn( }}} ((( ]]]\n".repeat(9);
    std::fs::write(folder.path().join("broken.rs"), broken).unwrap();
    let output = bedplate()
        .arg("audit")
        .arg(folder.path())
        .args(["--json", "-"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["locations"][0]["class"], "UNKNOWN", "{found}");
}

#[test]
fn the_help_on_checklists_is_whole() {
    let output = bedplate().args(["audit", "--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("in which the letter n in braces stands for the size"),
        "{text}"
    );
    let output = bedplate().args(["audit", "--checklist"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("does not say of what"), "{said}");
}

#[test]
fn two_reports_in_one_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("lib.rs"),
        "static A: AtomicUsize = AtomicUsize::new(0);\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("there"), "as it was").unwrap();
    std::fs::create_dir(folder.path().join("below")).unwrap();
    let run = |json: &str, sarif: &str| {
        let mut command = bedplate();
        command.current_dir(folder.path()).args(["audit", "lib.rs"]);
        command
            .args(["--json", json, "--sarif", sarif])
            .output()
            .unwrap()
    };
    for (json, sarif) in [
        ("new", "new"),
        ("new", "below/../new"),
        ("there", "./there"),
    ] {
        let output = run(json, sarif);
        assert_eq!(output.status.code(), Some(2), "{json} {sarif}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("cannot both go to"), "{said}");
    }
    assert!(!folder.path().join("new").exists());
    let kept = std::fs::read_to_string(folder.path().join("there")).unwrap();
    assert_eq!(kept, "as it was");
    assert_eq!(run("new", "below/new").status.code(), Some(0));
    assert_eq!(run("/dev/null", "/dev/null").status.code(), Some(0));
}

#[test]
fn why_shows_the_lines_that_a_value_came_through() {
    let folder = tempfile::tempdir().unwrap();
    let source = "use std::sync::atomic::{AtomicU64, Ordering::Relaxed};\n\
                  static JOBS: AtomicU64 = AtomicU64::new(0);\n\
                  pub fn begin() { JOBS.fetch_add(1, Relaxed); }\n\
                  fn jobs() -> u64 { JOBS.load(Relaxed) }\n\
                  pub fn is_full() {\n\
                      let running = jobs();\n\
                      if running > 8 { std::process::abort() }\n\
                  }\n";
    std::fs::write(folder.path().join("lib.rs"), source).unwrap();
    let asked = |name: &str| {
        let done = bedplate()
            .arg("audit")
            .arg(folder.path())
            .args(["--why", name])
            .output()
            .unwrap();
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), words(&done.stdout), words(&done.stderr))
    };
    let (code, out, err) = asked("JOBS");
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("CORRECTNESS JOBS\n"), "{out}");
    let places = ["lib.rs:4", "lib.rs:6", "to:", "lib.rs:7"].map(|it| out.find(it).expect(it));
    assert!(places.is_sorted(), "{out}");
    assert_eq!(asked("lib.rs:2").1, out);
    let (code, _out, err) = asked("HITS");
    assert_eq!(code, Some(2));
    assert!(err.contains("HITS: no atomic location"), "{err}");
}
