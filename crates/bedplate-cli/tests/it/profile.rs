//! Heap profiles: from sampled allocations to files, and what changed between two.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::machine::Place;

/// 3000 kept blocks of 1 KiB by way of a wrapper, 60,000 freed ones of 512 bytes, C++ names.
const ASKS: &str = r#"
#include <cstdlib>
#include <cstring>
#include <unistd.h>
namespace app {
void *keeps[3000];
__attribute__((noinline)) void *xmalloc(std::size_t n) { void *p = std::malloc(n); std::memset(p, 1, n); return p; }
template <class T> struct Cache {
    __attribute__((noinline)) void fill(int from, int to) {
        for (int i = from; i < to; i++) keeps[i] = xmalloc(1020);
    }
};
__attribute__((noinline)) void churn() {
    for (int i = 0; i < 60000; i++) { void *p = xmalloc(510); std::free(p); }
}
}
int main(int count, char **) {
    app::Cache<long> cache;
    cache.fill(0, count > 1 ? 3000 : 1000);
    app::churn();
    usleep(1000000);
    return 0;
}
"#;

#[test]
fn call_sites_are_named_and_weighed_and_profiles_compared() {
    let place = Place::new();
    let program = place.compile("asks", ASKS, &["-x", "c++", "-g"]);
    let file = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let (small, large) = (file("small.pb.gz"), file("large.pb.gz"));
    let (folded, flame, html) = (file("folded"), file("flame.svg"), file("page.html"));
    let first = place.run(&["--sample", "4K", "--pprof", &small], &[&program]);
    assert_eq!(first.code(), Some(0), "{}", first.stderr());
    let more = [
        "--sample",
        "4K",
        "--profile",
        &large,
        "--folded",
        &folded,
        "--flame",
        &flame,
        "--html",
        &html,
    ];
    let ran = place.run(&more, &[program.to_str().unwrap(), "more"]);
    assert_eq!(ran.code(), Some(0), "{}", ran.stderr());

    sites_are_true(&ran.report["profile"]);

    let lines = fs::read_to_string(&folded).unwrap();
    assert!(
        lines.contains("main;app::Cache<long>::fill(int, int)"),
        "{lines}"
    );
    assert!(fs::read_to_string(&flame).unwrap().contains("<svg"));
    assert!(
        fs::read_to_string(&html)
            .unwrap()
            .contains("app::Cache&lt;long&gt;::fill")
    );

    let changes = file("changes");
    let compared = Command::new(env!("CARGO_BIN_EXE_bedplate"))
        .args(["profile", "diff", &small, &large, "--folded", &changes])
        .output()
        .unwrap();
    let table = String::from_utf8_lossy(&compared.stdout);
    assert_eq!(compared.status.code(), Some(0), "{table}");
    let asker = table.lines().nth(1).unwrap();
    assert!(asker.contains('+') && asker.contains("xmalloc"), "{table}");
    assert!(
        fs::read_to_string(&changes)
            .unwrap()
            .contains("fill(int, int)")
    );
}

/// Estimates of the two call sites, against what the program did.
fn sites_are_true(profile: &Value) {
    assert_eq!(profile["rate_bytes"], 4096);
    let site = &profile["sites"][0];
    let function = site["function"].as_str().expect("a figure of the report");
    assert!(
        function.starts_with("app::Cache<long>::fill(int, int)"),
        "{function}"
    );
    // 750 samples are expected: 3.2 % is a standard deviation.
    let live = site["peak_bytes"].as_f64().expect("a figure of the report") / (3000.0 * 1024.0);
    assert!((0.82..1.18).contains(&live), "{live} of the truth");
    let churn = profile["sites"].as_array().expect("a figure of the report");
    let churn = churn
        .iter()
        .find(|site| {
            site["function"]
                .as_str()
                .expect("a figure of the report")
                .starts_with("app::churn()")
        })
        .expect("the churn was sampled");
    assert!(
        churn["end_bytes"].as_f64().expect("a figure of the report") < 1.0,
        "all of it was freed"
    );
    let made = churn["allocated_bytes"]
        .as_f64()
        .expect("a figure of the report")
        / (60_000.0 * 512.0);
    assert!((0.93..1.07).contains(&made), "{made} of the truth");
}

#[test]
fn what_is_no_profile_is_refused() {
    let place = Place::new();
    let text = place.path("text");
    fs::write(&text, "no profile").unwrap();
    let text = text.to_str().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_bedplate"))
        .args(["profile", "diff", text, text])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains("bedplate run --pprof"), "{stderr}");
    assert!(stderr.contains("failed to read the profile"), "{stderr}");
}

#[test]
fn a_program_without_samples_gives_a_note_and_no_file() {
    let place = Place::new();
    let file = place.path("none.pb.gz");
    let ran = place.run(
        &["--sample", "1G", "--pprof", file.to_str().unwrap()],
        &["sh", "-c", "exit 3"],
    );
    assert_eq!(ran.code(), Some(3));
    assert!(
        ran.stderr().contains("no allocation was sampled"),
        "{}",
        ran.stderr()
    );
    assert!(!file.exists());
}
