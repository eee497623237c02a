//! Why a candidate was chosen, or was not.

/// Why a candidate was chosen, or was not. Numbers are stored with orders: they are
/// never changed and never reused.
///
/// For an offer with units that was not chosen, the verdict is the first
/// objective, in the policy's order, on which the plan would get worse if the
/// line's units moved to this offer, as many as it can take, the line's worst
/// units first, and the other lines stayed as they are.
///
/// The solver gives none of those from [`NodeDisabled`](Self::NodeDisabled) on: they are of
/// candidates that never became offers, and of what planning knows of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// It is in the plan.
    Chosen = 1,
    /// It has no free unit.
    NoStock = 2,
    /// The line is not to be split, and it has too few units.
    NotEnough = 3,
    /// Units would be delivered later.
    Later = 4,
    /// It would take a shipment more.
    AnotherShipment = 5,
    /// It would cost more.
    Costlier = 6,
    /// It would leave stock less balanced.
    LessBalanced = 7,
    /// It would be as good: the tie was broken against it.
    Equal = 8,
    /// The node is switched off.
    NodeDisabled = 9,
    /// The supply comes after the policy's horizon, or is overdue for longer than the policy
    /// counts on it.
    BeyondHorizon = 10,
    /// There were more candidates than an exact search takes.
    NotConsidered = 11,
    /// The service's carrier picks up on none of the node's working days.
    NoPickup = 12,
    /// The node does not serve the order's channel.
    ChannelNotServed = 13,
    /// The node does not ship by the order's service.
    ServiceNotServed = 14,
    /// What is free is kept for others: the order's channel may not have so much of it.
    KeptForOthers = 15,
    /// The item is off sourcing at the node.
    PairOffSourcing = 16,
    /// Units would be delivered later, because the node's capacity for earlier days is taken, by
    /// others or by the order itself.
    AtCapacity = 17,
    /// The order is collected at another node, and is to be served by what is there alone.
    NotBroughtThere = 18,
    /// The line would take less from it than its minimum.
    BelowMinimum = 19,
    /// Units would be delivered as soon, and units of the network's own go before a supplier's.
    OwnStockFirst = 20,
}

impl Verdict {
    /// The verdict of that number, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Chosen,
            2 => Self::NoStock,
            3 => Self::NotEnough,
            4 => Self::Later,
            5 => Self::AnotherShipment,
            6 => Self::Costlier,
            7 => Self::LessBalanced,
            8 => Self::Equal,
            9 => Self::NodeDisabled,
            10 => Self::BeyondHorizon,
            11 => Self::NotConsidered,
            12 => Self::NoPickup,
            13 => Self::ChannelNotServed,
            14 => Self::ServiceNotServed,
            15 => Self::KeptForOthers,
            16 => Self::PairOffSourcing,
            17 => Self::AtCapacity,
            18 => Self::NotBroughtThere,
            19 => Self::BelowMinimum,
            20 => Self::OwnStockFirst,
            _ => return None,
        })
    }
}
