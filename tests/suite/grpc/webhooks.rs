//! Webhooks against a receiver that takes, fails, stalls, redirects and goes.

mod receiver;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use backstock::clock::ClockKind;
use backstock::config::Config;
use backstock::serve::ServeOptions;
use backstock::webhooks::{Schedule, WebhookOptions, WebhookPolicy};
use backstock_engine::feed::endpoints::consumer_of;
use backstock_engine::model::{EndpointId, Timestamp};
use backstock_proto::v1;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_types::FieldMask;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

pub use self::receiver::{Answer, Received, Receiver};
use self::receiver::{secret, taken};
use super::server::{LONG, TestServer, configuration, fields, order};

/// In order for each subject, and each event once.
fn assert_in_order(all: &[Received]) {
    let mut newest = BTreeMap::new();
    for of in taken(all) {
        let before = newest.insert(of.subject.clone(), of.version).unwrap_or(0);
        assert!(before < of.version, "{} after {before}: {of:?}", of.version);
    }
}

fn allowing(data: &Path) -> Config {
    let webhook_policy = WebhookPolicy { allow_http: true, allow_private_addresses: true };
    Config { webhook_policy, ..configuration(data) }
}

/// A server whose deliveries are tried again after these milliseconds.
async fn start(data: &Path, pauses: &[u64]) -> TestServer {
    start_with(data, pauses, WebhookOptions::default().attempt_max).await
}

/// The same, of which a try takes no longer than that.
pub async fn start_with(data: &Path, pauses: &[u64], attempt_max: Duration) -> TestServer {
    let config = allowing(data);
    let schedule = Schedule::new(pauses.iter().copied().map(Duration::from_millis).collect());
    let webhooks = WebhookOptions { policy: config.webhook_policy, schedule, attempt_max };
    let options = ServeOptions { webhooks, ..ServeOptions::new(&config, ClockKind::System) };
    let mut server = TestServer::start_with(&config, options).await;
    if server.engine.version().get() == 0 {
        server.stock().await;
        server.set_stock("SKU", "NYC", 1_000).await;
    }
    server
}

pub fn endpoint(id: &str, url: &str, subjects: &[&str]) -> v1::UpdateEndpointRequest {
    v1::UpdateEndpointRequest {
        endpoint: Some(v1::Endpoint {
            endpoint_id: id.into(),
            url: url.into(),
            secrets: vec![secret()],
            subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
            ..Default::default()
        }),
        allow_missing: true,
        ..Default::default()
    }
}

pub async fn set(server: &TestServer, request: v1::UpdateEndpointRequest) -> v1::Endpoint {
    let set = server.webhooks.clone().update_endpoint(request).await.expect("it is set");
    set.into_inner().endpoint.expect("an endpoint")
}

async fn place(server: &mut TestServer, id: &str) -> u64 {
    let placed = server.orders.place_order(order(id, &[("SKU", 2)])).await.expect("placed");
    placed.into_inner().version
}

/// Changes an order so that there is another event about it.
async fn cancel_one(server: &mut TestServer, id: &str) -> u64 {
    let lines = vec![v1::CancelOrderLine { quantity: 1, ..Default::default() }];
    let cancel = v1::CancelOrderRequest { order_id: id.into(), lines, ..Default::default() };
    let cancelled = server.orders.cancel_order(cancel).await.expect("cancelled");
    cancelled.into_inner().version
}

async fn listed(server: &TestServer, id: &str) -> v1::Endpoint {
    let list = v1::ListEndpointsRequest::default();
    let all = server.webhooks.clone().list_endpoints(list).await.expect("listed").into_inner();
    let mut found = all.endpoints.into_iter().filter(|of| of.endpoint_id == id);
    found.next().expect("an endpoint")
}

