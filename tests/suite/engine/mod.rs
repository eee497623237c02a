//! The engine as its callers see it, in process.

mod promise;
