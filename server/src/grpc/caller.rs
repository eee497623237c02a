//! Who calls, through which channel, and why: fields of a call's metadata that every method takes. What
//! is commanded keeps them with its event, and so do timelines and the feed.

use std::future::Future;

use backstock_engine::model::{Origin, Rule, Text, Violation};
use tonic::Status;
use tonic::metadata::MetadataMap;

use super::plain;

/// The person or system that calls.
pub const ACTOR: &str = "backstock-actor";

/// The channel through which it was asked.
pub const CHANNEL: &str = "backstock-channel";

/// Why, for people, where the request has no reason of its own.
pub const REASON: &str = "backstock-reason";

/// Who calls, and why. Empty where nobody said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller(Origin);

tokio::task_local! {
    /// The caller of the call that is worked on.
    static CALLER: Caller;
}

impl Caller {
    /// The caller that a call's metadata names.
    ///
    /// # Errors
    /// All fields that are no text, or too long.
    pub fn of(metadata: &MetadataMap) -> Result<Self, Status> {
        let mut found = Vec::new();
        let [actor, channel, reason] = [ACTOR, CHANNEL, REASON].map(|field| {
            text(metadata, field).unwrap_or_else(|violation| {
                found.push(violation);
                Text::default()
            })
        });
        if !found.is_empty() {
            return Err(plain(found.into()));
        }
        Ok(Self(Origin { actor, channel, reason }))
    }

    /// Does a call's work: what it commands has this caller.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        CALLER.scope(self, work).await
    }

    fn now() -> Origin {
        CALLER.try_with(|Self(origin)| origin.clone()).unwrap_or_default()
    }
}

fn text(metadata: &MetadataMap, field: &'static str) -> Result<Text, Violation> {
    let Some(value) = metadata.get(field) else { return Ok(Text::default()) };
    let bytes = value.as_encoded_bytes();
    let text = std::str::from_utf8(bytes).map_err(|_| {
        let rule = Rule::Malformed("is not UTF-8".into());
        Violation::new(field, String::from_utf8_lossy(bytes), rule)
    });
    Text::new(field, text?)
}

/// The origin of what is commanded now: of the caller, for the reason of the request, if it gives one.
/// None where there is nothing to say.
pub fn origin(reason: Text) -> Option<Box<Origin>> {
    kept(Origin { reason, ..Origin::default() }, Caller::now())
}

/// The origin of what is commanded now, where an earlier call asked for it: the reason is that of the
/// earlier one, if this caller gives none, and so is who it was, if this one says nothing of himself.
pub fn origin_after(earlier: Option<Box<Origin>>) -> Option<Box<Origin>> {
    let (now, mut earlier) = (Caller::now(), earlier.map(|of| *of).unwrap_or_default());
    if !now.actor.as_str().is_empty() || !now.channel.as_str().is_empty() {
        (earlier.actor, earlier.channel) = (Text::default(), Text::default());
    }
    kept(now, earlier)
}

/// What is said first, or else second; none if that is nothing.
fn kept(first: Origin, second: Origin) -> Option<Box<Origin>> {
    let or = |one: Text, other: Text| if one.as_str().is_empty() { other } else { one };
    let origin = Origin {
        actor: or(first.actor, second.actor),
        channel: or(first.channel, second.channel),
        reason: or(first.reason, second.reason),
    };
    (origin != Origin::default()).then(|| Box::new(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(fields: &[(&'static str, &[u8])]) -> Result<Caller, Status> {
        let mut headers = tonic::codegen::http::HeaderMap::new();
        for (name, value) in fields {
            let value = tonic::codegen::http::HeaderValue::from_bytes(value).expect("a value");
            headers.insert(*name, value);
        }
        Caller::of(&MetadataMap::from_headers(headers))
    }

    fn said(origin: Option<Box<Origin>>) -> Option<[String; 3]> {
        let Origin { actor, channel, reason } = *origin?;
        Some([actor, channel, reason].map(|text| text.as_str().to_owned()))
    }

    #[tokio::test]
    async fn what_is_commanded_has_the_caller_of_its_call_and_its_reason() {
        let text = |text: &str| Text::new("text", text).expect("a text");
        assert_eq!(origin(Text::default()), None, "nobody said anything");
        let ann = caller(&[(ACTOR, "Zo\u{eb}".as_bytes()), (CHANNEL, b"phone")]).expect("named");
        let of = ann.during(async { (origin(text("asked")), origin_after(None)) }).await;
        let is = |who: [&str; 3]| Some(who.map(str::to_owned));
        assert_eq!(said(of.0), is(["Zo\u{eb}", "phone", "asked"]));
        assert_eq!(said(of.1), is(["Zo\u{eb}", "phone", ""]));
        let earlier = || {
            Some(Box::new(Origin { actor: text("Bob"), channel: text("web"), reason: text("why") }))
        };
        assert_eq!(said(origin_after(earlier())), is(["Bob", "web", "why"]));
        let ann = caller(&[(ACTOR, b"Ann"), (REASON, b"she was told")]).expect("named");
        let of = ann.during(async { [origin_after(earlier()), origin(text("asked"))] }).await;
        assert_eq!(of.map(said), [is(["Ann", "", "she was told"]), is(["Ann", "", "asked"])]);
    }

    #[test]
    fn what_is_no_name_is_told_by_its_field() {
        let status = caller(&[(ACTOR, b"\xff"), (CHANNEL, &[b'x'; 257])]).expect_err("wrong");
        let told = tonic_types::StatusExt::get_details_bad_request(&status).expect("fields");
        let fields: Vec<_> = told.field_violations.iter().map(|of| of.field.as_str()).collect();
        assert_eq!(fields, [ACTOR, CHANNEL]);
        assert_eq!(caller(&[]).expect("nobody"), Caller::default());
    }
}
