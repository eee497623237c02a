//! Suggestions as callers see them.

use backstock_engine::companions::{Counts, Instead, Why};
use backstock_engine::engine::{Suggestion, Suggestions};
use backstock_engine::pricing::{Book, Priced};
use backstock_proto::v1;

use crate::grpc::pricing::price::line_message;
use crate::grpc::times;

/// Sixteenths of an order, as counts have them.
const PER_ORDER: u32 = 16;

pub(super) fn message(all: &Suggestions) -> v1::SuggestResponse {
    let book = all.by.as_ref().map(|by| by.book());
    let companions = all.companions.iter();
    let substitutes = all.substitutes.iter().map(|of| substitute(of, book));
    let (learnt, orders_learnt) = all.learnt;
    v1::SuggestResponse {
        companions: companions.clone().map(|of| companion(of, book)).collect(),
        companions_are_fallback: companions.clone().all(|of| of.why.is_fallback()),
        substitutes: substitutes.collect(),
        learnt_version: learnt.get(),
        orders_learnt,
        version: all.version.get(),
    }
}

fn companion(of: &Suggestion<Why>, book: Option<&Book>) -> v1::Suggestion {
    use v1::SuggestionReason as Told;
    let reason = match of.why {
        Why::Curated(_) => Told::Complement,
        Why::Learnt(..) => Told::BoughtTogether,
        Why::SellsInCategory(_) => Told::SellsInCategory,
        Why::Sells => Told::Sells,
    };
    let bought_together = of.counts.map(counts);
    v1::Suggestion { score: of.score, bought_together, ..suggestion(of, reason, book) }
}

fn substitute(of: &Suggestion<Instead>, book: Option<&Book>) -> v1::Suggestion {
    use v1::SuggestionReason as Told;
    let reason = match of.why {
        Instead::Successor => Told::Successor,
        Instead::Curated => Told::Substitute,
        Instead::Style => Told::SameStyle,
        Instead::Upgrade => Told::Upgrade,
    };
    let style_distance = u32::try_from(of.score).unwrap_or(u32::MAX);
    v1::Suggestion { style_distance, ..suggestion(of, reason, book) }
}

fn suggestion<W>(
    of: &Suggestion<W>,
    reason: v1::SuggestionReason,
    book: Option<&Book>,
) -> v1::Suggestion {
    let price = of.price.as_deref().zip(book);
    let line = |(priced, book): (&Priced, &Book)| {
        priced.lines.first().map(|line| line_message(line, priced, book))
    };
    v1::Suggestion {
        sku: of.sku.to_string(),
        reason: reason.into(),
        because_of_sku: of.because_of.as_ref().map(ToString::to_string).unwrap_or_default(),
        ship_by: times::date(of.ship_by),
        deliver_by: times::date(of.deliver_by),
        price: price.and_then(line),
        ..v1::Suggestion::default()
    }
}

fn counts(of: Counts) -> v1::BoughtTogether {
    v1::BoughtTogether {
        together: of.together / PER_ORDER,
        because_of: of.one / PER_ORDER,
        suggested: of.other / PER_ORDER,
        orders: of.all / u64::from(PER_ORDER),
    }
}
