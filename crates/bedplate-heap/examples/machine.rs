//! A small stack machine: what a language's author writes on top of the heap.
//!
//! `cargo run -p bedplate-heap --example machine`
//!
//! What is stored is taken over, what is read is lent. What an instruction works with stays on the
//! [`Stack`] until it succeeded: one that fails leaks nothing, and [`Machine::run`] cuts the stack.
#![expect(clippy::print_stdout, reason = "it shows what the machine did")]

use bedplate_heap::{
    Heap, HostObject, InlineCache, Key, Limits, Ref, Shape, Stack, Value, View, Visitor,
};

/// What the heap says, or the machine.
type Failure = Box<dyn core::error::Error>;

/// Calls inside each other.
const DEPTH: usize = 10_000;

/// An instruction. One that names a field has an inline cache of its own, by number.
#[derive(Clone, Copy)]
enum Op {
    Integer(i64),
    Text(&'static str),
    Local(usize),
    Captured(u32),
    Add,
    Record,
    Field(Key, usize),
    SetField(Key, usize),
    Table,
    Get,
    /// Table, key, value: the table stays.
    Set,
    /// A closure of a function and so many values off the stack.
    Closure(u32, usize),
    Call(usize),
    Return,
    Weak,
    Upgrade,
    /// Object, text: the text is logged when the object is about to be freed.
    Finalize,
    Log,
}

/// What programs print to: an object of the host, with a copy for checkpoints.
#[derive(Clone, Default)]
struct Lines(Vec<String>);

impl HostObject for Lines {
    fn children(&self, _: &mut Visitor) {}

    fn copy(&self) -> Option<Box<dyn HostObject>> {
        Some(Box::new(self.clone()))
    }
}

/// A function under way; its locals begin on the stack at `base`, its closure is one below.
struct Frame {
    function: usize,
    at: usize,
    base: usize,
}

struct Machine {
    heap: Heap,
    stack: Stack,
    frames: Vec<Frame>,
    functions: Vec<Vec<Op>>,
    caches: [InlineCache; 4],
    empty: Shape,
    lines: Ref,
}

impl Machine {
    fn new() -> Result<Self, Failure> {
        // A script gets 64 MiB and errors afterwards, not the host's memory.
        let mut heap = Heap::with(Limits {
            capacity_bytes: 64 << 20,
            ..Limits::DEFAULT
        })?;
        Ok(Self {
            empty: heap.shape(2, &[])?,
            lines: heap.new_host(Box::new(Lines::default()))?,
            heap,
            stack: Stack::default(),
            frames: Vec::new(),
            functions: Vec::new(),
            caches: [InlineCache::default(); 4],
        })
    }

    /// Runs a function without arguments; its result is the caller's. One that fails leaves nothing.
    fn run(&mut self, function: u32) -> Result<Value, Failure> {
        let (height, depth) = (self.stack.len(), self.frames.len());
        let closure = self.heap.new_closure(function, &[])?;
        self.stack.push(closure.into());
        let mut ended = self.call(0);
        while ended.is_ok() && self.frames.len() > depth {
            ended = self.execute();
        }
        if let Err(error) = ended {
            self.stack.cut(&mut self.heap, height);
            self.frames.truncate(depth);
            return Err(error);
        }
        Ok(self.stack.pop().unwrap_or(Value::NIL))
    }

    fn call(&mut self, arguments: usize) -> Result<(), Failure> {
        if self.frames.len() >= DEPTH {
            return Err("failed to call: too many calls are inside each other".into());
        }
        let callee = self.stack.top_slice(arguments + 1)?[0];
        // What is no closure is told by the heap: kinds are checked on every access.
        let (function, _) = self.heap.closure(callee.try_into()?)?;
        self.frames.push(Frame {
            function: function as usize,
            at: 0,
            base: self.stack.len() - arguments,
        });
        self.run_finalizers()
    }

    /// A safe point: the heap never runs code by itself.
    fn run_finalizers(&mut self) -> Result<(), Failure> {
        while let Some(last) = self.heap.next_finalization() {
            let logged = self.log(last.finalizer);
            self.heap.release(last.object.into());
            self.heap.release(last.finalizer);
            logged?;
        }
        Ok(())
    }

    fn log(&mut self, value: Value) -> Result<(), Failure> {
        let line = match value.view() {
            View::Object(object) => match self.heap.long_text(object) {
                Ok(Some(text)) => text.to_owned(),
                _ => format!("{:?}", self.heap.kind(object)),
            },
            other => format!("{other:?}"),
        };
        if let Some(lines) = self.heap.host_mut::<Lines>(self.lines)? {
            lines.0.push(line);
        }
        Ok(())
    }

