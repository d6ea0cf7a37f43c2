//! Comparisons of two builds of one cargo project.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::machine::Place;

const MANIFEST: &str = r#"[package]
name = "demo-prog"
version = "0.1.0"
edition = "2021"

[features]
default = ["usual"]
usual = []
slow = []
same = []
guarded = []
broken = []

[package.metadata.bedplate.gates]
slowness = { feature = "slow" }
twice = { env = "DEMO_TWICE=yes" }

[workspace]
"#;

/// 20 000 steps of some instructions; each feature does what its name says.
const SOURCE: &str = r#"use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
fn mix(state: u64) -> u64 {
    let mut next = state;
    for _ in 0..8 {
        next = next.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        next ^= next >> 29;
    }
    next
}

#[inline(never)]
fn step(state: u64, is_traced: bool) -> u64 {
    let next = mix(state);
    #[cfg(feature = "slow")]
    COUNT.fetch_add(next >> 63, Ordering::Relaxed);
    if is_traced {
        #[cfg(feature = "guarded")]
        COUNT.fetch_add(next >> 62, Ordering::Relaxed);
        return next + 1;
    }
    next
}

fn main() {
    #[cfg(feature = "broken")]
    let () = "not a unit";
    let is_traced = std::env::var_os("DEMO_TRACE").is_some();
    let steps = if option_env!("DEMO_TWICE").is_some() { 40_000 } else { 20_000 };
    let mut state = 1;
    for _ in 0..steps {
        state = step(state, is_traced);
    }
    println!("{state} {}", COUNT.load(Ordering::Relaxed) >> 60);
}
"#;

/// Few pairs of instruction counts: they do not depend on who else uses the machine.
const COUNTED: [&str; 6] = [
    "--metric",
    "instructions",
    "--calibration",
    "5",
    "--pairs-max",
    "12",
];

pub(crate) struct Demo {
    place: Place,
}

impl Demo {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        fs::create_dir_all(place.path("demo/src")).expect("a directory");
        fs::write(place.path("demo/Cargo.toml"), MANIFEST).expect("a manifest");
        fs::write(place.path("demo/src/main.rs"), SOURCE).expect("a source");
        Self { place }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.place.path("demo")
    }

    /// `bedplate ab` in the project.
    fn ab<S: AsRef<OsStr>>(&self, options: &[S]) -> Output {
        self.command().args(options).output().expect("it starts")
    }

    fn command(&self) -> Command {
        self.command_of(&["ab"])
    }

    /// A command in the project, whose document is read by [`Self::document`].
    pub(crate) fn command_of(&self, words: &[&str]) -> Command {
        let mut command = self.place.bedplate();
        // Of the build that these tests belong to.
        for name in [
            "CARGO_TARGET_DIR",
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTC_WRAPPER",
        ] {
            command.env_remove(name);
        }
        command
            .current_dir(self.root())
            .args(words)
            .args(["--unfit-ok", "--json"])
            .arg(self.place.path("ab.json"));
        command
    }

    pub(crate) fn document(&self) -> Value {
        let text = fs::read_to_string(self.place.path("ab.json")).expect("the document");
        serde_json::from_str(&text).expect("JSON")
    }

    fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.root())
            .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
            .args(words)
            .output()
            .expect("git starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether this machine has the counter that step 0 needs.
pub(crate) fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok()
}

#[test]
fn a_feature_that_costs_is_no_go_over_fresh_layouts() {
    if !has_valgrind() {
        return;
    }
    let demo = Demo::new();
    let options = [COUNTED.as_slice(), &["--feature", "demo-prog/slow"]].concat();
    let output = demo.ab(&options);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("each run was linked anew"), "{text}");
    let found = demo.document();
    let build = &found["build"];
    assert_eq!(build["execution"]["ran"], true);
    assert_eq!(build["execution"]["executions"], 20_000);
    assert_eq!(build["one_layout_because"], Value::Null);
    assert!(build["layouts"].as_u64().unwrap() >= 8, "{build}");
    assert!(text.contains("src/main.rs:19"), "{text}");
    let change = found["change_percent"].as_f64().unwrap();
    assert!((2.0..20.0).contains(&change), "{change}");
}

