//! The everyday and the operators' questions to a live server. Each answer is
//! one structure, printed as tables for people or as JSON for scripts.

mod audit;
mod availability;
pub(super) mod change;
pub(super) mod desk;
mod explain;
pub(super) mod feed;
pub(super) mod load;
mod order;
pub(super) mod partner;
pub(super) mod partner_check;
pub(super) mod partner_goods;
mod snapshot_views;
mod snapshots;
mod suggest;
mod terms;
mod timeline;
pub(super) mod webhook;
pub(super) mod work;

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

pub(crate) use audit::AuditView;
pub(super) use audit::audit;
pub(super) use availability::availability;
pub(super) use order::{explain_order, show_order};
pub(crate) use snapshot_views::{CheckView, ExportedView, FileCheckView, SnapshotsView};
pub(super) use snapshots::{export, list, take, verify};
pub(super) use suggest::suggest;
pub(super) use terms::{set_terms, show_terms};
pub(super) use timeline::timeline;

use super::common::OutputArgs;
use super::run::CommandError;

/// An answer that can be shown both ways.
pub(crate) trait View: Serialize {
    /// For a person: one or more lines, without the last line's end.
    fn text(&self) -> String;
}

/// Prints an answer as was asked for.
fn print(out: &mut dyn Write, output: OutputArgs, view: &impl View) -> Result<(), CommandError> {
    render(out, output.json, view).map_err(CommandError::Output)
}

/// Prints an answer, for a script or for a person.
pub(crate) fn render(out: &mut dyn Write, as_json: bool, view: &impl View) -> io::Result<()> {
    let text = if as_json { serde_json::to_string_pretty(view)? } else { view.text() };
    writeln!(out, "{text}")
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
