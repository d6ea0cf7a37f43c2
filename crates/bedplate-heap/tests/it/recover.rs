//! Whether faults are mended, and what it costs.

use crate::garden::Garden;
use alloc::collections::BTreeSet;
use bedplate_heap::{Action, Checkpoint, Damage, Fault, Heap, HostObject, Recovery, Scope};
use bedplate_heap::{Limits, Value, Visitor};

struct Damaged {
    garden: Garden,
    damage: Damage,
    checkpoint: Checkpoint,
    view: Vec<(bedplate_heap::Ref, bedplate_heap::Kind, Vec<Value>)>,
}

/// A random heap with a fault.
fn damaged(seed: u64, fault: Fault) -> Damaged {
    let mut garden = Garden::new(seed);
    let acts = 50 + garden.chance.below(500);
    garden.grow(acts);
    garden.plant_all_kinds();
    let checkpoint = garden.heap.checkpoint().expect("bags can be copied");
    let view = garden.view();
    let Garden {
        heap, chance, held, ..
    } = &mut garden;
    let damage = (0..100).find_map(|_| {
        let damage = heap.damage(fault, held, &mut |end| chance.below(end));
        damage.expect("memory")
    });
    Damaged {
        damage: damage.expect("something to damage"),
        garden,
        checkpoint,
        view,
    }
}

/// Damages of a kind are mended, by these actions and no others.
fn mend_all(fault: Fault, expected: &[Action]) {
    let expected: BTreeSet<Action> = expected.iter().copied().collect();
    let mut actions = BTreeSet::new();
    for seed in 0..400 {
        if seed >= 30 && actions == expected {
            return;
        }
        let Damaged {
            mut garden,
            damage,
            view,
            ..
        } = damaged(seed, fault);
        let recovery = garden.heap.recover_with(garden.held.iter().copied());
        assert!(recovery.before.count(fault) > 0, "{damage:?}");
        assert!(
            recovery.after.is_healthy(),
            "seed {seed}, {damage:?}: {recovery}"
        );
        assert_eq!(recovery.after.scope, Scope::Exact);
        let of_it = recovery
            .repairs
            .iter()
            .filter(|repair| repair.fault == fault);
        actions.extend(of_it.map(|repair| repair.action));
        if recovery.is_lossless() {
            assert_eq!(garden.view(), view, "seed {seed}, {damage:?}: {recovery}");
        }
        // What was mended is a heap like any other.
        garden.underflows = garden.heap.stats().underflows;
        garden.grow(300);
        let report = garden.heap.verify_with(garden.held.iter().copied());
        assert!(report.is_healthy(), "seed {seed}, {damage:?}: {report}");
        let is_aside = recovery
            .repairs
            .iter()
            .any(|repair| repair.action == Action::SetAside);
        if !is_aside {
            garden.clear();
        }
    }
    assert_eq!(actions, expected);
}

#[test]
fn counts_are_counted_again() {
    mend_all(Fault::Count, &[Action::Recounted]);
}

#[test]
fn dangling_references_become_nil() {
    mend_all(Fault::Dangling, &[Action::MadeNil]);
}

#[test]
fn orphans_become_candidates() {
    mend_all(Fault::Orphan, &[Action::MadeCandidate]);
}

#[test]
fn lists_of_candidates_are_made_anew() {
    mend_all(Fault::Candidates, &[Action::ListsRebuilt]);
}

#[test]
fn objects_are_made_anew_or_set_aside() {
    mend_all(
        Fault::Structure,
        &[
            Action::Rebuilt,
            Action::Clipped,
            Action::Emptied,
            Action::SetAside,
        ],
    );
}

#[test]
fn weak_references_live_or_end() {
    mend_all(Fault::Weak, &[Action::MarkedWeak, Action::WeakEnded]);
}

#[test]
fn leaks_are_freed() {
    mend_all(Fault::Leak, &[Action::Freed, Action::ListsRebuilt]);
}

#[test]
fn lists_of_free_slots_are_made_anew() {
    mend_all(Fault::DoubleFree, &[Action::ListsRebuilt]);
}

#[test]
fn counts_of_zero_come_back_and_refusals_are_acknowledged() {
    mend_all(Fault::Underflow, &[Action::Recounted, Action::Acknowledged]);
}

#[test]
fn several_faults_at_once_are_mended() {
    for seed in 100..140 {
        let Damaged { mut garden, .. } = damaged(seed, Fault::Count);
        let Garden {
            heap, chance, held, ..
        } = &mut garden;
        for _ in 0..5 {
            let fault = Fault::ALL[chance.below(9)];
            let damage = heap.damage(fault, held, &mut |end| chance.below(end));
            assert!(damage.is_ok());
        }
        let recovery = heap.recover_with(held.iter().copied());
        assert!(recovery.after.is_healthy(), "seed {seed}: {recovery}");
    }
}

