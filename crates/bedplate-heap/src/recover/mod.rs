//! Recovery.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `quarantine.rs` | slots that are not used again, faults that are dealt with |

mod quarantine;

pub(crate) use quarantine::Quarantine;
