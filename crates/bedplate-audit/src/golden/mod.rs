//! Labels made by hand.
//!
//! # Role
//! Locations of well-known trees, each read and labelled by a person's own reading before any rule
//! was written (or, of trees that came later, before the audit ever saw them), with the line that
//! decided.
//!
//! # Invariants
//! I1. A label is per location, not per operation.
//! I2. Which labels the rules may be made with is decided by a hash of the location alone; the
//!     others, and all those of trees that came later, are only ever scored.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `corpus.rs` | the labels as data |
//! | `half.rs` | which labels the rules may be made with |
//! | `sources.rs` | the sources that the labels are about |
//! | `score.rs` | the audit measured on the labels |

mod corpus;
mod half;
mod score;
mod sources;

pub use corpus::{Corpus, Label, Package, Quote, corpora};
pub use half::Half;
pub use score::{Figures, Scored, bench_figures, score};
pub use sources::{Missing, manifest, registry_folders};
