//! Programs that signals end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::machine::Place;

#[test]
fn a_crash_is_128_and_the_signal() {
    let place = Place::new();
    for (signal, number) in [("SEGV", 11), ("ABRT", 6), ("KILL", 9)] {
        let script = format!("kill -{signal} $$");
        let ran = place.run(&[], &["sh", "-c", &script]);
        assert_eq!(ran.code(), Some(128 + number), "{}", ran.stderr());
        assert_eq!(ran.report["program_signal"], number);
        assert_eq!(ran.report["active"], true);
        assert!(
            ran.stderr().contains(&format!("signal {number}")),
            "{}",
            ran.stderr()
        );
    }
}

#[test]
fn the_last_measurement_of_a_program_that_does_not_wait_is_a_late_one() {
    let place = Place::new();
    let source = r#"
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int main(void) {
            enum { N = 40 };
            char *kept[N];
            for (int i = 0; i < N; i++) { kept[i] = malloc(1 << 20); memset(kept[i], 1, 1 << 20); }
            usleep(900000);
            for (int i = 5; i < N; i++) free(kept[i]);
            usleep(800000);
            _exit(0);
        }
    "#;
    let program = place.compile("drops", source, &[]);
    let ran = place.run(&[], &[&program]);
    assert_eq!(ran.code(), Some(0));
    let process = &ran.report["processes"][0];
    let live = |moment: &str| process[moment]["heaps"][0]["live_bytes"].as_u64().unwrap();
    assert!(live("at_peak") > 38 << 20, "{}", live("at_peak"));
    assert!(live("at_end") < 8 << 20, "{}", live("at_end"));
    assert!(process["at_end"]["ms"].as_f64() > process["at_peak"]["ms"].as_f64());
    assert!(ran.stderr().contains("last, at "), "{}", ran.stderr());
}

#[test]
fn a_peak_that_was_not_measured_is_noted() {
    let place = Place::new();
    let source = r#"
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <unistd.h>
        int main(void) {
            usleep(600000);
            size_t n = 4 << 20;
            char *p = mmap(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memset(p, 1, n);
            munmap(p, n);
            _exit(0);
        }
    "#;
    let program = place.compile("spikes", source, &[]);
    let ran = place.run(&[], &[&program]);
    let stderr = ran.stderr();
    let process = &ran.report["processes"][0];
    let measured = process["at_peak"]["rss_bytes"].as_f64().unwrap();
    let peak = process["peak_rss_bytes"].as_f64().unwrap();
    // A look may fall into the few milliseconds by chance.
    let is_missed = measured < 0.99 * peak;
    assert_eq!(stderr.contains("were measured at "), is_missed, "{stderr}");
}

#[test]
fn an_end_signal_reaches_the_program_and_the_report_still_comes() {
    let place = Place::new();
    let json = place.path("report.json");
    let script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    let mut child = place
        .bedplate()
        .args(["run", "--quiet", "--json"])
        .arg(&json)
        .args(["--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    let sent = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(5));
    assert!(json.is_file());
}

#[test]
fn the_program_has_the_usual_signal_dispositions() {
    let place = Place::new();
    let show = ["grep", "SigIgn", "/proc/self/status"];
    let ran = place.run(&["--quiet"], &show);
    let plain = Command::new(show[0]).args(&show[1..]).output().unwrap();
    assert_eq!(ran.stdout(), String::from_utf8_lossy(&plain.stdout));
}
