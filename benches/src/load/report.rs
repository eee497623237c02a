//! The report: one page that stands alone.

use std::fmt::Write as _;

use super::beside::Done;
use super::facts::{Facts, LatencyUs, Slot};
use super::plot::{Axis, Plot, Scale, Series};
use super::text::{bytes, count, grouped, micros, percent, real, rounded};

/// The page's looks, light and dark.
const STYLE: &str = include_str!("report.css");

/// The report of a run.
pub fn page(facts: &Facts) -> String {
    let title = format!("{} {}", escape(&facts.workload), escape(&facts.target));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>Backstock: {title}</title>\n<style>{STYLE}\
         </style>\n<main>\n"
    );
    head(&mut out, facts);
    tiles(&mut out, facts);
    out += &throughput(facts).figure();
    out += &latency_over_time(facts).figure();
    out += &percentiles(facts).figure();
    tables(&mut out, facts);
    let _ = write!(out, "<section class=\"pair\">");
    list(&mut out, "In the figures", &facts.included);
    list(&mut out, "Left out", &facts.left_out);
    out + "</section>\n</main>\n</html>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn head(out: &mut String, facts: &Facts) {
    let commit = facts.commit.as_deref().map_or_else(String::new, |commit| format!(" ({commit})"));
    let _ = writeln!(
        out,
        "<header><p class=\"brand\">Backstock {}{}</p><h1>{} <small>{}</small></h1><p>{}. {}, {} \
         cores, {}, {}; {}.</p></header>",
        facts.version,
        escape(&commit),
        escape(&facts.workload),
        escape(&facts.target),
        escape(facts.arrivals),
        escape(&facts.machine.cpu),
        facts.machine.cores,
        bytes(real(facts.machine.memory_bytes)),
        escape(&facts.machine.filesystem),
        escape(&facts.began),
    );
}

fn tiles(out: &mut String, facts: &Facts) {
    let latency = &facts.latency_us;
    let tiles = [
        (grouped(rounded(facts.orders_per_second)), "orders a second"),
        (micros(real(latency.p50)), "median latency"),
        (micros(real(latency.p99)), "99th percentile"),
        (micros(real(latency.p999)), "99.9th percentile"),
        (if facts.durable { "yes" } else { "no" }.into(), "durable before each answer"),
        (facts.audit.into(), "audit of every invariant"),
    ];
    *out += "<section class=\"tiles\">";
    for (value, name) in tiles {
        let _ = write!(out, "<div><b>{value}</b><span>{name}</span></div>");
    }
    *out += "</section>\n";
}

/// Points of the whole slots, in the middle of each.
fn over_time(facts: &Facts, value: impl Fn(&Slot) -> f64) -> Vec<(f64, f64)> {
    let width = facts.timeline.slot_seconds;
    // A last slot that is a part would look like a fall.
    let whole = (facts.seconds / width).floor();
    let slots = facts.timeline.slots.iter().zip(0u32..).map(|(slot, at)| (f64::from(at), slot));
    let whole = slots.take_while(|(at, _)| *at < whole);
    whole.map(|(at, slot)| ((at + 0.5) * width, value(slot))).collect()
}

fn seconds(facts: &Facts) -> Axis {
    Axis { scale: Scale::Linear(facts.seconds), label: "seconds", text: count }
}

fn throughput(facts: &Facts) -> Plot {
    let width = facts.timeline.slot_seconds;
    let points = over_time(facts, |slot| real(slot.orders) / width);
    let max = points.iter().map(|(_, y)| *y).fold(facts.orders_per_second, f64::max);
    let beside = facts.beside.map(|beside| Series {
        name: beside.done.name(),
        class: "s2",
        filled: false,
        marks: Vec::new(),
        points: [beside.began_seconds, beside.ended_seconds.min(facts.seconds)]
            .map(|at| (at, 0.0))
            .into(),
    });
    Plot {
        title: "Throughput over time".into(),
        x: seconds(facts),
        y: Axis { scale: Scale::up_to(max), label: "orders a second", text: count },
        series: [
            Series { name: "answered", class: "s1", filled: true, points, marks: Vec::new() },
            Series {
                name: "mean",
                class: "s3 dashed",
                filled: false,
                marks: Vec::new(),
                points: vec![
                    (0.0, facts.orders_per_second),
                    (facts.seconds, facts.orders_per_second),
                ],
            },
        ]
        .into_iter()
        .chain(beside)
        .collect(),
    }
}

