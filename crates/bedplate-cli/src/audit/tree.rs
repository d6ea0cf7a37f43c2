//! Auditing a tree.

use std::path::Path;

use bedplate_audit::report::Remarks;
use bedplate_audit::{Audit, TreeError, audit_path, report};
use serde::Serialize;

use super::heat::{Profile, profile};
use super::ir::audit_ir;
use super::{VERSION, failed, write_json};
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
        write_json(Some(path), &report::sarif_with(&found, &remarks))
    });
    if let Err(error) = written {
        return failed(&error, Exit::Failed);
    }
    if !print(&report::text_with(
        &found,
        &remarks,
        paint_for_stdout().colour,
    )) {
        return Exit::Failed;
    }
    if !is_complete {
        Exit::NotCompiled
    } else if found.candidates().is_empty() {
        Exit::Done
    } else {
        Exit::Problems
    }
}
