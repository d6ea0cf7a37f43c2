//! Destructors do what they like while a cycle is dropped.

use bedplate_cc::{Cc, Trace, Weak, collect_thread_cycles, count_thread_tracked};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

type Act = Box<dyn Fn(&Actor)>;

/// A value whose destructor acts.
#[derive(Trace)]
#[trace(tracking(force))]
struct Actor {
    name: String,
    to: RefCell<Option<Cc<Actor>>>,
    #[trace(skip)]
    act: RefCell<Option<Act>>,
}

impl Actor {
    fn new(name: &str) -> Cc<Self> {
        Cc::new(Self {
            name: name.to_owned(),
            to: RefCell::default(),
            act: RefCell::default(),
        })
    }

    fn acts(&self, act: impl Fn(&Self) + 'static) {
        *self.act.borrow_mut() = Some(Box::new(act));
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        if let Some(act) = self.act.take() {
            act(self);
        }
        // A value whose memory was given back would not print.
        assert!(self.name.is_ascii());
    }
}

thread_local! {
    static KEPT: RefCell<Vec<Cc<Actor>>> = const { RefCell::new(Vec::new()) };
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn say(what: impl Into<String>) {
    SAID.with_borrow_mut(|said| said.push(what.into()));
}

fn pair() -> (Cc<Actor>, Cc<Actor>) {
    let (a, b) = (Actor::new("a"), Actor::new("b"));
    *a.to.borrow_mut() = Some(b.clone());
    *b.to.borrow_mut() = Some(a.clone());
    (a, b)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default()
}

#[test]
fn to_reach_a_dropped_value_panics_and_nothing_worse() {
    let (a, b) = pair();
    for actor in [&a, &b] {
        actor.acts(|me| {
            let other = me.to.borrow().clone().unwrap();
            let reached = catch_unwind(AssertUnwindSafe(|| other.name.clone()));
            say(reached.unwrap_or_else(|panic| {
                assert!(message(&*panic).contains("accessing a dropped"));
                "gone".to_owned()
            }));
        });
    }
    drop((a, b));
    assert_eq!(collect_thread_cycles(), 2);
    // The first destructor still reaches the other, the second does not.
    SAID.with_borrow(|said| {
        assert_eq!(said.len(), 2);
        assert!(said[0] == "a" || said[0] == "b");
        assert_eq!(said[1], "gone");
    });
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn a_pointer_that_a_destructor_keeps_leads_to_nothing_and_is_freed_later() {
    let (a, b) = pair();
    a.acts(|me| {
        let other = me.to.borrow().clone().unwrap();
        KEPT.with_borrow_mut(|kept| kept.push(other));
    });
    drop((a, b));
    assert_eq!(collect_thread_cycles(), 2);
    let kept = KEPT.take().pop().unwrap();
    assert_eq!(kept.strong_count(), 1);
    assert!(kept.downgrade().upgrade().is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| kept.name.clone())).is_err());
    let again = kept.clone();
    drop(kept);
    drop(again);
    assert_eq!(collect_thread_cycles(), 0);
}

#[test]
fn a_destructor_may_move_its_pointer_away() {
    let (a, b) = pair();
    a.acts(|me| KEPT.with_borrow_mut(|kept| kept.push(me.to.take().unwrap())));
    drop((a, b));
    assert_eq!(collect_thread_cycles(), 2);
    drop(KEPT.take());
}

#[test]
fn a_destructor_may_forget_its_pointer() {
    let (a, b) = pair();
    #[expect(clippy::mem_forget, reason = "that is the test")]
    a.acts(|me| std::mem::forget(me.to.take()));
    drop((a, b));
    assert_eq!(collect_thread_cycles(), 2);
}

#[test]
fn weak_pointers_are_dead_before_the_first_destructor() {
    let (a, b) = pair();
    let weak: Weak<Actor> = b.downgrade();
    a.acts(move |_| assert!(weak.upgrade().is_none()));
    let weak = a.downgrade();
    b.acts(move |_| assert!(weak.upgrade().is_none()));
    drop((a, b));
    assert_eq!(collect_thread_cycles(), 2);
}

