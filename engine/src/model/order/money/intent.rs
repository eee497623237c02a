//! What is asked of payment providers.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::ids::{CustomerId, OrderId, OrderNo, PaymentId, Text};
use crate::model::money::{Currency, Minor};
use crate::model::promotion_use::UsesTaken;
use crate::model::time::Timestamp;

/// What was asked of a payment provider, in the event that made it due. Its id is the provider's
/// idempotency key for ever.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Intent {
    /// What.
    #[n(0)]
    pub kind: IntentKind,
    /// Of which payment, from 0; none where it is given as store credit.
    #[n(1)]
    pub payment: Option<u16>,
    /// How much, above zero.
    #[n(2)]
    pub amount: Minor,
    /// When.
    #[n(3)]
    pub at: Timestamp,
    /// What is known of it.
    #[n(4)]
    pub state: IntentState,
    /// When the provider came to that, as far as it was told.
    #[n(5)]
    pub told_at: Option<Timestamp>,
    /// The provider's reference.
    #[n(6)]
    pub reference: Text,
    /// The provider told that it is done, and that it is not: a person has to look.
    #[n(7)]
    pub conflict: bool,
    /// The authorisation that is renewed, or let go of because another one is there: its entry in the
    /// order's ledger, from 0.
    #[n(8)]
    pub of: Option<u16>,
}

/// What is asked of a provider. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum IntentKind {
    /// To set an amount aside.
    #[n(1)]
    Authorise,
    /// To take an amount that was set aside.
    #[n(2)]
    Capture,
    /// To let go of what is still set aside.
    #[n(3)]
    Void,
    /// To give an amount back.
    #[n(4)]
    Refund,
}

/// What is known of an intent. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum IntentState {
    /// It was asked for; the provider has not answered.
    #[n(1)]
    Minted,
    /// It was done.
    #[n(2)]
    Succeeded,
    /// It was not done, and will not be.
    #[n(3)]
    Failed,
    /// The provider's answer was lost: it has to be looked up.
    #[n(4)]
    Unknown,
}

/// What an event asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Minted {
    /// What.
    #[n(0)]
    pub kind: IntentKind,
    /// Of which payment, from 0; none where it is given as store credit.
    #[n(1)]
    pub payment: Option<u16>,
    /// How much, above zero.
    #[n(2)]
    pub amount: Minor,
    /// The authorisation that is renewed, or let go of because another one is there: its entry in the
    /// order's ledger, from 0.
    #[n(3)]
    pub of: Option<u16>,
}

/// What an event has one order ask for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct IntentsMinted {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// What: the numbers follow those of the order's intents.
    #[n(1)]
    pub minted: Vec<Minted>,
    /// What is set aside no more, by payment, from 0: authorisations that were over by then.
    #[n(2)]
    pub expired: Option<Vec<(u16, Minor)>>,
}

impl IntentKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Authorise, Self::Capture, Self::Void, Self::Refund];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorise => "authorise",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

impl IntentState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Minted, Self::Succeeded, Self::Failed, Self::Unknown];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minted => "minted",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Intent {
    /// An intent as it is minted.
    pub fn minted(Minted { kind, payment, amount, of }: Minted, at: Timestamp) -> Self {
        let (state, reference, conflict) = (IntentState::Minted, Text::default(), false);
        Self { kind, payment, amount, at, state, told_at: None, reference, conflict, of }
    }

    /// Whether the provider may still do it, or has done it without having said so.
    pub const fn is_in_flight(&self) -> bool {
        matches!(self.state, IntentState::Minted | IntentState::Unknown)
    }

    /// The id of an order's intent, the first one being 1: the provider's idempotency key.
    pub fn id(order: &OrderId, number: usize) -> String {
        format!("{order}/{number}")
    }
}

/// What an event has one order ask for, and what a connector needs to know of that.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderMinted {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The number of the first intent, the order's first one being 1.
    #[n(2)]
    pub first: u16,
    /// The currency of all amounts.
    #[n(3)]
    pub currency: Currency,
    /// What it asks for.
    #[n(4)]
    pub minted: IntentsMinted,
    /// Of which payment each is; none where it is given as store credit.
    #[n(5)]
    pub payments: Vec<Option<PaymentId>>,
    /// The uses of promotions that the event gives back; mostly none.
    #[n(6)]
    pub uses_back: UsesTaken,
}

impl OrderMinted {
    fn describe(&self) -> impl Iterator<Item = Value> {
        let numbered = (usize::from(self.first)..).zip(&self.minted.minted);
        numbered.zip(&self.payments).map(|((number, of), payment)| {
            json!({
                "intent_id": Intent::id(&self.id, number), "order_id": self.id.as_str(),
                "order_no": self.no.0, "kind": of.kind.as_str(), "amount_minor": of.amount.0,
                "currency_code": self.currency.as_str(),
                "payment_id": payment.as_ref().map(PaymentId::as_str),
            })
        })
    }

    /// What is set aside no more.
    fn describe_expired(&self) -> impl Iterator<Item = Value> {
        self.minted.expired.iter().flatten().map(|(payment, amount)| {
            json!({
                "order_id": self.id.as_str(), "order_no": self.no.0, "payment": payment,
                "amount_minor": amount.0, "currency_code": self.currency.as_str(),
            })
        })
    }
}

/// What an event says, with what it has orders ask for.
pub fn describe_minted(mut event: Value, orders: &[OrderMinted]) -> Value {
    if let Some(fields) = event.as_object_mut() {
        let intents = orders.iter().flat_map(OrderMinted::describe).collect();
        fields.insert("intents".into(), Value::Array(intents));
        let expired = orders.iter().flat_map(OrderMinted::describe_expired).collect::<Vec<_>>();
        if !expired.is_empty() {
            fields.insert("expired".into(), Value::Array(expired));
        }
        let back = orders.iter().flat_map(|of| of.uses_back.iter().flatten());
        let back: Vec<Value> = back
            .map(|of| {
                let customer = of.customer.as_ref().map(CustomerId::as_str);
                json!({ "promotion_no": of.promotion.0, "customer_id": customer })
            })
            .collect();
        if !back.is_empty() {
            fields.insert("uses_back".into(), Value::Array(back));
        }
    }
    event
}
