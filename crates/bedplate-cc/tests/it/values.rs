//! A pointer is used as its value is.

use bedplate_cc::{Cc, Trace, TraceBox, Tracer, collect_thread_cycles, count_thread_tracked};
use std::borrow::{Borrow, BorrowMut, Cow};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

#[test]
fn it_compares_hashes_and_prints() {
    let (one, two) = (Cc::new(1_u32), Cc::from(2_u32));
    assert!(one < two && one == one.clone() && one.cmp(&two).is_lt());
    assert_eq!(format!("{one} {two:?}"), "1 Cc(2)");
    assert_eq!(format!("{one:p}"), format!("{:p}", &raw const *one));
    assert_eq!(HashSet::from([one.clone(), Cc::new(1)]).len(), 1);
    assert_eq!((*Cc::<u8>::default(), one.as_ref()), (0, &1));
    assert!(Cc::ptr_eq(&one, &one.clone()) && !Cc::ptr_eq(&one, &Cc::new(1)));
    assert_eq!(count_thread_tracked(), 0);
}

#[test]
fn a_box_of_anything_is_the_box() {
    let mut boxed = TraceBox::from(Box::new(5_u8));
    *boxed += 1;
    *boxed.as_mut() += 1;
    *BorrowMut::<u8>::borrow_mut(&mut boxed) += 1;
    assert_eq!(
        (*boxed, *boxed.as_ref(), *Borrow::<u8>::borrow(&boxed)),
        (8, 8, 8)
    );
}

#[test]
fn changes_go_to_a_copy_where_others_look() {
    let mut first = Cc::new(30);
    first.update_with(|value| *value += 1);
    let second = first.clone();
    first.update_with(|value| *value += 1);
    let weak = first.downgrade();
    first.update_with(|value| *value += 1);
    assert_eq!((*first, *second, weak.upgrade().is_none()), (33, 31, true));
}

type Any = TraceBox<dyn Trace>;

/// Rings through every container: what the container holds is found.
#[test]
fn containers_are_traced() {
    fn ring<T: Trace>(value: T, close: impl FnOnce(&T, Any)) {
        let ring = Cc::new(value);
        close(&ring, TraceBox(Box::new(ring.clone())));
        drop(ring);
        assert_eq!(collect_thread_cycles(), 1, "{}", std::any::type_name::<T>());
    }
    ring(RefCell::new(None), |cell, any| {
        *cell.borrow_mut() = Some(any);
    });
    ring(RefCell::new(Vec::new()), |cell, any| {
        cell.borrow_mut().push(any);
    });
    ring(RefCell::new(VecDeque::new()), |cell, any| {
        cell.borrow_mut().push_back(any);
    });
    ring(RefCell::new(LinkedList::new()), |cell, any| {
        cell.borrow_mut().push_back(any);
    });
    ring(RefCell::new(HashMap::new()), |cell, any| {
        drop(cell.borrow_mut().insert(1, any));
    });
    ring(
        RefCell::new(std::collections::BTreeMap::new()),
        |cell, any| {
            drop(cell.borrow_mut().insert(1, any));
        },
    );
    ring(OnceCell::new(), |cell, any| assert!(cell.set(any).is_ok()));
    ring(OnceLock::new(), |cell, any| assert!(cell.set(any).is_ok()));
    ring(Mutex::new(None), |cell, any| {
        *cell.lock().unwrap() = Some(any);
    });
    ring(RwLock::new(None), |cell, any| {
        *cell.write().unwrap() = Some(any);
    });
    ring(RefCell::new(Err(1_u8)), |cell, any| {
        *cell.borrow_mut() = Ok::<_, u8>(any);
    });
    ring(RefCell::new(Ok(1_u8)), |cell, any| {
        *cell.borrow_mut() = Err::<u8, _>(any);
    });
    ring((1_u8, RefCell::new((2_u8, Box::new(None)))), |cell, any| {
        *cell.1.borrow_mut().1 = Some(any);
    });
    ring([const { RefCell::new(None) }; 3], |cell, any| {
        *cell[2].borrow_mut() = Some(any);
    });
    let boxed: Box<[RefCell<Option<Any>>]> = Box::new([RefCell::new(None)]);
    ring(boxed, |cell, any| *cell[0].borrow_mut() = Some(any));
}

#[test]
fn poisoned_locks_are_traced() {
    let lock = Cc::new(Mutex::new(None::<Any>));
    let poisoned = lock.clone();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut held = poisoned.lock().unwrap();
        *held = Some(TraceBox(Box::new(poisoned.clone())));
        panic!("with the lock");
    }));
    assert!(panic.is_err() && lock.is_poisoned());
    drop((lock, poisoned));
    assert_eq!(collect_thread_cycles(), 1);
}

#[test]
fn acyclic_types_are_untracked() {
    fn untracked<T: bedplate_cc::Acyclic>() {
        assert!(!T::is_type_tracked(), "{}", std::any::type_name::<T>());
    }
    untracked::<(u8, String, &'static str, Box<str>)>();
    untracked::<Rc<str>>();
    untracked::<Arc<Mutex<u8>>>();
    untracked::<Cow<'static, str>>();
    untracked::<(fn(u8) -> u8, fn(&u8) -> u8, fn())>();
    untracked::<(BTreeSet<u8>, BinaryHeap<u8>, HashSet<u8>)>();
    untracked::<(Option<Vec<Cc<u8>>>, Result<u8, [u8; 4]>)>();
    untracked::<(
        std::cell::Cell<u8>,
        RefCell<Box<u8>>,
        std::marker::PhantomData<Any>,
    )>();
    untracked::<TraceBoxless>();
}

struct TraceBoxless;
bedplate_cc::trace_acyclic!(TraceBoxless);

#[test]
fn plain_values_own_nothing() {
    struct Asked<T>(T);
    impl<T: Trace> Trace for Asked<T> {
        fn trace(&self, tracer: &mut Tracer<'_>) {
            self.0.trace(tracer);
        }
    }
    let text: Cow<'static, [u8]> = Cow::Owned(vec![1]);
    let cell = std::cell::Cell::new(1_u8);
    let asked = Cc::new(Asked((text, cell, BTreeSet::from([1_u8]), [1_u8])));
    drop(asked.clone());
    assert_eq!(collect_thread_cycles(), 0);
    assert_eq!(asked.0.3, [1]);
}
