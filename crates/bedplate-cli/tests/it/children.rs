//! Programs that fork and execute.

use crate::machine::Place;

#[test]
fn children_are_listed_and_say_nothing() {
    let place = Place::new();
    let script = "for i in 1 2 3; do ls / >/dev/null; done; (exit 0); cat /dev/null | cat";
    let report = place.path("report.txt");
    let ran = place.run(
        &["--report", report.to_str().unwrap()],
        &["bash", "-c", script],
    );
    assert_eq!(ran.code(), Some(0));
    assert!(ran.output.stderr.is_empty(), "{}", ran.stderr());
    let groups = ran.report["children"].as_array().unwrap();
    let count = |name: &str| {
        let group = groups.iter().find(|group| group["name"] == name);
        group.map_or(0, |group| group["count"].as_u64().unwrap())
    };
    assert_eq!(count("ls"), 3);
    assert!(count("cat") >= 2);
    assert!(count("bash") >= 1, "forked shells: {groups:?}");
    let ls = groups.iter().find(|group| group["name"] == "ls").unwrap();
    assert_eq!(ls["left_normally"], 3);
    assert!(ls["peak_rss_bytes"].as_u64().unwrap() > 500_000);
}

#[test]
fn a_program_that_execs_is_followed() {
    let place = Place::new();
    let ran = place.run(&[], &["env", "FOO=1", "sh", "-c", "exit 9"]);
    assert_eq!(ran.code(), Some(9));
    assert_eq!(ran.report["processes"][0]["name"], "sh");
}

#[test]
fn a_child_left_behind_does_not_keep_the_run() {
    let place = Place::new();
    let started = std::time::Instant::now();
    let ran = place.run(
        &["--quiet"],
        &["sh", "-c", "sleep 20 >/dev/null 2>&1 </dev/null & exit 0"],
    );
    assert_eq!(ran.code(), Some(0));
    assert!(started.elapsed().as_secs() < 15);
}
