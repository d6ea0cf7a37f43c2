//! gc-arena.
//!
//! # Role
//! The same programs in its way: pointers are copied at no cost and stay inside a closure; between
//! closures the collector does as much as it is due. So it has no programs of shared references.

use crate::clock::{Watch, growth_of_memory};
use crate::workloads::{LIVE_LEVELS, Numbers, ring_size};
use gc_arena::{Arena, Collect, Gc, Mutation, RefLock, Rootable};
use std::hint::black_box;

type Pointer<'gc> = Gc<'gc, RefLock<Node<'gc>>>;

#[derive(Collect)]
#[collect(no_drop)]
struct Node<'gc> {
    links: [Option<Pointer<'gc>>; 2],
    word: u64,
}

#[derive(Collect, Default)]
#[collect(no_drop)]
struct Root<'gc> {
    live: Option<Pointer<'gc>>,
    last: Option<Pointer<'gc>>,
}

type Heap = Arena<Rootable![Root<'_>]>;

fn node<'gc>(mc: &Mutation<'gc>, links: [Option<Pointer<'gc>>; 2], word: u64) -> Pointer<'gc> {
    Gc::new(mc, RefLock::new(Node { links, word }))
}

fn tree<'gc>(mc: &Mutation<'gc>, levels: u32) -> Pointer<'gc> {
    if levels == 1 {
        return node(mc, [None, None], 1);
    }
    let links = [(); 2].map(|()| Some(tree(mc, levels - 1)));
    node(mc, links, 1)
}

fn sum(object: Pointer<'_>) -> u64 {
    let node = object.borrow();
    let children = node.links.iter().flatten();
    children.fold(node.word, |all, child| all + sum(*child))
}

fn ring<'gc>(mc: &Mutation<'gc>, nodes: u64, target: Option<Pointer<'gc>>) {
    let first = node(mc, [None, target], 0);
    let mut last = first;
    for word in 1..nodes {
        last = node(mc, [Some(last), None], word);
    }
    first.borrow_mut(mc).links[0] = Some(last);
    black_box(&first);
}

/// A node on the upper levels of the live tree.
fn target<'gc>(root: &Root<'gc>, numbers: &mut Numbers, steps: u64) -> Option<Pointer<'gc>> {
    let mut object = root.live?;
    for _ in 0..steps {
        let side = numbers.next() as usize & 1;
        object = object.borrow().links[side]?;
    }
    Some(object)
}

fn rings(heap: &mut Heap, count: u64, is_into_live: bool) -> u64 {
    let mut numbers = Numbers::new();
    for at in 0..count {
        let nodes = ring_size(&mut numbers);
        heap.mutate(|mc, root| {
            let target = is_into_live.then(|| target(root, &mut numbers, at % 10));
            ring(mc, nodes, target.flatten());
        });
        heap.collect_debt();
    }
    count
}

fn walks(heap: &mut Heap, count: u64) -> u64 {
    let mut numbers = Numbers::new();
    let mut hops = 0;
    for _ in 0..count {
        heap.mutate(|_, root| {
            let Some(mut object) = root.live else { return };
            let mut way = numbers.next();
            loop {
                let Some(next) = object.borrow().links[way as usize & 1] else {
                    break;
                };
                object = black_box(next);
                way >>= 1;
                hops += 1;
            }
        });
        heap.collect_debt();
    }
    hops
}

fn leaves(heap: &mut Heap, count: u64) -> u64 {
    for thousand in 0..count / 1000 {
        heap.mutate(|mc, _| {
            for word in 0..1000 {
                black_box(node(mc, [None, None], thousand + word));
            }
        });
        heap.collect_debt();
    }
    count
}

fn trees(heap: &mut Heap, count: u64) -> u64 {
    for _ in 0..count {
        heap.mutate(|mc, _| black_box(sum(tree(mc, 15))));
        heap.collect_debt();
    }
    heap.finish_cycle();
    count * ((1 << 15) - 1)
}

fn bytes(heap: &mut Heap, count: u64) -> f64 {
    let grown = growth_of_memory(|| {
        heap.mutate_root(|mc, root| {
            for word in 0..count {
                root.last = Some(node(mc, [root.last, None], word));
            }
        });
    });
    grown as f64 / count as f64
}

/// Runs a program, as [`crate::workloads::run`] does.
pub fn run(program: &str, size: u64) -> Option<f64> {
    let mut heap = Heap::new(|_| Root::default());
    if program == "bytes" {
        return Some(bytes(&mut heap, size));
    }
    if matches!(program, "rings-beside" | "rings-into" | "walks") {
        heap.mutate_root(|mc, root| root.live = Some(tree(mc, LIVE_LEVELS)));
        // What the tree owes is paid before.
        heap.finish_cycle();
        heap.finish_cycle();
    }
    let watch = Watch::start();
    let count = match program {
        "leaf" => leaves(&mut heap, size),
        "trees" => trees(&mut heap, size),
        "rings" | "rings-beside" => rings(&mut heap, size, false),
        "rings-into" => rings(&mut heap, size, true),
        "walks" => walks(&mut heap, size),
        _ => return None,
    };
    if program == "rings" {
        heap.finish_cycle();
        heap.finish_cycle();
    }
    let each = watch.ns() as f64 / count as f64;
    std::mem::forget(heap);
    Some(each)
}

/// Makes a deep structure, walks it and drops it, as [`crate::deep`] does.
pub fn deep(shape: &str) -> bool {
    let mut heap = Heap::new(|_| Root::default());
    heap.mutate_root(|mc, root| {
        let first = node(mc, [None, None], 0);
        let mut last = first;
        for word in 1..1_000_000 {
            let leaf = (shape == "tree").then(|| node(mc, [None, None], word));
            last = node(mc, [Some(last), leaf], word);
        }
        if shape == "ring" {
            first.borrow_mut(mc).links[0] = Some(last);
        }
        root.last = Some(last);
    });
    heap.finish_cycle();
    heap.mutate_root(|_, root| root.last = None);
    heap.finish_cycle();
    heap.finish_cycle();
    matches!(shape, "list" | "ring" | "tree")
}
