//! The gRPC services as their callers see them: a real server, a real
//! connection.

mod arriving;
mod bundles;
mod calendars;
mod catalog;
mod changes;
mod complaints;
mod connections;
mod curve;
mod declined;
mod drops;
mod eligibility;
mod encoding;
mod errors;
mod explained;
mod feed;
mod fulfilment;
mod holds;
mod inventory;
pub mod metrics;
mod opening;
mod order_holds;
mod orders;
mod overdue;
mod pickup;
mod quotes;
mod reasons;
mod repeats;
mod scenarios;
pub mod server;
mod serving;
mod snapshots;
mod terms;
mod timeline;
mod watch;
mod webhooks;
mod work;
