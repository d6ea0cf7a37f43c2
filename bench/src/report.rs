//! The table and the JSON document of a run.

use crate::failure::Failure;
use crate::host::Host;
use crate::row::Row;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use std::fs;
use std::path::Path;

/// Everything that a run of an area measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    version: u32,
    area: &'static str,
    host: Host,
    rows: Vec<Row>,
    /// Peers that were not asked for.
    left_out: Vec<String>,
}

impl Report {
    /// A report of this machine.
    pub(crate) fn new(area: &'static str, rows: Vec<Row>, left_out: Vec<String>) -> Self {
        Self {
            version: 1,
            area,
            host: Host::read(),
            rows,
            left_out,
        }
    }

    /// Prints the rows, and under them what a reader must know.
    pub(crate) fn print(&self) {
        println!("{}\n", self.host);
        if !self.left_out.is_empty() {
            println!("Left out by --peers: {}\n", self.left_out.join(", "));
        }
        let mut names: Vec<&String> = self.rows.iter().flat_map(|row| row.peers.keys()).collect();
        names.sort();
        names.dedup();
        let mut table = Table::new();
        let mut header = vec!["row", "ours", "95 %", "target", ""];
        header.extend(names.iter().map(|name| name.as_str()));
        table.load_style(ASCII_MARKDOWN).set_header(header);
        for row in &self.rows {
            let mut cells = vec![
                row.id.to_owned(),
                shown(row.ours),
                interval(row),
                row.target.to_string(),
                if row.ok { "met" } else { "MISSED" }.to_owned(),
            ];
            cells.extend(
                names
                    .iter()
                    .map(|name| shown(row.peers.get(*name).copied().flatten())),
            );
            table.add_row(cells);
        }
        for index in [1, 2, 3].into_iter().chain(5..5 + names.len()) {
            if let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        println!("{table}\n");
        for row in &self.rows {
            println!("{} ({}): {}", row.id, row.unit, row.what);
            println!("    {}", row.configuration);
            if let Some(why) = &row.why {
                println!("    no figure: {why}");
            }
            for (name, note) in &row.notes {
                println!("    {name}: {note}");
            }
        }
    }

    /// Writes the JSON document.
    ///
    /// # Errors
    /// - [`Failure::File`]: the file could not be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::Output {
            program: "bedplate-bench".to_owned(),
            what: error.to_string(),
        })?;
        fs::write(path, text + "\n").map_err(|error| Failure::file(path, &error))
    }
}

/// Where a figure scatters.
fn interval(row: &Row) -> String {
    match row.interval {
        Some([low, high]) if low < high => format!("{low}..{high}"),
        _ => String::new(),
    }
}

fn shown(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| figure.to_string())
}
