//! Random programs against a naive model that knows every edge.
//!
//! `BEDPLATE_HEAP_TIMES=N` runs N times as many, from the same first seeds; `--nocapture` shows how many there were.

use alloc::collections::{BTreeMap, BTreeSet};
use bedplate_heap::{Heap, Limits, Ref, Value};
use bedplate_testkit::Chance;

/// The model: what is held by the program, and by whom.
struct Model {
    heap: Heap,
    chance: Chance,
    /// Handles that the program holds, with repetition.
    held: Vec<Ref>,
    /// The slots of every object that is not known to be freed.
    slots: BTreeMap<Ref, [Option<Ref>; 2]>,
    /// Weak references, held by the program, and what they are to.
    weak: Vec<(Ref, Ref, u64)>,
    /// When the object in a place was made.
    births: BTreeMap<Ref, u64>,
}

impl Model {
    fn new(seed: u64, limits: Limits) -> Self {
        Self {
            heap: Heap::with(limits).expect("memory"),
            chance: Chance::new(seed),
            held: Vec::new(),
            slots: BTreeMap::new(),
            weak: Vec::new(),
            births: BTreeMap::new(),
        }
    }

    /// What the program can reach.
    fn reachable(&self) -> BTreeSet<Ref> {
        let mut seen: BTreeSet<Ref> = BTreeSet::new();
        let mut open = self.held.clone();
        while let Some(object) = open.pop() {
            if seen.insert(object) {
                open.extend(self.slots[&object].iter().flatten());
            }
        }
        seen
    }

    fn make(&mut self) {
        let object = self.heap.new_pair(Value::NIL, Value::NIL).expect("memory");
        // A slot may be used again once its object is freed.
        self.slots.insert(object, [None, None]);
        self.births
            .insert(object, self.heap.stats().allocated_objects);
        self.held.push(object);
    }

    fn link(&mut self) {
        let (from, to) = (self.chance.pick(&self.held), self.chance.pick(&self.held));
        self.heap.retain(to.into());
        let side = self.chance.below(2);
        self.set(from, side, Some(to));
    }

    fn set(&mut self, from: Ref, side: usize, to: Option<Ref>) {
        if let Some(slots) = self.slots.get_mut(&from) {
            slots[side] = to;
        }
        let set = [Heap::set_first, Heap::set_second][side];
        set(&mut self.heap, from, to.into()).expect("a live pair");
    }

    fn let_go(&mut self) {
        let place = self.chance.below(self.held.len());
        let object = self.held.swap_remove(place);
        self.heap.release(object.into());
    }

    /// Takes an object out of one that is held.
    fn follow(&mut self) {
        let from = self.chance.pick(&self.held);
        let value = self.heap.first(from).expect("a live pair");
        assert_eq!(value.as_object(), self.slots[&from][0]);
        if let Some(object) = value.as_object() {
            self.heap.retain(value);
            self.held.push(object);
        }
    }

    fn look_weakly(&mut self) {
        if self.weak.len() > 50 {
            let reachable = self.reachable();
            for (weak, target, birth) in core::mem::take(&mut self.weak) {
                let value = self.heap.upgrade(weak).expect("a weak reference");
                assert!(value.is_nil() || value == target.into());
                // Each object has a number of its own in the model: a slot that is used again is
                // another object.
                if reachable.contains(&target) && self.births[&target] == birth {
                    assert_eq!(value, target.into());
                }
                if self.births[&target] != birth {
                    assert!(value.is_nil());
                }
                self.heap.release(value);
                self.heap.release(weak.into());
            }
        }
        let target = self.chance.pick(&self.held);
        let weak = self.heap.new_weak(target).expect("memory");
        self.weak.push((weak, target, self.births[&target]));
    }

    fn act(&mut self) {
        if self.held.is_empty() {
            self.make();
        }
        match self.chance.below(10) {
            0..=2 => self.make(),
            3..=5 => self.link(),
            6 => self.follow(),
            7 => {
                let from = self.chance.pick(&self.held);
                let side = self.chance.below(2);
                self.set(from, side, None);
            }
            8 if self.chance.happens(1, 4) => self.look_weakly(),
            _ => self.let_go(),
        }
        while self.held.len() > 60 {
            self.let_go();
        }
    }

    /// Everything reachable is there with its exact count: from reachable objects, the program, and
    /// garbage that is not collected. After a collection there is none of that.
    fn check(&mut self) {
        self.heap.collect();
        let reachable = self.reachable();
        let mut counts: BTreeMap<Ref, u32> = BTreeMap::new();
        for object in &self.held {
            *counts.entry(*object).or_default() += 1;
        }
        for object in &reachable {
            for child in self.slots[object].iter().flatten() {
                *counts.entry(*child).or_default() += 1;
            }
        }
        for object in &reachable {
            assert_eq!(self.heap.count(*object), counts[object]);
            let slots = self.slots[object].map(Value::from);
            assert_eq!(self.heap.first(*object), Ok(slots[0]));
            assert_eq!(self.heap.second(*object), Ok(slots[1]));
        }
        let live = reachable.len() + self.weak.len();
        assert_eq!(self.heap.stats().live_objects(), live as u64);
        assert_eq!(self.heap.stats().underflows, 0);
        self.slots.retain(|object, _| reachable.contains(object));
    }

