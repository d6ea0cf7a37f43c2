//! Members of C++ named without `this`, and plain statics of C.

use bedplate_audit::{Class, Source, audit};

use crate::{assert_class, audited, class_of};

const POOL: &str = "#include <atomic>
class Pool {
public:
  void enter() {
    users_++;
    served_.fetch_add(1, std::memory_order_relaxed);
  }
  void show() {
    std::printf(\"%d\", served_.load());
    if (users_ > 4) {
      std::abort();
    }
    while (!stop_) {
    }
  }
private:
  std::atomic<int> users_{0};
  std::atomic<int> served_{0};
  std::atomic<bool> stop_{false};
};
";

#[test]
fn members_without_this_are_found_within_the_class() {
    assert_class("a.cpp", POOL, "Pool.users_", Class::Correctness);
    assert_class("a.cpp", POOL, "Pool.served_", Class::Telemetry);
    assert_class("a.cpp", POOL, "Pool.stop_", Class::Correctness);
    let found = audited("a.cpp", POOL);
    let users = found.locations.iter().find(|it| it.name == "Pool.users_");
    assert_eq!(users.unwrap().operations.len(), 2, "{found:#?}");
}

#[test]
fn members_without_this_are_found_outside_of_the_class() {
    let text = "class H { public: void inc(); int& show(); private: std::atomic<int> k_; };
template <class T> struct G { void inc(); std::atomic<int> k_; };
void H::inc() { k_.fetch_add(1); }
int& space::H::show() { if (k_.load() > 4) abort(); return x; }
template <class T> void G<T>::inc() { k_.fetch_add(1); }
";
    let found = audited("a.cpp", text);
    assert_eq!(class_of(&found, "H.k_"), Class::Correctness);
    let of = |name: &str| {
        let found = found.locations.iter().find(|it| it.name == name).unwrap();
        found.operations.len()
    };
    assert_eq!((of("H.k_"), of("G.k_")), (2, 1), "{found:#?}");
}

#[test]
fn members_of_a_base_are_found() {
    let text = "struct B { std::atomic<int> n_; };
struct D : public B { void f() { n_++; } void g() { if (n_ > 3) abort(); } };
";
    assert_class("a.cpp", text, "B.n_", Class::Correctness);
}

#[test]
fn a_local_or_a_plain_member_is_not_a_member_elsewhere() {
    let text = "struct B { std::atomic<int> n; void inc() { n++; } void show() { printf(\"%d\", n.load()); } };
struct D { int n; void g() { if (n > 3) abort(); } };
struct E { void g(int n) { if (n > 3) abort(); } void h() { int n = 4; if (n > 3) abort(); } };
void f() { int n = 4; if (n > 3) abort(); }
";
    assert_class("a.cpp", text, "B.n", Class::Telemetry);
}

#[test]
fn plain_statics_are_locations_by_their_operations() {
    let text = "static int gate;
static long hits;
void hit(void) { __sync_fetch_and_add(&hits, 1); __atomic_store_n(&gate, on, __ATOMIC_RELEASE); }
void show(void) { printf(\"%ld\", hits); if (__atomic_load_n(&gate, __ATOMIC_ACQUIRE)) abort(); }
";
    assert_class("a.c", text, "hits", Class::Telemetry);
    assert_class("a.c", text, "gate", Class::Correctness);
}

#[test]
fn plain_statics_of_functions_and_of_other_files_are_told_apart() {
    let first = "#include \"b.h\"
static int gate;
void f(void) { __atomic_fetch_add(&gate, 1, __ATOMIC_RELAXED); printf(\"%d\", gate); }
void g(void) { static int once; if (__sync_fetch_and_add(&once, 1)) return; start(); }
void h(int gate) { if (gate > 3) abort(); }
long total;
";
    let second = "#include \"b.h\"
static int gate;
void k(void) { if (__atomic_fetch_add(&gate, 1, __ATOMIC_RELAXED) > 3) abort(); }
void l(void) { __sync_fetch_and_add(&total, 1); if (total > 3) abort(); }
";
    let found = audit(&[
        Source::new("a.c", first),
        Source::new("b.c", second),
        Source::new("b.h", "extern long total;\n"),
    ]);
    let of = |file: &str, name: &str| {
        let mut all = found.locations.iter();
        let found = all.find(|it| it.name == name && it.declared.file == file);
        found.map(|it| it.class)
    };
    assert_eq!(of("a.c", "gate"), Some(Class::Telemetry), "{found:#?}");
    assert_eq!(of("b.c", "gate"), Some(Class::Correctness));
    assert_eq!(of("a.c", "once"), Some(Class::Correctness));
    assert_eq!(of("a.c", "total"), Some(Class::Correctness));
    assert_eq!(of("b.h", "total"), None);
}

#[test]
fn the_value_that_is_added_is_no_location() {
    let text = "struct s { long n; };
static long hits;
void hit(struct s *s, long v) { __atomic_fetch_add(&hits, s->n, __ATOMIC_RELAXED); __atomic_store_n(&hits, v, __ATOMIC_RELAXED); }
void show(void) { printf(\"%ld\", __atomic_load_n(&hits, __ATOMIC_RELAXED)); }
";
    let found = audited("a.c", text);
    assert_eq!(found.locations.len(), 1, "{found:#?}");
    assert_eq!(class_of(&found, "hits"), Class::Telemetry);
}
