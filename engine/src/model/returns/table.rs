//! The one table of what an act does to units of a return, in each of the three machines: it decides, it
//! says why not, the tests go through it cell by cell, and the ones in ARCHITECTURE are written from it.

use minicbor::{Decode, Encode};

use super::state::{Credit, DecisionState, GoodsState};

/// What is done to units of a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Act {
    /// The customer may send them.
    #[n(1)]
    Authorise = 1,
    /// He may not.
    #[n(2)]
    Refuse = 2,
    /// He does not want to any more.
    #[n(3)]
    Cancel = 3,
    /// He is credited, and keeps them.
    #[n(4)]
    KeepIt = 4,
    /// They are on their way.
    #[n(5)]
    Send = 5,
    /// They arrived.
    #[n(6)]
    Receive = 6,
    /// They did not arrive, although that was reported.
    #[n(7)]
    Correct = 7,
    /// The carrier lost them.
    #[n(8)]
    Lose = 8,
    /// They did not come in time.
    #[n(9)]
    Expire = 9,
    /// Somebody looked at them.
    #[n(10)]
    Inspect = 10,
    /// The customer is owed what they are worth.
    #[n(11)]
    Approve = 11,
    /// He is owed a part of that.
    #[n(12)]
    Reduce = 12,
    /// He is owed nothing.
    #[n(13)]
    Reject = 13,
    /// They are sold again.
    #[n(14)]
    Restock = 14,
    /// They are repaired, or packed anew.
    #[n(15)]
    Refurbish = 15,
    /// They are sold as a lot.
    #[n(16)]
    Liquidate = 16,
    /// They go back to whom they were bought from.
    #[n(17)]
    ReturnToVendor = 17,
    /// They are thrown away.
    #[n(18)]
    Scrap = 18,
    /// The customer gets them back.
    #[n(19)]
    SendBack = 19,
    /// They were not in the box.
    #[n(20)]
    Missing = 20,
    /// The customer is owed for what the carrier lost.
    #[n(21)]
    GrantLost = 21,
    /// He is credited before they came.
    #[n(22)]
    Advance = 22,
    /// He is credited.
    #[n(23)]
    Credit = 23,
    /// What he was credited before they came is taken back: they did not come.
    #[n(24)]
    ChargeBack = 24,
}

impl Act {
    /// Each of them.
    pub const ALL: [Self; 24] = [
        Self::Authorise,
        Self::Refuse,
        Self::Cancel,
        Self::KeepIt,
        Self::Send,
        Self::Receive,
        Self::Correct,
        Self::Lose,
        Self::Expire,
        Self::Inspect,
        Self::Approve,
        Self::Reduce,
        Self::Reject,
        Self::Restock,
        Self::Refurbish,
        Self::Liquidate,
        Self::ReturnToVendor,
        Self::Scrap,
        Self::SendBack,
        Self::Missing,
        Self::GrantLost,
        Self::Advance,
        Self::Credit,
        Self::ChargeBack,
    ];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorise => "authorise",
            Self::Refuse => "refuse",
            Self::Cancel => "cancel",
            Self::KeepIt => "keep_it",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Correct => "correct",
            Self::Lose => "lose",
            Self::Expire => "expire",
            Self::Inspect => "inspect",
            Self::Approve => "approve",
            Self::Reduce => "reduce",
            Self::Reject => "reject",
            Self::Restock => "restock",
            Self::Refurbish => "refurbish",
            Self::Liquidate => "liquidate",
            Self::ReturnToVendor => "return_to_vendor",
            Self::Scrap => "scrap",
            Self::SendBack => "send_back",
            Self::Missing => "missing",
            Self::GrantLost => "grant_lost",
            Self::Advance => "advance",
            Self::Credit => "credit",
            Self::ChargeBack => "charge_back",
        }
    }
}

/// What an act does to units in a state of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule<S> {
    /// They come to be in that state.
    Becomes(S),
    /// Nothing: it was done before, or it is not about this machine.
    Stays,
    /// Refused.
    Refused(Obstacle),
}

