//! Graphs of all kinds that are dropped as a whole: nothing stays, nothing is given back twice.

use bedplate_heap::{Heap, HostObject, InlineCache, Kind, Limits, Ref, Value, Visitor};
use bedplate_testkit::Chance;

struct Bag(Vec<Value>);

impl HostObject for Bag {
    fn children(&self, visitor: &mut Visitor) {
        self.0.iter().for_each(|value| visitor.visit(*value));
    }
}

struct Program {
    heap: Heap,
    chance: Chance,
    held: Vec<Ref>,
}

impl Program {
    fn make(&mut self) {
        let heap = &mut self.heap;
        let object = match self.chance.below(10) {
            0 => heap.new_cell(Value::NIL),
            1 => heap.new_pair(Value::NIL, Value::float(0.5)),
            2 => heap.new_node([None, None], u64::MAX),
            3 => heap.new_closure(1, &[Value::NIL; 3]),
            4 => heap.new_array(),
            5 => heap.new_table(),
            6 => heap.new_host(Box::new(Bag(Vec::new()))),
            7 => heap.new_bytes(&[7; 40]),
            8 => {
                let shape = heap.shape(1, &[]).expect("room");
                heap.new_record(shape)
            }
            _ => match self.held.last() {
                Some(target) => heap.new_weak(*target),
                None => heap.new_array(),
            },
        };
        self.held.push(object.expect("memory"));
    }

    /// A held object, or nothing, with a reference of its own.
    fn any(&mut self) -> Value {
        if self.chance.happens(1, 4) {
            return Value::NIL;
        }
        let value = Value::from(self.chance.pick(&self.held));
        self.heap.retain(value);
        value
    }

    /// Changes a held object in a way that its kind has.
    fn change(&mut self) {
        let (object, value) = (self.chance.pick(&self.held), self.any());
        let name = self.chance.below(6).to_string();
        let heap = &mut self.heap;
        let done = match heap.kind(object) {
            Kind::Cell => heap.set_cell(object, value),
            Kind::Pair => heap.set_second(object, value),
            Kind::Node => heap.set_node(object, [value.as_object(), None]),
            Kind::Closure => heap.set_captured(object, 2, value),
            Kind::Array => heap.push(object, value),
            Kind::Table if name == "0" => heap.set_meta(object, value.as_object()),
            Kind::Table => {
                let key = Value::text(&name).expect("short");
                heap.set(object, key, value)
            }
            Kind::Record => {
                let key = heap.key(&name);
                heap.set_field(object, key, value, &mut InlineCache::default())
            }
            Kind::Host => {
                let bag = heap.host_mut::<Bag>(object).expect("a host");
                bag.expect("a bag").0.push(value);
                Ok(())
            }
            Kind::Weak => {
                let target = heap.upgrade(object).expect("a weak reference");
                heap.release(target);
                heap.release(value);
                Ok(())
            }
            _ => {
                heap.release(value);
                Ok(())
            }
        };
        done.expect("memory");
    }

    fn finalize(&mut self) {
        while let Some(due) = self.heap.next_finalization() {
            self.heap.release(due.finalizer);
            if self.chance.happens(1, 3) {
                self.held.push(due.object);
            } else {
                self.heap.release(due.object.into());
            }
        }
    }

    fn run(mut self, acts: usize, has_pass: bool) {
        for _ in 0..acts {
            if has_pass {
                self.heap.start_collection();
                self.heap.step_by(1 + self.chance.below(20));
                if self.chance.happens(1, 40) {
                    let report = self.heap.verify();
                    assert!(report.is_healthy(), "{report}");
                }
            }
            match self.chance.below(8) {
                _ if self.held.is_empty() => self.make(),
                0 | 1 => self.make(),
                2..=4 => self.change(),
                5 if self.chance.happens(1, 10) => {
                    let object = self.chance.pick(&self.held);
                    let finalizer = self.heap.new_text("a finalizer").expect("memory");
                    self.heap.set_finalizer(object, finalizer).expect("held");
                }
                6 => self.finalize(),
                _ => {
                    let place = self.chance.below(self.held.len());
                    let object = self.held.swap_remove(place);
                    self.heap.release(object.into());
                }
            }
        }
        // A finalizer runs once, so that this ends.
        while self.heap.stats().live_objects() > 0 {
            for object in core::mem::take(&mut self.held) {
                self.heap.release(object.into());
            }
            self.heap.collect();
            let waits = self.heap.next_finalization();
            assert!(waits.is_some() || self.heap.stats().live_objects() == 0);
            if let Some(due) = waits {
                self.heap.release(due.finalizer);
                self.heap.release(due.object.into());
            }
            self.finalize();
        }
        let stats = self.heap.stats();
        assert_eq!((stats.underflows, stats.refused_retains), (0, 0));
    }
}

#[test]
fn graphs_of_all_kinds_leave_nothing() {
    for seed in 0..120 {
        let limits = Limits {
            candidates_min: 1 + seed % 7,
            candidates_max: 64,
            trial_objects: 16 << (seed % 5),
            release_steps: 16 << (seed % 4),
            ..Limits::DEFAULT
        };
        let program = Program {
            heap: Heap::with(limits).expect("memory"),
            chance: Chance::new(seed as u64),
            held: Vec::new(),
        };
        program.run(2000, false);
    }
}

#[test]
fn graphs_of_all_kinds_beside_full_passes() {
    for seed in 1000..1080 {
        let limits = Limits {
            candidates_min: 1 + seed % 50,
            trial_objects: 16 << (seed % 3),
            pass_steps: 1 + seed % 9,
            pass_events: 1 + seed % 5,
            release_steps: 16 << (seed % 4),
            ..Limits::DEFAULT
        };
        let program = Program {
            heap: Heap::with(limits).expect("memory"),
            chance: Chance::new(seed as u64),
            held: Vec::new(),
        };
        program.run(2000, true);
    }
}

#[test]
fn graphs_of_all_kinds_with_a_collection_at_every_allocation() {
    for seed in 2000..2020_u64 {
        let limits = Limits {
            collect_each: 1,
            ..Limits::DEFAULT
        };
        let program = Program {
            heap: Heap::with(limits).expect("memory"),
            chance: Chance::new(seed),
            held: Vec::new(),
        };
        program.run(1500, false);
    }
}
