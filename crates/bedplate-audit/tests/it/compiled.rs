//! The compiled code beside the source.
//!
//! The modules of `tests/fixtures` were made by
//! `rustc --edition 2024 --crate-type lib --emit=llvm-ir -Ccodegen-units=1 -Copt-level=2
//! -Cdebuginfo=2 -Cincremental=FOLDER counters.rs` (1.95) and `clang -S -emit-llvm -g -O2 counters.c`
//! (14), with the folders changed to `/tree`.

use std::path::Path;

use bedplate_audit::built::{Built, BuiltLocation};
use bedplate_audit::ir::Module;
use bedplate_audit::{Audit, Class, Compilation, Source, audit, audit_compiled, report};

use crate::class_of;

const RUST: &str = include_str!("../fixtures/counters.rs");
const RUST_CODE: &str = include_str!("../fixtures/counters-rust.ll");
const C: &str = include_str!("../fixtures/counters.c");
const C_CODE: &str = include_str!("../fixtures/counters-c.ll");

fn sources(path: &str, text: &str) -> [Source; 1] {
    [Source::new(path, text)]
}

fn compiled(path: &str, text: &str, code: &str, is_complete: bool) -> Audit {
    let module = Module::read("counters", code, Path::new("/tree"));
    let compilation = Compilation::new(vec![module], is_complete);
    audit_compiled(&sources(path, text), &compilation)
}

fn rust() -> Audit {
    compiled("counters.rs", RUST, RUST_CODE, true)
}

fn built(audit: &Audit) -> &Built {
    audit.built.as_ref().expect("it was compiled")
}

fn location<'a>(audit: &'a Audit, name: &str) -> &'a BuiltLocation {
    let found = built(audit).locations.iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("{name} was not found in {audit:#?}"))
}

#[test]
fn a_change_over_several_lines_is_found_with_its_width() {
    let audit = rust();
    let shown = location(&audit, "Counters.shown");
    let change = shown.operations.iter().find(|one| one.kind == "change");
    let change = change.unwrap();
    assert_eq!((change.instructions, change.at.text.as_str()), (1, "self"));
    assert!(change.bits.contains(&64) && change.orders.contains("relaxed"));
    assert!(change.value.is_empty(), "{change:?}");
    assert_eq!(class_of(&audit, "Counters.shown"), Class::Telemetry);
}

#[test]
fn a_helper_that_was_inlined_belongs_to_its_caller() {
    let audit = rust();
    let taken = location(&audit, "Counters.taken");
    assert!(taken.operations[0].value.contains("a branch depends on it"));
    assert_eq!(class_of(&audit, "Counters.taken"), Class::Correctness);
}

#[test]
fn a_read_that_a_macro_hides_makes_a_static_unknown() {
    let by_source = audit(&sources("counters.rs", RUST));
    assert_eq!(class_of(&by_source, "HIDDEN"), Class::Telemetry);
    let audit = rust();
    assert_eq!(class_of(&audit, "HIDDEN"), Class::Unknown);
    let hidden = location(&audit, "HIDDEN");
    assert_eq!(hidden.class_by_source, Some(Class::Telemetry));
    let found = audit.locations.iter().find(|one| one.name == "HIDDEN");
    let first = &found.unwrap().evidence[0];
    assert!(first.note.contains("a branch depends on it"), "{first:?}");
    assert_eq!(first.at.text, "if apply!(HIDDEN, load) > 9 {");
}

#[test]
fn a_read_that_a_macro_hides_makes_a_field_unknown() {
    let by_source = audit(&sources("counters.rs", RUST));
    assert_eq!(class_of(&by_source, "Counters.masked"), Class::Telemetry);
    assert_eq!(class_of(&rust(), "Counters.masked"), Class::Unknown);
}

