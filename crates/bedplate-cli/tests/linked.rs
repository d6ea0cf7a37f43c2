//! A Rust program that links bedplate itself, under `bedplate run`: this one.

use std::env;
use std::fs;
use std::process::{Command, Stdio};

#[global_allocator]
static ALLOCATOR: bedplate_malloc::Malloc = bedplate_malloc::Malloc::new();

/// What is run: a test that holds blocks for a while.
#[test]
fn a_program_that_links_bedplate() {
    let blocks: Vec<Vec<u8>> = (0..1000).map(|bytes| vec![1; bytes]).collect();
    std::thread::sleep(core::time::Duration::from_millis(50));
    assert_eq!(blocks.iter().map(Vec::len).sum::<usize>(), 499_500);
}

#[test]
fn both_allocators_are_told_apart() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let (text, html) = (place.path().join("text"), place.path().join("html"));
    let status = Command::new(env!("CARGO_BIN_EXE_bedplate"))
        .args(["run", "--versus", "system", "--rounds", "1", "--report"])
        .arg(&text)
        .arg("--html")
        .arg(&html)
        .arg("--")
        .arg(env::current_exe().expect("this program has a path"))
        .args(["--exact", "a_program_that_links_bedplate"])
        .env("XDG_CACHE_HOME", place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("bedplate starts");
    assert!(status.success());
    for (file, parts) in [
        (
            text,
            [
                "production library and bedplate linked into the program",
                "bedplate linked into the program: block sizes",
                "preloaded production library: block sizes",
                "the program links bedplate itself",
            ],
        ),
        (
            html,
            [
                "production library and bedplate linked into the program",
                "Block sizes, bedplate linked into the program",
                "Block sizes, preloaded production library",
                "the program links bedplate itself",
            ],
        ),
    ] {
        let report = fs::read_to_string(file).expect("the report was written");
        // Lines of the text are broken where they are full.
        let words: Vec<&str> = report.split_whitespace().collect();
        let joined = words.join(" ");
        for part in parts {
            assert!(joined.contains(part), "{part}: {report}");
        }
    }
}
