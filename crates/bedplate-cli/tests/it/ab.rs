//! Comparisons of two commands.

use core::time::Duration;
use std::ffi::OsStr;
use std::fs;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::machine::Place;

/// A loop in the shell: enough CPU time to be measured.
fn spin(turns: u32) -> String {
    format!("i=0; while [ $i -lt {turns} ]; do i=$((i+1)); done")
}

/// `bedplate ab OPTIONS -- WORDS`; the tests' machine may be busy.
fn ab<S: AsRef<OsStr>>(place: &Place, options: &[&str], words: &[S]) -> Output {
    place
        .bedplate()
        .args(["ab", "--unfit-ok"])
        .args(options)
        .arg("--")
        .args(words)
        .output()
        .expect("bedplate starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn document(place: &Place) -> Value {
    let text = fs::read_to_string(place.path("ab.json")).expect("the document");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_side_that_executes_half_more_is_no_go_and_the_other_way_round_go() {
    let place = Place::new();
    let (short, long) = (spin(3000), spin(4500));
    let json = place.path("ab.json");
    let page = place.path("ab.html");
    let doc = place.path("ab.md");
    let options = ["--metric", "cpu", "--pairs-max", "120", "--seed", "5"];
    let files = [
        "--json",
        json.to_str().unwrap(),
        "--html",
        page.to_str().unwrap(),
        "--doc",
        doc.to_str().unwrap(),
    ];
    let words = ["sh", "-c", &short, "--vs", "sh", "-c", &long];
    let output = ab(&place, &[options.as_slice(), &files].concat(), &words);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let text = stdout(&output);
    assert!(text.starts_with("NO-GO: B is worse than A\n"), "{text}");
    assert!(text.contains("again: bedplate ab"), "{text}");
    let found = document(&place);
    assert_eq!(found["version"], 1);
    assert_eq!(found["verdict"], "NO-GO");
    assert_eq!(found["rules"]["seed"], 5);
    assert_eq!(found["rerun"], 0);
    assert_eq!(found["outputs"], "same");
    let low = found["interval_percent"][0].as_f64().unwrap();
    assert!(low > 0.0, "{low}");
    let pairs = found["pairs"].as_array().unwrap();
    assert!(pairs.len() >= 8 && pairs[0]["a"]["cpu_s"].as_f64().unwrap() > 0.0);
    assert_eq!(found["a"]["sha256"].as_str().unwrap().len(), 64);
    let instructions = &found["instructions"];
    let counted = instructions["change_percent"].as_f64();
    assert!(
        counted.is_some_and(|change| change > 10.0) || found["instructions_absent"].is_string(),
        "{instructions}"
    );
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg") && page.contains("NO-GO") && !page.contains("<script"));
    let doc = fs::read_to_string(doc).unwrap();
    assert!(doc.contains("## Pairs") && doc.contains("| 1 | "), "{doc}");
    assert!(doc.contains("bedplate ab --metric cpu"), "{doc}");

    let words = ["sh", "-c", &long, "--vs", "sh", "-c", &short];
    let output = ab(&place, &options, &words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert!(text.starts_with("GO: B is better than A\n"), "{text}");
    assert!(text.contains("rerun 1 of this comparison"), "{text}");
    let ledger = place.bedplate().args(["ab", "ledger"]).output().unwrap();
    let listed = stdout(&ledger);
    assert!(listed.contains("2 runs counted: NO-GO, GO"), "{listed}");
}

#[test]
fn the_same_program_and_arguments_are_identical() {
    let place = Place::new();
    let output = ab(&place, &[], &["true", "--vs", "true"]);
    assert_eq!(output.status.code(), Some(14));
    assert!(stdout(&output).starts_with("IDENTICAL"));
}

#[test]
fn loops_that_differ_by_a_name_execute_about_as_much() {
    let place = Place::new();
    let loops = spin(300);
    let other = loops.replace('i', "j").replace("whjle", "while");
    let words = ["sh", "-c", &loops, "--vs", "sh", "-c", &other];
    let json = place.path("ab.json");
    let options = [
        "--metric",
        "instructions",
        "--calibration",
        "5",
        "--pairs-max",
        "12",
    ];
    let files = ["--json", json.to_str().unwrap()];
    let output = ab(&place, &[options.as_slice(), &files].concat(), &words);
    if output.status.code() == Some(1) {
        // No counter on this machine.
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("valgrind"), "{said}");
        return;
    }
    let change = document(&place)["change_percent"].as_f64().unwrap();
    assert!(change.abs() < 1.0, "{output:?}");
}

#[test]
fn a_side_that_fails_shows_the_end_of_its_output() {
    let place = Place::new();
    let words = [
        "true",
        "--vs",
        "sh",
        "-c",
        "echo before; echo why >&2; exit 3",
    ];
    let output = ab(&place, &[], &words);
    assert_eq!(output.status.code(), Some(17));
    let text = stdout(&output);
    for part in ["side B failed: exit code 3", "before", "why", "--keep-env"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let listed = place.bedplate().args(["ab", "ledger"]).output().unwrap();
    let listed = stdout(&listed);
    assert!(
        listed.contains("no run counted, for none came to a pair\n"),
        "{listed}"
    );
    let missing = ab(&place, &[], &["true", "--vs", "./no-such-program"]);
    assert_eq!(missing.status.code(), Some(17));
}

#[test]
fn both_sides_get_the_same_scrubbed_environment() {
    let place = Place::new();
    let run = |options: &[&str]| {
        place
            .bedplate()
            .env("AB_TEST_SECRET", "x")
            .env("AB_TEST_KEPT", "y")
            .args([
                "ab",
                "--unfit-ok",
                "--pairs-max",
                "10",
                "--witness-seconds",
                "0",
            ])
            .args(options)
            .args([
                "--",
                "sh",
                "-c",
                "test \"$AB_TEST_KEPT$AB_TEST_SECRET\" = y",
            ])
            .args(["--vs", "sh", "-c", "test \"$AB_TEST_KEPT\" = y"])
            .output()
            .unwrap()
    };
    assert_eq!(run(&[]).status.code(), Some(17));
    let output = run(&["--keep-env", "AB_TEST_KEPT"]);
    assert!(
        matches!(output.status.code(), Some(0 | 10 | 11 | 12 | 13)),
        "{output:?}"
    );
    assert!(stdout(&output).contains("AB_TEST_KEPT"));
    // What is run again counts as little, and in the same ledger.
    let ledger = place.path("another-ledger");
    let ledger = ledger.to_str().unwrap();
    let output = run(&["--keep-env", "AB_TEST_KEPT", "--ledger", ledger]);
    let text = stdout(&output);
    let again = text.lines().last().unwrap();
    for words in ["--witness-seconds 0 ", &format!("--ledger {ledger} ")] {
        assert!(again.contains(words), "no {words} in {again}");
    }
}

#[test]
fn an_interrupt_leaves_a_partial_document() {
    let place = Place::new();
    let child = place
        .bedplate()
        .args(["ab", "--unfit-ok", "--json"])
        .arg(place.path("ab.json"))
        .args(["--", "sleep", "0.05", "--vs", "sleep", "0.051"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let found = document(&place);
    assert_eq!(found["interrupted_by"], 2);
    assert_eq!(found["verdict"], Value::Null);
    assert!(found["runs"].as_u64().unwrap() > 2);
}

#[test]
fn a_side_that_hangs_is_ended_and_named() {
    let place = Place::new();
    let output = ab(
        &place,
        &[
            "--timeout",
            "2",
            "--json",
            place.path("ab.json").to_str().unwrap(),
        ],
        &["sh", "-c", "true", "--vs", "sh", "-c", "sleep 3000; true"],
    );
    assert_eq!(output.status.code(), Some(17), "{output:?}");
    let text = stdout(&output);
    assert!(
        text.contains("side B failed: a run took longer than 2 s"),
        "{text}"
    );
    let found = document(&place);
    assert_eq!(found["limit_s"], 2.0);
    assert!(found["replay"].to_string().contains("--timeout"), "{found}");
}

#[test]
fn usage_is_explained() {
    let place = Place::new();
    for words in [vec!["true"], vec!["--vs", "true"], vec!["true", "--vs"]] {
        let output = ab(&place, &[], &words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
    let bad = ab(&place, &["--margin", "0"], &["true", "--vs", "false"]);
    assert_eq!(bad.status.code(), Some(2));
    let sum = place
        .bedplate()
        .args(["ab", "ledger", "--sum"])
        .output()
        .unwrap();
    assert_eq!(sum.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&sum.stderr).contains("not added up"));
    let nothing = place.bedplate().args(["ab", "campaign"]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
    let said = String::from_utf8_lossy(&nothing.stderr);
    let named = said.lines().nth(1).unwrap_or_default();
    assert!(
        named.contains("--gate") && named.contains("--feature") && named.contains("--all-gates"),
        "{said}"
    );
}

#[test]
fn the_selftest_prints_rates_and_seed() {
    let place = Place::new();
    let run = |options: &[&str]| {
        place
            .bedplate()
            .args(["ab", "selftest", "--repeats", "20", "--seed", "9"])
            .args(options)
            .output()
            .unwrap()
    };
    let output = run(&[]);
    let text = stdout(&output);
    assert!(
        text.contains("seed 9") && text.contains("drift, outliers"),
        "{text}"
    );
    let found: Value = serde_json::from_slice(&run(&["--json"]).stdout).unwrap();
    assert_eq!(found["rates"].as_array().unwrap().len(), 17);
    let holds = found["claims"]
        .as_array()
        .unwrap()
        .iter()
        .all(|claim| claim["holds"] == true);
    assert_eq!(output.status.code(), Some(if holds { 0 } else { 1 }));
}

#[test]
fn a_real_selftest_counts_verdicts() {
    let place = Place::new();
    let output = place
        .bedplate()
        .args([
            "ab",
            "selftest",
            "--real",
            "1",
            "--unfit-ok",
            "--metric",
            "cpu",
        ])
        .args([
            "--pairs-max",
            "10",
            "--calibration",
            "5",
            "--seed",
            "2",
            "--json",
        ])
        .args(["--", "true"])
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let kinds = found["kinds"].as_array().unwrap();
    let counts: Vec<usize> = kinds
        .iter()
        .map(|kind| kind["comparisons"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [1, 1, 1, 1]);
    let holds = found["holds"] == true;
    assert_eq!(output.status.code(), Some(if holds { 0 } else { 1 }));
}

#[test]
fn the_noise_of_a_program_against_itself_is_shown() {
    let place = Place::new();
    let run = |options: &[&str]| {
        place
            .bedplate()
            .args(["ab", "aa", "--calibration", "6", "--seed", "3"])
            .args(options)
            .args(["--", "true"])
            .output()
            .unwrap()
    };
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert!(
        text.contains("6 pairs of the program with itself") && text.contains("CPU time"),
        "{text}"
    );
    let found: Value = serde_json::from_slice(&run(&["--unfit-ok", "--json"]).stdout).unwrap();
    assert_eq!(found["unfit_ok"], true);
    assert_eq!(found["floors"].as_array().unwrap().len(), 3);
}
