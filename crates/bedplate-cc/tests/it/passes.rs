//! Full passes in slices, beside the program.

use crate::node::{Node, ring};
use bedplate_cc::{
    Cc, Limits, Stats, Trace, Tracer, collect_thread_cycles, count_thread_tracked,
    with_thread_object_space,
};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Trials and slices of sixteen objects, and only when they are asked for.
fn by_hand() {
    with_thread_object_space(|space| {
        space.set_limits(Limits {
            trial_objects: 16,
            automatic: false,
            ..Limits::DEFAULT
        });
    });
}

fn stats() -> Stats {
    with_thread_object_space(bedplate_cc::ObjectSpace::stats)
}

fn step() -> bool {
    with_thread_object_space(bedplate_cc::ObjectSpace::step)
}

/// Until a pass is under way, and has done so many slices.
fn begin(slices: u64) {
    while stats().pass_slices < slices {
        assert!(step(), "{:?}", stats());
    }
    assert!(with_thread_object_space(
        bedplate_cc::ObjectSpace::is_collecting
    ));
}

/// Makes everything candidates that survives the trials, and so waits for a pass.
fn age(nodes: &[Cc<Node>]) {
    for _ in 0..3 {
        nodes.iter().for_each(|node| drop(node.clone()));
        while stats().candidates > 0 {
            step();
        }
    }
}

#[test]
fn slices_free_what_trials_are_too_small_for() {
    by_hand();
    let dropped: Rc<Cell<usize>> = Rc::default();
    let kept: Vec<_> = (0..20).map(|_| ring(50, &dropped)).collect();
    age(&kept);
    for _ in 0..20 {
        drop(ring(50, &dropped));
    }
    while step() {}
    assert_eq!(dropped.get(), 1000);
    let stats = stats();
    assert_eq!((stats.full_passes, stats.deferred), (1, 0), "{stats:?}");
    assert!(stats.pass_slices > 2000 / 16, "{stats:?}");
    assert_eq!(collect_thread_cycles(), 0, "the pass is complete");
    drop(kept);
    while step() {}
    assert_eq!(dropped.get(), 2000);
}

thread_local!(static ASKED: Cell<usize> = const { Cell::new(0) });

struct Counting(RefCell<Vec<Cc<Counting>>>);

impl Trace for Counting {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        ASKED.set(ASKED.get() + 1);
        self.0.trace(tracer);
    }
}

#[test]
fn no_allocation_asks_more_values_than_a_trial_and_a_slice_whatever_is_alive() {
    let root = Cc::new(Counting(RefCell::default()));
    for _ in 0..50 {
        let hub = Cc::new(Counting(RefCell::default()));
        for _ in 0..1000 {
            let spoke = Cc::new(Counting(RefCell::new(vec![hub.clone()])));
            hub.0.borrow_mut().push(spoke);
        }
        root.0.borrow_mut().push(hub);
    }
    let mut most = 0;
    for number in 0..300_000_usize {
        if number % 60_000 == 0 {
            // A pass is due.
            with_thread_object_space(|space| space.set_limits(space.limits()));
        }
        let before = ASKED.get();
        let one = Cc::new(Counting(RefCell::default()));
        most = most.max(ASKED.get() - before);
        one.0.borrow_mut().push(one.clone()); // garbage
        let hub = root.0.borrow()[number % 50].clone();
        let spoke = hub.0.borrow()[number % 1000].clone();
        drop((hub, spoke));
    }
    let stats = stats();
    assert!(
        stats.full_passes > 2 && stats.live_objects > 50_000,
        "{stats:?}"
    );
    // A trial asks once more what it frees.
    assert!(
        most <= 3 * Limits::DEFAULT.trial_objects + 2000,
        "{most}, {stats:?}"
    );
    drop(root);
    collect_thread_cycles();
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn what_dies_beside_a_pass_is_freed_by_the_next() {
    by_hand();
    for slices in 1..40 {
        let dropped: Rc<Cell<usize>> = Rc::default();
        let mut kept: Vec<_> = (0..4).map(|_| ring(40, &dropped)).collect();
        age(&kept);
        begin(stats().pass_slices + slices);
        kept.truncate(2);
        for _ in 0..3 {
            while step() {}
        }
        assert_eq!(dropped.get(), 80, "after {slices} slices");
        drop(kept);
        collect_thread_cycles();
        assert_eq!(dropped.get(), 160, "after {slices} slices");
    }
}

#[test]
fn objects_leave_a_pass_when_they_go_or_are_held_again() {
    by_hand();
    for slices in 1..40 {
        let dropped: Rc<Cell<usize>> = Rc::default();
        let list: Vec<_> = (0..200).map(|number| Node::new(number, &dropped)).collect();
        let round = ring(60, &dropped);
        let weak = round.downgrade();
        age(&list);
        drop(round);
        begin(stats().pass_slices + slices);
        drop(list);
        assert!(dropped.get() >= 200);
        let again = weak.upgrade();
        while step() {}
        if let Some(round) = &again {
            let next = round.to.borrow()[0].clone();
            assert_eq!((next.number, dropped.get()), (1, 200));
        }
        drop(again);
        collect_thread_cycles();
        assert_eq!((dropped.get(), count_thread_tracked()), (260, 0));
    }
}

#[test]
fn pointers_that_change_their_places_between_slices_keep_what_they_lead_to() {
    by_hand();
    for slices in 1..60 {
        let dropped: Rc<Cell<usize>> = Rc::default();
        let nodes: Vec<_> = (0..100).map(|number| Node::new(number, &dropped)).collect();
        let treasure = ring(30, &dropped);
        nodes[0].to.borrow_mut().push(treasure);
        age(&nodes);
        begin(stats().pass_slices + 1);
        // It goes from hand to hand, ahead of the pass and behind it; no count changes.
        let mut at = 0;
        for turn in 0..slices {
            let next = (at * 31 + 17 + turn) % nodes.len();
            let moved = nodes[at].to.take();
            nodes[next].to.replace(moved);
            at = next;
            step();
        }
        while step() {}
        assert_eq!(nodes[at].to.borrow()[0].number, 0);
        assert_eq!(dropped.get(), 0);
        drop(nodes);
        collect_thread_cycles();
        assert_eq!((dropped.get(), count_thread_tracked()), (130, 0));
    }
}

#[test]
fn a_collection_that_is_asked_for_ends_a_pass_that_is_under_way() {
    by_hand();
    let dropped: Rc<Cell<usize>> = Rc::default();
    let kept: Vec<_> = (0..10).map(|_| ring(40, &dropped)).collect();
    age(&kept);
    drop(ring(100, &dropped));
    begin(9);
    drop(kept);
    assert_eq!(collect_thread_cycles(), 500);
    assert!(!step());
    begin_nothing();
}

/// No pass begins where nothing waits for one.
fn begin_nothing() {
    let slices = stats().pass_slices;
    assert!(!step());
    assert_eq!(stats().pass_slices, slices);
}

struct Panics {
    is_due: Rc<Cell<bool>>,
    to: RefCell<Vec<Cc<Panics>>>,
}

impl Trace for Panics {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        assert!(!self.is_due.get(), "as it should");
        self.to.trace(tracer);
    }
}

