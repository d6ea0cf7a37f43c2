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
//! | `weak.rs` | weak references |
//! | `host.rs` | objects of the host |

mod array;
mod bytes;
mod host;
mod record;
mod small;
mod table;
mod weak;

pub use host::HostObject;
pub(crate) use host::Hosts;
pub use table::TablePosition;
