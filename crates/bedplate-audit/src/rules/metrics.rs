//! Figures that are given to libraries for figures.
//!
//! # Role
//! `gauge!("size").set(value)`, `self.queued.set(value)` with a `Gauge` of such a library: the program never
//! reads it again.
//!
//! # Invariants
//! I1. A name tells nothing where the tree declares what it names, or brings it in from another crate.

use crate::facts::{Program, Site};
use crate::syntax::Kind;

/// Macros of libraries whose answer is a figure for others to read.
const METRICS: [&str; 3] = ["counter", "gauge", "histogram"];

/// Libraries that figures are given to, for others to read.
const LIBRARIES: [&str; 8] = [
    "metrics",
    "prometheus",
    "prometheus_client",
    "opentelemetry",
    "statsd",
    "cadence",
    "dogstatsd",
    "measured",
];

/// Types of such libraries.
const TYPES: [&str; 15] = [
    "Meter",
    "Counter",
    "CounterVec",
    "Gauge",
    "GaugeVec",
    "Histogram",
    "HistogramVec",
    "IntCounter",
    "IntCounterVec",
    "IntGauge",
    "IntGaugeVec",
    "UpDownCounter",
    "StatsdClient",
    "ObservableGauge",
    "ObservableCounter",
];

/// Methods that give a figure to one of those.
fn gives_figure(name: &str) -> bool {
    matches!(
        name,
        "set"
            | "add"
            | "sub"
            | "inc"
            | "dec"
            | "inc_by"
            | "dec_by"
            | "increment"
            | "decrement"
            | "absolute"
            | "observe"
            | "record"
            | "record_many"
    )
}

/// Whether a method is called on a metric of a library: on what a macro of it answers, or on a value of
/// a type of it.
pub(super) fn is_given_figure(program: &Program, call: Site) -> bool {
    let Kind::Method { name } = program.kind(call) else {
        return false;
    };
    let Some(receiver) = program.child(call, 0) else {
        return false;
    };
    let is_by_macro = matches!(program.kind(receiver), Kind::Macro { name }
        if METRICS.contains(&name.as_str()) && program.callees(receiver, name).is_empty());
    is_by_macro || gives_figure(name) && is_of_library(program, receiver)
}

/// Whether a type by which a value is known is one of a library for figures.
fn is_of_library(program: &Program, receiver: Site) -> bool {
    let words = program.type_words(receiver, 0);
    // One version beside another one is renamed (`opentelemetry_0_27`).
    let is_library = |word: &String| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        LIBRARIES.contains(&bare)
    };
    let is_by_path = words.iter().any(is_library);
    words.iter().any(|word| {
        TYPES.contains(&word.as_str())
            && !program.is_type(word)
            && (is_by_path || program.is_only_from(word, &LIBRARIES))
    })
}

/// Whether a macro of a library for figures is given the value (`gauge!("size", value)`).
pub(super) fn is_macro_given(program: &Program, call: Site, place: usize, name: &str) -> bool {
    let changes = matches!(
        name,
        "increment_counter" | "absolute_counter" | "increment_gauge" | "decrement_gauge"
    );
    (METRICS.contains(&name) || changes) && place > 0 && program.callees(call, name).is_empty()
}