#[test]
fn what_the_compiler_drops_is_telemetry_where_all_was_compiled() {
    let by_source = audit(&sources("counters.rs", RUST));
    assert_eq!(class_of(&by_source, "LAST"), Class::Unknown);
    let audit = rust();
    assert_eq!(class_of(&audit, "LAST"), Class::Telemetry);
    assert!(
        location(&audit, "LAST").not_built[0]
            .why
            .contains("drops the static")
    );
    let part = compiled("counters.rs", RUST, RUST_CODE, false);
    assert_eq!(class_of(&part, "LAST"), Class::Unknown);
}

#[test]
fn what_was_not_compiled_has_a_reason() {
    let audit = rust();
    let on = location(&audit, "Counters.on");
    let reasons: Vec<&str> = on.not_built.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "it stands under `#[cfg(feature = \"stats\")]`",
            "generic, and used with no type in what was compiled"
        ]
    );
    let left = location(&audit, "LEFT");
    assert!(left.not_built[0].why.contains("never called"), "{left:?}");
}

#[test]
fn correctness_stays_and_the_rest_is_counted() {
    let audit = rust();
    assert_eq!(class_of(&audit, "Counters.taken"), Class::Correctness);
    assert_eq!(class_of(&audit, "Counters.on"), Class::Unknown);
    let built = built(&audit);
    assert_eq!(built.standard, 1, "the count of an `Arc`");
    assert_eq!(built.unseen.len(), 2, "{:?}", built.unseen);
}

#[test]
fn macros_and_inlined_functions_of_c_are_joined() {
    let audit = compiled("counters.c", C, C_CODE, true);
    for (name, value) in [("calls", None), ("table.sent", None)] {
        let found = location(&audit, name);
        assert_eq!(found.operations[0].value.first().map(String::as_str), value);
        assert!(
            found
                .not_built
                .iter()
                .all(|one| one.why.contains("#ifdef WITH_STATS")),
            "{found:?}"
        );
    }
    let kept = location(&audit, "kept");
    assert_eq!(kept.class_by_source, None, "a loop inside of an operation");
    assert_eq!(class_of(&audit, "kept"), Class::Telemetry);
    let lost = location(&audit, "table.lost");
    assert!(lost.operations[0].orders.contains("acquire-release"));
    assert!(lost.operations[0].bits.contains(&32));
    assert_eq!(class_of(&audit, "level"), Class::Correctness);
    assert_eq!(class_of(&audit, "head"), Class::Correctness);
}

#[test]
fn text_and_documents_hold_both() {
    let audit = rust();
    let text = report::text(&audit, false);
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    for part in [
        "Compiled: 1 module (12 atomic instructions).",
        "by the source alone it was TELEMETRY",
        "Not compiled here",
        "Compiled, and not seen in the source",
    ] {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(part), "{part}: {text}");
    }
    let json = serde_json::to_value(&audit).unwrap();
    assert_eq!(json["built"]["instructions"], 12);
    let sarif = report::sarif(&audit);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let messages: Vec<&str> = results
        .iter()
        .filter_map(|one| one["message"]["text"].as_str())
        .collect();
    assert!(
        messages.iter().all(|said| said.contains("compiled: ")),
        "{messages:?}"
    );
}

#[test]
fn a_branch_on_what_the_source_only_shows_makes_it_unknown() {
    let hidden = RUST.replace(
        "if bump(&self.taken) > 7 {",
        "log::info!(\"{}\", bump(&self.taken)); {",
    );
    let by_source = audit(&sources("counters.rs", &hidden));
    assert_eq!(class_of(&by_source, "Counters.taken"), Class::Telemetry);
    let audit = compiled("counters.rs", &hidden, RUST_CODE, true);
    assert_eq!(class_of(&audit, "Counters.taken"), Class::Unknown);
    let found = audit
        .locations
        .iter()
        .find(|one| one.name == "Counters.taken");
    let first = &found.unwrap().evidence[0];
    assert!(
        first.note.contains("where the source only shows it"),
        "{first:?}"
    );
}
