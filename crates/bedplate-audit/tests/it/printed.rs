//! What goes to standard output, and texts that are made in other ways than by `Display`.

use bedplate_audit::{Class, Source, audit};

use crate::{assert_class, audited, class_of};

/// A counter with what reads it.
fn counting(reads: &str) -> String {
    format!(
        "use std::sync::atomic::{{AtomicU64, Ordering}};
pub struct Words {{ seen: AtomicU64 }}
impl Words {{
    fn note(&self) {{ self.seen.fetch_add(1, Ordering::Relaxed); }}
    fn seen(&self) -> u64 {{ self.seen.load(Ordering::Relaxed) }}
}}
{reads}
"
    )
}

#[test]
fn what_a_program_prints_is_its_result() {
    for (reads, class) in [
        ("fn main() { println!(\"{}\", words().seen()); }", Class::Exported),
        ("fn main() { eprintln!(\"{}\", words().seen()); }", Class::Telemetry),
        (
            "fn main() { let seen = words().seen(); log::info!(\"{seen}\"); print!(\"{seen}\"); }",
            Class::Exported,
        ),
        (
            "use std::io::{stdout, Write as _};
             fn main() { writeln!(stdout().lock(), \"{}\", words().seen()).unwrap(); }",
            Class::Exported,
        ),
        (
            "fn report(out: &mut impl Write, words: &Words) { writeln!(out, \"{}\", words.seen()); }
             fn main() { report(&mut io::stdout(), &words()); }",
            Class::Exported,
        ),
        (
            "fn report(out: &mut impl Write, words: &Words) { writeln!(out, \"{}\", words.seen()); }
             fn main() { report(&mut io::stderr(), &words()); }",
            Class::Telemetry,
        ),
        (
            "macro_rules! say { ($value:expr) => { println!(\"{}\", $value) }; }
             fn main() { say!(words().seen()); }",
            Class::Exported,
        ),
        (
            "impl fmt::Display for Words {
                 fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, \"{}\", self.seen()) }
             }
             fn main() { let words: Words = words(); println!(\"{words}\"); }",
            Class::Exported,
        ),
    ] {
        assert_class("main.rs", &counting(reads), "Words.seen", class);
    }
    // A library has its results in what it answers, and a script that builds it is no program of it.
    let library = counting("pub fn show(words: &Words) { println!(\"{}\", words.seen()); }");
    assert_class("lib.rs", &library, "Words.seen", Class::Telemetry);
    let with = |script: &str| {
        let main = Source::new(script, "fn main() { make(); }");
        class_of(
            &audit(&[Source::new("src/lib.rs", &library[..]), main]),
            "Words.seen",
        )
    };
    assert_eq!(with("build.rs"), Class::Telemetry);
    assert_eq!(with("src/main.rs"), Class::Exported);
    let found = audited(
        "main.rs",
        &counting("fn main() { println!(\"{}\", words().seen()); }"),
    );
    let note = &found.locations[0].evidence[0].note;
    assert_eq!(note, "leaves through standard output, by `println!`");
}

#[test]
fn what_a_program_of_c_prints_is_its_result() {
    let text = |prints: &str| {
        format!(
            "#include <stdatomic.h>
#include <stdio.h>
static atomic_long words;
void note(void) {{ atomic_fetch_add(&words, 1); }}
{prints}
"
        )
    };
    for (prints, class) in [
        (
            "int main(void) { printf(\"%ld\", atomic_load(&words)); }",
            Class::Exported,
        ),
        (
            "int main(void) { fprintf(stdout, \"%ld\", atomic_load(&words)); }",
            Class::Exported,
        ),
        (
            "int main(void) { fprintf(stderr, \"%ld\", atomic_load(&words)); }",
            Class::Telemetry,
        ),
        (
            "static void tell(FILE *out) { fprintf(out, \"%ld\", atomic_load(&words)); }
             int main(void) { tell(stderr); tell(stdout); }",
            Class::Exported,
        ),
        (
            "static void tell(FILE *out) { fprintf(out, \"%ld\", atomic_load(&words)); }
             int main(void) { tell(stderr); }",
            Class::Telemetry,
        ),
        (
            "static void print_line(const char *text, ...) { va_list rest; vprintf(text, rest); }
             int main(void) { print_line(\"%ld\", atomic_load(&words)); }",
            Class::Exported,
        ),
    ] {
        assert_class("main.c", &text(prints), "words", class);
    }
    let shifted = |stream: &str| {
        format!(
            "#include <atomic>\nstd::atomic<long> words;\nvoid note() {{ words++; }}\n\
             int main() {{ std::{stream} << words.load(); }}\n"
        )
    };
    assert_class("main.cc", &shifted("cout"), "words", Class::Exported);
    assert_class("main.cc", &shifted("cerr"), "words", Class::Telemetry);
}

#[test]
fn texts_in_hex_are_texts() {
    let shows = |body: &str| {
        counting(&format!(
            "impl fmt::LowerHex for Words {{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{ {body} }}
}}"
        ))
    };
    for body in [
        "write!(f, \"{:x}\", self.seen())",
        "fmt::LowerHex::fmt(&self.seen(), f)",
    ] {
        assert_class("a.rs", &shows(body), "Words.seen", Class::Telemetry);
    }
    let branch = "if self.seen() == 0 { return f.write_str(\"none\"); } f.write_str(\"some\")";
    assert_class("a.rs", &shows(branch), "Words.seen", Class::Telemetry);
}

#[test]
fn what_is_looked_up_by_a_text_in_hex_decides() {
    let text = |of: &str, asked: &str| {
        counting(&format!(
            "impl fmt::{of} for Words {{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{ write!(f, \"{{}}\", self.seen()) }}
}}
pub fn find(map: &HashMap<String, u32>, words: &Words) -> u32 {{ map[&format!(\"{{words{asked}}}\")] }}"
        ))
    };
    for (of, asked, class) in [
        ("LowerHex", ":x", Class::Correctness),
        ("LowerHex", ":#06x", Class::Correctness),
        ("Pointer", ":p", Class::Correctness),
        ("Binary", ":08b", Class::Correctness),
        ("Debug", ":x?", Class::Correctness),
        ("Display", ":>8", Class::Correctness),
        // Another text of it than the one that is asked for.
        ("UpperHex", ":x", Class::Telemetry),
    ] {
        assert_class("a.rs", &text(of, asked), "Words.seen", class);
    }
}

#[test]
fn the_text_of_an_attribute_is_that_of_display() {
    let text = |reads: &str| {
        counting(&format!(
            "#[derive(Debug, Error)]
pub(crate) enum Full {{
    #[error(\"tried {{tries}} times\")]
    Tries {{ tries: u64 }},
}}
{reads}"
        ))
    };
    let told = text(
        "fn fill(words: &Words, full: &mut Full) {
    if let Full::Tries { tries } = full { *tries = 0; }
    *full = Full::Tries { tries: words.seen() };
}",
    );
    let found = audited("a.rs", &told);
    assert_eq!(
        class_of(&found, "Words.seen"),
        Class::Telemetry,
        "{found:#?}"
    );
    let silent = told.replace("    #[error(\"tried {tries} times\")]\n", "");
    assert_class("a.rs", &silent, "Words.seen", Class::Unknown);
}

#[test]
fn what_a_pattern_took_is_named_in_the_braces_of_a_text() {
    let text = counting(
        "pub struct Row { id: u64 }
fn fill(words: &Words, row: &mut Row) { row.id = words.seen(); log::debug!(\"{}\", words.seen()); }
fn find(rows: &HashMap<String, u32>, row: &Row) -> u32 { let Row { id } = row; rows[&format!(\"{id}\")] }",
    );
    assert_class("a.rs", &text, "Words.seen", Class::Correctness);
    let logged = text.replace("rows[&format!(\"{id}\")]", "{ log::info!(\"{id:>4}\"); 1 }");
    assert_class("a.rs", &logged, "Words.seen", Class::Telemetry);
}

#[test]
fn what_is_looked_up_by_the_text_of_an_attribute_decides() {
    let text = "use std::sync::atomic::{AtomicU64, Ordering};
#[derive(Error)]
#[error(\"{}\", .seen.load(Ordering::Relaxed))]
pub struct Key { seen: AtomicU64 }
impl Key { pub fn note(&self) { self.seen.fetch_add(1, Ordering::Relaxed); } }
pub fn find(map: &HashMap<String, u32>, key: &Key) -> u32 { map[&key.to_string()] }
";
    assert_class("a.rs", text, "Key.seen", Class::Correctness);
    let logged = text.replace("map[&key.to_string()]", "{ log::info!(\"{key}\"); 1 }");
    assert_class("a.rs", &logged, "Key.seen", Class::Telemetry);
}
