//! Where documents go.
//!
//! # Role
//! The files that were asked for, and the terminal, for comparisons and campaigns alike.

use std::path::{Path, PathBuf};

use bedplate_evidence::RunError;
use bedplate_evidence::campaign::{self, Campaign};
use bedplate_evidence::report::Paint;
use bedplate_evidence::trial::{Document, markdown, page, text};
use serde::Serialize;

use super::arguments::MeasureOptions;
use crate::output::Output;
use crate::talk::{complain, paint_for_stdout, print};

/// What can be written in all forms.
pub(super) trait Publishable: Serialize {
    fn text(&self, paint: Paint) -> String;
    fn markdown(&self) -> String;
    fn page(&self) -> String;
}

impl Publishable for Document {
    fn text(&self, paint: Paint) -> String {
        text::render(self, paint)
    }

    fn markdown(&self) -> String {
        markdown::render(self)
    }

    fn page(&self) -> String {
        page::render(self)
    }
}

impl Publishable for Campaign {
    fn text(&self, paint: Paint) -> String {
        campaign::text::render(self, paint)
    }

    fn markdown(&self) -> String {
        campaign::markdown::render(self)
    }

    fn page(&self) -> String {
        campaign::page::render(self)
    }
}

/// The files asked for.
pub(super) struct Outputs {
    json: Option<Output>,
    doc: Option<Output>,
    html: Option<Output>,
    is_json_printed: bool,
}

impl Outputs {
    /// Makes sure that they can be written.
    pub(super) fn open(options: &MeasureOptions) -> Result<Self, RunError> {
        let open =
            |what, path: Option<&PathBuf>| path.map(|path| Output::open(what, path)).transpose();
        let json = options.json.as_ref().filter(|path| !is_stdout(path));
        let outputs = Self {
            json: open("the document as JSON", json)?,
            doc: open("the document", options.doc.as_ref())?,
            html: open("the page", options.html.as_ref())?,
            is_json_printed: options.json.as_ref().is_some_and(|path| is_stdout(path)),
        };
        Output::refuse_shared([&outputs.json, &outputs.doc, &outputs.html])?;
        Ok(outputs)
    }

    /// Writes the document to wherever it was asked for; files that can no longer be written do not
    /// take the report on the terminal with them. False, once complained of, if something was not
    /// written.
    pub(super) fn publish(&mut self, document: &impl Publishable) -> Result<bool, RunError> {
        let json = json(document)?;
        let is_printed = if self.is_json_printed {
            print(&json)
        } else {
            print(&document.text(paint_for_stdout()))
        };
        Ok(self.write(document, &json, |_output| true) && is_printed)
    }

    /// Writes what there is so far to those files that can be written again.
    pub(super) fn keep(&mut self, document: &impl Publishable) -> Result<(), RunError> {
        let json = json(document)?;
        self.write(document, &json, Output::is_rewritable);
        Ok(())
    }

    fn write(
        &mut self,
        document: &impl Publishable,
        json: &str,
        is_wanted: fn(&Output) -> bool,
    ) -> bool {
        let wanted = |output: &mut Option<Output>| output.take_if(|it| is_wanted(it));
        let mut is_written = true;
        let mut write = |output: &mut Option<Output>, content: &dyn Fn() -> String| {
            if let Some(mut taken) = wanted(output) {
                if let Err(error) = taken.write(content()) {
                    complain(&error);
                    is_written = false;
                }
                *output = Some(taken);
            }
        };
        write(&mut self.json, &|| json.to_owned());
        write(&mut self.doc, &|| document.markdown());
        write(&mut self.html, &|| document.page());
        is_written
    }
}

fn json(document: &impl Publishable) -> Result<String, RunError> {
    let json = serde_json::to_string_pretty(document).map_err(|error| RunError::System {
        what: "write JSON",
        source: error.into(),
    })?;
    Ok(json + "\n")
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}
