//! The report: one page that stands alone.

use std::fmt::Write as _;

use super::facts::{Facts, Slot};
use super::plot::{Axis, Plot, Scale, Series};
use super::text::{bytes, count, grouped, micros, percent};

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
    let _ = write!(
        out,
        "<header><p class=\"brand\">Backstock {}{}</p><h1>{} <small>{}</small></h1><p>{}. {}, {} \
         cores, {}, {}; {}.</p></header>\n",
        facts.version,
        escape(&commit),
        escape(&facts.workload),
        escape(&facts.target),
        escape(facts.arrivals),
        escape(&facts.machine.cpu),
        facts.machine.cores,
        bytes(facts.machine.memory_bytes as f64),
        escape(&facts.machine.filesystem),
        escape(&facts.began),
    );
}

fn tiles(out: &mut String, facts: &Facts) {
    let latency = &facts.latency_us;
    let tiles = [
        (grouped(facts.orders_per_second), "orders a second"),
        (micros(latency.p50 as f64), "median latency"),
        (micros(latency.p99 as f64), "99th percentile"),
        (micros(latency.p999 as f64), "99.9th percentile"),
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
    let points = over_time(facts, |slot| slot.orders as f64 / width);
    let max = points.iter().map(|(_, y)| *y).fold(facts.orders_per_second, f64::max);
    Plot {
        title: "Throughput over time".into(),
        x: seconds(facts),
        y: Axis { scale: Scale::up_to(max), label: "orders a second", text: count },
        series: vec![
            Series { name: "answered", class: "s1", filled: true, points },
            Series {
                name: "mean",
                class: "s3",
                filled: false,
                points: vec![
                    (0.0, facts.orders_per_second),
                    (facts.seconds, facts.orders_per_second),
                ],
            },
        ],
    }
}

fn latency_over_time(facts: &Facts) -> Plot {
    let line = |name, class, value: fn(&Slot) -> u64| {
        // A slot in which nothing was answered has no latency.
        let points = over_time(facts, |slot| value(slot) as f64);
        let points = points.into_iter().filter(|(_, y)| *y > 0.0).collect();
        Series { name, class, filled: false, points }
    };
    let series = vec![
        line("maximum", "s3", |slot| slot.max_us),
        line("99th percentile", "s2", |slot| slot.p99_us),
        line("median", "s1", |slot| slot.p50_us),
    ];
    let values = || series.iter().flat_map(|series| &series.points).map(|(_, y)| *y);
    let scale = Scale::decades(values().fold(f64::MAX, f64::min), values().fold(1.0, f64::max));
    Plot {
        title: "Latency over time".into(),
        x: seconds(facts),
        y: Axis { scale, label: "latency", text: micros },
        series,
    }
}

fn percentiles(facts: &Facts) -> Plot {
    let points: Vec<_> = facts.quantiles.iter().map(|(q, us)| (*q, *us as f64)).collect();
    let first = points.first().map_or(1.0, |(_, us)| *us);
    let last = points.last().map_or((0.9, first), |last| *last);
    Plot {
        title: "Latency by percentile, from when an order was due to its answer".into(),
        x: Axis {
            scale: Scale::Nines(last.0.max(0.99)),
            label: "orders answered within",
            text: percent,
        },
        y: Axis { scale: Scale::decades(first, last.1), label: "latency", text: micros },
        series: vec![Series { name: "latency", class: "s1", filled: true, points }],
    }
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
        ("Orders answered", grouped(facts.orders as f64)),
        ("placed", grouped(facts.placed as f64)),
        ("sold out", grouped(facts.sold_out as f64)),
        ("Time", format!("{:.2} s, after {} s of warm-up", facts.seconds, facts.warm_up_seconds)),
        ("Rate asked for", facts.rate.clone()),
        ("In flight at most", grouped(facts.in_flight_max as f64)),
        ("SKUs", grouped(f64::from(facts.skus))),
        ("Pairs of SKU and node", grouped(facts.pairs as f64)),
    ];
    if let Some(batch) = facts.batch {
        rows.push(("Orders in a message", batch.to_string()));
    }
    if let Some(reads) = facts.reads_per_second {
        rows.push(("Availability reads a second", grouped(reads)));
    }
    if let Some(updates) = facts.updates_per_second {
        rows.push(("Stock updates a second", grouped(updates)));
    }
    if let Some(followed) = &facts.followed {
        rows.push(("Orders cancelled", grouped(followed.cancelled as f64)));
        rows.push(("Shipments shipped", grouped(followed.shipped as f64)));
    }
    rows
}

fn cost_rows(facts: &Facts) -> Vec<Row> {
    vec![
        ("Slowest order", micros(facts.latency_us.max as f64)),
        ("90th percentile", micros(facts.latency_us.p90 as f64)),
        ("Processor time an order", micros(facts.cpu_us_per_order)),
        ("of which to make it", format!("{:.0} ns", facts.generator_ns_per_order)),
        ("Journal an order", format!("{:.0} bytes", facts.journal_bytes_per_order)),
        ("Memory at the end", bytes(facts.rss_bytes as f64)),
        ("a pair at rest", format!("{:.0} bytes", facts.bytes_per_pair)),
        ("an order", format!("{:.0} bytes", facts.bytes_per_order)),
    ]
}

fn unit_rows(facts: &Facts) -> Vec<Row> {
    let units = &facts.conservation;
    vec![
        ("Units that there were", grouped(units.there_was as f64)),
        ("sold, as the callers counted", grouped(units.sold as f64)),
        ("of which wait for supply", grouped(units.waiting as f64)),
        ("left, as the audit counted", grouped(units.left as f64)),
        ("Adds up", if units.adds_up { "yes" } else { "no" }.into()),
        ("Orders fetched again", grouped(units.fetched as f64)),
    ]
}

fn machine_rows(facts: &Facts) -> Vec<Row> {
    let machine = &facts.machine;
    vec![
        ("Processor", format!("{}, {} MHz", escape(&machine.cpu), machine.cpu_mhz)),
        ("Cores", machine.cores.to_string()),
        ("Memory", bytes(machine.memory_bytes as f64)),
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
