//! What several facts of one partner may be about together, and which names of a thing say the same.

use minicbor::Encode;

use super::arrival::ArrivalOf;
use super::fact::Fact;
use super::subject::{ReturnNames, Subject};
use crate::model::ids::{InboundId, OrderId, Reference};

/// What several facts of a partner may be about.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub enum Topic {
    /// A delivery.
    #[n(0)]
    Delivery(#[n(0)] InboundId),
    /// A shipment of an order.
    #[n(1)]
    Shipment(#[n(0)] OrderId, #[n(1)] Reference),
    /// What has the number of a permission.
    #[n(2)]
    Rma(#[n(0)] Reference),
    /// A parcel.
    #[n(3)]
    Tracking(#[n(0)] Reference),
    /// What comes back of an order.
    #[n(4)]
    Order(#[n(0)] OrderId),
    /// A return that is known.
    #[n(5)]
    Return(#[n(0)] ArrivalOf),
    /// A parcel that left, by the carrier's tracking number.
    #[n(6)]
    Parcel(#[n(0)] Reference),
}

impl Topic {
    /// All that a fact is about.
    pub fn all(subject: &Subject, fact: &Fact) -> Vec<Self> {
        let of = fact.arrival.as_ref().and_then(|arrival| arrival.of.clone());
        let mut all = Self::named(subject);
        all.extend(of.map(Self::Return));
        all.extend(fact.detail.tracking().map(Self::Parcel));
        all
    }

    /// What a subject is about by its names alone.
    pub fn named(subject: &Subject) -> Vec<Self> {
        match subject {
            Subject::Receipt { inbound, .. } => vec![Self::Delivery(inbound.clone())],
            Subject::Shipment { order, shipment, .. } => {
                vec![Self::Shipment(order.clone(), shipment.clone())]
            }
            Subject::Return(names) | Subject::ReturnReceipt(names) => {
                let ReturnNames { rma, tracking, order } = names.clone();
                let all =
                    [rma.map(Self::Rma), tracking.map(Self::Tracking), order.map(Self::Order)];
                all.into_iter().flatten().collect()
            }
            Subject::Adjustment(_) | Subject::Count(_) | Subject::Tracking(_) => Vec::new(),
        }
    }
}

impl Subject {
    /// Whether it may name the same as another one of its type, by other names: then nobody knows whether
    /// their totals are of the same units. Two that differ in a name which both have are two things.
    pub fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Receipt { inbound: of, part },
                Self::Receipt { inbound: other_of, part: other },
            ) => of == other_of && part.is_some() != other.is_some(),
            (
                Self::Shipment { order, shipment, part },
                Self::Shipment { order: other_order, shipment: other_shipment, part: other },
            ) => {
                let is_same = (order, shipment) == (other_order, other_shipment);
                is_same && part.is_some() != other.is_some()
            }
            (Self::Return(of), Self::Return(other))
            | (Self::ReturnReceipt(of), Self::ReturnReceipt(other)) => of.may_be(other),
            _ => false,
        }
    }

    /// Its names, for a person.
    pub fn named(&self) -> String {
        let with = |part: &Option<Reference>| {
            part.as_ref().map_or(String::new(), |part| format!(", part {part}"))
        };
        match self {
            Self::Receipt { inbound, part } => format!("inbound {inbound}{}", with(part)),
            Self::Shipment { order, shipment, part } => {
                format!("order {order}, shipment {shipment}{}", with(part))
            }
            Self::Adjustment(no) => format!("adjustment {no}"),
            Self::Count(no) => format!("count {no}"),
            Self::Tracking(no) => format!("tracking {no}"),
            Self::Return(names) | Self::ReturnReceipt(names) => names.named(),
        }
    }
}

impl ReturnNames {
    fn may_be(&self, other: &Self) -> bool {
        let pairs = [
            same(self.rma.as_ref(), other.rma.as_ref()),
            same(self.tracking.as_ref(), other.tracking.as_ref()),
            same(self.order.as_ref(), other.order.as_ref()),
        ];
        self != other && pairs.contains(&Some(true)) && !pairs.contains(&Some(false))
    }

    fn named(&self) -> String {
        let rma = self.rma.as_ref().map(|rma| format!("rma {rma}"));
        let tracking = self.tracking.as_ref().map(|number| format!("tracking {number}"));
        let order = self.order.as_ref().map(|order| format!("order {order}"));
        let all: Vec<String> = [rma, tracking, order].into_iter().flatten().collect();
        all.join(", ")
    }
}

/// Whether two names are the same; none where one of them is not told.
fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> Option<bool> {
    Some(one? == other?)
}
