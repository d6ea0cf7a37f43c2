//! Comparisons.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::machine::Place;

#[test]
fn a_comparison_has_ratios_with_intervals() {
    let place = Place::new();
    let program = [
        "sh",
        "-c",
        "echo shown; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done",
    ];
    let ran = place.run(
        &["--versus", "system", "--rounds", "6", "--seed", "7"],
        &program,
    );
    assert_eq!(ran.code(), Some(0));
    assert_eq!(ran.stdout(), "shown\n", "only the first run is shown");
    let versus = &ran.report["versus"];
    assert_eq!(versus["rounds"], 6);
    assert_eq!(versus["seed"], 7);
    let other = &versus["others"][0];
    assert_eq!(other["name"], "system");
    assert_eq!(other["raw"].as_array().unwrap().len(), 6);
    assert!(
        other["differences"].as_array().unwrap().is_empty(),
        "{other}"
    );
    for figure in ["wall", "cpu", "peak_rss"] {
        let ratio = &other["ratios"][figure];
        let value = |name: &str| ratio[name].as_f64().unwrap();
        assert!(
            value("low") <= value("ratio") && value("ratio") <= value("high"),
            "{ratio}"
        );
    }
    let text = ran.stderr();
    assert!(text.contains("interleaved rounds"), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn every_run_gets_the_same_input() {
    let place = Place::new();
    let json = place.path("report.json");
    let mut child = place
        .bedplate()
        .args([
            "run", "--quiet", "--versus", "system", "--rounds", "6", "--json",
        ])
        .arg(&json)
        .args(["--", "cksum"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"the input\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!output.stdout.is_empty());
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let differences = &report["versus"]["others"][0]["differences"];
    assert!(differences.as_array().unwrap().is_empty(), "{differences}");
}

#[test]
fn input_that_cannot_be_kept_is_said_once() {
    let place = Place::new();
    // Puts the library into its cache, where the limit on files below does not reach it.
    assert_eq!(place.run(&["--quiet"], &["true"]).code(), Some(0));
    let report = place.path("report.txt");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let bedplate = place.bedplate();
    let mut command = Command::new("sh");
    for (name, value) in bedplate.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut child = command
        .args(["-c", script, "sh"])
        .arg(bedplate.get_program())
        .args(["run", "--versus", "system", "--report"])
        .arg(&report)
        .args(["--", "wc", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&vec![b'x'; 300_000]).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"300000\n");
    assert_eq!(output.status.code(), Some(125));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        stderr.matches("could not be written").count(),
        1,
        "{stderr}"
    );
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains("not compared: "), "{report}");
}

#[test]
fn a_program_that_behaves_differently_is_reported() {
    let place = Place::new();
    let script = "case \"$LD_PRELOAD\" in *bedplate*) exit 0;; *) echo other; exit 4;; esac";
    let ran = place.run(
        &["--versus", "system", "--rounds", "6"],
        &["sh", "-c", script],
    );
    let stderr = ran.stderr();
    assert!(
        stderr.contains("EXIT CODE DIFFERS") && stderr.contains("OUTPUT DIFFERS"),
        "{stderr}"
    );
}

#[test]
fn an_absent_allocator_is_an_error_before_the_start() {
    let place = Place::new();
    let ran = place.run(&["--versus", "hoard"], &["echo", "never"]);
    assert_eq!(ran.code(), Some(125));
    assert!(ran.output.stdout.is_empty());
    assert!(ran.stderr().contains("hoard"), "{}", ran.stderr());
}

#[test]
fn what_makes_no_sense_to_compare_is_refused() {
    let place = Place::new();
    let senseless: [(&[&str], &str); 6] = [
        (&["--versus", "/etc/passwd"], "no 64-bit ELF file"),
        (&["--versus", "/bin/sh"], "not a shared library"),
        (&["--versus", ""], "name at least one"),
        (&["--versus", "system,system"], "named twice"),
        (&["--rounds", "7"], "--versus"),
        (&["--seed", "7"], "--versus"),
    ];
    for (options, says) in senseless {
        let ran = place.run(options, &["echo", "never"]);
        assert_eq!(ran.code(), Some(125), "{options:?}");
        assert!(ran.output.stdout.is_empty(), "{options:?}");
        assert!(ran.stderr().contains(says), "{}", ran.stderr());
    }
}

#[test]
fn an_interrupted_comparison_ends_as_by_the_signal() {
    let place = Place::new();
    // The second run of the program interrupts the comparison.
    let script = "if [ -e \"$0\" ]; then kill -INT $PPID; sleep 1; else touch \"$0\"; fi";
    let once = place.path("once");
    let mut command = place.bedplate();
    let options = ["run", "--versus", "system", "--rounds", "6", "--"];
    let output = command
        .args(options)
        .args(["sh", "-c", script])
        .arg(&once)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("interrupted after 0 of 6"), "{stderr}");
}

#[test]
fn an_interrupted_run_is_not_compared() {
    let place = Place::new();
    let text = place.path("report.txt");
    let mut child = place
        .bedplate()
        .args(["run", "--versus", "system", "--report"])
        .arg(&text)
        .args(["--", "sh", "-c", "echo ready; while :; do sleep 0.05; done"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0_u8; 6];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut ready)
        .unwrap();
    send("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let report = std::fs::read_to_string(text).unwrap();
    assert!(report.contains("interrupted before"), "{report}");
}

#[test]
fn a_comparison_ends_at_an_interrupt_that_the_program_ignores() {
    let place = Place::new();
    let (text, mark) = (place.path("report.txt"), place.path("mark"));
    // The first run makes the mark and leaves; a later one shuts its ears and stays.
    let script =
        "trap '' TERM; if [ -e \"$0\" ]; then touch \"$0.again\"; exec sleep 60; fi; touch \"$0\"";
    let mut child = place
        .bedplate()
        .args(["run", "--versus", "system", "--report"])
        .arg(&text)
        .args(["--", "sh", "-c", script])
        .arg(&mark)
        .spawn()
        .unwrap();
    let again = place.path("mark.again");
    for _ in 0..1000 {
        if again.exists() {
            break;
        }
        std::thread::sleep(core::time::Duration::from_millis(10));
    }
    send("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let report = std::fs::read_to_string(text).unwrap();
    assert!(
        report.contains("interrupted after 0 of 10 rounds"),
        "{report}"
    );
}

fn send(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status()
        .expect("kill starts");
    assert!(status.success());
}
