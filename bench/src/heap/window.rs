//! Rows of a long program beside 10^6 live objects.
//!
//! # Role
//! One run gives several rows: the longest call into the heap, what is dead and not freed, what is left.
//! It is the same program in all; a row without full passes or releases in it has no figure.

use super::Asked;
use crate::callgrind;
use crate::failure::Failure;
use crate::row::Row;
use crate::row::lower;
use std::collections::BTreeMap;

/// Full passes and releases of 10^6 that must have happened.
const WANTED: f64 = 3.0;

const CONFIGURATION: &str = "2^20 live nodes, default limits; lists of 10^6 dropped at once and worked off by steps, rings beside and into live nodes, live nodes touched while a full pass runs beside, a table and an array that grow to 10^6 and are dropped, three times";

pub(super) const ROWS: &[Asked] = &[
    Asked {
        question: lower((
            "H3.pause-max-us",
            "the longest call into the heap, by the thread's time",
            "us",
            100.0,
        )),
        configuration: CONFIGURATION,
        answer: |programs, asked, quick| {
            let window = programs.window(quick)?;
            let row = asked.row(window.of("pause-ns").map(|ns| ns / 1000.0), BTreeMap::new());
            let raw = window.of("raw-ns")? / 1000.0;
            let rounds = Window::rounds(quick);
            Ok(window.noted(row)?.with_note(
                "how",
                format!(
                    "each call's least of {rounds} runs of the same program; the longest of all with what interrupted it: {raw:.0} us"
                ),
            ))
        },
    },
    Asked {
        question: lower((
            "H3.pause-max-instructions",
            "instructions of the longest call into the heap",
            "instructions",
            // 100 us at three instructions a nanosecond.
            300_000.0,
        )),
        configuration: "as H3.pause-max-us; callgrind counts each of the calls that took longest there",
        answer: |programs, asked, quick| {
            let window = programs.window(quick)?;
            let counts = callgrind::requested_counts(programs.path(), &window.longest_words())?;
            let most = counts.iter().copied().reduce(f64::max);
            let most = most.ok_or_else(|| Failure::Output {
                program: "heap window-counts".to_owned(),
                what: "no count".to_owned(),
            });
            Ok(asked
                .row(most, BTreeMap::new())
                .with_note("how", format!("{} calls were counted", counts.len())))
        },
    },
    Asked {
        question: lower((
            "H3.floating-kib",
            "what is dead and not freed, at most",
            "KiB",
            256.0,
        )),
        configuration: "as H3.pause-max-us; looked at when each ring is dropped, lists being freed",
        answer: |programs, asked, quick| {
            let window = programs.window(quick)?;
            let figure = window.of("floating-bytes").map(|bytes| bytes / 1024.0);
            window.noted(asked.row(figure, BTreeMap::new()))
        },
    },
    Asked {
        question: lower((
            "H3.rings-left",
            "objects of dropped rings and lists that are there in the end",
            "objects",
            0.0,
        )),
        configuration: "as H3.pause-max-us; after a collection behind the window",
        answer: |programs, asked, quick| {
            let window = programs.window(quick)?;
            window.noted(asked.row(window.of("left"), BTreeMap::new()))
        },
    },
];

/// What the program printed.
#[derive(Debug, Clone)]
pub(super) struct Window {
    figures: BTreeMap<String, f64>,
    /// The operations that took longest.
    longest: Vec<String>,
}

impl Window {
    /// How often the program runs.
    pub(super) const fn rounds(quick: bool) -> u32 {
        if quick { 2 } else { 5 }
    }

    /// Reads it.
    ///
    /// # Errors
    /// - [`Failure::Output`]: fewer full passes or releases than are wanted.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let mut figures = BTreeMap::new();
        let mut longest = Vec::new();
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["long", at, _] => longest.push((*at).to_owned()),
                [name, figure] => {
                    let figure = figure.parse().unwrap_or(f64::NAN);
                    figures.insert((*name).to_owned(), figure);
                }
                _ => {}
            }
        }
        let window = Self { figures, longest };
        for name in ["full-passes", "releases"] {
            let found = window.of(name)?;
            if found < WANTED {
                return Err(Failure::Output {
                    program: "heap window".to_owned(),
                    what: format!("{found} {name} where {WANTED} are wanted"),
                });
            }
        }
        Ok(window)
    }

    fn of(&self, name: &str) -> Result<f64, Failure> {
        self.figures
            .get(name)
            .copied()
            .ok_or_else(|| Failure::Output {
                program: "heap window".to_owned(),
                what: format!("no {name}"),
            })
    }

    fn longest_words(&self) -> Vec<String> {
        let program = "window-counts".to_owned();
        core::iter::once(program)
            .chain(self.longest.iter().cloned())
            .collect()
    }

    /// A row with what fell into the window.
    fn noted(&self, row: Row) -> Result<Row, Failure> {
        let note = format!(
            "{} full passes, {} releases of 10^6, {} rings, {} calls",
            self.of("full-passes")?,
            self.of("releases")?,
            self.of("rings")?,
            self.of("operations")?
        );
        Ok(row.with_note("in the window", note))
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    const TEXT: &str = "pause-ns 5000\nfull-passes 3\nreleases 3\nlong 17 5000\nlong 4 4000\n";

    #[test]
    fn figures_and_calls_are_read() {
        let window = Window::read(TEXT).expect("enough happened");
        assert!(
            window
                .of("pause-ns")
                .is_ok_and(|ns| ns.to_bits() == 5000.0_f64.to_bits())
        );
        assert!(window.of("left").is_err());
        assert_eq!(window.longest_words(), ["window-counts", "17", "4"]);
    }

    #[test]
    fn a_window_without_full_passes_has_no_figure() {
        let text = TEXT.replace("full-passes 3", "full-passes 2");
        let failure = Window::read(&text).expect_err("too few");
        assert!(failure.to_string().contains("2 full-passes where 3"));
    }
}
