//! Locations that macros by example declare.

use bedplate_audit::{Class, Source, audit};

use crate::{assert_class, audited, class_of};

/// A table of counters, with what reads them.
fn table(reader: &str) -> String {
    format!(
        "macro_rules! counters {{\n\
         ($($(#[$doc:meta])* $name:ident),* $(,)?) => {{\n\
         pub struct Counters {{ $($(#[$doc])* pub $name: AtomicU64),* }}\n\
         pub struct Copy {{ $(pub $name: u64),* }}\n\
         impl Copy {{\n\
         pub fn own() -> Self {{ Self {{ $($name: COUNTERS.$name.load(Relaxed)),* }} }}\n\
         pub fn words(&self) -> Vec<u64> {{ vec![$(self.$name),*] }}\n\
         }}\n}};\n}}\n\
         counters! {{\n/// Hits.\nhits,\n/// Those that found none.\nmisses,\n}}\n\
         static COUNTERS: Counters = Counters::new();\n\
         pub fn hit() {{ COUNTERS.hits.fetch_add(1, Relaxed); }}\n\
         pub fn miss() {{ COUNTERS.misses.fetch_add(1, Relaxed); }}\n{reader}\n"
    )
}

#[test]
fn the_rows_of_a_table_are_locations_at_their_own_lines() {
    let found = audited("a.rs", &table(""));
    assert_eq!(class_of(&found, "hits"), Class::Exported, "{found:#?}");
    let hits = found.locations.iter().find(|it| it.name == "Counters.hits");
    let hits = hits.expect("the location of that name");
    assert_eq!(hits.declared.text, "hits,");
    let kinds: Vec<&str> = hits.operations.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["load", "change"], "{hits:#?}");
}

#[test]
fn a_row_that_decides_is_correctness_and_the_others_are_not() {
    let reader = "pub fn grow() { if COUNTERS.misses.load(Relaxed) > 9 { start_thread(); } }";
    let found = audited("a.rs", &table(reader));
    assert_eq!(class_of(&found, "misses"), Class::Correctness, "{found:#?}");
    assert_eq!(class_of(&found, "hits"), Class::Exported, "{found:#?}");
}

#[test]
fn a_copy_that_decides_makes_its_row_correctness() {
    let reader = "pub fn grow(copy: &Copy) { if copy.misses > 9 { start_thread(); } }";
    let found = audited("a.rs", &table(reader));
    assert_eq!(class_of(&found, "misses"), Class::Correctness, "{found:#?}");
}

#[test]
fn tables_of_another_file_are_read_too() {
    let definition = "macro_rules! statics { ($($name:ident)*) => {\n\
                      $(pub static $name: AtomicUsize = AtomicUsize::new(0);)*\n} }";
    let uses = "statics! {\nHITS\nGATE\n}\n\
                fn hit() { HITS.fetch_add(1, Relaxed); if GATE.load(Acquire) == 1 { go(); } }";
    let found = audit(&[Source::new("m.rs", definition), Source::new("u.rs", uses)]);
    assert_eq!(class_of(&found, "HITS"), Class::Exported, "{found:#?}");
    assert_eq!(class_of(&found, "GATE"), Class::Correctness, "{found:#?}");
    let hits = found.locations.iter().find(|it| it.name == "HITS");
    let declared = &hits.expect("the location of that name").declared;
    assert_eq!((&declared.file[..], declared.line), ("u.rs", 2));
}

#[test]
fn what_fits_no_rule_is_read_as_before() {
    let text = "macro_rules! lone { ($name:ident) => { static $name: AtomicUsize = X; } }\n\
                lone! { static HITS: AtomicUsize = AtomicUsize::new(0); }\n\
                fn hit() { HITS.fetch_add(1, Relaxed); }";
    assert_class("a.rs", text, "HITS", Class::Telemetry);
}
