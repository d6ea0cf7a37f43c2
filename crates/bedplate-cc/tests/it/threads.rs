//! Threads that end, and spaces that move.

use crate::node::{Node, ring};
use bedplate_cc::interop::{GcState, exit_thread, reenter_thread};
use bedplate_cc::{Cc, Trace, collect_thread_cycles, count_thread_tracked};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[derive(Trace)]
#[trace(tracking(force))]
struct Shared {
    to: RefCell<Option<Cc<Shared>>>,
    dropped: Arc<AtomicUsize>,
}

impl Shared {
    fn ring(dropped: &Arc<AtomicUsize>) -> Cc<Self> {
        let new = || {
            Cc::new(Self {
                to: RefCell::default(),
                dropped: Arc::clone(dropped),
            })
        };
        let (a, b) = (new(), new());
        *a.to.borrow_mut() = Some(b.clone());
        *b.to.borrow_mut() = Some(a.clone());
        a
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

thread_local! {
    static EARLY: RefCell<Vec<Cc<Shared>>> = const { RefCell::new(Vec::new()) };
    static LATE: RefCell<Vec<Cc<Shared>>> = const { RefCell::new(Vec::new()) };
    static MAKER: RefCell<Option<Maker>> = const { RefCell::new(None) };
}

/// Makes objects when its thread ends.
struct Maker(Arc<AtomicUsize>);

impl Drop for Maker {
    fn drop(&mut self) {
        drop(Shared::ring(&self.0));
        assert!(count_thread_tracked() <= 4);
        collect_thread_cycles();
    }
}

#[test]
fn a_thread_frees_its_rings_when_it_ends_in_any_order() {
    let dropped: Arc<AtomicUsize> = Arc::default();
    let count = Arc::clone(&dropped);
    let thread = thread::spawn(move || {
        // One is registered before the thread's space, the others after: one of them is there when the space is gone.
        EARLY.with_borrow_mut(Vec::clear);
        MAKER.set(Some(Maker(Arc::clone(&count))));
        EARLY.with_borrow_mut(|early| early.push(Shared::ring(&count)));
        LATE.with_borrow_mut(|late| late.push(Shared::ring(&count)));
        drop(Shared::ring(&count));
    });
    thread.join().unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 8);
}

/// Panics when it is dropped, or when it is asked.
struct Bomb {
    to: RefCell<Option<Cc<Bomb>>>,
    is_asked: bool,
    dropped: Arc<AtomicUsize>,
}

impl Trace for Bomb {
    fn trace(&self, tracer: &mut bedplate_cc::Tracer<'_>) {
        assert!(!self.is_asked, "asked");
        self.to.trace(tracer);
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        panic!("dropped");
    }
}

#[test]
fn a_thread_whose_rings_panic_ends_as_any_other() {
    // A panic out of the end of a thread would end the process.
    for is_asked in [false, true] {
        let dropped: Arc<AtomicUsize> = Arc::default();
        let count = Arc::clone(&dropped);
        let thread = thread::spawn(move || {
            for _ in 0..3 {
                let bomb = Cc::new(Bomb {
                    to: RefCell::default(),
                    is_asked,
                    dropped: Arc::clone(&count),
                });
                *bomb.to.borrow_mut() = Some(bomb.clone());
                drop(Shared::ring(&count));
            }
        });
        thread.join().unwrap();
        let dropped = dropped.load(Ordering::Relaxed);
        assert!(dropped == 9 || is_asked, "{dropped}");
    }
}

struct Moved(*mut GcState, Option<Cc<Shared>>);
// SAFETY: the objects are used on one thread at a time, after the hand-over.
unsafe impl Send for Moved {}

#[test]
fn a_space_moves_to_another_thread() {
    let dropped: Arc<AtomicUsize> = Arc::default();
    let ring = Shared::ring(&dropped);
    assert_eq!(count_thread_tracked(), 2);
    // SAFETY: the only pointer goes with it.
    let state = unsafe { exit_thread() };
    assert_eq!(count_thread_tracked(), 0);
    let moved = Moved(state, Some(ring));
    let thread = thread::spawn(move || {
        let mut moved = moved;
        // SAFETY: from `exit_thread`, once.
        unsafe { reenter_thread(moved.0) };
        assert_eq!(count_thread_tracked(), 2);
        drop(moved.1.take());
        assert_eq!(collect_thread_cycles(), 2);
    });
    thread.join().unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn what_a_thread_had_lives_on_when_a_space_comes() {
    let dropped: Rc<Cell<usize>> = Rc::default();
    let mine = ring(2, &dropped);
    // SAFETY: nothing of the space is used until it is back.
    let state = unsafe { exit_thread() };
    let other = Node::new(0, &dropped);
    // SAFETY: from `exit_thread`, once.
    unsafe { reenter_thread(state) };
    assert_eq!((other.number, mine.number), (0, 0));
    drop(other);
    drop(mine);
    assert_eq!((dropped.get(), collect_thread_cycles()), (1, 2));
}