    fn execute(&mut self) -> Result<(), Failure> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        let (op, base) = (self.functions[frame.function][frame.at], frame.base);
        frame.at += 1;
        let (heap, stack) = (&mut self.heap, &mut self.stack);
        match op {
            Op::Integer(number) => stack.push(heap.new_integer(number)?),
            Op::Text(text) => stack.push(heap.new_text(text)?),
            Op::Local(place) => stack.push_lent(heap, stack.at(base + place)?),
            Op::Captured(place) => {
                let value = heap.captured(stack.at(base - 1)?.try_into()?, place)?;
                stack.push_lent(heap, value);
            }
            Op::Add => {
                let [left, right] = stack.top()?;
                let sum = heap.integer_of(left)?.wrapping_add(heap.integer_of(right)?);
                let sum = heap.new_integer(sum)?;
                stack.replace_top(heap, 2, sum);
            }
            Op::Closure(function, count) => {
                let closure = heap.new_closure(function, stack.top_slice(count)?)?;
                stack.hand_over(count);
                stack.push(closure.into());
            }
            Op::Call(arguments) => self.call(arguments)?,
            Op::Return => {
                let result = stack.pop().unwrap_or(Value::NIL);
                stack.cut(heap, base - 1);
                stack.push(result);
                self.frames.pop();
            }
            Op::Log => {
                let [value] = stack.top()?;
                self.log(value)?;
                self.stack.drop_top(&mut self.heap, 1);
            }
            _ => self.execute_on_object(op)?,
        }
        Ok(())
    }

    fn execute_on_object(&mut self, op: Op) -> Result<(), Failure> {
        let (heap, stack) = (&mut self.heap, &mut self.stack);
        match op {
            Op::Record => stack.push(heap.new_record(self.empty)?.into()),
            Op::Table => stack.push(heap.new_table()?.into()),
            Op::Field(key, cache) => {
                let [record] = stack.top()?;
                let value = heap.field(record.try_into()?, key, &mut self.caches[cache])?;
                stack.replace_top_lent(heap, 1, value);
            }
            Op::SetField(key, cache) => {
                let [record, value] = stack.top()?;
                heap.set_field(record.try_into()?, key, value, &mut self.caches[cache])?;
                stack.hand_over(1);
                stack.drop_top(heap, 1);
            }
            Op::Get => {
                let [table, key] = stack.top()?;
                let value = heap.get(table.try_into()?, key)?;
                stack.replace_top_lent(heap, 2, value);
            }
            Op::Set => {
                let [table, key, value] = stack.top()?;
                heap.set(table.try_into()?, key, value)?;
                stack.hand_over(2);
            }
            Op::Weak => {
                let [object] = stack.top()?;
                let weak = heap.new_weak(object.try_into()?)?;
                stack.replace_top(heap, 1, weak.into());
            }
            Op::Upgrade => {
                let [weak] = stack.top()?;
                let value = heap.upgrade(weak.try_into()?)?;
                stack.replace_top(heap, 1, value);
            }
            // Object, text: the only one that is left.
            _ => {
                let [object, text] = stack.top()?;
                heap.set_finalizer(object.try_into()?, text)?;
                stack.hand_over(1);
                stack.drop_top(heap, 1);
            }
        }
        Ok(())
    }
}

/// A ring of two records; a sum of an argument and a captured value; both used, with a finalizer, a weak
/// reference and a table.
#[rustfmt::skip]
fn program(other: Key) -> Vec<Vec<Op>> {
    let ring = vec![
        Op::Record, Op::Record, // locals 0 and 1
        Op::Local(0), Op::Local(1), Op::SetField(other, 0),
        Op::Local(1), Op::Local(0), Op::SetField(other, 1),
        Op::Local(0), Op::Field(other, 2), Op::Return,
    ];
    let add = vec![Op::Local(0), Op::Captured(0), Op::Add, Op::Return];
    let both = vec![
        Op::Closure(0, 0), Op::Call(0), // local 0
        Op::Local(0), Op::Text("a ring went away"), Op::Finalize,
        Op::Local(0), Op::Weak, Op::Upgrade, Op::Log,
        Op::Table, Op::Text("sum"), Op::Integer(2), Op::Closure(1, 1), Op::Integer(40), Op::Call(1), Op::Set,
        Op::Text("sum"), Op::Get, Op::Return,
    ];
    vec![ring, add, both]
}

