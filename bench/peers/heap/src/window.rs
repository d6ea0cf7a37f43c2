//! A long program beside 10^6 live objects, each call timed.
//!
//! # Role
//! A live graph of 2^20 nodes. Three times: a list of 10^6 nodes is made and dropped at once, rings are
//! planted, dropped, and refer to live nodes or not, live nodes are touched while a full pass runs
//! beside, and a table and an array grow to 10^6 with a pass beside and are dropped. Each call into the heap that may do work is an
//! operation whose duration is noted.
//!
//! # How the longest operation is told from an interruption
//! The program is the same in each run, to the operation. An operation's duration is the least of
//! several runs': what the heap does, it does in each; an interrupt does not come at the same operation
//! again.

use crate::callgrind;
use crate::clock::thread_ns;
use crate::workloads::{Numbers, ring_size};
use bedplate_heap::{Heap, Limits, Ref, Value};

/// Live objects.
const LIVE: usize = 1 << 20;
/// Nodes of a list that is dropped at once.
const LIST: usize = 1_000_000;
/// How often lists are dropped and full passes awaited.
const TURNS: u64 = 3;
/// Rings of each sort in a turn, beside those that are planted while nodes are touched.
const RINGS: u64 = 10_000;
/// Entries of a table and an array that grow from nothing.
const GROWN: i64 = 1_000_000;
/// Entries for each that leads to a live node.
const ENTRIES_A_NODE: i64 = 16;
/// Touches of live nodes, at least and at most, in a turn.
const TOUCHES: (u64, u64) = (100_000, 2_000_000);
/// Touches for each ring that is planted meanwhile.
const TOUCHES_A_RING: u64 = 64;
/// Operations at most: room that is there before.
const OPERATIONS: usize = 32_000_000;
/// How many operations are named to be counted.
const LONGEST: usize = 24;

/// What happened in a run.
#[derive(Default, PartialEq, Eq, Clone)]
struct Happened {
    full_passes: u64,
    releases: u64,
    rings: u64,
    floating_bytes: u64,
    left: u64,
}

/// A run.
struct Window {
    heap: Heap,
    numbers: Numbers,
    live: Vec<Ref>,
    /// The least duration of each operation so far.
    least: Vec<u32>,
    next: usize,
    last_ns: u64,
    /// The longest of this run, as it was.
    raw_ns: u64,
    /// The operations whose instructions are counted.
    counted: Vec<usize>,
    happened: Happened,
}

fn sure<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

impl Window {
    fn new(least: Vec<u32>, counted: Vec<usize>) -> Self {
        let mut window = Self {
            heap: sure(Heap::with(Limits::DEFAULT)),
            numbers: Numbers::new(),
            live: Vec::with_capacity(LIVE),
            least,
            next: 0,
            last_ns: 0,
            raw_ns: 0,
            counted,
            happened: Happened::default(),
        };
        for _ in 0..LIVE {
            // One to the node before, so that all hang on the last; one to any.
            let before = window.live.last().copied();
            let any = (window.numbers.next() as usize).checked_rem(window.live.len());
            let any = any.map(|at| window.live[at]);
            window.heap.retain(Value::from(any));
            let node = sure(window.heap.new_node([before, any], 0));
            window.live.push(node);
        }
        window.last_ns = thread_ns();
        window
    }

    /// An operation.
    #[inline]
    fn operation<T>(&mut self, deed: impl FnOnce(&mut Heap) -> T) -> T {
        if self.counted.binary_search(&self.next).is_ok() {
            self.next += 1;
            return callgrind::counted(|| deed(&mut self.heap));
        }
        let result = deed(&mut self.heap);
        if self.counted.is_empty() {
            let now = thread_ns();
            let ns = now - self.last_ns;
            self.raw_ns = self.raw_ns.max(ns);
            let least = &mut self.least[self.next];
            *least = (*least).min(u32::try_from(ns).unwrap_or(u32::MAX));
            self.last_ns = now;
        }
        self.next += 1;
        result
    }

    fn live_node(&mut self) -> Ref {
        let at = self.numbers.next() as usize % self.live.len();
        self.live[at]
    }

    fn list_made_and_dropped(&mut self) {
        let mut list = None;
        for word in 0..LIST as u64 {
            let node = self.operation(|heap| sure(heap.new_node([list, None], word)));
            list = Some(node);
        }
        self.operation(|heap| heap.release(Value::from(list)));
        while self.operation(Heap::step) {}
        self.happened.releases += 1;
    }