async fn until_state(server: &TestServer, id: &str, state: v1::EndpointState) -> v1::Endpoint {
    let waited = timeout(LONG, async {
        loop {
            let of = listed(server, id).await;
            if of.state() == state {
                return of;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("the state comes to be")
}

async fn resume(
    server: &TestServer,
    id: &str,
    from_version: Option<u64>,
) -> Result<v1::Endpoint, Status> {
    let request = v1::ResumeEndpointRequest { endpoint_id: id.into(), from_version };
    let resumed = server.webhooks.clone().resume_endpoint(request).await?;
    Ok(resumed.into_inner().endpoint.expect("an endpoint"))
}

fn takes(_: &Received, _: usize) -> Answer {
    Answer::Status(200, "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_comes_once_signed_and_in_order_though_the_receiver_fails_and_redirects() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[20, 40, 60, 80, 100]).await;
    // Nobody is to come here, whatever a receiver says.
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = elsewhere.local_addr().expect("an address");
    let visitors = tokio::spawn(async move { elsewhere.accept().await.map(drop) });
    let location: &str = format!("location: http://{address}/hooks\r\n").leak();
    // Each first try fails in another way, as do some of the second ones.
    let receiver = Receiver::start(move |of, before| match (before, of.version % 6) {
        (0, 0) => Answer::Status(500, ""),
        (0, 1) => Answer::Status(if of.version % 12 == 1 { 302 } else { 307 }, location),
        (0, 2) => Answer::Close,
        (0, 3) => Answer::Status(429, "retry-after: 0\r\n"),
        (0 | 1, 4) => Answer::Status(404, ""),
        (0, 5) => Answer::After(Duration::from_millis(30), 200),
        _ => Answer::Status(200, ""),
    })
    .await;
    let made = set(&server, endpoint("shop", &receiver.url(), &["orders/"])).await;
    assert_eq!((made.state(), made.secrets.len()), (v1::EndpointState::Active, 0));
    let mut versions = Vec::new();
    for at in 0..12 {
        versions.push(place(&mut server, &format!("O{at}")).await);
        versions.push(cancel_one(&mut server, &format!("O{}", at / 2)).await);
    }
    let all = receiver.delivered(versions.len()).await;
    assert_in_order(&all);
    let mut taken: Vec<_> = taken(&all).iter().map(|of| of.version).collect();
    taken.sort_unstable();
    assert_eq!(taken, versions);
    // The same event has the same id at each try, and no other has.
    let ids: HashMap<_, _> = all.iter().map(|of| (of.id.clone(), of.version)).collect();
    assert!(all.iter().all(|of| ids[&of.id] == of.version));
    assert_eq!(ids.len(), versions.len());
    let moved = |of: &&Received| matches!(of.status, 302 | 307);
    assert!(all.iter().filter(moved).count() > 1, "some were told to go elsewhere");
    assert!(!visitors.is_finished(), "somebody went there");
    visitors.abort();
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_events_fail_keeps_back_itself_alone_and_is_not_forgotten_by_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[100; 1_000]).await;
    let receiver = Receiver::start(|of, _| {
        Answer::Status(if of.subject == "orders/BAD" { 500 } else { 200 }, "")
    })
    .await;
    set(&server, endpoint("shop", &receiver.url(), &["orders/"])).await;
    let bad = [place(&mut server, "BAD").await, cancel_one(&mut server, "BAD").await];
    for at in 0..20 {
        place(&mut server, &format!("O{at}")).await;
    }
    receiver.delivered(20).await;
    // What is written of it lags by a second.
    sleep(Duration::from_millis(1_500)).await;
    let of = listed(&server, "shop").await;
    assert_eq!((of.delivered_version, of.events_waiting), (bad[0] - 1, 2));
    assert_eq!(of.last_failure.expect("it failed").http_status, 500);
    let all = receiver.all().await;
    assert!(all.iter().filter(|of| of.version == bad[0]).count() > 1);
    assert!(all.iter().all(|of| of.version != bad[1]), "the second waits for the first");
    server.stop().await.expect("drained");

    let mut server = start(directory.path(), &[100; 1_000]).await;
    let last = place(&mut server, "LATER").await;
    receiver.delivered(21).await;
    receiver.answers(takes).await;
    let all = receiver.delivered(23).await;
    assert_in_order(&all);
    // What was delivered before the restart was not delivered again.
    let again = |version: u64| all.iter().filter(|of| of.version == version).count();
    assert!((bad[1] + 1..=last).all(|version| again(version) == 1), "{all:#?}");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_misses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::start(|of, before| {
        Answer::Status(if before == 0 && of.version % 3 == 0 { 503 } else { 200 }, "")
    })
    .await;
    let mut versions = Vec::new();
    for round in 0..5 {
        let mut server = start(directory.path(), &[30; 100]).await;
        if round == 0 {
            set(&server, endpoint("shop", &receiver.url(), &["orders/"])).await;
        }
        for at in 0..10 {
            versions.push(place(&mut server, &format!("O{round}-{at}")).await);
        }
        // Killed in the midst: no drain, and nothing is written any more.
        server.kill().await;
    }
    let server = start(directory.path(), &[30; 100]).await;
    let all = receiver.delivered(versions.len()).await;
    let mut taken: Vec<_> = taken(&all).iter().map(|of| of.version).collect();
    taken.sort_unstable();
    assert_eq!(taken, versions);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_parked_after_the_last_try_and_goes_on_when_it_is_resumed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[10, 20]).await;
    let receiver = Receiver::start(|_, _| Answer::Status(500, "")).await;
    set(&server, endpoint("shop", &receiver.url(), &["orders/"])).await;
    let first = place(&mut server, "A").await;
    let parked = until_state(&server, "shop", v1::EndpointState::Parked).await;
    let failure = parked.last_failure.expect("it failed");
    assert_eq!((failure.version, failure.http_status), (first, 500));
    assert_eq!(receiver.all().await.len(), 3);
    place(&mut server, "B").await;
    receiver.answers(takes).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.all().await.len(), 3, "nothing is sent to a parked endpoint");

    let resumed = resume(&server, "shop", None).await.expect("resumed");
    assert_eq!(resumed.state(), v1::EndpointState::Active);
    receiver.delivered(2).await;
    // From an earlier version on, all of it is sent again, with the same ids.
    resume(&server, "shop", Some(first)).await.expect("resumed");
    let all = receiver.until("all again", |all| all.len() >= 7).await;
    assert_eq!(taken(&all).len(), 2);
    let ahead = resume(&server, "shop", Some(1_000)).await.expect_err("it is not there");
    assert_eq!(ahead.code(), Code::OutOfRange);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_is_sent_no_more_and_one_that_is_asked_too_often_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[10; 20]).await;
    let gone = Receiver::start(|_, _| Answer::Status(410, "")).await;
    let slow = Receiver::start(|_, before| match before {
        0 => Answer::Status(429, "retry-after: 1\r\n"),
        _ => Answer::Status(200, ""),
    })
    .await;
    set(&server, endpoint("gone", &gone.url(), &[])).await;
    set(&server, endpoint("slow", &slow.url(), &["orders/"])).await;
    place(&mut server, "A").await;
    slow.until("the first one", |all| !all.is_empty()).await;
    place(&mut server, "B").await;
    until_state(&server, "gone", v1::EndpointState::Gone).await;
    let before = gone.all().await.len();
    let all = slow.delivered(1).await;
    let waited = taken(&all)[0].at - all[0].at;
    assert!(waited >= Duration::from_millis(900), "{waited:?}");
    let of_b = all.iter().filter(|of| of.subject == "orders/B");
    assert!(of_b.into_iter().all(|of| of.at - all[0].at >= Duration::from_millis(900)));
    assert_eq!(gone.all().await.len(), before);
    server.stop().await.expect("drained");
}

/// A try takes no longer than one may: it is given up, told, and made again when it is due. What is
/// for others is delivered meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_never_answers_is_given_up_and_tried_again_on_schedule() {
    let directory = tempfile::tempdir().expect("a directory");
    let (attempt_max, pause) = (Duration::from_millis(200), Duration::from_millis(300));
    let mut server = start_with(directory.path(), &[300; 100], attempt_max).await;
    let receiver = Receiver::start(|of, before| match before {
        0..3 if of.subject == "orders/A" => Answer::After(LONG, 503),
        _ => Answer::Status(200, ""),
    })
    .await;
    set(&server, endpoint("shop", &receiver.url(), &["orders/"])).await;
    let hangs = place(&mut server, "A").await;
    let next = place(&mut server, "B").await;
    let all = receiver.delivered(2).await;
    assert_eq!(taken(&all).iter().map(|of| of.version).collect::<Vec<_>>(), [next, hangs]);
    let tries: Vec<_> = all.iter().filter(|of| of.version == hangs).collect();
    assert_eq!(tries.len(), 4);
    for two in tries.windows(2) {
        let after = two[1].at - two[0].at;
        assert!(after >= pause, "too soon: {after:?}");
    }
    // What is written of it lags by a second.
    let told = timeout(LONG, async {
        loop {
            match listed(&server, "shop").await.last_failure {
                Some(failure) => return failure,
                None => sleep(Duration::from_millis(20)).await,
            }
        }
    });
    let failure = told.await.expect("it is told");
    assert_eq!((failure.version, failure.http_status), (hangs, 0));
    assert_eq!(failure.message, "no answer within 200ms");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_receiver_answers_while_the_server_drains_is_known_after_the_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[]).await;
    for (id, status, state) in
        [("gone", 410, v1::EndpointState::Gone), ("last", 500, v1::EndpointState::Parked)]
    {
        let late = move |_: &Received, _| Answer::After(Duration::from_millis(500), status);
        let receiver = Receiver::start(late).await;
        set(&server, endpoint(id, &receiver.url(), &["orders/"])).await;
        place(&mut server, id).await;
        receiver.until("the try", |all| !all.is_empty()).await;
        server.stop().await.expect("drained");
        server = start(directory.path(), &[]).await;
        assert_eq!(listed(&server, id).await.state(), state);
        assert_eq!(receiver.all().await.len(), 1, "nothing is sent to it any more");
    }
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_sent_to_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = TestServer::start_as(&configuration(directory.path())).await;
    let refused = async |request| {
        let answer = server.webhooks.clone().update_endpoint(request).await;
        fields(&answer.expect_err("it is refused"))
    };
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data",
        "https://a:b@example.com/",
        "example.com",
        "",
    ] {
        assert_eq!(refused(endpoint("shop", url, &[])).await, ["endpoint.url"], "{url}");
    }
    let mut bad = endpoint("", "https://example.com/", &[""]);
    if let Some(of) = &mut bad.endpoint {
        (of.secrets, of.types) = (vec!["whsec_short".into()], vec!["nothing".into()]);
    }
    let named = [
        "endpoint.endpoint_id",
        "endpoint.secrets[0]",
        "endpoint.types[0]",
        "endpoint.subjects[0]",
    ];
    assert_eq!(refused(bad).await, named);
    let mut none = endpoint("shop", "https://example.com/", &[]);
    none.endpoint.as_mut().expect("an endpoint").secrets.clear();
    assert_eq!(refused(none).await, ["endpoint.secrets"]);

    // A name that has an address of this machine is refused where it is connected to.
    set(&server, endpoint("shop", "https://localhost:9/hooks", &[])).await;
    let test = v1::TestEndpointRequest { endpoint_id: "shop".into() };
    let tested = server.webhooks.clone().test_endpoint(test).await.expect("tested").into_inner();
    assert!(!tested.delivered && tested.message.contains("private"), "{tested:?}");
    server.stop().await.expect("drained");
}