#[test]
fn a_feature_that_changes_nothing_is_identical() {
    let demo = Demo::new();
    let output = demo.ab(&["--feature", "demo-prog/same"]);
    assert_eq!(output.status.code(), Some(14), "{output:?}");
    // Also one that is on by default, and so must be switched off for A.
    let output = demo.ab(&["--feature", "demo-prog/usual"]);
    assert_eq!(output.status.code(), Some(14), "{output:?}");
    assert_eq!(demo.document()["build"]["a"], "without demo-prog/usual");
}

#[test]
fn code_behind_an_unset_variable_is_not_executed() {
    if !has_valgrind() {
        return;
    }
    let demo = Demo::new();
    let output = demo.ab(&["--feature", "demo-prog/guarded"]);
    assert_eq!(output.status.code(), Some(15), "{output:?}");
    let text = stdout(&output);
    assert!(text.starts_with("NOT EXECUTED"), "{text}");
    assert!(text.contains("0 of 20000 executions"), "{text}");
    assert!(text.contains("DEMO_TRACE is unset"), "{text}");
    let found = demo.document();
    assert_eq!(found["verdict"], "NOT-EXECUTED");
    let execution = &found["build"]["execution"];
    assert_eq!(execution["guarded_by"][0], "DEMO_TRACE");
    assert_eq!(
        (&execution["executions"], &execution["of"]),
        (&0.into(), &20_000.into())
    );
    assert_eq!(found["runs"], 0);

    let quick = [
        "--pairs-max",
        "10",
        "--calibration",
        "5",
        "--witness-seconds",
        "0",
    ];
    let told = [
        quick.as_slice(),
        &["--feature", "demo-prog/guarded", "--unexecuted-ok"],
    ]
    .concat();
    let output = demo.ab(&told);
    assert_ne!(output.status.code(), Some(15), "{output:?}");
    assert!(stdout(&output).contains("--unexecuted-ok was given"));
    let set = [
        quick.as_slice(),
        &["--feature", "demo-prog/guarded", "--keep-env", "DEMO_TRACE"],
    ];
    let output = demo
        .command()
        .env("DEMO_TRACE", "1")
        .args(set.concat())
        .output()
        .unwrap();
    assert_eq!(
        demo.document()["build"]["execution"]["ran"],
        true,
        "{output:?}"
    );
}

/// A linker that links, but in no other order.
fn stubborn_linker(demo: &Demo) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = demo.root().join("linker");
    let script =
        "#!/bin/sh\nfor word; do case $word in *shuffle*) exit 1 ;; esac; done\nexec cc \"$@\"\n";
    fs::write(&path, script).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}

#[test]
fn one_layout_is_said_first() {
    let demo = Demo::new();
    let output = demo
        .command()
        .env(
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
            stubborn_linker(&demo),
        )
        .args(["--pairs-max", "10", "--calibration", "5"])
        .args(["--witness-seconds", "0", "--unexecuted-ok"])
        .args(["--feature", "demo-prog/slow"])
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(
        matches!(output.status.code(), Some(0 | 10..=13)),
        "{output:?}"
    );
    let layout = text.find("ONE LAYOUT").expect("it is said");
    assert!(layout < text.find("again:").unwrap(), "{text}");
    assert!(text.contains("for these two files only"), "{text}");
    assert!(!text.contains("each run was linked anew"), "{text}");
    let build = &demo.document()["build"];
    assert_eq!(build["layouts"], 1);
    let because = build["one_layout_because"].as_str().unwrap();
    assert!(because.contains("lld or mold"), "{because}");
}

#[test]
fn gates_are_those_of_the_manifest() {
    let demo = Demo::new();
    let unknown = demo.ab(&["--gate", "no-such"]);
    assert_eq!(unknown.status.code(), Some(1));
    let said = stderr(&unknown);
    for part in ["slowness", "twice", "package.metadata.bedplate.gates"] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    // Bedplate's own gates are no other project's.
    assert!(!said.contains("class_stats"), "{said}");
    let own = demo.ab(&["--gate", "class_stats"]);
    assert_eq!(own.status.code(), Some(1));
    assert!(stderr(&own).contains("no gate class_stats"), "{own:?}");
    let quick = [
        "--pairs-max",
        "10",
        "--calibration",
        "5",
        "--witness-seconds",
        "0",
    ];
    for (gate, said) in [
        ("slowness", "with demo-prog/slow"),
        ("twice", "built with DEMO_TWICE=yes"),
    ] {
        let output = demo.ab(&[quick.as_slice(), &["--unexecuted-ok", "--gate", gate]].concat());
        assert!(
            matches!(output.status.code(), Some(0 | 10..=13)),
            "{output:?}"
        );
        assert_eq!(demo.document()["build"]["b"], said);
    }
}

