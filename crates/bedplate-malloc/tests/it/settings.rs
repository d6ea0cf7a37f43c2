//! Settings from the environment.

use crate::again;
use crate::engine::{Engine, fill, free};
use bedplate_malloc::config::{self, Huge, OPTIONS};
use bedplate_malloc::counters::CountersSnapshot;
use bedplate_testkit::Subject as _;

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    let Some(case) = again::case() else { return };
    let block = Engine.malloc(5 << 20).expect("memory is there");
    fill(block, 5 << 20, 1);
    free(block);
    let current = config::current();
    match case.as_str() {
        "system" => assert_eq!(current.huge_pages(), Huge::System),
        "always" => assert_eq!(current.huge_pages(), Huge::Always),
        "never" => assert_eq!(current.huge_pages(), Huge::Never),
        "cap" => {
            assert_eq!(current.cap_bytes(), 64 << 20);
            assert!(Engine.malloc(70 << 20).is_none());
            assert!(CountersSnapshot::own().capped >= 1);
        }
        "on" => assert!(current.purge_thread()),
        "off" => {
            let blocks: Vec<_> = (0..500)
                .map(|_| Engine.malloc(100_000).expect("memory is there"))
                .collect();
            blocks.iter().for_each(|b| fill(*b, 100_000, 1));
            blocks.into_iter().for_each(free);
            assert!(!current.purge_thread());
            assert_eq!(CountersSnapshot::own().purge_threads, 0);
        }
        other => panic!("no case is named {other}"),
    }
}

#[test]
fn each_value_is_taken() {
    for (name, value, case) in [
        ("HUGE_PAGES", "system", "system"),
        ("HUGE_PAGES", "always", "always"),
        ("HUGE_PAGES", "never", "never"),
        ("CAP", "64M", "cap"),
        ("PURGE_THREAD", "on", "on"),
        ("PURGE_THREAD", "off", "off"),
    ] {
        let output = again::command("settings::child", case)
            .env(format!("BEDPLATE_MALLOC_{name}"), value)
            .output()
            .expect("the test starts again");
        again::must_pass(case, &output);
    }
}

#[test]
fn a_wrong_setting_ends_the_process_with_125_and_says_why() {
    let long = format!("/{}", "d".repeat(250));
    for (name, value, reason) in [
        ("CAPS", "1G", "no setting is named BEDPLATE_MALLOC_CAPS"),
        ("CAP", "1O0M", "bytes from 1M on"),
        ("CAP", "5", "bytes from 1M on"),
        ("CAP", "99999999999999999999", "bytes from 1M on"),
        ("HUGE_PAGES", "maybe", "system, always or never"),
        ("PURGE_THREAD", "1", "on or off"),
        ("RUN", "relative/path", "an absolute path"),
        ("RUN", &long, "an absolute path"),
    ] {
        let output = again::command("settings::child", "system")
            .env(format!("BEDPLATE_MALLOC_{name}"), value)
            .output()
            .expect("the test starts again");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(125), "{name}={value}: {said}");
        assert!(said.contains(reason), "{name}={value}: {said}");
    }
}

/// Every row of the table stands in the documentation, with its name, default and bounds.
#[test]
fn the_documentation_lists_every_setting() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/malloc.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let rows: Vec<_> = page
        .lines()
        .filter(|l| l.starts_with("| `BEDPLATE_"))
        .collect();
    assert_eq!(rows.len(), OPTIONS.len());
    for (row, option) in rows.iter().zip(OPTIONS) {
        for word in [
            option.env,
            option.default,
            option.min,
            option.max,
            option.text,
        ] {
            assert!(row.contains(word), "{word} in {row}");
        }
    }
}
