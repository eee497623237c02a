//! A payment provider and the connector to it, simulated. Under a key it does something once, for ever.

use std::collections::BTreeMap;

use backstock_proto::v1;

use super::super::error::DemoError;
use super::super::hash::spread_below;
use crate::client::Client;

/// Rounds of asking, at most: what was forgotten in one is looked up in the next.
const ROUNDS_MAX: usize = 8;

/// What the provider did, and how it told of it.
#[derive(Default)]
pub(super) struct Provider {
    /// What was done under each key: for which kind, and how much.
    done: BTreeMap<String, (v1::IntentKind, i64)>,
    declined: usize,
    forgotten: usize,
    repeated: usize,
    told_before: usize,
}

/// How it goes about one thing that it is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Declines,
    Forgets,
    TellsTwice,
    TellsBefore,
    Tells,
}

impl Manner {
    /// The same for one key at every start of the demo. The first card alone is ever declined.
    fn of(intent: &v1::Intent) -> Self {
        let is_first = intent.kind() == v1::IntentKind::Authorise && intent.payment_id == "card";
        match spread_below("provider", &intent.intent_id, 12) {
            0 if is_first => Self::Declines,
            1 => Self::Forgets,
            2 => Self::TellsTwice,
            3 if intent.kind() == v1::IntentKind::Capture => Self::TellsBefore,
            _ => Self::Tells,
        }
    }
}

impl Provider {
    /// Does all that is asked for, and tells of it. What is still open after some rounds is told, and ends the
    /// demo: an intent that nobody ever answers is money that nobody knows of.
    pub(super) async fn answer_all(&mut self, client: &Client) -> Result<(), DemoError> {
        for _ in 0..ROUNDS_MAX {
            let open = open(client).await?;
            if open.is_empty() {
                return Ok(());
            }
            for (order, intent) in open {
                self.answer(client, &order, &intent).await?;
            }
        }
        still_open(&open(client).await?)
    }

    async fn answer(
        &mut self,
        client: &Client,
        order: &str,
        intent: &v1::Intent,
    ) -> Result<(), DemoError> {
        use v1::PaymentOutcome::{Failed, Succeeded, Unknown};
        let manner = Manner::of(intent);
        let is_known = self.done.contains_key(&intent.intent_id);
        if manner == Manner::Declines {
            self.declined += 1;
            return tell(client, order, intent, Failed).await;
        }
        let did = (intent.kind(), intent.amount_minor);
        self.done.entry(intent.intent_id.clone()).or_insert(did);
        match manner {
            Manner::Forgets if !is_known => {
                self.forgotten += 1;
                return tell(client, order, intent, Unknown).await;
            }
            Manner::TellsTwice => {
                self.repeated += 1;
                tell(client, order, intent, Succeeded).await?;
            }
            Manner::TellsBefore => {
                self.told_before += 1;
                tell_unasked(client, order, intent).await?;
            }
            _ => {}
        }
        tell(client, order, intent, Succeeded).await
    }

    /// What it did of a kind, all in all, in cents.
    pub(super) fn sum(&self, kind: v1::IntentKind) -> i64 {
        let of_kind = self.done.values().filter(|(of, _)| *of == kind);
        of_kind.map(|(_, amount)| amount).sum()
    }

    /// For the person who watches.
    pub(super) fn told(&self, paid_otherwise: usize) -> String {
        let Self { done, declined, forgotten, repeated, told_before } = self;
        format!(
            "the payment provider did {} things, each under a key of its own: {declined} cards were \
             declined ({paid_otherwise} customers paid by another), {forgotten} answers were lost and \
             looked up, {repeated} were told twice, {told_before} before they were asked for",
            done.len()
        )
    }
}

/// All that is asked for, each with its order.
async fn open(client: &Client) -> Result<Vec<(String, v1::Intent)>, DemoError> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListIntentsRequest { page_size: 500, page_token };
        let page = client.payments().list_intents(request).await?.into_inner();
        for of in page.orders {
            all.extend(of.intents.into_iter().map(|intent| (of.order_id.clone(), intent)));
        }
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        page_token = page.next_page_token;
    }
}

/// Says what is open, if anything is.
fn still_open(open: &[(String, v1::Intent)]) -> Result<(), DemoError> {
    let Some((_, first)) = open.first() else { return Ok(()) };
    let more = match open.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} others"),
    };
    let (id, kind) = (&first.intent_id, first.kind().as_str_name());
    let what = format!("to end what was asked of the payment provider: {id}{more}");
    let why = format!("{id} ({kind}) is open after {ROUNDS_MAX} rounds of answers");
    Err(DemoError::Refused { what, why })
}

fn reference(intent: &v1::Intent) -> String {
    format!("pi-{}", intent.intent_id)
}

async fn tell(
    client: &Client,
    order: &str,
    intent: &v1::Intent,
    outcome: v1::PaymentOutcome,
) -> Result<(), DemoError> {
    let request = v1::RecordPaymentResultRequest {
        order_id: order.into(),
        intent_number: intent.number,
        outcome: outcome.into(),
        reference: reference(intent),
        ..Default::default()
    };
    client.payments().record_payment_result(request).await?;
    Ok(())
}

/// A webhook comes before the answer.
async fn tell_unasked(client: &Client, order: &str, intent: &v1::Intent) -> Result<(), DemoError> {
    let request = v1::RecordPaymentEventRequest {
        order_id: order.into(),
        payment_id: intent.payment_id.clone(),
        kind: v1::LedgerKind::Captured.into(),
        amount_minor: intent.amount_minor,
        reference: reference(intent),
        ..Default::default()
    };
    client.payments().record_payment_event(request).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_open_is_told_and_ends_the_demo() {
        assert!(still_open(&[]).is_ok());
        let intent = |number: u32| {
            let intent_id = format!("O/{number}");
            ("O".to_owned(), v1::Intent { intent_id, number, ..Default::default() })
        };
        let told = still_open(&[intent(1), intent(2)]).expect_err("two are open").to_string();
        assert!(told.contains("O/1 and 1 others") && told.contains("8 rounds"), "{told}");
    }
}
