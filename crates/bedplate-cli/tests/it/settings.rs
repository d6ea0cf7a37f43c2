//! The environment.

use crate::machine::Place;

#[test]
fn wrong_and_unknown_settings_end_before_the_start() {
    let place = Place::new();
    let settings = [
        ("BEDPLATE_MALLOC_CAP", "lots"),
        ("BEDPLATE_MALLOC_NOSUCH", "1"),
        ("BEDPLATE_TYPO", "1"),
    ];
    for (name, value) in settings {
        let output = place
            .bedplate()
            .args(["run", "--", "echo", "x"])
            .env(name, value)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(125), "{name}");
        assert!(output.stdout.is_empty());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            stderr.contains(name) && stderr.lines().count() == 1,
            "{stderr}"
        );
    }
}

#[test]
fn a_good_setting_reaches_the_program() {
    let place = Place::new();
    let output = place
        .bedplate()
        .args([
            "run",
            "--quiet",
            "--",
            "sh",
            "-c",
            "echo $BEDPLATE_MALLOC_CAP",
        ])
        .env("BEDPLATE_MALLOC_CAP", "1G")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1G\n");
}

#[test]
fn a_run_inside_a_run_works() {
    let place = Place::new();
    let inner = env!("CARGO_BIN_EXE_bedplate");
    let ran = place.run(
        &["--quiet"],
        &[inner, "run", "--quiet", "--", "sh", "-c", "exit 6"],
    );
    assert_eq!(ran.code(), Some(6), "{}", ran.stderr());
}

#[test]
fn the_report_names_the_settings_in_force() {
    let place = Place::new();
    let output = place
        .bedplate()
        .args(["run", "--", "true"])
        .env("BEDPLATE_MALLOC_CAP", "1G")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.contains("settings in force: BEDPLATE_MALLOC_CAP=1G"),
        "{stderr}"
    );
}

#[test]
fn refused_requests_are_noted() {
    let place = Place::new();
    let source = r"
        #include <stdlib.h>
        int main(void) { return malloc(64 << 20) != NULL; }
    ";
    let program = place.compile("greedy", source, &[]);
    let output = place
        .bedplate()
        .args(["run", "--"])
        .arg(&program)
        .env("BEDPLATE_MALLOC_CAP", "16M")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("1 request for memory failed in greedy because of the cap"),
        "{text}"
    );
}
