//! Trees and sources that are cut by a closure.

use crate::{Dice, everywhere};
use bedplate_pool::iter::{split, walk_tree, walk_tree_postfix, walk_tree_prefix};
use bedplate_pool::prelude::*;
use core::ops::Range;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::catch_unwind;

/// Trees whose nodes are numbers.
fn trees() -> Vec<Vec<Vec<usize>>> {
    let chain = (0..500).map(|node| if node < 499 { vec![node + 1] } else { vec![] });
    let fan = (0..1000).map(|node| {
        if node == 0 {
            (1..1000).collect()
        } else {
            vec![]
        }
    });
    // A chain with a leaf before or behind each node.
    let comb = (0..600).map(|node| match node % 4 {
        _ if node >= 598 => vec![],
        0 => vec![node + 1, node + 2],
        2 => vec![node + 2, node + 1],
        _ => vec![],
    });
    let binary = (0..1023).map(|node| {
        if node < 511 {
            vec![2 * node + 1, 2 * node + 2]
        } else {
            vec![]
        }
    });
    let mut wild: Vec<Vec<usize>> = vec![vec![]];
    let mut dice = Dice::new(7);
    for node in 1..3000 {
        let parent = usize::try_from(dice.below(node)).expect("not negative");
        let new = wild.len();
        wild[parent].push(new);
        wild.push(vec![]);
    }
    vec![
        vec![vec![]],
        chain.collect(),
        fan.collect(),
        comb.collect(),
        binary.collect(),
        wild,
    ]
}

/// The nodes below `node`, with it, in order.
fn serial(tree: &[Vec<usize>], node: usize, is_before: bool, order: &mut Vec<usize>) {
    if is_before {
        order.push(node);
    }
    for below in &tree[node] {
        serial(tree, *below, is_before, order);
    }
    if !is_before {
        order.push(node);
    }
}

#[test]
fn nodes_come_in_order() {
    let trees = trees();
    everywhere(|| {
        for tree in &trees {
            let below = |node: &usize| tree[*node].iter().copied();
            let mut expected = Vec::new();
            serial(tree, 0, true, &mut expected);
            let nodes: Vec<usize> = walk_tree_prefix(0, below).collect();
            assert_eq!(nodes, expected);
            let mut nodes: Vec<usize> = walk_tree(0, below).collect();
            nodes.sort_unstable();
            expected.sort_unstable();
            assert_eq!(nodes, expected);
            let mut expected = Vec::new();
            serial(tree, 0, false, &mut expected);
            let nodes: Vec<usize> = walk_tree_postfix(0, below).collect();
            assert_eq!(nodes, expected);
        }
    });
}

/// A node that is counted while it lives.
struct Node<'a> {
    number: usize,
    living: &'a AtomicUsize,
}

impl<'a> Node<'a> {
    fn new(number: usize, living: &'a AtomicUsize) -> Self {
        living.fetch_add(1, Ordering::Relaxed);
        Self { number, living }
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn nodes_are_dropped_however_it_ends() {
    everywhere(|| {
        for blow_at in [0, 1, 500, 1022, 5000] {
            let living = AtomicUsize::new(0);
            let below = |node: &Node<'_>| {
                assert!(node.number != blow_at || blow_at % 2 == 0, "opened");
                let below = [2 * node.number + 1, 2 * node.number + 2];
                let below = below.into_iter().filter(|number| *number < 1023);
                below
                    .map(|number| Node::new(number, &living))
                    .collect::<Vec<_>>()
            };
            let run = || {
                let nodes = walk_tree_postfix(Node::new(0, &living), below);
                nodes.for_each(|node| assert!(node.number != blow_at, "seen"));
            };
            let outcome = catch_unwind(AssertUnwindSafe(run));
            assert_eq!(outcome.is_err(), blow_at < 1023);
            let found = walk_tree_prefix(Node::new(0, &living), |node| {
                let below = [2 * node.number + 1, 2 * node.number + 2];
                let below = below.into_iter().filter(|number| *number < 1023);
                below
                    .map(|number| Node::new(number, &living))
                    .collect::<Vec<_>>()
            });
            let found = found.find_any(|node| node.number == blow_at);
            assert_eq!(found.is_some(), blow_at < 1023);
            drop(found);
            drop(outcome);
            assert_eq!(living.into_inner(), 0);
        }
    });
}

fn halves(range: Range<usize>) -> (Range<usize>, Option<Range<usize>>) {
    match range.len() / 2 {
        0 => (range, None),
        half => {
            let middle = range.start + half;
            (range.start..middle, Some(middle..range.end))
        }
    }
}

#[test]
fn parts_come_in_order() {
    everywhere(|| {
        for len in crate::LENGTHS {
            let items = split(0..len, halves).flat_map_iter(|part| part);
            let items: Vec<usize> = items.collect();
            assert_eq!(items, (0..len).collect::<Vec<_>>());
        }
        let parts = split(0..5000, halves).collect::<Vec<_>>();
        assert!(parts.iter().all(|part| !part.is_empty()));
        let caught = catch_unwind(|| {
            split(0..5000, |range: Range<usize>| -> (_, Option<_>) {
                panic!("{}", range.len())
            })
            .count()
        });
        let text = caught.expect_err("it panics");
        assert_eq!(
            text.downcast_ref::<String>().map(String::as_str),
            Some("5000")
        );
    });
}