#[test]
fn what_would_be_lost_comes_back_from_the_checkpoint() {
    let (mut went_back, mut stayed) = (0, 0);
    for seed in 200..260 {
        let fault = Fault::ALL[usize::try_from(seed % 9).expect("small")];
        let Damaged {
            mut garden,
            damage,
            checkpoint,
            view,
        } = damaged(seed, fault);
        let held = garden.held.clone();
        let recovery = garden.heap.recover_or_restore(held, &checkpoint);
        let recovery: Recovery = recovery.expect("its own");
        assert_eq!(garden.view(), view, "seed {seed}, {damage:?}: {recovery}");
        assert!(recovery.after.is_healthy(), "{recovery}");
        went_back += usize::from(recovery.went_back);
        stayed += usize::from(!recovery.went_back);
        garden.underflows = garden.heap.stats().underflows;
        garden.clear();
    }
    assert!(went_back > 5 && stayed > 20, "{went_back} {stayed}");
}

#[test]
fn without_the_hosts_word_a_count_is_only_raised() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let pair = heap.new_pair(cell.into(), cell.into()).expect("memory");
    let recovery = heap.recover();
    assert_eq!((heap.count(cell), recovery.repairs.len()), (2, 1));
    assert_eq!(recovery.repairs[0].action, Action::Recounted);
    assert!(recovery.after.is_healthy());
    assert!(
        recovery
            .to_string()
            .contains("its count is the number of references now")
    );
    heap.release(pair.into());
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn what_the_host_holds_and_is_none_stays_in_the_report() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let root = heap.root(cell.into());
    heap.release(cell.into());
    let recovery = heap.recover_with([cell.into()]);
    assert_eq!(recovery.after.count(Fault::Dangling), 1);
    assert_eq!(heap.rooted(&root), Ok(Value::NIL));
    let json = serde_json::to_value(&recovery).expect("data");
    assert_eq!(json["repairs"][0]["action"], "made_nil");
}

/// Names what it does not hold.
struct Liar(Value);

impl HostObject for Liar {
    fn children(&self, visitor: &mut Visitor) {
        visitor.visit(self.0);
    }
}

#[test]
fn a_host_object_that_names_no_object_is_set_aside() {
    let mut heap = Heap::new().expect("memory");
    let cell = heap.new_cell(Value::NIL).expect("memory");
    let liar = heap.new_host(Box::new(Liar(cell.into()))).expect("memory");
    heap.release(cell.into());
    let recovery = heap.recover_with([liar.into()]);
    assert_eq!(recovery.repairs[0].action, Action::SetAside);
    assert!(!recovery.is_lossless() && recovery.after.is_healthy());
    assert!(
        heap.bytes(liar)
            .expect("empty bytes")
            .iter()
            .all(|byte| *byte == 0)
    );
}

#[test]
fn what_was_deferred_is_so_still_when_recovery_leaves_a_pass() {
    let mut heap = Heap::with(Limits {
        automatic: false,
        trial_objects: 16,
        ..Limits::DEFAULT
    })
    .expect("memory");
    // Rings that are too large for a trial, each without a holder.
    for _ in 0..20 {
        let first = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
        heap.retain(first.into());
        let mut last = first;
        for _ in 1..100 {
            last = heap.new_pair(last.into(), Value::NIL).expect("memory");
        }
        heap.set_first(first, last.into()).expect("a pair");
        heap.release(first.into());
    }
    while heap.stats().candidates > 0 {
        heap.step();
    }
    let deferred = heap.stats().deferred;
    assert!(deferred >= 20);
    heap.start_collection();
    let recovery = heap.recover();
    assert!(recovery.repairs.is_empty(), "{recovery}");
    assert_eq!(heap.stats().deferred, deferred);
    assert!(heap.step(), "there is something left to do");
    heap.collect();
    assert_eq!(heap.stats().live_objects(), 0);
    assert!(heap.verify().is_healthy());
}

/// A heap without faults whose sweep is half done, and one object of the host's.
fn half_swept() -> (Heap, Value) {
    let mut heap = Heap::with(Limits {
        automatic: false,
        ..Limits::DEFAULT
    })
    .expect("memory");
    for _ in 0..100 {
        let one = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
        let other = heap.new_pair(one.into(), Value::NIL).expect("memory");
        heap.set_first(one, other.into()).expect("a pair");
    }
    let held = heap.new_pair(Value::NIL, Value::NIL).expect("memory");
    heap.start_collection();
    while heap.stats().live_objects() == 201 {
        heap.step_by(4);
    }
    assert!(heap.is_collecting());
    (heap, held.into())
}

#[test]
fn recovery_beside_a_sweep_leaves_the_figures_as_they_are() {
    let (mut heap, held) = half_swept();
    let live = heap.stats().live_objects();
    let recovery = heap.recover_with([held]);
    assert!(recovery.repairs.is_empty() && recovery.after.is_healthy());
    assert_eq!(heap.stats().live_objects(), live);
    while heap.is_collecting() {
        heap.step_by(1000);
    }
    assert_eq!(heap.stats().live_objects(), 1);
    assert_eq!(heap.stats().allocated_objects, 201);
}
