//! Auditing a tree.

use std::path::Path;

use bedplate_audit::report::Remarks;
use bedplate_audit::{Audit, TreeError, audit_path, report};
use serde::Serialize;
use serde_json::Value;

use super::heat::{Profile, profile};
use super::ir::audit_ir;
use super::{VERSION, failed, is_stdout, wanted, write_json};
use crate::args::AuditArguments;
use crate::exit::Exit;
use crate::talk::{paint_for_stdout, print};

/// The JSON of an audit.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    path: &'a Path,
    #[serde(flatten)]
    audit: &'a Audit,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a Profile>,
}

/// Audits the tree, runs the command that heats it if one is given, and reports.
pub(super) fn of_tree(arguments: &AuditArguments, path: &Path) -> Exit {
    let read = if arguments.ir {
        audit_ir(path, arguments.ir_features.as_deref())
    } else {
        audit_path(path).map(|found| (found, true))
    };
    let (found, is_complete) = match read {
        Ok(read) => read,
        Err(error @ TreeError::Empty { .. }) => return failed(&error, Exit::Usage),
        Err(error) => return failed(&error, Exit::Failed),
    };
    if let Some(name) = &arguments.why {
        return why(&found, name);
    }
    let profile = match arguments
        .profile
        .then(|| profile(path, &found, &arguments.command))
    {
        None => None,
        Some(Ok(profile)) => Some(profile),
        Some(Err(error)) => return failed(&error, Exit::Failed),
    };
    let remarks = profile.as_ref();
    let remarks = remarks.map_or_else(Remarks::default, |profile| profile.remarks(&found));
    let source = path;
    let document = Document {
        version: VERSION,
        path,
        audit: &found,
        profile: profile.as_ref(),
    };
    let written = write_json(arguments.json.as_deref(), &document).and_then(|()| {
        let Some(path) = &arguments.sarif else {
            return Ok(());
        };
        let mut findings = report::sarif_with(&found, &remarks);
        if source.is_file() {
            name_in(&mut findings, source.parent().unwrap_or(Path::new("")));
        }
        write_json(Some(path), &findings)
    });
    if let Err(error) = written {
        return failed(&error, Exit::Failed);
    }
    let outputs = [&arguments.json, &arguments.sarif];
    let is_taken = outputs.into_iter().any(|path| is_stdout(path.as_deref()));
    let told = || report::text_with(&found, &remarks, paint_for_stdout().colour);
    if !is_taken && !print(&told()) {
        return Exit::Failed;
    }
    if !is_complete || !found.not_read.is_empty() {
        Exit::NotCompiled
    } else if found.candidates().is_empty() {
        Exit::Done
    } else {
        Exit::Problems
    }
}

/// Prints why the locations of a name, or at a place, are what they are.
fn why(found: &Audit, name: &str) -> Exit {
    let locations = match wanted::all(found, name) {
        Ok(locations) => locations,
        Err(error) => return failed(&error, Exit::Usage),
    };
    let colour = paint_for_stdout().colour;
    let told: Vec<String> = locations.iter().map(|it| report::why(it, colour)).collect();
    if print(&told.join("\n")) {
        Exit::Done
    } else {
        Exit::Failed
    }
}

/// Names the files of findings as the one file that was asked for: below the directory it lies in.
fn name_in(findings: &mut Value, directory: &Path) {
    match findings {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("uri", Some(file)) => {
                        *value = directory.join(file).display().to_string().into();
                    }
                    _ => name_in(value, directory),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|it| name_in(it, directory)),
        _ => {}
    }
}