#[test]
fn what_cannot_be_built_or_named_is_explained() {
    let demo = Demo::new();
    let output = demo.ab(&["--feature", "demo-prog/broken"]);
    assert_eq!(output.status.code(), Some(17), "{output:?}");
    let said = stderr(&output);
    assert!(
        said.contains("with demo-prog/broken could not be built"),
        "{said}"
    );
    assert!(said.contains("mismatched types"), "{said}");
    let output = demo.ab(&["--feature", "demo-prog/none"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("guarded"), "{output:?}");
    let output = demo.ab(&["--feature", "demo-prog/slow", "--", "true"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("{bin}"), "{output:?}");
}

#[test]
fn revisions_that_differ_in_order_only_are_not_told_apart() {
    if !has_valgrind() {
        return;
    }
    let demo = Demo::new();
    fs::write(demo.root().join(".gitignore"), "target\nCargo.lock\n").unwrap();
    demo.git(&["init", "--quiet"]);
    demo.git(&["add", "."]);
    demo.git(&["commit", "--quiet", "-m", "one"]);
    // The functions change places.
    let at = |text: &str| SOURCE.find(text).unwrap();
    let (mix, step, main) = (
        at("#[inline(never)]\nfn mix"),
        at("#[inline(never)]\nfn step"),
        at("fn main"),
    );
    let other = [
        &SOURCE[..mix],
        &SOURCE[step..main],
        &SOURCE[mix..step],
        &SOURCE[main..],
    ]
    .concat();
    fs::write(demo.root().join("src/main.rs"), other).unwrap();
    demo.git(&["commit", "--quiet", "-a", "-m", "two"]);
    let revisions = ["--rev", "HEAD~1", "--vs-rev", "HEAD", "--", "{bin}"];
    let output = demo.ab(&[COUNTED.as_slice(), &revisions].concat());
    assert!(matches!(output.status.code(), Some(11..=14)), "{output:?}");
    let list = demo.git(&["worktree", "list"]);
    assert_eq!(list.lines().count(), 1, "{list}");
    // Words may stand for other commits later: document, report and replay have the commits.
    let commit = |word: &str| demo.git(&["rev-parse", word]).trim_end().to_owned();
    let (one, two) = (commit("HEAD~1"), commit("HEAD"));
    let found = demo.document();
    assert_eq!(found["build"]["revisions"][0], *one);
    assert_eq!(found["build"]["revisions"][1], *two);
    let text = stdout(&output);
    let again = format!("--rev {one} --vs-rev {two}");
    assert!(text.contains(&again), "{text}");
    let sources = format!("sources: revision {one} as A, {two} as B");
    assert!(text.contains(&sources), "{text}");
    // The same sources in two places are two files, which is explained.
    let same = demo.ab(&["--rev", "HEAD", "--vs-rev", &two]);
    assert_eq!(same.status.code(), Some(14), "{same:?}");
    let found = demo.document();
    if found["a"]["file"]["sha256"] != found["b"]["file"]["sha256"] {
        assert!(stdout(&same).contains("two hashes"), "{same:?}");
    }
    // Of the project itself, what is not committed is named.
    let changed = fs::read_to_string(demo.root().join("src/main.rs")).unwrap() + "// more\n";
    fs::write(demo.root().join("src/main.rs"), changed).unwrap();
    let dirty = demo.ab(&["--feature", "demo-prog/same"]);
    assert_eq!(dirty.status.code(), Some(14), "{dirty:?}");
    let said =
        format!("sources: revision {two} with 1 changed file that is not committed: src/main.rs");
    assert!(stdout(&dirty).contains(&said), "{dirty:?}");
    assert_eq!(demo.document()["build"]["changed"][0], "src/main.rs");
    let missing = demo.ab(&["--rev", "no-such", "--vs-rev", "HEAD"]);
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
}
