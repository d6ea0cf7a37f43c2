//! For tools that show findings in code (SARIF 2.1.0).

use serde_json::{Value, json};

use crate::audit::{Audit, Line, Location};
use crate::class::Class;
use crate::report::Remarks;

/// The candidates as findings; the others are not findings and are left out.
#[must_use]
pub fn sarif(audit: &Audit) -> Value {
    sarif_with(audit, &Remarks::default())
}

/// Likewise, in the order and with the words of the remarks.
#[must_use]
pub fn sarif_with(audit: &Audit, remarks: &Remarks) -> Value {
    let rules: Vec<Value> = Class::ALL
        .into_iter()
        .filter(|class| class.is_removable())
        .map(|class| {
            json!({
                "id": class.name(),
                "shortDescription": { "text": describe(class) },
            })
        })
        .collect();
    let remarks = remarks.with_built(audit);
    let candidates = remarks.candidates(audit).into_iter();
    let results: Vec<Value> = candidates.map(|(it, remark)| result(it, remark)).collect();
    json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "tool": { "driver": { "name": "bedplate audit", "rules": rules } },
            "results": results,
        }],
    })
}

fn describe(class: Class) -> &'static str {
    match class {
        Class::Telemetry => "an atomic that is only counted and shown",
        Class::Exported => {
            "an atomic whose value only leaves, through public getters or standard output"
        }
        _ => "an atomic that only decides whether messages are given",
    }
}

fn result(location: &Location, remark: Option<&str>) -> Value {
    let related: Vec<Value> = location
        .evidence
        .iter()
        .map(|evidence| {
            let mut place = place(&evidence.at);
            place["message"] = json!({ "text": evidence.note });
            place
        })
        .collect();
    let mut message = format!("`{}`: {}", location.name, describe(location.class));
    if let Some(remark) = remark {
        message.push_str("; ");
        message.push_str(remark);
    }
    json!({
        "ruleId": location.class.name(),
        "level": "note",
        "message": { "text": message },
        "locations": [place(&location.declared)],
        "relatedLocations": related,
    })
}

fn place(line: &Line) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": line.file },
            "region": { "startLine": line.line, "snippet": { "text": line.text } },
        },
    })
}
