//! Programs on which preloading cannot work.

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
