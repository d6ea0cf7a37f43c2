//! Recovery.
//!
//! # Role
//! Mends what verification finds, each kind in its way, and says what it did; where something would be
//! lost, goes back to a checkpoint instead, if the host has one.
//!
//! # The repairs
//! | fault | found | repair | loses |
//! |---|---|---|---|
//! | count | too low or too high | it becomes the number of references | - |
//! | dangling | a reference to no object | it becomes nil, a table's entry goes | the reference |
//! | | an object of the host that names one | set aside | the host's part |
//! | orphan | a dead ring that no decrement announced | it becomes a candidate | - |
//! | candidates | a flag or a list that is wrong | the lists are made from the flags | - |
//! | structure | a table's capacity or length, an object's flags, a finalizer's mark | made from the payload | - |
//! | | an array that is longer than its room | clipped to it | what it ends with |
//! | | an array or a table without a buffer of its own | emptied | what it held |
//! | | anything else | set aside | what it held |
//! | weak | a target that does not know | it is told | - |
//! | | a generation that cannot be | the weak reference is dead | the reference |
//! | leak | a count that nobody holds | what there is of references, freed where there is none | - |
//! | | a buffer or a slot of nobody | free | - |
//! | double free | lists of free slots | made from the slots | - |
//! | underflow | a count of zero | it becomes the number of references | - |
//! | | releases that were refused | acknowledged: the next report is about those that follow | - |
//!
//! An object that is set aside becomes empty bytes with a count that sticks: handles to it stay
//! harmless, and its slot is not used again.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `run.rs` | rounds of verification and repair, the way back to a checkpoint |
//! | `repair.rs` | what was done |
//! | `objects.rs` | repairs of objects and of what they refer to |
//! | `lists.rs` | repairs of counts and lists |

mod lists;
mod objects;
mod repair;
mod run;

pub use repair::{Action, Recovery, Repair};
pub(crate) use run::Acknowledged;
