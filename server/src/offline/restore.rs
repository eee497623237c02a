//! `backstock restore`.

use std::io::Write;

use backstock_engine::engine::{self, Dropped, Point, RestoreOptions, Restored};
use backstock_engine::model::{Lsn, Timestamp};
use serde_json::json;

use super::{OfflineError, disk, now, pairs, postal, shown};
use crate::cli::{Exit, RestoreArgs, Until};

/// Rebuilds a data directory and says what it did.
pub fn restore(args: &RestoreArgs, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let options = RestoreOptions {
        data: args.data.clone(),
        from: args.from.clone(),
        until: until(args),
        dry_run: args.dry_run,
    };
    let restored = engine::restore(&options, &disk(), &postal(), now())?;
    if args.output.json {
        super::json(out, &as_json(&restored, args.dry_run))?;
    } else {
        print(&restored, args.dry_run, out)?;
    }
    Ok(Exit::Success)
}

fn until(args: &RestoreArgs) -> Option<engine::Until> {
    if args.salvage {
        return Some(engine::Until::Damage);
    }
    args.until.map(|until| match until {
        Until::Lsn(lsn) => engine::Until::Lsn(Lsn::new(lsn)),
        Until::Time(time) => engine::Until::Time(Timestamp::from_micros(time.as_microsecond())),
    })
}

fn as_json(restored: &Restored, dry_run: bool) -> serde_json::Value {
    let (dropped, earliest) = (restored.dropped.as_ref(), restored.earliest.as_ref());
    let lsn_of = |point: Option<&Point>| point.map(|point| point.lsn.get());
    let time_of = |point: Option<&Point>| Some(point?.at?.to_string());
    let (first, last) = (dropped.map(|events| &events.first), dropped.map(|events| &events.last));
    json!({
        "dry_run": dry_run,
        "generation": restored.generation,
        "events_replayed": restored.replayed,
        "last_lsn": restored.last.get(),
        "state_hash": restored.state_hash.to_string(),
        "orders": restored.orders,
        "pairs": restored.pairs,
        "audited": restored.audited,
        "dropped_events": dropped.map_or(0, Dropped::count),
        "dropped_from_lsn": lsn_of(first),
        "dropped_to_lsn": lsn_of(last),
        "dropped_from_time": time_of(first),
        "dropped_to_time": time_of(last),
        "lost_from_lsn": restored.lost.as_ref().map(|lost| lost.from.get()),
        "damage": restored.lost.as_ref().map(|lost| lost.damage.to_string()),
        "earliest_lsn": lsn_of(earliest),
        "earliest_time": time_of(earliest),
        "directory": shown(&restored.directory),
        "set_aside": restored.set_aside.as_deref().map(shown),
        "seconds": restored.took.as_secs_f64(),
    })
}

fn print(restored: &Restored, dry_run: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let from = restored.generation.map_or("no snapshot".to_owned(), |generation| {
        format!("snapshot {generation}, whose state hash was met")
    });
    let audit = if restored.audited { "clean" } else { "none: a dry run only reads the file" };
    let aside = match restored.set_aside.as_deref() {
        Some(aside) => shown(aside),
        None if dry_run => "nothing: this was a dry run, and nothing was changed".into(),
        None => "nothing was there".into(),
    };
    pairs(
        out,
        &[
            ("from", from),
            ("events replayed", restored.replayed.to_string()),
            ("last event", restored.last.to_string()),
            ("state hash", restored.state_hash.to_string()),
            ("orders", restored.orders.to_string()),
            ("pairs", restored.pairs.to_string()),
            ("audit", audit.into()),
            ("left out", left_out(restored)),
            ("earliest point", restored.earliest.map_or("none".into(), |point| point.to_string())),
            ("directory", shown(&restored.directory)),
            ("set aside", aside),
            ("took", format!("{:.2?}", restored.took)),
        ],
    )
}

/// What the restored state does not have of what was there.
fn left_out(restored: &Restored) -> String {
    if let Some(lost) = &restored.lost {
        return format!("event {} and all after it: {}", lost.from, lost.damage);
    }
    match &restored.dropped {
        None => "nothing".to_owned(),
        Some(dropped) if dropped.count() == 1 => format!("{}, the newest", dropped.first),
        Some(dropped) => {
            format!("{} events: {} to {}", dropped.count(), dropped.first, dropped.last)
        }
    }
}
