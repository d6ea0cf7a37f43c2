//! How often the operations of a tree run under a command.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::machine::Place;

const MANIFEST: &str = r#"[package]
name = "demo-heat"
version = "0.1.0"
edition = "2021"

[profile.release]
debug = "line-tables-only"

[workspace]
"#;

/// Counters that run in every step, in every hundredth, once, behind a variable, and in a function
/// of its own; one that is not built, and one that the program rests on.
const SOURCE: &str = r#"use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

struct Stats {
    steps: AtomicU64,
    rounds: AtomicU64,
    traced: AtomicU64,
    wrapped: AtomicU64,
    unbuilt: AtomicU64,
}

static STATS: Stats = Stats {
    steps: AtomicU64::new(0),
    rounds: AtomicU64::new(0),
    traced: AtomicU64::new(0),
    wrapped: AtomicU64::new(0),
    unbuilt: AtomicU64::new(0),
};
static NEXT: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

#[inline(never)]
fn step(state: u64, is_traced: bool) -> u64 {
    STATS
        .steps
        .fetch_add(1, Relaxed);
    if is_traced {
        STATS.traced.fetch_add(1, Relaxed);
        println!("{}", STATS.traced.load(Relaxed));
    }
    #[cfg(feature = "unbuilt")]
    STATS.unbuilt.fetch_add(1, Relaxed);
    state.wrapping_mul(6364136223846793005).wrapping_add(1)
}

fn main() {
    let is_traced = std::env::var_os("DEMO_TRACE").is_some();
    let mut state = 1;
    loop {
        let round = NEXT.fetch_add(1, Relaxed);
        if round == 20_000 {
            break;
        }
        state = step(state, is_traced);
        if round % 100 == 0 {
            STATS.rounds.fetch_add(1, Relaxed);
            bump(&STATS.wrapped);
        }
    }
    println!("{state} {}", STATS.steps.load(Relaxed));
    println!("{} {}", STATS.rounds.load(Relaxed), STATS.wrapped.load(Relaxed));
    #[cfg(feature = "unbuilt")]
    println!("{}", STATS.unbuilt.load(Relaxed));
}
"#;

const C_SOURCE: &str = r#"#include <stdatomic.h>
#include <stdio.h>
static atomic_ulong hits;
__attribute__((noinline)) static unsigned long step(unsigned long x) {
  atomic_fetch_add_explicit(&hits, 1, memory_order_relaxed);
  return x * 6364136223846793005ul + 1;
}
int main(void) {
  unsigned long x = 1;
  for (int i = 0; i < 5000; i++) x = step(x);
  printf("%lu\n", x >> 63);
  printf("%lu\n", atomic_load(&hits));
  return 0;
}
"#;

/// The sources of the demo.
pub(crate) fn write_demo(place: &Place) {
    fs::create_dir_all(place.path("demo/src")).expect("a directory");
    fs::write(place.path("demo/Cargo.toml"), MANIFEST).expect("a manifest");
    fs::write(place.path("demo/src/main.rs"), SOURCE).expect("a source");
}

