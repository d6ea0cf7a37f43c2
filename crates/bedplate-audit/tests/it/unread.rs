//! What cannot be read, and what is nested too deep.

use bedplate_audit::{Audit, Class, Source, audit, audit_path, report};

use crate::{audited, class_of};

const COUNTER: &str = "static HITS: AtomicUsize = AtomicUsize::new(0);\n\
    fn hit() { HITS.fetch_add(1, Relaxed); }\n\
    fn show() { println!(\"{}\", HITS.load(Relaxed)); }\n";

fn beside(path: &str, text: &str) -> Audit {
    audit(&[Source::new(path, text), Source::new("src/hits.rs", COUNTER)])
}

/// The other file is read, and this one is named.
fn assert_named(found: &Audit, file: &str, why: &str) {
    assert_eq!(class_of(found, "HITS"), Class::Telemetry);
    let is_named = found
        .not_read
        .iter()
        .any(|it| it.file == file && it.why.contains(why));
    assert!(is_named, "{:?}", found.not_read);
    assert!(report::text(found, false).contains(&format!("! {file}")));
}

#[test]
fn deep_terms_are_named_and_the_others_read() {
    let sum = format!("fn f() -> u64 {{ 1{} }}", "+1".repeat(6_000));
    assert_named(&beside("a.rs", &sum), "a.rs", "nested deeper");
    let sum = format!("int f(void) {{ return 1{}; }}", "+1".repeat(6_000));
    assert_named(&beside("a.c", &sum), "a.c", "nested deeper");
}

#[test]
fn deep_chains_of_else_are_named_and_the_others_read() {
    let arms: String = (0..12_000)
        .map(|n| format!("if n == {n} {{ g({n}); }} else "))
        .collect();
    let text = format!("fn f(n: u32) {{ {arms} {{ }} }}");
    assert_named(&beside("a.rs", &text), "a.rs", "nested deeper");
    let arms = arms.replace("if n", "if (n").replace(" {", ") {");
    let text = format!("void f(int n) {{ {arms} {{ }} }}").replace("f(int n))", "f(int n)");
    assert_named(&beside("a.c", &text), "a.c", "nested deeper");
}

#[test]
fn deep_parentheses_are_named_and_the_others_read() {
    let nested = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let text = format!("fn f() -> u64 {{ {nested} }}");
    assert_named(&beside("a.rs", &text), "a.rs", "nested deeper");
    let text = format!("int f(void) {{ return {nested}; }}");
    assert_named(&beside("a.c", &text), "a.c", "nested deeper");
}

#[test]
fn a_name_in_what_was_not_read_is_unknown() {
    let deep = format!(
        "fn f() {{ if {}HITS.load(Relaxed) > 3{} {{ stop(); }} }}",
        "(".repeat(5_000),
        ")".repeat(5_000)
    );
    let found = beside("a.rs", &deep);
    assert_eq!(class_of(&found, "HITS"), Class::Unknown, "{found:#?}");
}

#[test]
fn what_does_not_parse_is_named() {
    let found = beside("b.rs", "garbage ((((");
    assert_named(&found, "b.rs", "does not parse");
    assert_eq!(found.files, 1);
    let found = beside("b.c", ")) ((( 5 } } nothing of (sense { here (");
    assert_named(&found, "b.c", "does not parse");
}

#[test]
fn one_error_among_code_is_no_reason_to_name_a_file() {
    let found = audited("a.rs", &format!("{COUNTER} fn f() {{ let = 3; }}"));
    assert_eq!((found.files, found.not_read.len()), (1, 0));
}

#[test]
fn binaries_and_what_cannot_be_opened_are_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/hits.rs"), COUNTER).unwrap();
    std::fs::write(folder.path().join("src/c.rs"), b"\xff\xfe\0 bin").unwrap();
    let large = std::fs::File::create(folder.path().join("table.c")).unwrap();
    large.set_len(5 << 20).unwrap();
    let found = audit_path(folder.path()).unwrap();
    assert_named(&found, "src/c.rs", "NUL");
    assert_named(&found, "table.c", "larger than 4 MiB");
    assert_eq!(found.files, 1);
}

#[test]
fn tests_are_left_out_by_the_names_of_their_files() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "db_test.cc",
        "db_test2.cc",
        "db_test_util.h",
        "hits_unittest.cc",
        "testutil.h",
    ] {
        let other = "int main() { return 1; }\n";
        std::fs::write(folder.path().join(name), other).unwrap();
    }
    std::fs::write(
        folder.path().join("test_and_set.c"),
        "int f(void) { return 1; }\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("contest.rs"), COUNTER).unwrap();
    let found = audit_path(folder.path()).unwrap();
    assert_eq!(found.files, 2, "{found:?}");
}
