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
//! | `keys.rs` | which keys of tables are one, and their hashes |
//! | `weak.rs` | weak references |
//! | `host.rs` | objects of the host |

mod array;
mod bytes;
mod host;
mod keys;
mod record;
mod small;
mod table;
mod weak;

pub use host::HostObject;
pub(crate) use host::Hosts;
pub(crate) use keys::Tables;
pub use table::TablePosition;
