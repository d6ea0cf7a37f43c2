//! The report of a run: as data, as text, as a page.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `model.rs` | the report as data (`--json`) |
//! | `convert.rs` | from measurements to the model |
//! | `snapshot.rs` | one look at a running process (`top`) |
//! | `pools.rs` | pools in it |
//! | `object_heaps.rs` | heaps for language machines in it |
//! | `text.rs` | for the terminal |
//! | `html.rs` | one self-contained page |
//! | `svg.rs` | its charts |
//! | `histogram.rs` | size classes in doubling bins |
//! | `spark.rs` | charts of one line of text |
//! | `text_profile.rs` | the call sites in it |
//! | `text_versus.rs` | the comparison in it |
//! | `fold.rs` | lines that fit a terminal |
//! | `peak.rs` | the one figure of a peak |
//! | `remarks.rs` | sentences about requests that were not served |
//! | `units.rs` | figures as people read them |
//! | `paint.rs` | colour or none |

mod convert;
pub mod fold;
pub mod histogram;
pub mod html;
pub mod model;
pub mod object_heaps;
pub mod paint;
pub(crate) mod peak;
pub mod pools;
pub(crate) mod remarks;
pub mod snapshot;
pub mod spark;
pub mod svg;
pub mod text;
mod text_profile;
mod text_versus;
pub mod units;

pub use model::RunReport;
pub use paint::Paint;
pub use snapshot::Snapshot;
