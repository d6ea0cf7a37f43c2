//! Memory on nodes: one node, and two that are faked.

use bedplate_os::nodes::{LogicalNode, NodeMap};
use bedplate_os::numa::{self, NodeMemory, Outcome, Placement, Resized};
use bedplate_os::pages::{self, Protection};
use bedplate_os::sim::faults::Plan;
use bedplate_os::sim::nodes::FakeNodes;
use bedplate_os::{Operation, OsError};

const PLACEMENTS: [Placement; 4] = [
    Placement::Bind(LogicalNode(0)),
    Placement::Prefer(LogicalNode(0)),
    Placement::Interleave,
    Placement::FirstTouch,
];

#[test]
fn on_one_node_every_placement_is_a_named_no_op() {
    let fake = FakeNodes::start();
    for placement in PLACEMENTS {
        let memory = NodeMemory::map(1, placement, &NodeMap::of([0])).expect("maps");
        assert_eq!(
            (memory.outcome(), memory.placement()),
            (Outcome::OneNode, placement)
        );
    }
    assert!(fake.placed().is_empty());
}

#[test]
fn two_nodes_get_the_policy_that_was_asked_for() {
    // The kernel calls the second node 8.
    let map = NodeMap::of([0, 8]);
    let wishes = [
        (Placement::Bind(LogicalNode(1)), libc::MPOL_BIND, 1 << 8),
        (Placement::Prefer(LogicalNode(0)), libc::MPOL_PREFERRED, 1),
        (Placement::Interleave, libc::MPOL_INTERLEAVE, 1 << 8 | 1),
        (Placement::FirstTouch, libc::MPOL_LOCAL, 0),
    ];
    for (placement, mode, nodes) in wishes {
        let fake = FakeNodes::start();
        let memory = NodeMemory::map(3 * pages::page_size(), placement, &map).expect("maps");
        assert_eq!(memory.outcome(), Outcome::Placed);
        let placed = fake.placed();
        assert_eq!(placed.len(), 1);
        assert_eq!(
            (placed[0].mode, placed[0].nodes, placed[0].bytes),
            (mode, nodes, memory.bytes())
        );
        assert_eq!(placed[0].address, memory.as_slice().as_ptr().addr());
    }
}

#[test]
fn a_node_that_is_not_there_is_an_error() {
    let missing = Err(OsError::new(Operation::Bind, libc::EINVAL));
    for map in [NodeMap::of([0]), NodeMap::of([0, 1])] {
        let memory = NodeMemory::map(1, Placement::Bind(LogicalNode(2)), &map);
        assert_eq!(memory.map(|m| m.outcome()), missing);
    }
    // More nodes than any kernel has.
    let memory = NodeMemory::map(1, Placement::Interleave, &NodeMap::of([0, 60_000]));
    assert_eq!(memory.map(|m| m.outcome()), missing);
}

#[test]
fn resizing_keeps_contents_in_place_or_moved() {
    let mut memory =
        NodeMemory::map(64 << 10, Placement::FirstTouch, &NodeMap::of([0])).expect("maps");
    let mut moved = 0;
    let mut blockers = Vec::new();
    for step in 1..=24_usize {
        let old = memory.bytes();
        memory.as_mut_slice()[old - 1] = 7;
        memory.as_mut_slice()[0] = 3;
        if step.is_multiple_of(2) {
            // Takes the room behind, so that growth has to move.
            let hint = memory.as_slice().as_ptr().addr() + old;
            blockers.push(pages::map(hint, pages::page_size(), Protection::None).expect("maps"));
        }
        let resized = memory.resize(old + (256 << 10)).expect("resizes");
        moved += u32::from(resized == Resized::Moved);
        assert_eq!(memory.bytes(), old + (256 << 10));
        assert_eq!(
            (
                memory.as_slice()[0],
                memory.as_slice()[old - 1],
                memory.as_slice()[old]
            ),
            (3, 7, 0)
        );
    }
    assert!(moved > 0, "no growth had to move");
    assert_eq!(memory.resize(1), Ok(Resized::InPlace));
    assert_eq!(
        (memory.bytes(), memory.as_slice()[0]),
        (pages::page_size(), 3)
    );
    for blocker in blockers {
        // SAFETY: mapped above and unused.
        unsafe { pages::release(blocker, pages::page_size()) }.expect("releases");
    }
}

#[test]
fn a_failed_resize_changes_nothing() {
    let mut memory =
        NodeMemory::map(1 << 16, Placement::FirstTouch, &NodeMap::of([0])).expect("maps");
    memory.as_mut_slice().fill(9);
    let plan = Plan::start_here();
    plan.fail(Operation::Remap, 1, 1);
    assert_eq!(
        memory.resize(1 << 20),
        Err(OsError::new(Operation::Remap, libc::ENOMEM))
    );
    assert_eq!(
        memory.resize(usize::MAX).map_err(|e| e.operation),
        Err(Operation::Reserve)
    );
    assert_eq!(
        memory.resize(usize::MAX / 2).map_err(|e| e.operation),
        Err(Operation::Remap)
    );
    assert_eq!(memory.bytes(), 1 << 16);
    assert!(memory.as_slice().iter().all(|&b| b == 9));
}

#[test]
fn a_failed_placement_leaves_nothing_mapped() {
    let plan = Plan::start_here();
    let _fake = FakeNodes::start();
    plan.fail_with(Operation::Bind, 1, 1, libc::EPERM);
    let memory = NodeMemory::map(1, Placement::Interleave, &NodeMap::of([0, 1]));
    assert_eq!(
        memory.map(|m| m.bytes()),
        Err(OsError::new(Operation::Bind, libc::EPERM))
    );
    assert_eq!(
        (plan.seen(Operation::Reserve), plan.seen(Operation::Release)),
        (1, 1)
    );
}

#[test]
fn first_touch_touches_each_page_once_and_keeps_contents() {
    let page = pages::page_size();
    let mut memory =
        NodeMemory::map(8 * page, Placement::FirstTouch, &NodeMap::of([0])).expect("maps");
    memory.as_mut_slice()[page] = 5;
    assert_eq!(memory.first_touch(0..8 * page), 8);
    assert_eq!(memory.first_touch(page + 1..page + 2), 1);
    assert_eq!(memory.first_touch(0..usize::MAX), 8);
    assert_eq!(memory.first_touch(8 * page..9 * page), 0);
    assert_eq!(memory.as_slice()[page], 5);
}

#[test]
fn the_node_of_a_page_is_ours_or_a_named_error() {
    let mut memory = NodeMemory::map(1, Placement::FirstTouch, &NodeMap::of([0])).expect("maps");
    match memory.node_of(0, &NodeMap::of(0..1024)) {
        Ok(_) => {}
        // A kernel without nodes, or a container that forbids the question.
        Err(error) => assert_eq!(error.operation, Operation::Bind),
    }
    let beyond = memory.node_of(memory.bytes(), &NodeMap::of([0]));
    assert_eq!(beyond, Err(OsError::new(Operation::Bind, libc::EINVAL)));
}

#[test]
fn ranges_of_ones_own_can_be_placed() {
    let fake = FakeNodes::start();
    let page = pages::page_size();
    let at = pages::map(0, page, Protection::ReadWrite).expect("maps");
    // SAFETY: the range is the test's.
    let outcome = unsafe { numa::place(at, page, Placement::Interleave, &NodeMap::of([0, 1])) };
    assert_eq!(outcome, Ok(Outcome::Placed));
    assert_eq!(fake.placed().len(), 1);
    // SAFETY: mapped above and unused.
    unsafe { pages::release(at, page) }.expect("releases");
}
