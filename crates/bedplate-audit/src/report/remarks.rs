//! What else is known of the locations, for whoever measured something.

use alloc::collections::BTreeMap;

use super::built::about;
use crate::audit::{Audit, Location};

/// Remarks beside an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// How the candidates are ranked and what the remarks mean, in lines; without any, that they
    /// are ranked by what the source alone says.
    pub head: Vec<String>,
    /// The candidates in their order, as places in [`Audit::locations`]; without any, the audit's.
    pub order: Option<Vec<usize>>,
    /// A remark for places in [`Audit::locations`].
    pub of: BTreeMap<usize, String>,
}

impl Remarks {
    /// The candidates with what is remarked of each.
    pub(super) fn candidates<'a>(
        &'a self,
        audit: &'a Audit,
    ) -> Vec<(&'a Location, Option<&'a str>)> {
        let order = self.order.clone();
        let order = order.unwrap_or_else(|| audit.candidate_places());
        order
            .into_iter()
            .filter_map(|place| Some((audit.locations.get(place)?, self.about(place))))
            .collect()
    }

    /// Likewise with what the locations were compiled to, where that is known.
    pub(super) fn with_built(&self, audit: &Audit) -> Self {
        let mut remarks = self.clone();
        let Some(built) = &audit.built else {
            return remarks;
        };
        for place in 0..audit.locations.len() {
            let Some(said) = about(built, place) else {
                continue;
            };
            let of = remarks.of.entry(place).or_default();
            if !of.is_empty() {
                of.push_str("; ");
            }
            of.push_str(&said);
        }
        remarks
    }

    /// What is remarked of a location.
    pub(super) fn about(&self, place: usize) -> Option<&str> {
        self.of.get(&place).map(String::as_str)
    }
}