/// A release build of the demo, with these variables.
fn demo(place: &Place, variables: &[(&str, &str)]) {
    write_demo(place);
    let mut cargo = Command::new(env!("CARGO"));
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER"] {
        cargo.env_remove(name);
    }
    let output = cargo
        .args(["build", "--release", "--quiet", "--target-dir"])
        .arg(place.path("target"))
        .envs(variables.iter().copied())
        .current_dir(place.path("demo"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{output:?}");
}

/// `bedplate audit TREE --profile -- WORDS`.
fn profiled(place: &Place, tree: &Path, words: &[&str]) -> Output {
    let mut command = place.bedplate();
    command
        .arg("audit")
        .arg(tree)
        .arg("--profile")
        .arg("--json")
        .arg(place.path("audit.json"))
        .arg("--sarif")
        .arg(place.path("audit.sarif"))
        .arg("--")
        .args(words);
    command.output().expect("bedplate starts")
}

fn read(place: &Place, name: &str) -> Value {
    let text = fs::read_to_string(place.path(name)).expect("the document");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn operations_are_hot_warm_dead_or_not_built() {
    let place = Place::new();
    demo(&place, &[]);
    let program = place.path("target/release/demo-heat").display().to_string();
    let output = profiled(&place, &place.path("demo"), &[&program]);
    assert_eq!(output.status.code(), Some(10), "{output:?}");

    let document = read(&place, "audit.json");
    let profile = &document["profile"];
    let locations = profile["locations"].as_array().expect("locations");
    let of = |name: &str| {
        let found = locations.iter().find(|it| it["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {profile}"))
    };
    // The addition in a call over three lines, by its locked instruction.
    let first = &of("Stats.steps")["operations"][0];
    assert_eq!(first["executions"], 20_000, "{first}");
    assert_eq!(first["counted_by"], "locked-instructions");
    assert_eq!(of("Stats.steps")["heat"], "HOT");
    assert!(of("Stats.steps")["bound_percent"].as_f64() > Some(0.0));
    assert_eq!(of("NEXT")["locked_executions"], 20_001);
    assert_eq!(of("Stats.rounds")["locked_executions"], 200);
    assert!(of("Stats.wrapped")["locked_executions"].as_u64() >= Some(200));
    assert_eq!(of("Stats.traced")["locked_executions"], 0);
    assert_eq!(of("Stats.traced")["heat"], "DEAD");
    assert_eq!(of("Stats.unbuilt")["heat"], "NO-CODE");
    assert!(profile["instructions"].as_u64() > Some(100_000));

    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("  1. EXPORTED Stats.steps"), "{text}");
    assert!(text.contains("uncontended"), "{text}");
    assert!(text.contains("DEAD: 0 executions"), "{text}");
    let sarif = read(&place, "audit.sarif");
    let message = &sarif["runs"][0]["results"][0]["message"]["text"];
    assert!(message.to_string().contains("HOT"), "{message}");
}

#[test]
fn a_program_without_line_tables_is_an_error_that_says_what_to_do() {
    let place = Place::new();
    demo(
        &place,
        &[
            ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
            ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
        ],
    );
    let program = place.path("target/release/demo-heat").display().to_string();
    let output = profiled(&place, &place.path("demo"), &[&program]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot see the source"), "{said}");
    assert!(said.contains("CARGO_PROFILE_RELEASE_DEBUG"), "{said}");
}

#[test]
fn a_child_of_the_command_is_counted_in_c_too() {
    let place = Place::new();
    let tree = place.path("source");
    fs::create_dir_all(&tree).expect("a directory");
    fs::create_dir_all(place.path("build")).expect("a directory");
    fs::write(tree.join("steps.c"), C_SOURCE).expect("a source");
    let output = Command::new("cc")
        .args(["-g", "-O2", "../source/steps.c", "-o", "steps"])
        .current_dir(place.path("build"))
        .output()
        .expect("cc starts");
    assert!(output.status.success(), "{output:?}");
    let program = place.path("build/steps").display().to_string();
    let output = profiled(&place, &tree, &["sh", "-c", &format!("{program}; true")]);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let hits = &read(&place, "audit.json")["profile"]["locations"][0];
    assert_eq!(hits["locked_executions"], 5_000, "{hits}");
    assert_eq!(hits["heat"], "HOT");
}

#[test]
fn a_command_that_fails_or_is_missing_is_an_error() {
    let place = Place::new();
    let tree = place.path("source");
    fs::create_dir_all(&tree).expect("a directory");
    fs::write(tree.join("steps.c"), C_SOURCE).expect("a source");
    let output = profiled(&place, &tree, &["false"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("ended with code 1"), "{said}");
    let output = profiled(&place, &tree, &["no-such-program"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let output = place.bedplate().args(["audit", ".", "--profile"]).output();
    assert_eq!(output.expect("it starts").status.code(), Some(2));
}