#[test]
fn a_destructor_may_collect_and_make_objects() {
    let (a, b) = pair();
    a.acts(|_| {
        assert_eq!(collect_thread_cycles(), 0);
        for _ in 0..1000 {
            drop(pair());
        }
    });
    drop((a, b));
    assert!(collect_thread_cycles() >= 2);
    collect_thread_cycles();
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn the_others_are_dropped_where_a_destructor_panics() {
    let (a, b) = pair();
    let c = Actor::new("c");
    *b.to.borrow_mut() = Some(c.clone());
    *c.to.borrow_mut() = Some(a.clone());
    a.acts(|_| panic!("in a destructor"));
    for actor in [&b, &c] {
        actor.acts(|me| say(me.name.clone()));
    }
    drop((a, b, c));
    let panic = catch_unwind(collect_thread_cycles).unwrap_err();
    assert_eq!(message(&*panic), "in a destructor");
    SAID.with_borrow_mut(|said| {
        said.sort();
        assert_eq!(*said, ["b", "c"]);
    });
    assert_eq!((count_thread_tracked(), collect_thread_cycles()), (0, 0));
}

#[test]
fn a_panic_in_a_list_lets_the_rest_be_dropped() {
    let first = Actor::new("first");
    let mut last = first.clone();
    for number in 0..100 {
        let next = Actor::new("next");
        if number == 20 {
            next.acts(|_| panic!("in a list"));
        }
        *last.to.borrow_mut() = Some(next.clone());
        last = next;
    }
    drop(last);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(first))).is_err());
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn of_several_destructors_that_panic_all_run_and_one_panic_goes_on() {
    // A second panic while the first one unwinds would end the process.
    let (a, b) = pair();
    for actor in [&a, &b] {
        actor.acts(|me| {
            say(me.name.clone());
            panic!("in a destructor");
        });
    }
    drop((a, b));
    let panic = catch_unwind(collect_thread_cycles).unwrap_err();
    assert_eq!(message(&*panic), "in a destructor");
    SAID.with_borrow_mut(|said| {
        said.sort();
        assert_eq!(*said, ["a", "b"]);
    });
    // In a list: those that wait while the first one unwinds.
    let chain = |length: usize| {
        let first = Actor::new("first");
        let mut last = first.clone();
        for number in 0..length {
            let next = Actor::new("next");
            if number % 20 == 19 {
                next.acts(|_| panic!("in a list"));
            }
            *last.to.borrow_mut() = Some(next.clone());
            last = next;
        }
        first
    };
    let first = chain(100);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(first))).is_err());
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn a_destructor_that_makes_its_like_comes_to_an_end() {
    fn again() {
        let (a, b) = pair();
        a.acts(|_| again());
        drop((a, b));
    }
    again();
    assert!(collect_thread_cycles() > 100);
    assert!(count_thread_tracked() > 0);
    // And so does its thread.
    std::thread::spawn(again).join().unwrap();
}

#[test]
fn a_weak_pointer_to_itself_may_be_the_last_thing_of_a_value() {
    struct Me(RefCell<Option<Weak<Me>>>);
    impl Trace for Me {}
    let me = Cc::new(Me(RefCell::default()));
    *me.0.borrow_mut() = Some(me.downgrade());
    drop(me);
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn a_collection_inside_a_change_in_place_keeps_off_the_value() {
    #[derive(Clone, Trace)]
    #[trace(tracking(force))]
    struct Holder(Vec<Cc<Holder>>);
    let mut holder = Cc::new(Holder(Vec::new()));
    drop(holder.clone()); // a candidate
    holder.update_with(|value| {
        for _ in 0..100 {
            value.0.push(Cc::new(Holder(Vec::new())));
            assert_eq!(collect_thread_cycles(), 0);
        }
    });
    assert_eq!(holder.0.len(), 100);
    let other = holder.clone();
    holder.update_with(|value| value.0.clear());
    assert_eq!((holder.0.len(), other.0.len()), (0, 100));
}