    /// Everything reachable is there, whatever the collector is about.
    fn look(&self) {
        for object in self.reachable() {
            let slots = self.slots[&object].map(Value::from);
            assert!(self.heap.count(object) > 0);
            assert_eq!(self.heap.first(object), Ok(slots[0]));
            assert_eq!(self.heap.second(object), Ok(slots[1]));
        }
    }

    /// Runs with a full pass under way all the time, in slices of a few steps.
    fn run_beside_passes(mut self, acts: usize) -> Done {
        for act in 0..acts {
            self.act();
            self.heap.start_collection();
            if self.chance.happens(1, 3) {
                let steps = 1 + self.chance.below(30);
                self.heap.step_by(steps);
            }
            if act % 50 == 0 {
                self.look();
            }
        }
        assert!(self.heap.stats().full_passes > 1);
        let mut done = self.run(100, 100);
        done.acts += acts;
        done
    }

    fn run(mut self, acts: usize, check_each: usize) -> Done {
        for act in 0..acts {
            self.act();
            if act % check_each == 0 {
                self.check();
            }
        }
        while !self.held.is_empty() {
            self.let_go();
        }
        for (weak, _, _) in core::mem::take(&mut self.weak) {
            self.heap.release(weak.into());
        }
        self.check();
        let stats = self.heap.stats();
        assert_eq!(stats.live_objects(), 0);
        Done {
            programs: 1,
            acts,
            objects: stats.allocated_objects,
            as_cycles: stats.cycle_objects,
        }
    }
}

/// What was done, all of it as the model says.
#[derive(Default)]
struct Done {
    programs: usize,
    acts: usize,
    objects: u64,
    as_cycles: u64,
}

/// Runs programs of `few` seeds, or of as many times more as the environment says.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the length of a test is not a setting of the product, and --nocapture asks for the line"
)]
fn programs(first: u64, few: u64, run: impl Fn(u64) -> Done) {
    let times = std::env::var("BEDPLATE_HEAP_TIMES").map_or(1, |text| {
        text.parse()
            .expect("BEDPLATE_HEAP_TIMES: a number of times")
    });
    let mut all = Done::default();
    for seed in first..first + few * times {
        let done = run(seed);
        all.programs += done.programs;
        all.acts += done.acts;
        all.objects += done.objects;
        all.as_cycles += done.as_cycles;
    }
    assert!(all.as_cycles > 0, "no program left a dead cycle");
    println!(
        "{} programs from seed {first}: {} acts, {} objects, {} of them freed as dead cycles; counts and references as the \
         model has them, none left",
        all.programs, all.acts, all.objects, all.as_cycles
    );
}

#[test]
fn random_programs_with_full_passes() {
    programs(0, 40, |seed| {
        Model::new(seed, Limits::DEFAULT).run(3000, 500)
    });
}

#[test]
fn random_programs_with_a_trial_at_every_candidate() {
    programs(100, 30, |seed| {
        let limits = Limits {
            candidates_min: 1,
            candidates_max: 1,
            ..Limits::DEFAULT
        };
        Model::new(seed, limits).run(3000, 700)
    });
}

#[test]
fn random_programs_with_the_smallest_trials() {
    programs(200, 30, |seed| {
        let limits = Limits {
            candidates_min: 2,
            candidates_max: 4,
            trial_objects: 16,
            release_steps: 16,
            ..Limits::DEFAULT
        };
        Model::new(seed, limits).run(3000, 900)
    });
}

#[test]
fn random_programs_beside_full_passes() {
    programs(300, 200, |seed| {
        let part = |of: u64| usize::try_from(seed % of).expect("it is small");
        let limits = Limits {
            candidates_min: 1 << part(9),
            trial_objects: 16 << part(4),
            pass_steps: 1 + 7 * part(5),
            pass_events: 1 + part(4),
            release_steps: 16,
            automatic: seed % 2 == 0,
            ..Limits::DEFAULT
        };
        Model::new(seed, limits).run_beside_passes(1000)
    });
}

#[test]
fn random_programs_with_a_collection_at_every_allocation() {
    programs(400, 20, |seed| {
        let limits = Limits {
            collect_each: 1,
            ..Limits::DEFAULT
        };
        Model::new(seed, limits).run(2000, 600)
    });
}
