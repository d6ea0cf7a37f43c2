//! What `Display`, `Debug` and their kin show.
//!
//! # Role
//! They write a text, which is no end: `sizes.get(&name.to_string())` looks something up by it. What they show
//! goes where the texts go that are made of values of the type.

use super::finding::{Finding, Found};
use super::flow::{Tracer, Way};

impl Tracer<'_> {
    /// Follows what is shown into the texts that are made of the type in whose `Display`, `Debug` or `LowerHex` it
    /// stands.
    pub(super) fn displayed(&mut self, finding: &Finding) {
        let is_truth = match finding.found {
            Found::Shown(_) => false,
            Found::Message => true,
            _ => return,
        };
        let Some(function) = self.program.function_of(finding.site) else {
            return;
        };
        if !self.program.unit(finding.site.unit).is_rust {
            return;
        }
        for (ty, text) in self.program.writes_texts_of(function) {
            if !self.displayed.insert((ty.clone(), text)) {
                continue;
            }
            let way = Way {
                is_text: true,
                is_truth,
                ..Way::new(Vec::new())
            };
            let before = self.findings.clone();
            for made in self.program.texts_made_of(&ty, text) {
                self.follow_to_end(made, &way);
            }
            let new: Vec<Finding> = self.findings.difference(&before).cloned().collect();
            for finding in new {
                if let Found::Leaves(by) = finding.found {
                    let what = format!("callers of `{by}` get a text that may be a name");
                    self.note(finding.site, Found::Unknown(what));
                }
            }
        }
    }
}
