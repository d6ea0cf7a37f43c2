//! A small stack machine: what a language's author writes on top of the heap.
//!
//! `cargo run -p bedplate-heap --example machine`
//!
//! Three rules are all there is to counting. What is on the stack is the stack's, one reference each.
//! What a heap function stores it takes over; what it reads it lends, so [`Heap::retain`] before it is
//! pushed. What is taken off the stack and not stored is released.
#![expect(clippy::print_stdout, reason = "it shows what the machine did")]

use bedplate_heap::{
    Heap, HeapError, HostObject, InlineCache, Key, Limits, Ref, Shape, Value, View, Visitor,
};

/// An instruction. A place that names a field has an inline cache of its own.
#[derive(Clone, Copy)]
enum Op {
    Integer(i64),
    Text(&'static str),
    /// Pushes a local variable, or a captured one.
    Local(usize),
    Captured(u32),
    Store(usize),
    Pop,
    Add,
    Less,
    Jump(usize),
    Unless(usize),
    /// An empty record; its fields come as they are set.
    Record,
    Field(Key, usize),
    SetField(Key, usize),
    /// A closure of a function and so many values off the stack.
    Closure(u32, usize),
    Call(usize),
    Return,
    /// A reference that does not keep its object, and what it is of now.
    Weak,
    Upgrade,
    /// The text is logged when the object is about to be freed.
    Finalize(&'static str),
    Log,
}

/// What the machine's programs print to: an object of the host.
#[derive(Default)]
struct Lines(Vec<String>);

impl HostObject for Lines {
    fn children(&self, _: &mut Visitor) {}
}

struct Frame {
    function: usize,
    at: usize,
    /// Where its locals begin on the stack; the closure is one below.
    base: usize,
}

struct Machine {
    heap: Heap,
    functions: Vec<Vec<Op>>,
    caches: [InlineCache; 8],
    stack: Vec<Value>,
    frames: Vec<Frame>,
    empty: Shape,
    lines: Ref,
}

impl Machine {
    fn new() -> Result<Self, HeapError> {
        // A script gets 64 MiB and errors afterwards, not the host's memory.
        let mut heap = Heap::with(Limits {
            capacity_bytes: 64 << 20,
            ..Limits::DEFAULT
        })?;
        let empty = heap.shape(2, &[])?;
        let lines = heap.new_host(Box::new(Lines::default()))?;
        Ok(Self {
            heap,
            functions: Vec::new(),
            caches: [InlineCache::default(); 8],
            stack: Vec::new(),
            frames: Vec::new(),
            empty,
            lines,
        })
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or(Value::NIL)
    }

    fn pop_object(&mut self) -> Result<Ref, HeapError> {
        self.pop().as_object().ok_or(HeapError::Key)
    }

    /// A number off the stack, which is released: a long integer is an object.
    fn pop_integer(&mut self) -> i64 {
        let value = self.pop();
        let number = match value.view() {
            View::Integer(number) => number,
            View::Object(object) => self.heap.integer(object).unwrap_or(0),
            _ => 0,
        };
        self.heap.release(value);
        number
    }

    /// Pushes what was lent.
    fn push_lent(&mut self, value: Value) {
        self.heap.retain(value);
        self.stack.push(value);
    }

    /// Runs a function without arguments; its result is the caller's.
    fn run(&mut self, function: u32) -> Result<Value, HeapError> {
        let closure = self.heap.new_closure(function, &[])?;
        self.stack.push(closure.into());
        self.call(0)?;
        while let Some(frame) = self.frames.last_mut() {
            let op = self.functions[frame.function][frame.at];
            frame.at += 1;
            self.execute(op)?;
        }
        Ok(self.pop())
    }

    fn call(&mut self, arguments: usize) -> Result<(), HeapError> {
        let base = self.stack.len() - arguments;
        let callee = self.stack[base - 1].as_object().ok_or(HeapError::Key)?;
        // What is no closure is told by the heap: kinds are checked on every access.
        let (function, _) = self.heap.closure(callee)?;
        self.frames.push(Frame {
            function: function as usize,
            at: 0,
            base,
        });
        self.run_finalizers();
        Ok(())
    }

    /// A safe point: the heap never runs code by itself.
    fn run_finalizers(&mut self) {
        while let Some(last) = self.heap.next_finalization() {
            self.log(last.finalizer);
            self.heap.release(last.object.into());
            self.heap.release(last.finalizer);
        }
    }

    fn log(&mut self, value: Value) {
        let line = match value.view() {
            View::Object(object) => match self.heap.long_text(object) {
                Ok(Some(text)) => text.to_owned(),
                _ => format!("{:?}", self.heap.kind(object)),
            },
            View::Text(text) => String::from_utf8_lossy(text.bytes()).into_owned(),
            other => format!("{other:?}"),
        };
        if let Ok(Some(lines)) = self.heap.host_mut::<Lines>(self.lines) {
            lines.0.push(line);
        }
    }

    fn execute(&mut self, op: Op) -> Result<(), HeapError> {
        let base = self.frames.last().map_or(0, |frame| frame.base);
        match op {
            Op::Integer(number) => {
                let value = self.heap.new_integer(number)?;
                self.stack.push(value);
            }
            Op::Text(text) => {
                let value = self.heap.new_text(text)?;
                self.stack.push(value);
            }
            Op::Local(place) => self.push_lent(self.stack[base + place]),
            Op::Captured(place) => {
                let closure = self.stack[base - 1].as_object().ok_or(HeapError::Key)?;
                let value = self.heap.captured(closure, place)?;
                self.push_lent(value);
            }
            Op::Store(place) => {
                let value = self.pop();
                let old = core::mem::replace(&mut self.stack[base + place], value);
                self.heap.release(old);
            }
            Op::Pop => {
                let value = self.pop();
                self.heap.release(value);
            }
            Op::Add => {
                let sum = self.pop_integer().wrapping_add(self.pop_integer());
                let value = self.heap.new_integer(sum)?;
                self.stack.push(value);
            }
            Op::Less => {
                let (right, left) = (self.pop_integer(), self.pop_integer());
                self.stack.push(Value::bool(left < right));
            }
            Op::Jump(to) => self.jump(to),
            Op::Unless(to) => {
                let value = self.pop();
                if value == Value::bool(false) {
                    self.jump(to);
                }
                self.heap.release(value);
            }
            Op::Closure(function, captured) => {
                let captured = self.stack.split_off(self.stack.len() - captured);
                let closure = self.heap.new_closure(function, &captured)?;
                self.stack.push(closure.into());
            }
            Op::Call(arguments) => self.call(arguments)?,
            Op::Return => {
                let result = self.pop();
                for value in self.stack.drain(base - 1..) {
                    self.heap.release(value);
                }
                self.stack.push(result);
                self.frames.pop();
            }
            _ => self.execute_on_object(op)?,
        }
        Ok(())
    }

    fn jump(&mut self, to: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at = to;
        }
    }

    fn execute_on_object(&mut self, op: Op) -> Result<(), HeapError> {
        match op {
            Op::Record => {
                let record = self.heap.new_record(self.empty)?;
                self.stack.push(record.into());
            }
            Op::Field(key, cache) => {
                let record = self.pop_object()?;
                let value = self.heap.field(record, key, &mut self.caches[cache])?;
                self.push_lent(value);
                self.heap.release(record.into());
            }
            Op::SetField(key, cache) => {
                let (value, record) = (self.pop(), self.pop_object()?);
                let cache = &mut self.caches[cache];
                self.heap.set_field(record, key, value, cache)?;
                self.heap.release(record.into());
            }
            Op::Weak => {
                let object = self.pop_object()?;
                let weak = self.heap.new_weak(object)?;
                self.stack.push(weak.into());
                self.heap.release(object.into());
            }
            Op::Upgrade => {
                let weak = self.pop_object()?;
                let value = self.heap.upgrade(weak)?;
                self.stack.push(value);
                self.heap.release(weak.into());
            }
            Op::Finalize(text) => {
                let object = self.pop_object()?;
                let text = self.heap.new_text(text)?;
                self.heap.set_finalizer(object, text)?;
                self.heap.release(object.into());
            }
            _ => {
                let value = self.pop();
                self.log(value);
                self.heap.release(value);
            }
        }
        Ok(())
    }
}

/// A function that adds what it captured to its argument, called in a loop that also makes rings of two
/// records and drops them; at the end one ring has a finalizer and a weak reference to it.
fn program(machine: &mut Machine) {
    let other = machine.heap.key("other");
    let add = vec![Op::Local(0), Op::Captured(0), Op::Add, Op::Return];
    let ring = vec![
        Op::Record,
        Op::Record,
        Op::Local(0),
        Op::Local(1),
        Op::SetField(other, 0),
        Op::Local(1),
        Op::Local(0),
        Op::SetField(other, 1),
        Op::Local(0),
        Op::Field(other, 2),
        Op::Return,
    ];
    let main = vec![
        Op::Integer(0), // local 0: the sum
        Op::Integer(0), // local 1: the turn
        Op::Local(1),
        Op::Integer(10_000),
        Op::Less,
        Op::Unless(19),
        Op::Closure(2, 0),
        Op::Call(0),
        Op::Pop, // a dead ring
        Op::Integer(2),
        Op::Closure(1, 1),
        Op::Local(0),
        Op::Call(1),
        Op::Store(0),
        Op::Local(1),
        Op::Integer(1),
        Op::Add,
        Op::Store(1),
        Op::Jump(2),
        Op::Closure(2, 0),
        Op::Call(0), // local 2: a ring
        Op::Local(2),
        Op::Finalize("a ring went away"),
        Op::Local(2),
        Op::Weak, // local 3
        Op::Integer(0),
        Op::Store(2), // the ring is dead, and there still
        Op::Local(3),
        Op::Upgrade,
        Op::Log,
        Op::Text("that is all"),
        Op::Log,
        Op::Local(0),
        Op::Return,
    ];
    machine.functions = vec![main, add, ring];
}

fn demonstrate() -> Result<Vec<String>, HeapError> {
    let mut machine = Machine::new()?;
    program(&mut machine);
    let before = machine.heap.checkpoint();
    let result = machine.run(0)?;
    println!("result {result:?}, {:#?}", machine.heap.stats());
    // Dead rings that no trial met yet, and the finalizer of the last one.
    machine.heap.collect();
    machine.run_finalizers();
    machine.heap.collect();
    // Each count is exact: the machine says what it holds itself.
    let report = machine.heap.verify_with([machine.lines.into()]);
    println!("{report}{}", machine.heap.census());
    // A host object without a copy is no part of a checkpoint, and says so.
    if let Err(error) = before {
        println!("{error}");
    }
    let lines = machine.heap.host::<Lines>(machine.lines)?;
    let mut lines = lines.map_or_else(Vec::new, |lines| lines.0.clone());
    lines.push(format!("{result:?}"));
    lines.push(format!("{} left", machine.heap.stats().live_objects() - 1));
    machine.heap.release(machine.lines.into());
    Ok(lines)
}

fn main() -> Result<(), HeapError> {
    for line in demonstrate()? {
        println!("{line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Machine, Op, demonstrate};

    #[test]
    fn the_machine_adds_logs_and_leaves_nothing() {
        let lines = demonstrate().expect("a sound program");
        assert_eq!(
            lines,
            [
                "Record",
                "that is all",
                "a ring went away",
                "Integer(20000)",
                "0 left"
            ]
        );
    }

    #[test]
    fn long_integers_are_added_and_leave_nothing() {
        let mut machine = Machine::new().expect("memory");
        let add = [Op::Integer(1 << 50), Op::Integer(1 << 51), Op::Add];
        let after = [
            Op::Unless(4),
            Op::Integer(1 << 52),
            Op::Integer(0),
            Op::Less,
        ];
        machine.functions = vec![[&add[..], &after, &[Op::Return]].concat()];
        let result = machine.run(0).expect("a sound program");
        assert_eq!(result, bedplate_heap::Value::bool(false));
        assert_eq!(machine.heap.stats().live_objects(), 1, "the lines");
    }

    #[test]
    fn a_wrong_program_is_an_error() {
        let mut machine = Machine::new().expect("memory");
        machine.functions = vec![vec![Op::Text("not a function"), Op::Call(0)]];
        let error = machine.run(0).expect_err("text is called");
        assert!(error.to_string().contains("it is a Bytes"), "{error}");
    }
}