fn latency_over_time(facts: &Facts) -> Plot {
    let line = |name, class, value: fn(&Slot) -> u64| {
        // A slot in which nothing was answered has no latency.
        let points = over_time(facts, |slot| real(value(slot)));
        let points = points.into_iter().filter(|(_, y)| *y > 0.0).collect();
        Series { name, class, filled: false, points, marks: Vec::new() }
    };
    let series = vec![
        line("maximum", "s3", |slot| slot.max_us),
        line("99th percentile", "s2", |slot| slot.p99_us),
        line("median", "s1", |slot| slot.p50_us),
    ];
    let values = || series.iter().flat_map(|series| &series.points).map(|(_, y)| *y);
    let scale = Scale::around(values().fold(f64::MAX, f64::min), values().fold(1.0, f64::max));
    Plot {
        title: "Latency over time".into(),
        x: seconds(facts),
        y: Axis { scale, label: "latency", text: micros },
        series,
    }
}

fn percentiles(facts: &Facts) -> Plot {
    let points: Vec<_> = facts.quantiles.iter().map(|(q, us)| (*q, real(*us))).collect();
    let first = points.first().map_or(1.0, |(_, us)| *us);
    let last = points.last().map_or((0.9, first), |last| *last);
    Plot {
        title: "Latency by percentile, from when an order was due to its answer".into(),
        x: Axis {
            scale: Scale::Nines(last.0.max(0.99)),
            label: "orders answered within",
            text: percent,
        },
        y: Axis { scale: Scale::around(first, last.1), label: "latency", text: micros },
        series: vec![Series {
            name: "latency",
            class: "s1",
            filled: true,
            points,
            marks: marks(facts, last.0),
        }],
    }
}

/// The percentiles that goals are about, as far as the plot goes.
fn marks(facts: &Facts, last: f64) -> Vec<(f64, f64, String)> {
    let LatencyUs { p50, p90, p99, p999, .. } = facts.latency_us;
    let marks = [(0.5, p50), (0.9, p90), (0.99, p99), (0.999, p999)];
    let shown = marks.into_iter().filter(|(quantile, _)| *quantile <= last);
    shown.map(|(quantile, us)| (quantile, real(us), micros(real(us)))).collect()
}

fn tables(out: &mut String, facts: &Facts) {
    *out += "<section class=\"pair\">";
    table(out, "The run", &run_rows(facts));
    table(out, "What it took", &cost_rows(facts));
    *out += "</section>\n<section class=\"pair\">";
    table(out, "Sold and left", &unit_rows(facts));
    table(out, "The machine", &machine_rows(facts));
    *out += "</section>\n";
}

