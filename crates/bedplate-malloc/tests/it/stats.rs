//! Statistics when a process exits.

use crate::again;
use crate::engine::{Engine, fill, free};
use bedplate_testkit::Subject as _;

/// The case that the parent asked for; nothing when run by itself.
#[test]
fn child() {
    if again::case().is_some() {
        let blocks: Vec<_> = (0..500)
            .map(|_| Engine.malloc(1500).expect("memory is there"))
            .collect();
        blocks.iter().for_each(|block| fill(*block, 1500, 1));
        blocks.into_iter().skip(100).for_each(free);
    }
}

#[test]
fn text_goes_to_standard_error() {
    let output = again::command("stats::child", "text")
        .env("BEDPLATE_STATS", "exit")
        .output()
        .expect("the test starts again");
    again::must_pass("text", &output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("bedplate: statistics of"), "{said}");
    let class = said.lines().find(|l| l.trim_start().starts_with("1536 "));
    let live = class.and_then(|l| l.split_whitespace().last());
    assert!(
        live.is_some_and(|n| n.parse().is_ok_and(|n: u32| n >= 100)),
        "{said}"
    );
    assert!(said.contains("slabs_taken"), "{said}");
}

#[test]
fn each_process_appends_a_line_of_json() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("stats.json");
    for _ in 0..2 {
        let output = again::command("stats::child", "json")
            .env("BEDPLATE_STATS", &path)
            .output()
            .expect("the test starts again");
        again::must_pass("json", &output);
        assert!(output.stderr.is_empty());
    }
    let text = std::fs::read_to_string(&path).expect("the file was written");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert!(
            line.starts_with("{\"version\":1,\"pid\":") && line.ends_with("]}"),
            "{line}"
        );
        assert!(line.contains("\"block_bytes\":1536,"), "{line}");
        let balance = |open, close| line.matches(open).count() == line.matches(close).count();
        assert!(balance('{', '}') && balance('[', ']'), "{line}");
    }
}

#[test]
fn what_cannot_be_written_is_said_and_a_wrong_value_is_an_error() {
    let ended = |value: &str| {
        let output = again::command("stats::child", "refused")
            .env("BEDPLATE_STATS", value)
            .output()
            .expect("the test starts again");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let (code, said) = ended("/no/such/directory/stats");
    assert_eq!(code, Some(0));
    assert!(
        said.contains("cannot write statistics to /no/such"),
        "{said}"
    );
    let (code, said) = ended("always");
    assert_eq!(code, Some(125));
    assert!(said.contains("exit, or a path"), "{said}");
}
