//! Operators' commands: import, snapshots, restore, journal and audit.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::common::{Checked, OutputArgs, ServerArgs, TargetArgs, Until};
use crate::import::Kind;

const INIT_EXAMPLES: &str = "\
Examples:
  backstock init /var/lib/backstock
  backstock serve --data /var/lib/backstock --create false

`serve` begins an empty store as well, with a warning: a path that was mistyped and
a volume that is not mounted look like that. With `create` off it refuses to.";

/// Arguments of `init`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// Directory to begin; it is empty, or not there yet.
    #[arg(value_name = "DIR")]
    pub data: PathBuf,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  backstock import nodes.csv items.csv stock.csv
  backstock import --server stock.internal:7411 inbound.jsonl
  backstock import --kind items catalogue-2026.csv
  backstock import --from-line 40002 stock.csv orders.csv

Files end in .csv or .tsv, with a header, or in .jsonl, with one object a line.
Commas, semicolons or tabs stand between the values of .csv, as the header shows.
Their columns, or keys, in any case, tell what they hold; those in brackets may be
left out. What is left out of an item, a node or a level that is there stays:
  items    sku [title off_sale waiting_units_max components opens_time]
  nodes    node_id kind postal_code time_zone working_days [title country_code
           cut_off weekday_cut_offs holidays capacity_units_per_day
           capacity_shipments_per_day min_order_quantity shipment_cost_minor
           unit_cost_minor lead_time_days enabled channels services
           offers_pickup reliability_basis_points pickup_days
           release_minutes_before_cut_off releases_at_once
           paused_until]
  stock    sku node_id [on_hand unavailable safety vendor_feed vendor_feed_as_of]
  inbound  inbound_id sku node_id quantity eta [confidence_basis_points source]
  terms    sku node_id [off_sourcing channel_safety segments]
  orders   order_id destination_postal_code sku quantity
           [destination_country_code customer_id channel placed_time service
           wanted_by shortage_policy split_policy priority tier
           pickup_node_id pickup_only_stock_there]
working_days are names, lists and ranges, as \"mon tue\", \"Mon,Tue\" or \"mon-fri\".
weekday_cut_offs are days and their time in turn, as \"fri 14:00 sat 10:00\"; all
other days have cut_off. channels and services are whom a node serves, with commas
or semicolons between names; none is all. An empty cell says nothing; none empties
holidays, weekday_cut_offs, min_order_quantity, reliability_basis_points, opens_time,
pickup_days, release_minutes_before_cut_off, paused_until and both capacities. vendor_feed_as_of is when the vendor stated its feed, as
2026-11-27T09:00:00Z: one that is older than one that was taken is a bad row.
A row of terms says all of them: channel_safety as \"web:5; shop:2\", segments as
\"vip=app,club:30% borrows; web:25 until 2026-12-01T08:00:00Z\"; what it leaves out,
or is none, is none. An order has pickup_node_id, where the customer collects it, or
destination_postal_code.
A row of orders is one line of an order; those of one order stand together. In
JSON an order may have its lines as a list, `lines`.

Bad rows are reported with file, line, column and reason, and the good ones go in;
the exit code is then 1. Orders that lack units are reported with what they lack;
if one was rejected for that, the exit code is 13. What is more than 20 lines of
one file is in FILE.told. An import that breaks off says how far it came, and the
command that goes on from there.";

/// Arguments of `import`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArgs {
    /// Files to read, in this order.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// What the files hold [default: told by their columns].
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,

    /// Begin with this line of the first file; the header is read all the same.
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    pub from_line: Option<u64>,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  backstock snapshot take
  backstock snapshot list --json
  backstock snapshot verify --data /var/lib/backstock
  backstock snapshot export 12 --to backup.snapshot
  backstock snapshot export --to - | ssh vault 'cat > backup.snapshot'
  backstock snapshot verify backup.snapshot";

/// Arguments of `snapshot`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = SNAPSHOT_EXAMPLES)]
pub struct SnapshotArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SnapshotCommand,
}

/// What can be done with snapshots.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum SnapshotCommand {
    /// Take a snapshot of a live server, read it back and check it.
    Take {
        /// Which server to talk to.
        #[command(flatten)]
        server: ServerArgs,
        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Show the snapshots that are kept, the newest first.
    List {
        /// What to work on.
        #[command(flatten)]
        target: TargetArgs,
        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Read a snapshot back and check it; exit code 1 if it is damaged.
    Verify {
        /// Generation, or a file that one was exported to [default: the newest].
        #[arg(value_name = "GENERATION|FILE")]
        checked: Option<Checked>,
        /// What to work on.
        #[command(flatten)]
        target: TargetArgs,
        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Write a snapshot to one file.
    Export {
        /// Generation [default: the newest].
        generation: Option<u64>,
        /// File to write, which must not exist, or - for standard output.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// What to work on.
        #[command(flatten)]
        target: TargetArgs,
        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
}

const RESTORE_EXAMPLES: &str = "\
Examples:
  backstock restore --data ./data
  backstock restore --data ./data --from backup.snapshot
  backstock restore --data ./data --until 18204
  backstock restore --data ./data --until 2026-11-21T10:03:05Z --dry-run
  backstock restore --data ./data --salvage

What was in the directory is kept beside it, as ./data.before-restore-1. Where the
directory is a mount point, or its parent cannot be written, it is kept inside, as
./data/before-restore-1.";

/// Arguments of `restore`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = RESTORE_EXAMPLES)]
pub struct RestoreArgs {
    /// Data directory to rebuild; no server may use it.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Start from this exported snapshot.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,

    /// Replay up to this LSN or instant, inclusive [default: all].
    #[arg(long, value_name = "LSN|TIME")]
    pub until: Option<Until>,

    /// Restore what comes before the first damage of the journal, and say what
    /// is lost.
    #[arg(long, conflicts_with_all = ["from", "until"])]
    pub salvage: bool,

    /// Say what it would do, what it would leave out and which point is the
    /// earliest, and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const JOURNAL_EXAMPLES: &str = "\
Examples:
  backstock journal verify --data ./data
  backstock journal inspect --data ./data --from 18200 --limit 10
  backstock journal inspect --data ./data --json | head";

/// Arguments of `journal`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = JOURNAL_EXAMPLES)]
pub struct JournalArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: JournalCommand,
}

/// What can be done with a journal that no server writes.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum JournalCommand {
    /// Show the segments and the events in them.
    Inspect {
        /// Data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// First LSN to show [default: the first there is].
        #[arg(long, value_name = "LSN")]
        from: Option<u64>,
        /// The most events to show [default: all].
        #[arg(long, value_name = "COUNT")]
        limit: Option<u64>,
        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Check every frame; exit code 1 if one is bad.
    Verify {
        /// Data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
}

const AUDIT_EXAMPLES: &str = "\
Examples:
  backstock audit
  backstock audit --data ./data --json";

/// Arguments of `audit`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = AUDIT_EXAMPLES)]
pub struct AuditArgs {
    /// What to work on.
    #[command(flatten)]
    pub target: TargetArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}