    /// Plants a ring and drops it at once.
    fn ring(&mut self, is_into_live: bool) {
        let target = is_into_live.then(|| self.live_node());
        self.heap.retain(Value::from(target));
        let first = self.operation(|heap| sure(heap.new_node([None, target], 0)));
        self.heap.retain(first.into());
        let mut last = first;
        for word in 1..ring_size(&mut self.numbers) {
            last = self.operation(|heap| sure(heap.new_node([Some(last), None], word)));
        }
        // The reference that stays is given back by the change.
        self.heap.retain(Value::from(target));
        self.operation(|heap| sure(heap.set_node(first, [Some(last), target])));
        self.operation(|heap| heap.release(first.into()));
        self.happened.rings += 1;
        self.note_floating();
    }

    /// What is dead and not freed.
    fn note_floating(&mut self) {
        let dead = self.heap.stats().live_objects() - self.live.len() as u64;
        let bytes = dead * 24;
        self.happened.floating_bytes = self.happened.floating_bytes.max(bytes);
    }

    /// Starts a full pass, takes references to live nodes and gives them back until it has run.
    fn touches(&mut self) {
        let passes = self.heap.stats().full_passes;
        self.operation(Heap::start_collection);
        for touch in 0..TOUCHES.1 {
            let node = self.live_node();
            self.heap.retain(node.into());
            self.operation(|heap| heap.release(node.into()));
            if touch % TOUCHES_A_RING == 0 {
                self.ring(touch % (2 * TOUCHES_A_RING) == 0);
            }
            if touch >= TOUCHES.0 && self.heap.stats().full_passes > passes {
                return;
            }
        }
    }

    /// A table and an array grow, and are dropped.
    fn grown_and_dropped(&mut self) {
        let table = sure(self.heap.new_table());
        let array = sure(self.heap.new_array());
        self.operation(Heap::start_collection);
        for number in 0..GROWN {
            let key = Value::integer(number).unwrap_or(Value::NIL);
            let is_node = number % ENTRIES_A_NODE == 0;
            let value = if is_node {
                self.live_node().into()
            } else {
                key
            };
            // Numbers only: what a table holds is released in an order that is another in each run.
            self.operation(|heap| sure(heap.set(table, key, key)));
            self.heap.retain(value);
            self.operation(|heap| sure(heap.push(array, value)));
        }
        for object in [table, array] {
            self.operation(|heap| heap.release(object.into()));
            while self.operation(Heap::step) {}
        }
    }

    fn run(mut self) -> Self {
        let passes = self.heap.stats().full_passes;
        for _ in 0..TURNS {
            self.list_made_and_dropped();
            for at in 0..2 * RINGS {
                self.ring(at % 2 == 0);
            }
            self.touches();
            self.grown_and_dropped();
        }
        self.happened.full_passes = self.heap.stats().full_passes - passes;
        // Behind the window: everything that was planted is gone.
        self.heap.collect();
        self.happened.left = self.heap.stats().live_objects() - self.live.len() as u64;
        self
    }
}

/// Runs it so often, and prints what was found line by line: `name figure`.
pub fn timed(rounds: usize) {
    // Written, so that no page of it comes within an operation.
    let mut least = vec![u32::MAX; OPERATIONS];
    let mut raw = Vec::new();
    let mut known: Option<(usize, Happened)> = None;
    for _ in 0..rounds {
        let run = Window::new(std::mem::take(&mut least), Vec::new()).run();
        let found = (run.next, run.happened.clone());
        let same = known.get_or_insert_with(|| found.clone());
        assert!(*same == found, "two runs of the same program differ");
        raw.push(run.raw_ns);
        least = run.least;
    }
    let (operations, happened) = known.unwrap_or_default();
    let mut longest: Vec<usize> = (0..operations).collect();
    longest.sort_by_key(|at| std::cmp::Reverse(least[*at]));
    longest.truncate(LONGEST);
    println!("pause-ns {}", longest.first().map_or(0, |at| least[*at]));
    println!("raw-ns {}", raw.iter().max().unwrap_or(&0));
    println!("operations {operations}");
    println!("full-passes {}", happened.full_passes);
    println!("releases {}", happened.releases);
    println!("rings {}", happened.rings);
    println!("floating-bytes {}", happened.floating_bytes);
    println!("left {}", happened.left);
    for at in longest {
        println!("long {at} {}", least[at]);
    }
}

/// Runs it once under callgrind, which writes what each of these operations executed to a file of its
/// own.
pub fn counted(mut operations: Vec<usize>) {
    operations.sort_unstable();
    drop(Window::new(Vec::new(), operations).run());
}
