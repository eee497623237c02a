//! `suggest`.

use std::io::Write;

use backstock_proto::v1;
use serde::Serialize;

use super::{View, lines, or_dash, print, table};
use crate::cli::{CommandError, Exit, SuggestArgs};
use crate::client::words;
use crate::dates;

/// What goes with a basket, and what may take an item's place.
#[derive(Debug, Serialize)]
struct SuggestView {
    companions: Vec<SuggestionView>,
    companions_are_fallback: bool,
    substitutes: Vec<SuggestionView>,
    orders_learnt: u64,
    learnt_version: u64,
    version: u64,
}

/// An item that is suggested.
#[derive(Debug, Serialize)]
struct SuggestionView {
    sku: String,
    reason: String,
    because_of_sku: Option<String>,
    bought_together: Option<u32>,
    ship_by: Option<String>,
    deliver_by: Option<String>,
    net_minor: Option<i64>,
}

/// Asks what goes with items.
pub(in crate::cli) async fn suggest(
    args: SuggestArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let line = |sku: String| v1::PlaceOrderLine { sku, quantity: 1 };
    let request = v1::SuggestRequest {
        lines: args.skus.into_iter().map(line).collect(),
        channel: args.channel.unwrap_or_default(),
        destination_postal_code: args.postal_code,
        wanted_by: args.by.map(dates::to_wire),
        substitutes_for_sku: args.instead_of.unwrap_or_default(),
        suggestions_max: args.most.unwrap_or_default(),
        currency_code: args.currency.unwrap_or_default(),
        ..v1::SuggestRequest::default()
    };
    let answer = client.suggestions().suggest(request).await?.into_inner();
    print(out, args.output, &SuggestView::new(answer))?;
    Ok(Exit::Success)
}

impl SuggestView {
    fn new(answer: v1::SuggestResponse) -> Self {
        let all = |of: Vec<v1::Suggestion>| of.into_iter().map(SuggestionView::new).collect();
        Self {
            companions: all(answer.companions),
            companions_are_fallback: answer.companions_are_fallback,
            substitutes: all(answer.substitutes),
            orders_learnt: answer.orders_learnt,
            learnt_version: answer.learnt_version,
            version: answer.version,
        }
    }

    fn companions(&self) -> String {
        let told = match (self.companions.is_empty(), self.companions_are_fallback) {
            (true, _) => return "nothing goes with it that can be had".into(),
            (false, true) => "nothing is known to go with it; this sells:",
            (false, false) => "goes with it:",
        };
        format!("{told}\n{}", rows(&self.companions))
    }

    fn substitutes(&self) -> Option<String> {
        let is_some = !self.substitutes.is_empty();
        is_some.then(|| format!("may take its place:\n{}", rows(&self.substitutes)))
    }
}

impl SuggestionView {
    fn new(of: v1::Suggestion) -> Self {
        let reason = words::word(of.reason().as_str_name(), "SUGGESTION_REASON_");
        Self {
            reason,
            because_of_sku: Some(of.because_of_sku).filter(|sku| !sku.is_empty()),
            bought_together: of.bought_together.map(|of| of.together),
            ship_by: words::date(of.ship_by.as_ref()),
            deliver_by: words::date(of.deliver_by.as_ref()),
            net_minor: of.price.map(|price| price.net_minor),
            sku: of.sku,
        }
    }

    fn row(&self) -> Vec<String> {
        let number = |of: Option<String>| or_dash(of.as_ref());
        vec![
            self.sku.clone(),
            self.reason.clone(),
            or_dash(self.because_of_sku.as_ref()),
            number(self.bought_together.map(|of| of.to_string())),
            or_dash(self.deliver_by.as_ref()),
            number(self.net_minor.map(|of| of.to_string())),
        ]
    }
}

fn rows(all: &[SuggestionView]) -> String {
    let mut shown = table(&["sku", "why", "because of", "together", "there by", "minor"], &[3, 5]);
    shown.add_rows(all.iter().map(SuggestionView::row));
    shown.to_string()
}

impl View for SuggestView {
    fn text(&self) -> String {
        let learnt = format!("learnt from {} orders", self.orders_learnt);
        lines([Some(self.companions()), self.substitutes(), Some(learnt)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_what_goes_with_it_why_and_when_it_is_there() {
        let suggestion = v1::Suggestion {
            sku: "SCARF".into(),
            reason: v1::SuggestionReason::BoughtTogether.into(),
            because_of_sku: "BLOUSE".into(),
            bought_together: Some(v1::BoughtTogether { together: 7, ..Default::default() }),
            deliver_by: Some(v1::Date { year: 2026, month: 12, day: 24 }),
            ..v1::Suggestion::default()
        };
        let answer = v1::SuggestResponse {
            companions: vec![suggestion],
            orders_learnt: 90,
            ..v1::SuggestResponse::default()
        };
        let text = SuggestView::new(answer).text();
        for told in ["goes with it", "SCARF", "bought_together", "BLOUSE", "7", "2026-12-24", "90"]
        {
            assert!(text.contains(told), "{told}: {text}");
        }
        let nothing = SuggestView::new(v1::SuggestResponse::default()).text();
        assert!(nothing.contains("nothing goes with it"), "{nothing}");
    }
}
