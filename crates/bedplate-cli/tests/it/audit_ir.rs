//! Auditing a tree with what it was compiled to.

use std::path::Path;
use std::process::{Command, Output};

const SOURCE: &str = "use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};\n\
    static HITS: AtomicUsize = AtomicUsize::new(0);\n\
    pub fn hit() { HITS.fetch_add(1, Relaxed); }\n\
    pub fn show() { println!(\"{}\", HITS.load(Relaxed)); }\n\
    #[cfg(feature = \"more\")]\n\
    pub fn more() { HITS.fetch_add(2, Relaxed); }\n";

fn package(folder: &Path, source: &str) {
    let manifest = "[package]\nname = \"counted\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        [features]\nmore = []\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("the folder takes files");
    std::fs::create_dir_all(folder.join("src")).expect("the folder takes files");
    std::fs::write(folder.join("src/lib.rs"), source).expect("the folder takes files");
}

fn audit(folder: &Path, more: &[&str], set: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedplate"))
        .arg("audit")
        .arg(folder)
        .arg("--ir")
        .args(more)
        .envs(set.iter().copied())
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .output()
        .expect("the program starts")
}

fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_package_is_compiled_and_laid_beside_its_source() {
    let folder = tempfile::tempdir().unwrap();
    package(folder.path(), SOURCE);
    let output = audit(folder.path(), &[], &[]);
    let text = words(&output.stdout);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    assert!(text.contains("Compiled: 1 module"), "{text}");
    assert!(text.contains("1. TELEMETRY HITS"), "{text}");
    let left_out = "src/lib.rs:6 change: it stands under `#[cfg(feature = \"more\")]`";
    assert!(text.contains(left_out), "{text}");

    let output = audit(folder.path(), &["--ir-features", "more"], &[]);
    let text = words(&output.stdout);
    assert!(
        text.contains("0 operations of the source were not compiled"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_compiled_is_said_and_the_source_answers() {
    let folder = tempfile::tempdir().unwrap();
    package(
        folder.path(),
        &format!("{SOURCE}\nfn broken() -> u8 {{ \"text\" }}\n"),
    );
    let output = audit(folder.path(), &[], &[]);
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    let said = words(&output.stderr);
    assert!(
        said.contains("counted (library) could not be compiled"),
        "{said}"
    );
    assert!(said.contains("mismatched types"), "{said}");
    let text = words(&output.stdout);
    assert!(text.contains("1. TELEMETRY HITS"), "{text}");
    assert!(!text.contains("Compiled:"), "{text}");
}

#[test]
fn without_cargo_or_clang_it_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    package(folder.path(), SOURCE);
    let output = audit(folder.path(), &[], &[("CARGO", "/nowhere/cargo")]);
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    assert!(
        words(&output.stderr).contains("https://rustup.rs"),
        "{output:?}"
    );

    let folder = tempfile::tempdir().unwrap();
    let text = "static _Atomic(long) calls;\nvoid hit(void) { atomic_fetch_add(&calls, 1); }\n";
    std::fs::write(folder.path().join("a.c"), text).unwrap();
    let output = audit(folder.path(), &[], &[("CLANG", "/nowhere/clang")]);
    assert_eq!(output.status.code(), Some(11), "{output:?}");
    let said = words(&output.stderr);
    assert!(said.contains("apt-get install clang"), "{said}");
    assert!(
        words(&output.stdout).contains("1. TELEMETRY calls"),
        "{output:?}"
    );
}

#[test]
fn files_of_c_are_compiled_by_their_recorded_commands() {
    if Command::new("clang").arg("--version").output().is_err() {
        println!("no clang: files_of_c_are_compiled_by_their_recorded_commands compiles nothing");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let text = "#include <stdatomic.h>\nstatic _Atomic(long) calls;\n\
        long hit(void) { atomic_fetch_add_explicit(&calls, STEP, memory_order_relaxed); return 0; }\n\
        long seen(void) { return atomic_load(&calls); }\n";
    std::fs::write(root.join("a.c"), text).unwrap();
    let commands = serde_json::json!([{
        "directory": root,
        "file": "a.c",
        "command": "cc -DSTEP=2 -Werror -O0 -c a.c -o a.o",
    }]);
    std::fs::write(root.join("compile_commands.json"), commands.to_string()).unwrap();
    let json = root.join("audit.json");
    let output = audit(&root, &["--json", &json.to_string_lossy()], &[]);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(written["built"]["modules"][0], "a.c");
    assert_eq!(written["built"]["joined"], 2, "{written}");
    assert!(!root.join("a.o").exists());
}
