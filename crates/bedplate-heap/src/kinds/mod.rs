//! What objects hold.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `small.rs` | cells, integers, pairs, nodes, closures |
//! | `bytes.rs` | bytes and text |
//! | `record.rs` | records with shapes |
//! | `array.rs` | arrays |
//! | `table.rs` | tables |
//! | `entries.rs` | where a table's entries lie |
//! | `growth.rs` | how a table grows |
//! | `order.rs` | tables that are put in order because they cannot grow |
//! | `walk.rs` | walks through tables |
//! | `sound.rs` | whether a table is sound, and what makes it so again |
//! | `keys.rs` | which keys of tables are one, and their hashes |
//! | `weak.rs` | weak references |
//! | `host.rs` | objects of the host |

mod array;
mod bytes;
mod entries;
mod growth;
mod host;
mod keys;
mod order;
mod record;
mod small;
mod sound;
mod table;
mod walk;
mod weak;

pub use host::HostObject;
pub(crate) use host::{Boxes, Hosts};
pub(crate) use keys::Tables;
pub use walk::TablePosition;
