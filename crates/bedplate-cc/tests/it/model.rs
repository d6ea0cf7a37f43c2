//! Random programs against a naive model.

use crate::node::Node;
use bedplate_cc::{Cc, Limits, ObjectSpace, Weak, collect_thread_cycles, with_thread_object_space};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// What a program did, in plain numbers.
#[derive(Default)]
struct Model {
    /// Where each node leads.
    to: Vec<Vec<usize>>,
    /// The nodes that the program holds.
    held: Vec<usize>,
}

impl Model {
    fn reachable(&self) -> BTreeSet<usize> {
        let mut open = self.held.clone();
        let mut found: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(node) = open.pop() {
            open.extend(self.to[node].iter().filter(|next| found.insert(**next)));
        }
        found
    }
}

struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % sides as u64).unwrap()
    }
}

struct Program {
    dice: Dice,
    model: Model,
    held: Vec<Cc<Node>>,
    weak: Vec<Weak<Node>>,
    dropped: Rc<Cell<usize>>,
}

impl Program {
    fn step(&mut self) {
        let Self {
            dice, model, held, ..
        } = self;
        match dice.throw(14) {
            0..=3 => {
                let node = Node::new(model.to.len(), &self.dropped);
                self.weak.push(node.downgrade());
                model.held.push(model.to.len());
                model.to.push(Vec::new());
                held.push(node);
            }
            4..=6 if !held.is_empty() => {
                let (from, to) = (dice.throw(held.len()), dice.throw(held.len()));
                held[from].lead_to(&held[to]);
                model.to[model.held[from]].push(model.held[to]);
            }
            7 if !held.is_empty() => {
                let from = dice.throw(held.len());
                let last = held[from].to.borrow_mut().pop();
                drop(last);
                model.to[model.held[from]].pop();
            }
            8 if !held.is_empty() => {
                let from = dice.throw(held.len());
                let next = held[from].to.borrow().first().cloned();
                if let Some(next) = next {
                    model.held.push(next.number);
                    held.push(next);
                }
            }
            9 => {
                let number = dice.throw(self.weak.len().max(1));
                if let Some(node) = self.weak.get(number).and_then(Weak::upgrade) {
                    model.held.push(number);
                    held.push(node);
                }
            }
            // Pointers change their place, and no count changes: nobody is told.
            10 if !held.is_empty() => {
                let (from, to) = (dice.throw(held.len()), dice.throw(held.len()));
                let moved = held[from].to.borrow_mut().pop();
                if let Some(moved) = moved {
                    model.to[model.held[from]].pop();
                    model.to[model.held[to]].push(moved.number);
                    held[to].to.borrow_mut().push(moved);
                }
            }
            11 if !held.is_empty() => {
                let from = dice.throw(held.len());
                let all = held[from].to.take();
                model.held.extend(all.iter().map(|node| node.number));
                held.extend(all);
                let from = model.held[from];
                model.to[from].clear();
            }
            12 => {
                with_thread_object_space(ObjectSpace::step);
            }
            _ if !held.is_empty() => {
                let at = dice.throw(held.len());
                model.held.swap_remove(at);
                drop(held.swap_remove(at));
            }
            _ => {}
        }
    }

    fn check(&self) {
        let alive = self.model.reachable();
        for number in &alive {
            let node = self.weak[*number].upgrade().expect("it is reachable");
            assert_eq!(node.number, *number);
            let to: Vec<usize> = node.to.borrow().iter().map(|next| next.number).collect();
            assert_eq!(to, self.model.to[*number]);
        }
        for (node, number) in self.held.iter().zip(&self.model.held) {
            let edges = alive.iter().flat_map(|from| &self.model.to[*from]);
            let inside = edges.filter(|to| *to == number).count();
            let outside = self
                .model
                .held
                .iter()
                .filter(|held| *held == number)
                .count();
            assert!(node.strong_count() >= inside + outside);
        }
    }
}

fn run(seed: u64, steps: usize, limits: Limits) {
    with_thread_object_space(|space| space.set_limits(limits));
    let mut program = Program {
        dice: Dice(seed),
        model: Model::default(),
        held: Vec::new(),
        weak: Vec::new(),
        dropped: Rc::default(),
    };
    for step in 0..steps {
        program.step();
        if step % 251 == 0 {
            program.check();
        }
    }
    program.check();
    collect_thread_cycles();
    let alive = program.model.reachable().len();
    let made = program.model.to.len();
    assert_eq!(
        made - program.dropped.get(),
        alive,
        "seed {seed}, {limits:?}"
    );
    program.check();
    program.held.clear();
    collect_thread_cycles();
    assert_eq!(program.dropped.get(), made, "seed {seed}, {limits:?}");
}

fn seeds() -> std::ops::Range<u64> {
    0..if cfg!(miri) { 2 } else { 40 }
}

const STEPS: usize = if cfg!(miri) { 300 } else { 2000 };

#[test]
fn as_it_is() {
    for seed in seeds() {
        run(seed, STEPS, Limits::DEFAULT);
    }
}

#[test]
fn with_a_trial_at_every_allocation() {
    for seed in seeds() {
        let limits = Limits {
            trial_objects: 16 + usize::try_from(seed).unwrap() % 50,
            candidates_min: 1,
            candidates_max: 1,
            growth_min: 5,
            ..Limits::DEFAULT
        };
        run(seed, STEPS, limits);
    }
}

#[test]
fn with_small_trials_and_no_full_pass() {
    for seed in seeds() {
        let limits = Limits {
            trial_objects: 16,
            candidates_min: 4,
            growth_min: usize::MAX,
            bytes: 1,
            ..Limits::DEFAULT
        };
        run(seed, STEPS, limits);
    }
}
