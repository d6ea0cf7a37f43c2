//! Programs on which preloading cannot work.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::machine::Place;

const SPEAKS: &str = r#"
#include <stdio.h>
int main(void) { puts("still here"); return 3; }
"#;

#[test]
fn a_static_program_runs_and_is_loudly_not_active() {
    let place = Place::new();
    let program = place.compile("static", SPEAKS, &["-static"]);
    let ran = place.run(&["--quiet"], &[&program]);
    assert_eq!(ran.code(), Some(125));
    assert_eq!(ran.stdout(), "still here\n");
    assert!(ran.stderr().contains("NOT ACTIVE"), "{}", ran.stderr());
    assert!(
        ran.stderr().contains("statically linked"),
        "{}",
        ran.stderr()
    );
    assert_eq!(ran.report["active"], false);
    assert_eq!(ran.report["program_exit"], 3);
    assert_eq!(ran.report["program"]["obstacle"], "static");
}

#[test]
fn a_program_that_drops_the_variable_is_not_active() {
    let place = Place::new();
    let program = place.compile("static", SPEAKS, &["-static"]);
    // A dynamic program that executes a static one: it was active until then, and says so.
    let script = format!("exec {}", program.display());
    let ran = place.run(&[], &["sh", "-c", &script]);
    assert_eq!(ran.stdout(), "still here\n");
    assert_eq!(ran.report["program_exit"], 3);
    assert!(ran.stderr().contains("ACTIVE in sh"), "{}", ran.stderr());
    assert!(
        ran.stderr().contains("NOT ACTIVE in static"),
        "{}",
        ran.stderr()
    );
    assert_eq!(ran.code(), Some(125));
    assert_eq!(ran.report["active"], false);
}

#[test]
fn a_program_started_without_the_variable_is_not_active_however_long_it_runs() {
    let place = Place::new();
    for lasts in ["0.01", "0.4"] {
        let ran = place.run(&["--quiet"], &["env", "-u", "LD_PRELOAD", "sleep", lasts]);
        assert_eq!(ran.code(), Some(125), "{}", ran.stderr());
        assert!(ran.stderr().contains("NOT ACTIVE"), "{}", ran.stderr());
        assert_eq!(ran.report["active"], false);
    }
}

/// Programs that end before any library in them starts: one lacks a library, the other kills itself
/// in what the loader calls first. With how they end.
fn programs_that_never_start(place: &Place) -> [(PathBuf, i32); 2] {
    let library = place.compile(
        "libgone.so",
        "int gone(void) { return 0; }",
        &["-shared", "-fPIC"],
    );
    let directory = format!("-L{}", place.path("").display());
    let source = "int gone(void); int main(void) { return gone(); }";
    let lacks = place.compile(
        "lacks",
        source,
        &[&directory, "-Wl,--no-as-needed", "-lgone"],
    );
    std::fs::remove_file(library).expect("the library is removed");
    let source = r#"
        #include <signal.h>
        #include <unistd.h>
        static void die(void) { kill(getpid(), SIGKILL); }
        __attribute__((section(".preinit_array"), used)) static void (*first)(void) = die;
        int main(void) { return 0; }
    "#;
    let dies = place.compile("dies", source, &[]);
    [(lacks, 127), (dies, 128 + 9)]
}

#[test]
fn a_program_that_ends_before_the_library_starts_says_so() {
    let place = Place::new();
    for (program, _code) in programs_that_never_start(&place) {
        let ran = place.run(&["--quiet"], &[&program]);
        assert_eq!(ran.code(), Some(125), "{}", ran.stderr());
        let because = ran.report["inactive_because"].to_string();
        assert!(because.contains("ended before the library"), "{because}");
    }
}

#[test]
fn what_ran_before_a_program_that_never_started_stays_active() {
    let place = Place::new();
    for (program, code) in programs_that_never_start(&place) {
        let script = format!("exec {}", program.display());
        let ran = place.run(&[], &["sh", "-c", &script]);
        let stderr = ran.stderr();
        assert_eq!(ran.code(), Some(code), "{stderr}");
        assert_eq!(ran.report["active"], true);
        assert!(!stderr.contains("NOT ACTIVE"), "{stderr}");
        let notes = ran.report["notes"].to_string();
        assert!(
            notes.contains("before the library in it started"),
            "{notes}"
        );
    }
}

