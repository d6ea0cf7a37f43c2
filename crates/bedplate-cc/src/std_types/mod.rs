//! The standard library's types, traced.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `plain.rs` | types that hold no references |
//! | `cells.rs` | cells, and what may be borrowed while the collector comes |
//! | `containers.rs` | boxes, options, tuples, collections |
//! | `functions.rs` | pointers to functions |

mod cells;
mod containers;
mod functions;
mod plain;