/// A crash between the two steps of a deletion leaves a consumer without its endpoint.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_endpoint_is_sent_what_comes_from_now_on_whatever_an_earlier_one_left() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[20; 20]).await;
    let id = EndpointId::new("endpoint_id", "shop").expect("an id");
    let left = (Some(server.engine.version()), true);
    server.engine.put_consumer(&consumer_of(&id), left, Timestamp::from_micros(1)).expect("put");
    place(&mut server, "BEFORE").await;
    let receiver = Receiver::start(takes).await;
    set(&server, endpoint("shop", &receiver.url(), &["orders/"])).await;
    let after = place(&mut server, "AFTER").await;
    let all = receiver.delivered(1).await;
    assert_eq!(all.iter().map(|of| of.version).collect::<Vec<_>>(), [after]);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_tested_changed_disabled_and_forgotten() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(directory.path(), &[20; 20]).await;
    let receiver = Receiver::start(takes).await;
    set(&server, endpoint("shop", &receiver.url(), &["orders/"])).await;
    let test = v1::TestEndpointRequest { endpoint_id: "shop".into() };
    let tested = server.webhooks.clone().test_endpoint(test).await.expect("tested").into_inner();
    assert_eq!((tested.delivered, tested.http_status), (true, 200));

    let mask = |paths: &[&str]| FieldMask { paths: paths.iter().map(|of| (*of).into()).collect() };
    let disable = |disabled| v1::UpdateEndpointRequest {
        endpoint: Some(v1::Endpoint { endpoint_id: "shop".into(), disabled, ..Default::default() }),
        update_mask: Some(mask(&["disabled"])),
        ..Default::default()
    };
    let disabled = set(&server, disable(true)).await;
    assert_eq!(disabled.state(), v1::EndpointState::Disabled);
    assert_eq!(disabled.url, receiver.url(), "what is not named stays");
    place(&mut server, "A").await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.all().await.len(), 1);
    set(&server, disable(false)).await;
    receiver.delivered(2).await;

    // While secrets change, both sign; the receiver knows the older one.
    let mut rotated = disable(false);
    rotated.update_mask = Some(mask(&["secrets"]));
    if let Some(of) = &mut rotated.endpoint {
        of.secrets = vec![format!("whsec_{}", STANDARD.encode([9; 32])), secret()];
    }
    set(&server, rotated).await;
    place(&mut server, "B").await;
    receiver.delivered(3).await;

    let behind = super::feed::consumers(&server).await;
    assert!(behind.iter().any(|of| of.consumer_id == "webhook:shop"), "{behind:?}");
    let delete = v1::DeleteEndpointRequest { endpoint_id: "shop".into() };
    server.webhooks.delete_endpoint(delete.clone()).await.expect("deleted");
    let unknown = server.webhooks.delete_endpoint(delete).await.expect_err("it is gone");
    let info = unknown.get_error_details().error_info().expect("a reason").reason.clone();
    assert_eq!((unknown.code(), &*info), (Code::NotFound, "ENDPOINT_NOT_FOUND"));
    assert!(super::feed::consumers(&server).await.is_empty(), "nothing is kept for it");
    place(&mut server, "C").await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.all().await.len(), 3);
    server.stop().await.expect("drained");
}