/// Why an act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// They did not arrive.
    NotReceived,
    /// Nobody looked at them.
    NotInspected,
    /// They are on their way.
    OnTheWay,
    /// They arrived.
    Received,
    /// They were looked at.
    Inspected,
    /// What becomes of them is done.
    Disposed,
    /// They are damaged: nobody sells them as they are. It depends on the grade, and is in no cell.
    NotSellable,
    /// The carrier lost them.
    Lost,
    /// The carrier did not lose them.
    NotLost,
    /// They did not come in time.
    Expired,
    /// They need not come.
    NotExpected,
    /// Nobody said that the customer may send them.
    NotAuthorised,
    /// Nobody decided what the customer is owed.
    Undecided,
    /// Something else was decided.
    Decided,
    /// The customer is owed for them: they are not his any more.
    Approved,
    /// The customer is owed nothing for them: they are his.
    NotApproved,
    /// The customer has his credit.
    Credited,
    /// A credit that came before the goods was taken back.
    ChargedBack,
}

impl Obstacle {
    /// A word or two for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotReceived => "not received",
            Self::NotInspected => "not inspected",
            Self::OnTheWay => "on the way",
            Self::Received => "received",
            Self::Inspected => "inspected",
            Self::Disposed => "disposed",
            Self::NotSellable => "not sellable",
            Self::Lost => "lost",
            Self::NotLost => "not lost",
            Self::Expired => "expired",
            Self::NotExpected => "not expected",
            Self::NotAuthorised => "not authorised",
            Self::Undecided => "undecided",
            Self::Decided => "decided",
            Self::Approved => "approved",
            Self::NotApproved => "not approved",
            Self::Credited => "credited",
            Self::ChargedBack => "charged back",
        }
    }
}

/// A row for each machine: a cell for each of its states, in the order of its `ALL`.
struct Row {
    goods: [Rule<GoodsState>; GoodsState::ALL.len()],
    decision: [Rule<DecisionState>; DecisionState::ALL.len()],
    credit: [Rule<Credit>; Credit::ALL.len()],
}

