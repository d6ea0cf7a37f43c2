//! Methods of one name that several types have, and fields that patterns take out.

use bedplate_audit::Class;

use crate::assert_class;

/// A counter with a getter `len`, and code that calls a method of that name.
fn assert_len(code: &str, class: Class) {
    let text = format!(
        "pub struct Map {{ total: AtomicUsize, parts: Box<[Part]> }}\n\
         struct Part {{ places: Slots }}\n\
         struct Slots {{ first: u8 }}\n\
         struct Lead {{ map: Map }}\n\
         impl Deref for Lead {{ type Target = Map; fn deref(&self) -> &Map {{ &self.map }} }}\n\
         impl Map {{ fn add(&self) {{ self.total.fetch_add(1, Relaxed); }}\n\
         pub fn len(&self) -> usize {{ self.total.load(Relaxed) }} }}\n{code}\n"
    );
    assert_class("a.rs", &text, "total", class);
}

#[test]
fn a_method_of_another_type_is_not_this_one() {
    for code in [
        "impl Map { fn f(&self) { if self.parts.len() > 3 { stop(); } } }",
        "fn f(part: &Part) { if part.places.len() > 3 { stop(); } }",
        "fn f(part: &Part) { let places = &part.places; if places.len() > 3 { stop(); } }",
        "fn f(text: &str) { let n = text.len() + 1; if n.len() > 3 { stop(); } }",
    ] {
        assert_len(code, Class::Exported);
    }
}

#[test]
fn where_the_type_may_be_this_one_its_method_is_called() {
    for code in [
        "fn f(map: &Map) { if map.len() > 3 { stop(); } }",
        "fn f(map: Arc<Map>) { let it = map.clone(); if it.len() > 3 { stop(); } }",
        "fn f(lead: &Lead) { if lead.len() > 3 { stop(); } }",
        "fn f<M: Sized>(map: M) { if map.len() > 3 { stop(); } }",
        "fn f(map: impl Sized) { if map.len() > 3 { stop(); } }",
        "fn f() { let map = elsewhere(); if map.len() > 3 { stop(); } }",
        "struct Holder<Inner> { inner: Inner }\n\
         fn f(it: &Holder<Map>) { if it.inner.len() > 3 { stop(); } }",
        "enum Kind { Whole(Map), None }\n\
         fn f(kind: &Kind) { if let Kind::Whole(it) = kind { if it.len() > 3 { stop(); } } }",
    ] {
        assert_len(code, Class::Correctness);
    }
}

/// Two fields of one name, of which one is only counted.
fn assert_taken(code: &str, class: Class) {
    let text = format!(
        "pub struct Whole {{ parts: Vec<Part>, len: AtomicUsize }}\n\
         struct Part {{ len: AtomicUsize }}\n\
         impl Whole {{ fn add(&self) {{ self.len.fetch_add(1, Relaxed); }}\n\
         pub fn size(&self) -> usize {{ self.len.load(Relaxed) }}\n\
         fn f(&self, at: usize) {{ {code} }} }}\n"
    );
    assert_class("a.rs", &text, "Whole.len", class);
}

#[test]
fn a_pattern_says_whose_field_it_takes() {
    assert_taken(
        "let Part { ref len } = self.parts[at]; if len.load(Relaxed) > 3 { stop(); }",
        Class::Exported,
    );
    assert_taken(
        "let Whole { len, .. } = self; if len.load(Relaxed) > 3 { stop(); }",
        Class::Correctness,
    );
    assert_taken(
        "let Whole { len: n, .. } = self; if n.load(Relaxed) > 3 { stop(); }",
        Class::Correctness,
    );
}

#[test]
fn a_choice_of_counters_is_each_of_them() {
    let text = "struct S { a: AtomicU64, b: AtomicU64 }\n\
                impl S { fn f(&self, of: bool) {\n\
                match of { true => &self.a, false => &self.b }.fetch_add(1, Relaxed); }\n\
                fn g(&self) { if (if fast() { &self.a } else { &self.b }).load(Relaxed) > 3 { stop(); } } }\n";
    assert_class("a.rs", text, "a", Class::Correctness);
    assert_class("a.rs", text, "b", Class::Correctness);
}
