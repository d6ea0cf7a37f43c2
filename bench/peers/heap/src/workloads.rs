//! The programs, the same for every heap that counts references.

use crate::clock::{Watch, growth_of_memory};
use crate::graph::Graph;
use std::hint::black_box;

/// Objects that are shared in turn.
const SPREAD: u64 = 10_000;
/// Levels of a tree of the tree program.
const LEVELS: u32 = 15;
/// Levels of the tree that lives beside others: 2^20 - 1 nodes.
pub const LIVE_LEVELS: u32 = 20;
/// How far down the tree the objects are that rings refer to.
const TARGET_LEVELS: u32 = 10;

/// Numbers that look like chance, the same in every run.
pub struct Numbers(u64);

impl Numbers {
    pub const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A full binary tree.
pub fn tree<G: Graph>(graph: &mut G, levels: u32) -> G::Object {
    if levels == 1 {
        return graph.node([None, None], 1);
    }
    let links = [(); 2].map(|()| Some(tree(graph, levels - 1)));
    graph.node(links, 1)
}

/// A ring whose first node is the caller's.
#[inline]
pub fn ring<G: Graph>(graph: &mut G, nodes: u64, target: Option<G::Object>) -> G::Object {
    let first = graph.node([None, target], 0);
    let mut last = graph.share(&first);
    for word in 1..nodes {
        last = graph.node([Some(last), None], word);
    }
    graph.link(&first, 0, Some(last));
    first
}

/// Two to eight.
#[inline]
pub fn ring_size(numbers: &mut Numbers) -> u64 {
    2 + numbers.next() % 7
}

/// A node that may be a part of a cycle.
fn parent<G: Graph>(graph: &mut G, word: u64) -> G::Object {
    let child = graph.node([None, None], word);
    graph.node([Some(child), None], word)
}

#[inline(never)]
fn shared<G: Graph>(graph: &mut G, count: u64) -> u64 {
    let object = parent(graph, 0);
    for _ in 0..count {
        let again = graph.share(black_box(&object));
        graph.let_go(black_box(again));
    }
    std::mem::forget(object);
    count
}

#[inline(never)]
fn shared_in_turn<G: Graph>(graph: &mut G, objects: u64, rounds: u64) -> u64 {
    let all: Vec<G::Object> = (0..objects).map(|word| parent(graph, word)).collect();
    for _ in 0..rounds {
        for object in &all {
            let again = graph.share(black_box(object));
            graph.let_go(black_box(again));
        }
    }
    std::mem::forget(all);
    objects * rounds
}

fn leaves<G: Graph>(graph: &mut G, count: u64) -> u64 {
    for word in 0..count {
        let leaf = graph.node([None, None], word);
        graph.let_go(black_box(leaf));
    }
    count
}

fn trees<G: Graph>(graph: &mut G, count: u64) -> u64 {
    let mut sum = 0;
    for _ in 0..count {
        let root = tree(graph, LEVELS);
        sum += graph.sum(&root);
        graph.let_go(root);
        graph.poll();
    }
    black_box(sum);
    count * ((1 << LEVELS) - 1)
}

fn rings<G: Graph>(graph: &mut G, count: u64, targets: &[G::Object]) -> u64 {
    let mut numbers = Numbers::new();
    for at in 0..count {
        let nodes = ring_size(&mut numbers);
        let target = targets.get(at as usize % targets.len().max(1));
        let target = target.map(|target| graph.share(target));
        let first = ring(graph, nodes, target);
        graph.let_go(black_box(first));
        graph.poll();
    }
    count
}

/// Objects on the upper levels of a tree.
pub fn targets<G: Graph>(graph: &mut G, root: &G::Object) -> Vec<G::Object> {
    let mut numbers = Numbers::new();
    (0..1000)
        .map(|at| {
            let mut object = graph.share(root);
            for _ in 0..=at % TARGET_LEVELS {
                let side = numbers.next() as usize & 1;
                let Some(next) = graph.follow(&object, side) else {
                    break;
                };
                graph.let_go(object);
                object = next;
            }
            object
        })
        .collect()
}

/// Walks of twenty steps down a tree.
fn walks<G: Graph>(graph: &mut G, root: &G::Object, count: u64) -> u64 {
    let mut numbers = Numbers::new();
    let mut hops = 0;
    for _ in 0..count {
        let mut object = graph.share(root);
        let mut way = numbers.next();
        while let Some(next) = graph.follow(&object, way as usize & 1) {
            graph.let_go(object);
            object = next;
            way >>= 1;
            hops += 1;
        }
        graph.let_go(object);
        graph.poll();
    }
    hops
}

/// Bytes of memory for each of many nodes in a chain.
fn bytes<G: Graph>(graph: &mut G, count: u64) -> f64 {
    // What a first node wants is there before.
    let mut last = Some(graph.node([None, None], 0));
    let grown = growth_of_memory(|| {
        for word in 1..=count {
            last = Some(graph.node([last.take(), None], word));
        }
    });
    std::mem::forget(last);
    grown as f64 / count as f64
}

/// Runs a program; nanoseconds of the thread's time for each of what it counts, or bytes.
pub fn run<G: Graph>(program: &str, size: u64) -> Option<f64> {
    let graph = &mut G::new();
    if program == "bytes" {
        return Some(bytes(graph, size));
    }
    let is_beside_live = matches!(program, "rings-beside" | "rings-into" | "walks");
    let root = is_beside_live.then(|| tree(graph, LIVE_LEVELS));
    let targets = match (&root, program) {
        (Some(root), "rings-into") => targets(graph, root),
        _ => Vec::new(),
    };
    if is_beside_live {
        // What the tree owes is paid before: a pass over a heap that grew from nothing.
        graph.collect();
    }
    let watch = Watch::start();
    let count = match program {
        "hot" => shared(graph, size),
        "spread" => shared_in_turn(graph, SPREAD, size),
        "leaf" => leaves(graph, size),
        "trees" => trees(graph, size),
        "rings" | "rings-beside" | "rings-into" => rings(graph, size, &targets),
        "walks" => walks(graph, root.as_ref()?, size),
        _ => return None,
    };
    if program == "rings" {
        graph.collect();
    }
    let each = watch.ns() as f64 / count as f64;
    std::mem::forget((root, targets));
    Some(each)
}
