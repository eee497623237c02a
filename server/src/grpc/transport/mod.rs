//! From a connection to a method and back, whatever the method is: which service a
//! request is for and from when on, what a connection knows of its requests and answers,
//! how streams take, wait and end, and how long it all takes.

mod arriving;
mod leaving;
pub(super) mod meters;
mod open_ended;
mod opening;
mod router;
pub(super) mod streams;

pub use opening::Opening;
pub use router::{Generated, Router, SERVICE_NAMES, TAKE_NO_COMMANDS};
