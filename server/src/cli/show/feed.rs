//! `feed read`, and the consumers of the feed.

use std::io::Write;

use backstock_proto::v1;
use serde::Serialize;
use serde_json::Value;

use super::{View, or_dash, print, table};
use crate::cli::feed::{AcknowledgeArgs, ConsumerArgs, PutConsumerArgs, ReadFeedArgs};
use crate::cli::{CommandError, Exit, OutputArgs, ServerAddr};
use crate::client::{Client, words};

/// Prints events as they are told, one line each.
pub(in crate::cli) async fn read(
    args: ReadFeedArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let request = v1::ReadRequest {
        from_version: args.from.unwrap_or(0),
        follow: args.follow,
        types: args.types,
        subjects: args.subjects,
        consumer_id: args.consumer.unwrap_or_default(),
    };
    let mut told = client.feed().read(request).await?.into_inner();
    while let Some(response) = told.message().await? {
        for event in response.events {
            let line = if args.output.json { json(event) } else { line(&event) };
            writeln!(out, "{line}").map_err(CommandError::Output)?;
        }
        out.flush().map_err(CommandError::Output)?;
    }
    Ok(Exit::Success)
}

/// An event for a person.
fn line(event: &v1::Event) -> String {
    let time = words::time(event.time.as_ref()).unwrap_or_default();
    let v1::Event { stream_version, r#type, subject, data, .. } = event;
    format!("{stream_version:>10}  {time}  {type}  {subject}  {data}")
}

/// An event for a script: the JSON format of `CloudEvents`.
#[derive(Serialize)]
struct EventView {
    id: String,
    source: String,
    specversion: String,
    r#type: String,
    subject: String,
    time: Option<String>,
    datacontenttype: String,
    stream_version: u64,
    subjects: Vec<String>,
    actor: String,
    channel: String,
    cause: String,
    data: Value,
}

fn json(event: v1::Event) -> String {
    let view = EventView {
        time: words::time(event.time.as_ref()),
        id: event.id,
        source: event.source,
        specversion: event.specversion,
        r#type: event.r#type,
        subject: event.subject,
        datacontenttype: event.datacontenttype,
        stream_version: event.stream_version,
        subjects: event.subjects,
        actor: event.actor,
        channel: event.channel,
        cause: event.cause,
        data: serde_json::from_str(&event.data).unwrap_or_default(),
    };
    serde_json::to_string(&view).unwrap_or_default()
}

/// The consumers of the feed.
#[derive(Debug, Serialize)]
struct ConsumersView {
    consumers: Vec<ConsumerView>,
    first_version: u64,
    newest_version: u64,
}

/// One consumer.
#[derive(Debug, Serialize)]
struct ConsumerView {
    consumer_id: String,
    acknowledged_version: u64,
    acknowledge_time: Option<String>,
    create_time: Option<String>,
    events_behind: u64,
    seconds_behind: f64,
    parked: bool,
}

impl From<v1::Consumer> for ConsumerView {
    fn from(of: v1::Consumer) -> Self {
        let behind = of.behind.and_then(|behind| std::time::Duration::try_from(behind).ok());
        Self {
            acknowledged_version: of.acknowledged_version.unwrap_or(0),
            acknowledge_time: words::time(of.acknowledge_time.as_ref()),
            create_time: words::time(of.create_time.as_ref()),
            consumer_id: of.consumer_id,
            events_behind: of.events_behind,
            seconds_behind: behind.unwrap_or_default().as_secs_f64(),
            parked: of.parked,
        }
    }
}

/// Lists the consumers.
pub(in crate::cli) async fn consumers(
    server: &ServerAddr,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = Client::connect(server).await?;
    // There are fewer than fit one page.
    let request = v1::ListConsumersRequest::default();
    let answer = client.feed().list_consumers(request).await?.into_inner();
    let view = ConsumersView {
        consumers: answer.consumers.into_iter().map(ConsumerView::from).collect(),
        first_version: answer.first_version,
        newest_version: answer.newest_version,
    };
    print(out, output, &view)?;
    Ok(Exit::Success)
}

/// Makes a consumer, or puts it elsewhere.
pub(in crate::cli) async fn put(
    args: PutConsumerArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let consumer_id = args.of.id;
    let consumer =
        v1::Consumer { consumer_id, acknowledged_version: args.at, ..v1::Consumer::default() };
    let request = v1::UpdateConsumerRequest {
        consumer: Some(consumer),
        update_mask: None,
        allow_missing: true,
    };
    let answer = client.feed().update_consumer(request).await?.into_inner();
    one(answer.consumer, args.of.output, out)
}

/// Says how far a consumer has come.
pub(in crate::cli) async fn acknowledge(
    args: AcknowledgeArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let request = v1::AcknowledgeRequest { consumer_id: args.of.id, version: args.version };
    let answer = client.feed().acknowledge(request).await?.into_inner();
    one(answer.consumer, args.of.output, out)
}

/// Forgets a consumer.
pub(in crate::cli) async fn delete(
    args: ConsumerArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let request = v1::DeleteConsumerRequest { consumer_id: args.id.clone() };
    client.feed().delete_consumer(request).await?;
    print(out, args.output, &DeletedView { consumer_id: args.id })?;
    Ok(Exit::Success)
}

fn one(
    consumer: Option<v1::Consumer>,
    output: OutputArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    print(out, output, &ConsumerView::from(consumer.unwrap_or_default()))?;
    Ok(Exit::Success)
}

/// That a consumer is forgotten.
#[derive(Debug, Serialize)]
struct DeletedView {
    consumer_id: String,
}

impl View for DeletedView {
    fn text(&self) -> String {
        format!("consumer {} is forgotten", self.consumer_id)
    }
}

impl View for ConsumerView {
    fn text(&self) -> String {
        let Self { consumer_id, acknowledged_version, events_behind, .. } = self;
        let parked = if self.parked { ", PARKED" } else { "" };
        format!(
            "consumer {consumer_id} stands behind version {acknowledged_version}, \
             {events_behind} events behind{parked}"
        )
    }
}

impl View for ConsumersView {
    fn text(&self) -> String {
        let header =
            ["consumer", "acknowledged", "since", "events behind", "seconds behind", "state"];
        let mut table = table(&header, &[1, 3, 4]);
        for of in &self.consumers {
            let state = match of {
                ConsumerView { parked: true, .. } => "PARKED: begin anew from an export",
                ConsumerView { events_behind: 0, .. } => "has all",
                _ => "behind",
            };
            table.add_row([
                of.consumer_id.clone(),
                of.acknowledged_version.to_string(),
                or_dash(of.acknowledge_time.as_ref()),
                of.events_behind.to_string(),
                format!("{:.1}", of.seconds_behind),
                state.to_owned(),
            ]);
        }
        let Self { first_version, newest_version, .. } = self;
        format!("{table}\nversions {first_version} to {newest_version} are kept")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_that_is_parked_is_told_what_to_do() {
        let parked = v1::Consumer {
            consumer_id: "erp".into(),
            acknowledged_version: Some(7),
            events_behind: 93,
            behind: Some(prost_types::Duration { seconds: 61, nanos: 500_000_000 }),
            parked: true,
            ..v1::Consumer::default()
        };
        let view = ConsumersView {
            consumers: vec![parked.clone().into()],
            first_version: 50,
            newest_version: 100,
        };
        let text = view.text();
        assert!(text.contains("PARKED: begin anew") && text.contains("61.5"), "{text}");
        assert!(text.ends_with("versions 50 to 100 are kept"), "{text}");
        assert!(ConsumerView::from(parked).text().ends_with("93 events behind, PARKED"));
    }

    #[test]
    fn an_event_is_one_line_for_a_person_and_for_a_script() {
        let event = v1::Event {
            id: "7".into(),
            stream_version: 7,
            r#type: "backstock.order_placed.v1".into(),
            subject: "orders/A".into(),
            data: r#"{"order_id":"A"}"#.into(),
            ..v1::Event::default()
        };
        assert!(line(&event).ends_with(r#"orders/A  {"order_id":"A"}"#));
        let json: Value = serde_json::from_str(&json(event)).unwrap();
        assert_eq!((&json["data"]["order_id"], &json["id"]), (&"A".into(), &"7".into()));
    }
}
