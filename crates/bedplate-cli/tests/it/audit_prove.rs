//! What removing one candidate is worth.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::audit_profile::write_demo;
use crate::machine::Place;

/// `bedplate audit demo --prove LOCATION`, judged by few counts of instructions: they do not depend on
/// who else uses the machine.
fn proven(place: &Place, location: &str) -> Output {
    proven_with(place, location, &[])
}

/// Likewise, with further options.
fn proven_with(place: &Place, location: &str, options: &[&str]) -> Output {
    let mut command = place.bedplate();
    // Of the build that these tests belong to.
    for name in [
        "CARGO_TARGET_DIR",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WRAPPER",
    ] {
        command.env_remove(name);
    }
    command
        .arg("audit")
        .arg(place.path("demo"))
        .args(["--prove", location, "--unfit-ok"])
        .args(options)
        .args(["--metric", "instructions", "--calibration", "5"])
        .args(["--pairs-max", "12", "--json"])
        .arg(place.path("proof.json"))
        .arg("--doc")
        .arg(place.path("proof.md"))
        .args(["--", "{bin}"]);
    command.output().expect("bedplate starts")
}

fn document(place: &Place) -> Value {
    let text = fs::read_to_string(place.path("proof.json")).expect("the document");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_hot_counter_is_deleted_in_a_copy_and_compared() {
    let place = Place::new();
    write_demo(&place);
    let source = || fs::read_to_string(place.path("demo/src/main.rs")).expect("the source");
    let before = source();
    let output = proven(&place, "src/main.rs:4");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("1 of 5, class: Stats.steps, EXPORTED"),
        "{said}"
    );
    assert!(said.contains("deleted: src/main.rs:27-29"), "{said}");
    for step in [
        "3 of 5, witness: ",
        "4 of 5, comparison\n",
        "5 of 5, verdict: GO",
    ] {
        assert!(said.contains(step), "no {step} in {said}");
    }
    let document = document(&place);
    assert_eq!(document["verdict"], "GO");
    let build = &document["build"];
    assert_eq!(build["execution"]["executions"], 20_000, "{build}");
    assert!(
        build["b"].to_string().contains("without src/main.rs:27-29"),
        "{build}"
    );
    assert!(
        build["difference"].to_string().contains("EXPORTED"),
        "{build}"
    );
    assert!(
        document["change_percent"].as_f64() < Some(-1.0),
        "{document}"
    );
    let replay = document["replay"].to_string();
    assert!(replay.contains("--prove"), "{replay}");
    assert!(place.path("proof.md").is_file());
    assert_eq!(source(), before);
    assert!(!place.path("demo/target/bedplate-prove").exists());
}

#[test]
fn what_does_not_run_is_not_compared() {
    let place = Place::new();
    write_demo(&place);
    let output = proven(&place, "Stats.traced");
    assert_eq!(output.status.code(), Some(15), "{output:?}");
    let execution = &document(&place)["build"]["execution"];
    assert_eq!(execution["guarded_by"][0], "DEMO_TRACE", "{execution}");
    let said = execution["said"].to_string();
    assert!(
        said.contains("0 of 20,000") || said.contains("0 of 20000"),
        "{said}"
    );
}

#[test]
fn what_is_not_built_is_named_and_can_be_built_in() {
    let place = Place::new();
    write_demo(&place);
    let manifest = place.path("demo/Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("the manifest");
    fs::write(&manifest, text + "\n[features]\nunbuilt = []\n").expect("a manifest");
    let output = proven(&place, "Stats.unbuilt");
    assert_eq!(output.status.code(), Some(14), "{output:?}");
    let found = document(&place);
    let warning = found["warnings"].to_string();
    assert!(
        warning.contains("NO CODE") && warning.contains("src/main.rs:35"),
        "{warning}"
    );
    assert_eq!(found["build"]["execution"]["ran"], false, "{found}");

    let ledger = place.path("another-ledger");
    let ledger = ledger.to_str().expect("a path");
    let options = ["--features", "unbuilt", "--ledger", ledger];
    let output = proven_with(&place, "Stats.unbuilt", &options);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found = document(&place);
    assert_eq!(found["build"]["execution"]["executions"], 20_000, "{found}");
    let replay: Vec<&str> = found["replay"]
        .as_array()
        .expect("words")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for two in [["--features", "unbuilt"], ["--ledger", ledger]] {
        assert!(replay.windows(2).any(|words| words == two), "{replay:?}");
    }
}

#[test]
fn what_the_program_rests_on_or_is_not_there_is_refused() {
    let place = Place::new();
    write_demo(&place);
    let output = proven(&place, "NEXT");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("refused") && said.contains("CORRECTNESS"),
        "{said}"
    );
    assert!(said.contains("src/main.rs:"), "{said}");
    let output = proven(&place, "Stats.nothing");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("candidates are: Stats."), "{said}");
}