/// What each act does, in the order of [`Act::ALL`]. It is done to units only where none of the three
/// machines refuses it.
// As a table, which a formatter would take apart.
#[rustfmt::skip]
const TABLE: [Row; Act::ALL.len()] = {
    use Rule::Becomes;
    type G = Rule<GoodsState>;
    type D = Rule<DecisionState>;
    type C = Rule<Credit>;
    macro_rules! no { ($why:ident) => { Rule::Refused(Obstacle::$why) }; }
    const SAME: G = Rule::Stays;
    const KEPT: D = Rule::Stays;
    const LEFT: C = Rule::Stays;
    const ANY_GOODS: [G; 8] = [SAME; 8];
    const ANY_DECISION: [D; 7] = [KEPT; 7];
    const ANY_CREDIT: [C; 5] = [LEFT; 5];
    const NOT_THERE: G = no!(NotReceived);
    const NOT_SEEN: G = no!(NotInspected);
    const RECEIVED: G = Becomes(GoodsState::Received);
    const DISPOSED: G = Becomes(GoodsState::Disposed);
    const KEPT_IT: G = Becomes(GoodsState::NotRequired);
    const NOT_DUE: G = no!(NotExpected);
    const APPROVED: D = Becomes(DecisionState::Approved);
    const REFUSED: D = Becomes(DecisionState::Refused);
    const REJECTED: D = Becomes(DecisionState::Rejected);
    const DECIDED: D = no!(Decided);
    const EARNED: C = Becomes(Credit::Earned);
    const OWED: C = Becomes(Credit::ChargedBack);
    const HAD: C = no!(Credited);
    // The goods are seen: what is decided of them may be decided.
    const ONCE_SEEN: [G; 8] = [NOT_THERE, NOT_THERE, NOT_SEEN, SAME, SAME, NOT_THERE, NOT_THERE, NOT_DUE];
    const FROM_SEEN: [G; 8] = [NOT_THERE, NOT_THERE, NOT_SEEN, DISPOSED, SAME, NOT_THERE, NOT_THERE, NOT_DUE];
    const FROM_BOX: [G; 8] = [NOT_THERE, NOT_THERE, DISPOSED, DISPOSED, SAME, NOT_THERE, NOT_THERE, NOT_DUE];
    // They are the seller's, who does with them what he wants.
    const IS_OURS: [D; 7] = [no!(Undecided), no!(Undecided), no!(NotApproved), KEPT, KEPT, no!(NotApproved), no!(NotApproved)];
    const IS_HIS: [D; 7] = [REFUSED, REJECTED, KEPT, no!(Approved), no!(Approved), KEPT, KEPT];
    const IS_DECIDED: [D; 7] = [no!(Undecided), no!(Undecided), KEPT, KEPT, KEPT, KEPT, KEPT];
    const NO_CREDIT: [C; 5] = [LEFT, OWED, HAD, HAD, LEFT];
    const KEEPS_CREDIT: [C; 5] = [LEFT, EARNED, LEFT, LEFT, LEFT];
    const OURS: Row = Row { goods: FROM_SEEN, decision: IS_OURS, credit: ANY_CREDIT };
    const HIS: Row = Row { goods: FROM_BOX, decision: IS_HIS, credit: NO_CREDIT };
    [
        // goods: expected, in_transit, received, inspected, disposed, lost, expired, not_required
        // decision: requested, authorised, refused, approved, reduced, rejected, cancelled
        // credit: none, advanced, given, earned, charged_back
        /* authorise */ Row {
            goods: ANY_GOODS,
            decision: [Becomes(DecisionState::Authorised), KEPT, DECIDED, KEPT, KEPT, KEPT, DECIDED],
            credit: ANY_CREDIT,
        },
        /* refuse */ Row {
            goods: [KEPT_IT, SAME, SAME, SAME, SAME, SAME, KEPT_IT, SAME],
            decision: [REFUSED, DECIDED, KEPT, DECIDED, DECIDED, DECIDED, DECIDED],
            credit: [LEFT, HAD, HAD, HAD, LEFT],
        },
        /* cancel */ Row {
            goods: [KEPT_IT, no!(OnTheWay), no!(Received), no!(Received), no!(Received), no!(Lost), KEPT_IT, SAME],
            decision: [Becomes(DecisionState::Cancelled), Becomes(DecisionState::Cancelled), DECIDED, DECIDED, DECIDED, DECIDED, KEPT],
            credit: NO_CREDIT,
        },
        /* keep_it */ Row {
            goods: [KEPT_IT, no!(OnTheWay), no!(Received), no!(Received), no!(Received), no!(Lost), KEPT_IT, SAME],
            decision: [APPROVED, APPROVED, DECIDED, KEPT, DECIDED, DECIDED, DECIDED],
            credit: KEEPS_CREDIT,
        },
        /* send */ Row {
            goods: [Becomes(GoodsState::InTransit), SAME, SAME, SAME, SAME, Becomes(GoodsState::InTransit), Becomes(GoodsState::InTransit), NOT_DUE],
            decision: ANY_DECISION, credit: ANY_CREDIT,
        },
        /* receive */ Row {
            goods: [RECEIVED, RECEIVED, SAME, SAME, SAME, RECEIVED, RECEIVED, NOT_DUE],
            decision: ANY_DECISION, credit: ANY_CREDIT,
        },
        /* correct */ Row {
            goods: [SAME, SAME, Becomes(GoodsState::Expected), no!(Inspected), no!(Disposed), SAME, SAME, SAME],
            decision: ANY_DECISION, credit: ANY_CREDIT,
        },
        /* lose */ Row {
            goods: [Becomes(GoodsState::Lost), Becomes(GoodsState::Lost), no!(Received), no!(Received), no!(Received), SAME, Becomes(GoodsState::Lost), NOT_DUE],
            decision: ANY_DECISION, credit: ANY_CREDIT,
        },
        /* expire */ Row {
            goods: [Becomes(GoodsState::Expired), Becomes(GoodsState::Expired), SAME, SAME, SAME, SAME, SAME, SAME],
            decision: ANY_DECISION, credit: ANY_CREDIT,
        },
        /* inspect */ Row {
            goods: [NOT_THERE, NOT_THERE, Becomes(GoodsState::Inspected), SAME, SAME, NOT_THERE, NOT_THERE, NOT_DUE],
            decision: ANY_DECISION, credit: ANY_CREDIT,
        },
        /* approve */ Row {
            goods: ONCE_SEEN,
            decision: [no!(NotAuthorised), APPROVED, DECIDED, KEPT, DECIDED, DECIDED, DECIDED],
            credit: KEEPS_CREDIT,
        },
        /* reduce */ Row {
            goods: ONCE_SEEN,
            decision: [no!(NotAuthorised), Becomes(DecisionState::Reduced), DECIDED, DECIDED, KEPT, DECIDED, DECIDED],
            credit: KEEPS_CREDIT,
        },
        /* reject */ Row {
            goods: ONCE_SEEN,
            decision: [no!(NotAuthorised), REJECTED, DECIDED, DECIDED, DECIDED, KEPT, DECIDED],
            credit: NO_CREDIT,
        },
        /* restock */ OURS,
        /* refurbish */ OURS,
        /* liquidate */ OURS,
        /* return_to_vendor */ OURS,
        /* scrap */ Row { goods: FROM_SEEN, decision: IS_DECIDED, credit: ANY_CREDIT },
        /* send_back */ HIS,
        /* missing */ HIS,
        /* grant_lost */ Row {
            goods: [no!(NotLost), no!(NotLost), no!(NotLost), no!(NotLost), no!(NotLost), SAME, no!(NotLost), no!(NotLost)],
            decision: [no!(NotAuthorised), APPROVED, DECIDED, KEPT, DECIDED, DECIDED, DECIDED],
            credit: KEEPS_CREDIT,
        },
        /* advance */ Row {
            goods: [SAME, SAME, SAME, SAME, SAME, no!(Lost), no!(Expired), NOT_DUE],
            decision: [no!(NotAuthorised), KEPT, DECIDED, DECIDED, DECIDED, DECIDED, DECIDED],
            credit: [Becomes(Credit::Advanced), LEFT, HAD, HAD, no!(ChargedBack)],
        },
        /* credit */ Row {
            goods: ANY_GOODS,
            decision: [no!(Undecided), no!(Undecided), no!(NotApproved), KEPT, KEPT, no!(NotApproved), no!(NotApproved)],
            credit: [Becomes(Credit::Given), LEFT, LEFT, LEFT, Becomes(Credit::Given)],
        },
        /* charge_back */ Row {
            goods: [SAME, SAME, no!(Received), no!(Received), SAME, SAME, SAME, SAME],
            decision: [KEPT, KEPT, KEPT, no!(Approved), no!(Approved), KEPT, KEPT],
            credit: NO_CREDIT,
        },
    ]
};

