//! Rayon's plumbing, for packages that make parallel iterators of their own for it.
//!
//! # Role
//! The traits that such a package implements and calls, in rayon's shape, and the adapters between them and ours
//! in both directions. With these, `compat/rayon` stands in for rayon also below packages such as `indexmap`.
//!
//! # Not here
//! - names and settings of rayon that are not about plumbing: `compat/rayon`.
//! - speed for consumers of other packages: each stretch of items costs a split more than with ours.
//!
//! # How it works
//! With the feature `rayon-plumbing` the base method of each of our two traits has a default that goes by rayon's, and
//! rayon's methods have defaults that go by ours. Our iterators implement ours; those of other packages implement
//! rayon's. One of our consumers that comes back to one of our iterators through rayon's methods is recognised
//! ([`UnindexedConsumer::take_from`]) and driven our way.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `shape.rs` | the traits |
//! | `bridge.rs` | feeding a producer to a consumer |
//! | `theirs.rs` | consumers and producers of other packages, as ours |
//! | `ours.rs` | our consumers and producers, as rayon's |
//! | `settings.rs` | limits, what rayon's pool of the process reads from the environment |

mod bridge;
mod ours;
mod settings;
mod shape;
mod theirs;

pub use bridge::{bridge, bridge_producer_consumer, bridge_unindexed};
pub use shape::{
    Consumer, Folder, Producer, ProducerCallback, Reducer, UnindexedConsumer, UnindexedProducer,
};

pub(crate) use ours::{drive_by_theirs, with_ours};
pub(crate) use settings::default_builder;
pub use settings::{THREADS_MAX, report_and_abort, threads_wished};
pub(crate) use theirs::produce_by_theirs;
