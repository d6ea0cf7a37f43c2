//! What a loop will cost, learned from what it cost before.
//!
//! # Role
//! Parallel iterators, sorts and batches know how many items they have. With what an item cost the
//! last times it is known before a loop begins whether it is worth anybody's help, how short a half
//! may be, and how often it must look for those who want to help.
//!
//! # How it works
//! A site is the type of what runs, with the logarithm of the number of items. One table for the
//! process holds a model per site: the mean and the spread of the logarithm of the nanoseconds per
//! item. A loop that costs less than twice what it takes to share it runs on the calling thread
//! alone, without an offer and without a cut. One that is worth a helper who is awake, but not worth
//! waking one, runs alone until a row of such loops has cost as much as a wake. Offers of loops that
//! are worth it may be taken at once: they need not stand for a while to show it.
//!
//! What is not known is cut as it would be without a forecast: in halves for those who come.
//!
//! # Not here
//! Joins, scopes and spawned jobs: they have no size to reckon with.
//!
//! # Invariants
//! - I1: a forecast decides where and by whom items are run, never which.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `ledger.rs` | one loop: its forecast and its cost |
//! | `site.rs` | which loop it is |
//! | `model.rs` | what an item of a site costs |
//! | `store.rs` | the models of all sites |
//! | `tally.rs` | what a seat keeps of its loops |

mod ledger;
mod model;
mod site;
mod store;
mod tally;

pub(crate) use ledger::{Ledger, Way, learn_batch, of_batch, sites};
pub(crate) use model::Model;
pub(crate) use tally::Tally;
