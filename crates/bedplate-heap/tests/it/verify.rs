//! Whether faults are found, and nothing else.

use crate::garden::Garden;
use bedplate_heap::{
    Fault, Heap, HostObject, Mode, Round, Scope, Severity, Value, Visitor, Watch, What,
};

/// A heap of a moderate size.
fn grown(seed: u64) -> Garden {
    let mut garden = Garden::new(seed);
    let acts = 100 + garden.chance.below(700);
    garden.grow(acts);
    garden.plant_all_kinds();
    garden
}

#[test]
fn a_sound_heap_is_sound_at_every_moment() {
    for seed in 0..60 {
        let mut garden = Garden::new(seed);
        for _ in 0..40 {
            garden.grow(30);
            let report = garden.heap.verify_with(garden.held.iter().copied());
            assert!(report.is_healthy(), "seed {seed}: {report}");
            assert_eq!((report.scope, report.outside), (Scope::Exact, 0));
            let report = garden.heap.verify();
            assert!(report.is_healthy(), "seed {seed}: {report}");
            assert_eq!(report.outside, garden.held_objects() as u64);
            let quick = garden.heap.quick_check();
            assert!(quick.is_healthy(), "seed {seed}: {quick}");
        }
        garden.clear();
    }
}

#[test]
fn all_nine_kinds_of_faults_are_found() {
    for seed in 0..60 {
        let mut garden = grown(seed);
        let checkpoint = garden.heap.checkpoint().expect("bags can be copied");
        for fault in Fault::ALL {
            let Garden {
                heap, chance, held, ..
            } = &mut garden;
            let damage = (0..100).find_map(|_| {
                let damage = heap.damage(fault, held, &mut |end| chance.below(end));
                damage.expect("memory")
            });
            let damage = damage.expect("something to damage");
            let report = heap.verify_with(held.iter().copied());
            assert!(report.count(fault) > 0, "seed {seed}, {damage:?}: {report}");
            assert!(report.health() < 1.0);
            heap.restore(&checkpoint).expect("its own");
            let report = heap.verify_with(held.iter().copied());
            assert!(report.is_healthy(), "seed {seed}, {damage:?}: {report}");
        }
    }
}

#[test]
fn what_the_host_holds_too_often_is_named() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    assert_eq!(heap.verify().outside, 1);
    assert!(heap.verify_with([cell.into()]).is_healthy());
    let report = heap.verify_with([]);
    assert_eq!(report.count(Fault::Leak), 1);
    assert_eq!(report.worst(), Some(Severity::Minor));
    assert_eq!(report.findings[0].object, Some(cell));
    let report = heap.verify_with([cell.into(), cell.into()]);
    let (count, references) = (1, 2);
    assert_eq!(report.findings[0].what, What::Counted { count, references });
    let root = heap.root(cell.into());
    assert!(heap.verify_with([]).is_healthy());
    drop(root);
    assert!(heap.verify_with([]).is_healthy());
}

#[test]
fn a_report_is_read_by_people_and_programs() {
    let mut heap = Heap::new().expect("memory");
    for _ in 0..8 {
        heap.new_cell(Value::NIL).expect("memory");
    }
    let report = heap.verify_with([]);
    let text = report.to_string();
    assert!(
        text.contains("8 x leak (Minor): look for a retain"),
        "{text}"
    );
    assert!(text.contains("counts 1 references of 0"), "{text}");
    assert!(text.contains("and 3 more"), "{text}");
    assert!((report.health() - 0.9).abs() < 1e-9, "{text}");
    let json = serde_json::to_value(&report).expect("data");
    assert_eq!(json["scope"], "exact");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(8));
    assert_eq!(json["by_fault"][Fault::Leak as usize], 8);
    assert!(
        Heap::new()
            .expect("memory")
            .verify()
            .to_string()
            .contains("nothing is wrong")
    );
}

#[test]
fn every_finding_has_a_sentence() {
    let mut sentences = 0;
    for seed in 0..40 {
        let mut garden = grown(seed);
        let fault = Fault::ALL[garden.chance.below(9)];
        let Garden {
            heap, chance, held, ..
        } = &mut garden;
        let damage = heap.damage(fault, held, &mut |end| chance.below(end));
        if damage.expect("memory").is_some() {
            for finding in heap.verify_with(held.iter().copied()).findings {
                let sentence = finding.to_string();
                assert!(sentence.starts_with(finding.what.fault().name()));
                sentences += 1;
            }
        }
    }
    assert!(sentences > 40);
}

