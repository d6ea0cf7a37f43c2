//! The scores on the labels.

use core::fmt::Write as _;

use crate::golden::{Figures, Half, Scored};

/// The scores for reading: for each half, and for the labels that came later, a row
/// for each tree and one for all.
#[must_use]
pub fn golden(scored: &[Scored]) -> String {
    let mut out = format!(
        "{:12} {:14} {:>6} {:>5}   {:>5} {:>8}   {:>5} {:>6} {:>9}\n",
        "tree", "half", "labels", "right", "lost", "unknown", "tele.", "recall", "precision"
    );
    let mut trees: Vec<&str> = Vec::new();
    for one in scored {
        if !trees.contains(&one.tree.as_str()) {
            trees.push(&one.tree);
        }
    }
    for half in [Half::Rules, Half::KeptOut, Half::Later] {
        for tree in &trees {
            let of = scored.iter().filter(|s| s.half == half && s.tree == *tree);
            row(&mut out, tree, half, &Figures::of(of));
        }
        let of = scored.iter().filter(|s| s.half == half);
        row(&mut out, "all", half, &Figures::of(of));
        out.push('\n');
    }
    out.push_str(
        "lost: correctness called telemetry, exported or diagnostic (must be 0).\n\
         unknown: of the correctness labels. tele.: telemetry and exported labels.\n",
    );
    out
}

fn row(out: &mut String, tree: &str, half: Half, figures: &Figures) {
    if figures.labels == 0 {
        return;
    }
    let percent = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.1}%"));
    let _infallible = writeln!(
        out,
        "{tree:12} {half:14} {:>6} {:>5}   {:>5} {:>8}   {:>5} {:>6} {:>9}",
        figures.labels,
        figures.right,
        figures.correctness_lost,
        percent(figures.unknown_share()),
        figures.telemetry,
        percent(figures.telemetry_recall()),
        percent(figures.telemetry_precision()),
    );
}