type Row = (&'static str, String);

fn run_rows(facts: &Facts) -> Vec<Row> {
    let mut rows = vec![
        ("Orders answered", grouped(facts.orders)),
        ("placed", grouped(facts.placed)),
        ("sold out", grouped(facts.sold_out)),
        ("Time", format!("{:.2} s, after {} s of warm-up", facts.seconds, facts.warm_up_seconds)),
        ("Rate asked for", facts.rate.clone()),
        ("In flight at most", grouped(facts.in_flight_max as u64)),
        ("SKUs", grouped(facts.skus.into())),
        ("Pairs of SKU and node", grouped(facts.pairs)),
    ];
    if let Some(batch) = facts.batch {
        rows.push(("Orders in a message", batch.to_string()));
    }
    if let Some(reads) = facts.reads_per_second {
        rows.push(("Availability reads a second", grouped(rounded(reads))));
    }
    if let Some(updates) = facts.updates_per_second {
        rows.push(("Stock updates a second", grouped(rounded(updates))));
    }
    if let Some(beside) = &facts.beside {
        rows.push((
            match beside.done {
                Done::Snapshot { .. } => "Snapshot taken",
                Done::Audit { .. } => "Audited",
                Done::Follow { .. } => "Followed",
            },
            format!("from {:.1} to {:.1} s", beside.began_seconds, beside.ended_seconds),
        ));
        rows.push(("orders a second with it", grouped(rounded(beside.with.orders_per_second))));
        rows.push(("without", grouped(rounded(beside.without.orders_per_second))));
        rows.push(("99th percentile with it", micros(real(beside.with.p99_us))));
        rows.push(("without", micros(real(beside.without.p99_us))));
    }
    if let Some(followed) = &facts.followed {
        rows.push(("Orders cancelled", grouped(followed.cancelled)));
        rows.push(("Orders changed", grouped(followed.changed)));
        rows.push(("Shipments shipped", grouped(followed.shipped)));
    }
    if let Some(changes) = &facts.changes {
        rows.push(("A change quoted, 99th percentile", micros(real(changes.quote_us.p99))));
        rows.push(("committed, 99th percentile", micros(real(changes.commit_us.p99))));
        rows.push(("fdatasync of 4 KiB, median", micros(real(changes.fdatasync_us.p50))));
    }
    rows
}

fn cost_rows(facts: &Facts) -> Vec<Row> {
    vec![
        ("Slowest order", micros(real(facts.latency_us.max))),
        ("90th percentile", micros(real(facts.latency_us.p90))),
        ("Processor time an order", micros(facts.cpu_us_per_order)),
        ("of which to make it", format!("{:.0} ns", facts.generator_ns_per_order)),
        ("Journal an order", format!("{:.0} bytes", facts.journal_bytes_per_order)),
        ("Memory at the end", bytes(real(facts.rss_bytes))),
        ("a pair at rest", format!("{:.0} bytes", facts.bytes_per_pair)),
        ("an order", format!("{:.0} bytes", facts.bytes_per_order)),
    ]
}

fn unit_rows(facts: &Facts) -> Vec<Row> {
    let units = &facts.conservation;
    vec![
        ("Units that there were", grouped(units.there_was)),
        ("sold, as the callers counted", grouped(units.sold)),
        ("of which wait for supply", grouped(units.waiting)),
        ("left, as the audit counted", grouped(units.left)),
        ("Adds up", if units.adds_up { "yes" } else { "no" }.into()),
        ("Orders fetched again", grouped(units.fetched)),
    ]
}

fn machine_rows(facts: &Facts) -> Vec<Row> {
    let machine = &facts.machine;
    vec![
        ("Processor", format!("{}, {} MHz", escape(&machine.cpu), machine.cpu_mhz)),
        ("Cores", machine.cores.to_string()),
        ("Memory", bytes(real(machine.memory_bytes))),
        ("Kernel", escape(&machine.kernel)),
        ("Journal on", escape(&format!("{} on {}", machine.filesystem, machine.disk))),
    ]
}

fn table(out: &mut String, title: &str, rows: &[Row]) {
    let _ = write!(out, "<div><h2>{title}</h2><table>");
    for (name, value) in rows {
        let _ = write!(out, "<tr><th>{name}<td>{value}");
    }
    *out += "</table></div>";
}

fn list(out: &mut String, title: &str, sentences: &[String]) {
    let _ = write!(out, "<div><h2>{title}</h2><ul>");
    for sentence in sentences {
        let _ = write!(out, "<li>{}", escape(sentence));
    }
    *out += "</ul></div>";
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::sample;
    use super::*;

    #[test]
    fn the_page_stands_alone_and_shows_three_plots() {
        let page = page(&sample());
        assert_eq!(page.matches("<svg").count(), 3);
        assert_eq!(page.matches("class=\"line").count(), 3 + 3 + 1);
        for outside in ["http", "src=", "url(", "@import", "<script", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("A &amp; B &lt;C>") && !page.contains("NaN"));
    }
}
