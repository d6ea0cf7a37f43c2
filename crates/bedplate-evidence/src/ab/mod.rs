//! The statistics of an A/B comparison.
//!
//! # Role
//! From figures of single runs to a verdict: pairs in random order, a calibration on A against A, an
//! interval that may be looked at after every pair, and the rates of its errors by simulation.
//!
//! # Not here
//! Running programs (`crate::trial`): everything here takes figures from a closure, so that the
//! simulation and the real runs go through the same code.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `dice.rs` | random choices from a seed |
//! | `signed_rank.rs` | Hodges-Lehmann estimate and signed-rank interval of pairs |
//! | `calibration.rs` | the noise of A against A |
//! | `confidence.rs` | the always-valid confidence sequence |
//! | `spending.rs` | the error budget over looks and over reruns |
//! | `normal.rs` | the normal distribution |
//! | `reach.rs` | smallest effect that can be found, and in how many pairs |
//! | `verdict.rs` | verdicts, and when time and instructions contradict |
//! | `series.rs` | pair after pair to a verdict |
//! | `noise.rs` | simulated noise |
//! | `selftest.rs` | error rates by simulation |

pub mod calibration;
pub mod confidence;
pub mod dice;
pub mod noise;
pub mod normal;
pub mod reach;
pub mod selftest;
pub mod series;
pub mod signed_rank;
pub mod spending;
pub mod verdict;

pub use calibration::Calibration;
pub use series::{Pair, Rules, Sequential, Series, Side};
pub use verdict::{Interval, Verdict};
