//! Rows of the allocator.
//!
//! # Role
//! One table of questions; each group of rows has a file that answers it.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `pairs.rs` | instructions per malloc+free pair |
//! | `shapes.rs` | the programs that stand for ways of allocating, and their sizes |
//! | `fork_hangs.rs` | forks from a threaded process |
//! | `misuse.rs` | misuse that is caught |

mod fork_hangs;
mod misuse;
mod pairs;
#[expect(dead_code, reason = "sizes stand before the first figure is taken")]
mod shapes;

use crate::contender;
use crate::failure::Failure;
use crate::row::{Better, Question, Row};

const fn question(
    id: &'static str,
    what: &'static str,
    unit: &'static str,
    target: f64,
) -> Question {
    Question {
        id,
        what,
        unit,
        better: Better::Lower,
        target,
    }
}

/// The rows about instructions.
const PAIRS: &[(Question, pairs::Shape)] = &[
    (
        question(
            "M3.pair-400",
            "malloc+free pair, 400 live slots, 16..1024 B",
            "instructions",
            33.0,
        ),
        pairs::Shape {
            slots: 400,
            bytes: [16, 1024],
        },
    ),
    (
        question(
            "M3.pair-40000",
            "malloc+free pair, 40,000 live slots, 16..1024 B",
            "instructions",
            42.0,
        ),
        pairs::Shape {
            slots: 40_000,
            bytes: [16, 1024],
        },
    ),
    (
        question(
            "M3.pair-4000B",
            "malloc+free pair, one live block of 4000 B",
            "instructions",
            40.0,
        ),
        pairs::Shape {
            slots: 1,
            bytes: [4000, 4000],
        },
    ),
    (
        question(
            "M3.pair-20000B",
            "malloc+free pair, one live block of 20,000 B",
            "instructions",
            44.0,
        ),
        pairs::Shape {
            slots: 1,
            bytes: [20_000, 20_000],
        },
    ),
];

const FORK_HANGS: Question = question(
    "M6.fork-hangs",
    "children of a threaded process that hang or die, of 10,000 forks",
    "children",
    0.0,
);

const CAUGHT_DEFAULT: Question = Question {
    better: Better::Higher,
    ..question(
        "M7.caught-default",
        "misuses that the default library catches, of the committed table",
        "percent",
        47.0,
    )
};

/// Answers every question whose id begins with `only`.
///
/// # Errors
/// - [`Failure`]: there is nothing to compare; a row that fails alone is a row with a reason.
pub(crate) fn run(is_quick: bool, only: Option<&str>) -> Result<Vec<Row>, Failure> {
    let is_wanted = |question: &Question| only.is_none_or(|start| question.id.starts_with(start));
    let contenders = contender::all()?;
    let asked: Vec<_> = PAIRS
        .iter()
        .filter(|(question, _)| is_wanted(question))
        .collect();
    let mut rows = Vec::new();
    if !asked.is_empty() {
        let shapes: Vec<pairs::Shape> = asked.iter().map(|(_, shape)| *shape).collect();
        let answers = pairs::measure(&contenders, &shapes, is_quick);
        rows.extend(
            asked
                .iter()
                .zip(answers)
                .map(|((question, _), answer)| Row::new(question, answer)),
        );
    }
    if is_wanted(&FORK_HANGS) {
        rows.push(Row::new(
            &FORK_HANGS,
            fork_hangs::measure(&contenders, is_quick),
        ));
    }
    if is_wanted(&CAUGHT_DEFAULT) {
        rows.push(Row::new(&CAUGHT_DEFAULT, misuse::measure(&contenders)));
    }
    Ok(rows)
}
