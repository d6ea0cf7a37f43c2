//! Exit codes, output left alone, reports.

use core::time::Duration;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::SystemTime;

use serde_json::Value;

use crate::machine::Place;

const GROWS: &str = r#"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) {
    enum { N = 20000 };
    static char *kept[N];
    for (int i = 0; i < N; i++) { kept[i] = malloc(1000); memset(kept[i], 1, 1000); }
    usleep(150000);
    for (int i = 0; i < N; i += 2) free(kept[i]);
    return 7;
}
"#;

#[test]
fn a_program_is_active_and_its_code_is_ours() {
    let place = Place::new();
    let ran = place.run(&[], &["sh", "-c", "echo out; echo err >&2; exit 42"]);
    assert_eq!(ran.code(), Some(42));
    assert_eq!(ran.stdout(), "out\n");
    let stderr = ran.stderr();
    assert!(stderr.contains("bedplate: ACTIVE in sh"), "{stderr}");
    assert!(stderr.contains("err\n"), "{stderr}");
    assert_eq!(ran.report["active"], true);
    assert_eq!(ran.report["program_exit"], 42);
    assert_eq!(ran.report["version"], 1);
}

#[test]
fn every_part_is_measured_and_little_is_unexplained() {
    let place = Place::new();
    let program = place.compile("grows", GROWS, &[]);
    let ran = place.run(&[], &[&program]);
    assert_eq!(ran.code(), Some(7));
    let process = &ran.report["processes"][0];
    assert_eq!(process["end_is_exact"], true);
    for moment in ["at_peak", "at_end"] {
        let unexplained = process[moment]["unexplained_percent"].as_f64().unwrap();
        assert!(
            unexplained.abs() <= 2.0,
            "{moment}: {unexplained} % unexplained"
        );
    }
    let live = |moment: &str| {
        let parts = process[moment]["parts"].as_array().unwrap();
        let part = parts
            .iter()
            .find(|part| part["kind"] == "malloc_live")
            .unwrap();
        part["bytes"].as_u64().unwrap()
    };
    assert!(
        (19_000_000..23_000_000).contains(&live("at_peak")),
        "{}",
        live("at_peak")
    );
    assert!(
        (9_500_000..11_500_000).contains(&live("at_end")),
        "{}",
        live("at_end")
    );
    let timeline = process["timeline"].as_array().unwrap();
    assert!(timeline.len() >= 3, "{} points", timeline.len());
    let classes = process["at_peak"]["heaps"][0]["classes"]
        .as_array()
        .unwrap();
    let class = classes
        .iter()
        .find(|class| class["block_bytes"] == 1024)
        .unwrap();
    // A measurement within 2 % of the peak may stand for it.
    assert!(class["live"].as_u64().unwrap() >= 19_500);
}