#[test]
fn a_value_that_panics_when_it_is_asked_ends_the_pass_and_loses_nothing() {
    by_hand();
    let is_due: Rc<Cell<bool>> = Rc::default();
    let new = || {
        Cc::new(Panics {
            is_due: Rc::clone(&is_due),
            to: RefCell::default(),
        })
    };
    let first = new();
    let mut last = first.clone();
    for _ in 0..100 {
        let next = new();
        last.to.borrow_mut().push(next.clone());
        last = next;
    }
    last.to.borrow_mut().push(first.clone());
    drop((first, last));
    begin(3);
    is_due.set(true);
    let panicked = catch_unwind(AssertUnwindSafe(|| while step() {}));
    assert!(panicked.is_err());
    assert!(!with_thread_object_space(
        bedplate_cc::ObjectSpace::is_collecting
    ));
    assert_eq!(count_thread_tracked(), 101);
    is_due.set(false);
    while step() {}
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn what_is_borrowed_during_a_pass_is_asked_again() {
    by_hand();
    let dropped: Rc<Cell<usize>> = Rc::default();
    let kept: Vec<_> = (0..10).map(|_| ring(40, &dropped)).collect();
    age(&kept);
    let borrowed = kept[0].to.borrow_mut();
    while step() {}
    drop(borrowed);
    assert_eq!(dropped.get(), 0);
    drop(kept);
    collect_thread_cycles();
    assert_eq!(dropped.get(), 400);
}

#[derive(Clone, Trace)]
#[trace(tracking(force))]
struct Simple(RefCell<Vec<Cc<Simple>>>);

#[test]
fn a_value_that_is_being_changed_is_not_looked_at_and_waits_for_the_next_pass() {
    by_hand();
    let mut one = Cc::new(Simple(RefCell::default()));
    let other = Cc::new(Simple(RefCell::default()));
    one.0.borrow_mut().push(other.clone());
    for _ in 0..3 {
        drop(one.clone());
        while stats().candidates > 0 {
            step();
        }
    }
    assert_eq!(stats().deferred, 1);
    one.update_with(|value| {
        let mut inside = value.0.borrow_mut();
        while step() {}
        inside.push(other.clone());
    });
    assert_eq!((stats().full_passes, stats().deferred), (1, 1));
    assert_eq!((one.0.borrow().len(), other.strong_count()), (2, 3));
    while step() {}
    assert_eq!(stats().deferred, 0);
}
