//! Random heaps of all kinds, for other rooms to look at.

use bedplate_heap::{Finalization, Heap, HostObject, InlineCache, Kind, Limits, Ref};
use bedplate_heap::{TablePosition, Value, Visitor};
use bedplate_testkit::Chance;

/// An object of the host.
pub(crate) struct Bag(pub(crate) Vec<Value>);

impl HostObject for Bag {
    fn children(&self, visitor: &mut Visitor) {
        self.0.iter().for_each(|value| visitor.visit(*value));
    }

    fn copy(&self) -> Option<Box<dyn HostObject>> {
        Some(Box::new(Self(self.0.clone())))
    }
}

/// A heap, and the references that its program holds.
pub(crate) struct Garden {
    pub(crate) heap: Heap,
    pub(crate) chance: Chance,
    pub(crate) held: Vec<Value>,
    /// Releases that were refused before, by damage.
    pub(crate) underflows: u64,
}

impl Garden {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let limits = Limits {
            candidates_min: 1 + chance.below(20),
            candidates_max: 64,
            trial_objects: 16 << chance.below(5),
            release_steps: 16 << chance.below(5),
            ..Limits::DEFAULT
        };
        Self {
            heap: Heap::with(limits).expect("memory"),
            chance,
            held: Vec::new(),
            underflows: 0,
        }
    }

    /// So many acts of a program.
    pub(crate) fn grow(&mut self, acts: usize) {
        for _ in 0..acts {
            match self.chance.below(20) {
                _ if self.held.is_empty() => self.make(),
                0..=4 => self.make(),
                5..=9 => self.change(),
                10 if self.chance.happens(1, 4) => self.finalizer(),
                11 => self.tend_finalizations(),
                12 if self.chance.happens(1, 8) => {
                    self.heap.step();
                }
                // A collection is under way in most heaps.
                12 => self.heap.start_collection(),
                13 => {
                    let steps = 1 + self.chance.below(30);
                    self.heap.step_by(steps);
                }
                _ if self.held.len() > 8 => {
                    let place = self.chance.below(self.held.len());
                    let value = self.held.swap_remove(place);
                    self.heap.release(value);
                }
                _ => {}
            }
        }
    }

    fn make(&mut self) {
        let long = 9 + self.chance.below(60);
        let names = self.chance.below(9);
        let inline = u8::try_from(self.chance.below(4)).expect("small");
        let target = self.held.iter().rev().find_map(|value| value.as_object());
        let heap = &mut self.heap;
        let object = match self.chance.below(12) {
            0 => heap.new_cell(Value::NIL),
            1 | 2 => heap.new_pair(Value::NIL, Value::float(0.5)),
            3 => heap.new_node([None, None], u64::MAX),
            4 => heap.new_closure(1, &[Value::NIL; 3]),
            5 => heap.new_array(),
            6 => heap.new_table(),
            7 => heap.new_host(Box::new(Bag(Vec::new()))),
            8 if self.chance.happens(1, 20) => heap.new_bytes(&vec![7; 20_000]),
            8 => heap.new_bytes(&vec![7; long]),
            9 | 10 => {
                let keys: Vec<_> = (0..names).map(|name| heap.key(&name.to_string())).collect();
                let shape = heap.shape(inline, &keys).expect("room");
                heap.new_record(shape)
            }
            _ => match target {
                Some(target) => heap.new_weak(target),
                None => heap.new_array(),
            },
        };
        self.held.push(object.expect("memory").into());
    }

    /// Something held, or nothing, with a reference of its own.
    fn any(&mut self) -> Value {
        if self.chance.happens(1, 5) {
            return Value::integer(7).expect("small");
        }
        let value = self.chance.pick(&self.held);
        self.heap.retain(value);
        value
    }

    fn change(&mut self) {
        let value = self.any();
        let name = self.chance.below(9).to_string();
        let Some(object) = self.chance.pick(&self.held).as_object() else {
            return self.heap.release(value);
        };
        let heap = &mut self.heap;
        let done = match heap.kind(object) {
            Kind::Cell => heap.set_cell(object, value),
            Kind::Pair => heap.set_second(object, value),
            Kind::Node => heap.set_node(object, [value.as_object(), None]),
            Kind::Closure => heap.set_captured(object, 2, value),
            Kind::Array => heap.push(object, value),
            Kind::Table if name == "0" => heap.set_meta(object, value.as_object()),
            Kind::Table if name == "1" => heap.set(object, value, Value::bool(true)),
            Kind::Table => heap.set(object, Value::text(&name).expect("short"), value),
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
                self.held
                    .extend(Some(target).filter(|target| !target.is_nil()));
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

    fn finalizer(&mut self) {
        let finalizer = self.heap.new_text("a finalizer").expect("memory");
        match self.chance.pick(&self.held).as_object() {
            Some(object) => self.heap.set_finalizer(object, finalizer).expect("held"),
            None => self.heap.release(finalizer),
        }
    }

    fn tend_finalizations(&mut self) {
        while let Some(due) = self.heap.next_finalization() {
            let Finalization { object, finalizer } = due;
            self.heap.release(finalizer);
            self.held.push(object.into());
            if self.chance.happens(1, 3) {
                return;
            }
        }
    }

    /// Makes sure that the program holds one of each kind at least, that fits damage of every sort.
    pub(crate) fn plant_all_kinds(&mut self) {
        let heap = &mut self.heap;
        let cell = heap.new_cell(Value::NIL).expect("memory");
        let weak = heap.new_weak(cell).expect("memory");
        heap.retain(cell.into());
        let array = heap.new_array().expect("memory");
        heap.push(array, cell.into()).expect("memory");
        self.held.extend([cell, weak, array].map(Value::from));
    }

    /// How many objects the program holds, with repetition.
    pub(crate) fn held_objects(&self) -> usize {
        let held = self.held.iter();
        held.filter(|value| value.as_object().is_some()).count()
    }

    /// Drops everything; nothing stays.
    pub(crate) fn clear(mut self) {
        while self.heap.stats().live_objects() > 0 {
            let before = self.heap.stats();
            for value in core::mem::take(&mut self.held) {
                self.heap.release(value);
            }
            self.heap.collect();
            self.tend_finalizations();
            let after = self.heap.stats();
            assert!(
                after.freed_objects > before.freed_objects || !self.held.is_empty(),
                "{after:?}"
            );
        }
        let stats = self.heap.stats();
        let expected = (self.underflows, 0);
        assert_eq!((stats.underflows, stats.refused_retains), expected);
    }

    /// What the program can see: each object with what it holds, in the order of a walk. Dead
    /// candidates and what waits to be freed are not in it.
    pub(crate) fn view(&self) -> Vec<(Ref, Kind, Vec<Value>)> {
        let mut seen = alloc::collections::BTreeSet::new();
        let mut open: Vec<Ref> = self.held.iter().filter_map(|v| v.as_object()).collect();
        let mut view = Vec::new();
        while let Some(object) = open.pop() {
            if seen.insert(object) {
                let parts = parts(&self.heap, object);
                open.extend(parts.iter().filter_map(|value| value.as_object()));
                view.push((object, self.heap.kind(object), parts));
            }
        }
        view
    }
}

/// What an object holds.
fn parts(heap: &Heap, object: Ref) -> Vec<Value> {
    let value = |found: Result<Value, _>| found.expect("the kind");
    match heap.kind(object) {
        Kind::Cell => vec![value(heap.cell(object))],
        Kind::Pair => vec![value(heap.first(object)), value(heap.second(object))],
        Kind::Node => heap.node(object).expect("a node").0.map(Value::from).into(),
        Kind::Closure => {
            let (_, count) = heap.closure(object).expect("a closure");
            (0..count)
                .map(|place| value(heap.captured(object, place)))
                .collect()
        }
        Kind::Array => (0..heap.array_length(object).expect("an array"))
            .map(|place| value(heap.item(object, place)))
            .collect(),
        Kind::Record => {
            let keys = heap.shape_keys(heap.shape_of(object).expect("a record"));
            let mut field = |key: &_| value(heap.field(object, *key, &mut InlineCache::default()));
            keys.iter().map(&mut field).collect()
        }
        Kind::Table => {
            let mut parts = vec![heap.meta(object).expect("a table").into()];
            let mut from = TablePosition::default();
            while let Some((next, key, value)) = heap.next_entry(object, from).expect("a table") {
                parts.extend([key, value]);
                from = next;
            }
            parts
        }
        Kind::Host => {
            let bag = heap.host::<Bag>(object).expect("a host").expect("a bag");
            bag.0.clone()
        }
        Kind::Bytes => {
            let sum = heap.bytes(object).expect("bytes").iter();
            let sum = sum.map(|byte| i64::from(*byte)).sum();
            vec![Value::integer(sum).expect("small")]
        }
        _ => Vec::new(),
    }
}