#[test]
fn what_cannot_be_run_ends_as_env_does() {
    let place = Place::new();
    let ran = place.run(&[], &["no-such-program-anywhere"]);
    assert_eq!(ran.code(), Some(127));
    assert!(ran.stderr().contains("not found"), "{}", ran.stderr());
    let plain = place.path("plain");
    fs::write(&plain, "text").unwrap();
    let ran = place.run(&[], &[&plain]);
    assert_eq!(ran.code(), Some(126));
    assert!(ran.stderr().contains("chmod +x"), "{}", ran.stderr());
    let mut usage = place.bedplate();
    let output = usage.args(["run", "--no-such-option"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
}

#[test]
fn binary_output_and_input_pass_unchanged() {
    let place = Place::new();
    let bytes: Vec<u8> = (0..=255_u8).cycle().take(300_000).collect();
    let mut child = place
        .bedplate()
        .args(["run", "--quiet", "--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let sent = bytes.clone();
    let feeding = std::thread::spawn(move || input.write_all(&sent).unwrap());
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    assert_eq!(output.stdout, bytes);
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn two_reports_in_one_file_are_refused_before_the_program_starts() {
    let place = Place::new();
    let ran = place.path("ran");
    fs::write(place.path("old"), "kept").unwrap();
    std::os::unix::fs::symlink(place.path("old"), place.path("link")).unwrap();
    let options = [
        "--report", "--json", "--html", "--pprof", "--folded", "--flame",
    ];
    let run = |first: [&str; 2], second: [&str; 2]| {
        let mut command = place.bedplate();
        command.current_dir(place.path("")).arg("run");
        command.args(first).args(second).args(["--", "touch"]);
        command.arg(&ran).output().unwrap()
    };
    let refused = |first: [&str; 2], second: [&str; 2]| {
        let output = run(first, second);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(125), "{stderr}");
        assert!(stderr.contains("cannot both go to"), "{stderr}");
        assert!(!ran.exists(), "{first:?} {second:?} started it");
    };
    for (at, first) in options.iter().enumerate() {
        for second in &options[at + 1..] {
            refused([first, "new"], [second, "new"]);
        }
    }
    assert!(!place.path("new").exists());
    refused(["--html", "new"], ["--json", "./new"]);
    refused(["--html", "old"], ["--json", "link"]);
    assert_eq!(fs::read(place.path("old")).unwrap(), b"kept");
    // Nothing is lost that anybody wanted.
    let output = run(["--html", "/dev/null"], ["--json", "/dev/null"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(ran.exists());
}

#[test]
fn reports_go_to_the_files_asked_for() {
    let place = Place::new();
    let (report, html) = (place.path("report.txt"), place.path("report.html"));
    let options = [
        "--report",
        report.to_str().unwrap(),
        "--html",
        html.to_str().unwrap(),
    ];
    let ran = place.run(&options, &["bash", "-c", "sleep 0.1; exit 0"]);
    assert_eq!(ran.code(), Some(0));
    assert!(ran.output.stderr.is_empty(), "{}", ran.stderr());
    let report = fs::read_to_string(report).unwrap();
    assert!(report.starts_with("bedplate: ACTIVE in bash"), "{report}");
    assert!(
        report.contains("unexplained") && !report.contains('\u{1b}'),
        "{report}"
    );
    let html = fs::read_to_string(html).unwrap();
    assert!(
        html.starts_with("<!doctype html>") && html.contains("<svg"),
        "no chart"
    );
    for outside in ["http:", "https:", "<script", "@import", "url("] {
        assert!(
            !html.contains(outside),
            "the page reaches outside by {outside}"
        );
    }
}

#[test]
fn a_report_that_cannot_be_written_is_our_failure() {
    let place = Place::new();
    let ran = place.run(&["--html", "/proc/no/such/place.html"], &["true"]);
    assert_eq!(ran.code(), Some(125));
    assert!(ran.stderr().contains("place.html"), "{}", ran.stderr());
}

#[test]
fn the_observed_library_counts() {
    let place = Place::new();
    let ran = place.run(&["--observed"], &["ls", "/"]);
    assert_eq!(ran.code(), Some(0));
    assert_eq!(ran.report["library"], "observed");
    assert!(!ran.report["gates"].as_array().unwrap().is_empty());
    let telemetry = &ran.report["processes"][0]["at_end"]["heaps"][0]["telemetry"];
    assert!(!telemetry.as_object().unwrap().is_empty(), "{telemetry}");
}

#[test]
fn the_hardened_library_is_active_and_seen_whole() {
    let place = Place::new();
    let ran = place.run(&["--hardened"], &["ls", "/"]);
    assert_eq!(ran.code(), Some(0));
    assert_eq!(ran.report["library"], "hardened");
    let heap = &ran.report["processes"][0]["at_end"]["heaps"][0];
    assert_eq!(heap["library"], "hardened", "{heap}");
}

#[test]
fn what_was_preloaded_already_stays_preloaded() {
    let place = Place::new();
    let source = "#include <stdio.h>\n\
                  __attribute__((constructor)) static void said(void) { puts(\"other\"); }\n";
    let other = place.compile("other.so", source, &["-shared", "-fPIC"]);
    let output = place
        .bedplate()
        .args(["run", "--", "sh", "-c", "echo $LD_PRELOAD"])
        .env("LD_PRELOAD", &other)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let list = stdout
        .lines()
        .find(|line| line.contains("libbedplate_preload"));
    assert!(
        list.is_some_and(|list| list.ends_with("other.so")),
        "{stdout}"
    );
}

#[test]
fn nothing_is_left_behind_but_the_cache() {
    let place = Place::new();
    place.run(&[], &["true"]);
    let mut names = place.names();
    names.sort();
    assert_eq!(names, ["cache", "report.json"]);
}

#[test]
fn what_a_killed_run_left_behind_is_removed_by_a_later_one() {
    let place = Place::new();
    let run_directories = || {
        let names = place.names().into_iter();
        names
            .filter(|name| name.starts_with("bedplate-run-"))
            .collect::<Vec<_>>()
    };
    let mut child = place
        .bedplate()
        .args(["run", "--quiet", "--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Its answer shows that the run has begun.
    child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
    let mut answer = [0_u8; 1];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut answer)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let left = run_directories();
    assert_eq!(left.len(), 1, "{left:?}");
    place.run(&[], &["true"]);
    assert_eq!(run_directories(), left, "it is too young");
    let then = SystemTime::now() - Duration::from_secs(100);
    let directory = fs::File::open(place.path(&left[0])).unwrap();
    directory.set_modified(then).unwrap();
    place.run(&[], &["true"]);
    assert_eq!(run_directories(), Vec::<String>::new());
}

#[test]
fn a_cache_that_cannot_be_written_says_what_to_do() {
    let place = Place::new();
    let output = place
        .bedplate()
        .args(["run", "--", "true"])
        .env("XDG_CACHE_HOME", "/proc/no-cache")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("XDG_CACHE_HOME"), "{stderr}");
}

#[test]
fn the_page_on_the_report_names_every_field() {
    let place = Place::new();
    let options = ["--observed", "--versus", "system", "--rounds", "6"];
    let ran = place.run(
        &options,
        &["bash", "-c", "ls / >/dev/null; ls / >/dev/null; true"],
    );
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/run-report.md");
    let page = fs::read_to_string(page).unwrap();
    let mut missing = Vec::new();
    missing_fields(&ran.report, &page, &mut missing);
    assert!(missing.is_empty(), "not in docs/run-report.md: {missing:?}");
}

/// Names of fields of `value` that `page` does not have; counters have names of their own.
fn missing_fields(value: &Value, page: &str, missing: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if !page.contains(&format!("`{name}`")) && !missing.contains(name) {
                    missing.push(name.clone());
                }
                if name != "counters" && name != "telemetry" {
                    missing_fields(value, page, missing);
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                missing_fields(value, page, missing);
            }
        }
        _ => {}
    }
}

#[test]
fn a_user_without_a_home_gets_the_library_for_the_run_only() {
    let place = Place::new();
    let output = place
        .bedplate()
        .args(["run", "--quiet", "--", "sh", "-c", "echo $LD_PRELOAD"])
        .env_remove("XDG_CACHE_HOME")
        .env("HOME", "/no/such/home")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let library = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(library.contains("bedplate-library-"), "{library}");
    assert!(!fs::exists(&library).unwrap(), "{library} was left behind");
}

#[test]
fn a_temporary_directory_that_cannot_be_written_says_what_to_do() {
    let place = Place::new();
    let output = place
        .bedplate()
        .args(["run", "--", "true"])
        .env("TMPDIR", "/proc/no-place")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("TMPDIR"), "{stderr}");
}

#[test]
fn a_wrong_path_is_said_before_the_program_runs() {
    let place = Place::new();
    let ran_file = place.path("ran");
    let script = format!("touch {}", ran_file.display());
    for (option, path) in [
        ("--html", "/proc/no/such/place.html"),
        ("--report", "/no/such/directory/report"),
        ("--html", "-"),
    ] {
        let output = place
            .bedplate()
            .args(["run", option, path, "--", "sh", "-c", &script])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(125), "{option} {path}");
        assert!(!ran_file.exists(), "{option} {path}: the program ran");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains(path), "{stderr}");
    }
    let ran = place.run(&[], &["no-such-program-anywhere"]);
    assert_eq!(ran.code(), Some(127));
    assert!(!place.path("report.json").exists());
}

#[test]
fn a_report_that_finds_no_room_goes_to_standard_error() {
    let place = Place::new();
    let output = place
        .bedplate()
        .args(["run", "--quiet", "--json", "/dev/full", "--", "true"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.contains("ACTIVE in true") && stderr.contains("/dev/full"),
        "{stderr}"
    );
}

#[test]
fn a_standard_error_that_takes_nothing_does_not_disturb_the_program() {
    let place = Place::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = place
        .bedplate()
        .args(["run", "--", "sh", "-c", "sleep 0.2; echo done; exit 5"])
        .stderr(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(output.stdout, b"done\n");
}

#[test]
fn a_script_without_a_first_line_is_run_by_the_shell() {
    let place = Place::new();
    let script = place.path("bare");
    fs::write(&script, "echo \"$1\"; exit 3\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = place.run(&[], &[script.to_str().unwrap(), "given"]);
    assert_eq!(ran.code(), Some(3), "{}", ran.stderr());
    assert_eq!(ran.stdout(), "given\n");
}
