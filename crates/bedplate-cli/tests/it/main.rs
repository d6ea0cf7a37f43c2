//! The `bedplate` program from outside: what it prints, where, and how it ends.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `machine.rs` | a place for one test: directory, environment, runs |
//! | `run.rs` | exit codes, output untouched, reports |
//! | `inactive.rs` | programs on which preloading cannot work |
//! | `audit.rs` | auditing a tree |
//! | `audit_checklist.rs` | the checklist of a hot path |
//! | `audit_ir.rs` | a tree with what it was compiled to |
//! | `audit_profile.rs` | how often the operations of a tree run |
//! | `audit_prove.rs` | what removing one candidate is worth |
//! | `children.rs` | programs that fork and execute |
//! | `signals.rs` | programs that signals end |
//! | `versus.rs` | comparisons |
//! | `ab.rs` | comparisons of two commands |
//! | `ab_built.rs` | comparisons of two builds of one project |
//! | `ab_campaign.rs` | campaigns over gates and features |
//! | `settings.rs` | the environment |
//! | `parts.rs` | which part memory is counted to |
//! | `profile.rs` | heap profiles |
//! | `probe.rs` | described machines |
//! | `licences.rs` | the licences inside the program |
//! | `top.rs` | looking at running processes |

mod ab;
mod ab_built;
mod ab_campaign;
mod audit;
mod audit_checklist;
mod audit_ir;
mod audit_profile;
mod audit_prove;
mod children;
mod inactive;
mod licences;
mod machine;
mod parts;
mod probe;
mod profile;
mod run;
mod settings;
mod signals;
mod top;
mod versus;
