//! An act with all that it says.

use super::decision::Reduction;
use super::goods::{Disposition, Grade};
use super::table::Act;

/// An act, and what it says beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The customer may send them.
    Authorise,
    /// He may not.
    Refuse,
    /// He does not want to any more.
    Cancel,
    /// He is credited, and keeps them.
    KeepIt,
    /// They are on their way.
    Send,
    /// They arrived.
    Receive,
    /// They did not arrive, although that was reported.
    Correct,
    /// The carrier lost them.
    Lose,
    /// They did not come in time.
    Expire,
    /// Somebody looked at them, and found this.
    Inspect(Grade),
    /// The customer is owed what they are worth.
    Approve,
    /// He is owed so much less.
    Reduce(Reduction),
    /// He is owed nothing.
    Reject,
    /// This becomes of them.
    Dispose(Disposition),
    /// The customer is owed for what the carrier lost.
    GrantLost,
    /// He is credited before they came.
    Advance,
    /// He is credited.
    Credit,
    /// What he was credited before they came is taken back.
    ChargeBack,
}

impl Deed {
    /// Its row of the table.
    pub const fn act(self) -> Act {
        match self {
            Self::Authorise => Act::Authorise,
            Self::Refuse => Act::Refuse,
            Self::Cancel => Act::Cancel,
            Self::KeepIt => Act::KeepIt,
            Self::Send => Act::Send,
            Self::Receive => Act::Receive,
            Self::Correct => Act::Correct,
            Self::Lose => Act::Lose,
            Self::Expire => Act::Expire,
            Self::Inspect(_) => Act::Inspect,
            Self::Approve => Act::Approve,
            Self::Reduce(_) => Act::Reduce,
            Self::Reject => Act::Reject,
            Self::Dispose(how) => of_disposition(how),
            Self::GrantLost => Act::GrantLost,
            Self::Advance => Act::Advance,
            Self::Credit => Act::Credit,
            Self::ChargeBack => Act::ChargeBack,
        }
    }
}

const fn of_disposition(how: Disposition) -> Act {
    match how {
        Disposition::Restock => Act::Restock,
        Disposition::Refurbish => Act::Refurbish,
        Disposition::Liquidate => Act::Liquidate,
        Disposition::ReturnToVendor => Act::ReturnToVendor,
        Disposition::Scrap => Act::Scrap,
        Disposition::SendBack => Act::SendBack,
        Disposition::Missing => Act::Missing,
    }
}
