//! A `Trace` by hand that is wrong.

use bedplate_cc::{Cc, Trace, TraceBox, Tracer, Weak, collect_thread_cycles, count_thread_tracked};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Names its pointer so many times.
struct Repeated {
    to: RefCell<Option<Cc<Repeated>>>,
    times: Cell<usize>,
}

impl Trace for Repeated {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for _ in 0..self.times.get() {
            self.to.trace(tracer);
        }
    }
}

fn repeated(times: usize) -> Cc<Repeated> {
    let value = Cc::new(Repeated {
        to: RefCell::default(),
        times: Cell::new(times),
    });
    *value.to.borrow_mut() = Some(value.clone());
    drop(value.clone());
    value
}

#[test]
fn twice_is_found_before_anything_is_dropped() {
    let value = repeated(2);
    let panic = catch_unwind(collect_thread_cycles).unwrap_err();
    let text = panic.downcast_ref::<&str>().copied();
    assert!(text.unwrap().contains("unexpected references"));
    assert_eq!(value.times.get(), 2);
    value.times.set(1);
    drop(value);
    assert_eq!(collect_thread_cycles(), 1);
}

#[test]
fn never_is_a_leak() {
    drop(repeated(0));
    assert_eq!((collect_thread_cycles(), count_thread_tracked()), (0, 1));
}

/// Answers otherwise when it is asked again.
struct Moody {
    asked: Cell<usize>,
    to: RefCell<Option<Cc<Moody>>>,
}

impl Trace for Moody {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() % 2 == 1 {
            self.to.trace(tracer);
        }
    }
}

#[test]
fn who_answers_otherwise_the_second_time_is_not_dropped() {
    let value = Cc::new(Moody {
        asked: Cell::new(0),
        to: RefCell::default(),
    });
    *value.to.borrow_mut() = Some(value.clone());
    let weak = value.downgrade();
    drop(value);
    assert!(catch_unwind(collect_thread_cycles).is_err());
    assert!(weak.upgrade().is_some());
}

struct Panics(Cell<bool>, RefCell<Option<TraceBox<dyn Trace>>>);

impl Trace for Panics {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        assert!(!self.0.get(), "no answer");
        self.1.trace(tracer);
    }
}

#[test]
fn a_panic_while_tracing_changes_nothing() {
    let value = Cc::new(Panics(Cell::new(true), RefCell::default()));
    *value.1.borrow_mut() = Some(TraceBox(Box::new(value.clone())));
    let weak = value.downgrade();
    drop(value);
    assert!(catch_unwind(AssertUnwindSafe(collect_thread_cycles)).is_err());
    weak.upgrade().unwrap().0.set(false);
    assert_eq!(collect_thread_cycles(), 1);
    assert!(weak.upgrade().is_none());
}

/// Drops and collects while it is asked.
struct Busy(RefCell<Vec<Cc<Busy>>>, RefCell<Vec<Cc<Busy>>>);

impl Trace for Busy {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
        self.1.borrow_mut().pop();
        assert_eq!(collect_thread_cycles(), 0);
    }
}

#[test]
fn what_is_dropped_while_tracing_is_freed_afterwards() {
    let new = || Cc::new(Busy(RefCell::default(), RefCell::default()));
    let busy = new();
    busy.0.borrow_mut().push(busy.clone());
    for _ in 0..5 {
        let other = new();
        drop(other.clone());
        busy.1.borrow_mut().push(other);
    }
    for _ in 0..10 {
        drop(busy.clone());
        assert_eq!(collect_thread_cycles(), 0);
    }
    assert_eq!(count_thread_tracked(), 1);
    drop(busy);
    assert_eq!(collect_thread_cycles(), 1);
}

thread_local!(static STOLEN: RefCell<Vec<Cc<Thief>>> = const { RefCell::new(Vec::new()) });

/// Names a pointer that it does not own.
struct Thief;

impl Trace for Thief {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        STOLEN.with_borrow(|stolen| stolen.trace(tracer));
    }
}

