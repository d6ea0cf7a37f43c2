//! Campaigns over the gates and features of one cargo project.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::ab_built::{Demo, has_valgrind, stderr, stdout};

/// Two gates, and a feature whose code waits for a variable.
const MEMBERS: [&str; 4] = ["--gate", "slowness,twice", "--feature", "demo-prog/guarded"];

/// Pairs of instruction counts, which do not depend on who else uses the machine; a sixth of half the
/// error takes more of them than a comparison by itself.
const COUNTED: [&str; 6] = [
    "--metric",
    "instructions",
    "--calibration",
    "5",
    "--pairs-max",
    "30",
];

fn campaign(demo: &Demo, options: &[&str]) -> Output {
    let mut command = demo.command_of(&["ab", "campaign"]);
    command.args(MEMBERS).args(COUNTED).args(options);
    command.output().expect("it starts")
}

fn verdicts(document: &Value) -> Vec<&str> {
    let members = document["members"].as_array().expect("members");
    members
        .iter()
        .chain([&document["joint"]])
        .map(|member| member["verdict"].as_str().unwrap_or("none"))
        .collect()
}

#[test]
fn each_member_is_judged_and_all_together_are_the_answer() {
    if !has_valgrind() {
        return;
    }
    let demo = Demo::new();
    let (doc, html) = (demo.root().join("c.md"), demo.root().join("c.html"));
    let files = [
        "--doc",
        doc.to_str().unwrap(),
        "--html",
        html.to_str().unwrap(),
    ];
    let output = campaign(&demo, &files);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let found = demo.document();
    assert_eq!(
        verdicts(&found),
        ["NO-GO", "NO-GO", "NOT-EXECUTED", "NO-GO"]
    );
    let guarded = &found["members"][2];
    let execution = guarded["execution"].as_str().unwrap();
    assert!(execution.contains("DEMO_TRACE is unset"), "{execution}");
    assert_eq!(guarded["pairs"], 0);
    // Half of the error is for all together, a sixth for each of three.
    let sure = |member: &Value| member["sure_percent"].as_f64().unwrap();
    assert!((sure(&found["joint"]) - 98.0).abs() < 1e-9, "{found}");
    assert!((sure(&found["members"][0]) - (100.0 - 4.0 / 6.0)).abs() < 1e-9);
    let change = |member: &Value| member["change_percent"].as_f64().unwrap();
    assert!(
        change(&found["joint"]) > change(&found["members"][1]),
        "{found}"
    );
    assert!(
        found["members"][0]["comparison"]["pairs"]
            .as_array()
            .unwrap()
            .len()
            >= 5
    );
    let text = stdout(&output);
    assert!(text.starts_with("all together: NO-GO"), "{text}");
    assert!(text.contains("not added up"), "{text}");
    let document = fs::read_to_string(doc).unwrap();
    assert!(document.contains("| `slowness` | NO-GO |"), "{document}");
    assert!(document.contains("bedplate ab campaign --gate slowness --gate twice"));
    assert!(fs::read_to_string(html).unwrap().contains("<svg"));

    // What was found is not looked for again, and the ledger knows both campaigns.
    let mut cut = found;
    cut["joint"]["verdict"] = Value::Null;
    let path = demo.root().join("cut.json");
    fs::write(&path, cut.to_string()).unwrap();
    let output = campaign(&demo, &["--resume", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let said = stderr(&output);
    assert_eq!(said.matches("taken from the earlier").count(), 3, "{said}");
    assert_eq!(demo.document()["joint"]["rerun"], 1);
    let ledger = demo
        .place()
        .bedplate()
        .args(["ab", "ledger"])
        .output()
        .unwrap();
    let text = stdout(&ledger);
    assert_eq!(text.matches("campaign of 3").count(), 2, "{text}");
}

/// Interrupts the campaign, once, by the first run after its first verdict was written.
const INTERRUPTS: &str = r#"
    if [ ! -e "$1" ] && grep -q '"NO-GO"' "$2"; then touch "$1"; kill -INT "$PPID"; fi
    exec "$0"
"#;

#[test]
fn an_interrupted_campaign_keeps_what_it_found_and_goes_on_later() {
    if !has_valgrind() {
        return;
    }
    let demo = Demo::new();
    let once = demo.root().join("once");
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let written = demo.place().path("ab.json");
    let command = [
        "--".to_owned(),
        "sh".to_owned(),
        "-c".to_owned(),
        INTERRUPTS.to_owned(),
        "{bin}".to_owned(),
        path(&once),
        path(&written),
    ];
    let options: Vec<&str> = command.iter().map(String::as_str).collect();
    let output = campaign(&demo, &options);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(once.exists(), "{output:?}");
    let found = demo.document();
    assert_eq!(found["interrupted_by"], 2, "{found}");
    assert_eq!(found["members"][0]["verdict"], "NO-GO", "{found}");
    assert!(found["joint"]["verdict"].is_null(), "{found}");
    let ledger = || {
        let ledger = demo.place().bedplate().args(["ab", "ledger"]).output();
        stdout(&ledger.expect("it starts"))
    };
    let kept = ledger();
    assert!(kept.contains("campaign of "), "{kept}");

    let cut = demo.root().join("cut.json");
    fs::rename(&written, &cut).unwrap();
    let resume = ["--resume".to_owned(), path(&cut)];
    let resumed = resume.iter().chain(&command).map(String::as_str);
    let options: Vec<&str> = resumed.collect();
    let output = campaign(&demo, &options);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let said = stderr(&output);
    assert_eq!(said.matches("taken from the earlier").count(), 1, "{said}");
    let found = demo.document();
    assert!(found["interrupted_by"].is_null(), "{found}");
    assert_eq!(found["joint"]["verdict"], "NO-GO", "{found}");
    assert!(ledger().len() > kept.len(), "{}", ledger());
}

#[test]
fn a_pair_that_cannot_end_in_time_is_not_begun() {
    if !has_valgrind() {
        return;
    }
    let demo = Demo::new();
    let output = campaign(&demo, &["--budget", "1s"]);
    let found = demo.document();
    for member in [&found["members"][0], &found["members"][1], &found["joint"]] {
        assert_eq!(member["pairs"], 0, "{output:?}");
        assert_eq!(member["verdict"], "INCONCLUSIVE", "{member}");
        let meaning = "there was no time for a pair, so nothing was compared";
        assert_eq!(member["meaning"], meaning);
        let warnings = member["warnings"].to_string();
        assert!(warnings.contains("NO TIME: no pair was made"), "{warnings}");
    }
    // Step 0 counted both sides of it.
    let counted = &found["members"][0];
    assert!(counted["instructions_percent"].is_number(), "{counted}");
    assert_eq!(output.status.code(), Some(13), "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("BUDGET EXCEEDED"), "{text}");
    assert!(text.contains("! slowness: NO TIME"), "{text}");

    // What there was no time for is made when the campaign goes on.
    let before = demo.root().join("before.json");
    fs::write(&before, found.to_string()).unwrap();
    let resumed = campaign(&demo, &["--resume", before.to_str().unwrap()]);
    assert_eq!(resumed.status.code(), Some(10), "{resumed:?}");
    assert_eq!(demo.document()["members"][0]["verdict"], "NO-GO");
}

#[test]
fn what_cannot_be_a_campaign_is_explained() {
    let demo = Demo::new();
    for (options, code, said) in [
        (vec!["--gate", "slowness"], 1, "two or more"),
        (vec!["--gate", "slowness,slowness"], 1, "named twice"),
        (
            vec!["--gate", "slowness,class_stats"],
            1,
            "different packages",
        ),
        (vec!["--feature", "slow"], 1, "PACKAGE/slow"),
        (
            vec!["--gate", "slowness,twice", "--budget", "soon"],
            2,
            "40m",
        ),
        (vec![], 2, "--all-gates"),
    ] {
        let output = demo
            .command_of(&["ab", "campaign"])
            .args(&options)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{options:?} {output:?}");
        assert!(stderr(&output).contains(said), "{output:?}");
    }
}
