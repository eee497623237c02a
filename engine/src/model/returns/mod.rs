//! What comes back of an order: goods, decision and money, each a machine of its own.
//!
//! ```text
//!   goods     expected --> in_transit --> received --> inspected --> disposed
//!                 \____________\__________/ ^
//!                  \--> lost, expired ------+        not_required: they need not come
//!   decision  requested --> authorised --> approved | reduced | rejected
//!                  \--> refused  \--> cancelled
//!   credit    none --> given        none --> advanced --> earned | charged_back --> given
//! ```
//! Which act takes units from which state to which is in one [table]. One chain cannot say a credit that
//! comes before the goods, goods that need not come, or goods that come before anybody asked. Units of a
//! [line](ReturnLine) are counted by [where they are](Status) in all three; the sum is what was requested.
//! Who is owed for what follows from these counts, and the order's ledger follows from that.

mod came;
mod decision;
mod deed;
mod destination;
mod draft;
mod exchange;
mod goods;
mod judge;
mod learnt;
mod line;
mod parcel;
mod policy;
mod progress;
mod reason;
mod receipt;
mod redeemed;
mod refusal;
mod request;
mod return_;
mod settle;
mod shelves;
mod stage;
mod state;
mod status;
mod steps;
pub mod table;
mod terms;
#[cfg(test)]
mod tests;

pub use came::Came;
pub use decision::{Decision, Reduction};
pub use deed::Deed;
pub use destination::{Considered, Destination, Standing, WhyThere, choose};
pub use exchange::Exchange;
pub use goods::{Disposition, Goods, Grade, OnShelf};
pub use judge::{Objection, Objections, ReturnFacts, judge};
pub use learnt::{Outcome, ReturnsLearnt};
pub use line::{Bucket, Entitled, Moved, ReturnLine};
pub use parcel::{Sent, Stray};
pub use policy::{Applies, Grants, Holiday, ReturnPolicy, ReturnRule};
pub use progress::{CreditMoved, Reported, ReturnProgress};
pub use reason::{
    Condition, ExchangeMode, LabelPayer, ReturnMode, ReturnReason, ReturnWay, ShippingRefund,
};
pub use receipt::Receipt;
pub use refusal::ReturnRefusal;
pub use request::{Asked, request};
pub use return_::{Return, returnable};
pub use shelves::Shelved;
pub use stage::ReturnStage;
pub use state::{Credit, DecisionState, GoodsState};
pub use status::{Exempt, Status};
pub use steps::{Finding, Stepped, Verdict};
pub use terms::{Credited, Fees, ReturnTerms, Worth};
