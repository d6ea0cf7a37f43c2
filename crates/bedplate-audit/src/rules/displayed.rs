//! What `Display` and `Debug` show.
//!
//! # Role
//! They write a text, which is no end: `sizes.get(&name.to_string())` looks something up by it. What they show
//! goes where the texts go that are made of values of the type.

use super::finding::{Finding, Found};
use super::flow::{Tracer, Way};

impl Tracer<'_> {
    /// Follows what is shown into the texts that are made of the type whose `Display` it stands in.
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
        for (ty, is_debug) in self.program.writes_texts_of(function) {
            if !self.displayed.insert((ty.clone(), is_debug)) {
                continue;
            }
            let way = Way {
                is_text: true,
                is_truth,
                ..Way::new(Vec::new())
            };
            let before = self.findings.clone();
            for text in self.program.texts_made_of(&ty, is_debug) {
                self.follow_to_end(text, &way);
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
