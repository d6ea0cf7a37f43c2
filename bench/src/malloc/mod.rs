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
//! | `shape_runs.rs` | interleaved runs of those programs |
//! | `shape_rows.rs` | rows about their time and memory |
//! | `kept.rs` | memory kept after it was freed |
//! | `fork_hangs.rs` | forks from a threaded process |
//! | `profile.rs` | what the heap profiler costs |
//! | `misuse.rs` | misuse that is caught |
//! | `gates.rs` | what each telemetry gate costs: a table of its own |

mod fork_hangs;
pub(crate) mod gates;
mod kept;
mod misuse;
mod pairs;
mod profile;
mod shape_rows;
mod shape_runs;
mod shapes;

use crate::contender::Contender;
use crate::row::{Better, Question, Row, lower};

const fn question(
    id: &'static str,
    what: &'static str,
    unit: &'static str,
    target: f64,
) -> Question {
    lower((id, what, unit, target))
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

const CAUGHT_HARDENED: Question = Question {
    better: Better::Higher,
    ..question(
        "M7.caught-hardened",
        "misuses that the hardened library catches, of the committed table",
        "percent",
        71.0,
    )
};

/// Answers every question whose id begins with `only`; a row that fails is a row with a reason.
pub(crate) fn run(contenders: &[Contender], is_quick: bool, only: Option<&str>) -> Vec<Row> {
    let is_wanted = |question: &Question| only.is_none_or(|start| question.id.starts_with(start));
    let asked: Vec<_> = PAIRS
        .iter()
        .filter(|(question, _)| is_wanted(question))
        .collect();
    let mut rows = Vec::new();
    if !asked.is_empty() {
        let shapes: Vec<pairs::Shape> = asked.iter().map(|(_, shape)| *shape).collect();
        let answers = pairs::measure(contenders, &shapes, is_quick);
        rows.extend(
            asked
                .iter()
                .zip(answers)
                .map(|((question, _), answer)| Row::new(question, answer)),
        );
    }
    rows.extend(shape_rows::rows(contenders, is_quick, is_wanted));
    rows.extend(kept::rows(contenders, is_quick, is_wanted));
    if is_wanted(&FORK_HANGS) {
        rows.push(Row::new(
            &FORK_HANGS,
            fork_hangs::measure(contenders, is_quick),
        ));
    }
    if is_wanted(&CAUGHT_DEFAULT) || is_wanted(&CAUGHT_HARDENED) {
        let answers = [CAUGHT_DEFAULT, CAUGHT_HARDENED]
            .into_iter()
            .zip(misuse::measure(contenders));
        let wanted = answers.filter(|(question, _)| is_wanted(question));
        rows.extend(wanted.map(|(question, measured)| Row::new(&question, measured)));
    }
    rows.extend(shape_rows::hardened(contenders, is_quick, is_wanted));
    rows.extend(profile::rows(contenders, PAIRS, is_quick, is_wanted));
    rows
}
