//! Comparing two commands.
//!
//! # Role
//! Everything of `bedplate ab` but the terminal: the two sides, the machine's fitness, the runs, the
//! second witness, the ledger of reruns, and the document.
//!
//! # Not here
//! Statistics (`crate::ab`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `contestant.rs` | a side: its command, program and hashes |
//! | `surroundings.rs` | the environment that both sides get |
//! | `fitness.rs` | whether the machine is quiet enough |
//! | `measure.rs` | one run of a side, and its figures |
//! | `witness.rs` | instruction counts |
//! | `conduct.rs` | the comparison from the first run to the verdict |
//! | `limit.rs` | how long a run may take |
//! | `time_up.rs` | when the time of a comparison is up |
//! | `outcome.rs` | what came of it: failures, warnings |
//! | `ledger.rs` | reruns of the same comparison |
//! | `floor.rs` | the noise of a program against itself |
//! | `document.rs` | everything as data |
//! | `words.rs` | figures in plain words |
//! | `text.rs` | the report for a terminal |
//! | `markdown.rs` | the document for people and repositories |
//! | `page.rs` | the document as one page with plots |
//! | `plots.rs` | the plots |

pub mod conduct;
pub mod contestant;
pub mod document;
pub mod fitness;
pub mod floor;
pub mod ledger;
pub mod limit;
pub mod markdown;
pub mod measure;
pub mod outcome;
pub mod page;
mod plots;
pub mod surroundings;
pub mod text;
mod time_up;
pub mod witness;
pub mod words;

pub use conduct::{Progress, TrialPlan, conduct};
pub use contestant::Contestant;
pub use document::Document;
pub use measure::Metric;
