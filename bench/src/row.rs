//! A row: what is asked, what was measured.
//!
//! # Invariants
//! - I1: a row is never left out: one that could not run has no figure and says why.

use crate::failure::Failure;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which way a figure gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

/// What a row asks: a line of the table of an area.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    /// Its name, for ever.
    pub(crate) id: &'static str,
    /// What is measured.
    pub(crate) what: &'static str,
    /// Unit of the figure.
    pub(crate) unit: &'static str,
    /// Which way it gets better.
    pub(crate) better: Better,
    /// What it must reach.
    pub(crate) target: f64,
}

/// What was measured of one contender.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// The figure, or why there is none.
    pub(crate) value: Result<f64, Failure>,
    /// What a reader must know of it.
    pub(crate) note: Option<String>,
}

/// What was measured for a row.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Settings and sizes it ran with.
    pub(crate) configuration: String,
    /// Our figure.
    pub(crate) ours: Figure,
    /// The figures of the others, by name with version.
    pub(crate) peers: BTreeMap<String, Figure>,
}

/// A row as it is written.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    pub(crate) ours: Option<f64>,
    pub(crate) interval: Option<[f64; 2]>,
    pub(crate) peers: BTreeMap<String, Option<f64>>,
    pub(crate) target: f64,
    pub(crate) ok: bool,
    pub(crate) configuration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) notes: BTreeMap<String, String>,
    /// What was measured in each round, by contender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<Value>,
}

impl Row {
    /// Puts an answer to its question.
    pub(crate) fn new(question: &Question, measured: Measured) -> Self {
        let ours = measured.ours.value.as_ref().ok().copied().map(rounded);
        let is_reached = |figure: f64| match question.better {
            Better::Lower => figure <= question.target,
            Better::Higher => figure >= question.target,
        };
        let mut notes = BTreeMap::new();
        let mut peers = BTreeMap::new();
        for (name, figure) in measured.peers {
            if let Some(note) = figure.shown_note() {
                notes.insert(name.clone(), note);
            }
            peers.insert(name, figure.value.ok().map(rounded));
        }
        if let Some(note) = measured.ours.note {
            notes.insert("ours".to_owned(), note);
        }
        Self {
            id: question.id,
            what: question.what,
            unit: question.unit,
            better: question.better,
            ours,
            // Counts do not scatter: the interval of a count is the count.
            interval: ours.map(|figure| [figure, figure]),
            peers,
            target: question.target,
            ok: ours.is_some_and(is_reached),
            configuration: measured.configuration,
            why: measured.ours.value.err().map(|failure| failure.to_string()),
            notes,
            raw: None,
        }
    }

    /// The interval of a figure that scatters; none where it was not estimated.
    pub(crate) fn with_interval(mut self, interval: Option<[f64; 2]>) -> Self {
        self.interval = interval.map(|ends| ends.map(rounded));
        self
    }

    /// What a reader must know beside the figure.
    pub(crate) fn with_note(mut self, name: &str, note: String) -> Self {
        self.notes.insert(name.to_owned(), note);
        self
    }

    /// What was measured in each round.
    pub(crate) fn with_raw(mut self, raw: Value) -> Self {
        self.raw = Some(raw);
        self
    }
}

impl Figure {
    /// A figure that needs no words.
    pub(crate) const fn plain(value: Result<f64, Failure>) -> Self {
        Self { value, note: None }
    }

    fn shown_note(&self) -> Option<String> {
        self.note
            .clone()
            .or_else(|| self.value.as_ref().err().map(ToString::to_string))
    }
}

/// Three decimals: what is printed is what is judged.
fn rounded(figure: f64) -> f64 {
    // Plus nothing, so that no figure is printed as -0.
    (figure * 1000.0).round() / 1000.0 + 0.0
}

/// Questions whose figure is better when it is lower: id, what, unit, target.
pub(crate) const fn lower(
    (id, what, unit, target): (&'static str, &'static str, &'static str, f64),
) -> Question {
    Question {
        id,
        what,
        unit,
        better: Better::Lower,
        target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: Question = Question {
        id: "M0.test",
        what: "a test",
        unit: "instructions",
        better: Better::Lower,
        target: 33.0,
    };

    fn measured(value: Result<f64, Failure>) -> Measured {
        Measured {
            configuration: String::new(),
            ours: Figure::plain(value),
            peers: BTreeMap::new(),
        }
    }

    #[test]
    fn a_figure_at_the_target_is_ok() {
        assert!(Row::new(&QUESTION, measured(Ok(33.0))).ok);
        assert!(!Row::new(&QUESTION, measured(Ok(33.001))).ok);
    }

    #[test]
    fn where_more_is_better_a_figure_at_the_target_is_ok() {
        let question = Question {
            better: Better::Higher,
            ..QUESTION
        };
        assert!(Row::new(&question, measured(Ok(33.0))).ok);
        assert!(!Row::new(&question, measured(Ok(32.99))).ok);
    }

    #[test]
    fn a_row_that_could_not_run_says_why() {
        let missing = Failure::Missing {
            program: "valgrind",
            package: "valgrind",
        };
        let row = Row::new(&QUESTION, measured(Err(missing)));
        let json = serde_json::to_value(&row).expect("a row is JSON");
        assert!(json["ours"].is_null());
        assert!(
            json["why"]
                .as_str()
                .is_some_and(|why| why.contains("apt-get install valgrind"))
        );
        assert!(!row.ok);
    }
}