/// What the host does with a heap between programs; what they logged.
fn demonstrate() -> Result<Vec<String>, Failure> {
    let mut machine = Machine::new()?;
    machine.functions = program(machine.heap.key("other"));
    for _ in 0..10_000 {
        let dead_ring = machine.run(0)?; // nobody calls the collector
        machine.heap.release(dead_ring);
    }
    println!("{:#?}", machine.heap.stats());
    let sum = machine.run(2)?;
    machine.log(sum)?;
    machine.heap.collect(); // rings that no trial met yet; the one with a finalizer waits for it
    machine.run_finalizers()?;
    machine.heap.collect();
    let before = machine.heap.checkpoint()?;
    let ring = machine.run(0)?;
    let root = machine.heap.root(ring); // keeps it until it is dropped, on any thread
    if let Some(path) = machine.heap.retaining_path(ring.try_into()?) {
        print!("{path}");
    }
    // Each count is exact: the machine says what it holds itself.
    let held = machine.stack.iter().copied().chain([machine.lines.into()]);
    println!(
        "{}{}",
        machine.heap.verify_with(held),
        machine.heap.census()
    );
    // A copy for another thread, in a heap of its own there.
    let parcel = machine.heap.copy_out(machine.heap.rooted(&root)?)?;
    let mut other = Heap::new()?;
    let copy = other.unpack(&parcel)?;
    println!("{copy:?} there is {ring:?} here");
    let lines = machine.heap.host::<Lines>(machine.lines)?;
    let mut lines = lines.map_or_else(Vec::new, |lines| lines.0.clone());
    machine.heap.restore(&before)?; // the ring was not made yet
    lines.push(format!("{} left", machine.heap.stats().live_objects() - 1));
    Ok(lines)
}

fn main() -> Result<(), Failure> {
    for line in demonstrate()? {
        println!("{line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Machine, Op, Value, demonstrate, program};
    use bedplate_testkit::Chance;

    #[test]
    fn the_machine_adds_logs_and_leaves_nothing() {
        let lines = demonstrate().expect("a sound program");
        let expected = ["Record", "Integer(42)", "a ring went away", "0 left"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn long_integers_are_added_and_leave_nothing() {
        let mut machine = Machine::new().expect("memory");
        machine.functions = vec![vec![
            Op::Integer(1 << 50),
            Op::Integer(-(1 << 50)),
            Op::Add,
            Op::Return,
        ]];
        assert_eq!(machine.run(0).ok(), Value::integer(0));
        assert_eq!(machine.heap.stats().live_objects(), 1, "the lines");
    }

    #[test]
    fn a_wrong_program_is_an_error_and_leaves_nothing() {
        let mut machine = Machine::new().expect("memory");
        let wrong = [
            (
                vec![Op::Text("not a function"), Op::Call(0)],
                "it is a Bytes",
            ),
            (
                vec![Op::Record, Op::Integer(3), Op::Call(0)],
                "an object is wanted",
            ),
            (
                vec![Op::Record, Op::Weak, Op::Record, Op::Add],
                "as a Integer: it is a Weak",
            ),
            (
                vec![Op::Record, Op::Table, Op::Add],
                "as a Integer: it is a Record",
            ),
            (
                vec![Op::Table, Op::Integer(1), Op::Get, Op::Record, Op::Get],
                "an object is wanted",
            ),
            (
                vec![Op::Record, Op::Record, Op::Record, Op::Set],
                "as a Table: it is a Record",
            ),
            (vec![Op::Finalize], "to index"),
            (vec![Op::Call(0)], "too many calls"),
        ];
        for (body, expected) in wrong {
            machine.functions = vec![body];
            let error = machine.run(0).expect_err("a wrong program").to_string();
            assert!(error.contains(expected), "{error}, expected: {expected}");
            assert_eq!(machine.heap.stats().live_objects(), 1, "after: {error}");
        }
    }

    #[test]
    fn no_program_however_senseless_leaves_anything() {
        let mut machine = Machine::new().expect("memory");
        let key = machine.heap.key("other");
        machine.functions = program(key);
        machine.functions.push(Vec::new());
        let some = [
            Op::Integer(1 << 50),
            Op::Text("a longer text"),
            Op::Local(0),
            Op::Captured(0),
            Op::Add,
            Op::Record,
            Op::Field(key, 2),
            Op::SetField(key, 3),
            Op::Table,
            Op::Get,
            Op::Set,
            Op::Closure(0, 0),
            Op::Closure(1, 1),
            Op::Call(0),
            Op::Call(1),
            Op::Weak,
            Op::Upgrade,
            Op::Finalize,
            Op::Log,
        ];
        let mut chance = Chance::new(7);
        let mut failed = 0;
        for _ in 0..200 {
            let length = 1 + chance.below(30);
            let ops = (0..length).flat_map(|_| match chance.pick(&some) {
                // A finalizer that leads to its own object keeps it.
                Op::Finalize => vec![Op::Text("a finalizer"), Op::Finalize],
                op => vec![op],
            });
            machine.functions[3] = ops.chain([Op::Return]).collect();
            match machine.run(3) {
                Ok(result) => machine.heap.release(result),
                Err(_) => failed += 1,
            }
            machine.heap.collect();
            machine.run_finalizers().expect("texts are logged");
            machine.heap.collect();
            let report = machine.heap.verify_with([machine.lines.into()]);
            assert!(report.is_healthy(), "{report}");
            assert_eq!(
                (machine.stack.len(), machine.heap.stats().live_objects()),
                (0, 1)
            );
        }
        assert!((30..200).contains(&failed), "{failed} failed");
    }
}
