//! `backstock restore`.

use std::io::Write;

use backstock_engine::engine::{self, RestoreOptions, Restored};
use backstock_engine::model::{Lsn, Timestamp};
use serde_json::json;

use super::{OfflineError, disk, now, pairs, postal, shown};
use crate::cli::{Exit, RestoreArgs, Until};

/// Rebuilds a data directory and says what it did.
pub fn restore(args: &RestoreArgs, out: &mut dyn Write) -> Result<Exit, OfflineError> {
    let options =
        RestoreOptions { data: args.data.clone(), from: args.from.clone(), until: until(args) };
    let restored = engine::restore(&options, &disk(), &postal(), now())?;
    if args.output.json {
        super::json(out, &as_json(&restored))?;
    } else {
        print(&restored, out)?;
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

fn as_json(restored: &Restored) -> serde_json::Value {
    json!({
        "generation": restored.generation,
        "events_replayed": restored.replayed,
        "last_lsn": restored.last.get(),
        "state_hash": restored.state_hash.to_string(),
        "orders": restored.orders,
        "pairs": restored.pairs,
        "lost_from_lsn": restored.lost.as_ref().map(|lost| lost.from.get()),
        "damage": restored.lost.as_ref().map(|lost| lost.damage.to_string()),
        "directory": shown(&restored.directory),
        "set_aside": restored.set_aside.as_deref().map(shown),
        "seconds": restored.took.as_secs_f64(),
    })
}

fn print(restored: &Restored, out: &mut dyn Write) -> std::io::Result<()> {
    let from = restored.generation.map_or("no snapshot".to_owned(), |generation| {
        format!("snapshot {generation}, whose state hash was met")
    });
    let lost = restored.lost.as_ref().map_or("nothing".to_owned(), |lost| {
        format!("event {} and all after it: {}", lost.from, lost.damage)
    });
    let aside = restored.set_aside.as_deref().map_or("nothing was there".into(), shown);
    pairs(
        out,
        &[
            ("from", from),
            ("events replayed", restored.replayed.to_string()),
            ("last event", restored.last.to_string()),
            ("state hash", restored.state_hash.to_string()),
            ("orders", restored.orders.to_string()),
            ("pairs", restored.pairs.to_string()),
            ("audit", "clean".into()),
            ("lost", lost),
            ("directory", shown(&restored.directory)),
            ("set aside", aside),
            ("took", format!("{:.2?}", restored.took)),
        ],
    )
}
