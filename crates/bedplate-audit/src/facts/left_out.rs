//! What is not the program's, by its name.
//!
//! # Role
//! Knows tests, benches, examples and what is of somebody else, also inside of sources that came with others.
//!
//! # Invariants
//! I1. A file of the program that is not read hides what it does with a location. So a name that the program's
//!     own files may have as well (`test_hooks.c`, `HitTest.cpp`) is asked for what stands in the file.

use crate::syntax::Language;

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// It is the program's.
    Read,
    /// It is not.
    LeftOut,
    /// It is not, if it holds tests or a program of its own.
    IfItTests,
}

/// Where a directory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// For a module of Rust: the program names it.
    ForModule,
    /// Beside one that is named `src`.
    BesideSrc,
    /// Elsewhere.
    Elsewhere,
}

/// Directories whose code is not the program's.
const FOLDERS: [&str; 21] = [
    "test",
    "tests",
    "bench",
    "benches",
    "example",
    "examples",
    "fuzz",
    "fuzzing",
    "fuzztest",
    "ossfuzz",
    "testing",
    "testdata",
    "unittest",
    "unittests",
    "unit_tests",
    "googletest",
    "gmock",
    "compile_fail",
    "third_party",
    "loom",
    "benchmarks",
];

/// Those that may be a module of the program, and are none where they stand beside its `src`.
const BESIDE_SRC: [&str; 8] = [
    "perf",
    "performance",
    "stress",
    "fuzzer",
    "fuzzers",
    "demo",
    "demos",
    "samples",
];

/// Whole names of what is for tests.
const NAMES: [&str; 9] = [
    "test",
    "tests",
    "bench",
    "benches",
    "testutil",
    "testutils",
    "test_util",
    "test_utils",
    "testharness",
];

/// How names of what is for tests end.
const ENDS: [&str; 9] = [
    "_test",
    "_tests",
    "_bench",
    "-test",
    "_unittest",
    "_test_util",
    "_test_utils",
    "_stress",
    "_stress_tool",
];

/// How names of such files of C and C++ end besides.
const ENDS_OF_C: [&str; 13] = [
    "-tests",
    "-unittest",
    "-bench",
    "_unittests",
    "_benchmark",
    "_bench_tool",
    "_fuzzer",
    "_test_helper",
    "_test_helpers",
    "_test_base",
    "_test_common",
    "_test_main",
    "_test_peer",
];

/// How names end that files of the program may have as well.
const ENDS_OF_SOME: [&str; 4] = ["Test", "Tests", "Benchmark", "_fuzz"];

/// What stands in a file of C or C++ that tests something, or is a program of its own.
const MARKS: [&str; 10] = [
    "int main(",
    "int main (",
    "TEST(",
    "TEST_F(",
    "TEST_P(",
    "TEST_CASE(",
    "BENCHMARK(",
    "RUN_TEST(",
    "LLVMFuzzerTestOneInput",
    "BOOST_AUTO_TEST_CASE",
];

/// What the name of a directory says.
pub(super) fn name_of_folder(name: &str, stands: Stands) -> Name {
    let begins = |heads: [&str; 3]| heads.iter().any(|head| name.starts_with(head));
    let is_for_tests = FOLDERS.contains(&name)
        || is_named_for_tests(name)
        || stands == Stands::BesideSrc && BESIDE_SRC.contains(&name)
        || stands != Stands::ForModule && begins(["test_", "test-", "gtest"]);
    if is_for_tests {
        Name::LeftOut
    } else {
        Name::Read
    }
}

/// What the name of a file says.
pub(super) fn name_of_file(name: &str, language: Language) -> Name {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_rust = language == Language::Rust;
    // The second part of a long one has a number.
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = |ends: &[&str]| ends.iter().any(|end| bare.ends_with(end));
    if is_named_for_tests(stem) || !is_rust && ends(&ENDS_OF_C) {
        Name::LeftOut
    } else if !is_rust
        && (ends(&ENDS_OF_SOME) || stem.starts_with("test_") || stem.starts_with("gtest"))
    {
        Name::IfItTests
    } else {
        Name::Read
    }
}

fn is_named_for_tests(stem: &str) -> bool {
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    NAMES.contains(&stem) || ENDS.iter().any(|end| bare.ends_with(end))
}

/// Whether a file of C or C++ holds tests or a program of its own.
pub(super) fn holds_tests(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Name {
        let language = crate::facts::language_of(name).unwrap();
        name_of_file(name, language)
    }

    #[test]
    fn files_of_tests_are_known_by_their_names() {
        for name in [
            "db_test.cc",
            "db_test2.cc",
            "db_test_util.h",
            "channel_test_peer.cc",
            "testutil.cc",
            "db_bench_tool.cc",
            "block_fuzzer.cc",
            "db_stress_tool.cc",
            "tests.rs",
        ] {
            assert_eq!(file(name), Name::LeftOut, "{name}");
        }
        for name in [
            "latest.c",
            "self_test_core.c",
            "contest.rs",
            "test_runner.rs",
        ] {
            assert_eq!(file(name), Name::Read, "{name}");
        }
        for name in ["test_hooks.c", "HitTest.cpp", "test_fork.cpp"] {
            assert_eq!(file(name), Name::IfItTests, "{name}");
        }
    }

    #[test]
    fn what_may_be_a_module_counts_beside_sources_only() {
        assert_eq!(name_of_folder("perf", Stands::BesideSrc), Name::LeftOut);
        assert_eq!(name_of_folder("perf", Stands::Elsewhere), Name::Read);
        assert_eq!(name_of_folder("test_zmq", Stands::Elsewhere), Name::LeftOut);
        assert_eq!(name_of_folder("test_runner", Stands::ForModule), Name::Read);
        assert_eq!(name_of_folder("bytestring", Stands::BesideSrc), Name::Read);
    }
}