/// Runs a test once more in a process of its own, which is to end itself and say why; whether this is that process.
#[expect(clippy::disallowed_methods, reason = "a test that runs itself")]
fn ends_the_process(name: &str) -> bool {
    const ASKED: &str = "BEDPLATE_CC_TEST_STEALS";
    if std::env::var(ASKED).is_ok() {
        return true;
    }
    if cfg!(miri) {
        return false;
    }
    let this = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new(this);
    let output = command
        .args(["--exact", &format!("dishonest::{name}"), "--nocapture"])
        .env(ASKED, "1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("does not own"), "{said}");
    false
}

#[test]
fn a_stolen_pointer_ends_the_process() {
    if ends_the_process("a_stolen_pointer_ends_the_process") {
        let thief = Cc::new(Thief);
        STOLEN.with_borrow_mut(|stolen| stolen.push(thief));
        // It becomes a candidate.
        STOLEN.with_borrow(|stolen| drop(stolen[0].clone()));
        collect_thread_cycles();
    }
}

type Shared = Rc<RefCell<Option<Cc<Liar>>>>;

/// Names a pointer that it shares with others.
struct Liar(Shared, fn(&Shared));

impl Trace for Liar {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.borrow().trace(tracer);
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        (self.1)(&self.0);
    }
}

/// Collects a value that names the pointer through which it is looked at meanwhile.
fn collect_what_is_borrowed(in_destructor: fn(&Shared)) {
    let shared = Shared::default();
    let liar = Cc::new(Liar(Rc::clone(&shared), in_destructor));
    *shared.borrow_mut() = Some(liar.clone());
    drop(liar);
    let borrowed = shared.borrow();
    let value: &Liar = borrowed.as_ref().unwrap();
    let _panic = catch_unwind(collect_thread_cycles);
    assert!(Rc::ptr_eq(&value.0, &shared));
}

#[test]
fn a_stolen_pointer_ends_the_process_also_where_a_destructor_panics() {
    if ends_the_process("a_stolen_pointer_ends_the_process_also_where_a_destructor_panics") {
        collect_what_is_borrowed(|_| panic!("in a destructor"));
    }
}

#[test]
fn a_stolen_pointer_ends_the_process_also_where_a_destructor_cloned_it() {
    if ends_the_process("a_stolen_pointer_ends_the_process_also_where_a_destructor_cloned_it") {
        collect_what_is_borrowed(|shared| drop(shared.borrow().clone()));
    }
}

/// Keeps a pointer for ever through which it reached a value that is about to be dropped.
#[derive(Trace)]
#[trace(tracking(force))]
struct Keeper(RefCell<Option<Cc<Keeper>>>, String);

thread_local!(static REACHED: RefCell<Vec<&'static Keeper>> = const { RefCell::new(Vec::new()) });

impl Drop for Keeper {
    fn drop(&mut self) {
        let other = self.0.borrow().clone();
        if REACHED.with_borrow(Vec::is_empty) {
            let other: &'static Cc<Keeper> = Box::leak(Box::new(other.unwrap()));
            REACHED.with_borrow_mut(|reached| reached.push(other));
        }
    }
}

#[test]
fn a_pointer_that_is_kept_and_was_followed_ends_the_process() {
    if ends_the_process("a_pointer_that_is_kept_and_was_followed_ends_the_process") {
        let new = || Cc::new(Keeper(RefCell::default(), "text".to_owned()));
        let (a, b) = (new(), new());
        *a.0.borrow_mut() = Some(b.clone());
        *b.0.borrow_mut() = Some(a.clone());
        drop((a, b));
        collect_thread_cycles();
        REACHED.with_borrow(|reached| assert_eq!(reached[0].1, "text"));
    }
}

/// Names a pointer that it makes for the purpose.
struct Conjurer(RefCell<Option<Weak<Conjurer>>>);

impl Trace for Conjurer {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        let to = self.0.borrow();
        to.as_ref().and_then(Weak::upgrade).trace(tracer);
    }
}

#[test]
fn a_pointer_that_is_made_to_be_named_is_found_before_anything_is_dropped() {
    let other = Cc::new(Conjurer(RefCell::default()));
    *other.0.borrow_mut() = Some(other.downgrade());
    // It becomes a candidate.
    drop(other.clone());
    let panic = catch_unwind(AssertUnwindSafe(collect_thread_cycles));
    assert!(panic.is_err());
    assert!(other.0.borrow().as_ref().and_then(Weak::upgrade).is_some());
}