/// Goes round the whole heap once; how many faults were found.
fn round(heap: &Heap) -> u64 {
    let mut round = Round::default();
    let mut found = 0;
    while round.rounds() == 0 {
        let report = heap.verify_part(&mut round);
        assert_eq!(report.scope, Scope::Part);
        assert!(report.references <= 512 + 100);
        found += report.by_fault.iter().sum::<u64>();
    }
    found
}

#[test]
fn parts_find_what_an_object_says_of_itself() {
    for seed in 200..230 {
        let mut garden = grown(seed);
        assert_eq!(round(&garden.heap), 0);
        let checkpoint = garden.heap.checkpoint().expect("bags can be copied");
        for fault in [Fault::Dangling, Fault::Structure, Fault::Weak] {
            let Garden {
                heap, chance, held, ..
            } = &mut garden;
            let damage = heap.damage(fault, held, &mut |end| chance.below(end));
            if let Some(damage) = damage.expect("memory") {
                assert!(round(heap) > 0, "seed {seed}, {damage:?}");
            }
            heap.restore(&checkpoint).expect("its own");
        }
    }
}

#[test]
fn an_object_that_holds_much_is_looked_at_in_slices() {
    let mut heap = Heap::new().expect("memory");
    let array = heap.new_array().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    for _ in 0..10_000 {
        heap.retain(cell.into());
        heap.push(array, cell.into()).expect("memory");
    }
    let mut round = Round::default();
    let mut references = 0;
    while round.rounds() == 0 {
        let report = heap.verify_part(&mut round);
        assert!(report.is_healthy() && report.references <= 512);
        references += report.references;
    }
    // The call that begins the second round looks at the first chunk again.
    assert_eq!(references, 10_000);
}

#[test]
fn the_quick_check_sees_the_ends_of_lists_and_what_was_refused() {
    let mut found = 0;
    for seed in 0..40 {
        let mut garden = grown(seed);
        let Garden {
            heap, chance, held, ..
        } = &mut garden;
        let damage = heap.damage(Fault::DoubleFree, held, &mut |end| chance.below(end));
        found += usize::from(damage.expect("memory").is_some() && !heap.quick_check().is_healthy());
    }
    assert!(found >= 30, "{found}");
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    heap.release(cell.into());
    heap.release(cell.into());
    let report = heap.quick_check();
    assert_eq!(report.findings[0].what, What::Refused { times: 1 });
    assert_eq!(report.worst(), Some(Severity::Fatal));
    assert!(report.health() <= 0.5);
}

#[test]
fn a_watch_looks_as_often_as_it_is_told() {
    let mut heap = Heap::new().expect("memory");
    let mut off = Watch::new(Mode::Off);
    let mut sampled = Watch::new(Mode::Sampled);
    let mut periodic = Watch::new(Mode::Periodic { operations: 100 });
    let mut held: Vec<Value> = Vec::new();
    for _ in 0..1000 {
        held.push(heap.new_cell(Value::NIL).expect("memory").into());
        assert!(off.tend(&heap).is_none());
        assert!(sampled.tend(&heap).is_none());
        assert!(periodic.tend_with(&heap, || held.clone()).is_none());
    }
    assert_eq!((off.looks(), sampled.looks()), (0, 1000));
    assert_eq!(periodic.looks(), 20);
    assert!(sampled.rounds() > 100);
    heap.release(held[0]);
    heap.release(held[0]);
    let found = sampled.tend(&heap).expect("a release was refused");
    assert_eq!(found.count(Fault::Underflow), 1);
    let mut late = Watch::new(Mode::Periodic { operations: 0 });
    assert!(late.tend(&heap).is_some());
    assert_ne!(Mode::default(), Mode::Off);
}

struct Liar(Value);

impl HostObject for Liar {
    fn children(&self, visitor: &mut Visitor) {
        visitor.visit(self.0);
    }
}

#[test]
fn a_host_object_that_names_what_it_does_not_hold_is_found() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let liar = heap.new_host(Box::new(Liar(cell.into()))).expect("memory");
    let report = heap.verify_with([cell.into(), liar.into()]);
    assert_eq!(report.count(Fault::Count), 1);
    heap.release(cell.into());
    heap.release(liar.into());
}
