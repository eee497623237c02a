//! How full a node is, day by day, and how far what is to leave it is.

use std::io::Write;

use backstock_proto::v1;
use serde::Serialize;

use super::work::{CountsView, left_out};
use super::{View, print, table};
use crate::cli::work::LoadArgs;
use crate::cli::{CommandError, Exit};
use crate::client::words;

/// The days of a node.
#[derive(Debug, Serialize)]
struct LoadView {
    node_id: String,
    days: Vec<DayView>,
    /// What was to leave before the first day, and has not.
    overdue: CountsView,
    /// What has no day.
    without_day: CountsView,
    orders_left_out: u64,
    version: u64,
}

/// One of them. What is not set has no bound.
#[derive(Debug, Serialize)]
struct DayView {
    day: String,
    capacity_units: Option<u32>,
    planned_units: Option<u64>,
    left_units: Option<u64>,
    capacity_shipments: Option<u32>,
    planned_shipments: Option<u64>,
    left_shipments: Option<u64>,
    work: CountsView,
}

impl From<v1::NodeDayLoad> for DayView {
    fn from(of: v1::NodeDayLoad) -> Self {
        Self {
            day: words::date(of.day.as_ref()).unwrap_or_default(),
            capacity_units: of.capacity_units,
            planned_units: of.planned_units,
            left_units: of.left_units,
            capacity_shipments: of.capacity_shipments,
            planned_shipments: of.planned_shipments,
            left_shipments: of.left_shipments,
            work: of.work.map(CountsView::from).unwrap_or_default(),
        }
    }
}

/// Shows the days of a node.
pub(in crate::cli) async fn load(
    args: LoadArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let from = args.from.map(|day| v1::Date {
        year: day.year().into(),
        month: day.month().into(),
        day: day.day().into(),
    });
    let (node_id, days) = (args.node.clone(), args.days);
    let request = v1::GetNodeLoadRequest { node_id, from, days, min_version: 0 };
    let answer = client.catalog().get_node_load(request).await?.into_inner();
    let view = LoadView {
        node_id: args.node,
        days: answer.days.into_iter().map(DayView::from).collect(),
        overdue: answer.overdue.map(CountsView::from).unwrap_or_default(),
        without_day: answer.without_day.map(CountsView::from).unwrap_or_default(),
        orders_left_out: answer.orders_left_out,
        version: answer.version,
    };
    print(out, args.output, &view)?;
    Ok(Exit::Success)
}

impl CountsView {
    /// Shipments that are to leave.
    fn open(&self) -> u64 {
        self.waiting + self.to_pick + self.picked + self.packed
    }

    fn cells(&self) -> [String; 7] {
        let counts = [
            self.open(),
            self.waiting,
            self.to_pick,
            self.claimed,
            self.picked,
            self.packed,
            self.late,
        ];
        counts.map(|count| count.to_string())
    }
}

impl DayView {
    /// Units and shipments that are planned, of those that may be.
    fn used(&self) -> [String; 2] {
        let of = |planned: Option<u64>, most: Option<u32>| match (planned, most) {
            (Some(planned), Some(most)) => format!("{planned} of {most}"),
            (Some(planned), None) => planned.to_string(),
            (None, _) => "-".to_owned(),
        };
        [
            of(self.planned_units, self.capacity_units),
            of(self.planned_shipments, self.capacity_shipments),
        ]
    }
}

impl View for LoadView {
    fn text(&self) -> String {
        let header = [
            "leaves",
            "units",
            "shipments",
            "open",
            "not there",
            "to pick",
            "claimed",
            "picked",
            "packed",
            "late",
        ];
        let mut table = table(&header, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let row = |name: &str, used: [String; 2], counts: &CountsView| {
            let name = [name.to_owned()].into_iter();
            name.chain(used).chain(counts.cells()).collect::<Vec<_>>()
        };
        let none = || [String::new(), String::new()];
        if self.overdue.open() > 0 {
            table.add_row(row("before", none(), &self.overdue));
        }
        for of in &self.days {
            table.add_row(row(&of.day, of.used(), &of.work));
        }
        if self.without_day.open() > 0 {
            table.add_row(row("no day", none(), &self.without_day));
        }
        format!("{table}{}", left_out(self.orders_left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_says_how_full_it_is_and_what_is_late_before_it_comes_first() {
        let late = CountsView { picked: 2, late: 2, ..CountsView::default() };
        let day = v1::NodeDayLoad {
            day: Some(v1::Date { year: 2026, month: 11, day: 24 }),
            capacity_units: Some(100),
            planned_units: Some(40),
            left_units: Some(60),
            planned_shipments: Some(12),
            ..v1::NodeDayLoad::default()
        };
        let view = LoadView {
            node_id: "RENO".into(),
            days: vec![day.into()],
            overdue: late,
            without_day: CountsView::default(),
            orders_left_out: 1,
            version: 7,
        };
        let text = view.text();
        assert!(text.contains("40 of 100") && text.contains(" 12 "), "{text}");
        let (before, day) = (text.find("before").unwrap(), text.find("2026-11-24").unwrap());
        assert!(before < day && !text.contains("no day"), "{text}");
        assert!(text.ends_with("\n1 more order was not looked at"), "{text}");
    }
}
