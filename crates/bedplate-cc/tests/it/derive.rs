use bedplate_cc::{Acyclic, Cc, Trace, TraceBox, Tracer, collect_thread_cycles};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

#[derive(Acyclic)]
struct Plain {
    name: String,
    numbers: Vec<u32>,
}

#[derive(Trace)]
struct Empty;

#[derive(Trace)]
enum Never {}

#[derive(Trace)]
struct Holder<T: Trace>(Option<T>, PhantomData<T>);

#[derive(Trace)]
enum Mixed<T: Trace> {
    Nothing,
    One(T),
    Named {
        map: HashMap<String, T>,
        ordered: BTreeMap<u8, [T; 2]>,
    },
    #[trace(skip)]
    #[expect(dead_code, reason = "it is there to be skipped")]
    Foreign(std::sync::mpsc::Sender<u8>),
}

#[test]
fn tracking_follows_the_fields() {
    assert!(!Plain::is_type_tracked());
    assert!(!Empty::is_type_tracked());
    assert!(!Never::is_type_tracked());
    assert!(!Holder::<Plain>::is_type_tracked());
    assert!(Holder::<TraceBox<dyn Trace>>::is_type_tracked());
    assert!(Holder::<Cc<dyn Trace>>::is_type_tracked());
}

#[derive(Trace)]
struct Parts {
    #[trace(with(trace_content))]
    content: RefCell<Vec<TraceBox<dyn Trace>>>,
    #[trace(skip)]
    plain: Plain,
    #[trace(tracking(ignore))]
    boxed: Option<Box<Parts>>,
}

fn trace_content(content: &RefCell<Vec<TraceBox<dyn Trace>>>, tracer: &mut Tracer<'_>) {
    content.trace(tracer);
}

#[test]
fn attributes_of_fields() {
    assert!(Parts::is_type_tracked());
    let plain = || Plain {
        name: "plain".to_owned(),
        numbers: vec![1],
    };
    let inner = Parts {
        content: RefCell::default(),
        plain: plain(),
        boxed: None,
    };
    let outer = Cc::new(Parts {
        content: RefCell::default(),
        plain: plain(),
        boxed: Some(Box::new(inner)),
    });
    let boxed = outer.boxed.as_ref().unwrap();
    let pointer = TraceBox(Box::new(outer.clone()) as Box<dyn Trace>);
    boxed.content.borrow_mut().push(pointer);
    assert_eq!(outer.plain.name.len(), outer.plain.numbers.len() + 4);
    drop(outer);
    assert_eq!(collect_thread_cycles(), 1);
}

#[derive(Trace)]
#[trace(tracking(force))]
struct Cell(RefCell<Mixed<Cc<Cell>>>);

#[test]
fn every_variant_is_traced() {
    let new = || Cc::new(Cell(RefCell::new(Mixed::Nothing)));
    let one = new();
    *one.0.borrow_mut() = Mixed::One(one.clone());
    let named = new();
    *named.0.borrow_mut() = Mixed::Named {
        map: HashMap::from([("self".to_owned(), named.clone())]),
        ordered: BTreeMap::from([(1, [named.clone(), one.clone()])]),
    };
    let foreign = new();
    *foreign.0.borrow_mut() = Mixed::Foreign(std::sync::mpsc::channel().0);
    drop((one, named, foreign));
    assert_eq!(collect_thread_cycles(), 2);
}

#[derive(Trace)]
#[trace(skip)]
#[expect(dead_code, reason = "it compiles")]
union Either {
    number: u32,
    float: f32,
}

#[test]
fn a_union_can_be_skipped() {
    assert!(!Either::is_type_tracked());
    assert!(!Holder::<Either>::is_type_tracked());
}
