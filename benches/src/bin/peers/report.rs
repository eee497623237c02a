//! One table for people, one JSON for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// Its name in the JSON.
    pub key: &'static str,
    /// What was measured.
    pub what: String,
    /// The figure.
    pub figure: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Ours over it, for each of ours that can be compared.
    pub ratios: Vec<(&'static str, f64)>,
    /// How it is known that the work was done.
    pub checked: String,
}

/// The table and what has to be known to read it.
pub fn table(rows: &[Row], notes: &[String]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["what", "figure", "unit", "ours over it", "checked"]);
    for row in rows {
        let ratios: Vec<_> =
            row.ratios.iter().map(|(name, ratio)| format!("{name} {}", times(*ratio))).collect();
        let cells = [&row.what, &grouped(row.figure), row.unit, &ratios.join(", "), &row.checked];
        table.add_row(cells);
    }
    if let Some(figures) = table.column_mut(1) {
        figures.set_cell_alignment(CellAlignment::Right);
    }
    let notes: Vec<_> = notes.iter().map(|note| format!("- {note}")).collect();
    format!("{}\n\n{}", table.trim_fmt(), notes.join("\n"))
}

fn times(ratio: f64) -> String {
    if ratio >= 10.0 { format!("{ratio:.0}x") } else { format!("{ratio:.2}x") }
}

/// Whole, with a comma between thousands.
fn grouped(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The same for programs.
pub fn to_json(rows: &[Row], notes: &[String], run: &Value) -> Value {
    let rows: serde_json::Map<_, _> = rows
        .iter()
        .map(|row| {
            let ratios: serde_json::Map<_, _> =
                row.ratios.iter().map(|(name, ratio)| ((*name).to_owned(), json!(ratio))).collect();
            let row_json = json!({
                "what": row.what, "figure": row.figure, "unit": row.unit,
                "ours_over_it": ratios, "checked": row.checked,
            });
            (row.key.to_owned(), row_json)
        })
        .collect();
    json!({ "run": run, "rows": rows, "notes": notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(999.4), "999");
        assert_eq!(grouped(1_000.0), "1,000");
        assert_eq!(grouped(1_234_567.0), "1,234,567");
    }

    #[test]
    fn ratios_say_what_is_compared() {
        let row = Row {
            key: "peer",
            what: "Peer".into(),
            figure: 2_000.0,
            unit: "orders/s",
            ratios: vec![("in process", 12.3), ("stream", 0.5)],
            checked: String::new(),
        };
        let table = table(&[row], &["A note.".into()]);
        for part in ["2,000", "in process 12x", "stream 0.50x", "A note."] {
            assert!(table.contains(part), "{part} is in\n{table}");
        }
    }
}
