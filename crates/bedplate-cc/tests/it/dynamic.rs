use bedplate_cc::{Cc, Trace, cc_dyn, collect_thread_cycles, count_thread_tracked};
use std::cell::RefCell;
use std::fmt::Debug;

trait Holds<T> {
    fn held(&self) -> &T;
}

cc_dyn!(#[derive(Clone)] CcHolds<T>, Holds<T>, pub(crate) fn new() {...});
cc_dyn!(
    #[derive(Debug)]
    CcDebug,
    Debug
);

#[derive(Trace)]
struct Holder<T: Trace>(T);

impl<T: Trace> Holds<T> for Holder<T> {
    fn held(&self) -> &T {
        &self.0
    }
}

#[test]
fn a_trait_object_is_reached_and_compared() {
    let number = CcHolds::new(Holder(7_u64));
    let same = number.clone();
    assert_eq!(*same.0.held(), 7);
    assert!(Cc::ptr_eq(&number.0, &same.0));
    assert_eq!(number.0.strong_count(), 2);
    assert_eq!(
        format!("{:?}", CcDebug::new("text")),
        "CcDebug(Cc(\"text\"))"
    );
}

type Ring = RefCell<Option<CcHolds<Link>>>;

#[derive(Clone, Trace)]
#[trace(tracking(force))]
struct Link(Ring);

#[test]
fn rings_of_trait_objects_are_freed() {
    let ring = CcHolds::new(Holder(Link(RefCell::default())));
    *ring.0.held().0.borrow_mut() = Some(ring.clone());
    let weak = ring.0.downgrade();
    drop(ring);
    assert_eq!((collect_thread_cycles(), count_thread_tracked()), (1, 0));
    assert!(weak.upgrade().is_none());
}

#[test]
fn any_alignment() {
    #[derive(Trace)]
    #[repr(align(64))]
    struct Wide(u8);
    impl Holds<u8> for Wide {
        fn held(&self) -> &u8 {
            &self.0
        }
    }
    let wide = Cc::new(Wide(3));
    assert_eq!(core::ptr::from_ref(&*wide).addr() % 64, 0);
    let any: CcHolds<u8> = CcHolds::new(Wide(4));
    assert_eq!(*any.0.held(), 4);
    let traced: Cc<dyn Trace> = wide.into_dyn();
    assert_eq!(traced.strong_count(), 1);
}
