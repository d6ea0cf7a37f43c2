//! A heap for language machines.
//!
//! # Role
//! Objects by four-byte handles, reference counts in the header, cycles found by trials with a budget.
//! Users need no unsafe code: a wrong handle fails, or meets another object, and never harms memory.
//! What a script builds, however deep, is freed on a small stack.
//!
//! # Not here
//! Threads: a heap can be sent and not shared. Language rules: the heap knows handles and numbers.
//!
//! # Who counts
//! Values are `Copy`. A function that stores a value takes over one reference of the caller's; one that
//! reads a value lends it. Who keeps what was lent calls [`Heap::retain`], and [`Heap::release`] in the
//! end. A host that wants this done for it uses a [`Root`]. A function that fails took nothing over: the
//! references are still the caller's, who releases them or tries again.
//!
//! Who hands over its last reference to an object into a ring of that object makes garbage without a
//! release, which only a full pass finds; to retain before and release after costs little and tells.
//!
//! # Examples
//! ```
//! use bedplate_heap::{Heap, Value};
//!
//! let mut heap = Heap::new()?;
//! let tail = heap.new_pair(Value::bool(true), Value::NIL)?;
//! let list = heap.new_pair(Value::float(1.5), Value::from(tail))?; // takes the tail over
//! assert_eq!(heap.second(list)?, Value::from(tail));
//! heap.release(list.into());
//! assert_eq!(heap.stats().live_objects(), 0);
//! # Ok::<(), bedplate_heap::HeapError>(())
//! ```
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `value.rs` | values and handles |
//! | `header.rs` | the first word of an object: count, kind, flags |
//! | `raw.rs` | the memory; the only unsafe code |
//! | `checked.rs` | its twin without (feature `checked`) |
//! | `bits.rs` | halves of words |
//! | `slots.rs` | slots by size class, spans, generations |
//! | `spare.rs` | free chunks |
//! | `reclaim.rs` | chunks of size classes that are free again |
//! | `heap.rs` | the heap: allocation, counts |
//! | `release.rs` | what happens when counts reach zero |
//! | `pile.rs` | lists that grow without moving |
//! | `trim.rs` | free memory goes back to the kernel |
//! | `relief.rs` | how others ask for a collection |
//! | `edges.rs` | the references of an object |
//! | `kinds/` | what objects hold |
//! | `shapes/` | field names and where they lie |
//! | `roots.rs` | references of hosts |
//! | `stack.rs` | the stack of a machine |
//! | `finalizers.rs` | code that runs before an object is freed |
//! | `cycles/` | candidates, trials, the full pass |
//! | `verify/` | whether the heap is what it says |
//! | `recover/` | faults mended |
//! | `checkpoint/` | copies of the heap to go back to |
//! | `exchange/` | graphs between heaps and threads |
//! | `figures/` | what is counted, timed and told of a heap at work |
//! | `outside/` | figures for readers outside of the process |
//! | `inspect.rs` | reading them |
//! | `look/` | what a heap holds, why an object is still there, graphs and pictures |
//! | `limits.rs` | the numbers that steer the collector |
//! | `error.rs` | errors |

extern crate alloc;

mod bits;
#[cfg(feature = "checked")]
#[path = "checked.rs"]
mod raw;
#[cfg(not(feature = "checked"))]
#[expect(unsafe_code, reason = "words of the reservation by index")]
mod raw;

mod checkpoint;
mod cycles;
mod edges;
mod error;
mod exchange;
mod figures;
mod finalizers;
mod header;
mod heap;
pub mod inspect;
mod kinds;
mod limits;
mod look;
mod outside;
mod pile;
mod reclaim;
mod recover;
mod release;
mod relief;
mod roots;
mod shapes;
mod slots;
mod spare;
mod stack;
mod trim;
mod value;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointCost, Checkpoints, Pace, SeriesFigures};
pub use cycles::{Collected, Cycle, Edge, Member};
pub use edges::Visitor;
pub use error::HeapError;
pub use exchange::{Frozen, Item, Parcel, Place};
pub use figures::{ByKind, ByTrigger, Crossing, Gauges, Pauses, Stats, Thresholds, Trigger, Work};
pub use finalizers::Finalization;
pub use header::Kind;
pub use heap::Heap;
pub use kinds::{HostObject, TablePosition};
pub use limits::{LimitRow, Limits};
pub use look::{Census, Floating, History, KindRow, Look, RetainingPath, ShapeRow, Step};
pub use recover::{Action, Recovery, Repair};
pub use relief::Relief;
pub use roots::Root;
pub use shapes::{InlineCache, Key, Shape};
pub use stack::Stack;
pub use value::{Ref, Text, Value, View};
#[cfg(feature = "inject")]
pub use verify::Damage;
pub use verify::{Fault, Finding, Misfit, Mode, Report, Round, Scope, Severity, Watch, What};
