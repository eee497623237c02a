//! The everyday and the operators' questions to a live server. Each answer is
//! one structure, printed as tables for people or as JSON for scripts.

mod audit;
mod availability;
mod explain;
mod order;
mod snapshot_views;
mod snapshots;

use std::io::Write;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

pub(super) use audit::audit;
pub(super) use availability::availability;
pub(super) use order::{explain_order, show_order};
pub(super) use snapshots::{export, list, take, verify};

use super::common::OutputArgs;
use super::run::CommandError;

/// An answer that can be shown both ways.
trait View: Serialize {
    /// For a person: one or more lines, without the last line's end.
    fn text(&self) -> String;
}

/// Prints an answer as was asked for.
fn print(out: &mut dyn Write, output: OutputArgs, view: &impl View) -> Result<(), CommandError> {
    let text = if output.json {
        serde_json::to_string_pretty(view).map_err(|error| CommandError::Output(error.into()))?
    } else {
        view.text()
    };
    writeln!(out, "{text}").map_err(CommandError::Output)
}

/// An empty table; `numbers` are the columns that are aligned to the right,
/// counted from 0.
pub(crate) fn table(header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header.to_vec());
    for &column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// What stands in a table where there is nothing.
fn or_dash(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "-".to_owned())
}

/// Lines of which some may not be there.
fn lines(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
