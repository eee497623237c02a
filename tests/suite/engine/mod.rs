//! The engine as its callers see it, in process.

mod archive;
mod availability;
mod backlog;
mod backorder;
mod calendars;
mod capacity;
mod contention;
mod damaged;
mod days;
mod eligibility;
mod holds;
mod idempotency;
mod in_flight;
mod mixtures;
mod pains;
mod priority;
mod promise;
mod quote;
mod random;
mod recovery;
mod restore;
mod services;
mod simulated;
mod stamp;
mod store;
mod supplies;