#[test]
fn a_static_program_that_dies_at_once_is_not_active_whatever_ran_before() {
    let place = Place::new();
    let source = "#include <signal.h>\nint main(void) { raise(SIGKILL); return 0; }";
    let program = place.compile("static", source, &["-static"]);
    let script = format!("exec {}", program.display());
    let ran = place.run(&["--quiet"], &["sh", "-c", &script]);
    assert_eq!(ran.code(), Some(125), "{}", ran.stderr());
}

#[test]
fn a_program_that_renames_itself_stays_active() {
    let place = Place::new();
    let source = r#"
        #include <sys/prctl.h>
        #include <unistd.h>
        int main(void) { prctl(PR_SET_NAME, "another"); usleep(200000); _exit(4); }
    "#;
    let program = place.compile("renames", source, &[]);
    let ran = place.run(&[], &[&program]);
    assert_eq!(ran.code(), Some(4), "{}", ran.stderr());
}

#[test]
fn a_program_that_renames_itself_just_before_it_dies_stays_active() {
    let place = Place::new();
    for (death, code) in [("_exit(4)", 4), ("raise(SIGKILL)", 128 + 9)] {
        // Long enough for the looks to be far apart.
        let source = format!(
            r#"
            #include <signal.h>
            #include <stdlib.h>
            #include <sys/prctl.h>
            #include <unistd.h>
            int main(void) {{
                char *block = malloc(100);
                usleep(400000);
                prctl(PR_SET_NAME, "worker 7");
                {death};
                return block == 0;
            }}
            "#
        );
        let program = place.compile("renames", &source, &[]);
        let ran = place.run(&[], &[&program]);
        assert_eq!(ran.code(), Some(code), "{}", ran.stderr());
        assert_eq!(ran.report["active"], true);
        let stderr = ran.stderr();
        // A look may fall between the new name and the end by chance.
        assert!(!stderr.contains("NOT ACTIVE"), "{stderr}");
    }
}

#[test]
fn a_program_with_its_own_malloc_is_noted() {
    let place = Place::new();
    let source = r#"
        #include <stddef.h>
        #include <unistd.h>
        static char room[1 << 20];
        static size_t used;
        void *malloc(size_t n) { void *p = room + used; used += (n + 15) / 16 * 16; return p; }
        void free(void *p) { (void)p; }
        int main(void) { return malloc(10) == NULL; }
    "#;
    let program = place.compile("own", source, &["-rdynamic"]);
    let ran = place.run(&[], &[&program]);
    assert_eq!(ran.code(), Some(125), "{}", ran.stderr());
    assert!(ran.stderr().contains("never asked"), "{}", ran.stderr());
    assert!(
        ran.stderr().contains("defines malloc itself"),
        "{}",
        ran.stderr()
    );
}

#[test]
fn a_program_for_musl_or_another_processor_is_not_preloaded() {
    let place = Place::new();
    let program = place.compile("plain", SPEAKS, &[]);
    let original = std::fs::read(&program).unwrap();
    // The loader's name is changed to musl's; its file need not exist, the program only not run.
    let mut musl = original.clone();
    let at = musl
        .windows(10)
        .position(|bytes| bytes == b"/lib64/ld-")
        .unwrap();
    musl[at..at + 13].copy_from_slice(b"/lib/ld-musl\0");
    let mut foreign = original;
    // The processor's number in the ELF header: RISC-V.
    foreign[18] = 0xF3;
    for (bytes, obstacle) in [(musl, "musl"), (foreign, "another processor")] {
        std::fs::write(&program, bytes).unwrap();
        let ran = place.run(&[], &[&program]);
        assert!(matches!(ran.code(), Some(125..=127)), "{:?}", ran.code());
        let stderr = ran.stderr();
        assert!(
            stderr.contains("NOT ACTIVE") && stderr.contains(obstacle),
            "{stderr}"
        );
    }
}

#[test]
fn a_program_that_changes_its_rights_is_not_active() {
    let place = Place::new();
    let program = place.compile("setuid", SPEAKS, &[]);
    // Only root can give a file away; for others their own file changes no rights.
    if std::os::unix::fs::chown(&program, Some(65534), None).is_err() {
        return;
    }
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o4755)).unwrap();
    let ran = place.run(&[], &[&program]);
    assert_eq!(ran.code(), Some(125));
    assert_eq!(ran.report["program"]["obstacle"], "privileged");
    assert!(ran.stderr().contains("setuid"), "{}", ran.stderr());
}
