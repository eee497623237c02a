//! Metrics are recorded in memory and handed to Prometheus at `/metrics`.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tokio::net::TcpListener;

use super::names::{Kind, METRICS};
use crate::connections::{Door, Patience, Places, SCRAPERS_MAX};

/// Upper ends of the buckets of a duration, in seconds: from what a cached
/// read takes to what a snapshot of a large network takes, about three a decade.
const SECONDS_BUCKETS: [f64; 18] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0, 120.0,
];

/// How often samples are moved into their buckets, so that memory stays bounded
/// when no scraper comes.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The version of the text format that is served.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Why metrics cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The recorder cannot be built.
    #[error("cannot build the metrics recorder")]
    Build(#[from] BuildError),
    /// Something else in the process has set them up.
    #[error("metrics are set up already")]
    AlreadySet,
}

/// Records the process's metrics from now on, and returns what renders them.
pub fn install() -> Result<PrometheusHandle, MetricsError> {
    let recorder = recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| MetricsError::AlreadySet)?;
    describe();
    Ok(handle)
}

fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let durations = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(durations, &SECONDS_BUCKETS)?;
    Ok(builder.build_recorder())
}

/// Tells the current recorder the unit and the help of every metric.
fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, metric.help),
            Kind::Seconds => describe_histogram!(metric.name, Unit::Seconds, metric.help),
        }
    }
}

/// The HTTP routes: `/metrics` and nothing else.
pub fn routes(handle: PrometheusHandle) -> Router {
    let metrics = move || async move { ([(CONTENT_TYPE, TEXT_FORMAT)], handle.render()) };
    Router::new().route("/metrics", get(metrics))
}

/// Serves `/metrics` on `listener` until `until` is ready, and does the
/// recorder's upkeep meanwhile.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    handle: PrometheusHandle,
    until: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let door = Door::new(listener, Places::new(SCRAPERS_MAX), Patience::Scrapers);
    let serving = axum::serve(door, routes(handle.clone())).with_graceful_shutdown(until);
    tokio::select! {
        ended = async move { serving.await } => ended,
        () = upkeep(handle) => Ok(()),
    }
}

/// Does the recorder's upkeep for ever. A process that records metrics and does not
/// serve them has to run this.
pub async fn upkeep(handle: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        tick.tick().await;
        handle.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::observability::names;

    /// A duration of this test alone.
    const TESTED_SECONDS: &str = "backstock_tested_seconds";

    /// A recorder of this test alone, with one sample of each kind.
    fn sampled() -> PrometheusHandle {
        let recorder = recorder().unwrap();
        metrics::with_local_recorder(&recorder, || {
            describe();
            metrics::counter!(names::ORDERS, "outcome" => "allocated").increment(3);
            metrics::gauge!(names::DURABLE_LSN).set(42.0);
            metrics::histogram!(TESTED_SECONDS).record(0.000_3);
        });
        recorder.handle()
    }

    #[test]
    fn what_is_recorded_is_rendered_with_help_and_buckets() {
        let text = sampled().render();
        for line in [
            "# HELP backstock_orders_total orders answered for the first time, by outcome",
            "# TYPE backstock_orders_total counter",
            "backstock_orders_total{outcome=\"allocated\"} 3",
            "backstock_durable_lsn 42",
            "backstock_tested_seconds_bucket{le=\"0.00025\"} 0",
            "backstock_tested_seconds_bucket{le=\"0.0005\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "no `{line}` in\n{text}");
        }
    }

    #[tokio::test]
    async fn prometheus_can_scrape_until_the_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let until = async move { drop(stopped.await) };
        let server = tokio::spawn(serve(listener, sampled(), until));

        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains("backstock_durable_lsn 42"), "{answer}");

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
