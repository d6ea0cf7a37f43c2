//! The checklist of a hot path.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::machine::Place;

/// Turns a loop of the shell so often.
const LOOP: &str = "i=0; while [ $i -lt {n} ]; do i=$((i+1)); done";

fn checklist(place: &Place, words: &[&str]) -> Output {
    let mut command = place.bedplate();
    command.args(["audit", "--checklist"]).args(words);
    command.output().expect("bedplate starts")
}

#[test]
fn growth_limit_and_checks_have_figures_with_sources() {
    let place = Place::new();
    let (json, doc) = (place.path("c.json"), place.path("c.md"));
    let output = checklist(
        &place,
        &[
            "--sizes",
            "1000,2000,4000,8000",
            "--limit",
            "true {n}",
            "--races",
            "echo '==1== ERROR SUMMARY: 0 errors from 0 contexts'",
            "--json",
            json.to_str().expect("a path"),
            "--doc",
            doc.to_str().expect("a path"),
            "--",
            "sh",
            "-c",
            LOOP,
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Grows as **n**"), "{text}");
    assert!(
        text.contains("| races | 0 errors from 0 contexts (exit 0) |"),
        "{text}"
    );
    assert!(text.contains("| coverage | not measured | - |"), "{text}");
    assert_eq!(fs::read_to_string(doc).expect("the document"), text);
    let json: Value = serde_json::from_slice(&fs::read(json).expect("JSON")).expect("JSON");
    assert_eq!(json["growth"][0]["law"], "linear");
    let constant = &json["constant"];
    assert!(
        constant["ours"].as_f64() > constant["limits"].as_f64(),
        "{constant}"
    );
    assert_eq!(json["checks"][1]["figure"], Value::Null);
}

#[test]
fn a_check_that_fails_is_a_finding_and_wrong_benches_are_usage() {
    let place = Place::new();
    let sizes = ["--sizes", "10,20,40,80"];
    let words = [&sizes[..], &["--warnings", "false", "--", "true", "{n}"]].concat();
    let output = checklist(&place, &words);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("**Constant**"), "{text}");
    let wrong: [&[&str]; 5] = [
        &[],
        &["no-such-bench"],
        &["--", "true"],
        &["malloc-pair", "--", "true", "{n}"],
        &["--sizes", "1,2", "--", "true", "{n}"],
    ];
    for words in wrong {
        let output = checklist(&place, words);
        assert_eq!(output.status.code(), Some(2), "{words:?} {output:?}");
    }
    // Which of two commands lacks the size is said.
    let output = checklist(&place, &["--limit", "true", "--", "true", "{n}"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the command of --limit has no {n}"), "{said}");
}

#[test]
fn the_programs_of_mallocs_pair_run() {
    for words in [
        &["pair", "10"][..],
        &["pair", "--live", "5", "10"],
        &["pair", "--limit", "10"],
    ] {
        let output = Place::new().bedplate().args(words).output();
        assert!(output.expect("it starts").status.success());
    }
}