/// What an act does to goods.
pub const fn goods(act: Act, state: GoodsState) -> Rule<GoodsState> {
    TABLE[act as usize - 1].goods[state as usize]
}

/// What an act does to what was decided.
pub const fn decision(act: Act, state: DecisionState) -> Rule<DecisionState> {
    TABLE[act as usize - 1].decision[state as usize]
}

/// What an act does to the customer's credit.
pub const fn credit(act: Act, state: Credit) -> Rule<Credit> {
    TABLE[act as usize - 1].credit[state as usize - 1]
}

/// The tables for people, as Markdown: one for each machine. A row that changes and refuses nothing is left
/// out.
pub fn markdown() -> String {
    let goods = one("goods", GoodsState::ALL, GoodsState::as_str, goods);
    let decision = one("decision", DecisionState::ALL, DecisionState::as_str, decision);
    let credit = one("credit", Credit::ALL, Credit::as_str, credit);
    [goods, decision, credit].join("\n")
}

fn one<S: Copy + PartialEq, const N: usize>(
    name: &str,
    all: [S; N],
    word: fn(S) -> &'static str,
    rule: fn(Act, S) -> Rule<S>,
) -> String {
    let cell = |act, state| match rule(act, state) {
        Rule::Becomes(to) => word(to).to_owned(),
        Rule::Stays => "–".to_owned(),
        Rule::Refused(obstacle) => format!("*{}*", obstacle.as_str()),
    };
    let row = |first: &str, cells: &[String]| format!("| {first} | {} |\n", cells.join(" | "));
    let heads = row(name, &all.map(|state| word(state).to_owned()));
    let line = format!("|---|{}\n", "---|".repeat(N));
    let says = |act: &Act| all.iter().any(|state| rule(*act, *state) != Rule::Stays);
    let acts = Act::ALL.into_iter().filter(says);
    let rows = acts.map(|act| row(act.as_str(), &all.map(|state| cell(act, state))));
    [heads, line].into_iter().chain(rows).collect()
}
