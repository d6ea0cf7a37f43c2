//! Described machines.

use std::process::Stdio;

use serde_json::Value;

use crate::machine::{Place, described};

fn probe(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let output = place
        .bedplate()
        .arg("probe")
        .args(arguments)
        .output()
        .expect("bedplate starts");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn this_machine_is_shown_with_gates_and_settings() {
    let place = Place::new();
    let (code, text) = probe(&place, &[]);
    assert!(matches!(code, Some(0 | 10)), "{code:?}");
    for part in [
        "machine",
        "limits",
        "pressure",
        "class_stats",
        "BEDPLATE_MALLOC_CAP",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let (json_code, json) = probe(&place, &["--json"]);
    assert_eq!(json_code, code);
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["version"], 1);
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(problems.is_empty(), code == Some(0));
}

#[test]
fn described_machines_are_told_apart() {
    let place = Place::new();
    let of = |name: &str| {
        let root = described(name);
        probe(&place, &["--root", root.to_str().unwrap()]).1
    };
    let limited = of("cgroup-v2-limits");
    assert!(limited.contains("set by the control group"), "{limited}");
    let nodes = of("two-nodes");
    assert!(nodes.contains("NUMA nodes             2"), "{nodes}");
    let silent = of("no-psi");
    assert!(
        silent.contains("machine, memory        none, because"),
        "{silent}"
    );
}

#[test]
fn a_machine_without_cpus_is_an_error_not_a_guess() {
    let place = Place::new();
    let root = described("no-cpus");
    let output = place
        .bedplate()
        .args(["probe", "--root"])
        .arg(&root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    let (code, _) = probe(&place, &["--root", "/no/such/directory"]);
    assert_eq!(code, Some(2));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    let mut child = place
        .bedplate()
        .args(["probe", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 10)), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn an_output_without_room_is_an_error_that_says_so() {
    let place = Place::new();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = place.bedplate();
    let output = command.arg("probe").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("standard output"), "{stderr}");
}

#[test]
fn a_wrong_setting_is_a_problem() {
    let place = Place::new();
    let output = place
        .bedplate()
        .arg("probe")
        .env("BEDPLATE_MALLOC_CAP", "lots")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(10));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("BEDPLATE_MALLOC_CAP takes") && text.contains("(wrong-setting)"),
        "{text}"
    );
}
