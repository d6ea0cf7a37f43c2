//! The audit measured on the labels.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::corpus::{Corpus, Label, corpora};
use super::half::Half;
use super::sources::{self, Missing, registry_folders};
use crate::audit::{Audit, Evidence, Location, audit};
use crate::class::Class;

/// A label and what the audit said.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Scored {
    /// The tree.
    pub tree: String,
    /// The label.
    pub label: Label,
    /// Which half it belongs to.
    pub half: Half,
    /// What the audit called it; unknown where it did not find the location.
    pub found: Class,
    /// Whether the audit found the location at all.
    pub is_located: bool,
    /// Why the audit called it so.
    pub evidence: Vec<Evidence>,
}

/// Scores of some labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Labels.
    pub labels: usize,
    /// Labels whose class the audit named.
    pub right: usize,
    /// Locations labelled correctness.
    pub correctness: usize,
    /// Of those, called telemetry, exported or diagnostic: must be none.
    pub correctness_lost: usize,
    /// Of those, called unknown.
    pub correctness_unknown: usize,
    /// Locations labelled telemetry or exported.
    pub telemetry: usize,
    /// Of those, called telemetry or exported.
    pub telemetry_found: usize,
    /// Locations called telemetry or exported.
    pub called_telemetry: usize,
}

impl Figures {
    /// Figures of some labels.
    pub fn of<'a>(scored: impl IntoIterator<Item = &'a Scored>) -> Self {
        let mut figures = Self::default();
        for one in scored {
            let (truth, found) = (one.label.label, one.found);
            figures.labels += 1;
            figures.right += usize::from(truth == found);
            if truth == Class::Correctness {
                figures.correctness += 1;
                figures.correctness_lost += usize::from(found.is_removable());
                figures.correctness_unknown += usize::from(found == Class::Unknown);
            }
            if truth.counts_only() {
                figures.telemetry += 1;
                figures.telemetry_found += usize::from(found.counts_only());
            }
            figures.called_telemetry += usize::from(found.counts_only());
        }
        figures
    }

    /// Percent of telemetry that is found.
    #[must_use]
    pub fn telemetry_recall(&self) -> Option<f64> {
        percent(self.telemetry_found, self.telemetry)
    }

    /// Percent of correctness locations that are called unknown.
    #[must_use]
    pub fn unknown_share(&self) -> Option<f64> {
        percent(self.correctness_unknown, self.correctness)
    }

    /// Percent of what is called telemetry that is.
    #[must_use]
    pub fn telemetry_precision(&self) -> Option<f64> {
        percent(self.telemetry_found, self.called_telemetry)
    }
}

fn percent(part: usize, whole: usize) -> Option<f64> {
    let part = u32::try_from(part).ok()?;
    let whole = u32::try_from(whole).ok().filter(|whole| *whole > 0)?;
    Some(f64::from(part) * 100.0 / f64::from(whole))
}

/// Audits the sources of a corpus and compares with its labels.
///
/// # Errors
/// [`Missing`] where the sources are not in any of the folders.
pub fn score(corpus: &Corpus, folders: &[PathBuf]) -> Result<Vec<Scored>, Missing> {
    let found = audit(&sources::read(corpus, folders)?);
    let scored = corpus.labels.iter().map(|label| {
        let location = find(&found, label);
        Scored {
            tree: corpus.tree.clone(),
            label: label.clone(),
            half: corpus.half(label),
            found: location.map_or(Class::Unknown, |location| location.class),
            is_located: location.is_some(),
            evidence: location.map_or_else(Vec::new, |location| location.evidence.clone()),
        }
    });
    Ok(scored.collect())
}

/// The location of a label: its line, or a line nearby with its name (`extern` in a header and the
/// definition are one location).
fn find<'a>(audit: &'a Audit, label: &Label) -> Option<&'a Location> {
    let file = format!("{}/{}", label.package, label.file);
    let name = label
        .location
        .rsplit(['.', ':'])
        .next()
        .unwrap_or(&label.location);
    let is_named = |location: &Location| {
        location.name == name || location.name.rsplit('.').next() == Some(name)
    };
    let in_file = |location: &&Location| location.declared.file == file && is_named(location);
    audit
        .locations
        .iter()
        .filter(in_file)
        .min_by_key(|location| location.declared.line.abs_diff(label.line))
        .filter(|location| location.declared.line.abs_diff(label.line) <= 3)
        .or_else(|| {
            let mut named = audit.locations.iter().filter(|l| is_named(l));
            let first = named.next();
            first.filter(|_| named.next().is_none())
        })
}

/// The figures of the rows `E1.telemetry-recall`, `E1.correctness-lost` and `E1.correctness-unknown`:
/// those of the labels that were kept out of rule-making, over all trees.
///
/// # Errors
/// [`Missing`] where the sources of a tree are not below cargo's home: a figure over fewer trees
/// would be another figure.
pub fn bench_figures(cargo_home: &Path) -> Result<Figures, Missing> {
    let folders = registry_folders(cargo_home);
    let mut kept_out = Vec::new();
    for corpus in corpora().map_err(Missing::Labels)? {
        let scored = score(&corpus, &folders)?;
        kept_out.extend(scored.into_iter().filter(|s| s.half != Half::Rules));
    }
    Ok(Figures::of(&kept_out))
}
